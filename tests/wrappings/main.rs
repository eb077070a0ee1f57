//! The same conversation in every wrapping: captures as support engineers have them must be judged like the plain one.
//!
//! A [`Conversation`](conversation::Conversation) is taken from the samples and from the pages of the rules, and put
//! into each [`Wrap`] of the tables below by a writer that shares nothing with `src/`. Where nothing was lost, findings
//! and messages have to be the same; where something was lost, there may be no finding that the whole refutes, and the
//! report has to say what is missing. [`tshark`] holds the messages against those that Wireshark puts together.
//!
//! A new wrapping is a function and a line in the table of its file.

#![cfg(test)]

mod conversation;
mod examples;
mod file;
mod fragment;
mod ip;
mod judge;
mod link;
mod loss;
mod tcp;
mod tshark;
mod tunnel;
mod twice;
mod wrap;

use std::fs;
use std::sync::Mutex;

use conversation::{Conversation, folder, sample};
use examples::pages;
use judge::{Said, accusations, differences, said, silence, told};
use wrap::Wrap;

fn wraps() -> impl Iterator<Item = &'static Wrap> {
    let tables = [link::WRAPS, tunnel::WRAPS, fragment::WRAPS, tcp::WRAPS, twice::WRAPS, loss::WRAPS, file::WRAPS];
    tables.into_iter().flatten()
}

/// What is wrong with a conversation in a wrapping. The capture is kept in `target/tmp/wrappings/` if something is.
fn complaints(wrap: &Wrap, name: &str, conversation: &Conversation, whole: &Said) -> Vec<String> {
    let (folder, capture) = (folder(&format!("{name}/{}", wrap.name)), (wrap.make)(conversation));
    let said = said(&folder, &capture);
    let found = if wrap.lost.is_empty() {
        differences(&said, whole)
    } else {
        let mut found = accusations(&said, whole);
        found.extend(silence(&said, whole, &told(&folder, &capture), wrap.lost));
        found
    };
    if found.is_empty() {
        fs::remove_dir_all(folder).unwrap();
    }
    found
}

/// Holds every wrapping of a conversation against the plain capture of it.
fn judge(name: &str, conversation: &Conversation) {
    let whole = said(&folder(&format!("{name}/plain")), &tcp::captured(conversation));
    assert!(whole.failures.is_empty() && !whole.messages.is_empty(), "{whole:?}");
    let only = std::env::var("IMPSLINT_WRAP").ok();
    let wanted: Vec<&Wrap> = wraps().filter(|w| only.as_deref().is_none_or(|only| w.name.contains(only))).collect();
    let (queue, found) = (Mutex::new(wanted.iter()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(wrap) = { queue.lock().unwrap().next() } {
            let complaints = complaints(wrap, name, conversation, &whole);
            if !complaints.is_empty() {
                found.lock().unwrap().push(format!("{name} in {}:\n  {}", wrap.name, complaints.join("\n  ")));
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| _ = scope.spawn(work)));
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert!(found.is_empty(), "{} wrappings change what is said:\n{}\n", found.len(), found.join("\n"));
}

#[test]
fn clean_wbxml_in_every_wrapping() {
    judge("clean-wbxml", &sample("clean-wbxml"));
}

#[test]
fn clean_xml_in_every_wrapping() {
    judge("clean-xml", &sample("clean-xml"));
}

#[test]
fn wasteful_in_every_wrapping() {
    judge("wasteful", &sample("wasteful"));
}

#[test]
fn field_in_every_wrapping() {
    judge("field", &sample("field"));
}

#[test]
fn examples_of_rules_in_every_wrapping() {
    judge("pages", &pages());
}

/// Takes other packets out each time; `IMPSLINT_SEEDS` says how often, where that is not enough.
#[test]
fn two_of_a_hundred_packets_lost_accuse_nobody() {
    let mut found = Vec::new();
    let seeds: Option<u64> = std::env::var("IMPSLINT_SEEDS").ok().and_then(|n| n.parse().ok());
    let taken = ["clean-wbxml", "clean-xml", "wasteful", "field"].map(|name| (name, sample(name)));
    for (name, conversation) in taken.into_iter().chain([("pages", pages())]) {
        let whole = said(&folder(&format!("thinned-{name}/plain")), &tcp::captured(&conversation));
        for seed in 0..seeds.unwrap_or(if conversation.len() > 1_000 { 10 } else { 40 }) {
            let folder = folder(&format!("thinned-{name}/{seed}"));
            let said = said(&folder, &tcp::captured(&loss::thinned(&conversation, 2, seed + 100)));
            let complaints = accusations(&said, &whole);
            if complaints.is_empty() {
                fs::remove_dir_all(folder).unwrap();
            } else {
                found.push(format!("{name}, seed {seed}:\n  {}", complaints.join("\n  ")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
