//! Instructions of each stage and of whole checks, counted by callgrind: the same on a busy machine as on an idle one.
//!
//! `benches/hold.rs` holds them against the baseline.

#![allow(missing_docs, reason = "the attributes make modules without any")]
#![allow(clippy::vec_box, reason = "envelopes are boxed where they are made")]

mod stages;

use std::hint::black_box;

use gungraun::Callgrind;
use gungraun::prelude::*;
use impslint::carrier::Envelope;
use impslint::csp::message::Message;
use impslint::engine::Rulebook;
use impslint::report::{Format, Outcome};
use impslint::session::{Closed, Heard};
use stages::{HUMAN, NOISE, ODD, Octets, WBXML, XML};

/// The setups: what a stage is given.
mod given {
    use super::*;

    pub(super) fn capture(spec: &str) -> Octets {
        stages::capture(spec)
    }
    pub(super) fn bodies(spec: &str) -> Vec<Vec<u8>> {
        stages::bodies(&stages::capture(spec))
    }
    pub(super) fn envelopes(spec: &str) -> Vec<Box<Envelope>> {
        stages::envelopes(&stages::capture(spec))
    }
    pub(super) fn judged(spec: &str) -> (Rulebook, Vec<Message>) {
        stages::judged(&stages::capture(spec))
    }
    pub(super) fn messages(spec: &str) -> Vec<Message> {
        stages::messages(&stages::capture(spec))
    }
    pub(super) fn heard(spec: &str) -> Vec<Heard> {
        stages::heard(&stages::capture(spec))
    }
    pub(super) fn over(spec: &str) -> (Rulebook, Closed) {
        stages::over(&stages::capture(spec))
    }
    pub(super) fn found(spec: &str, format: Format) -> (Outcome, Format) {
        stages::found(&stages::capture(spec), format)
    }
}

#[library_benchmark(setup = given::capture)]
#[bench::wbxml(WBXML)]
#[bench::noise(NOISE)]
fn walk(octets: Octets) -> (usize, Octets) {
    (black_box(stages::walk(&octets)), octets)
}

#[library_benchmark(setup = given::capture)]
#[bench::wbxml(WBXML)]
#[bench::noise(NOISE)]
fn flow(octets: Octets) -> (usize, Octets) {
    (black_box(stages::flow(&octets)), octets)
}

#[library_benchmark(setup = given::capture)]
#[bench::wbxml(WBXML)]
#[bench::noise(NOISE)]
fn http(octets: Octets) -> (usize, Octets) {
    (black_box(stages::http(&octets)), octets)
}

#[library_benchmark(setup = given::bodies)]
#[bench::xml(XML)]
fn xml(bodies: Vec<Vec<u8>>) -> usize {
    black_box(stages::xml(bodies))
}

#[library_benchmark(setup = given::bodies)]
#[bench::wbxml(WBXML)]
fn wbxml(bodies: Vec<Vec<u8>>) -> usize {
    black_box(stages::wbxml(bodies))
}

#[library_benchmark(setup = given::envelopes)]
#[bench::xml(XML)]
#[bench::wbxml(WBXML)]
fn csp(envelopes: Vec<Box<Envelope>>) -> Vec<Message> {
    black_box(stages::csp(envelopes))
}

#[library_benchmark(setup = given::judged)]
#[bench::clean(WBXML)]
#[bench::odd(ODD)]
fn message_rules(given: (Rulebook, Vec<Message>)) -> (usize, (Rulebook, Vec<Message>)) {
    (black_box(stages::message_rules(&given)), given)
}

#[library_benchmark(setup = given::messages)]
#[bench::wbxml(WBXML)]
fn hear(messages: Vec<Message>) -> (Vec<Heard>, Vec<Message>) {
    (black_box(stages::hear(&messages)), messages)
}

#[library_benchmark(setup = given::heard)]
#[bench::wbxml(WBXML)]
fn session(heard: Vec<Heard>) -> Closed {
    black_box(stages::session(heard))
}

#[library_benchmark(setup = given::over)]
#[bench::wbxml(WBXML)]
fn session_rules(given: (Rulebook, Closed)) -> usize {
    black_box(stages::session_rules(given))
}

#[library_benchmark(setup = given::found)]
#[bench::human(ODD, HUMAN)]
#[bench::concise(ODD, Format::Concise)]
#[bench::json(ODD, Format::Json)]
fn report(given: (Outcome, Format)) -> (usize, (Outcome, Format)) {
    (black_box(stages::report(&given)), given)
}

#[library_benchmark(setup = given::capture)]
#[bench::xml(XML)]
#[bench::wbxml(WBXML)]
#[bench::noise(NOISE)]
#[bench::odd(ODD)]
fn whole(octets: Octets) -> (Outcome, Octets) {
    (black_box(stages::whole(&octets)), octets)
}

library_benchmark_group!(
    name = check,
    benchmarks = [walk, flow, http, xml, wbxml, csp, message_rules, hear, session, session_rules, report, whole]
);

main!(
    // The caches of one machine say nothing about another, and simulating them takes as long again.
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = check
);
