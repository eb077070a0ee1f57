//! Holds the instructions that `benches/instructions.rs` counted against the baseline, `benches/instructions.json`.
//!
//! Says which bench left the band, and fails then; with `--bless` the counts become the baseline. Counts depend on the
//! compiler, the C library, valgrind and the vector instructions of the processor as well, so the baseline names those
//! it was made with; where they differ the band is wider, and that is said. `benches/instructions.sh` runs both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far a count may be from its baseline, in percent: from run to run they differ by some tenths, since tables of
/// hashes are seeded by chance.
const BAND: f64 = 3.0;
/// The same with other tools than those of the baseline.
const WIDE_BAND: f64 = 15.0;
/// Instructions by which a count may differ all the same: of a small one, what chance adds is a large share.
const CHANCE: u64 = 50_000;

/// What was counted, and with what.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Baseline {
    /// What counts depend on besides our code.
    tools: BTreeMap<String, String>,
    /// Instructions by bench.
    instructions: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    match hold(std::env::args().any(|argument| argument == "--bless")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hold: {error}");
            ExitCode::FAILURE
        }
    }
}

fn hold(bless: bool) -> Result<bool, Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let now = Baseline { tools: tools(), instructions: counted(&target.join("gungraun"))? };
    if now.instructions.is_empty() {
        return Err("nothing was counted: run benches/instructions.sh".into());
    }
    let path = root.join("benches/instructions.json");
    if bless {
        std::fs::write(path, serde_json::to_string_pretty(&now)? + "\n")?;
        println!("{} counts are the baseline now", now.instructions.len());
        return Ok(true);
    }
    let before: Baseline = serde_json::from_slice(&std::fs::read(path)?)?;
    Ok(compare(&before, &now))
}

/// Prints counts beside their baseline; returns whether all are within the band.
fn compare(before: &Baseline, now: &Baseline) -> bool {
    let mut band = BAND;
    for (tool, version) in &now.tools {
        let then = before.tools.get(tool).map_or("unknown", String::as_str);
        if then != version {
            band = WIDE_BAND;
            println!("other tools than those of the baseline: {tool} {version}, was {then}; the band is {band} %");
        }
    }
    let mut left = Vec::new();
    println!("{:28} {:>14} {:>14} {:>8}", "instructions", "baseline", "now", "change");
    for (bench, count) in &now.instructions {
        let Some(then) = before.instructions.get(bench) else {
            println!("{bench:28} {:>14} {count:>14}", "-");
            left.push(format!("{bench} is not in the baseline"));
            continue;
        };
        let change = (*count as f64 / *then as f64 - 1.0) * 100.0;
        println!("{bench:28} {then:>14} {count:>14} {change:>+7.1}%");
        if change.abs() > band && count.abs_diff(*then) > CHANCE {
            let how = if change > 0.0 { "slower" } else { "faster" };
            left.push(format!("{bench} became {how}: {change:+.1} %, and the band is {band} %"));
        }
    }
    left.extend(
        before.instructions.keys().filter(|b| !now.instructions.contains_key(*b)).map(|b| format!("{b} was not run")),
    );
    for what in &left {
        println!("left the band: {what}");
    }
    if !left.is_empty() {
        println!("if that is as it should be: benches/instructions.sh --bless, and commit benches/instructions.json");
    }
    left.is_empty()
}

/// Instructions by `bench/input`, from the summaries below a folder.
fn counted(folder: &Path) -> Result<BTreeMap<String, u64>, Box<dyn std::error::Error>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "summary.json") {
                let summary: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
                let name = |key: &str| summary.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let count = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new").and_then(Value::as_u64);
                let count = count.ok_or_else(|| format!("{} has no count", path.display()))?;
                found.insert(format!("{}/{}", name("function_name"), name("id")), count);
            }
        }
    }
    Ok(found)
}

/// What counts depend on besides our code.
fn tools() -> BTreeMap<String, String> {
    let first_line = |command: &str| {
        let output = Command::new(command).arg("--version").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    };
    let told = |command: &str| first_line(command).unwrap_or_else(|| "unknown".to_owned());
    let named = [("rustc", told("rustc")), ("libc", told("ldd")), ("valgrind", told("valgrind"))];
    let processor = format!("{} {}", std::env::consts::ARCH, if has_avx2() { "with AVX2" } else { "without AVX2" });
    let all = named.into_iter().chain([("processor", processor)]);
    all.map(|(tool, version)| (tool.to_owned(), version)).collect()
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}
