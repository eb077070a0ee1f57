//! Time of each stage and of whole checks. On a busy machine trust the instructions (`benches/instructions.rs`) instead.

mod stages;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use impslint::report::Format;
use stages::{HUMAN, NOISE, ODD, Octets, WBXML, XML};

fn stage<I, O>(criterion: &mut Criterion, name: &str, spec: &str, given: fn(&Octets) -> I, run: fn(I) -> O) {
    let octets = stages::capture(spec);
    let (group, id) = name.split_once('/').unwrap_or((name, ""));
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Bytes(octets.len() as u64)).sample_size(20);
    group.bench_function(id, |bencher| bencher.iter_batched(|| given(&octets), run, BatchSize::PerIteration));
    group.finish();
}

/// Each stage; MB/s are of the capture, whatever the stage is given.
fn stages(c: &mut Criterion) {
    for (id, spec) in [("xml", XML), ("wbxml", WBXML), ("noise", NOISE)] {
        stage(c, &format!("walk/{id}"), spec, Octets::clone, |octets| stages::walk(&octets));
        stage(c, &format!("flow/{id}"), spec, Octets::clone, |octets| stages::flow(&octets));
        stage(c, &format!("http/{id}"), spec, Octets::clone, |octets| stages::http(&octets));
    }
    stage(c, "xml/xml", XML, stages::bodies, stages::xml);
    stage(c, "wbxml/wbxml", WBXML, stages::bodies, stages::wbxml);
    for (id, spec) in [("xml", XML), ("wbxml", WBXML)] {
        stage(c, &format!("csp/{id}"), spec, stages::envelopes, stages::csp);
        stage(c, &format!("hear/{id}"), spec, stages::messages, |messages| (stages::hear(&messages), messages));
        stage(c, &format!("session/{id}"), spec, stages::heard, stages::session);
        stage(c, &format!("session_rules/{id}"), spec, stages::over, stages::session_rules);
    }
    for (id, spec) in [("xml", XML), ("wbxml", WBXML), ("odd", ODD)] {
        stage(c, &format!("message_rules/{id}"), spec, stages::judged, |given| (stages::message_rules(&given), given));
    }
}

/// Reports, and whole checks without them.
fn runs(c: &mut Criterion) {
    stage(c, "report/human", ODD, |o| stages::found(o, HUMAN), |given| (stages::report(&given), given));
    stage(c, "report/concise", ODD, |o| stages::found(o, Format::Concise), |given| (stages::report(&given), given));
    stage(c, "report/json", ODD, |o| stages::found(o, Format::Json), |given| (stages::report(&given), given));
    for (id, spec) in [("xml", XML), ("wbxml", WBXML), ("noise", NOISE), ("odd", ODD)] {
        stage(c, &format!("whole/{id}"), spec, Octets::clone, |octets| stages::whole(&octets));
    }
}

criterion_group!(benches, stages, runs);
criterion_main!(benches);
