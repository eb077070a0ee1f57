//! The differential test: message bodies as impslint reassembles them against those that tshark does, octet for octet,
//! over a corpus of permuted segments; and the display filters of findings, run by tshark.
//!
//! Without tshark these tests do nothing and say so, unless `IMPSLINT_TSHARK=required` makes its absence a failure, as
//! in `.ci/run`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Cursor, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use impslint::capture::Capture as Opened;
use impslint::carrier::Carried;
use impslint::engine::pipeline;
use impslint::tls::Context;
use serde_json::Value;

use crate::conversation::{ACK, Capture, Conversation, FIN, MILLISECOND, Packet, SECOND, SYN, Segment, folder, root};
use crate::link::{ethernet, ethernet_with, ethertype};
use crate::tunnel::{Gtp, gtp};
use crate::{file, ip};

/// Kinds of cases in which tshark 4.0 shows something else than what was sent, and why that is no fault of ours.
const EXPLAINED: &[(&str, &str)] = &[];

/// Whether tshark is there; where it is not, says that a test is skipped, or fails when it is required.
fn tshark_is_there(test: &str) -> bool {
    let there = Command::new("tshark").arg("--version").output().is_ok_and(|run| run.status.success());
    let required = std::env::var("IMPSLINT_TSHARK").is_ok_and(|v| v == "required");
    assert!(there || !required, "tshark is required and not installed");
    if !there {
        // Written past the harness, which shows nothing of what passing tests print.
        writeln!(io::stderr(), "SKIPPED {test}: tshark is not installed").unwrap();
    }
    there
}

fn tshark(folder: &Path, arguments: &[&str]) -> String {
    let run = Command::new("tshark").current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(run.status.success(), "tshark {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// A TCP connection on which a client asks twice at once and is answered twice.
struct Case {
    kind: &'static str,
    /// What tells its bodies from all others.
    name: String,
    up: Segment,
    down: Segment,
}

const XML: &str = "application/vnd.wv.csp.xml";

impl Case {
    fn new(kind: &'static str, number: usize) -> Self {
        let name = format!("c{number}");
        let client = SocketAddrV4::new(Ipv4Addr::from(0x0a01_0000 + number as u32), 40_000);
        let server = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 80);
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        for body in Self::bodies(&name) {
            let (ours, answer) = (body.contains("<TransactionMode>Request"), body.len());
            if ours {
                let target = &name;
                asked.extend(
                    format!("POST /{target} HTTP/1.1\r\nHost: h\r\nContent-Type: {XML}\r\nContent-Length: {answer}\r\n\r\n{body}")
                        .into_bytes(),
                );
            } else {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {XML}\r\nContent-Length: {answer}\r\n\r\n{body}");
                answered.extend(head.into_bytes());
            }
        }
        let time = 1_300_000_000 * SECOND + number as i64 * 100 * MILLISECOND;
        let up = Segment {
            time,
            from: client,
            to: server,
            number: 1_001,
            acknowledged: 5_001,
            flags: ACK | 0x08,
            payload: asked,
        };
        let down = Segment {
            from: server,
            to: client,
            number: 5_001,
            acknowledged: 1_001 + up.payload.len() as u32,
            payload: answered,
            ..up.clone()
        };
        Self { kind, name, up, down }
    }

    /// The four bodies that are sent: request and answer, twice.
    fn bodies(name: &str) -> [String; 4] {
        let body = |mode: &str, id: usize, primitive: &str| {
            format!(
                "<?xml version=\"1.0\"?><WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session>\
                 <SessionDescriptor><SessionType>Inband</SessionType><SessionID>{name}</SessionID></SessionDescriptor>\
                 <Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode><TransactionID>{id}\
                 </TransactionID></TransactionDescriptor><TransactionContent \
                 xmlns=\"http://www.openmobilealliance.org/DTD/WV-TRC1.2\">{primitive}</TransactionContent></Transaction>\
                 </Session></WV-CSP-Message>"
            )
        };
        let (ask, done) = ("<KeepAlive-Request/>", "<Status><Result><Code>200</Code></Result></Status>");
        [body("Request", 1, ask), body("Response", 1, done), body("Request", 2, ask), body("Response", 2, done)]
    }

    /// The connection with these segments in place of the two that it takes at least.
    fn packets(&self, up: Vec<Segment>, down: Vec<Segment>) -> Conversation {
        let bare = |like: &Segment, number: u32, flags: u8| Segment {
            number,
            flags,
            payload: Vec::new(),
            acknowledged: if flags == SYN { 0 } else { like.acknowledged },
            ..like.clone()
        };
        let (asked, answered) = (self.up.payload.len() as u32, self.down.payload.len() as u32);
        let mut all = vec![
            bare(&self.up, 1_000, SYN),
            Segment { acknowledged: 1_001, ..bare(&self.down, 5_000, SYN | ACK) },
            bare(&self.up, 1_001, ACK),
        ];
        all.extend(up);
        all.push(bare(&self.down, 5_001, ACK));
        all.extend(down);
        all.push(Segment { acknowledged: 5_001 + answered, ..bare(&self.up, 1_001 + asked, ACK | FIN) });
        let late = bare(&self.down, 5_001 + answered, ACK | FIN);
        all.push(Segment { acknowledged: late.acknowledged + 1, ..late });
        for (i, segment) in all.iter_mut().enumerate() {
            segment.time += i as i64 * 10_000;
        }
        all.iter().map(Segment::packet).collect()
    }
}

/// Cases of one file and the packets of each.
#[derive(Default)]
struct Corpus {
    cases: Vec<(&'static str, String)>,
    packets: Conversation,
}

impl Corpus {
    fn add(&mut self, kind: &'static str, make: impl FnOnce(&Case) -> Conversation) {
        let case = Case::new(kind, self.cases.len());
        self.packets.extend(make(&case));
        self.cases.push((case.kind, case.name));
    }

    /// A case with changes to what goes up; what comes down is in one segment.
    fn up(&mut self, kind: &'static str, change: impl FnOnce(&Segment) -> Vec<Segment>) {
        self.add(kind, |case| case.packets(change(&case.up), vec![case.down.clone()]));
    }

    /// What was really sent, and in which kind of case.
    fn sent(&self) -> BTreeMap<Vec<u8>, &'static str> {
        let bodies = |(kind, name): &(&'static str, String)| Case::bodies(name).map(|b| (b.into_bytes(), *kind));
        self.cases.iter().flat_map(bodies).collect()
    }

    /// Holds a capture of the corpus against impslint and tshark.
    fn compare(&self, name: &str, capture: &Capture) {
        let folder = folder(&format!("tshark/{name}"));
        let (file, octets) = &capture.files[0];
        fs::write(folder.join(file), octets).unwrap();
        let sent = self.sent();
        let mut found = differences(&sent, &ours(octets), "impslint");
        tshark(
            &folder,
            &["-n", "-r", file, "-q", "-o", "tcp.reassemble_out_of_order:TRUE", "--export-objects", "http,objects"],
        );
        let objects = fs::read_dir(folder.join("objects")).unwrap();
        let theirs: Vec<Vec<u8>> = objects.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
        found.extend(
            differences(&sent, &theirs, "tshark")
                .into_iter()
                .filter(|(kind, _)| !EXPLAINED.iter().any(|(explained, _)| kind == &format!("tshark, {explained}"))),
        );
        // One of a kind is enough to look into.
        let mut kinds: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for (kind, text) in found {
            kinds.entry(kind).or_insert((0, text)).0 += 1;
        }
        assert!(kinds.is_empty(), "differences in {}: {kinds:#?}", folder.join(file).display());
    }
}

/// Bodies sent and not read, and read and not sent, each with the kind of its case.
fn differences(sent: &BTreeMap<Vec<u8>, &str>, read: &[Vec<u8>], by: &str) -> Vec<(String, String)> {
    let mut times: BTreeMap<&[u8], usize> = BTreeMap::new();
    read.iter().for_each(|body| *times.entry(body).or_default() += 1);
    let missing = sent.iter().filter(|(body, _)| !times.contains_key(&***body));
    let told = |kind: &str, what: &str, body: &[u8]| {
        (format!("{by}, {kind}"), format!("{what} {}", String::from_utf8_lossy(body)))
    };
    let mut found: Vec<(String, String)> = missing.map(|(body, kind)| told(kind, "does not read", body)).collect();
    for (body, count) in times {
        match sent.get(body) {
            Some(kind) if count > 1 => found.push(told(kind, &format!("reads {count} times"), body)),
            Some(_) => {}
            None => found.push(told("", "makes up", body)),
        }
    }
    found
}

/// Every body that the carrier stage of impslint hands over.
fn ours(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut capture = Opened::from_reader(Box::new(Cursor::new(octets.to_vec())), "corpus").unwrap();
    let mut bodies = Vec::new();
    let body = |item: Carried| match item {
        Carried::Envelope(envelope) => Some(envelope.body.bytes().to_vec()),
        _ => None,
    };
    let (_, read) = pipeline::run(&mut capture, &mut Context::default(), 1, body, |_, batch| {
        bodies.extend(batch.into_iter().flatten());
        ControlFlow::Continue(())
    });
    read.unwrap();
    bodies.retain(|body| !body.is_empty());
    bodies
}

/// How often a new case is made where every place would be too many.
const STRIDE: usize = 11;

fn on_ethernet(packets: &Conversation) -> Capture {
    file::pcap(&packets.iter().map(ethernet).collect::<Vec<_>>())
}

#[test]
fn tshark_reads_the_same_at_every_split() {
    if !tshark_is_there("the splits of two messages") {
        return;
    }
    let mut corpus = Corpus::default();
    let len = |down: bool| {
        let case = Case::new("", 1_000);
        if down { case.down.payload.len() } else { case.up.payload.len() }
    };
    for at in 1..len(false) - 2 {
        corpus.up("two parts", |s| {
            let at = at.min(s.payload.len() - 1);
            vec![s.part(0, at), s.part(at, s.payload.len())]
        });
    }
    for at in (1..len(true) - 2).step_by(3) {
        corpus.add("two parts of the answer", |case| {
            let s = &case.down;
            case.packets(vec![case.up.clone()], vec![s.part(0, at), s.part(at, s.payload.len())])
        });
    }
    corpus.compare("splits", &on_ethernet(&corpus.packets));
}

#[test]
fn tshark_reads_the_same_in_every_order() {
    if !tshark_is_there("orders, duplicates, overlaps") {
        return;
    }
    let mut corpus = Corpus::default();
    corpus.up("two messages in one segment", |s| vec![s.clone()]);
    let end = Case::new("", 1_000).up.payload.len() - 3;
    for at in (1..end).step_by(STRIDE) {
        let three = |s: &Segment, order: [usize; 3]| -> Vec<Segment> {
            let (len, next) = (s.payload.len(), at + (s.payload.len() - at) / 2);
            let parts = [s.part(0, at), s.part(at, next), s.part(next, len)];
            order.iter().map(|i| parts[*i].clone()).collect()
        };
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            corpus.up("three parts in another order", |s| three(s, order));
        }
        corpus.up("the first part twice", |s| {
            let parts = three(s, [0, 1, 2]);
            [&parts[..1], &parts].concat()
        });
        corpus.up("the last part twice", |s| {
            let parts = three(s, [0, 1, 2]);
            [&parts[..], &parts[2..]].concat()
        });
        corpus.up("overlapping parts", |s| {
            let len = s.payload.len();
            vec![s.part(0, len.min(at + 30)), s.part(at, len)]
        });
        corpus.up("a part, then the whole", |s| vec![s.part(0, at), s.clone()]);
        corpus.up("everything again in other parts", |s| {
            let len = s.payload.len();
            let mut all = three(s, [0, 1, 2]);
            all.extend([s.part(0, len / 2), s.part(len / 2, len)]);
            all
        });
    }
    corpus.compare("orders", &on_ethernet(&corpus.packets));
}

#[test]
fn tshark_reads_the_same_in_every_wrapping() {
    if !tshark_is_there("fragments, VLAN, GTP-U, pcapng") {
        return;
    }
    let mut corpus = Corpus::default();
    let fragmented = |packets: Conversation, size: usize, turn: bool| -> Conversation {
        let mut parts = Vec::new();
        for (packet, id) in packets.iter().zip(1..) {
            let mut fragments = ip::fragments(packet, size, id);
            if turn {
                fragments.reverse();
            }
            parts.extend(fragments);
        }
        parts
    };
    for at in (1..Case::new("", 1_000).up.payload.len() - 3).step_by(STRIDE * 3) {
        let plain = |case: &Case| {
            let s = &case.up;
            case.packets(vec![s.part(0, at), s.part(at, s.payload.len())], vec![case.down.clone()])
        };
        for size in [8, 64, 576] {
            corpus.add("fragments", |case| fragmented(plain(case), size, false));
            corpus.add("fragments reversed", |case| fragmented(plain(case), size, true));
        }
        for kind in [Gtp::Plain, Gtp::Numbered, Gtp::Extended] {
            corpus.add("GTP-U", |case| plain(case).iter().map(|p| gtp(p, kind)).collect());
        }
        corpus.add("GTP-U in fragments", |case| {
            fragmented(plain(case).iter().map(|p| gtp(p, Gtp::Numbered)).collect(), 256, false)
        });
        corpus.add("IPv6", |case| plain(case).iter().map(ip::as_v6).collect());
        corpus.add("IPv6 in fragments", |case| fragmented(plain(case).iter().map(ip::as_v6).collect(), 64, true));
    }
    let tagged = |packet: &Packet| ethernet_with(packet, &[&[0x81, 0, 0, 100][..], &ethertype(packet)].concat());
    corpus.compare("wrapped", &file::pcapng(&corpus.packets.iter().map(tagged).collect::<Vec<_>>()));
}

#[test]
fn tshark_selects_the_frames_of_every_finding() {
    if !tshark_is_there("display filters") {
        return;
    }
    for name in ["wasteful", "field", "damaged"] {
        let path = format!("samples/{name}.pcapng");
        let run = Command::new(env!("CARGO_BIN_EXE_impslint"))
            .current_dir(root())
            .args(["check", "--format", "json", &path])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        let mut checked = 0;
        for finding in report["findings"].as_array().unwrap() {
            let Some(filter) = finding["display_filter"].as_str() else { continue };
            // The last record of this sample is cut, of which tshark complains with its status.
            let run = Command::new("tshark")
                .current_dir(root())
                .args(["-n", "-r", &path, "-Y", filter, "-T", "fields", "-e", "frame.number"])
                .output()
                .unwrap();
            let complaint = String::from_utf8_lossy(&run.stderr);
            assert!(run.status.success() || name == "damaged", "{filter}: {complaint}");
            let selected: BTreeSet<u64> =
                String::from_utf8(run.stdout).unwrap().lines().map(|l| l.parse().unwrap()).collect();
            let named: BTreeSet<u64> =
                finding["frames"].as_array().unwrap().iter().map(|f| f.as_u64().unwrap()).collect();
            assert_eq!(selected, named, "{name}, {}: {filter}: {complaint}", finding["rule"]);
            checked += 1;
        }
        assert!(checked > 0, "{name} has findings with filters");
    }
}
