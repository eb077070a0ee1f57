//! A flow of WSP, read in the order of capture.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Layer;
use super::assembly::Parcel;
use super::pdu::Pdu;
use super::transaction::{Key, Memory, OPEN_MAX, Side, Spot, Transaction, fingerprint};
use super::wtp;
use crate::carrier::http::GAPS_REMEMBERED;
use crate::carrier::{Anomaly, Carried, Direction, Headers, Wholeness};
use crate::flow::{Datagram, End, FlowInfo, Loss, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// How long parts and requests that are known to be missing in the capture only are waited for, in nanoseconds: half a
/// second; packets overtake each other.
pub const PATIENCE: i64 = 500_000_000;
/// How many datagrams of the flow they are waited for at most.
pub const PATIENCE_DATAGRAMS: u64 = 8;
/// How long parts are waited for that may be sent again, in nanoseconds: a minute.
pub const PART_PATIENCE: i64 = 60_000_000_000;
/// How long an answer is waited for, in nanoseconds: five minutes.
pub const ANSWER_PATIENCE: i64 = 300_000_000_000;
/// Identifiers of transactions that may be left out for it to be told that transactions are missing; where more are,
/// their sender counts otherwise.
pub const SKIPPED_MAX: u16 = 16;
/// Datagrams of a flow in which nothing is read before it is given up.
pub const UNREAD_MAX: u32 = 16;

/// Octets or messages that are missing one way.
#[derive(Clone, Copy)]
pub(super) struct Hole {
    pub(super) way: Way,
    pub(super) loss: Loss,
    pub(super) spot: Spot,
}

/// What datagrams are answered with: the flow, and where the items go.
pub(super) struct Output<'o> {
    pub(super) flow: &'o FlowInfo,
    pub(super) items: &'o mut Vec<Carried>,
}

/// A flow of WSP.
pub(super) struct Conversation {
    pub(super) layer: Layer,
    /// The way of the requests, once one was seen.
    pub(super) client: Option<Way>,
    /// The same as far as ports tell.
    likely: Way,
    /// The flow, turned, once it proved to carry IMPS.
    imps: Option<Arc<FlowInfo>>,
    holes: Vec<Hole>,
    pub(super) open: VecDeque<Transaction>,
    pub(super) ended: Memory,
    exchanges: u32,
    /// The latest identifier of each way.
    latest: [Option<u16>; 2],
    /// Headers that the client said once for all requests of its session.
    pub(super) said: Headers,
    pub(super) datagrams: u64,
    /// Datagrams in which nothing could be read, before the first in which something could.
    unread: u32,
    /// Whether something was read.
    pub(super) certain: bool,
}

impl Conversation {
    pub(super) fn new(layer: Layer, likely: Way) -> Self {
        Self {
            layer,
            client: None,
            likely,
            imps: None,
            holes: Vec::new(),
            open: VecDeque::new(),
            ended: Memory::default(),
            exchanges: 0,
            latest: [None; 2],
            said: Headers::default(),
            datagrams: 0,
            unread: 0,
            certain: false,
        }
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        let open: usize = self.open.iter().map(Transaction::held).sum();
        size_of::<Self>() + open + self.ended.held()
    }

    /// Whether the flow is not what it was taken for.
    pub(super) fn is_other(&self) -> bool {
        !self.certain && self.unread >= UNREAD_MAX
    }

    /// Reads a datagram.
    pub(super) fn datagram(&mut self, datagram: &Datagram<'_>, out: &mut Output<'_>) {
        let spot = Spot { frame: datagram.frame, time: datagram.time };
        self.review(spot, out);
        self.datagrams += 1;
        let understood = match self.layer {
            Layer::Connectionless => self.unit(datagram, out).is_some(),
            Layer::Transactions => {
                let mut any = false;
                for range in wtp::split(datagram.bytes) {
                    any |= self.pdu(datagram, range, out).is_some();
                }
                any
            }
        };
        self.certain |= understood;
        self.unread += u32::from(!self.certain);
        self.review(spot, out);
    }

    /// Reads a datagram without transactions below: an identifier and a PDU.
    fn unit(&mut self, datagram: &Datagram<'_>, out: &mut Output<'_>) -> Option<()> {
        let (tid, octets) = datagram.bytes.split_first()?;
        let pdu = Pdu::read(octets)?;
        let way = datagram.way;
        let parcel = Parcel::of(datagram, 1..datagram.bytes.len(), datagram.bytes.len());
        let mark = Some(fingerprint(octets));
        let spot = Spot { frame: datagram.frame, time: datagram.time };
        match pdu {
            Pdu::Push { .. } => self.push(way, Some(*tid), &parcel, out),
            Pdu::Method { .. } => {
                let key = Key { initiator: way, tid: (*tid).into() };
                if let Some(index) = self.find(key) {
                    let before = self.open.get_mut(index)?;
                    let [request, _] = &mut before.marks;
                    before.again |= *request == mark;
                    if before.request.is_nothing() {
                        // Its answer overtook it.
                        *request = mark;
                        self.requested(index, &parcel, out);
                        return Some(());
                    }
                    self.give_up(index, Wholeness::Lost(Loss::MissingPackets), spot, out);
                }
                let index = self.begin(key, spot, out);
                self.open.get_mut(index)?.marks = [mark, None];
                self.requested(index, &parcel, out);
            }
            Pdu::Reply { .. } | Pdu::Redirect { .. } => {
                let key = Key { initiator: way.opposite(), tid: (*tid).into() };
                let index = match self.find(key) {
                    Some(index) => index,
                    None if self.ended.marks(key, spot.time).is_some_and(|[_, answer]| answer == mark) => {
                        return Some(());
                    }
                    None => self.begin(key, spot, out),
                };
                let transaction = self.open.get_mut(index)?;
                let [_, answer] = &mut transaction.marks;
                *answer = mark;
                if transaction.answer.is_nothing() {
                    self.answered(index, &parcel, out);
                }
            }
            Pdu::Other => return None,
            _ => {}
        }
        Some(())
    }

    pub(super) fn find(&self, key: Key) -> Option<usize> {
        self.open.iter().rposition(|transaction| transaction.key == key)
    }

    /// Begins a transaction; the oldest makes room for it.
    pub(super) fn begin(&mut self, key: Key, spot: Spot, out: &mut Output<'_>) -> usize {
        if self.open.len() >= OPEN_MAX {
            self.give_up(0, Wholeness::Limit, spot, out);
        }
        self.note_identifier(key, spot, out);
        self.exchanges = self.exchanges.saturating_add(1);
        self.open.push_back(Transaction::new(key, self.exchanges, spot, self.datagrams));
        self.open.len() - 1
    }

    /// Tells where identifiers were left out that somebody used who counts by one.
    fn note_identifier(&mut self, key: Key, spot: Spot, out: &mut Output<'_>) {
        if self.layer == Layer::Connectionless {
            return;
        }
        let [forward, reverse] = &mut self.latest;
        let latest = if key.initiator == Way::Forward { forward } else { reverse };
        let ahead = latest.map_or(1, |latest| key.tid.wrapping_sub(latest) & 0x7fff);
        if ahead < 0x4000 {
            *latest = Some(key.tid);
        }
        if (2..=SKIPPED_MAX).contains(&ahead) {
            for way in [key.initiator, key.initiator.opposite()] {
                self.tell(Hole { way, loss: Loss::MissingPackets, spot }, out);
            }
        }
    }

    /// Gives up what has been waited for long enough.
    pub(super) fn review(&mut self, spot: Spot, out: &mut Output<'_>) {
        let mut index = 0;
        while let Some(transaction) = self.open.get(index) {
            let quiet = spot.time.0.saturating_sub(transaction.latest.time.0);
            let soon = quiet > PATIENCE || self.datagrams.saturating_sub(transaction.datagrams) >= PATIENCE_DATAGRAMS;
            let is_due = match (&transaction.request, &transaction.answer) {
                (Side::Done, Side::Nothing) => transaction.received && soon || quiet > ANSWER_PATIENCE,
                (_, Side::Whole(_)) => soon,
                _ => transaction.received && soon || quiet > PART_PATIENCE,
            };
            if is_due {
                let nobody_has_it =
                    !transaction.received && matches!(transaction.answer, Side::Nothing) && quiet > PART_PATIENCE;
                let before = out.items.len();
                self.give_up(index, Wholeness::Lost(Loss::MissingPackets), spot, out);
                if nobody_has_it {
                    unrepaired(out.items.get_mut(before..).unwrap_or_default());
                }
            } else {
                index += 1;
            }
        }
    }

    /// The flow is over.
    pub(super) fn end(&mut self, end: End, frame: FrameNo, time: Time, out: &mut Output<'_>) {
        let missing = if end == End::Evicted { Wholeness::Limit } else { Wholeness::OpenAtEnd };
        while let Some(first) = self.open.front() {
            let missing = if first.is_missed() { Wholeness::Lost(Loss::MissingPackets) } else { missing };
            self.give_up(0, missing, Spot { frame, time }, out);
        }
        if let Some(flow) = self.imps.take() {
            out.items.push(Carried::End { flow, end, by: None, time, frame });
        }
    }

    pub(super) fn direction(&self, way: Way) -> Direction {
        if way == self.client_way() { Direction::ClientToServer } else { Direction::ServerToClient }
    }

    /// The way of the requests as far as is known.
    fn client_way(&self) -> Way {
        self.client.unwrap_or(self.likely)
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

    pub(super) fn turned(&self, flow: &FlowInfo) -> FlowInfo {
        let mut flow = flow.clone();
        if self.client_way() == Way::Reverse {
            std::mem::swap(&mut flow.opener, &mut flow.acceptor);
        }
        flow
    }

    /// Hands over a gap, and remembers it until the flow proves to carry IMPS.
    pub(super) fn tell(&mut self, hole: Hole, out: &mut Output<'_>) {
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
            direction: self.direction(hole.way),
            loss: hole.loss,
            time: hole.spot.time,
            frame: hole.spot.frame,
        });
    }
}

/// Marks a request whose parts were not sent again for [`PART_PATIENCE`], and of which nobody said that it had arrived:
/// not the capture lacks them.
fn unrepaired(given_up: &mut [Carried]) {
    for item in given_up {
        if let Carried::Envelope(envelope) = item
            && envelope.direction == Direction::ClientToServer
            && envelope.wholeness == Wholeness::Lost(Loss::MissingPackets)
        {
            envelope.anomalies.push(Anomaly::MissingPart);
        }
    }
}
