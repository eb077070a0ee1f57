//! The engine: captures in, an outcome out.
//!
//! [`pipeline`] reads windows and advances flows, [`Rulebook`] holds the rules against what came of them, and
//! [`Collection`] folds findings of one cause. Reading, decoding and judging messages run on all threads; filing them
//! into sessions is sequential and cheap.

mod admission;
mod fold;
mod judge;
mod meter;
pub mod pipeline;
mod shapes;
mod untold;

use self::admission::Admission;
use self::meter::Stage;
pub use admission::HEADS_KEPT;
pub use fold::{CAUSES_KEPT, Collection, FINDINGS_KEPT, Tell};
pub use judge::{Judgement, Rulebook};
pub use shapes::{SHAPE_ELEMENTS_KEPT, SHAPES_KEPT};

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use crate::capture::{Anomaly, Capture, Comment, LinkType, Part, Summary};
use crate::carrier::{Carried, Cir, Direction, Envelope};
use crate::config::Head;
use crate::csp::decode::decode;
use crate::csp::message::{Kind, Message};
use crate::csp::ssp;
use crate::flow::{Counters, End, FlowInfo, Loss};
use crate::log::{Item, Known, Log};
use crate::report::ladder::Story;
use crate::report::{Contents, Filed, Input, Manner, Noted, Outcome, Told};
use crate::rules::{Detail, Found};
use crate::session::{Chapter, Closed, Doubt, Heard, Limits, Owner, SessionNo, Tally, Tracker};
use crate::time::{Seconds, Time};
use crate::tls::{Context, KeyLog, Keys};
use crate::wire::FrameNo;

/// What came of a carried item where it was decoded.
enum Work {
    /// Boxed, since the results of a window are put in order.
    Heard(Box<Said>),
    Gap {
        flow: Arc<FlowInfo>,
        proved: bool,
        direction: Direction,
        loss: Loss,
        at: (Time, FrameNo),
    },
    End {
        flow: Arc<FlowInfo>,
        end: (End, Option<Direction>),
        at: (Time, FrameNo),
    },
    Cir(Box<Cir>),
}

/// A message that was heard.
struct Said {
    heard: Heard,
    manner: Option<Manner>,
    /// What servers say to each other in it.
    between: Option<Box<ssp::Tally>>,
    /// Who talks to whom, where the user asks for it.
    head: Option<Arc<Head>>,
    /// The message itself, where the rules about messages said something of it.
    judged: Option<(Message, Judgement)>,
}

/// What rules said besides findings.
#[derive(Default)]
struct Aside {
    doubts: BTreeMap<(&'static str, Doubt), u64>,
    panics: Vec<&'static str>,
    stories: BTreeMap<SessionNo, Story>,
}

impl Aside {
    /// Adds the story of a session, or of a chapter of one.
    fn tell(&mut self, story: Option<Story>) {
        let Some(story) = story else { return };
        match self.stories.entry(story.no) {
            Entry::Vacant(none) => _ = none.insert(story),
            Entry::Occupied(mut known) => known.get_mut().go_on(story),
        }
    }

    fn add(&mut self, doubts: Vec<(&'static str, Doubt)>, panics: Vec<&'static str>) {
        for doubt in doubts {
            *self.doubts.entry(doubt).or_default() += 1;
        }
        self.panics.extend(panics);
    }
}

/// How many chapters are judged before what was said of them is collected.
const CHAPTERS_AT_ONCE: usize = 16;

/// Holds the rules of a book against captures.
#[derive(Debug)]
pub struct Engine {
    rulebook: Rulebook,
    threads: usize,
    keys: Arc<KeyLog>,
    stories: bool,
}

impl Engine {
    /// An engine with these rules that uses the threads of the current rayon pool when `threads` is more than one.
    pub fn new(rulebook: Rulebook, threads: usize) -> Self {
        Self { rulebook, threads, keys: Arc::default(), stories: false }
    }

    /// With the keys of a log, for the TLS in every capture.
    pub fn with_keys(mut self, keys: Arc<KeyLog>) -> Self {
        self.keys = keys;
        self
    }

    /// Remembers of each session what it takes to draw it.
    pub fn with_stories(mut self) -> Self {
        self.stories = true;
        self
    }

    /// Reads a capture to its end and adds what was found to `outcome`. One that holds keys behind the packets that they
    /// are for is read once more, if it can be.
    pub fn check(&self, capture: &mut Capture, outcome: &mut Outcome) {
        let mut tls = Context::new(Keys::new(Arc::clone(&self.keys)));
        let meter = self.rulebook.meter();
        let mut reading = meter.whole(|| self.read(capture, &mut tls, Collection::default()));
        if tls.keys.came_late()
            && let Some(mut again) = capture.reopened()
        {
            tls = Context::new(tls.keys.for_another_reading());
            reading = meter.whole(|| self.read(&mut again, &mut tls, Collection::default()));
        }
        reading.file(Some(&tls), outcome);
        outcome.timings = self.rulebook.timings();
    }

    /// Reads a capture that may never end: tells each finding as soon as it is made, until told to break off, and adds
    /// to `outcome` only what was counted.
    pub fn watch(&self, capture: &mut Capture, outcome: &mut Outcome, tell: &mut Tell<'_>) {
        let mut tls = Context::new(Keys::new(Arc::clone(&self.keys)));
        let meter = self.rulebook.meter();
        meter.whole(|| self.read(capture, &mut tls, Collection::telling(tell))).file(Some(&tls), outcome);
        outcome.timings = self.rulebook.timings();
    }

    /// Reads a log to its end and adds what was found to `outcome`.
    pub fn check_log(&self, log: &mut Log, outcome: &mut Outcome) {
        self.rulebook.meter().whole(|| self.read_log(log, Collection::default())).file(None, outcome);
        outcome.timings = self.rulebook.timings();
    }

    /// Reads a log that may never end, as [`watch`](Self::watch) does a capture.
    pub fn watch_log(&self, log: &mut Log, outcome: &mut Outcome, tell: &mut Tell<'_>) {
        self.rulebook.meter().whole(|| self.read_log(log, Collection::telling(tell))).file(None, outcome);
        outcome.timings = self.rulebook.timings();
    }

    /// Reads a capture to its end.
    fn read<'t>(&'t self, capture: &mut Capture, tls: &mut Context, collection: Collection<'t>) -> Reading {
        let paths = capture.parts().into_iter().map(|part| part.name).collect();
        let collection = collection.admitting(Admission::new(self.rulebook.policy(), paths));
        let mut filing = Filing::new(self, collection);
        let meter = self.rulebook.meter();
        let work = |item: Carried| self.work(item);
        let (counted, read) =
            pipeline::run_metered(capture, tls, self.threads, meter, work, |_, batch| filing.take(batch));
        let inputs = inputs(capture, read.err().map(|e| e.to_string()), &counted.flows, &tls.keys);
        let links = capture.parts().iter().flat_map(|part| &part.summary.links).map(|link| link.0).collect();
        let contents = Contents { links, flows: counted.flows, kinds: counted.kinds, ..Contents::default() };
        let note = |Comment { frame, text }| {
            let (file, frame) = capture.locate(frame)?;
            Some(Noted { file: file.to_string(), frame, text })
        };
        let notes = counted.notes.into_iter().filter_map(note).collect();
        let reading = filing.finish(inputs, contents, &capture.name(), |frame| capture.locate(frame));
        Reading { notes, ..reading }
    }

    /// Reads a log to its end.
    fn read_log<'t>(&'t self, log: &mut Log, collection: Collection<'t>) -> Reading {
        let collection = collection.admitting(Admission::new(self.rulebook.policy(), vec![log.known().name]));
        let mut filing = Filing::new(self, collection);
        let meter = self.rulebook.meter();
        let failed = loop {
            let items = match meter.stage(Stage::Capture, || log.next_items()) {
                Ok(items) if items.is_empty() => break None,
                Ok(items) => items,
                Err(error) => break Some(format!("cannot be read to its end: {error}")),
            };
            let work = |item: Item| match item {
                Item::Message(message) => self.said(*message),
                Item::Bare(envelope) => unsaid(&envelope),
            };
            let batch: Vec<Work> = if self.threads > 1 {
                items.into_par_iter().map(work).collect()
            } else {
                items.into_iter().map(work).collect()
            };
            if filing.take(batch).is_break() {
                break None;
            }
        };
        let Known { name, kind, octets, span, faults, further } = log.known();
        let input = Input {
            path: name.to_string(),
            format: kind.to_owned(),
            bytes: octets,
            first_time: span.map(|(first, _)| first),
            last_time: span.map(|(_, last)| last),
            truncated: failed.is_some(),
            anomalies: faults.into_iter().chain(failed).collect(),
            further_anomalies: further,
            is_log: true,
            ..Input::default()
        };
        filing.finish(vec![input], Contents::default(), &name, |frame| Some((Arc::clone(&name), frame)))
    }

    /// Decodes an item and shows it to the rules about messages.
    fn work(&self, item: Carried) -> Work {
        let meter = self.rulebook.meter();
        meter.next();
        match item {
            Carried::Envelope(envelope) => match meter.sample(Stage::Csp, || decode(envelope)) {
                Ok(message) => self.said(message),
                Err(envelope) => unsaid(&envelope),
            },
            Carried::Gap { flow, proved, direction, loss, time, frame } => {
                Work::Gap { flow, proved, direction, loss, at: (time, frame) }
            }
            Carried::End { flow, end, by, time, frame } => Work::End { flow, end: (end, by), at: (time, frame) },
            Carried::Cir(cir) => Work::Cir(cir),
        }
    }

    /// A message with what the rules about messages say of it.
    fn said(&self, message: Message) -> Work {
        let meter = self.rulebook.meter();
        let (version, encoding) = (message.version, message.encoding);
        let manner = Manner { version, encoding, carrier: message.envelope.carrier };
        let manner = (message.kind == Kind::Csp).then_some(manner);
        let heard = meter.sample(Stage::Heard, || Heard::message(&message));
        let judge = || self.rulebook.message(&message, Detail::Brief).said();
        let said = meter.sample(Stage::MessageRules, judge);
        let between = ssp::Tally::of(&message).map(Box::new);
        let head = admission::head(self.rulebook.policy(), &message.envelope);
        Work::Heard(Box::new(Said { heard, manner, between, head, judged: said.map(|said| (message, said)) }))
    }

    /// Collects what was said of a message. What is news is made a finding now that it is known to whom it belongs.
    fn tell(
        &self,
        message: &Message,
        said: Judgement,
        of: (&Tracker, &mut Owner),
        to: &mut Collection<'_>,
        aside: &mut Aside,
    ) {
        let (tracker, owner) = of;
        let mut full: Option<Vec<Option<Found>>> = None;
        for (place, found) in said.found.into_iter().enumerate() {
            let mut finding = match found {
                Found::Finding(finding) => finding,
                Found::Again(again) if to.add_again(again, owner.session) => continue,
                Found::Again(_) => {
                    let made = full.get_or_insert_with(|| {
                        self.rulebook.message(message, Detail::Full).found.into_iter().map(Some).collect()
                    });
                    let made = made.get_mut(place).and_then(Option::take);
                    let Some(Found::Finding(finding)) = made else { continue };
                    finding
                }
            };
            tracker.introduce(owner);
            let scene = &mut finding.scene;
            scene.session = scene.session.take().or_else(|| owner.id.clone());
            scene.user = scene.user.take().or_else(|| owner.user.clone());
            scene.forwarded = scene.forwarded.take().or_else(|| owner.forwarded.clone());
            to.add(*finding, owner.session);
        }
        aside.add(said.doubts, said.panics);
    }

    /// Shows what is over to the rules about it; sessions some at a time, since read they take much more memory.
    fn judge(&self, closed: Closed, collection: &mut Collection<'_>, aside: &mut Aside) {
        let Closed { sessions, subscribers, identities } = closed;
        let read = |chapter: Chapter| {
            let session = chapter.read();
            let story = self.stories.then(|| Story::of(&session));
            (session.no, session.last, self.rulebook.session(&session), story)
        };
        let mut sessions = sessions.into_iter();
        loop {
            let some: Vec<Chapter> = sessions.by_ref().take(CHAPTERS_AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            let said: Vec<(SessionNo, bool, Judgement, Option<Story>)> =
                if self.threads > 1 && some.len() > CHAPTERS_AT_ONCE / 2 {
                    some.into_par_iter().map(read).collect()
                } else {
                    some.into_iter().map(read).collect()
                };
            for (no, last, said, story) in said {
                collect(said, Some(no), collection, aside);
                aside.tell(story);
                if last {
                    collection.close(no);
                }
            }
        }
        for account in subscribers {
            collect(self.rulebook.subscriber(&account.read()), None, collection, aside);
        }
        for uses in &identities {
            collect(self.rulebook.identity(uses), None, collection, aside);
        }
    }
}

/// What was no message, to be filed.
fn unsaid(envelope: &Envelope) -> Work {
    let heard = Heard::bare(envelope);
    Work::Heard(Box::new(Said { heard, manner: None, between: None, head: None, judged: None }))
}

/// What was decoded, being filed into sessions and judged.
struct Filing<'e, 't> {
    engine: &'e Engine,
    tracker: Tracker,
    collection: Collection<'t>,
    aside: Aside,
    manners: BTreeMap<Manner, u64>,
    between: ssp::Tally,
}

impl<'e, 't> Filing<'e, 't> {
    fn new(engine: &'e Engine, collection: Collection<'t>) -> Self {
        let tracker = Tracker::new(Limits::default());
        let (aside, manners, between) = (Aside::default(), BTreeMap::new(), ssp::Tally::default());
        Self { engine, tracker, collection, aside, manners, between }
    }

    /// Files the next items, in order; says whether to go on.
    fn take(&mut self, batch: impl IntoIterator<Item = Work>) -> ControlFlow<()> {
        let Self { engine, tracker, collection, aside, manners, between } = self;
        let meter = engine.rulebook.meter();
        let mut closed = Closed::default();
        let began = meter.begin();
        for item in batch {
            match item {
                Work::Heard(told) => {
                    let Said { heard, manner, between: tally, head, judged } = *told;
                    let peers = (heard.flow.opener, heard.flow.acceptor);
                    let mut owner = tracker.hear(heard, &mut closed);
                    if owner.relayed {
                        continue;
                    }
                    if let Some(admission) = collection.admission() {
                        admission.hear(head, peers, owner.session);
                    }
                    if let Some(tally) = tally {
                        between.add(*tally);
                    }
                    if let Some(manner) = manner {
                        *manners.entry(manner).or_default() += 1;
                    }
                    if let Some((message, said)) = judged {
                        engine.tell(&message, said, (tracker, &mut owner), collection, aside);
                    }
                }
                Work::Gap { flow, proved, direction, loss, at } => {
                    tracker.miss(&flow, proved, direction, loss, at);
                }
                Work::End { flow, end, at } => tracker.end_flow(&flow, end, at),
                Work::Cir(cir) => {
                    tracker.call(&cir, &mut closed);
                }
            }
        }
        meter.end(Stage::Session, began);
        meter.stage(Stage::SessionRules, || engine.judge(closed, collection, aside));
        collection.flow()
    }

    /// Nothing more comes: closes what is open, and finds where each finding stands.
    fn finish(
        mut self,
        inputs: Vec<Input>,
        contents: Contents,
        name: &str,
        locate: impl Fn(FrameNo) -> Option<(Arc<str>, FrameNo)>,
    ) -> Reading {
        let meter = self.engine.rulebook.meter();
        loop {
            let mut closed = Closed::default();
            let more = meter.stage(Stage::Session, || self.tracker.finish(&mut closed));
            let judge = || self.engine.judge(closed, &mut self.collection, &mut self.aside);
            meter.stage(Stage::SessionRules, judge);
            if !more {
                break;
            }
        }
        let (findings, told, dropped) = self.collection.finish();
        let findings = findings.into_iter().map(|finding| Filed::new(finding, name, &locate)).collect();
        for row in self.aside.stories.values_mut().flat_map(|story| &mut story.rows) {
            row.frame = row.frame.and_then(&locate).map(|(_, frame)| frame);
        }
        let contents = Contents { manners: self.manners, between: self.between, ..contents };
        Reading {
            inputs,
            tally: self.tracker.tally(),
            contents,
            findings,
            told,
            dropped,
            aside: self.aside,
            notes: Vec::new(),
        }
    }
}

fn collect(said: Judgement, session: Option<SessionNo>, to: &mut Collection<'_>, aside: &mut Aside) {
    for found in said.found {
        match found {
            Found::Finding(finding) => to.add(*finding, session),
            // Its finding came before it: where that was not kept, neither is this.
            Found::Again(again) if to.add_again(again, session) => {}
            Found::Again(_) => to.drop_one(),
        }
    }
    aside.add(said.doubts, said.panics);
}

/// What is told of the captures: what each is, and what of it could not be read. What flows say is told with the first
/// one that it may be about.
fn inputs(capture: &Capture, failed: Option<String>, counters: &Counters, keys: &Keys) -> Vec<Input> {
    let parts = capture.parts();
    let mut inputs: Vec<Input> = parts.iter().map(input).collect();
    for (link, n) in &counters.unsupported_links {
        let at = parts.iter().position(|part| part.summary.links.iter().any(|l| l.0 == *link)).unwrap_or(0);
        let told = format!("{n} frames of link type {}, which is not read", LinkType(*link));
        inputs.get_mut(at).into_iter().for_each(|input| input.anomalies.push(told.clone()));
    }
    let lost = counters.fragments.lost();
    let fragments = (lost > 0).then(|| format!("{lost} fragmented IP packets, which could not be put together"));
    let encrypted = counters.encrypted_frames;
    let encrypted = (encrypted > 0).then(|| format!("{encrypted} encrypted 802.11 frames, which cannot be read"));
    let (broken, beyond) = keys.faults();
    let broken = (broken > 0).then(|| format!("{broken} lines of its TLS secrets that are none of a key log"));
    let beyond = (beyond > 0).then(|| format!("{beyond} TLS secrets beyond the limit, which are not used"));
    if let Some(first) = inputs.first_mut() {
        let told = [failed, fragments, encrypted, broken, beyond].into_iter().flatten();
        first.anomalies.extend(told.chain(capture.remarks()));
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
    anomalies.extend(part.failed.clone());
    anomalies.extend((part.summary.steps_back > 0).then(|| {
        let (times, largest) = (part.summary.steps_back, Seconds(part.summary.largest_step_back as f64 / 1e9));
        format!("time goes back {times} time{}, by up to {largest}", if times == 1 { "" } else { "s" })
    }));
    Input {
        path: part.name.to_string(),
        format: part.retold.map_or_else(|| part.summary.kind(), str::to_owned),
        packets: *packets,
        bytes: *octets,
        first_time: *first,
        last_time: *last,
        truncated: *truncated,
        anomalies,
        further_anomalies: part.further,
        is_log: false,
    }
}

/// What a capture that was read came to.
struct Reading {
    inputs: Vec<Input>,
    tally: Tally,
    contents: Contents,
    findings: Vec<Filed>,
    told: BTreeMap<&'static str, Told>,
    dropped: u64,
    aside: Aside,
    notes: Vec<Noted>,
}

impl Reading {
    fn file(self, tls: Option<&Context>, outcome: &mut Outcome) {
        let Self { inputs, tally, contents, findings, told, dropped, aside, notes } = self;
        outcome.notes.extend(notes);
        let counters = &contents.flows;
        outcome.tls.add(tls.map(Context::tally).unwrap_or_default());
        outcome.packets += inputs.iter().map(|input| input.packets).sum::<u64>();
        outcome.bytes += inputs.iter().map(|input| input.bytes).sum::<u64>();
        outcome.flows += counters.flows;
        outcome.lost += counters.cut_frames + counters.cut_headers + counters.tally.gaps;
        outcome.contents.add(contents);
        outcome.tally.add(tally);
        outcome.findings.extend(findings);
        for (rule, told) in told {
            *outcome.told.entry(rule).or_default() += told;
        }
        outcome.dropped_findings += dropped;
        let mut stories: Vec<Story> = aside.stories.into_values().collect();
        stories.sort_by_key(|story| story.rows.first().map(|row| row.time));
        outcome.stories.extend(stories);
        for (key, count) in aside.doubts {
            *outcome.rule_doubts.entry(key).or_default() += count;
        }
        let mut panics = aside.panics;
        panics.sort_unstable();
        for same in panics.chunk_by(|a, b| a == b) {
            outcome.internal.extend(same.first().map(|rule| format!("rule {rule} panicked {} times", same.len())));
        }
        outcome.inputs.extend(inputs);
    }
}
