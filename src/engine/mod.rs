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

use crate::capture::{Anomaly, Capture, Part, Summary};
use crate::carrier::{Carried, Direction};
use crate::csp::decode::decode;
use crate::flow::{Counters, End, FlowNo, Loss};
use crate::report::{Filed, Input, Outcome};
use crate::session::{Heard, Limits, Session, SessionNo, Tally, Tracker};
use crate::time::{Seconds, Time};
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
        let (counters, read) = pipeline::run(capture, self.threads, work, |_, batch| {
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
        let (findings, dropped) = collection.finish();
        outcome.dropped_findings += dropped;
        let filed = |finding| Filed::new(finding, &capture.name(), |frame| capture.locate(frame));
        outcome.findings.extend(findings.into_iter().map(filed));
        let inputs = inputs(capture, read.err().map(|e| e.to_string()), &counters);
        file(outcome, inputs, tracker.tally(), &counters, judgement);
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

/// What is told of the captures: what each is, and what of it could not be read. What flows say is told with the first
/// one that it may be about.
fn inputs(capture: &Capture, failed: Option<String>, counters: &Counters) -> Vec<Input> {
    let parts = capture.parts();
    let mut inputs: Vec<Input> = parts.iter().map(input).collect();
    for (link, n) in &counters.unsupported_links {
        let at = parts.iter().position(|part| part.summary.links.iter().any(|l| l.0 == *link)).unwrap_or(0);
        let told = format!("{n} frames of link type {link}, which is not read");
        inputs.get_mut(at).into_iter().for_each(|input| input.anomalies.push(told.clone()));
    }
    let fragments =
        (counters.fragments > 0).then(|| format!("{} IP fragments, which are not put together", counters.fragments));
    if let Some(first) = inputs.first_mut() {
        first.anomalies.extend(failed.into_iter().chain(fragments).chain(capture.remarks()));
    }
    inputs
}

fn input(part: &Part) -> Input {
    let Summary { codings, octets, packets, first, last, truncated, .. } = &part.summary;
    let space = if codings.is_empty() { "" } else { " of the decompressed data" };
    let told = |a: &Anomaly| {
        let extent = if a.octets > 0 { format!(", {} octets", a.octets) } else { String::new() };
        format!("{} at offset {}{space}{extent}", a.kind, a.offset)
    };
    let mut anomalies: Vec<String> = part.anomalies.iter().map(told).collect();
    anomalies.extend((part.further > 0).then(|| format!("{} further faults of the file", part.further)));
    anomalies.extend(part.failed.clone());
    anomalies.extend((part.summary.steps_back > 0).then(|| {
        let (times, largest) = (part.summary.steps_back, Seconds(part.summary.largest_step_back as f64 / 1e9));
        format!("time goes back {times} time{}, by up to {largest}", if times == 1 { "" } else { "s" })
    }));
    Input {
        path: part.name.to_string(),
        format: part.summary.kind(),
        packets: *packets,
        bytes: *octets,
        first_time: *first,
        last_time: *last,
        truncated: *truncated,
        anomalies,
    }
}

fn file(outcome: &mut Outcome, inputs: Vec<Input>, tally: Tally, counters: &Counters, judgement: Judgement) {
    outcome.packets += inputs.iter().map(|input| input.packets).sum::<u64>();
    outcome.bytes += inputs.iter().map(|input| input.bytes).sum::<u64>();
    outcome.flows += counters.flows;
    outcome.tally.add(tally);
    for (key, count) in judgement.doubts {
        *outcome.rule_doubts.entry(key).or_default() += count;
    }
    let mut panics = judgement.panics;
    panics.sort_unstable();
    for same in panics.chunk_by(|a, b| a == b) {
        outcome.internal.extend(same.first().map(|rule| format!("rule {rule} panicked {} times", same.len())));
    }
    outcome.inputs.extend(inputs);
}
