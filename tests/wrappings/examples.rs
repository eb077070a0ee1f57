//! The examples of all rules' pages as conversations, and the loss of each single packet of each of them.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

use impslint::rules;
use impslint::trace::{craft, parse};

use crate::conversation::{Conversation, Nanos, Packet, SECOND, Segment, folder, read};
use crate::judge::{Finding, bears_out, said};
use crate::tcp::captured;

/// The traces of all pages, without those in which frames are missing or cut on purpose.
fn examples() -> Vec<&'static str> {
    let trace = |example: &'static str| example.split_once('\n').unwrap().1.split("\n```").next().unwrap();
    let all = rules::all().flat_map(|rule| rule.page.split("```trace ").skip(1)).map(trace);
    all.filter(|trace| !trace.contains(" lost") && !trace.contains(" cut=")).collect()
}

/// Conversations one after the other, an hour of rest between them, each between hosts of its own.
struct Stage {
    packets: Conversation,
    number: u32,
    start: Nanos,
}

impl Stage {
    fn new() -> Self {
        Self { packets: Vec::new(), number: 0, start: 1_200_000_000 * SECOND }
    }

    /// Adds those packets of an example that are kept, and returns how many it has.
    fn add(&mut self, trace: &str, keep: impl Fn(usize) -> bool) -> usize {
        self.number += 1;
        let mut octets = Vec::new();
        craft(&parse(&format!("{}\n", named(trace, self.number))).unwrap(), &mut octets).unwrap();
        let packets = read(&octets).unwrap_or_default();
        let first = packets.iter().map(|p| p.time).min().unwrap_or_default();
        let own = |end: SocketAddrV4| {
            let [_, _, c, d] = end.ip().octets();
            let net = if end.port() < 1024 { 198 } else { 10 };
            let host = (u32::from(c) * 256 + u32::from(d)) & 0x3ff;
            SocketAddrV4::new(Ipv4Addr::from((net << 24) + (self.number << 10) + host), end.port())
        };
        for (_, packet) in packets.iter().enumerate().filter(|(i, _)| keep(*i)) {
            let Some(mut segment) = Segment::of(packet) else { continue };
            (segment.from, segment.to) = (own(segment.from), own(segment.to));
            segment.time = self.start + packet.time - first;
            self.packets.push(segment.packet());
        }
        self.start = self.packets.last().map_or(self.start, |p: &Packet| p.time) + 3_600 * SECOND;
        packets.len()
    }

    /// The findings of each conversation, by its number, with the names that all of them had before.
    fn findings(&self, name: &str) -> BTreeMap<u32, Vec<Finding>> {
        let said = said(&folder(name), &captured(&self.packets));
        assert!(said.failures.is_empty(), "{:?}", said.failures);
        let mut found: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        for mut finding in said.findings {
            // Rules about subscribers tell no connection, but a user.
            let number = match finding.client.parse::<Ipv4Addr>() {
                Ok(client) => (u32::from(client) & 0xff_ffff) >> 10,
                Err(_) => number_of(&finding.user).or_else(|| number_of(&finding.message)).unwrap_or(0),
            };
            for text in [&mut finding.session, &mut finding.user, &mut finding.message] {
                *text = text.replace(&format!("s{number}x"), "s1").replace(&format!("anna{number}"), "anna");
            }
            finding.client.clear();
            found.entry(number).or_default().push(finding);
        }
        found
    }
}

/// A trace with a session and a user of its own: servers tell their sessions apart.
fn named(trace: &str, number: u32) -> String {
    trace.replace("s1", &format!("s{number}x")).replace("anna", &format!("anna{number}"))
}

/// The number of the conversation to which a user whom a text names belongs.
fn number_of(text: &str) -> Option<u32> {
    let digits: String = text.split_once("anna")?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// All examples, one after the other.
pub(crate) fn pages() -> Conversation {
    let mut stage = Stage::new();
    for trace in examples() {
        stage.add(trace, |_| true);
    }
    stage.packets
}

/// Plays every example as often as it has packets, each time with those packets only that `keep` says (the place of the
/// turn, the place of the packet), and holds what is found against what is found when all of them are there.
fn lose(name: &str, keep: fn(usize, usize) -> bool) {
    let mut whole = Stage::new();
    let lengths: Vec<usize> = examples().into_iter().map(|trace| whole.add(trace, |_| true)).collect();
    let expected = whole.findings(&format!("{name}/plain"));
    let (mut poor, mut places) = (Stage::new(), Vec::new());
    for (i, trace) in examples().into_iter().enumerate() {
        for at in 0..lengths[i] {
            poor.add(trace, |packet| keep(at, packet));
            places.push((i, at));
        }
    }
    let nothing = Vec::new();
    let mut refuted = Vec::new();
    for (number, findings) in poor.findings(&format!("{name}/poor")) {
        let Some(&(example, at)) = places.get((number as usize).wrapping_sub(1)) else {
            refuted.push(format!("of nobody: {findings:?}"));
            continue;
        };
        let whole = expected.get(&(example as u32 + 1)).unwrap_or(&nothing);
        for finding in findings.iter().filter(|f| !whole.iter().any(|w| bears_out(w, f))) {
            let Finding { rule, message, .. } = finding;
            refuted.push(format!("example {example}, packet {} (session s{number}x): {rule}: {message}", at + 1));
        }
    }
    assert!(refuted.is_empty(), "{} accusations:\n{}", refuted.len(), refuted.join("\n"));
    fs::remove_dir_all(folder(name)).unwrap();
}

#[test]
fn any_packet_of_any_example_lost_accuses_nobody() {
    lose("one-lost", |at, packet| packet != at);
}

#[test]
fn any_two_packets_of_any_example_lost_accuse_nobody() {
    lose("two-lost", |at, packet| packet != at && packet != at + 1);
}

#[test]
fn any_beginning_of_any_example_lost_accuses_nobody() {
    lose("beginning-lost", |at, packet| packet >= at);
}
