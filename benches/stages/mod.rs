//! The stages of a check, each by itself: what is measured, and what it is given.
//!
//! Captures are generated, so that everybody measures the same octets. What a stage is given is made by those before it
//! and does not count; it is as in a run with one thread.

#![allow(dead_code, reason = "each bench uses what it measures")]
#![allow(clippy::unwrap_used, reason = "a bench without its input cannot go on")]
#![allow(clippy::vec_box, reason = "envelopes are boxed where they are made")]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;

use impslint::capture::{Capture, Window};
use impslint::carrier::{Carried, Envelope};
use impslint::csp::decode::decode;
use impslint::csp::message::Message;
use impslint::csp::{name::VOCABULARY, tokens};
use impslint::engine::{Engine, Rulebook, pipeline};
use impslint::flow::{Interest, StreamEvent, Table};
use impslint::report::{self, Format, Outcome, human};
use impslint::rules::{self, Detail};
use impslint::session::{Closed, Heard, Limits, Tracker};
use impslint::syntax::xml;
use impslint::tls::{Context, KeyLog, Keys};
use impslint::trace::generate::generate;

/// Octets of a capture.
pub(crate) type Octets = Arc<[u8]>;

/// IMPS in XML, nothing else.
pub(crate) const XML: &str = "sessions=20,encoding=xml,open=10,seed=1";
/// IMPS in WBXML, nothing else.
pub(crate) const WBXML: &str = "sessions=20,encoding=wbxml,open=10,seed=2";
/// Little IMPS in much else.
pub(crate) const NOISE: &str = "sessions=2,exchanges=30,noise=0.95,seed=3";
/// Something wrong in every message.
pub(crate) const ODD: &str = "sessions=20,encoding=wbxml,open=10,odd=1,seed=2";

/// Generates a capture.
pub(crate) fn capture(spec: &str) -> Octets {
    let mut octets = Vec::new();
    generate(&spec.parse().unwrap(), &mut octets).unwrap();
    octets.into()
}

fn open(octets: &Octets) -> Capture {
    Capture::from_reader(Box::new(Cursor::new(Arc::clone(octets))), "bench").unwrap()
}

/// Record walk: octets to frames.
pub(crate) fn walk(octets: &Octets) -> usize {
    let (mut capture, mut window, mut frames) = (open(octets), Window::default(), 0);
    while capture.next_window(&mut window).unwrap() {
        frames += window.frames.len();
    }
    frames
}

/// Record walk and flows: octets to streams in order.
pub(crate) fn flow(octets: &Octets) -> usize {
    let (mut capture, mut window, mut data) = (open(octets), Window::default(), 0);
    let mut table: Table<()> = Table::new(|_, _| Interest::Ignored);
    while capture.next_window(&mut window).unwrap() {
        table.walk(&window).advance(&window, &mut |_, _, event, _| {
            if let StreamEvent::Data { bytes, .. } = event {
                data += bytes.len();
            }
            Interest::Followed
        });
    }
    data
}

/// Everything up to HTTP: octets to carried messages.
pub(crate) fn http(octets: &Octets) -> usize {
    carried(octets, |item| usize::from(matches!(item, Carried::Envelope(_)))).into_iter().sum()
}

fn carried<W: Send>(octets: &Octets, work: impl Fn(Carried) -> W + Sync) -> Vec<W> {
    let mut tls = Context::new(Keys::new(Arc::new(KeyLog::default())));
    let mut all = Vec::new();
    let (_, read) = pipeline::run(&mut open(octets), &mut tls, 1, work, |_, batch| {
        all.extend(batch);
        ControlFlow::Continue(())
    });
    read.unwrap();
    all
}

/// What HTTP carried.
pub(crate) fn envelopes(octets: &Octets) -> Vec<Box<Envelope>> {
    let envelope = |item| if let Carried::Envelope(envelope) = item { Some(envelope) } else { None };
    carried(octets, envelope).into_iter().flatten().collect()
}

/// The payloads of messages.
pub(crate) fn bodies(octets: &Octets) -> Vec<Vec<u8>> {
    let bodies = envelopes(octets).into_iter().map(|envelope| envelope.body.into_parts().0);
    bodies.filter(|body| !body.is_empty()).collect()
}

/// XML to trees.
pub(crate) fn xml(bodies: Vec<Vec<u8>>) -> usize {
    bodies.into_iter().map(|body| xml::parse(body, VOCABULARY, None).document.len()).sum()
}

/// WBXML to trees.
pub(crate) fn wbxml(bodies: Vec<Vec<u8>>) -> usize {
    bodies.iter().map(|body| tokens::read(body, None).0.document.len()).sum()
}

/// Payloads to messages, trees included.
pub(crate) fn csp(envelopes: Vec<Box<Envelope>>) -> Vec<Message> {
    envelopes.into_iter().filter_map(|envelope| decode(envelope).ok()).collect()
}

/// Decoded messages.
pub(crate) fn messages(octets: &Octets) -> Vec<Message> {
    csp(envelopes(octets))
}

/// Every rule, and messages for those about them.
pub(crate) fn judged(octets: &Octets) -> (Rulebook, Vec<Message>) {
    (rulebook(), messages(octets))
}

fn rulebook() -> Rulebook {
    Rulebook::new(rules::all()).unwrap()
}

/// The rules about messages.
pub(crate) fn message_rules((rulebook, messages): &(Rulebook, Vec<Message>)) -> usize {
    messages.iter().map(|message| rulebook.message(message, Detail::Brief).found.len()).sum()
}

/// What is remembered of messages.
pub(crate) fn hear(messages: &[Message]) -> Vec<Heard> {
    messages.iter().map(Heard::message).collect()
}

/// What was heard, answers without a body too.
pub(crate) fn heard(octets: &Octets) -> Vec<Heard> {
    let hear = |envelope| match decode(envelope) {
        Ok(message) => Heard::message(&message),
        Err(envelope) => Heard::bare(&envelope),
    };
    envelopes(octets).into_iter().map(hear).collect()
}

/// What was heard to sessions.
pub(crate) fn session(heard: Vec<Heard>) -> Closed {
    let (mut tracker, mut closed) = (Tracker::new(Limits::default()), Closed::default());
    heard.into_iter().for_each(|heard| drop(tracker.hear(heard, &mut closed)));
    while tracker.finish(&mut closed) {}
    closed
}

/// Every rule, and sessions for those about them.
pub(crate) fn over(octets: &Octets) -> (Rulebook, Closed) {
    (rulebook(), session(heard(octets)))
}

/// The rules about sessions and transactions, the sessions being unpacked for them.
pub(crate) fn session_rules((rulebook, closed): (Rulebook, Closed)) -> usize {
    closed.sessions.into_iter().map(|chapter| rulebook.session(&chapter.read()).found.len()).sum()
}

/// A whole check with every rule on one thread, the report left out.
pub(crate) fn whole(octets: &Octets) -> Outcome {
    let mut outcome = Outcome::default();
    Engine::new(rulebook(), 1).check(&mut open(octets), &mut outcome);
    outcome
}

/// A report.
pub(crate) fn report((outcome, format): &(Outcome, Format)) -> usize {
    let mut out = Vec::new();
    report::write(outcome, *format, &mut out).unwrap();
    out.len()
}

/// The format for people.
pub(crate) const HUMAN: Format = Format::Human(human::Options { width: 100, color: false, full: true });

/// The findings of a capture, and how they are told.
pub(crate) fn found(octets: &Octets, format: Format) -> (Outcome, Format) {
    (whole(octets), format)
}
