//! What is handed on does not depend on threads: a file on disk is read ahead by several, and overlaps.

#![cfg(test)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use impslint::capture::Capture;
use impslint::carrier::Carried;
use impslint::engine::pipeline::{self, Counted};
use impslint::tls::Context;
use impslint::trace::{craft, parse};

/// A file with all samples, one after the other.
fn file() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("threads-{}.pcapng", std::process::id()));
    let mut octets = Vec::new();
    let mut samples: Vec<_> = std::fs::read_dir("samples").unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    for sample in samples.iter().filter(|path| path.extension().is_some_and(|e| e == "trace")) {
        craft(&parse(&std::fs::read_to_string(sample).unwrap()).unwrap(), &mut octets).unwrap();
    }
    std::fs::write(&path, octets).unwrap();
    path
}

/// What is handed on until so many items were, and how much of it in how many batches.
fn read(path: &Path, window: usize, threads: usize, most: usize) -> (Vec<Carried>, usize, Counted) {
    let mut capture = Capture::open(path).unwrap().with_window_size(window);
    let (mut items, mut batches) = (Vec::new(), 0);
    let (counted, read) = pipeline::run(
        &mut capture,
        &mut Context::default(),
        threads,
        |item| item,
        |places, batch| {
            assert_eq!(&*places.name(), path.display().to_string());
            items.extend(batch);
            batches += 1;
            if items.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    read.unwrap();
    (items, batches, counted)
}

#[test]
fn items_and_counts_are_the_same_on_any_number_of_threads() {
    let path = file();
    let (items, batches, counted) = read(&path, 4096, 1, usize::MAX);
    assert!(items.len() > 100 && batches > 10, "{} items in {batches} batches", items.len());
    for threads in [2, 5] {
        let again = read(&path, 4096, threads, usize::MAX);
        assert!(again.0 == items, "on {threads} threads");
        assert_eq!((again.2.flows, again.2.kinds), (counted.flows.clone(), counted.kinds));
    }
    // Broken off, no more windows are worked off than one that was under way, and the open flows.
    let (some, _, _) = read(&path, 4096, 2, 20);
    assert!(some.len() < items.len());
    assert!(some.iter().take(20).eq(items.iter().take(20)));
    std::fs::remove_file(path).unwrap();
}
