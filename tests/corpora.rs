//! The corpora of the fuzz targets, repeated: what `fuzz/corpus/TARGET/` holds goes through the body of the target.

#![cfg(test)]

#[path = "../fuzz/src/lib.rs"]
pub mod bodies;

use std::fs;
use std::path::Path;

/// The octets in the corpus of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let paths = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |path: &Path| (path.display().to_string(), fs::read(path).unwrap());
    let mut all: Vec<_> = paths.map(|entry| read(&entry.unwrap().path())).collect();
    all.sort();
    all
}

#[test]
fn what_holds_of_any_octets_holds_of_the_corpora() {
    std::thread::scope(|scope| {
        for (target, body) in bodies::TARGETS {
            let repeat = move || {
                let corpus = corpus(target);
                assert!(corpus.len() > 2, "{target} has a corpus");
                for (path, octets) in corpus {
                    let held = std::panic::catch_unwind(|| body(&octets));
                    assert!(held.is_ok(), "it does not hold of {path}");
                }
            };
            scope.spawn(repeat);
        }
    });
}
