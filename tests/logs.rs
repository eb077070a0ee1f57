//! Logs: the same conversation told in every format gives the same messages and findings, each at its line and column;
//! what a log cuts, loses or leaves out is told and held against nobody.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::Value;

use impslint::capture::{Capture, Window};
use impslint::log::{self, Item, Opened};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn logs() -> PathBuf {
    root().join("tests/logs")
}

/// A folder of this name, new and empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
    command.current_dir(folder).args(arguments).env_remove("COLUMNS");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Whether a fixture tells the whole conversation of `talk.trace`.
fn tells_all(name: &str) -> bool {
    !name.starts_with("Sent") && !name.ends_with(".toml")
}

fn arguments<'a>(command: &[&'a str], name: &'a str) -> Vec<&'a str> {
    let mut all = command.to_vec();
    if name == "gateway.log" {
        all.extend(["--log-profile", "gateway.toml"]);
    }
    all.push(name);
    all
}

fn fixtures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(logs())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| tells_all(name))
        .collect();
    names.sort();
    assert_eq!(names.len(), 31);
    names
}

/// The XML of a message without its namespaces, which a log may drop.
fn bare(xml: &str) -> String {
    let mut parts = xml.split(" xmlns=\"");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |all, part| all + part.split_once('"').unwrap().1)
}

/// Direction, session, transactions and content of each message of a log.
fn messages(name: &str) -> Vec<String> {
    let output =
        run(&logs(), &arguments(&["decode", "--show-secrets", "--show-content", "--format", "jsonl"], name), b"");
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let xml = bare(line["xml"].as_str().unwrap());
            format!("{} {} {} {xml}", line["direction"], line["session"], line["transactions"])
        })
        .collect()
}

#[test]
fn every_format_tells_the_same_messages() {
    let told = messages("talk.trace");
    assert_eq!(told.len(), 7);
    for name in fixtures() {
        assert_eq!(messages(&name), told, "{name}");
    }
}

fn report(folder: &Path, arguments: &[&str], input: &[u8]) -> Value {
    let output = run(folder, arguments, input);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {}", text(&output.stderr)))
}

/// Rule, side and fact of each finding.
fn findings(report: &Value) -> BTreeSet<String> {
    let all = report["findings"].as_array().unwrap();
    all.iter().map(|f| format!("{} {} {}", f["rule"], f["side"], f["message"])).collect()
}

#[test]
fn every_format_gives_the_same_findings() {
    let check = |name: &str| report(&logs(), &arguments(&["check", "--format", "json"], name), b"");
    let expected = findings(&check("talk.trace"));
    assert_eq!(expected.len(), 1);
    for name in fixtures() {
        let report = check(&name);
        assert_eq!(findings(&report), expected, "{name}");
        assert_eq!(report["summary"]["sessions"], 1, "{name}");
    }
}

/// Line and column of the element `Password` in each log: in texts where its start tag stands; in dumps and encodings
/// where octet 96 of the first WBXML body stands, counted by hand in rows of 16 (8 in the server's), groups, and
/// characters of base64.
const PLACES: [(&str, u64, u64); 31] = [
    ("Sent.xml", 1, 512),
    ("talk.trace", 7, 1),
    ("text-plain.log", 1, 578),
    ("text-pretty.log", 19, 11),
    ("text-prefixed.log", 19, 42),
    ("text-html.html", 22, 11),
    ("text-json-in-line.log", 1, 609),
    ("text-percent.log", 1, 729),
    ("text-base64.log", 10, 74),
    ("text-python.log", 1, 259),
    ("text-hex.log", 1, 253),
    ("server-xml.log", 20, 1),
    ("server-octets.log", 20, 47),
    ("logcat-brief.txt", 1, 402),
    ("logcat-long.txt", 9, 12),
    ("logcat-threadtime.txt", 8, 58),
    ("gateway.log", 18, 2),
    ("events.jsonl", 1, 661),
    ("events-base64.jsonl", 1, 179),
    ("proxy.har", 37, 535),
    ("proxy-wbxml.har", 1, 773),
    ("dump-xxd.txt", 8, 11),
    ("dump-hexdump.txt", 8, 11),
    ("dump-od.txt", 8, 8),
    ("dump-od-octal.txt", 8, 9),
    ("packets-wireshark.txt", 32, 13),
    ("packets-tcpdump.txt", 29, 21),
    ("tshark.json", 106, 639),
    ("tshark-x.json", 72, 523),
    ("tshark.ek", 8, 987),
    ("tshark.pdml", 89, 1201),
];

#[test]
fn findings_stand_at_line_and_column_in_every_format() {
    for (name, line, column) in PLACES {
        let report = report(&logs(), &arguments(&["check", "--format", "json"], name), b"");
        let found = &report["findings"][0];
        assert_eq!(found["rule"], "privacy/plaintext-password", "{name}");
        let column = if name == "talk.trace" { Value::Null } else { column.into() };
        assert_eq!(
            (&found["line"], &found["column"], &found["frames"][0]),
            (&line.into(), &column, &line.into()),
            "{name}"
        );
        assert_eq!(found["display_filter"], Value::Null, "{name}");
    }
    let concise = text(&run(&logs(), &["check", "--format", "concise", "text-pretty.log"], b"").stdout);
    assert!(concise.starts_with("text-pretty.log:19:11: warning[privacy/plaintext-password] "), "{concise}");
    let human = text(&run(&logs(), &["check", "text-pretty.log"], b"").stdout);
    assert!(
        human.contains("text-pretty.log:19:11") && human.contains("line 19") && !human.contains("filter:"),
        "{human}"
    );
}

#[test]
fn a_bare_body_is_read_in_either_encoding() {
    for name in ["Sent.xml", "Sent.wbxml"] {
        let report = report(&logs(), &["check", "--format", "json", name], b"");
        assert_eq!(report["findings"][0]["rule"], "privacy/plaintext-password", "{name}");
        assert_eq!(report["findings"][0]["time"], Value::Null, "{name}");
    }
}

#[test]
fn logs_come_compressed_through_pipes_and_among_captures() {
    let plain = fs::read(logs().join("text-pretty.log")).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    let packed = encoder.finish().unwrap();
    for input in [&plain, &packed] {
        let told = text(&run(&logs(), &["check", "--format", "concise", "-"], input).stdout);
        assert!(told.starts_with("-:19:11: warning[privacy/plaintext-password] "), "{told}");
    }
    let capture = root().join("samples/clean-xml.pcapng");
    let capture = capture.to_str().unwrap();
    for merge in [&[][..], &["--merge"]] {
        let arguments = [&["check", "--format", "json"], merge, &[capture, "events.jsonl", "tshark.json"]].concat();
        let report = report(&logs(), &arguments, b"");
        let formats: Vec<&str> =
            report["inputs"].as_array().unwrap().iter().map(|i| i["format"].as_str().unwrap()).collect();
        assert_eq!(formats, ["pcapng", "JSON lines", "tshark JSON"]);
        assert_eq!(report["findings"].as_array().unwrap().len(), 2);
    }
    let info = text(&run(&logs(), &["info", "logcat-brief.txt"], b"").stdout);
    assert!(info.contains("logcat") && info.contains("7 messages") && info.contains("log (7)"), "{info}");
}

#[test]
fn what_is_neither_is_refused_clearly() {
    for octets in
        [&b"Dear all, the meeting is at ten.\n"[..], b"{\"a\": 1}", b"<?xml version=\"1.0\"?><html/>", &[0; 64]]
    {
        let output = run(&logs(), &["check", "-"], octets);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            text(&output.stderr),
            "impslint: - is not a capture, neither pcap nor pcapng, nor a log that tells IMPS\n"
        );
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_place() {
    let folder = folder("profile");
    fs::write(folder.join("p.toml"), "[profile.x]\nline = '(?<body>.*'\n").unwrap();
    let output = run(&folder, &["check", "--log-profile", "p.toml", "-"], b"x");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("impslint: p.toml:2:8: "), "{}", text(&output.stderr));
}

/// A message as XML with this content in its transaction.
fn xml(namespaces: bool, content: &str) -> String {
    let of = |name: &str| match namespaces {
        true => format!(" xmlns=\"http://www.openmobilealliance.org/DTD/WV-{name}1.2\""),
        false => " xmlns=\"\"".to_owned(),
    };
    format!(
        "<WV-CSP-Message{}><Session><SessionDescriptor><SessionType>Inband</SessionType><SessionID>s7</SessionID>\
         </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>\
         <TransactionID>9</TransactionID></TransactionDescriptor><TransactionContent{}>{content}</TransactionContent>\
         </Transaction></Session></WV-CSP-Message>",
        of("CSP"),
        of("TRC")
    )
}

/// A nickname with a bare ampersand, which makes a document malformed.
const MALFORMED: &str = "<CreateList-Request><ContactList>wv:c/l</ContactList><NickList><NickName><Name>A & B</Name>\
    <UserID>wv:d</UserID></NickName></NickList></CreateList-Request>";

/// How often a rule was held back, by reason.
fn held_back<'r>(report: &'r Value, rule: &str) -> &'r Value {
    &report["summary"]["rules_not_judged"][rule]
}

#[test]
fn what_a_client_prints_anew_is_not_judged_by_its_writing() {
    let rule = "encoding/malformed-document";
    let as_sent = format!("2008-03-01 10:14:00 sent {}\n", xml(true, MALFORMED));
    let report_of = |log: &str| report(&logs(), &["check", "--format", "json", "-"], log.as_bytes());
    let report = report_of(&as_sent);
    assert!(findings(&report).iter().any(|f| f.contains(rule)), "{report}");
    let printed = format!("D/IMPS/Packet(  812): {0}\nD/IMPS/Packet(  812): {0}\n", xml(false, MALFORMED));
    for retold in [printed, format!("pasted: {}\n", xml(false, MALFORMED))] {
        let report = report_of(&retold);
        assert!(!findings(&report).iter().any(|f| f.contains(rule)), "{report}");
        assert!(held_back(&report, rule)["not as sent in the log"].as_u64().is_some(), "{report}");
    }
}

#[test]
fn what_a_log_cuts_is_told_and_not_judged() {
    let whole = xml(true, MALFORMED);
    let half = &whole[..whole.len() - 60];
    for log in [
        format!("2008-03-01 10:14:00 sent {half}…\n2008-03-01 10:14:01 done\n"),
        format!("2008-03-01 10:14:00 sent {half}\n2008-03-01 10:14:01 sent {whole}\n"),
        format!(
            "06-29 01:19:42.120   812   830 D IMPS/Packet: {half}\n06-29 01:19:42.121   812   830 D IMPS: x << Status\n"
        ),
        format!("sent {half}"),
        format!("{{\"body\": \"{}", half.replace('"', "\\\"")),
    ] {
        let output = run(&logs(), &["check", "--format", "concise", "-"], log.as_bytes());
        let told = text(&output.stdout);
        assert!(told.lines().any(|line| line.starts_with("-: line 1: ") && line.contains("cut")), "{log}\n{told}");
        assert_eq!(told.contains("malformed-document"), log.matches("</WV-CSP").count() > 0, "{log}\n{told}");
        assert!(told.contains("1 lost by the log"), "{log}\n{told}");
    }
}

#[test]
fn octets_that_an_archive_replaced_are_lost_and_told() {
    let archive = fs::read_to_string(logs().join("proxy-wbxml.har")).unwrap();
    // The first body: a client that takes octets for UTF-8 writes U+FFFD for what is none.
    let lossy = archive.replacen("\\u00c9", "\\ufffd", 1).replacen("\\u00f3", "\\ufffd", 1);
    assert_ne!(lossy, archive);
    let output = run(&logs(), &["check", "--format", "concise", "-"], lossy.as_bytes());
    let told = text(&output.stdout);
    assert!(told.contains("-: line 1: octets of a body are lost"), "{told}");
    assert!(told.contains("1 lost by the log") && !told.contains("malformed"), "{told}");
}

/// The frames of a sample as `tshark -T json -x` tells them, and as a dump without times.
fn retold(sample: &str) -> (String, String) {
    let mut capture = Capture::open(&root().join("samples").join(sample).with_extension("pcapng")).unwrap();
    let (mut window, mut json, mut dump) = (Window::default(), Vec::new(), String::new());
    while capture.next_window(&mut window).unwrap() {
        for frame in &window.frames {
            let octets = window.captured(frame);
            let hex: String = octets.iter().map(|o| format!("{o:02x}")).collect();
            let time = frame.time.unwrap().0;
            json.push(format!(
                "  {{\"_index\": \"x\", \"_source\": {{\"layers\": {{\"frame_raw\": [\"{hex}\", 0, {}, 0, 1], \"frame\": \
                 {{\"frame.encap_type\": \"1\", \"frame.time_epoch\": \"{}.{:09}\"}}}}}}}}",
                octets.len(),
                time / 1_000_000_000,
                time % 1_000_000_000
            ));
            for (i, row) in octets.chunks(16).enumerate() {
                let pairs: Vec<String> = row.iter().map(|o| format!("{o:02x}")).collect();
                dump.push_str(&format!("{:04x}  {:<47}   {}\n", 16 * i, pairs.join(" "), ".".repeat(row.len())));
            }
            dump.push('\n');
        }
    }
    (format!("[\n{}\n]\n", json.join(",\n")), dump)
}

#[test]
fn packets_told_with_their_times_are_judged_like_the_capture_and_without_them_by_no_time() {
    for sample in ["clean-xml", "clean-wbxml", "wasteful", "field"] {
        let path = root().join("samples").join(sample).with_extension("pcapng");
        let own = report(&logs(), &["check", "--format", "json", path.to_str().unwrap()], b"");
        let (json, dump) = retold(sample);
        let with_times = report(&logs(), &["check", "--format", "json", "-"], json.as_bytes());
        assert_eq!(findings(&with_times), findings(&own), "{sample}");
        assert_eq!(with_times["summary"]["messages"], own["summary"]["messages"], "{sample}");
        let without = report(&logs(), &["check", "--format", "json", "-"], dump.as_bytes());
        assert_eq!(without["summary"]["messages"], own["summary"]["messages"], "{sample}");
        let fewer = findings(&without);
        assert!(fewer.is_subset(&findings(&own)), "{sample}: {fewer:?}");
        if sample == "wasteful" {
            let held: u64 = without["summary"]["rules_not_judged"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(|reasons| reasons["no times in the log"].as_u64())
                .sum();
            assert!(held > 0, "{without}");
        }
    }
}

/// Everything that a log tells, read in pieces of some octets: the places and sizes of its messages, and its faults.
fn told(octets: &[u8], step: usize) -> Option<(Vec<String>, Vec<String>)> {
    struct Slow(Cursor<Vec<u8>>, usize);
    impl Read for Slow {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let most = room.len().min(self.1);
            self.0.read(&mut room[..most])
        }
    }
    let input = Slow(Cursor::new(octets.to_vec()), step);
    match log::open("x", input, &[]).ok()? {
        Opened::Log(mut log) => {
            let mut all = Vec::new();
            loop {
                let items = log.next_items().unwrap();
                if items.is_empty() {
                    break;
                }
                all.extend(items.iter().map(|item| {
                    let envelope = item.envelope();
                    let parts = if let Item::Message(message) = item { message.parts.len() } else { 0 };
                    format!("{:?} {:?} {} {parts}", envelope.frames, envelope.direction, envelope.wire_octets)
                }));
            }
            Some((all, log.known().faults))
        }
        Opened::Capture(mut capture) => {
            let (mut window, mut all) = (Window::default(), Vec::new());
            while capture.next_window(&mut window).unwrap() {
                all.extend(window.frames.iter().map(|f| format!("{:?} {:?}", f.no, window.captured(f).len())));
            }
            Some((all, capture.remarks()))
        }
    }
}

#[test]
fn a_log_says_the_same_however_it_comes() {
    for name in fixtures().iter().map(String::as_str).chain(["Sent.xml", "Sent.wbxml"]) {
        let octets = fs::read(logs().join(name)).unwrap();
        let whole = told(&octets, usize::MAX);
        assert_eq!(whole.is_some(), name != "gateway.log" || whole.is_some(), "{name}");
        for step in [97, 4096] {
            assert_eq!(told(&octets, step), whole, "{name} in pieces of {step}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_octets_do_harm(octets in proptest::collection::vec(any::<u8>(), 0..2000), step in 1..500_usize) {
        let _ = told(&octets, step);
    }

    #[test]
    fn no_damage_does_harm(which in any::<proptest::sample::Index>(), cuts in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..40_usize), 1..8)) {
        let names = fixtures();
        let mut octets = fs::read(logs().join(&names[which.index(names.len())])).unwrap();
        octets.truncate(20_000);
        for (at, octet, cut) in cuts {
            let at = at.index(octets.len().max(1));
            let end = (at + cut).min(octets.len());
            octets.splice(at..end, [octet]);
        }
        let _ = told(&octets, usize::MAX);
    }
}
