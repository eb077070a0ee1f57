//! PDUs of WTP: transactions, and messages in parts.

use std::ops::Range;

use super::octets::Octets;

/// A PDU of WTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) what: What,
    /// Transaction identifier, 15 bits.
    pub(super) tid: u16,
    /// Whether who opened the transaction sends it.
    pub(super) from_initiator: bool,
    /// Whether it says that it is sent again.
    pub(super) again: bool,
    /// Data of the user: a PDU of WSP, or a part of one.
    pub(super) data: &'a [u8],
}

/// What a PDU of WTP is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// A transaction is opened, with the first part of its message.
    Invoke {
        /// 0 wants nothing back, 1 an acknowledgement, 2 a result.
        class: u8,
        /// Whether it is the last part too.
        last: bool,
    },
    /// Its result, or the first part of it.
    Result { last: bool },
    /// A further part of the message that opened it.
    Invoked { number: u8, last: bool },
    /// A further part of its result.
    Resulted { number: u8, last: bool },
    /// Something came, or the result takes its time.
    Ack {
        /// Whether nothing came, and the identifier is asked about or confirmed.
        verifies: bool,
        /// The part up to which all came, of a message that is still going on.
        number: Option<u8>,
    },
    /// The transaction is given up.
    Abort,
    /// Parts are missing.
    NegativeAck,
}

impl<'a> Pdu<'a> {
    /// Reads a PDU; `None` where it is cut within its header or of no known type.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let mut rest = Octets(octets);
        let first = rest.octet()?;
        let tid = u16::from_be_bytes([rest.octet()?, rest.octet()?]);
        // The last packet of a message, or of what a sender that cannot cut messages sends as a whole.
        let last = first & 0x02 != 0;
        let mut what = match first >> 3 & 0x0f {
            1 => What::Invoke { class: rest.octet()? & 0x03, last },
            2 => What::Result { last },
            3 => What::Ack { verifies: first & 0x04 != 0, number: None },
            4 => rest.octet().map(|_| What::Abort)?,
            5 => What::Invoked { number: rest.octet()?, last },
            6 => What::Resulted { number: rest.octet()?, last },
            7 => rest.octet().map(|_| What::NegativeAck)?,
            _ => return None,
        };
        if first & 0x80 != 0 {
            let number = items(&mut rest)?;
            if let What::Ack { number: up_to, .. } = &mut what {
                *up_to = number;
            }
        }
        let again = first & 0x01 != 0 && what != What::Abort;
        Some(Self { what, tid: tid & 0x7fff, from_initiator: tid & 0x8000 == 0, again, data: rest.0 })
    }

    /// Whether octets are the opening of a transaction that carries what nothing else looks like.
    pub(super) fn is_plain(octets: &'a [u8]) -> bool {
        let opens = |pdu: &Self| matches!(pdu.what, What::Invoke { class: 0..=2, .. }) && pdu.from_initiator;
        Self::read(octets).filter(opens).is_some_and(|pdu| super::pdu::Pdu::is_plain(pdu.data))
    }
}

/// The kind of item that holds the number of a part.
const PART_NUMBER: u8 = 3;

/// Passes over the items that a header says follow it; returns the number of a part where one of them is that.
fn items(rest: &mut Octets<'_>) -> Option<Option<u8>> {
    let mut number = None;
    loop {
        let item = rest.octet()?;
        let length = if item & 0x04 != 0 { rest.octet()? } else { item & 0x03 };
        let value = rest.take(length.into())?;
        if item >> 3 & 0x0f == PART_NUMBER {
            number = value.first().copied().or(number);
        }
        if item & 0x80 == 0 {
            return Some(number);
        }
    }
}

/// The PDUs of a datagram: one, or after an octet 0 several, each behind its length.
pub(super) fn split(datagram: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let concatenated = datagram.first() == Some(&0);
    let mut rest = Octets(datagram);
    if concatenated {
        rest.octet();
    }
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut length = rest.0.len();
        if concatenated {
            length = rest.octet()?.into();
            if length & 0x80 != 0 {
                length = (length & 0x7f) << 8 | usize::from(rest.octet()?);
            }
        }
        let start = datagram.len() - rest.0.len();
        let taken = rest.take_most(length).len();
        Some(start..start + taken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdu(what: What, tid: u16, from_initiator: bool, data: &'static [u8]) -> Option<Pdu<'static>> {
        Some(Pdu { what, tid, from_initiator, again: false, data })
    }

    #[test]
    fn every_type() {
        let invoke = What::Invoke { class: 2, last: true };
        assert_eq!(Pdu::read(b"\x0e\x00\x02\x12post"), pdu(invoke, 2, true, b"post"));
        assert_eq!(Pdu::read(b"\x16\x80\x02reply"), pdu(What::Result { last: true }, 2, false, b"reply"));
        assert_eq!(Pdu::read(b"\x18\x00\x02"), pdu(What::Ack { verifies: false, number: None }, 2, true, b""));
        assert_eq!(Pdu::read(b"\x1c\x80\x02"), pdu(What::Ack { verifies: true, number: None }, 2, false, b""));
        assert_eq!(Pdu::read(b"\x21\x00\x02\x04"), pdu(What::Abort, 2, true, b""));
        assert_eq!(Pdu::read(b"\x28\x00\x02\x01b"), pdu(What::Invoked { number: 1, last: false }, 2, true, b"b"));
        assert_eq!(Pdu::read(b"\x32\x80\x02\x09c"), pdu(What::Resulted { number: 9, last: true }, 2, false, b"c"));
        assert_eq!(Pdu::read(b"\x38\x80\x02\x01\x04"), pdu(What::NegativeAck, 2, false, b"\x04"));
        let opened = |class| pdu(What::Invoke { class, last: false }, 2, true, b"");
        // The end of a group is not the end of a message.
        assert_eq!((Pdu::read(b"\x08\x00\x02\x11"), Pdu::read(b"\x0c\x00\x02\x10")), (opened(1), opened(0)));
        assert!(Pdu::read(b"\x0f\x00\x02\x12").is_some_and(|pdu| pdu.again));
        for bad in [&b""[..], b"\x0e", b"\x0e\x00\x02", b"\x28\x00\x02", b"\x7e\x00\x02\x12"] {
            assert_eq!(Pdu::read(bad), None, "{bad:02x?}");
        }
    }

    #[test]
    fn items_after_the_header_are_passed_over() {
        // A short item (total size, two octets), then a long one.
        let octets = b"\x8e\x00\x02\x12\x93\x02\x01\x00\x14\x04\x01\x02\x03\x04post";
        assert_eq!(Pdu::read(octets), pdu(What::Invoke { class: 2, last: true }, 2, true, b"post"));
        assert_eq!(Pdu::read(b"\x8e\x00\x02\x12\x93\x02"), None);
        let up_to = What::Ack { verifies: false, number: Some(4) };
        assert_eq!(Pdu::read(b"\x98\x80\x02\x19\x04"), pdu(up_to, 2, false, b""));
    }

    #[test]
    fn several_in_a_datagram() {
        let octets = b"\x00\x03\x18\x00\x02\x80\x08\x0e\x00\x03\x12post\x05lost";
        let all: Vec<_> = split(octets).map(|range| &octets[range]).collect();
        assert_eq!(all, [&b"\x18\x00\x02"[..], b"\x0e\x00\x03\x12post", b"lost"]);
        assert!(split(b"\x18\x00\x02").eq(std::iter::once(0..3)));
        assert_eq!(split(b"\x00").count(), 0);
    }

    #[test]
    fn openings_that_nothing_else_looks_like() {
        assert!(Pdu::is_plain(b"\x0e\x00\x02\x12\x60\x18\x01http://imps.example.com/\xcd"));
        assert!(Pdu::is_plain(b"\x0e\x00\x01\x32\x01\x10\x00\x00"));
        assert!(!Pdu::is_plain(b"\x0e\x80\x02\x12\x60\x18\x01http://imps.example.com/\xcd"));
        assert!(!Pdu::is_plain(b"\x16\x80\x02\x04\x20\x01\xcd"));
    }
}
