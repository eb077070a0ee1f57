//! The samples: each capture in `samples/` comes out of its recipe octet for octet, and each is reported as
//! `samples/NAME.expected` says.
//!
//! `IMPSLINT_BLESS=1 cargo test --test samples` (or `just bless`) writes captures and reports anew, to be read before
//! they are committed.

#![cfg(test)]

mod field;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use impslint::trace::{craft, parse};

/// Samples that are crafted from `samples/NAME.trace`, and how many octets are then cut from the end of the file.
const CRAFTED: [(&str, usize); 4] = [("clean-wbxml", 0), ("clean-xml", 0), ("damaged", 60), ("wasteful", 0)];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn blessing() -> bool {
    std::env::var_os("IMPSLINT_BLESS").is_some()
}

/// Every sample: name and octets, as its recipe makes it.
fn recipes() -> Vec<(&'static str, Vec<u8>)> {
    let mut made = vec![("field", field::capture())];
    for (name, cut) in CRAFTED {
        let text = fs::read_to_string(folder().join(name).with_extension("trace")).unwrap();
        let trace = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut octets = Vec::new();
        craft(&trace, &mut octets).unwrap_or_else(|error| panic!("{name}: {error}"));
        octets.truncate(octets.len() - cut);
        made.push((name, octets));
    }
    made
}

#[test]
fn captures_come_out_of_their_recipes() {
    for (name, octets) in recipes() {
        let path = folder().join(name).with_extension("pcapng");
        if blessing() {
            fs::write(&path, &octets).unwrap();
        }
        let kept = fs::read(&path).unwrap();
        assert!(kept == octets, "{} is not what its recipe makes; `just bless` makes it anew", path.display());
    }
}

#[test]
fn reports_are_as_expected() {
    let made = recipes();
    for (name, octets) in &made {
        let capture = folder().join(name).with_extension("pcapng");
        if blessing() {
            fs::write(&capture, octets).unwrap();
        }
        let run = Command::new(env!("CARGO_BIN_EXE_impslint"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["check", "--format", "concise", &format!("samples/{name}.pcapng")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{name}");
        let said = String::from_utf8(run.stdout).unwrap();
        let path = folder().join(name).with_extension("expected");
        if blessing() {
            fs::write(&path, &said).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(said, expected, "{name}: read the difference; if it is right, `just bless`");
        let clean = name.starts_with("clean");
        assert_eq!(run.status.code(), Some(if clean { 0 } else { 1 }), "{name}");
    }
}

#[test]
fn every_file_in_the_folder_belongs_to_a_sample() {
    let names: Vec<&str> = CRAFTED.iter().map(|(name, _)| *name).chain(["field"]).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(stem == "README" || names.contains(&stem), "{} belongs to no sample", path.display());
    }
}
