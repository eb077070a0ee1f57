//! A TCP flow that may be SMPP.

use std::ops::Range;
use std::sync::Arc;

use super::super::{Carried, Direction};
use super::Mailbox;
use super::pdu::{self, HEADER, Header, Use};
use crate::flow::{End, FlowInfo, Loss, StreamEvent, Way};
use crate::time::Time;
use crate::wire::{FrameNo, Wire};

/// Octets of a PDU; a longer one is none. A payload of 64 KiB fits.
pub const PDU_MAX: usize = 80 * 1024;
/// Gaps of a link that are told, and remembered, before it proves to carry IMPS.
const GAPS_REMEMBERED: usize = 4;
/// Octets in which a PDU is searched where a link is out of step; without one it is given up unless it carried IMPS.
const PATIENCE: usize = 64 * 1024;

/// One way of a link.
#[derive(Default)]
struct Lane {
    /// The beginning of a PDU.
    partial: Wire,
    began: Time,
    /// Octets still to come of a PDU that is not wanted.
    skip: usize,
    /// Whether PDUs have to be found again.
    lost: bool,
    ended: Option<End>,
}

/// Octets that are missing.
#[derive(Clone, Copy)]
struct Hole {
    way: Way,
    loss: Loss,
    frame: FrameNo,
    time: Time,
}

/// A segment of a link.
#[derive(Clone, Copy)]
struct Run<'w> {
    way: Way,
    bytes: &'w [u8],
    frame: FrameNo,
    offset: Option<u32>,
    time: Time,
}

/// One TCP flow, read as SMPP.
///
/// Of the requests that log in to a message centre nothing is kept, whatever they hold.
#[derive(Default)]
pub struct Link {
    lanes: [Lane; 2],
    /// Whether a whole header was read.
    certain: bool,
    /// The way of whoever sends through the message centre: the server of IMPS, or its gateway.
    server: Option<Way>,
    mailbox: Mailbox,
    /// The flow, turned, once it proved to carry IMPS.
    imps: Option<Arc<FlowInfo>>,
    turned: Option<Arc<FlowInfo>>,
    holes: Vec<Hole>,
    searched: usize,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link of {} octets", self.held())
    }
}

impl Link {
    /// Whether a flow whose data begin with these octets may be SMPP.
    pub fn may_begin(bytes: &[u8]) -> bool {
        bytes.first() == Some(&0)
            && (if bytes.len() < HEADER { Header::may_begin(bytes) } else { Header::read(bytes).is_some() })
    }

    /// Whether it is known to be SMPP.
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// Whether short messages of IMPS were in it.
    pub fn carries_imps(&self) -> bool {
        self.imps.is_some()
    }

    /// Octets of memory that it holds.
    pub fn held(&self) -> usize {
        size_of::<Self>() + self.lanes.iter().map(|lane| lane.partial.len()).sum::<usize>() + self.mailbox.held()
    }

    /// Takes the next event of the flow, in the order of capture, and appends what it completes to `out`. Returns whether
    /// more is wanted.
    pub fn push(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> bool {
        let before = out.len();
        let mut over = None;
        let wanted = match event {
            StreamEvent::Data { way, bytes, frame, offset, time } => {
                self.data(flow, Run { way, bytes, frame, offset, time }, out)
            }
            StreamEvent::Gap { way, octets, loss, frame, time } => {
                self.gap(flow, Hole { way, loss, frame, time }, octets, out);
                true
            }
            StreamEvent::End { way, end, frame, time } => {
                over = self.end(flow, way, end, out).map(|end| (end, time, frame));
                over.is_none()
            }
            StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => false,
        };
        let carries = |item: &Carried| matches!(item, Carried::Envelope(_) | Carried::Cir(_));
        if self.imps.is_none() && out.get(before..).is_some_and(|items| items.iter().any(carries)) {
            self.prove(flow, before, out);
        }
        if let (Some((end, time, frame)), Some(flow)) = (over, &self.imps) {
            out.push(Carried::End { flow: Arc::clone(flow), end, by: None, time, frame });
        }
        wanted
    }

    /// The flow proves to carry IMPS: what is missing is told once more, before what proves it.
    fn prove(&mut self, flow: &FlowInfo, before: usize, out: &mut Vec<Carried>) {
        let turned = self.turn(flow);
        self.imps = Some(turned);
        let mut gaps = Vec::new();
        for hole in std::mem::take(&mut self.holes) {
            self.tell(flow, hole, &mut gaps);
        }
        out.splice(before..before, gaps);
    }

    /// The flow, turned so that its opener stands for the clients.
    fn turn(&mut self, flow: &FlowInfo) -> Arc<FlowInfo> {
        if let Some(turned) = &self.turned {
            return Arc::clone(turned);
        }
        let mut turned = flow.clone();
        if self.server.unwrap_or(Way::Forward) == Way::Forward {
            std::mem::swap(&mut turned.opener, &mut turned.acceptor);
        }
        let turned = Arc::new(turned);
        if self.server.is_some() {
            self.turned = Some(Arc::clone(&turned));
        }
        turned
    }

    fn lane(&mut self, way: Way) -> &mut Lane {
        let [forward, reverse] = &mut self.lanes;
        match way {
            Way::Forward => forward,
            Way::Reverse => reverse,
        }
    }

    fn data(&mut self, flow: &FlowInfo, run: Run<'_>, out: &mut Vec<Carried>) -> bool {
        let mut at = 0;
        while at < run.bytes.len() {
            let rest = run.bytes.get(at..).unwrap_or_default();
            let lane = self.lane(run.way);
            if lane.skip > 0 {
                let passed = lane.skip.min(rest.len());
                lane.skip -= passed;
                at += passed;
            } else if lane.lost {
                match find(rest) {
                    Some(found) => {
                        lane.lost = false;
                        self.searched = 0;
                        at += found;
                    }
                    None => {
                        self.searched += rest.len();
                        return self.searched <= PATIENCE || self.imps.is_some();
                    }
                }
            } else {
                match self.pdu(flow, run, at, out) {
                    Some(next) => at = next,
                    None if !self.certain => return false,
                    None => {
                        let lane = self.lane(run.way);
                        // What was held back makes no sense; what is at hand may.
                        at += usize::from(lane.partial.is_empty());
                        *lane = Lane { lost: true, ended: lane.ended, ..Lane::default() };
                    }
                }
            }
        }
        true
    }

    /// Reads a PDU, or as much of one as is there, from a place in a segment. Returns the place behind it; `None` where
    /// there is none.
    fn pdu(&mut self, flow: &FlowInfo, run: Run<'_>, at: usize, out: &mut Vec<Carried>) -> Option<usize> {
        let rest = run.bytes.get(at..)?;
        let lane = self.lane(run.way);
        if lane.partial.is_empty() {
            lane.began = run.time;
        }
        let have = lane.partial.len();
        let header = if have < HEADER {
            let more = rest.len().min(HEADER - have);
            let mut start = [0; HEADER];
            let octets = lane.partial.bytes().iter().chain(rest);
            start.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
            if have + more < HEADER {
                Header::may_begin(start.get(..have + more)?).then_some(())?;
                keep(lane, run, at..at + more);
                return Some(at + more);
            }
            Header::read(&start)?
        } else {
            Header::read(lane.partial.bytes())?
        };
        self.certain = true;
        let lane = self.lane(run.way);
        let needed = header.length.saturating_sub(have);
        if header.interest() != Use::Message {
            *lane = Lane { skip: needed, ended: lane.ended, ..Lane::default() };
            match header.interest() {
                Use::Bind => self.server = self.server.or(Some(run.way)),
                Use::Outbind => self.server = self.server.or(Some(run.way.opposite())),
                Use::Message | Use::Nothing => {}
            }
            return Some(at);
        }
        let there = needed.min(rest.len());
        keep(lane, run, at..at + there);
        if there == needed {
            let pdu = std::mem::take(&mut lane.partial);
            let times = (lane.began, run.time);
            self.message(flow, run.way, header, &pdu, times, out);
        }
        Some(at + there)
    }

    fn message(
        &mut self,
        flow: &FlowInfo,
        way: Way,
        header: Header,
        pdu: &Wire,
        times: (Time, Time),
        out: &mut Vec<Carried>,
    ) {
        let server = *self.server.get_or_insert(match header.direction() {
            Some(Direction::ClientToServer) => way.opposite(),
            Some(Direction::ServerToClient) => way,
            None => Way::Forward,
        });
        let by_way = if way == server { Direction::ServerToClient } else { Direction::ClientToServer };
        let direction = header.direction().unwrap_or(by_way);
        let Some(frames) = pdu.pieces().frames() else { return };
        let Some(short) = pdu::short(pdu, header, direction, frames, times) else { return };
        let turned = self.turn(flow);
        self.mailbox.take(&turned, short, out);
    }

    fn gap(&mut self, flow: &FlowInfo, hole: Hole, octets: Option<u64>, out: &mut Vec<Carried>) {
        self.mailbox.lose();
        let lane = self.lane(hole.way);
        let missing = octets.and_then(|octets| usize::try_from(octets).ok());
        if missing.is_some_and(|missing| missing <= lane.skip) {
            // Of nothing that is wanted.
            lane.skip -= missing.unwrap_or(0);
            return;
        }
        let left = Header::read(lane.partial.bytes()).map(|header| header.length.saturating_sub(lane.partial.len()));
        let in_step = missing.zip(left).and_then(|(missing, left)| left.checked_sub(missing));
        *lane = Lane { skip: in_step.unwrap_or(0), lost: in_step.is_none(), ended: lane.ended, ..Lane::default() };
        self.tell(flow, hole, out);
    }

    /// Hands over a gap, and remembers it until the flow proves to carry IMPS.
    fn tell(&mut self, flow: &FlowInfo, hole: Hole, out: &mut Vec<Carried>) {
        let turned = match &self.imps {
            Some(flow) => Arc::clone(flow),
            None if self.certain && self.holes.len() < GAPS_REMEMBERED => {
                self.holes.push(hole);
                self.turn(flow)
            }
            None => return,
        };
        let from_server = self.server.unwrap_or(Way::Forward) == hole.way;
        out.push(Carried::Gap {
            flow: turned,
            proved: self.imps.is_some(),
            direction: if from_server { Direction::ServerToClient } else { Direction::ClientToServer },
            loss: hole.loss,
            time: hole.time,
            frame: hole.frame,
        });
    }

    /// Ends a way, or both; returns how the flow ended, once it has.
    fn end(&mut self, flow: &FlowInfo, way: Way, end: End, out: &mut Vec<Carried>) -> Option<End> {
        for way in [way, way.opposite()].into_iter().take(if end == End::Reset { 2 } else { 1 }) {
            let lane = self.lane(way);
            *lane = Lane { ended: lane.ended.or(Some(end)), ..Lane::default() };
        }
        let [forward, reverse] = &self.lanes;
        let both = [forward.ended?, reverse.ended?];
        let turned = self.turn(flow);
        self.mailbox.finish(&turned, out);
        Some([End::Evicted, End::Reset, End::Open].into_iter().find(|end| both.contains(end)).unwrap_or(End::Closed))
    }
}

/// Keeps octets of a segment until the rest of their PDU comes.
fn keep(lane: &mut Lane, run: Run<'_>, octets: Range<usize>) {
    let offset = run.offset.and_then(|offset| offset.checked_add(u32::try_from(octets.start).ok()?));
    lane.partial.push(run.bytes.get(octets).unwrap_or_default(), run.frame, offset);
}

/// Where PDUs begin in octets that begin anywhere: one behind the other up to the last, which may be cut.
fn find(octets: &[u8]) -> Option<usize> {
    let follow = |mut at: usize| {
        while at + HEADER <= octets.len() {
            match Header::read(octets.get(at..).unwrap_or_default()) {
                Some(header) => at += header.length,
                None => return false,
            }
        }
        true
    };
    let last = octets.len().checked_sub(HEADER)?;
    memchr::memchr_iter(0, octets.get(..=last)?).find(|at| follow(*at))
}
