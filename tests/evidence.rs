//! What was lost is held against nobody: samples with frames removed or cut raise no finding that the whole does not.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::engine::{Engine, Rulebook};
use impslint::report::Outcome;
use impslint::rules;
use impslint::session::Doubt;
use impslint::time::Time;

const SAMPLES: [&str; 5] = ["clean-wbxml", "clean-xml", "damaged", "field", "wasteful"];

/// A frame: when, its link type, the captured octets, and how long it was.
type Frame = (Time, LinkType, Vec<u8>, u32);

fn check(octets: Vec<u8>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "capture").unwrap();
    Engine::new(Rulebook::new(rules::all()).unwrap(), 1).check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

fn sample(name: &str) -> Vec<Frame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name).with_extension("pcapng");
    let mut capture = Capture::open(&path).unwrap();
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(
            window
                .frames
                .iter()
                .map(|f| (f.time.unwrap_or_default(), f.link, window.captured(f).to_vec(), f.original_len)),
        );
    }
    frames
}

/// A pcap of nanoseconds with these frames.
fn pcap(frames: &[Frame]) -> Vec<u8> {
    let link = frames.first().map_or(1, |f| u32::from(f.1.0));
    let mut out = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, link] {
        out.extend(word.to_le_bytes());
    }
    for (time, _, octets, original) in frames {
        let (seconds, nanos) = (time.0.div_euclid(1_000_000_000), time.0.rem_euclid(1_000_000_000));
        for word in [seconds as u32, nanos as u32, octets.len() as u32, *original] {
            out.extend(word.to_le_bytes());
        }
        out.extend(octets);
    }
    out
}

/// What is said of whom, numbers aside: they may change with what is missing.
fn found(outcome: &Outcome) -> BTreeSet<String> {
    let of = |f: &impslint::finding::Finding| {
        let words: String = f.message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let session = f.scene.session.as_deref().unwrap_or_default();
        format!("{} {session} {}", f.rule, if f.rule.starts_with("schema/") { words } else { String::new() })
    };
    outcome.findings.iter().map(|filed| of(&filed.finding)).collect()
}

/// What is said of a whole capture, and the rules that were held back in it.
type Whole = (BTreeSet<String>, BTreeSet<&'static str>);

fn whole(outcome: &Outcome) -> Whole {
    (found(outcome), outcome.rule_doubts.keys().map(|(rule, _)| *rule).collect())
}

/// Complaints about the capture with these frames, beside the whole.
fn beside(whole: &Whole, frames: &[Frame], how: &str) -> Vec<String> {
    let outcome = check(pcap(frames));
    let tally = &outcome.tally;
    assert_eq!(tally.judged + tally.not_judged.values().sum::<u64>(), tally.exchanges, "{how}: every exchange is told");
    // Where the whole capture lost something itself, it refutes nothing that its rule had to doubt.
    let doubted = |key: &&String| whole.1.iter().any(|rule| key.starts_with(rule));
    let found = found(&outcome);
    let new: Vec<&String> = found.difference(&whole.0).filter(|key| !doubted(key)).collect();
    let said = |key: &String| {
        let named = |f: &&impslint::report::Filed| key.starts_with(f.finding.rule);
        outcome.findings.iter().find(named).map(|f| format!("{} {:?}", f.finding.message, f.finding.frames()))
    };
    new.iter().map(|key| format!("{how}: {key}: {}", said(key).unwrap_or_default())).collect()
}

/// Numbers that look random, always the same ones.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[test]
fn no_loss_raises_what_the_whole_capture_refutes() {
    let mut complaints = Vec::new();
    for name in SAMPLES {
        let frames = sample(name);
        let whole = whole(&check(pcap(&frames)));
        let some = |most: usize| (frames.len() / most).max(1);
        for at in (0..frames.len()).step_by(some(60)) {
            let mut holed = frames.clone();
            holed.remove(at);
            complaints.extend(beside(&whole, &holed, &format!("{name} without frame {}", at + 1)));
        }
        for k in (1..frames.len()).step_by(some(30)) {
            complaints.extend(beside(&whole, &frames[k..], &format!("{name} without its first {k} frames")));
            let kept = frames.len() - k;
            complaints.extend(beside(&whole, &frames[..kept], &format!("{name} without its last {k} frames")));
        }
        for seed in 0..24 {
            let mut dice = Dice(seed);
            let kept: Vec<Frame> = frames.iter().filter(|_| dice.below(50) > 0).cloned().collect();
            complaints.extend(beside(&whole, &kept, &format!("{name} with 2 % lost, seed {seed}")));
        }
    }
    complaints.sort();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn cut_frames_raise_nothing_and_less_is_judged() {
    let mut complaints = Vec::new();
    for name in SAMPLES {
        let frames = sample(name);
        let outcome = check(pcap(&frames));
        let (whole, coverage) = (whole(&outcome), outcome.tally.coverage());
        for snap in [60, 96, 200] {
            let mut cut = frames.clone();
            cut.iter_mut().for_each(|f| f.2.truncate(snap));
            complaints.extend(beside(&whole, &cut, &format!("{name} cut to {snap}")));
            let less = check(pcap(&cut)).tally.coverage();
            assert!(less < coverage, "{name} cut to {snap}: {less} % of {coverage} % judged");
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Whether a frame of the samples (Ethernet, IPv4) goes to a server.
fn to_server(frame: &Frame) -> bool {
    frame.2.get(36..38).is_some_and(|port| u16::from_be_bytes([port[0], port[1]]) < 10_000)
}

#[test]
fn one_direction_alone_is_known_as_such_and_judged_by_no_absence() {
    let mut complaints = Vec::new();
    for name in ["clean-wbxml", "clean-xml", "wasteful"] {
        let frames = sample(name);
        let whole = whole(&check(pcap(&frames)));
        for of_client in [true, false] {
            let half: Vec<Frame> = frames.iter().filter(|f| to_server(f) == of_client).cloned().collect();
            assert!(!half.is_empty() && half.len() < frames.len());
            complaints.extend(beside(&whole, &half, &format!("{name}, client only: {of_client}")));
            let outcome = check(pcap(&half));
            assert!(outcome.tally.exchanges > 0);
            assert_eq!(outcome.tally.judged, 0, "{name}, client only: {of_client}");
            let doubts: Vec<Doubt> = outcome.tally.not_judged.keys().copied().collect();
            assert!(doubts.contains(&Doubt::OneSided), "{name}, client only: {of_client}: {doubts:?}");
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Whether the status of `check --min-coverage` is this.
fn ends_with(path: &Path, least: &str, format: &str) -> Option<i32> {
    let command = ["check", "--fail-on", "never", "--format", format, "--min-coverage", least];
    let output =
        Command::new(env!("CARGO_BIN_EXE_impslint")).args(command).arg(path).env("COLUMNS", "80").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code() == Some(4), said.contains("too poor to judge"), "{said}");
    output.status.code()
}

#[test]
fn a_capture_too_poor_to_judge_is_status_4_in_every_format() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let damaged = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/damaged.pcapng");
    let mut frames = sample("clean-xml");
    frames.iter_mut().for_each(|f| f.2.truncate(60));
    let blind = folder.join("blind.pcap");
    fs::write(&blind, pcap(&frames)).unwrap();
    let mut other = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    other.frame(Time(0), &[0; 60], &[]).unwrap();
    let none = folder.join("none.pcapng");
    fs::write(&none, other.finish().unwrap()).unwrap();
    for format in ["human", "concise", "json"] {
        // 9 of 13 exchanges are judged: 69.2 %.
        assert_eq!(ends_with(&damaged, "90", format), Some(4));
        assert_eq!(ends_with(&damaged, "69", format), Some(0));
        assert_eq!(ends_with(&damaged, "69.3", format), Some(4));
        assert_eq!(ends_with(&blind, "1", format), Some(4));
        assert_eq!(ends_with(&none, "90", format), Some(3));
    }
    assert_eq!(ends_with(&damaged, "101", "human"), Some(2));
    assert_eq!(ends_with(&damaged, "-1", "human"), Some(2));
}

/// A frame of Ethernet, IPv4 and TCP that brings these octets.
fn segment(time: Time, (source, destination): (SocketAddr, SocketAddr), seq: u32, data: &[u8]) -> Frame {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (source.ip(), destination.ip()) else { panic!("IPv4 here") };
    let total = u16::try_from(40 + data.len()).unwrap();
    let mut octets = [&[2; 12][..], &[0x08, 0x00, 0x45, 0]].concat();
    octets.extend([total.to_be_bytes(), [0, 0], [0, 0], [64, 6], [0, 0]].concat());
    octets.extend([from.octets(), to.octets()].concat());
    octets.extend([source.port().to_be_bytes(), destination.port().to_be_bytes()].concat());
    octets.extend([seq.to_be_bytes(), [0; 4], [0x50, 0x18, 0xff, 0xff], [0; 4]].concat());
    octets.extend(data);
    let len = u32::try_from(octets.len()).unwrap();
    (time, LinkType::ETHERNET, octets, len)
}

/// The frames with a TLS connection between the hosts of `ends` whose keys nobody has, a record before each frame.
fn with_tls(frames: &[Frame], ends: (SocketAddr, SocketAddr)) -> Vec<Frame> {
    let (client, server) = (SocketAddr::new(ends.0.ip(), 50_000), SocketAddr::new(ends.1.ip(), 443));
    let mut mixed = Vec::new();
    let mut seqs = [1, 1];
    for (at, frame) in frames.iter().enumerate() {
        let from_client = at % 2 == 0;
        // Two hellos of TLS 1.2 first, then application data.
        let hello =
            |kind: u8, rest: &[u8]| [&[kind, 0, 0, 34 + rest.len() as u8, 3, 3][..], &[0xA5; 32], rest].concat();
        let (kind, body) = match at {
            0 => (0x16, hello(1, &[0, 0, 2, 0, 0x2f, 1, 0])),
            1 => (0x16, hello(2, &[0, 0, 0x2f, 0])),
            _ => (0x17, vec![0xA5; 48]),
        };
        let record = [&[kind, 3, 3, 0, body.len() as u8][..], &body].concat();
        let (way, seq) = if from_client { ((client, server), &mut seqs[0]) } else { ((server, client), &mut seqs[1]) };
        mixed.push(segment(frame.0, way, *seq, &record));
        *seq += u32::try_from(record.len()).unwrap();
        mixed.push(frame.clone());
    }
    mixed
}

#[test]
fn what_may_have_been_said_in_tls_is_held_against_nobody() {
    let frames = sample("field");
    let plain = check(pcap(&frames));
    let rule = "negotiation/missing-capability-negotiation";
    let ends = |outcome: &Outcome| {
        let of_rule = outcome.findings.iter().find(|filed| filed.finding.rule == rule);
        of_rule.and_then(|filed| filed.finding.scene.peers)
    };
    let peers = ends(&plain).expect("the sample has a session that negotiates nothing");
    let between_them = check(pcap(&with_tls(&frames, peers)));
    assert_eq!(ends(&between_them), None, "it may have been negotiated in TLS");
    assert!(between_them.rule_doubts.contains_key(&(rule, Doubt::Encrypted)), "{:?}", between_them.rule_doubts);
    let elsewhere = (SocketAddr::from(([198, 51, 100, 7], 1)), peers.1);
    assert_eq!(ends(&check(pcap(&with_tls(&frames, elsewhere)))), Some(peers), "another host's TLS says nothing of it");
}
