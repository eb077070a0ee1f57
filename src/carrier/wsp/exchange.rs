//! Exchanges: what is asked and answered in a transaction, and what becomes of one that is not whole.

use std::sync::Arc;

use super::Layer;
use super::assembly::{Kept, Parcel};
use super::conversation::{Conversation, Hole, Output};
use super::headers::Block;
use super::message::{Message, request};
use super::names;
use super::pdu::{Head, Pdu};
use super::transaction::{Asked, Key, Side, Spot};
use crate::carrier::{Carried, Headers, Start, Wholeness};
use crate::flow::{Loss, Way};
use crate::time::Time;
use crate::wire::Wire;

impl Conversation {
    /// The request of a transaction is read; what answers it may have waited for it.
    pub(super) fn requested(&mut self, index: usize, parcel: &Parcel<'_>, out: &mut Output<'_>) {
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
    pub(super) fn answered(&mut self, index: usize, parcel: &Parcel<'_>, out: &mut Output<'_>) {
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
    pub(super) fn push(&mut self, way: Way, push_id: Option<u8>, parcel: &Parcel<'_>, out: &mut Output<'_>) {
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
    pub(super) fn close(&mut self, index: usize, now: Time) {
        if let Some(over) = self.open.remove(index) {
            self.ended.add(&over, now);
        }
    }

    /// Gives up a transaction: hands over what came of it. What did not come is missing for this reason.
    pub(super) fn give_up(&mut self, index: usize, missing: Wholeness, spot: Spot, out: &mut Output<'_>) {
        let Some(mut over) = self.open.remove(index) else { return };
        self.ended.add(&over, spot.time);
        let key = over.key;
        let loss = match missing {
            Wholeness::Lost(loss) => Some(loss),
            Wholeness::Limit => Some(Loss::Limit),
            Wholeness::Complete | Wholeness::Retold | Wholeness::OpenAtEnd | Wholeness::ClosedEarly => None,
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
}
