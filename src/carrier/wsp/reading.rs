//! PDUs of WTP: which transaction each belongs to, and whether a message is whole.

use std::ops::Range;

use super::assembly::{Assembly, Parcel};
use super::conversation::{Conversation, Hole, Output};
use super::transaction::{Key, Side, Spot, Transaction, fingerprint};
use super::wtp::{self, What};
use crate::carrier::Wholeness;
use crate::flow::{Datagram, Loss};

impl Conversation {
    /// Reads a PDU of WTP; `None` where it is none or repeats what is known.
    pub(super) fn pdu(&mut self, datagram: &Datagram<'_>, range: Range<usize>, out: &mut Output<'_>) -> Option<()> {
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
                let beside = class < 2 && last;
                let index = self.invoked(key, mark, (pdu.again, beside), spot, out)?;
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
            What::Result { last } if !pdu.from_initiator => {
                let mark = Some(fingerprint(pdu.data));
                let index = self.resulted(key, mark, pdu.again, spot, out)?;
                self.result_part(index, (0, last), &parcel, out);
            }
            What::Resulted { number, last } if !pdu.from_initiator => {
                let index = self.resulted(key, None, true, spot, out)?;
                self.result_part(index, (number, last), &parcel, out);
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

    /// The transaction that an opening belongs to, which may be sent `again`; `None` where it repeats what is known. What
    /// nothing answers may go `beside` a transaction of the same identifier: some senders use it twice.
    fn invoked(
        &mut self,
        key: Key,
        mark: Option<u64>,
        (again, beside): (bool, bool),
        spot: Spot,
        out: &mut Output<'_>,
    ) -> Option<usize> {
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
                _ if beside => {}
                _ => self.give_up(index, Wholeness::Lost(Loss::MissingPackets), spot, out),
            }
        }
        if self.ended.marks(key, spot.time).is_some_and(|[request, _]| again || request == mark) {
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

    /// The transaction that a part of a result belongs to, which may be sent `again`; `None` where it repeats what is known.
    fn resulted(
        &mut self,
        key: Key,
        mark: Option<u64>,
        again: bool,
        spot: Spot,
        out: &mut Output<'_>,
    ) -> Option<usize> {
        let index = match self.find(key) {
            Some(index) => index,
            // Another result under the number of a transaction that is over is one whose invocation is missing.
            None if self.ended.marks(key, spot.time).is_some_and(|[_, answer]| again || answer == mark) => return None,
            None => self.begin(key, spot, out),
        };
        let [_, answer] = &mut self.open.get_mut(index)?.marks;
        *answer = answer.or(mark);
        Some(index)
    }

    /// Takes a part of a result.
    fn result_part(&mut self, index: usize, (number, last): (u8, bool), parcel: &Parcel<'_>, out: &mut Output<'_>) {
        let Some(transaction) = self.open.get_mut(index) else { return };
        transaction.touch(parcel.spot(), self.datagrams);
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
}
