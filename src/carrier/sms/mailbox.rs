//! The mailbox of a flow: short messages in, whole payloads of IMPS out.

use std::sync::Arc;

use super::super::recognise::{self, Media, Verdict};
use super::super::{Anomaly, Carried, Carrier, Cir, Direction, Envelope, Gateway, Headers, Start, cir};
use super::join::Joiner;
use super::units::{self, Units};
use super::{Ports, Preamble, Segment, Short};
use crate::flow::FlowInfo;
use crate::time::Time;
use crate::wire::Wire;

// Ports as IANA has them.
const DATA: u16 = 3590;
const CIR: u16 = 3716;
const PUSH: u16 = 2948;

/// Digits of an MSISDN, by which a message names its subscriber.
const MSISDN: std::ops::RangeInclusive<usize> = 8..=15;

/// What parts of one message have in common.
#[derive(Clone, PartialEq, Eq)]
struct Split {
    ends: (Box<str>, Box<str>),
    ports: Option<Ports>,
    reference: u16,
    total: u8,
}

/// What segments of one payload in the plain-text syntax have in common.
#[derive(Clone, PartialEq, Eq)]
struct Cut {
    ends: (Box<str>, Box<str>),
    /// The preamble up to its segment.
    preamble: Box<[u8]>,
    total: u8,
}

/// Puts the short messages of a flow together and tells which are of IMPS.
#[derive(Default)]
pub struct Mailbox {
    parts: Joiner<Split>,
    segments: Joiner<Cut>,
    units: Units,
}

impl Mailbox {
    /// Takes a short message, in the order of capture; appends what it completes and what was waited for too long. The
    /// flow is turned so that its opener is the client, or what stands for it.
    pub fn take(&mut self, flow: &Arc<FlowInfo>, short: Short, out: &mut Vec<Carried>) {
        self.expire(flow, short.end, out);
        let Some(share) = short.share else { return self.whole(flow, short, out) };
        let ends = (short.source.clone(), short.destination.clone());
        let split = Split { ends, ports: short.ports, reference: share.reference, total: share.total };
        let mut done = Vec::new();
        let index = usize::from(share.number).saturating_sub(1);
        self.parts.take(split, index, usize::from(share.total), short, &mut |_, short| done.push(short));
        done.into_iter().for_each(|short| self.whole(flow, short, out));
    }

    /// Appends what is not whole: nothing more comes.
    pub fn finish(&mut self, flow: &Arc<FlowInfo>, out: &mut Vec<Carried>) {
        let mut done = Vec::new();
        self.parts.finish(&mut |_, short| done.push(short));
        done.into_iter().for_each(|short| self.whole(flow, short, out));
        self.segments.finish(&mut |cut, short| out.push(envelope(flow, whole_again(&cut, short))));
        self.units.finish(out);
    }

    /// From here on what is missing may have been lost by the capture.
    pub fn lose(&mut self) {
        self.parts.lose();
        self.segments.lose();
    }

    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        self.parts.held() + self.segments.held() + self.units.held()
    }

    fn expire(&mut self, flow: &Arc<FlowInfo>, now: Time, out: &mut Vec<Carried>) {
        let mut done = Vec::new();
        self.parts.expire(now, &mut |_, short| done.push(short));
        done.into_iter().for_each(|short| self.whole(flow, short, out));
        self.segments.expire(now, &mut |cut, short| out.push(envelope(flow, whole_again(&cut, short))));
    }

    /// Takes a message that is not split, or not any more.
    fn whole(&mut self, flow: &Arc<FlowInfo>, short: Short, out: &mut Vec<Carried>) {
        if short.uses(units::PORT) {
            return self.units.take(flow, &short, out);
        }
        let text = short.plain();
        if self.is_imps(flow, &short, text, out) {
            return;
        }
        // Some send septets and call them octets.
        let doubtful = short.uses(DATA) || short.uses(CIR);
        if doubtful && short.unpacked().any(|text| self.is_imps(flow, &short, text, out)) {
            return;
        }
        if short.uses(DATA) {
            let text = short.plain();
            out.push(envelope(flow, Short { text, ..short }));
        }
    }

    /// Hands over a message that is of IMPS by how its text begins; `false` for any other.
    fn is_imps(&mut self, flow: &Arc<FlowInfo>, short: &Short, text: Wire, out: &mut Vec<Carried>) -> bool {
        let pushed = short.ports.is_some_and(|ports| ports.destination == PUSH);
        if let Some(preamble) = Preamble::read(text.bytes()).filter(|_| !pushed) {
            let direction = match preamble.is_from_client() {
                Some(true) => Direction::ClientToServer,
                Some(false) => Direction::ServerToClient,
                None => short.direction,
            };
            let short = Short { text, direction, ..short.clone() };
            match preamble.segment.filter(|segment| segment.total > 1 && segment.index < segment.total) {
                Some(segment) => self.segment(flow, short, &preamble, segment, out),
                None => out.push(envelope(flow, short)),
            }
            return true;
        }
        if let Some(cir) = wake_up(flow, short, &text, pushed) {
            out.push(Carried::Cir(cir));
            return true;
        }
        let is_document = recognise::body(text.bytes(), Media::Open) == Verdict::Imps;
        if is_document {
            out.push(envelope(flow, Short { text, ..short.clone() }));
        }
        is_document
    }

    /// Takes a segment of a payload in the plain-text syntax.
    fn segment(
        &mut self,
        flow: &Arc<FlowInfo>,
        short: Short,
        preamble: &Preamble,
        segment: Segment,
        out: &mut Vec<Carried>,
    ) {
        let up_to_segment = short.text.bytes().get(..preamble.transaction.end).unwrap_or_default();
        let cut = Cut {
            ends: (short.source.clone(), short.destination.clone()),
            preamble: up_to_segment.to_ascii_uppercase().into(),
            total: segment.total,
        };
        // The first keeps the preamble, so that it stands where it stood.
        let start = preamble.end + usize::from(short.text.len() > preamble.end);
        let mut text = short.text.slice(start..short.text.len());
        if segment.index == 0 {
            let mut first = short.text.slice(0..preamble.transaction.end);
            first.append(&short.text.slice(preamble.end..start));
            first.append(&text);
            text = first;
        }
        let short = Short { text, ..short };
        let (index, total) = (usize::from(segment.index), usize::from(segment.total));
        self.segments
            .take(cut, index, total, short, &mut |cut, short| out.push(envelope(flow, whole_again(&cut, short))));
    }
}

/// A payload whose first segment is missing still says in the others what it is.
fn whole_again(cut: &Cut, short: Short) -> Short {
    if !short.text.is_empty() {
        return short;
    }
    let mut text = Wire::default();
    let frame = short.frames.first;
    text.push(&cut.preamble, frame, None);
    Short { text, ..short }
}

/// The wake-up, or the introduction of a client, that a message holds.
fn wake_up(flow: &Arc<FlowInfo>, short: &Short, text: &Wire, pushed: bool) -> Option<Box<Cir>> {
    let bearer = if pushed { cir::Bearer::Push } else { cir::Bearer::Sms };
    let flow = Arc::clone(flow);
    if let Some(cir) = Cir::wake_up(Arc::clone(&flow), bearer, text.bytes(), short.frames, short.end) {
        // A push begins with its number and what it is.
        let push_id = text.bytes().first().copied().filter(|_| pushed);
        return Some(Box::new(Cir { push_id, ..*cir }));
    }
    match cir::Line::read(text.bytes()).filter(|_| short.uses(CIR))? {
        cir::Line::Hello(id) => Some(Box::new(Cir::hello(flow, bearer, id, short.frames, short.end))),
        _ => None,
    }
}

fn envelope(flow: &Arc<FlowInfo>, short: Short) -> Carried {
    let odd = [(short.overlong, Anomaly::OverlongShort), (short.misses_part, Anomaly::MissingPart)];
    let number = short.subscriber();
    let number = number.strip_prefix('+').unwrap_or(number);
    let is_number = MSISDN.contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    // The network says whose message it is, and no connection is the client's.
    let gateway = Gateway { hops: 0, between: true, msisdn: is_number.then(|| number.into()), client: None };
    Carried::Envelope(Box::new(Envelope {
        flow: Arc::clone(flow),
        carrier: Carrier::Sms,
        direction: short.direction,
        exchange: 0,
        start: Start::Message,
        content_type: None,
        headers: Headers::default(),
        gateway: Some(Box::new(gateway)),
        body: short.text,
        wholeness: short.whole,
        wire_octets: short.octets,
        frames: short.frames,
        start_time: short.start,
        end_time: short.end,
        compressed: false,
        closes: false,
        anomalies: odd.into_iter().filter_map(|(is, what)| is.then_some(what)).collect(),
    }))
}
