//! The command line as a user meets it: what goes in, what comes out, with which exit status.

#![cfg(test)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The command, run in the project's folder without colours of the surroundings.
fn impslint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    impslint(arguments).output().unwrap()
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        impslint(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that gives up early leaves input unread.
    let _ = writer.join().unwrap();
    output
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file with these octets, in a folder of this test run.
fn file(name: &str, octets: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    fs::write(&path, octets).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const CLEAN: &str = "samples/clean-xml.pcapng";
const FIELD: &str = "samples/field.pcapng";
/// A capture whose worst finding is a warning.
const WARNED: &str = "samples/damaged.pcapng";

/// A capture of one frame that carries no IMPS.
fn without_imps() -> PathBuf {
    let trace = "csp 1.2 xml\n+0 client text target=/ type=text/plain\n  hello\n+0.1 server empty\n";
    let output = run_with_input(&["craft", "-", "-o", "-"], trace.as_bytes());
    assert_eq!(status(&output), 0, "{}", err(&output));
    file("without-imps.pcapng", &output.stdout)
}

#[test]
fn nothing_found_is_0_and_findings_are_1() {
    assert_eq!(status(&run(&["check", CLEAN])), 0);
    assert_eq!(status(&run(&["check", FIELD])), 1);
}

#[test]
fn fail_on_draws_the_line() {
    for (severity, warned) in [("error", 0), ("warning", 1), ("info", 1), ("never", 0)] {
        assert_eq!(status(&run(&["check", WARNED, "--fail-on", severity])), warned, "{severity}");
    }
    assert_eq!(status(&run(&["check", FIELD, "--fail-on", "error"])), 1);
    assert_eq!(status(&run(&["check", FIELD, "--fail-on", "never"])), 0);
}

#[test]
fn the_status_is_the_same_in_every_format() {
    let none = without_imps();
    for (path, expected) in [(CLEAN, 0), (FIELD, 1), (WARNED, 1), (text(&none), 3), ("no/such/file", 2)] {
        for format in ["human", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "checkstyle", "csv"] {
            assert_eq!(status(&run(&["check", path, "--format", format])), expected, "{path} as {format}");
        }
    }
}

#[test]
fn wrong_usage_is_2_and_says_what_is_right() {
    for arguments in [
        &["check"][..],
        &["chekc", CLEAN],
        &["check", CLEAN, "--format", "xml"],
        &["check", CLEAN, "--fail-on", "maybe"],
        &["check", CLEAN, "--threads", "many"],
        &["check", CLEAN, "--no-such-option"],
        &["decode"],
        &["craft", "samples/clean-xml.trace"],
        &["explain"],
        &["rules", "--format", "xml"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        assert!(err(&output).contains("Usage") || err(&output).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_0() {
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"], &["help", "decode"]] {
        let output = run(arguments);
        assert_eq!(status(&output), 0, "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn unreadable_input_is_2_and_is_named() {
    let empty = file("empty.pcap", b"");
    let prose = file("prose.pcap", b"This is a letter and not a capture.\n");
    let cut = file("cut.pcap", &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0]);
    for path in ["no/such/file.pcap", "docs", text(&empty), text(&prose), text(&cut)] {
        for command in ["check", "decode", "info"] {
            let output = run(&[command, path]);
            assert_eq!(status(&output), 2, "{command} {path}");
            assert_eq!(out(&output), "", "{command} {path}");
            let said = err(&output);
            assert!(said.starts_with("impslint: ") && said.contains(path), "{command} {path}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}

#[test]
fn a_bad_file_does_not_hide_the_good_ones() {
    let output = run(&["check", "--format", "concise", FIELD, "no/such/file", WARNED]);
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("no/such/file"));
    for path in [FIELD, WARNED] {
        assert!(out(&output).lines().any(|line| line.starts_with(path)), "{path} is reported");
    }
}

#[test]
fn no_imps_is_3() {
    let none = without_imps();
    for command in ["check", "decode"] {
        let output = run(&[command, text(&none)]);
        assert_eq!(status(&output), 3, "{command}");
        assert!(err(&output).contains("no IMPS traffic recognised"), "{command}");
    }
    assert_eq!(status(&run(&["check", text(&none), CLEAN])), 0, "one of them has some");
}

#[test]
fn a_capture_comes_through_a_pipe() {
    let octets = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FIELD)).unwrap();
    let piped = run_with_input(&["check", "-", "--format", "concise"], &octets);
    let named = run(&["check", FIELD, "--format", "concise"]);
    assert_eq!(status(&piped), 1);
    // From a pipe findings come as they are made, from a file by their frames.
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(out(&piped).replace("-:", &format!("{FIELD}:"))), sorted(out(&named)));
    let last = |text: String| text.lines().last().map(str::to_owned);
    assert_eq!(last(out(&piped)), last(out(&named)));
    assert_eq!(status(&run_with_input(&["check", "-"], b"")), 2);
}

#[test]
fn findings_are_told_while_the_pipe_is_open() {
    let octets = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FIELD)).unwrap();
    for format in ["concise", "human"] {
        let mut child = impslint(&["check", "-", "--format", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&octets).unwrap();
        pipe.flush().unwrap();
        // The pipe stays open: this waits until something is said.
        let mut said = [0; 8];
        let mut answer = child.stdout.take().unwrap();
        answer.read_exact(&mut said).unwrap();
        drop(pipe);
        answer.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{format}");
    }
}

#[test]
fn a_pipe_whose_reader_went_away_is_no_longer_read() {
    let octets = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FIELD)).unwrap();
    let mut child = impslint(&["check", "-", "--format", "concise"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut pipe = child.stdin.take().unwrap();
    // It may be gone before it has taken everything.
    let _ = pipe.write_all(&octets);
    // The pipe stays open: only the lack of a reader ends this.
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    for arguments in [&["check", FIELD][..], &["decode", FIELD], &["rules"], &["explain", "polling/redundant-poll"]] {
        let mut child = impslint(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(said, "", "{arguments:?}");
        assert!(matches!(status.code(), Some(0 | 1)), "{arguments:?}: {status}");
    }
}

#[test]
fn colour_is_for_terminals_and_on_request() {
    let coloured = |arguments: &[&str]| out(&run(arguments)).contains('\u{1b}');
    assert!(!coloured(&["check", WARNED]), "a pipe is no terminal");
    assert!(coloured(&["check", WARNED, "--color", "always"]));
    assert!(!coloured(&["check", WARNED, "--color", "never"]));
    let output = impslint(&["check", WARNED, "--color", "always"]).env("NO_COLOR", "1").output().unwrap();
    assert!(out(&output).contains('\u{1b}'), "what is asked for on the command line wins over NO_COLOR");
    let output = impslint(&["check", WARNED]).env("NO_COLOR", "1").output().unwrap();
    assert!(!out(&output).contains('\u{1b}'));
}

#[test]
fn explain_prints_the_page_and_suggests_the_nearest() {
    let output = run(&["explain", "polling/redundant-poll"]);
    assert_eq!(status(&output), 0);
    assert!(out(&output).starts_with("polling/redundant-poll\n") && out(&output).contains("## Limits"));
    for slip in ["polling/redundant-pol", "redundant-poll", "poling/redundant-poll"] {
        let output = run(&["explain", slip]);
        assert_eq!(status(&output), 2, "{slip}");
        assert!(err(&output).contains("did you mean polling/redundant-poll?"), "{slip}: {}", err(&output));
    }
    let output = run(&["explain", "xyzzy"]);
    assert_eq!(status(&output), 2);
    assert!(!err(&output).contains("did you mean"), "nothing is near: {}", err(&output));
}

#[test]
fn rules_are_listed_in_order_and_as_json() {
    let listed = out(&run(&["rules"]));
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"negotiation/missing-capability-negotiation") && names.is_sorted());
    let json: serde_json::Value = serde_json::from_str(&out(&run(&["rules", "--format", "json"]))).unwrap();
    let in_json: Vec<&str> = json.as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(in_json, names);
}

#[test]
fn what_was_crafted_decodes_to_the_same_text() {
    let trace = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/clean-xml.trace")).unwrap();
    let decode = |capture: &[u8]| {
        let output = run_with_input(&["decode", "-", "--show-secrets", "--show-content"], capture);
        assert_eq!(status(&output), 0, "{}", err(&output));
        output.stdout
    };
    let craft = |trace: &[u8]| {
        let output = run_with_input(&["craft", "-", "-o", "-"], trace);
        assert_eq!(status(&output), 0, "{}", err(&output));
        output.stdout
    };
    let capture = craft(&trace);
    let once = decode(&capture);
    assert_eq!(craft(&once), capture, "the decoded trace makes the same capture");
    assert_eq!(decode(&craft(&once)), once);
}

#[test]
fn decode_hides_what_is_private_unless_asked() {
    let decoded = |arguments: &[&str]| out(&run(&[&["decode", WARNED], arguments].concat()));
    let (secret, content) = ("Password tulip", "Is the draft ready");
    let plain = run(&["decode", CLEAN]);
    assert!(out(&plain).contains("ContentData (") && !out(&plain).contains(content));
    assert!(decoded(&[]).contains("Password (5 octets)") && !decoded(&[]).contains(secret));
    assert!(decoded(&["--show-secrets"]).contains(secret) && !decoded(&["--show-secrets"]).contains(content));
    assert!(out(&run(&["decode", CLEAN, "--show-content"])).contains(content));
    let lines = out(&run(&["decode", WARNED, "--format", "jsonl"]));
    assert!(!lines.contains("tulip") && lines.lines().count() > 10);
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn several_reports_come_of_one_run() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("several");
    fs::create_dir_all(&folder).unwrap();
    let [table, lines, sarif] = ["found.csv", "found.jsonl", "found.sarif"].map(|name| folder.join(name));
    let given = [("csv", &table), ("jsonl", &lines), ("sarif", &sarif)];
    let outputs: Vec<String> = given.iter().map(|(format, file)| format!("{format}={}", file.display())).collect();
    let mut arguments = vec!["check", FIELD, "--format", "concise"];
    outputs.iter().for_each(|output| arguments.extend(["-o", output]));
    let output = run(&arguments);
    assert_eq!(status(&output), 1, "{}", err(&output));
    let [table, lines, sarif] = [table, lines, sarif].map(|file| fs::read_to_string(file).unwrap());
    let findings = out(&output).lines().filter(|line| line.contains("[") && line.contains("]")).count();
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(findings > 3);
    assert_eq!((table.lines().count(), lines.lines().count(), results.len()), (findings + 1, findings + 1, findings));
    // Where a frame stands in the file: an Ethernet frame that carries IPv4.
    let capture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FIELD)).unwrap();
    for result in results {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let at = usize::try_from(region["byteOffset"].as_u64().unwrap()).unwrap();
        assert_eq!(capture[at + 12..at + 15], [0x08, 0x00, 0x45], "{region}");
    }
    assert_eq!(status(&run(&["check", FIELD, "-o", "csv=no/such/folder/x.csv"])), 2);
    assert_eq!(status(&run(&["check", FIELD, "-o", "table=x.csv"])), 2);
    assert_eq!(status(&run(&["check", FIELD, "-o", "csv=-", "-o", "json=-"])), 2);
}

#[test]
fn what_is_passed_on_names_nobody_unless_asked_to() {
    let told = |arguments: &[&str]| out(&run(&[&["check", "samples/wasteful.pcapng"], arguments].concat()));
    let names = ["greta", "358405", "phone.example"];
    for format in ["sarif", "junit", "github", "gitlab"] {
        let text = told(&["--format", format]);
        assert!(!names.iter().any(|name| text.contains(name)), "{format}: {text}");
    }
    for format in ["human", "concise", "json", "jsonl", "checkstyle", "csv"] {
        let text = told(&["--format", format, "--redact"]);
        assert!(!names.iter().any(|name| text.contains(name)), "{format}: {text}");
    }
    assert!(told(&["--format", "sarif", "--no-redact"]).contains("wv:greta@example.net"));
    assert!(told(&["--format", "json"]).contains("wv:greta@example.net"));
    assert!(told(&["--format", "json", "--redact"]).contains("wv:user1@example.net"));
}

#[test]
fn json_lines_spell_out_what_cannot_be_seen() {
    let trace = "csp 1.2 xml\nsession s1\n+0 client GetList-Request 1\n  Name \"a\\u{7f}b\\u{202e}c\\u{85}d\"\n";
    let capture = run_with_input(&["craft", "-", "-o", "-"], trace.as_bytes());
    assert_eq!(status(&capture), 0, "{}", err(&capture));
    let lines = out(&run_with_input(&["decode", "-", "--format", "jsonl"], &capture.stdout));
    assert!(lines.contains(r"a\u007fb\u202ec\u0085d"), "{lines}");
}

#[test]
fn craft_says_which_line_is_wrong_and_where_it_cannot_write() {
    let output = run_with_input(&["craft", "-", "-o", "-"], b"csp 1.2 xml\n+0 nobody Polling-Request\n");
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("line 2"), "{}", err(&output));
    let output = run_with_input(&["craft", "-", "-o", "-"], b"csp 1.2 xml\n+0 server empty\n");
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("line 2"), "{}", err(&output));
    let output = run(&["craft", "samples/clean-xml.trace", "-o", "no/such/folder/x.pcapng"]);
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("no/such/folder/x.pcapng"), "{}", err(&output));
    assert_eq!(status(&run(&["craft", "no/such.trace", "-o", "-"])), 2);
}

#[test]
fn json_reports_hold_to_their_schema() {
    let schema = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let none = without_imps();
    for path in [CLEAN, FIELD, WARNED, "samples/wasteful.pcapng", "samples/clean-wbxml.pcapng", text(&none)] {
        let report: serde_json::Value = serde_json::from_str(&out(&run(&["check", path, "--format", "json"]))).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
    }
}

#[test]
fn info_tells_what_a_capture_holds() {
    let output = run(&["info", "samples/damaged.pcapng"]);
    assert_eq!(status(&output), 0);
    let told = out(&output);
    for row in [
        "samples/damaged.pcapng",
        "  format      pcapng, 58 packets, 19\u{202f}868 bytes",
        "  anomaly     the file ends within a record at offset 19840, 28 octets",
        "link types    1 (ETHERNET)",
        "CSP versions  1.1 (22)",
        "carriers      http (22)",
        "IMPS          13 exchanges, 22 messages, 1 session, 1 subscriber",
        "coverage      69.2 %: 9 of 13 exchanges whole,",
    ] {
        assert!(told.lines().any(|line| line == row), "{row}\n{told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

#[test]
fn info_adds_up_captures_and_merges_them() {
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = run(&[&["info", "--format", "json"], arguments].concat());
        assert_eq!(status(&output), 0, "{}", err(&output));
        serde_json::from_str(&out(&output)).unwrap()
    };
    let (apart, merged) = (json(&[CLEAN, FIELD]), json(&[CLEAN, FIELD, "--merge"]));
    let (clean, field) = (json(&[CLEAN]), json(&[FIELD]));
    for field_name in ["packets", "bytes", "exchanges", "sessions"] {
        let of = |info: &serde_json::Value| info[field_name].as_u64().unwrap();
        assert_eq!(of(&apart), of(&clean) + of(&field), "{field_name}");
        assert_eq!(of(&merged), of(&apart), "{field_name}");
    }
    for kind in ["all", "imps", "http", "tls", "other_tcp", "udp"] {
        let of = |info: &serde_json::Value, what: &str| info["flows"][kind][what].as_u64().unwrap();
        for what in ["flows", "bytes"] {
            assert_eq!(of(&apart, what), of(&clean, what) + of(&field, what), "{kind} {what}");
        }
    }
    let kinds =
        |info: &serde_json::Value| ["imps", "http", "tls", "udp"].map(|kind| info["flows"][kind]["flows"].as_u64());
    // The client of the one and its connection, and what the other was made with.
    assert_eq!(kinds(&clean), [Some(1), Some(0), Some(0), Some(0)]);
    assert_eq!(kinds(&field), [Some(7), Some(40), Some(12), Some(60)]);
    for messages in ["versions", "encodings", "carriers"] {
        let sum: u64 = field["messages"][messages].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(Some(sum), field["messages"]["all"].as_u64(), "{messages}");
    }
}

#[test]
fn info_tells_deciphered_flows_from_those_without_keys() {
    let rows = |arguments: &[&str]| out(&run(&[&["info", "tests/tls/suites.pcap"], arguments].concat()));
    let sealed = run(&["info", "tests/tls/suites.pcap"]);
    assert_eq!(status(&sealed), 3);
    assert!(out(&sealed).contains("\nTLS flows     25 in all, 0 deciphered, 25 without keys,"), "{}", out(&sealed));
    if impslint::tls::DECIPHERS {
        let open = rows(&["--keylog", "tests/tls/suites.keys"]);
        assert!(open.contains("\nTLS flows     25 in all, 25 deciphered, 0 without keys\n"), "{open}");
        assert!(open.contains("\nflows         25 IMPS ("), "{open}");
    }
}

#[test]
fn info_ends_with_3_without_imps_and_2_where_it_cannot_read() {
    let none = without_imps();
    assert_eq!(status(&run(&["info", text(&none)])), 3);
    assert_eq!(status(&run(&["info", "no/such/file", text(&none)])), 2);
    assert_eq!(status(&run(&["info", text(&none), CLEAN])), 0);
}

#[test]
fn info_in_json_holds_to_its_schema() {
    let schema = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/info.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let none = without_imps();
    for path in [FIELD, WARNED, "samples", "tests/tls/suites.pcap", text(&none)] {
        let info: serde_json::Value = serde_json::from_str(&out(&run(&["info", path, "--format", "json"]))).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&info).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
    }
}

#[test]
fn frames_encrypted_on_the_air_are_told() {
    // A pcap of IEEE 802.11, and three data frames with the bit for encryption set.
    let mut octets = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 105, 0, 0, 0];
    for _ in 0..3 {
        octets.extend([0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 40, 0, 0, 0, 0x08, 0x41]);
        octets.extend([7; 38]);
    }
    let path = file("encrypted.pcap", &octets);
    let output = run(&["check", text(&path)]);
    let told = format!("{}: 3 encrypted 802.11 frames, which cannot be read", text(&path));
    assert!(out(&output).contains(&told), "{}", out(&output));
    let rows = out(&run(&["info", text(&path)]));
    assert!(rows.contains("\nnot read      802.11 frame encrypted (3)\n"), "{rows}");
}

#[test]
fn faults_of_the_secrets_in_a_capture_are_told_once() {
    // Before a capture: a section of its own with a block of secrets, of which two lines make no sense.
    let block = |kind: u32, body: &[u8]| {
        let len = (12 + body.len().next_multiple_of(4)) as u32;
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        [&kind.to_le_bytes(), &len.to_le_bytes(), body, &padding, &len.to_le_bytes()].concat()
    };
    let section = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    let lines = b"# a comment\nCLIENT_RANDOM 00 11\nno such line\n";
    let secrets = [&0x544c_534b_u32.to_le_bytes()[..], &(lines.len() as u32).to_le_bytes(), lines].concat();
    let capture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(CLEAN)).unwrap();
    let path = file("secrets.pcapng", &[section, block(10, &secrets), capture].concat());
    let output = run(&["check", text(&path)]);
    let told = format!("{}: 2 lines of its TLS secrets that are none of a key log", text(&path));
    assert!(out(&output).contains(&told), "{}", out(&output));
}

#[test]
fn threads_change_nothing() {
    for format in ["human", "concise", "json"] {
        let with =
            |threads| out(&run(&["check", FIELD, "samples/wasteful.pcapng", "--format", format, "--threads", threads]));
        assert_eq!(with("1"), with("2"), "{format}");
        assert_eq!(with("1"), with("0"), "{format}");
    }
    for command in ["decode", "info"] {
        let with = |threads| out(&run(&[command, FIELD, "--threads", threads]));
        assert_eq!(with("1"), with("2"), "{command}");
    }
}

#[test]
fn timings_name_every_rule_and_change_nothing_else() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../docs/report.schema.json")).unwrap();
    let plain: serde_json::Value =
        serde_json::from_str(&out(&run(&["check", "samples/field.pcapng", "--format", "json"]))).unwrap();
    let timed = run(&["check", "samples/field.pcapng", "--format", "json", "--timings"]);
    let mut told: serde_json::Value = serde_json::from_str(&out(&timed)).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&told).unwrap();
    let timings = told.as_object_mut().unwrap().remove("timings").unwrap();
    assert_eq!(told, plain);
    assert_eq!(status(&timed), 1);
    let mut rules: Vec<&str> =
        timings["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    rules.sort_unstable();
    let all: Vec<&str> = impslint::rules::all().map(|rule| rule.name).collect();
    assert_eq!(rules, all);
    // Sessions were judged, each rule about any of them as often as there are any.
    let asked = |rule: &str| {
        timings["rules"].as_array().unwrap().iter().find(|r| r["rule"] == rule).unwrap()["asked"].as_u64().unwrap()
    };
    assert_eq!(asked("session/missing-logout"), plain["summary"]["sessions"].as_u64().unwrap());
    let said = err(&timed);
    for row in ["capture", "carrier", "rules about messages", "report", "in all", "polling/redundant-poll"] {
        assert!(said.lines().any(|line| line.starts_with(row)), "{row} in {said}");
    }
}

/// A folder of this test run with a configuration in it, and the command run there.
fn configured(name: &str, config: &str, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::write(folder.join("impslint.toml"), config).unwrap();
    impslint(arguments).current_dir(folder.join("below")).output().unwrap()
}

/// A sample by a path that holds from any folder.
fn sample(name: &str) -> String {
    format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_configuration_is_found_upwards_and_the_command_line_goes_before_it() {
    let damaged = sample("damaged.pcapng");
    let check = |config, more: &[&str]| {
        configured("configured", config, &[&["check", &damaged, "--format", "concise"], more].concat())
    };
    assert_eq!(status(&check("", &[])), 1);
    let ignored = check("ignore = [\"privacy\"]", &[]);
    assert_eq!((status(&ignored), out(&ignored).contains("plaintext-password")), (0, false));
    assert_eq!(status(&check("ignore = [\"privacy\"]", &["--isolated"])), 1);
    assert_eq!(status(&check("select = [\"polling\"]", &["--select", "privacy,session"])), 1);
    assert_eq!(status(&check("", &["--ignore", "privacy/plaintext-password"])), 0);
    assert_eq!(status(&check("fail-on = \"error\"", &[])), 0);
    assert_eq!(status(&check("fail-on = \"error\"", &["--fail-on", "warning"])), 1);
    let mild = check("[rule.\"privacy/plaintext-password\"]\nseverity = \"info\"", &[]);
    assert_eq!((status(&mild), out(&mild).contains("info[privacy/plaintext-password]")), (0, true));
    let elsewhere = "[[override]]\npath = \"*/wasteful.pcapng\"\nignore = [\"all\"]";
    assert_eq!(status(&check(elsewhere, &[])), 1);
    assert_eq!(status(&check(&elsewhere.replace("wasteful", "damaged"), &[])), 0);
}

#[test]
fn what_is_wrong_in_a_configuration_is_shown_with_carets() {
    let output =
        configured("misconfigured", "fail-on = \"error\"\nignored = []\n", &["check", &sample("damaged.pcapng")]);
    assert_eq!((status(&output), out(&output)), (2, String::new()));
    let said = err(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("impslint.toml:2:1: unknown field `ignored`"), "{said}");
    assert_eq!(lines[1..], ["  |", "2 | ignored = []", "  | ^^^^^^^"]);
    let output = run(&["check", CLEAN, "--select", "poling"]);
    assert_eq!((status(&output), err(&output).contains("--select: there is no rule or family poling")), (2, true));
}

#[test]
fn what_config_shows_is_a_configuration_that_says_the_same() {
    let text = "ignore = [\"polling\"]\n[rule.\"session/missing-logout\"]\nseverity = \"error\"\n";
    let shown = configured("shown", text, &["config", "show"]);
    assert_eq!(status(&shown), 0, "{}", err(&shown));
    let again = configured("shown-again", &out(&shown), &["config", "show"]);
    assert_eq!(status(&again), 0, "{}", err(&again));
    let tail = |text: String| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(tail(out(&shown)), tail(out(&again)));
    assert!(out(&shown).contains("[rule.\"session/missing-logout\"]\nseverity = \"error\"\n"));
    assert!(!out(&shown).contains("[rule.\"polling/"));
    let schema: serde_json::Value = serde_json::from_str(&out(&run(&["config", "schema"]))).unwrap();
    assert!(jsonschema::validator_for(&schema).is_ok());
}

#[test]
fn a_baseline_knows_what_was_found_and_nothing_else() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("baseline.json");
    let _ = fs::remove_file(&path);
    let check = |capture: &str, more: &[&str]| {
        run(&[&["check", capture, "--format", "json", "--baseline", text(&path)], more].concat())
    };
    let found = |output: &Output| {
        let report: serde_json::Value = serde_json::from_str(&out(output)).unwrap();
        (report["findings"].as_array().unwrap().len(), report["summary"]["baseline"]["known"].as_u64().unwrap())
    };
    assert_eq!(status(&check("samples/wasteful.pcapng", &[])), 2);
    let written = check("samples/wasteful.pcapng", &["--update-baseline"]);
    assert_eq!((status(&written), found(&written).0), (0, 0), "{}", err(&written));
    let first = fs::read_to_string(&path).unwrap();
    let again = check("samples/wasteful.pcapng", &[]);
    assert_eq!((status(&again), found(&again), err(&again)), (0, found(&written), String::new()));
    // Another capture: what is new is told, what is gone as well.
    let other = check(WARNED, &[]);
    assert_eq!((status(&other), found(&other).0), (1, 1));
    assert_eq!(
        err(&other).lines().filter(|line| line.contains("not found again: ")).count(),
        first.lines().count() - 5
    );
    // What cannot be read leaves the baseline as it is.
    let unread = check("samples/no-such.pcapng", &["--update-baseline"]);
    assert_eq!(status(&unread), 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    assert_eq!(status(&run(&["check", CLEAN, "--update-baseline"])), 2);
    fs::write(&path, "{}").unwrap();
    let broken = check(WARNED, &[]);
    assert_eq!((status(&broken), err(&broken).contains("cannot read the baseline")), (2, true));
}

#[test]
fn shells_and_manuals_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = out(&run(&["completions", shell]));
        assert!(said.contains("impslint") && said.contains("min-coverage"), "{shell}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    assert_eq!(status(&run(&["man", "-o", text(&folder)])), 0);
    for page in ["impslint.1", "impslint-check.1", "impslint-decode.1", "impslint-config-show.1"] {
        let page = fs::read_to_string(folder.join(page)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(out(&run(&["man"])).contains("impslint\\-check(1)"));
}

#[test]
fn findings_are_told_in_sentences_when_asked() {
    let told = out(&run(&["check", WARNED, "--narrate"]));
    assert!(
        told.starts_with("Finding 1 of 1.\nRule privacy/plaintext-password, warning, basis guideline.\n"),
        "{told}"
    );
    assert!(told.contains("In all: 1 warning in 1 file"), "{told}");
}

#[test]
fn ladders_are_drawn_of_sessions_and_around_findings() {
    let all = out(&run(&["ladder", FIELD]));
    assert_eq!(all.lines().filter(|line| line.trim_start().starts_with("time  frame")).count(), 7, "{all}");
    assert!(all.lines().all(|line| line.chars().count() <= 100));
    let one = out(&run(&["ladder", "samples/wasteful.pcapng", "--session", "w77"]));
    assert!(one.starts_with("session w77, user wv:greta@example.net, CSP 1.2, xml over http\n"), "{one}");
    assert!(one.contains("│─── Login-Request 1 ──"), "{one}");
    let hidden = out(&run(&["ladder", "samples/wasteful.pcapng", "--redact"]));
    assert!(!hidden.contains("greta"), "{hidden}");
    let around = out(&run(&["ladder", "samples/wasteful.pcapng", "--finding", "5"]));
    assert!(around.contains("#5") && around.lines().count() < 40, "{around}");
    let svg = out(&run(&["ladder", "samples/wasteful.pcapng", "--session", "w77", "--format", "svg"]));
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    let mermaid = out(&run(&["ladder", "samples/wasteful.pcapng", "--format", "mermaid"]));
    assert!(mermaid.starts_with("sequenceDiagram\n"), "{mermaid}");
    for (arguments, why) in [
        (["ladder", "samples/wasteful.pcapng", "--finding", "999"], "there are findings 1 to"),
        (["ladder", "samples/wasteful.pcapng", "--session", "none"], "no such session"),
        (["ladder", FIELD, "--format", "svg"], "choose one with --session"),
    ] {
        let output = run(&arguments);
        assert_eq!((status(&output), err(&output).contains(why)), (2, true), "{}", err(&output));
    }
    assert_eq!(status(&run(&["ladder", text(&without_imps())])), 3);
}

#[test]
fn codes_and_primitives_are_explained_with_the_pages_about_them() {
    let code = out(&run(&["explain", "604"]));
    assert!(code.starts_with("604: ") && code.contains("What to do: "), "{code}");
    assert!(code.contains("session/premature-expiry") && !code.contains("content/nudge-burst"), "{code}");
    let poll = out(&run(&["explain", "polling-request"]));
    assert!(poll.starts_with("Polling-Request\n\nSent by the client; CSP 1.1, 1.2, 1.3\n"), "{poll}");
    assert!(poll.contains("polling/redundant-poll"), "{poll}");
    let logout = out(&run(&["explain", "Logout-Request"]));
    assert!(logout.contains("Answered by Disconnect in CSP 1.1, or Status in CSP 1.2, 1.3"), "{logout}");
    let answer = out(&run(&["explain", "Poll"]));
    assert_eq!(answer, "");
}

#[test]
fn findings_become_comments_on_the_frames_of_the_capture() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = folder.join("annotated.pcapng");
    let to = format!("pcapng={}", text(&target));
    let output = run(&["check", "samples/wasteful.pcapng", "--format", "json", "-o", &to]);
    assert_eq!((status(&output), err(&output)), (1, String::new()));
    let report: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let mut frames: Vec<u64> =
        findings.iter().flat_map(|f| f["frames"].as_array().unwrap()).map(|no| no.as_u64().unwrap()).collect();
    frames.sort_unstable();
    frames.dedup();
    // What is found in the capture with comments is the same.
    let again = run(&["check", text(&target), "--format", "json"]);
    let told = |output: &Output| out(output).replace(text(&target), "samples/wasteful.pcapng");
    let findings_of = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["findings"].clone();
    assert_eq!(findings_of(&told(&again)), findings_of(&out(&output)));
    let shown = Command::new("tshark")
        .args([
            "-r",
            text(&target),
            "-Y",
            "frame.comment contains \"impslint: \"",
            "-T",
            "fields",
            "-e",
            "frame.number",
        ])
        .output();
    match shown {
        Ok(shown) => {
            let shown = String::from_utf8(shown.stdout).unwrap();
            let shown: Vec<u64> = shown.lines().map(|line| line.parse().unwrap()).collect();
            assert_eq!(shown, frames);
        }
        Err(_) => println!("no tshark here: the comments are not looked at with it"),
    }
    for (arguments, why) in [
        (vec!["check", "samples/wasteful.pcapng", "-o", "pcapng=samples/wasteful.pcapng"], "the capture itself"),
        (vec!["check", CLEAN, FIELD, "-o", &to], "only a single capture"),
        (vec!["check", "tests/logs/text-pretty.log", "-o", &to], "a log has no packets"),
        (vec!["check", CLEAN, "--format", "pcapng"], "goes to a file"),
    ] {
        let output = run(&arguments);
        assert_eq!((status(&output), err(&output).contains(why)), (2, true), "{}", err(&output));
    }
}

#[test]
fn comments_in_a_capture_suppress_what_they_name() {
    use impslint::capture::Capture;
    use impslint::capture::annotate::annotate;
    let noted = |name: &str, comment: &str| {
        let mut capture = Capture::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(WARNED).as_path()).unwrap();
        let mut octets = Vec::new();
        let comments = [(impslint::wire::FrameNo(4), vec![comment.to_owned()])].into();
        annotate(&mut capture, &comments, &mut octets).unwrap();
        file(name, &octets)
    };
    let check = |path: &Path, format: &str| {
        impslint(&["check", text(path), "--format", format]).env("SOURCE_DATE_EPOCH", "1795564800").output().unwrap()
    };
    let known =
        noted("suppressed.pcapng", "impslint: ignore[privacy/plaintext-password] a test account until 2027-01-01");
    let human = check(&known, "human");
    assert_eq!((status(&human), err(&human)), (0, String::new()), "{}", out(&human));
    assert!(out(&human).contains("1 finding suppressed by comments in the capture"), "{}", out(&human));
    let sarif: serde_json::Value = serde_json::from_str(&out(&check(&known, "sarif"))).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["suppressions"][0]["justification"], "a test account");
    let schema: serde_json::Value = serde_json::from_str(include_str!("../docs/report.schema.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&out(&check(&known, "json"))).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&report).unwrap();
    assert_eq!(report["summary"]["suppressed"], 1);
    let unused = check(&noted("unused.pcapng", "impslint: ignore[polling] none there"), "human");
    assert_eq!(status(&unused), 1);
    assert!(
        err(&unused).contains("the comment on frame 4 suppresses nothing: nothing of it was found"),
        "{}",
        err(&unused)
    );
    let expired = noted("expired.pcapng", "impslint: ignore[privacy] a test account until 2026-01-01");
    let expired = check(&expired, "human");
    assert_eq!((status(&expired), err(&expired).contains("since 2026-01-01")), (1, true), "{}", err(&expired));
}
