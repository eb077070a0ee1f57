//! What the arguments name: files, folders, patterns, pipes, compressed files; which order, and what is passed over.

#![cfg(test)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

const CLEAN: &str = "samples/clean-xml.pcapng";
const FIELD: &str = "samples/field.pcapng";

/// A folder of this name, new and empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inputs").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn sample(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn gzipped(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Status, paths of the inputs in their order, and what was complained about.
fn inputs(output: &Output) -> (i32, Vec<String>, String) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let paths = report["inputs"].as_array().cloned().unwrap_or_default();
    let paths = paths.iter().map(|input| input["path"].as_str().unwrap().to_owned()).collect();
    (output.status.code().unwrap(), paths, stderr)
}

fn check(folder: &Path, paths: &[&str]) -> (i32, Vec<String>, String) {
    inputs(&run(folder, &[&["check", "--format", "json"], paths].concat()))
}

/// Captures in a tree, and what is none.
fn tree(name: &str) -> PathBuf {
    let folder = folder(name);
    let clean = sample(CLEAN);
    fs::create_dir_all(folder.join("t/deep/er")).unwrap();
    fs::create_dir_all(folder.join("t/.hidden")).unwrap();
    for path in ["t/x.pcap10", "t/x.pcap2", "t/deep/a.pcap", "t/deep/er/b.cap", "t/.hidden/c.pcap", "t/.d.pcap"] {
        fs::write(folder.join(path), &clean).unwrap();
    }
    fs::write(folder.join("t/z.pcap.gz"), gzipped(&clean)).unwrap();
    fs::write(folder.join("t/notes.txt"), "notes").unwrap();
    fs::write(folder.join("t/empty.pcap"), "").unwrap();
    folder
}

#[test]
fn a_folder_is_read_by_name_and_what_is_no_capture_is_passed_over() {
    let folder = tree("folder");
    let (status, paths, complaints) = check(&folder, &["t"]);
    assert_eq!(paths, ["t/deep/a.pcap", "t/deep/er/b.cap", "t/x.pcap2", "t/x.pcap10", "t/z.pcap.gz"]);
    assert_eq!(status, 0, "{complaints}");
    assert!(complaints.contains("4 files passed over"), "{complaints}");
    let output = run(&folder, &["check", "t"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("4 files passed over: hidden, or no captures\n"));
}

#[test]
fn a_pattern_is_expanded_and_a_name_is_taken_as_it_is() {
    let folder = tree("pattern");
    assert_eq!(check(&folder, &["t/**/*.pcap*"]).1, ["t/deep/a.pcap", "t/x.pcap2", "t/x.pcap10", "t/z.pcap.gz"]);
    assert_eq!(check(&folder, &["t/*.pcap[0-9]"]).1, ["t/x.pcap2"]);
    assert_eq!(check(&folder, &["*/deep/?.pcap"]).1, ["t/deep/a.pcap"]);
    fs::write(folder.join("[x].pcap"), sample(CLEAN)).unwrap();
    assert_eq!(check(&folder, &["[x].pcap"]).1, ["[x].pcap"]);
    let (status, paths, complaints) = check(&folder, &["t/*.nothing"]);
    assert_eq!((status, paths.len()), (2, 0));
    assert!(complaints.contains("t/*.nothing: no capture there"), "{complaints}");
}

#[test]
fn every_capture_is_read_once() {
    let folder = tree("once");
    let all = ["t/x.pcap2", "t/deep/a.pcap", "t/deep/er/b.cap", "t/x.pcap10", "t/z.pcap.gz"];
    assert_eq!(check(&folder, &["t/x.pcap2", "./t/x.pcap2", "t", "t/deep"]).1, all);
    assert_eq!(check(&folder, &["t/x.pcap2", "t/x.pcap2"]).0, 0);
}

#[cfg(unix)]
#[test]
fn links_that_go_round_do_no_harm() {
    let folder = tree("links");
    for n in 0..4 {
        std::os::unix::fs::symlink("..", folder.join(format!("t/deep/up{n}"))).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", folder.join("t/broken")).unwrap();
    std::os::unix::fs::symlink("../x.pcap2", folder.join("t/deep/link.pcap")).unwrap();
    for paths in ["t", "t/**"] {
        assert_eq!(check(&folder, &[paths]).1.len(), 5, "{paths}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_checked() {
    let folder = tree("unreadable");
    let (status, paths, complaints) = check(&folder, &["t/notes.txt", "t/none.pcap", "t/x.pcap2", "t/empty.pcap"]);
    assert_eq!((status, paths), (2, vec!["t/x.pcap2".to_owned()]));
    for told in ["t/notes.txt is not a capture", "cannot read t/none.pcap", "t/empty.pcap is empty"] {
        assert!(complaints.contains(told), "{complaints}");
    }
    fs::create_dir_all(folder.join("bare")).unwrap();
    let (status, _, complaints) = check(&folder, &["bare"]);
    assert_eq!((status, complaints.contains("bare: no capture there")), (2, true), "{complaints}");
}

#[test]
fn a_compressed_capture_gives_the_same_report() {
    let folder = folder("compressed");
    fs::write(folder.join("field"), sample(FIELD)).unwrap();
    let plain = run(&folder, &["check", "--format", "concise", "field"]);
    fs::write(folder.join("field"), gzipped(&sample(FIELD))).unwrap();
    let packed = run(&folder, &["check", "--format", "concise", "field"]);
    assert!(plain.stdout.len() > 1000);
    assert_eq!(String::from_utf8(plain.stdout), String::from_utf8(packed.stdout));
    let report = run(&folder, &["check", "--format", "json", "field"]).stdout;
    assert!(String::from_utf8(report).unwrap().contains(r#""format":"pcapng, gzip""#));
}

#[test]
fn a_compressed_capture_that_breaks_off_says_so() {
    let folder = folder("broken");
    let bytes = gzipped(&sample(FIELD));
    fs::write(folder.join("cut.pcap"), &bytes[..bytes.len() / 2]).unwrap();
    let output = run(&folder, &["check", "cut.pcap"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("cut.pcap: the compressed data breaks off at offset "), "{text}");
    assert!(text.contains(" of the decompressed data"), "{text}");
}

#[test]
fn time_that_goes_back_is_told() {
    use impslint::capture::write::PcapNgWriter;
    use impslint::capture::{Capture, Window};
    use impslint::time::Time;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(CLEAN);
    let (mut capture, mut window) = (Capture::open(&path).unwrap(), Window::default());
    let mut writer = None;
    let mut count = 0;
    while capture.next_window(&mut window).unwrap() {
        for frame in &window.frames {
            let writer = writer.get_or_insert_with(|| PcapNgWriter::new(Vec::new(), frame.link).unwrap());
            // From the tenth frame on the clock is an hour slow.
            count += 1;
            let time = frame.time.unwrap().0 - if count >= 10 { 3_600_000_000_000 } else { 0 };
            writer.frame(Time(time), window.captured(frame), &[]).unwrap();
        }
    }
    let folder = folder("back");
    fs::write(folder.join("back.pcapng"), writer.unwrap().finish().unwrap()).unwrap();
    let text = String::from_utf8(run(&folder, &["check", "back.pcapng"]).stdout).unwrap();
    // The step is shorter than an hour by the time between the two frames.
    assert!(text.contains("back.pcapng: time goes back 1 time, by up to 3600 s"), "{text}");
}

#[test]
fn captures_put_one_after_the_other_are_read_as_one() {
    let folder = folder("cat");
    fs::write(folder.join("two"), [sample(FIELD), sample(CLEAN)].concat()).unwrap();
    fs::write(folder.join("two.gz"), [gzipped(&sample(FIELD)), gzipped(&sample(CLEAN))].concat()).unwrap();
    let packets = |path: &str| {
        let report: serde_json::Value =
            serde_json::from_slice(&run(&folder, &["check", "--format", "json", path]).stdout).unwrap();
        report["summary"]["packets"].as_u64().unwrap()
    };
    fs::write(folder.join("a"), sample(FIELD)).unwrap();
    fs::write(folder.join("b"), sample(CLEAN)).unwrap();
    let all = packets("a") + packets("b");
    assert_eq!((packets("two"), packets("two.gz")), (all, all));
}
