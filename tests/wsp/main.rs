//! The same conversation over HTTP, over WSP and over WSP on WTP: the same messages, the same findings.

#![cfg(test)]

use std::collections::BTreeSet;
use std::io::{self, Cursor, Write};
use std::process::{Command, Stdio};

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::carrier::{Carried, Carrier, Start};
use impslint::csp;
use impslint::engine::{Engine, Rulebook, pipeline};
use impslint::report::Outcome;
use impslint::rules::{self, Page};
use impslint::syntax::Encoding;
use impslint::time::Time;
use impslint::trace::{Crafted, Decoder, Line, Over, Payload, Show, Trace, craft, parse};
use rayon::prelude::*;

const OVER: [Over; 2] = [Over::Wsp, Over::Wtp];

/// Most frames of an example that are taken out, one at a time.
const FRAMES_TAKEN_OUT: usize = 24;

/// Every example of every page, by rule and number.
fn examples() -> Vec<(String, Trace)> {
    let mut examples = Vec::new();
    for rule in rules::all() {
        for (i, example) in rule.page.split("```trace ").skip(1).enumerate() {
            let body = example.split_once('\n').unwrap().1.split("```").next().unwrap();
            examples.push((format!("{} example {}", rule.name, i + 1), parse(body).unwrap()));
        }
    }
    examples
}

/// A trace over something else, between the usual ports of it.
fn over(trace: &Trace, over: Over) -> Trace {
    let port = |server: &mut std::net::SocketAddr| match over {
        Over::Http => {}
        Over::Wsp => server.set_port(9200),
        Over::Wtp => server.set_port(9201),
        other => panic!("no requests and answers over {}", other.name()),
    };
    let mut trace = trace.clone();
    for line in &mut trace.lines {
        match line {
            Line::Connection(_, _, server) => port(server),
            Line::Event(said) => {
                said.chunked = false;
                said.close = false;
            }
            Line::Over(_) => {}
        }
    }
    trace.lines.insert(0, Line::Over(over));
    trace
}

/// Whether a trace says nothing that another carrier cannot say, and all of it is in the capture.
fn goes_over_all(trace: &Trace) -> bool {
    trace.lines.iter().all(|line| match line {
        Line::Event(said) => !said.lost && !said.dropped && said.cut.is_none(),
        Line::Over(over) => *over == Over::Http,
        Line::Connection(..) => true,
    })
}

fn crafted(trace: &Trace) -> (Vec<u8>, Vec<Crafted>) {
    let mut octets = Vec::new();
    let crafted = craft(trace, &mut octets).unwrap_or_else(|error| panic!("{error}\n{trace}"));
    (octets, crafted)
}

fn opened(octets: Vec<u8>) -> Capture {
    Capture::from_reader(Box::new(Cursor::new(octets)), "example").unwrap()
}

/// What a capture carries, an item each, without what is of the carrier alone.
fn messages(octets: Vec<u8>, carrier: Carrier) -> Vec<String> {
    let mut all = Vec::new();
    let told = |item: Carried| match item {
        Carried::Envelope(envelope) => {
            assert_eq!(envelope.carrier, carrier);
            let place = (envelope.direction, envelope.content_type.clone(), envelope.wholeness);
            let start = match &envelope.start {
                Start::Request { method, target } => format!("{method} {target}"),
                Start::Answer { status } => status.to_string(),
                Start::Message => String::new(),
            };
            let message = csp::decode::decode(envelope).map_or_else(
                |envelope| format!("{:?}", envelope.body.bytes()),
                |message| format!("{:?} {:?} {:?}", message.encoding, message.version, message.document),
            );
            Some(format!("{place:?} {start} {message}"))
        }
        // What nobody answered may be told as a gap: datagrams do not tell whether an answer was lost.
        Carried::Gap { .. } | Carried::Cir(_) | Carried::End { .. } => None,
    };
    let mut context = impslint::tls::Context::default();
    let (_, read) = pipeline::run(&mut opened(octets), &mut context, 1, told, |_, items| {
        all.extend(items.into_iter().flatten());
        std::ops::ControlFlow::Continue(())
    });
    read.unwrap();
    all
}

#[test]
fn every_example_says_the_same_over_each_carrier() {
    for (name, trace) in examples().into_iter().filter(|(_, trace)| goes_over_all(trace)) {
        let http = messages(crafted(&over(&trace, Over::Http)).0, Carrier::Http);
        for other in OVER {
            assert_eq!(messages(crafted(&over(&trace, other)).0, Carrier::Wsp), http, "{name} over {}", other.name());
        }
    }
}

fn check(engine: &Engine, octets: Vec<u8>) -> Outcome {
    let mut outcome = Outcome::default();
    engine.check(&mut opened(octets), &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

/// The findings of rules that speak about WSP: the rule, and which events of the trace the frames are of.
fn findings(engine: &Engine, trace: &Trace) -> BTreeSet<(&'static str, Vec<usize>)> {
    let (octets, crafted) = crafted(trace);
    let about_wsp = |name: &str| {
        let rule = rules::all().find(|rule| rule.name == name).unwrap();
        Page::parse(rule.page).unwrap().travels_by(Carrier::Wsp)
    };
    let found = check(engine, octets).findings.into_iter().map(|filed| filed.finding);
    let events = |finding: &impslint::finding::Finding| {
        let frames = finding.place().map(|place| place.frames.clone()).unwrap_or_default();
        assert!(!frames.is_empty(), "{} names its frames", finding.rule);
        let of = |frame| crafted.iter().position(|c| c.frames.is_some_and(|r| (r.first..=r.last).contains(&frame)));
        frames.into_iter().filter_map(of).collect::<BTreeSet<usize>>().into_iter().collect::<Vec<_>>()
    };
    found.filter(|finding| about_wsp(finding.rule)).map(|finding| (finding.rule, events(&finding))).collect()
}

#[test]
fn every_example_gives_the_same_findings_over_each_carrier() {
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    let mut complaints = Vec::new();
    for (name, trace) in examples().into_iter().filter(|(_, trace)| goes_over_all(trace)) {
        let http = findings(&engine, &over(&trace, Over::Http));
        for other in OVER {
            let found = findings(&engine, &over(&trace, other));
            if found != http {
                complaints.push(format!("{name} over {}: {found:?}, over http {http:?}", other.name()));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn whatever_frame_is_missing_nobody_is_accused() {
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    let complaints = |(name, trace): &(String, Trace)| {
        let mut complaints = Vec::new();
        for other in OVER {
            let frames = frames(crafted(&over(trace, other)).0);
            let found = |frames: &mut dyn Iterator<Item = &(Time, Vec<u8>)>| {
                let found = check(&engine, written(frames)).findings.into_iter();
                found.map(|filed| filed.finding.rule).collect::<BTreeSet<_>>()
            };
            let whole = found(&mut frames.iter());
            // A datagram that nothing answers leaves no trace.
            let traceless = |rule: &str| {
                other == Over::Wsp && name == "session/missing-logout example 6" && rule == "session/missing-logout"
            };
            for at in (0..frames.len()).step_by(frames.len().div_ceil(FRAMES_TAKEN_OUT).max(1)) {
                let (before, after) = frames.split_at(at);
                let new = found(&mut before.iter().chain(&after[1..]));
                complaints.extend(
                    new.difference(&whole)
                        .filter(|rule| !traceless(rule))
                        .map(|rule| format!("{name} over {} without {}: {rule}", other.name(), at + 1)),
                );
            }
        }
        complaints
    };
    let all = examples();
    let complaints: Vec<String> =
        all.par_iter().filter(|(_, trace)| goes_over_all(trace)).flat_map_iter(complaints).collect();
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}

/// What tshark reads of a capture, a line a frame with a request or an answer: number, type, URI or status.
fn tshark(octets: &[u8]) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("wsp-{:?}.pcapng", std::thread::current().id()));
    std::fs::write(&file, octets).unwrap();
    let fields = ["frame.number", "wsp.pdu_type", "wsp.uri", "wsp.reply.status", "wsp.header.content_type"];
    let run = Command::new("tshark")
        .args(["-r", file.to_str().unwrap(), "-Y", "wsp.pdu_type == 0x60 or wsp.pdu_type == 0x04", "-T", "fields"])
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn tshark_reads_the_same_requests_and_answers() {
    let there = Command::new("tshark").arg("--version").output().is_ok_and(|run| run.status.success());
    assert!(there || std::env::var_os("IMPSLINT_TSHARK").is_none_or(|v| v != "required"), "tshark is required");
    if !there {
        writeln!(io::stderr(), "SKIPPED requests and answers of WSP: tshark is not installed").unwrap();
        return;
    }
    let trace = include_str!("../../samples/clean-xml.trace");
    for (carrier, segments) in [(Over::Wsp, 1), (Over::Wtp, 1), (Over::Wtp, 3)] {
        let mut trace = over(&parse(trace).unwrap(), carrier);
        for line in &mut trace.lines {
            if let Line::Event(said) = line {
                said.segments = Some(segments);
            }
        }
        let (octets, _) = crafted(&trace);
        let mut ours = Vec::new();
        let told = |item| match item {
            Carried::Envelope(e) => {
                let kind = e.content_type.clone().unwrap_or_default();
                let last = e.frames.last.0;
                Some(match &e.start {
                    Start::Request { target, .. } => format!("{last}\t0x60\t{target}\t\t{kind}"),
                    // The octet of a good answer.
                    _ => format!("{last}\t0x04\t\t0x20\t{kind}"),
                })
            }
            _ => None,
        };
        let mut context = impslint::tls::Context::default();
        pipeline::run(&mut opened(octets.clone()), &mut context, 1, told, |_, items| {
            ours.extend(items.into_iter().flatten());
            std::ops::ControlFlow::Continue(())
        })
        .1
        .unwrap();
        assert!(ours.len() > 20);
        assert_eq!(tshark(&octets), ours, "{} in {segments}", carrier.name());
    }
}

/// The frames of a capture.
fn frames(octets: Vec<u8>) -> Vec<(Time, Vec<u8>)> {
    let mut capture = opened(octets);
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), window.captured(f).to_vec())));
    }
    frames
}

fn written<'f>(frames: impl IntoIterator<Item = &'f (Time, Vec<u8>)>) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    frames.into_iter().for_each(|(time, octets)| writer.frame(*time, octets, &[]).unwrap());
    writer.finish().unwrap()
}

/// An Ethernet frame with a long IPv4 packet as two fragments, the second one first; a short one as it is.
fn fragments((time, frame): &(Time, Vec<u8>)) -> Vec<(Time, Vec<u8>)> {
    const HEAD: usize = 14 + 20;
    const AT: usize = 96;
    if frame.len() < HEAD + AT + 1 {
        return vec![(*time, frame.clone())];
    }
    let part = |from: usize, to: usize, more: bool| {
        let mut part = [&frame[..HEAD], &frame[HEAD + from..HEAD + to]].concat();
        let length = part.len() as u16 - 14;
        part[16..18].copy_from_slice(&length.to_be_bytes());
        // The offset in units of eight octets, and whether more follows.
        part[20..22].copy_from_slice(&((from / 8) as u16 | if more { 0x2000 } else { 0 }).to_be_bytes());
        (*time, part)
    };
    vec![part(AT, frame.len() - HEAD, false), part(0, AT, true)]
}

#[test]
fn fragmented_datagrams_are_read_and_every_frame_is_named() {
    let trace = over(&parse(include_str!("../../samples/wasteful.trace")).unwrap(), Over::Wtp);
    let whole = frames(crafted(&trace).0);
    let apart: Vec<_> = whole.iter().flat_map(fragments).collect();
    assert!(apart.len() > whole.len() + 20);
    assert_eq!(messages(written(&apart), Carrier::Wsp), messages(written(&whole), Carrier::Wsp));
    let spans = |item| match item {
        Carried::Envelope(e) => Some((e.frames.last.0 - e.frames.first.0, e.body.pieces().frame_list().len())),
        _ => None,
    };
    let mut context = impslint::tls::Context::default();
    let mut all = Vec::new();
    let _ = pipeline::run(&mut opened(written(&apart)), &mut context, 1, spans, |_, items| {
        all.extend(items.into_iter().flatten());
        std::ops::ControlFlow::Continue(())
    });
    assert!(all.contains(&(1, 2)), "a body in two frames: {all:?}");
}

#[test]
fn windows_and_threads_make_no_difference() {
    let report = |octets: &[u8], window: usize, threads: usize| {
        let mut outcome = Outcome::default();
        let mut capture = opened(octets.to_vec()).with_window_size(window);
        Engine::new(Rulebook::new(rules::all()).unwrap(), threads).check(&mut capture, &mut outcome);
        let mut out = Vec::new();
        impslint::report::write(&outcome, impslint::report::Format::Json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    for carrier in OVER {
        let trace = over(&parse(include_str!("../../samples/wasteful.trace")).unwrap(), carrier);
        let mut all = frames(crafted(&trace).0);
        all.remove(all.len() / 2);
        let octets = written(&all);
        let whole = report(&octets, 1 << 20, 1);
        assert!(whole.contains("\"wsp\""), "{whole}");
        for (window, threads) in [(600, 1), (2000, 2), (1 << 20, 2)] {
            assert_eq!(report(&octets, window, threads), whole, "{} in windows of {window}", carrier.name());
        }
    }
}

#[test]
fn what_wtls_protects_is_counted_and_holds_rules_back() {
    let trace = over(&parse(include_str!("../../samples/clean-xml.trace")).unwrap(), Over::Wtp);
    let mut all = frames(crafted(&trace).0);
    // A record of WTLS from the client to the port for it, in the middle of the session.
    let (time, mut record) = all[3].clone();
    record[36..38].copy_from_slice(&9203_u16.to_be_bytes());
    record[42] = 0xc4;
    all.insert(4, (time, record));
    let mut outcome = Outcome::default();
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    engine.check(&mut opened(written(&all)), &mut outcome);
    assert_eq!((outcome.contents.kinds.wtls.flows, outcome.contents.kinds.imps.flows), (1, 1));
    assert_eq!(outcome.contents.kinds.over_udp.flows, 2);
}

/// `kannel.pcap` is the traffic between Kannel's `fakewap` and `wapbox` 1.4.5 on one machine: three POSTs over WTP that the
/// client acknowledges too early, and of which it asks for parts again that it had; two without sessions; two GETs. The
/// frames of each were found with tshark.
#[test]
fn what_another_gateway_and_its_client_say() {
    let octets = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wsp/kannel.pcap")).unwrap();
    let mut all = Vec::new();
    let told = |item| match item {
        Carried::Envelope(e) => {
            let start = match &e.start {
                Start::Request { method, target } => format!("{method} {target}"),
                Start::Answer { status } => format!("{status} {}", e.content_type.as_deref().unwrap_or("-")),
                Start::Message => String::new(),
            };
            let whole = e.wholeness == impslint::carrier::Wholeness::Complete && e.anomalies.is_empty();
            Some((e.frames.first.0, e.frames.last.0, start, e.body.len(), whole))
        }
        Carried::Gap { frame, .. } => panic!("nothing is missing at {frame:?}"),
        Carried::Cir(_) | Carried::End { .. } => None,
    };
    let mut context = impslint::tls::Context::default();
    let _ = pipeline::run(&mut opened(octets), &mut context, 1, told, |_, items| {
        all.extend(items.into_iter().flatten());
        std::ops::ControlFlow::Continue(())
    });
    all.sort();
    let (url, kind) = ("http://127.0.0.1:8040/imps", "application/vnd.wv.csp.xml");
    let exchanges = [
        ("POST", 4, 5, 7),
        ("POST", 16, 21, 23),
        ("POST", 26, 33, 35),
        ("POST", 32, 36, 36),
        ("POST", 37, 38, 38),
        ("GET", 42, 43, 45),
        ("GET", 51, 52, 54),
    ];
    let mut expected: Vec<_> = exchanges
        .into_iter()
        .flat_map(|(method, request, first, last)| {
            let asked = if method == "POST" { 473 } else { 0 };
            [
                (request, request, format!("{method} {url}"), asked, true),
                (first, last, format!("200 {kind}"), 3528, true),
            ]
        })
        .collect();
    expected.sort();
    assert_eq!(all, expected);
}

/// A trace with every message in this encoding.
fn written_in(trace: &Trace, encoding: Encoding) -> Trace {
    let mut trace = trace.clone();
    trace.defaults.encoding = encoding;
    for line in &mut trace.lines {
        if let Line::Event(said) = line
            && let Payload::Message(usual) = &mut said.payload
        {
            usual.encoding = encoding;
        }
    }
    trace
}

/// What `decode` prints of a capture, without what is said of carrier and encoding.
fn decoded(octets: Vec<u8>) -> String {
    let show = Show { secrets: true, content: true };
    let mut decoder = Decoder::new(show);
    let mut all = String::new();
    let mut context = impslint::tls::Context::default();
    let _ = pipeline::run(&mut opened(octets), &mut context, 1, Some, |_, items| {
        for item in items.into_iter().flatten() {
            let Carried::Envelope(envelope) = item else { continue };
            all.push_str(&match csp::decode::decode(envelope) {
                Ok(message) => decoder.message(&message),
                Err(envelope) => decoder.bare(&envelope),
            });
        }
        std::ops::ControlFlow::Continue(())
    });
    let of_carrier = |line: &&str| ["csp ", "over ", "connection "].iter().any(|word| line.starts_with(word));
    all.lines().filter(|line| !line.is_empty() && !of_carrier(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_same_is_decoded_in_every_encoding_over_every_carrier() {
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    for trace in [include_str!("../../samples/clean-wbxml.trace"), include_str!("../../samples/wasteful.trace")] {
        let trace = parse(trace).unwrap();
        let plain = over(&written_in(&trace, Encoding::Xml), Over::Http);
        let said = decoded(crafted(&plain).0);
        let found = |trace: &Trace| -> Vec<_> {
            findings(&engine, trace).into_iter().filter(|(rule, _)| !rule.starts_with("encoding/")).collect()
        };
        for (encoding, carrier) in [
            (Encoding::Wbxml, Over::Http),
            (Encoding::Xml, Over::Wsp),
            (Encoding::Wbxml, Over::Wsp),
            (Encoding::Wbxml, Over::Wtp),
        ] {
            let other = over(&written_in(&trace, encoding), carrier);
            assert_eq!(decoded(crafted(&other).0), said, "{} over {}", encoding.name(), carrier.name());
            assert_eq!(found(&other), found(&plain), "{} over {}", encoding.name(), carrier.name());
        }
    }
}
