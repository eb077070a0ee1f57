//! The engine: captures in, an outcome out.
//!
//! [`pipeline`] reads windows and advances flows, [`Rulebook`] holds the rules against what came of them, and
//! [`Collection`] folds findings of one cause. Reading, decoding and judging messages run on all threads; filing them
//! into sessions is sequential and cheap.

mod fold;
mod judge;
pub mod pipeline;

pub use fold::{Collection, FINDINGS_KEPT};
pub use judge::{Judgement, Rulebook};

use rayon::prelude::*;

use crate::capture::{Capture, Summary};
use crate::carrier::{Carried, Direction};
use crate::csp::decode::decode;
use crate::flow::{Counters, End, FlowNo, Loss};
use crate::report::{Filed, Input, Outcome};
use crate::session::{Heard, Limits, Session, SessionNo, Tally, Tracker};
use crate::time::Time;
use crate::wire::FrameNo;

/// What came of a carried item where it was decoded.
enum Work {
    Heard(Heard, Judgement),
    Gap { flow: FlowNo, direction: Direction, loss: Loss, at: (Time, FrameNo) },
    End { flow: FlowNo, end: End },
}

/// Holds the rules of a book against captures.
#[derive(Debug)]
pub struct Engine {
    rulebook: Rulebook,
    threads: usize,
}

impl Engine {
    /// An engine with these rules that uses the threads of the current rayon pool when `threads` is more than one.
    pub fn new(rulebook: Rulebook, threads: usize) -> Self {
        Self { rulebook, threads }
    }

    /// Reads a capture to its end and adds what was found to `outcome`.
    pub fn check(&self, capture: &mut Capture, outcome: &mut Outcome) {
        let mut tracker = Tracker::new(Limits::default());
        let mut collection = Collection::default();
        let mut judgement = Judgement::default();
        let work = |item: Carried| self.work(item);
        let (counters, read) = pipeline::run(capture, self.threads, work, |batch| {
            let mut closed = Vec::new();
            for item in batch {
                match item {
                    Work::Heard(heard, mut said) => {
                        let owner = tracker.hear(heard, &mut closed);
                        for mut finding in std::mem::take(&mut said.findings) {
                            let scene = &mut finding.scene;
                            scene.session = scene.session.take().or_else(|| owner.id.clone());
                            scene.user = scene.user.take().or_else(|| owner.user.clone());
                            collection.add(finding, owner.session);
                        }
                        judgement.add(said);
                    }
                    Work::Gap { flow, direction, loss, at } => tracker.miss(flow, direction, loss, at),
                    Work::End { flow, end } => tracker.end_flow(flow, end),
                }
            }
            self.judge(&closed, &mut collection, &mut judgement);
        });
        let mut closed = Vec::new();
        let (subscribers, uses) = tracker.finish(&mut closed);
        self.judge(&closed, &mut collection, &mut judgement);
        for subscriber in &subscribers {
            collect(self.rulebook.subscriber(subscriber), None, &mut collection, &mut judgement);
        }
        collect(self.rulebook.capture(&uses), None, &mut collection, &mut judgement);
        let input = input(capture, read.err().map(|e| e.to_string()), &counters);
        file(outcome, input, tracker.tally(), &counters, collection, judgement);
    }

    /// Decodes an item and shows it to the rules about messages.
    fn work(&self, item: Carried) -> Work {
        match item {
            Carried::Envelope(envelope) => match decode(envelope) {
                Ok(message) => Work::Heard(Heard::message(&message), self.rulebook.message(&message)),
                Err(envelope) => Work::Heard(Heard::bare(&envelope), Judgement::default()),
            },
            Carried::Gap { flow, direction, loss, time, frame } => {
                Work::Gap { flow: flow.no, direction, loss, at: (time, frame) }
            }
            Carried::End { flow, end, .. } => Work::End { flow: flow.no, end },
        }
    }

    /// Shows sessions that are over to the rules about sessions.
    fn judge(&self, closed: &[Session], collection: &mut Collection, judgement: &mut Judgement) {
        let said: Vec<Judgement> = if self.threads > 1 {
            closed.par_iter().map(|session| self.rulebook.session(session)).collect()
        } else {
            closed.iter().map(|session| self.rulebook.session(session)).collect()
        };
        for (session, said) in closed.iter().zip(said) {
            collect(said, Some(session.no), collection, judgement);
        }
    }
}

fn collect(mut said: Judgement, session: Option<SessionNo>, to: &mut Collection, rest: &mut Judgement) {
    for finding in std::mem::take(&mut said.findings) {
        to.add(finding, session);
    }
    rest.add(said);
}

/// What is told of an input: what it is, and what of it could not be read.
fn input(capture: &Capture, failed: Option<String>, counters: &Counters) -> Input {
    let Summary { format, octets, packets, first, last, truncated, .. } = capture.summary();
    let mut anomalies: Vec<String> =
        capture.anomalies().iter().map(|a| format!("{} at offset {}, {} octets", a.kind, a.offset, a.octets)).collect();
    let further = capture.further_anomalies();
    anomalies.extend((further > 0).then(|| format!("{further} further faults of the file")));
    anomalies.extend(failed);
    anomalies.extend(
        counters.unsupported_links.iter().map(|(link, n)| format!("{n} frames of link type {link}, which is not read")),
    );
    anomalies.extend(
        (counters.fragments > 0).then(|| format!("{} IP fragments, which are not put together", counters.fragments)),
    );
    anomalies.extend(
        (counters.evicted > 0).then(|| format!("{} flows forgotten: too many were known at a time", counters.evicted)),
    );
    Input {
        path: capture.name().to_owned(),
        format: format.to_string(),
        packets,
        bytes: octets,
        first_time: first,
        last_time: last,
        truncated,
        anomalies,
    }
}

fn file(
    outcome: &mut Outcome,
    input: Input,
    tally: Tally,
    counters: &Counters,
    collection: Collection,
    judgement: Judgement,
) {
    outcome.packets += input.packets;
    outcome.bytes += input.bytes;
    outcome.flows += counters.flows;
    outcome.tally.add(tally);
    let (findings, dropped) = collection.finish();
    outcome.dropped_findings += dropped;
    outcome.findings.extend(findings.into_iter().map(|finding| Filed { file: input.path.clone(), finding }));
    for (key, count) in judgement.doubts {
        *outcome.rule_doubts.entry(key).or_default() += count;
    }
    let mut panics = judgement.panics;
    panics.sort_unstable();
    for same in panics.chunk_by(|a, b| a == b) {
        outcome.internal.extend(same.first().map(|rule| format!("rule {rule} panicked {} times", same.len())));
    }
    outcome.inputs.push(input);
}
