//! A message whose head is read: what becomes of its body, and the envelope it ends as.

use std::sync::Arc;

use super::body::Framing;
use super::facts::Facts;
use super::head::{self, Head, Kind, Look, StartLine, slots};
use super::pairing::{Asked, Method};
use crate::carrier::cir::{self, Check};
use crate::carrier::coding::{self, Coding, undo_coding};
use crate::carrier::recognise::{self, Media, SNIFF_MAX, Verdict};
use crate::carrier::{Anomaly, Carrier, Direction, Envelope, Start, Wholeness};
use crate::flow::{End, FlowInfo, Loss};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange, Piece, Wire};

/// Octets of a body, as transferred, that are kept. What comes after is only counted.
pub const BODY_MAX: usize = 16 * 1024 * 1024;
/// Runs of octets (segments or chunks) of a body that are kept. What comes after is only counted.
pub const BODY_RUNS_MAX: u32 = 64 * 1024;

/// Where and when an octet was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Spot {
    pub(super) frame: FrameNo,
    pub(super) time: Time,
}

/// What becomes of a body.
enum Fate {
    /// It is counted.
    Skip,
    /// Its start is kept until it tells whether this is IMPS.
    Sniff,
    /// It is kept for this envelope.
    Keep(Box<Envelope>),
}

/// The extent of a message: what its envelope says of octets, frames and times.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Extent {
    octets: u64,
    frames: FrameRange,
    start_time: Time,
    end_time: Time,
}

impl Default for Extent {
    fn default() -> Self {
        Self { octets: 0, frames: FrameRange::default(), start_time: Time(0), end_time: Time(0) }
    }
}

impl Extent {
    fn grow(&mut self, octets: u64, to: Spot) {
        self.octets = self.octets.saturating_add(octets);
        self.frames.first = self.frames.first.min(to.frame);
        self.frames.last = self.frames.last.max(to.frame);
        self.end_time = self.end_time.max(to.time);
    }

    fn fill(&self, envelope: &mut Envelope) {
        envelope.wire_octets = u32::try_from(self.octets).unwrap_or(u32::MAX);
        envelope.frames = self.frames;
        envelope.start_time = self.start_time;
        envelope.end_time = self.end_time;
    }
}

/// A request without its body, kept until its answer shows whether it is IMPS.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Draft {
    pub(super) head: Vec<u8>,
    extent: Extent,
    wholeness: Option<Wholeness>,
}

impl Draft {
    /// The envelope of this request, without a body.
    pub(super) fn into_envelope(self, flow: &Arc<FlowInfo>, exchange: u32) -> Option<Box<Envelope>> {
        let mut envelope = envelope_of(&self.head, flow, exchange)?;
        self.extent.fill(&mut envelope);
        envelope.wholeness = self.wholeness.unwrap_or(Wholeness::Complete);
        Some(envelope)
    }

    /// The URL that this request asks for.
    fn url(&self) -> Option<Box<str>> {
        let Look::Start(line) = head::look(&self.head, None) else { return None };
        let Start::Request { target, .. } = line.start.to_start() else { return None };
        if target.contains("://") {
            return Some(target.into());
        }
        let mut slots = slots();
        let headers = head::read(&self.head, line, &mut slots)?.headers();
        Some(format!("http://{}{target}", headers.get("Host")?).into())
    }
}

/// The envelope that this head begins.
pub(crate) fn envelope_of(bytes: &[u8], flow: &Arc<FlowInfo>, exchange: u32) -> Option<Box<Envelope>> {
    let Look::Start(line) = head::look(bytes, None) else { return None };
    let mut slots = slots();
    let head = head::read(bytes, line, &mut slots)?;
    Some(envelope(&head, &head.facts(), flow, exchange))
}

/// The envelope that `head` begins; extent, body and wholeness are those of an empty message.
fn envelope(head: &Head<'_, '_>, facts: &Facts<'_>, flow: &Arc<FlowInfo>, exchange: u32) -> Box<Envelope> {
    let kind = head.line.start.kind();
    Box::new(Envelope {
        flow: Arc::clone(flow),
        carrier: Carrier::Http,
        direction: match kind {
            Kind::Request => Direction::ClientToServer,
            Kind::Answer => Direction::ServerToClient,
        },
        exchange,
        start: head.line.start.to_start(),
        content_type: facts.content_type.map(|value| head::text(value, head::VALUE_KEPT).into_owned()),
        headers: head.headers(),
        gateway: if kind == Kind::Request { facts.gateway.gateway() } else { None },
        body: Wire::default(),
        wholeness: Wholeness::Complete,
        wire_octets: 0,
        frames: FrameRange::default(),
        start_time: Time::default(),
        end_time: Time::default(),
        compressed: false,
        closes: facts.closes(),
        anomalies: head.anomalies(facts),
    })
}

/// A message whose body is being read.
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) exchange: u32,
    /// The request that this answers, where it is known.
    pub(super) asked: Option<Asked>,
    pub(super) framing: Framing,
    pub(super) bad_chunk: bool,
    fate: Fate,
    media: Media,
    coding: Coding,
    expects: bool,
    /// What it says where it answers a check whether something waits.
    says: Option<cir::Kind>,
    /// Octets behind the head of a message without payload.
    least: u64,
    extent: Extent,
    head_octets: u64,
    body: Wire,
    runs: u32,
    wholeness: Wholeness,
}

impl Message {
    /// Octets of memory that its body takes.
    pub(super) fn held(&self) -> usize {
        self.body.len() + self.runs as usize * size_of::<Piece>()
    }

    /// The message that `head` begins, from its first octet to its blank line. `imps` is the flow where the message is
    /// known to be IMPS by its head or by the other half of its exchange.
    pub(super) fn new(
        head: &Head<'_, '_>,
        facts: &Facts<'_>,
        (exchange, asked): (u32, Option<Asked>),
        framing: Framing,
        (from, to): (Spot, Spot),
        imps: Option<&Arc<FlowInfo>>,
    ) -> Self {
        let worth_a_look = !facts.coding.is_known() || facts.media.is_worth_inflating();
        let fate = match imps {
            Some(flow) => Fate::Keep(envelope(head, facts, flow, exchange)),
            None if framing.is_empty() || !worth_a_look => Fate::Skip,
            None => Fate::Sniff,
        };
        let says = match head.line.start {
            StartLine::Answer { status } if imps.is_none() => cir::kind_of_status(status),
            _ => None,
        };
        let frames = FrameRange { first: from.frame, last: from.frame };
        let mut extent = Extent { octets: 0, frames, start_time: from.time, end_time: from.time };
        extent.grow(head.len as u64, to);
        Self {
            kind: head.line.start.kind(),
            exchange,
            says: says.filter(|_| asked.as_ref().is_some_and(|asked| asked.method == Method::Get)),
            asked,
            framing,
            bad_chunk: false,
            fate,
            media: facts.media,
            coding: facts.coding,
            expects: facts.expects,
            least: if facts.chunked { b"0\r\n\r\n".len() as u64 } else { 0 },
            extent,
            head_octets: extent.octets,
            body: Wire::default(),
            runs: 0,
            wholeness: Wholeness::Complete,
        }
    }

    /// Whether its head is needed later: to make an envelope of it, or of the request without its body.
    pub(super) fn needs_head(&self) -> bool {
        match self.fate {
            Fate::Keep(_) => false,
            Fate::Sniff => true,
            Fate::Skip => self.kind == Kind::Request,
        }
    }

    /// Whether the sender may go without sending the body: it asked for leave and none of the body has come.
    pub(super) fn awaits_leave(&self) -> bool {
        self.expects && self.extent.octets == self.head_octets
    }

    /// Counts octets of the body as transferred.
    pub(super) fn grow(&mut self, octets: u64, to: Spot) {
        self.extent.grow(octets, to);
    }

    pub(super) fn last_frame(&self) -> FrameNo {
        self.extent.frames.last
    }

    /// Takes a run of payload; `true` where it shows that the message is IMPS, which [`prove`](Self::prove) acts on.
    pub(super) fn payload(&mut self, bytes: &[u8], frame: FrameNo, offset: Option<u32>) -> bool {
        match self.fate {
            Fate::Skip => return false,
            Fate::Keep(_) => {
                self.keep(bytes, frame, offset);
                return false;
            }
            Fate::Sniff => {}
        }
        let in_place = self.body.is_empty() && !self.coding.is_known();
        if in_place && recognise::body(bytes, self.media) == Verdict::Other {
            self.fate = Fate::Skip;
            return false;
        }
        self.keep(bytes, frame, offset);
        let start = self.body.bytes();
        let verdict = match self.coding.is_known() {
            true if start.len() < SNIFF_MAX => Verdict::Unsure,
            true => self.verdict_inside(),
            false => recognise::body(start, self.media),
        };
        if verdict == Verdict::Other || verdict == Verdict::Unsure && start.len() >= SNIFF_MAX {
            self.dismiss();
        }
        verdict == Verdict::Imps
    }

    /// Decides with what there is whether the message is IMPS, as nothing more will tell; `true` where it just showed.
    pub(super) fn settle(&mut self) -> bool {
        if !matches!(self.fate, Fate::Sniff) {
            return false;
        }
        let imps = self.coding.is_known() && self.verdict_inside() == Verdict::Imps;
        if !imps {
            self.dismiss();
        }
        imps
    }

    fn verdict_inside(&self) -> Verdict {
        let plain = coding::undo(self.coding, self.body.bytes(), SNIFF_MAX);
        let start = if plain.bytes.is_empty() { self.body.bytes() } else { &plain.bytes };
        recognise::body(start, self.media)
    }

    fn dismiss(&mut self) {
        self.fate = Fate::Skip;
        self.body = Wire::default();
    }

    /// Makes it an IMPS message of `flow`; `head` is its head.
    pub(super) fn prove(&mut self, head: &[u8], flow: &Arc<FlowInfo>) {
        if let Some(envelope) = envelope_of(head, flow, self.exchange) {
            self.fate = Fate::Keep(envelope);
        }
    }

    fn keep(&mut self, bytes: &[u8], frame: FrameNo, offset: Option<u32>) {
        if self.wholeness != Wholeness::Complete || bytes.is_empty() {
            return;
        }
        let room = BODY_MAX.saturating_sub(self.body.len());
        if room < bytes.len() || self.runs >= BODY_RUNS_MAX {
            self.wholeness = Wholeness::Limit;
        }
        if self.runs < BODY_RUNS_MAX {
            self.runs += 1;
            self.body.push(bytes.get(..room).unwrap_or(bytes), frame, offset);
        }
    }

    /// Octets of it are missing. Nothing that comes after them is kept.
    pub(super) fn lose(&mut self, loss: Loss) {
        if !matches!(self.wholeness, Wholeness::Lost(_)) {
            self.wholeness = Wholeness::Lost(loss);
        }
    }

    /// A limit of ours keeps its end from being found.
    pub(super) fn give_up(&mut self) {
        if self.wholeness == Wholeness::Complete {
            self.wholeness = Wholeness::Limit;
        }
    }

    /// Its body stops before its end, or it stops where the stream does.
    pub(super) fn stop(&mut self, end: End) {
        let whole = self.framing == Framing::UntilClose && end == End::Closed;
        if self.wholeness == Wholeness::Complete && !whole {
            self.wholeness = match end {
                End::Open => Wholeness::OpenAtEnd,
                End::Evicted => Wholeness::Limit,
                End::Closed | End::Reset => Wholeness::ClosedEarly,
            };
        }
    }

    /// The check that it answers, with its request: a GET and an answer without a body, which may be one.
    pub(super) fn check(&self, request: &Draft) -> Option<Check> {
        let is_empty = self.extent.octets - self.head_octets == self.least && self.wholeness == Wholeness::Complete;
        let kind = self.says.filter(|_| is_empty && request.wholeness.is_none())?;
        let of = |extent: &Extent| (extent.frames, extent.end_time);
        Some(Check { url: request.url()?, asked: of(&request.extent), kind, answered: of(&self.extent) })
    }

    /// The finished message: its envelope where it is IMPS; else a draft of it with `head`, where it is a request.
    pub(super) fn finish(self, head: &[u8]) -> Finished {
        let Self { fate, extent, mut wholeness, body, coding, bad_chunk, .. } = self;
        let Fate::Keep(mut envelope) = fate else {
            let whole = (wholeness != Wholeness::Complete).then_some(wholeness);
            let draft = || Draft { head: head.to_vec(), extent, wholeness: whole };
            return Finished::Other((self.kind == Kind::Request).then(draft));
        };
        extent.fill(&mut envelope);
        if bad_chunk {
            envelope.anomalies.push(Anomaly::BadChunkSize);
        }
        envelope.body = body;
        if !envelope.body.is_empty() {
            undo_coding(&mut envelope, coding, &mut wholeness);
        }
        envelope.wholeness = wholeness;
        Finished::Imps(envelope)
    }
}

/// What a message ends as.
pub(super) enum Finished {
    Imps(Box<Envelope>),
    Other(Option<Draft>),
}
