//! Generated captures: what is counted in them is what is true of them, and nothing is found but what was put in.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::Cursor;

use impslint::capture::Capture;
use impslint::csp::message::Mode;
use impslint::csp::name::VOCABULARY;
use impslint::engine::{Engine, Rulebook};
use impslint::report::Outcome;
use impslint::rules;
use impslint::trace::generate::{Truth, generate};
use serde_json::Value;

fn made(spec: &str) -> (Vec<u8>, Truth) {
    let mut octets = Vec::new();
    let truth = generate(&spec.parse().unwrap(), &mut octets).unwrap();
    (octets, truth)
}

fn checked(octets: Vec<u8>) -> Outcome {
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    let mut outcome = Outcome::default();
    engine.check(&mut Capture::from_reader(Box::new(Cursor::new(octets)), "generated").unwrap(), &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

/// How often something was found, by rule, further ones of one cause counted.
fn found(outcome: &Outcome) -> BTreeMap<&'static str, u64> {
    outcome.by_rule().iter().map(|(rule, told)| (*rule, told.count + told.repeats)).collect()
}

/// Holds everything counted against the truth of a capture that lost nothing.
fn hold(outcome: &Outcome, truth: &Truth) {
    let Outcome { tally, contents, .. } = outcome;
    assert_eq!((outcome.packets, outcome.bytes), (truth.packets, truth.octets));
    assert_eq!((tally.exchanges, tally.judged, tally.messages), (truth.exchanges, truth.exchanges, truth.messages()));
    assert_eq!((tally.sessions, tally.subscribers), (truth.sessions(), truth.sessions()));
    let kinds = &contents.kinds;
    let flows = |kind: &str| truth.flows.get(kind).copied().unwrap_or(0);
    assert_eq!([kinds.imps.flows, kinds.http.flows, kinds.tls.flows], ["imps", "web", "tls"].map(flows));
    let (mut encodings, mut versions) = (BTreeMap::new(), BTreeMap::new());
    for (manner, n) in &contents.manners {
        *encodings.entry(manner.encoding.name()).or_insert(0) += n;
        *versions.entry(manner.version.unwrap().number()).or_insert(0) += n;
    }
    assert_eq!((&encodings, &versions), (&truth.messages, &truth.versions));
    for (name, n) in &tally.transactions {
        assert_eq!(truth.primitives.get((VOCABULARY.spelling)(*name)), Some(n), "{}", (VOCABULARY.spelling)(*name));
    }
    assert_eq!(tally.transactions.values().sum::<u64>(), truth.client_transactions + truth.server_transactions);
    assert_eq!(found(outcome), truth.findings);
}

#[test]
fn counts_are_true_in_every_version_and_encoding() {
    for version in ["1.1", "1.2", "1.3", "mix"] {
        for encoding in ["xml", "wbxml"] {
            let (octets, truth) = made(&format!("sessions=24,open=12,csp={version},encoding={encoding},noise=0.3"));
            assert!(truth.findings.is_empty());
            hold(&checked(octets), &truth);
        }
    }
}

#[test]
fn what_was_put_in_is_found() {
    let (octets, truth) = made("sessions=60,early=0.3,seed=7,format=pcapng");
    assert!(truth.findings["polling/poll-below-minimum"] > 20, "{:?}", truth.findings);
    hold(&checked(octets), &truth);
    let (octets, truth) = made("sessions=20,odd=1");
    assert_eq!(truth.findings["schema/unknown-element"], truth.messages());
    hold(&checked(octets), &truth);
}

#[test]
fn order_and_repetition_change_nothing_that_is_said() {
    let (octets, truth) = made("sessions=60,reorder=0.05,retransmit=0.05,early=0.2,odd=0.1");
    assert!(truth.reordered > 100 && truth.retransmitted > 100);
    hold(&checked(octets), &truth);
}

#[test]
fn losses_accuse_nobody() {
    for seed in 1..9 {
        let (octets, truth) = made(&format!("sessions=60,loss=0.02,reorder=0.02,retransmit=0.02,seed={seed}"));
        assert!(truth.damaged > 50);
        let outcome = checked(octets);
        assert_eq!(found(&outcome), BTreeMap::new());
        assert!(outcome.tally.judged < truth.exchanges && outcome.tally.messages < truth.messages());
    }
}

#[test]
fn decoding_shows_every_primitive() {
    let path = std::env::temp_dir().join(format!("impslint-generated-{}.pcap", std::process::id()));
    let (octets, truth) = made("sessions=12,noise=0.3");
    std::fs::write(&path, octets).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_impslint"))
        .args(["decode", "--format", "jsonl"])
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(path).unwrap();
    let (mut primitives, mut requests) = (BTreeMap::new(), 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        for transaction in message["transactions"].as_array().into_iter().flatten() {
            *primitives.entry(transaction["primitive"].as_str().unwrap().to_owned()).or_insert(0) += 1;
            requests += u64::from(transaction["mode"] == format!("{:?}", Mode::Request));
        }
    }
    assert_eq!(primitives, truth.primitives);
    assert_eq!(requests, truth.client_transactions + truth.server_transactions);
}

#[test]
fn the_command_writes_capture_and_truth() {
    let folder = std::env::temp_dir().join(format!("impslint-generate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let capture = folder.join("made.pcap");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_impslint"));
        command.arg("craft").args(arguments).arg("-o").arg(&capture).output().unwrap()
    };
    assert!(run(&["--generate", "sessions=2,seed=4"]).status.success());
    let (octets, truth) = made("sessions=2,seed=4");
    assert!(std::fs::read(&capture).unwrap() == octets);
    let told: Value = serde_json::from_slice(&std::fs::read(folder.join("made.pcap.truth.json")).unwrap()).unwrap();
    assert_eq!(told, serde_json::to_value(&truth).unwrap());
    let wrong = run(&["--generate", "sessions=2,seed=-4"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("seed wants a number"));
    assert_eq!(run(&[]).status.code(), Some(2));
    std::fs::remove_dir_all(folder).unwrap();
}
