//! The two ways of a flow that may be HTTP, read in the order of capture.

use std::sync::Arc;

use super::Interest;
use super::body::Framing;
use super::head::{Kind, Look, look};
use super::lane::{Held, Hole, Lane, Segment, State};
use super::message::Spot;
use super::pairing::Pairing;
use super::reading::blank;
use crate::carrier::{Carried, Direction};
use crate::flow::{End, FlowInfo, StreamEvent, Way};

/// Octets that are searched for a start line in a flow without IMPS, where it began before the capture, octets are
/// missing or make no sense. A flow without one in so many is given up.
pub const PATIENCE: usize = 64 * 1024;
/// Gaps of a flow that are told, and remembered, before it proves to carry IMPS.
pub const GAPS_REMEMBERED: usize = 4;
/// Octets of answers captured before their request that are held until it comes.
pub const HELD_MAX: usize = 64 * 1024;
/// Events of answers captured before their request that are held until it comes.
pub const HELD_EVENTS_MAX: usize = 256;

/// Whether a flow that begins with this event is not HTTP.
pub(super) fn is_plainly_other(flow: &FlowInfo, event: StreamEvent<'_>) -> bool {
    match event {
        StreamEvent::Data { bytes, .. } if flow.opening_seen => {
            let bytes = bytes.get(blank(bytes)..).unwrap_or_default();
            look(bytes, None) == Look::Other
        }
        _ => false,
    }
}

/// What an event is answered with: the flow, and where the items go.
pub(super) struct Output<'o> {
    flow: &'o FlowInfo,
    pub(super) items: &'o mut Vec<Carried>,
}

/// The two ways of a flow that may be HTTP.
pub(super) struct Conversation {
    lanes: [Lane; 2],
    /// The way of the requests, once a start line was seen.
    pub(super) client: Option<Way>,
    pub(super) pairing: Pairing,
    /// The flow, turned, once it proved to carry IMPS.
    pub(super) imps: Option<Arc<FlowInfo>>,
    holes: Vec<Hole>,
    /// Octets in which a start line was searched since the last one.
    pub(super) searched: usize,
    pub(super) held: Vec<Held>,
    held_octets: usize,
    /// Whether answers no longer wait for requests that are late.
    never_hold: bool,
    /// The way that was closed first.
    closer: Option<Way>,
    /// Whether nothing more is wanted.
    pub(super) over: bool,
    /// Whether that is because something else begins.
    tunnel: bool,
}

impl Conversation {
    pub(super) fn new(flow: &FlowInfo) -> Self {
        let state = || if flow.opening_seen { State::Between } else { State::Lost };
        Self {
            lanes: [Lane::new(state()), Lane::new(state())],
            client: None,
            pairing: Pairing::new(flow.opening_seen),
            imps: None,
            holes: Vec::new(),
            searched: 0,
            held: Vec::new(),
            held_octets: 0,
            never_hold: false,
            closer: None,
            over: false,
            tunnel: false,
        }
    }

    pub(super) fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, items: &mut Vec<Carried>) -> Interest {
        let out = &mut Output { flow, items };
        if matches!(event, StreamEvent::End { .. }) {
            self.never_hold = true;
            self.release(out);
        }
        self.dispatch(event, out);
        self.release(out);
        match self.client {
            _ if self.over && self.tunnel => Interest::Tunnel,
            _ if self.over => Interest::Ignore,
            Some(_) => Interest::Keep,
            None => Interest::Undecided,
        }
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        let lanes: usize = self.lanes.iter().map(Lane::held).sum();
        size_of::<Self>() + lanes + self.held_octets + self.held.len() * size_of::<Held>() + self.pairing.held()
    }

    fn dispatch(&mut self, event: StreamEvent<'_>, out: &mut Output<'_>) {
        match event {
            StreamEvent::Data { way, bytes, frame, offset, time } => {
                let segment = Segment { way, bytes, frame, offset, time, fresh: true };
                if self.holds(way) { self.hold(segment) } else { self.data(segment, out) }
            }
            StreamEvent::Gap { way, octets, loss, frame, time } => {
                if self.holds(way) {
                    let event = StreamEvent::Gap { way, octets, loss, frame, time };
                    self.held.push(Held { event, bytes: Vec::new() });
                } else {
                    self.gap(Hole { way, loss, spot: Spot { frame, time } }, octets, out);
                }
            }
            StreamEvent::End { way, end, frame, time } => self.end(way, end, Spot { frame, time }, out),
            StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => {}
        }
    }

    pub(super) fn lane(&mut self, way: Way) -> &mut Lane {
        let [forward, reverse] = &mut self.lanes;
        match way {
            Way::Forward => forward,
            Way::Reverse => reverse,
        }
    }

    /// The kind of message that this way carries, where it is known.
    pub(super) fn expected(&self, way: Way) -> Option<Kind> {
        self.client.map(|client| if client == way { Kind::Request } else { Kind::Answer })
    }

    /// Whether the request of an answer that starts now is still to come, as far as one is worth waiting for.
    pub(super) fn is_ahead(&self) -> bool {
        !self.never_hold && self.pairing.is_ahead()
    }

    /// The flow, turned so that its opener is the client; it has just proved to carry IMPS, or did before.
    pub(super) fn prove(&mut self, out: &mut Output<'_>) -> Arc<FlowInfo> {
        if let Some(flow) = &self.imps {
            return Arc::clone(flow);
        }
        let flow = Arc::new(self.turned(out.flow));
        self.imps = Some(Arc::clone(&flow));
        for hole in std::mem::take(&mut self.holes) {
            self.tell(hole, out);
        }
        flow
    }

    /// The flow, turned, whether it proved to carry IMPS or not.
    pub(super) fn flow(&self, out: &Output<'_>) -> Arc<FlowInfo> {
        self.imps.clone().unwrap_or_else(|| Arc::new(self.turned(out.flow)))
    }

    /// The flow, turned so that its opener is the client where that is known.
    fn turned(&self, flow: &FlowInfo) -> FlowInfo {
        let mut flow = flow.clone();
        if self.client == Some(Way::Reverse) {
            std::mem::swap(&mut flow.opener, &mut flow.acceptor);
        }
        flow
    }

    /// What comes both ways is no HTTP any more.
    pub(super) fn tunnel(&mut self) {
        for lane in &mut self.lanes {
            lane.state = State::Done;
            lane.clear();
        }
        self.never_hold = true;
        self.tunnel = !self.over && self.imps.is_none();
        self.over |= self.tunnel;
    }

    /// Reading this way got out of step: messages may have been swallowed.
    pub(super) fn lose_step(&mut self, way: Way) {
        let lane = self.lane(way);
        lane.state = State::Lost;
        lane.clear();
        for kind in [Kind::Request, Kind::Answer] {
            if self.expected(way).is_none_or(|expected| expected == kind) {
                self.pairing.missing(kind);
            }
        }
    }

    fn gap(&mut self, hole: Hole, octets: Option<u64>, out: &mut Output<'_>) {
        let (way, loss, spot) = (hole.way, hole.loss, hole.spot);
        if matches!(self.lane(way).state, State::Done) {
            return;
        }
        self.tell(hole, out);
        self.settle(way, out);
        let expected = self.expected(way);
        let State::Body(message) = &mut self.lane(way).state else { return self.lose_step(way) };
        message.lose(loss);
        let open = message.framing == Framing::UntilClose;
        let in_step = message.framing.skip(octets) && !(open && expected == Some(Kind::Request));
        let is_over = !in_step || message.framing.is_empty();
        if in_step {
            message.grow(octets.unwrap_or(0), spot);
        }
        if is_over {
            self.finish(way, out);
        }
        if !in_step {
            self.lose_step(way);
        } else if open {
            self.pairing.missing(Kind::Answer);
        }
    }

    /// Hands over a gap, and remembers it until the flow proves to carry IMPS.
    pub(super) fn tell(&mut self, hole: Hole, out: &mut Output<'_>) {
        let from_client = self.client.unwrap_or(Way::Forward) == hole.way;
        let flow = match &self.imps {
            Some(flow) => Arc::clone(flow),
            None if self.holes.len() < GAPS_REMEMBERED => {
                self.holes.push(hole);
                Arc::new(self.turned(out.flow))
            }
            None => return,
        };
        out.items.push(Carried::Gap {
            flow,
            proved: self.imps.is_some(),
            direction: if from_client { Direction::ClientToServer } else { Direction::ServerToClient },
            loss: hole.loss,
            time: hole.spot.time,
            frame: hole.spot.frame,
        });
    }

    fn end(&mut self, way: Way, end: End, spot: Spot, out: &mut Output<'_>) {
        self.end_lane(way, end, out);
        if matches!(end, End::Closed | End::Reset) {
            self.closer.get_or_insert(way);
        }
        if end == End::Reset {
            self.end_lane(way.opposite(), end, out);
        }
        let [forward, reverse] = &self.lanes;
        let (Some(one), Some(other), false) = (forward.ended, reverse.ended, self.over) else { return };
        self.over = true;
        let Some(flow) = &self.imps else { return };
        let both = [one, other];
        let end =
            [End::Evicted, End::Reset, End::Open].into_iter().find(|end| both.contains(end)).unwrap_or(End::Closed);
        let closer = self
            .closer
            .zip(self.client)
            .map(|(way, client)| if way == client { Direction::ClientToServer } else { Direction::ServerToClient });
        // Where the client was not seen closing, it may have been the first all the same.
        let all_seen = matches!(end, End::Closed | End::Reset);
        let by = closer.filter(|by| all_seen || *by == Direction::ClientToServer);
        out.items.push(Carried::End { flow: Arc::clone(flow), end, by, time: spot.time, frame: spot.frame });
    }

    fn end_lane(&mut self, way: Way, end: End, out: &mut Output<'_>) {
        let lane = self.lane(way);
        if lane.ended.is_some() {
            return;
        }
        lane.ended = Some(end);
        if let State::Body(message) = &mut lane.state {
            message.stop(end);
            self.finish(way, out);
        }
        let lane = self.lane(way);
        lane.state = State::Done;
        lane.clear();
    }

    /// Whether events of this way wait.
    fn holds(&self, way: Way) -> bool {
        !self.held.is_empty() && self.client == Some(way.opposite())
    }

    pub(super) fn hold(&mut self, segment: Segment<'_>) {
        let Segment { way, bytes, frame, offset, time, .. } = segment;
        self.held_octets += bytes.len();
        let event = StreamEvent::Data { way, bytes: &[], frame, offset, time };
        self.held.push(Held { event, bytes: bytes.to_vec() });
    }

    /// Reads what waited, as far as it need not wait any longer.
    pub(super) fn release(&mut self, out: &mut Output<'_>) {
        if self.held_octets > HELD_MAX || self.held.len() > HELD_EVENTS_MAX {
            self.never_hold = true;
        }
        if self.held.is_empty() || self.is_ahead() {
            return;
        }
        self.held_octets = 0;
        for Held { event, bytes } in std::mem::take(&mut self.held) {
            let event = match event {
                StreamEvent::Data { way, frame, offset, time, .. } => {
                    StreamEvent::Data { way, bytes: &bytes, frame, offset, time }
                }
                other => other,
            };
            self.dispatch(event, out);
        }
    }
}
