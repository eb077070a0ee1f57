//! The examples of every rule's page, run through real frames: a `bad` one is found at its marks and nowhere else by
//! that rule alone, a `good` one leaves every rule silent.

#![cfg(test)]

use std::io::Cursor;

use impslint::capture::Capture;
use impslint::engine::{Engine, Rulebook};
use impslint::report::Outcome;
use impslint::rules::{self, Rule};
use impslint::trace::{Crafted, craft, parse};

/// A fenced example of a page: `trace bad` or `trace good`, where it starts, and its text.
struct Example<'p> {
    good: bool,
    line: usize,
    trace: &'p str,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = page.get(at..).and_then(|rest| rest.find("```trace ")).map(|i| i + at) {
        let (word, body) = page[start + "```trace ".len()..].split_once('\n').expect("an example has a body");
        let good = match word.trim() {
            "good" => true,
            "bad" => false,
            other => panic!("an example is bad or good, not {other}"),
        };
        let end = body.find("\n```").expect("an example ends with a fence");
        found.push(Example { good, line: page[..start].lines().count() + 1, trace: &body[..=end] });
        at = page.len() - body.len() + end + 4;
    }
    found
}

fn check(trace: &str, rules: impl IntoIterator<Item = &'static Rule>) -> (Vec<Crafted>, Outcome) {
    let trace = parse(trace).unwrap_or_else(|error| panic!("{error}\n{trace}"));
    let mut octets = Vec::new();
    let crafted = craft(&trace, &mut octets).unwrap_or_else(|error| panic!("{error}"));
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "example").expect("what was crafted opens");
    let mut outcome = Outcome::default();
    Engine::new(Rulebook::new(rules).expect("pages can be read"), 1).check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    (crafted, outcome)
}

fn complaints(rule: &'static Rule, example: &Example<'_>) -> Vec<String> {
    let place = format!("{} line {}", rule.name, example.line);
    let (crafted, outcome) =
        if example.good { check(example.trace, rules::all()) } else { check(example.trace, [rule]) };
    if example.good {
        let said = |f: &impslint::report::Filed| format!("{place}: {} says {}", f.finding.rule, f.finding.message);
        return outcome.findings.iter().map(said).collect();
    }
    let mut complaints = Vec::new();
    let mut marks: Vec<&Crafted> = crafted.iter().filter(|c| c.marked).collect();
    if marks.is_empty() {
        complaints.push(format!("{place}: a bad example marks where it is bad"));
    }
    for filed in &outcome.findings {
        let frame = filed.finding.place().and_then(|p| p.frames.first().copied());
        let hit = marks.iter().position(|c| {
            c.frames.zip(frame).is_some_and(|(range, frame)| (range.first..=range.last).contains(&frame))
        });
        match hit {
            Some(mark) => {
                marks.remove(mark);
            }
            None => complaints.push(format!("{place}: unmarked finding at {frame:?}: {}", filed.finding.message)),
        }
    }
    complaints.extend(marks.iter().map(|c| format!("{place}: nothing found at the mark on its line {}", c.line)));
    complaints
}

#[test]
fn bad_examples_are_found_at_their_marks_and_good_ones_are_silent() {
    let only = std::env::var("IMPSLINT_PAGE").ok();
    let mut complaints_of_all = Vec::new();
    for rule in rules::all().filter(|r| only.as_deref().is_none_or(|o| r.name.contains(o))) {
        for example in examples(rule.page) {
            complaints_of_all.extend(complaints(rule, &example));
        }
    }
    assert!(complaints_of_all.is_empty(), "\n{}", complaints_of_all.join("\n"));
}
