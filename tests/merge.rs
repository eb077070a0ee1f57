//! Captures cut into several files: with `--merge` they give the report of the whole, each frame named in its file.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::time::Time;
use serde_json::Value;

const SAMPLES: [&str; 5] = ["clean-xml", "clean-wbxml", "wasteful", "damaged", "field"];

/// A frame of a sample: time, link layer, octets, length on the network.
type Frame = (Time, LinkType, Vec<u8>, u32);

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("samples/{name}.pcapng"))
}

fn frames(name: &str) -> Vec<Frame> {
    let (mut capture, mut window, mut frames) = (Capture::open(&sample(name)).unwrap(), Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        let octets = |frame| window.captured(frame).to_vec();
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), f.link, octets(f), f.original_len)));
    }
    frames
}

/// Cuts a sample into files: `which` says for a frame, counted from 0, in which. Gives for each file, by its path, the
/// numbers that its frames have in the sample.
fn cut(name: &str, how: &str, which: impl Fn(usize, &Frame) -> usize) -> (PathBuf, BTreeMap<String, Vec<u64>>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("merge").join(format!("{name}-{how}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let all = frames(name);
    let mut files: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for (at, frame) in all.iter().enumerate() {
        files.entry(which(at, frame)).or_default().push(at as u64 + 1);
    }
    let mut named = BTreeMap::new();
    for (file, numbers) in files {
        let path = folder.join(format!("part{file}.pcapng"));
        let mut writer = PcapNgWriter::new(fs::File::create(&path).unwrap(), all[0].1).unwrap();
        for number in &numbers {
            let (time, _, octets, original) = &all[*number as usize - 1];
            writer.cut_frame(*time, octets, *original, &[]).unwrap();
        }
        writer.finish().unwrap();
        named.insert(path.to_str().unwrap().to_owned(), numbers);
    }
    (folder, named)
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_impslint")).args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let output = run(&[&["check", "--format", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// What a finding says, its frames as numbered in the sample.
fn findings(report: &Value, numbers: Option<&BTreeMap<String, Vec<u64>>>) -> Vec<String> {
    let whole = |file: &Value, frame: &Value| match numbers {
        Some(numbers) => numbers[file.as_str().unwrap()][frame.as_u64().unwrap() as usize - 1],
        None => frame.as_u64().unwrap(),
    };
    let mut all = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        let mut frames = Vec::new();
        let elsewhere = finding["elsewhere"].as_array().cloned().unwrap_or_default();
        for place in std::iter::once(finding).chain(&elsewhere) {
            frames.extend(place["frames"].as_array().unwrap().iter().map(|frame| whole(&place["file"], frame)));
        }
        frames.sort_unstable();
        let shown = finding["exhibits"].as_array().unwrap().iter().map(|exhibit| {
            let file = if exhibit["file"].is_null() { &finding["file"] } else { &exhibit["file"] };
            let frame = exhibit["frames"].as_array().unwrap().first().map(|frame| whole(file, frame));
            (exhibit["title"].to_string(), frame)
        });
        let shown: Vec<_> = shown.collect();
        let said = ["rule", "message", "session", "user", "cost", "repeats"].map(|field| finding[field].to_string());
        all.push(format!("{} {frames:?} {shown:?}", said.join(" ")));
    }
    all
}

fn compare(name: &str, how: &str, which: impl Fn(usize, &Frame) -> usize) {
    let whole = report(&[sample(name).to_str().unwrap()]);
    let (folder, numbers) = cut(name, how, which);
    let merged = report(&["--merge", folder.to_str().unwrap()]);
    assert_eq!(findings(&merged, Some(&numbers)), findings(&whole, None), "{name} {how}");
    for field in ["packets", "flows", "exchanges", "messages", "sessions", "transactions", "judged", "not_judged"] {
        assert_eq!(merged["summary"][field], whole["summary"][field], "{name} {how} {field}");
    }
    let inputs = merged["inputs"].as_array().unwrap();
    let packets = |input: &Value| (input["path"].as_str().unwrap().to_owned(), input["packets"].as_u64().unwrap());
    let wanted: Vec<(String, u64)> = numbers.iter().map(|(path, all)| (path.clone(), all.len() as u64)).collect();
    assert_eq!(inputs.iter().map(packets).collect::<Vec<_>>(), wanted);
}

#[test]
fn rotated_files_give_the_report_of_the_whole() {
    for name in SAMPLES {
        let count = frames(name).len();
        compare(name, "rotated", |at, _| 3 * at / count);
        compare(name, "many", |at, _| 9 * at / count);
    }
}

#[test]
fn interfaces_captured_apart_give_the_report_of_the_whole() {
    for name in SAMPLES {
        compare(name, "apart", |at, _| at % 2);
        // A file overlaps with the one before it, as after a slow change of files.
        let count = frames(name).len();
        compare(name, "overlapping", |at, _| 4 * at / count + usize::from(at % 5 == 0));
        compare(name, "odd", |_, frame| {
            usize::from(frame.2.iter().fold(0, |sum: u8, octet| sum.wrapping_add(*octet)) % 3)
        });
    }
}

#[test]
fn without_merging_each_file_is_a_capture_of_its_own() {
    let count = frames("clean-xml").len();
    let (folder, numbers) = cut("clean-xml", "unmerged", |at, _| 3 * at / count);
    let apart = report(&[folder.to_str().unwrap()]);
    assert_eq!(apart["inputs"].as_array().unwrap().len(), numbers.len());
    assert_eq!(apart["summary"]["sessions"].as_u64().unwrap(), 3);
    assert_eq!(report(&["--merge", folder.to_str().unwrap()])["summary"]["sessions"].as_u64().unwrap(), 1);
}

#[test]
fn a_finding_in_two_files_shows_both() {
    // Frames of a finding whose exhibits are some way apart, parted between them.
    let whole = report(&[sample("field").to_str().unwrap()]);
    let all = whole["findings"].as_array().unwrap().iter().map(|f| f["frames"].as_array().unwrap());
    let parted = all.filter(|f| f.len() > 1).map(|f| f.last().unwrap().as_u64().unwrap()).next().unwrap();
    let (folder, _) = cut("field", "two", |at, _| usize::from(at as u64 + 1 >= parted));
    let merged = report(&["--merge", folder.to_str().unwrap()]);
    let finding = merged["findings"].as_array().unwrap().iter().find(|f| !f["elsewhere"].is_null()).unwrap();
    assert_ne!(finding["file"], finding["elsewhere"][0]["file"]);
    let text = String::from_utf8(run(&["check", "--merge", folder.to_str().unwrap()]).stdout).unwrap();
    assert!(text.contains(".pcapng  ") && text.contains("\nfilter in "), "{text}");
}

#[test]
fn decode_says_the_file_of_each_message() {
    let count = frames("clean-xml").len();
    let (folder, numbers) = cut("clean-xml", "decoded", |at, _| 2 * at / count);
    let decode = |arguments: &[&str]| String::from_utf8(run(&[&["decode"], arguments].concat()).stdout).unwrap();
    let trace = decode(&["--merge", folder.to_str().unwrap()]);
    let named: Vec<&str> = trace.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    assert_eq!(named, numbers.keys().map(String::as_str).collect::<Vec<_>>());
    let whole = decode(&[sample("clean-xml").to_str().unwrap()]);
    let bare = trace.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>();
    assert_eq!(bare, whole.lines().collect::<Vec<_>>());
    let lines = decode(&["--merge", "--format", "jsonl", folder.to_str().unwrap()]);
    let whole = decode(&["--format", "jsonl", sample("clean-xml").to_str().unwrap()]);
    assert_eq!(lines.lines().count(), whole.lines().count());
    for (merged, whole) in lines.lines().zip(whole.lines()) {
        let (merged, whole): (Value, Value) =
            (serde_json::from_str(merged).unwrap(), serde_json::from_str(whole).unwrap());
        let numbers = &numbers[merged["file"].as_str().unwrap()];
        let first = numbers[merged["frames"][0].as_u64().unwrap() as usize - 1];
        assert_eq!(first, whole["frames"][0].as_u64().unwrap());
        assert_eq!(merged["xml"], whole["xml"]);
    }
}
