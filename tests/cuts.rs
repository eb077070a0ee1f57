//! A poor capture accuses nobody: whatever is cut from the examples of the rules' pages, nothing is found that the whole
//! does not show.

#![cfg(test)]

use std::collections::BTreeSet;
use std::io::Cursor;

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::engine::{Engine, Rulebook};
use impslint::report::Outcome;
use impslint::rules;
use impslint::time::Time;
use impslint::trace::{craft, parse};
use rayon::prelude::*;

type Frame = (Time, Vec<u8>);

/// Most frames of an example that are taken out, and that it is cut at; of longer ones every second frame or fewer.
const FRAMES_TAKEN_OUT: usize = 48;

/// Every example of every page, by rule and number.
fn examples() -> Vec<(String, &'static str)> {
    let mut examples = Vec::new();
    for rule in rules::all() {
        for (i, example) in rule.page.split("```trace ").skip(1).enumerate() {
            let body = example.split_once('\n').unwrap().1.split("```").next().unwrap();
            examples.push((format!("{} example {}", rule.name, i + 1), body));
        }
    }
    examples
}

fn frames(trace: &str) -> Vec<Frame> {
    let mut octets = Vec::new();
    craft(&parse(trace).unwrap_or_else(|error| panic!("{error}\n{trace}")), &mut octets).unwrap();
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "example").unwrap();
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), window.captured(f).to_vec())));
    }
    frames
}

/// The rules that find something, each with the session.
fn found<'f>(engine: &Engine, frames: impl IntoIterator<Item = &'f Frame>) -> BTreeSet<(&'static str, Option<String>)> {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    frames.into_iter().for_each(|(time, octets)| writer.frame(*time, octets, &[]).unwrap());
    let octets = writer.finish().unwrap();
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "example").unwrap();
    let mut outcome = Outcome::default();
    engine.check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome.findings.into_iter().map(|f| (f.finding.rule, f.finding.scene.session)).collect()
}

#[test]
fn what_is_cut_from_an_example_accuses_nobody() {
    let engine = Engine::new(Rulebook::new(rules::all()).unwrap(), 1);
    let complaints = |(name, trace): &(String, &str)| {
        let frames = frames(trace);
        let whole = found(&engine, &frames);
        let known = |rule: &str, session: &Option<String>| {
            whole.iter().any(|(r, s)| *r == rule && (s == session || s.is_none() || session.is_none()))
        };
        let new = |what: String, found: BTreeSet<(&'static str, Option<String>)>| {
            let new = found.into_iter().filter(|(rule, session)| !known(rule, session));
            new.map(|(rule, session)| format!("{name} {what}: {rule} {session:?}")).collect::<Vec<_>>()
        };
        let mut complaints = Vec::new();
        for at in (0..frames.len()).step_by(frames.len().div_ceil(FRAMES_TAKEN_OUT).max(1)) {
            let (before, after) = frames.split_at(at);
            let holed = before.iter().chain(&after[1..]);
            complaints.extend(new(format!("without frame {}", at + 1), found(&engine, holed)));
            complaints.extend(new(format!("up to frame {at}"), found(&engine, before)));
            complaints.extend(new(format!("from frame {}", at + 1), found(&engine, after)));
        }
        complaints
    };
    let complaints: Vec<String> = examples().par_iter().flat_map_iter(complaints).collect();
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}
