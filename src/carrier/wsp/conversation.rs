//! A flow of WSP, read in the order of capture.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::Layer;
use super::assembly::{Assembly, Kept, Parcel};
use super::headers::Block;
use super::message::{Message, request};
use super::names;
use super::pdu::{Head, Pdu};
use super::transaction::{Asked, Key, Memory, OPEN_MAX, Side, Spot, Transaction, fingerprint};
use super::wtp::{self, What};
use crate::carrier::http::GAPS_REMEMBERED;
use crate::carrier::{Carried, Direction, Headers, Start, Wholeness};
use crate::flow::{Datagram, End, FlowInfo, Loss, Way};
use crate::time::Time;
use crate::wire::{FrameNo, Wire};

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
struct Hole {
    way: Way,
    loss: Loss,
    spot: Spot,
}

/// What datagrams are answered with: the flow, and where the items go.
pub(super) struct Output<'o> {
    pub(super) flow: &'o FlowInfo,
    pub(super) items: &'o mut Vec<Carried>,
}

/// A flow of WSP.
pub(super) struct Conversation {
    layer: Layer,
    /// The way of the requests, once one was seen.
    client: Option<Way>,
    /// The same as far as ports tell.
    likely: Way,
    /// The flow, turned, once it proved to carry IMPS.
    imps: Option<Arc<FlowInfo>>,
    holes: Vec<Hole>,
    open: VecDeque<Transaction>,
    ended: Memory,
    exchanges: u32,
    /// The latest identifier of each way.
    latest: [Option<u16>; 2],
    /// Headers that the client said once for all requests of its session.
    said: Headers,
    datagrams: u64,
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
                    before.again |= before.marks.first() == Some(&mark);
                    if before.request.is_nothing() {
                        // Its answer overtook it.
                        before.marks = [mark, before.marks.into_iter().nth(1).flatten()];
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

    /// Reads a PDU of WTP.
    fn pdu(&mut self, datagram: &Datagram<'_>, range: Range<usize>, out: &mut Output<'_>) -> Option<()> {
        let octets = datagram.bytes.get(range.clone())?;
        let pdu = wtp::Pdu::read(octets)?;
        let way = datagram.way;
        let initiator = if pdu.from_initiator { way } else { way.opposite() };
        let key = Key { initiator, tid: pdu.tid };
        let data = range.end - pdu.data.len()..range.end;
        let parcel = Parcel::of(datagram, data, octets.len());
        let spot = Spot { frame: datagram.frame, time: datagram.time };
        match pdu.what {
            What::Invoke { class, last } if pdu.from_initiator => {
                let mark = Some(fingerprint(pdu.data));
                let index = self.invoked(key, mark, pdu.again, spot, out)?;
                self.request_part(index, (0, last), class, &parcel, out);
            }
            What::Invoked { number, last } if pdu.from_initiator => {
                let index = match self.find(key) {
                    Some(index) => index,
                    None if self.ended.marks(key, spot.time).is_some() => return Some(()),
                    None => self.begin(key, spot, out),
                };
                self.request_part(index, (number, last), 2, &parcel, out);
            }
            What::Result { last } if !pdu.from_initiator => self.result_part(key, (0, last), &parcel, spot, out),
            What::Resulted { number, last } if !pdu.from_initiator => {
                self.result_part(key, (number, last), &parcel, spot, out);
            }
            What::Ack { verifies: false, number } => self.acknowledged(key, pdu.from_initiator, number, spot, out),
            What::Abort => {
                if let Some(index) = self.find(key) {
                    if let Some(transaction) = self.open.get_mut(index) {
                        transaction.again = true;
                    }
                    self.give_up(index, Wholeness::ClosedEarly, spot, out);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The transaction that an opening belongs to; `None` where it repeats what is known.
    fn invoked(&mut self, key: Key, mark: Option<u64>, again: bool, spot: Spot, out: &mut Output<'_>) -> Option<usize> {
        if let Some(index) = self.find(key) {
            let transaction = self.open.get_mut(index)?;
            let [request, _] = &mut transaction.marks;
            match *request {
                None => {
                    *request = mark;
                    return Some(index);
                }
                known if again || known == mark => {
                    transaction.again = true;
                    return None;
                }
                _ => self.give_up(index, Wholeness::Lost(Loss::MissingPackets), spot, out),
            }
        } else if self.ended.marks(key, spot.time).is_some_and(|[request, _]| again || request == mark) {
            return None;
        }
        let index = self.begin(key, spot, out);
        let [request, _] = &mut self.open.get_mut(index)?.marks;
        *request = mark;
        Some(index)
    }

    /// Takes a part of what opens a transaction.
    fn request_part(
        &mut self,
        index: usize,
        (number, last): (u8, bool),
        class: u8,
        parcel: &Parcel<'_>,
        out: &mut Output<'_>,
    ) {
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.touch(parcel.spot(), self.datagrams);
        transaction.one_way |= class < 2;
        match std::mem::take(&mut transaction.request) {
            Side::Nothing if number == 0 && last => {
                self.requested(index, parcel, out);
            }
            Side::Nothing => {
                let mut parts = Assembly::default();
                parts.add(number, last, parcel);
                transaction.request = Side::Parts(parts);
            }
            Side::Parts(mut parts) => {
                parts.add(number, last, parcel);
                if !parts.is_whole() {
                    transaction.request = Side::Parts(parts);
                } else if let Some(kept) = parts.join(Wholeness::Complete) {
                    self.requested(index, &kept.parcel(), out);
                }
            }
            done => transaction.request = done,
        }
    }

    /// Takes a part of a result.
    fn result_part(
        &mut self,
        key: Key,
        (number, last): (u8, bool),
        parcel: &Parcel<'_>,
        spot: Spot,
        out: &mut Output<'_>,
    ) {
        let index = match self.find(key) {
            Some(index) => index,
            None if self.ended.marks(key, spot.time).is_some() => return,
            None => self.begin(key, spot, out),
        };
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.touch(spot, self.datagrams);
        match std::mem::take(&mut transaction.answer) {
            Side::Nothing if number == 0 && last => self.answered(index, parcel, out),
            Side::Nothing => {
                let mut parts = Assembly::default();
                parts.add(number, last, parcel);
                transaction.answer = Side::Parts(parts);
            }
            Side::Parts(mut parts) => {
                parts.add(number, last, parcel);
                if !parts.is_whole() {
                    transaction.answer = Side::Parts(parts);
                } else if let Some(kept) = parts.join(Wholeness::Complete) {
                    self.answered(index, &kept.parcel(), out);
                }
            }
            other => transaction.answer = other,
        }
    }

    /// What one side sent came where it was sent to, all of it or up to a part.
    fn acknowledged(&mut self, key: Key, from_initiator: bool, number: Option<u8>, spot: Spot, out: &mut Output<'_>) {
        let Some(index) = self.find(key) else {
            if self.ended.marks(key, spot.time).is_none() && number.is_none() {
                // Nothing else is in the capture of what it ends.
                for way in [key.initiator, key.initiator.opposite()] {
                    self.tell(Hole { way, loss: Loss::MissingPackets, spot }, out);
                }
                let over = Transaction::new(key, 0, spot, self.datagrams);
                self.ended.add(&over, spot.time);
            }
            return;
        };
        let Some(transaction) = self.open.get_mut(index) else { return };
        let side = if from_initiator { &transaction.answer } else { &transaction.request };
        let whole = match side {
            Side::Parts(parts) => number.is_none() || parts.last().is_some() && parts.last() == number,
            // An answer came that is not in the capture.
            Side::Nothing => from_initiator && number.is_none(),
            Side::Whole(_) | Side::Done => false,
        };
        if whole && !std::mem::replace(&mut transaction.received, true) {
            transaction.touch(spot, self.datagrams);
        }
    }

    fn find(&self, key: Key) -> Option<usize> {
        self.open.iter().rposition(|transaction| transaction.key == key)
    }

    /// Begins a transaction; the oldest makes room for it.
    fn begin(&mut self, key: Key, spot: Spot, out: &mut Output<'_>) -> usize {
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

    /// The request of a transaction is read; what answers it may have waited for it.
    fn requested(&mut self, index: usize, parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.request = Side::Done;
        transaction.touch(parcel.spot(), self.datagrams);
        let place = (transaction.key.initiator, transaction.exchange);
        let asked = self.ask(place, parcel, out);
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.asked = asked;
        match std::mem::take(&mut transaction.answer) {
            Side::Whole(kept) => self.answered(index, &kept.parcel(), out),
            Side::Nothing if transaction.one_way => self.close(index, parcel.extent.end),
            other => transaction.answer = other,
        }
    }

    /// Reads what opens a transaction: hands it over where it is IMPS by itself.
    fn ask(&mut self, (way, exchange): (Way, u32), parcel: &Parcel<'_>, out: &mut Output<'_>) -> Asked {
        match Pdu::read(parcel.bytes()) {
            Some(Pdu::Connect { headers } | Pdu::Resume { headers }) => {
                self.client.get_or_insert(way);
                self.said = Block::read(headers, false).headers;
            }
            Some(Pdu::Disconnect) => self.said = Headers::default(),
            Some(Pdu::Push { .. }) => self.push(way, None, parcel, out),
            Some(Pdu::Method { method, target, headers, data }) => {
                self.client.get_or_insert(way);
                let message = Message::new(parcel, headers, data, Some(&self.said));
                let for_nothing = matches!(method, names::GET | names::HEAD);
                let imps = message.is_imps(for_nothing);
                let flow = if imps { self.prove(out) } else { Arc::new(self.turned(out.flow)) };
                let mut envelope = message.envelope(flow, (self.direction(way), exchange), request(method, target));
                let draft = if imps {
                    out.items.push(Carried::Envelope(envelope));
                    None
                } else {
                    envelope.body = Wire::default();
                    Some(envelope)
                };
                return Asked { is_request: true, imps, for_nothing, draft };
            }
            _ => {}
        }
        Asked::default()
    }

    /// The answer of a transaction is read, as far as it came, or waits for its request.
    fn answered(&mut self, index: usize, parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.touch(parcel.spot(), self.datagrams);
        if !transaction.request.is_done() {
            transaction.answer = Side::Whole(Kept::new(parcel));
            return;
        }
        transaction.answer = Side::Done;
        let (asked, exchange, key) = (std::mem::take(&mut transaction.asked), transaction.exchange, transaction.key);
        if self.layer == Layer::Connectionless {
            self.overtaken(index, key.initiator, parcel, out);
        }
        self.answer(key, exchange, asked, parcel, out);
        self.close(index, parcel.extent.end);
    }

    /// Hands an answer over, and before it its request where only the answer tells that it is IMPS.
    fn answer(&mut self, key: Key, exchange: u32, asked: Asked, parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let (head, data, status) = match Pdu::read(parcel.bytes()) {
            Some(Pdu::Reply { status, headers, data }) => (headers, data, names::status(status)),
            Some(Pdu::Redirect { permanent }) => {
                let head = Head { octets: &[], typed: false, short: false };
                (head, &[][..], if permanent { 301 } else { 302 })
            }
            Some(Pdu::ConnectReply) => {
                self.client.get_or_insert(key.initiator);
                return;
            }
            _ => return,
        };
        self.client.get_or_insert(key.initiator);
        let message = Message::new(parcel, head, data, None);
        if !(asked.imps || message.is_imps(asked.for_nothing)) {
            return;
        }
        let flow = self.prove(out);
        if let Some(mut request) = asked.draft {
            request.flow = Arc::clone(&flow);
            request.direction = self.direction(key.initiator);
            out.items.push(Carried::Envelope(request));
        }
        let direction = self.direction(key.initiator.opposite());
        out.items.push(Carried::Envelope(message.envelope(flow, (direction, exchange), Start::Answer { status })));
    }

    /// Requests before one that is answered, which are not: their answers may be missing.
    fn overtaken(&mut self, before: usize, initiator: Way, parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let mut tell = false;
        for transaction in self.open.iter_mut().take(before) {
            let waits = transaction.asked.imps && !transaction.again && transaction.answer.is_nothing();
            if waits && transaction.key.initiator == initiator && !std::mem::replace(&mut transaction.told, true) {
                tell = true;
            }
        }
        if tell {
            self.tell(Hole { way: initiator.opposite(), loss: Loss::MissingPackets, spot: parcel.spot() }, out);
        }
    }

    /// Something that the client did not ask for.
    fn push(&mut self, way: Way, push_id: Option<u8>, parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let Some(Pdu::Push { headers, data }) = Pdu::read(parcel.bytes()) else { return };
        let message = Message::new(parcel, headers, data, None);
        let wakes = message.wakes();
        if !wakes && !message.is_imps(true) {
            return;
        }
        self.client.get_or_insert(way.opposite());
        let flow = self.prove(out);
        if !wakes {
            let place = (self.direction(way), 0);
            out.items.push(Carried::Envelope(message.envelope(flow, place, Start::Message)));
        } else if let Some(cir) = message.cir(flow, push_id) {
            out.items.push(Carried::Cir(cir));
        }
    }

    /// Ends a transaction of which all was read.
    fn close(&mut self, index: usize, now: Time) {
        if let Some(over) = self.open.remove(index) {
            self.ended.add(&over, now);
        }
    }

    /// Gives up a transaction: hands over what came of it. What did not come is missing for this reason.
    fn give_up(&mut self, index: usize, missing: Wholeness, spot: Spot, out: &mut Output<'_>) {
        let Some(mut over) = self.open.remove(index) else { return };
        self.ended.add(&over, spot.time);
        let key = over.key;
        let loss = match missing {
            Wholeness::Lost(loss) => Some(loss),
            Wholeness::Limit => Some(Loss::Limit),
            Wholeness::Complete | Wholeness::OpenAtEnd | Wholeness::ClosedEarly => None,
        };
        // What did not come should have come before what came last.
        let spot = if over.is_missed() { over.latest } else { spot };
        let lost = |way| loss.map(|loss| Hole { way, loss, spot });
        let mut hole = None;
        let answer = std::mem::take(&mut over.answer);
        match std::mem::take(&mut over.request) {
            Side::Parts(parts) => {
                hole = lost(key.initiator);
                if let Some(kept) = parts.join(missing) {
                    over.asked = self.ask((key.initiator, over.exchange), &kept.parcel(), out);
                }
            }
            Side::Nothing => hole = lost(key.initiator),
            Side::Whole(_) | Side::Done => {}
        }
        hole.into_iter().for_each(|hole| self.tell(hole, out));
        let asked = std::mem::take(&mut over.asked);
        let missed = lost(key.initiator.opposite());
        match answer {
            Side::Whole(kept) => self.answer(key, over.exchange, asked, &kept.parcel(), out),
            Side::Parts(parts) => {
                missed.into_iter().for_each(|hole| self.tell(hole, out));
                if let Some(kept) = parts.join(missing) {
                    self.answer(key, over.exchange, asked, &kept.parcel(), out);
                }
            }
            // One that was asked for again or given up by who asked was never answered.
            Side::Nothing if asked.is_request && !over.again && !over.told => {
                missed.into_iter().for_each(|hole| self.tell(hole, out));
            }
            Side::Nothing | Side::Done => {}
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
                self.give_up(index, Wholeness::Lost(Loss::MissingPackets), spot, out);
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
            out.items.push(Carried::End { flow, end, time, frame });
        }
    }

    fn direction(&self, way: Way) -> Direction {
        if way == self.client_way() { Direction::ClientToServer } else { Direction::ServerToClient }
    }

    /// The way of the requests as far as is known.
    fn client_way(&self) -> Way {
        self.client.unwrap_or(self.likely)
    }

    /// The flow, turned so that its opener is the client; it has just proved to carry IMPS, or did before.
    fn prove(&mut self, out: &mut Output<'_>) -> Arc<FlowInfo> {
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

    fn turned(&self, flow: &FlowInfo) -> FlowInfo {
        let mut flow = flow.clone();
        if self.client_way() == Way::Reverse {
            std::mem::swap(&mut flow.opener, &mut flow.acceptor);
        }
        flow
    }

    /// Hands over a gap, and remembers it until the flow proves to carry IMPS.
    fn tell(&mut self, hole: Hole, out: &mut Output<'_>) {
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
