//! A PDU of SMPP.

use super::super::{Direction, Wholeness};
use super::short::is_overlong;
use super::udh::Header as DataHeader;
use super::{Coding, Ports, Share, Short};
use crate::time::Time;
use crate::wire::{FrameRange, Wire};

/// Octets of the header of a PDU.
pub(super) const HEADER: usize = 16;

/// Set in the command of a response.
const RESPONSE: u32 = 0x8000_0000;

// Commands as Wireshark's dissector of SMPP names them.
const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const DATA_SM: u32 = 0x103;
const BINDS: [u32; 3] = [0x01, 0x02, 0x09];
const OUTBIND: u32 = 0x0B;
/// The other requests: query, replace, cancel, unbind, enquire_link, submit_multi, alert_notification and the
/// broadcasts.
const OTHERS: [u32; 10] = [0x03, 0x06, 0x07, 0x08, 0x15, 0x21, 0x102, 0x111, 0x112, 0x113];

/// The header of a PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// Octets of the PDU, the header among them.
    pub(super) length: usize,
    command: u32,
}

/// What a link wants of a PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// It holds a short message.
    Message,
    /// It tells that its sender is the one that sends through a message centre.
    Bind,
    /// It tells that its sender is the message centre.
    Outbind,
    /// Nothing.
    Nothing,
}

impl Header {
    /// Reads the header that octets begin with; `None` where it is none, or there are too few.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let word = |at: usize| octets.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let (length, command, status, sequence) = (word(0)?, word(4)?, word(8)?, word(12)?);
        let length = usize::try_from(length).ok().filter(|length| (HEADER..=super::PDU_MAX).contains(length))?;
        let request = command & !RESPONSE;
        let known = [SUBMIT_SM, DELIVER_SM, DATA_SM, OUTBIND].contains(&request)
            || BINDS.contains(&request)
            || OTHERS.contains(&request)
            || command == RESPONSE;
        let is_response = command & RESPONSE != 0;
        let sound = known && (is_response || status == 0) && (sequence != 0 || is_response);
        sound.then_some(Self { length, command })
    }

    /// Whether octets, fewer than a header has, may be the beginning of one.
    pub(super) fn may_begin(octets: &[u8]) -> bool {
        let is = |at: usize, right: &dyn Fn(u8) -> bool| octets.get(at).is_none_or(|octet| right(*octet));
        let limit = super::PDU_MAX.to_be_bytes();
        is(0, &|b| b == 0)
            && is(1, &|b| limit.get(limit.len() - 3).is_some_and(|most| b <= *most))
            && is(4, &|b| b & 0x7F == 0)
            && is(5, &|b| b == 0)
            && is(6, &|b| b <= 1)
    }

    /// What a link wants of it.
    pub(super) fn interest(self) -> Use {
        match self.command {
            SUBMIT_SM | DELIVER_SM | DATA_SM => Use::Message,
            OUTBIND => Use::Outbind,
            command if BINDS.contains(&command) => Use::Bind,
            _ => Use::Nothing,
        }
    }

    /// Who sends it, the client of IMPS or the server, as far as the command tells.
    pub(super) fn direction(self) -> Option<Direction> {
        match self.command {
            SUBMIT_SM => Some(Direction::ServerToClient),
            DELIVER_SM => Some(Direction::ClientToServer),
            _ => None,
        }
    }
}

/// Fields behind a header, read one after the other.
struct Fields<'p> {
    octets: &'p [u8],
    at: usize,
}

impl<'p> Fields<'p> {
    fn octet(&mut self) -> Option<u8> {
        let octet = *self.octets.get(self.at)?;
        self.at += 1;
        Some(octet)
    }

    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let octets = self.octets.get(self.at..self.at + N)?.try_into().ok()?;
        self.at += N;
        Some(octets)
    }

    /// A text that ends with a zero.
    fn text(&mut self) -> Option<&'p [u8]> {
        let rest = self.octets.get(self.at..)?;
        let length = memchr::memchr(0, rest)?;
        self.at += length + 1;
        rest.get(..length)
    }

    /// Type and plan of a number, and the number.
    fn address(&mut self) -> Option<Box<str>> {
        let [kind, _plan] = self.octets()?;
        let text = self.text().filter(|text| text.len() <= ADDRESS_MAX)?;
        let plus = if kind == 1 && !text.starts_with(b"+") { "+" } else { "" };
        Some(format!("{plus}{}", String::from_utf8_lossy(text)).into())
    }
}

/// Octets of an address, the zero at its end not counted.
const ADDRESS_MAX: usize = 64;

/// The optional parameters that matter; tags as Wireshark's dissector of SMPP has them.
#[derive(Default)]
struct Options {
    source_port: Option<u16>,
    destination_port: Option<u16>,
    reference: Option<u16>,
    total: Option<u8>,
    number: Option<u8>,
    payload: Option<std::ops::Range<usize>>,
}

impl Options {
    fn read(fields: &mut Fields<'_>) -> Self {
        let mut options = Self::default();
        while let Some([t, u, l, m]) = fields.octets::<4>() {
            let length = usize::from(u16::from_be_bytes([l, m]));
            let start = fields.at;
            let Some(value) = fields.octets.get(start..start + length) else { break };
            fields.at += length;
            match (u16::from_be_bytes([t, u]), value) {
                (0x020A, &[high, low]) => options.source_port = Some(u16::from_be_bytes([high, low])),
                (0x020B, &[high, low]) => options.destination_port = Some(u16::from_be_bytes([high, low])),
                (0x020C, &[high, low]) => options.reference = Some(u16::from_be_bytes([high, low])),
                (0x020E, &[total]) => options.total = Some(total),
                (0x020F, &[number]) => options.number = Some(number),
                (0x0424, _) => options.payload = Some(start..start + length),
                _ => {}
            }
        }
        options
    }
}

/// The short message of a PDU; `None` for one that holds none, such as a receipt.
pub(super) fn short(
    pdu: &Wire,
    header: Header,
    direction: Direction,
    frames: FrameRange,
    times: (Time, Time),
) -> Option<Short> {
    let mut fields = Fields { octets: pdu.bytes(), at: HEADER };
    fields.text()?;
    let (source, destination) = (fields.address()?, fields.address()?);
    let class = fields.octet()?;
    let (coding, message) = if header.command == DATA_SM {
        let [_receipt, coding] = fields.octets()?;
        (coding, 0..0)
    } else {
        let [_protocol, _priority] = fields.octets()?;
        fields.text()?;
        fields.text()?;
        let [_receipt, _replaces, coding, _default, length] = fields.octets()?;
        let start = fields.at;
        fields.at = (start + usize::from(length)).min(fields.octets.len());
        (coding, start..fields.at)
    };
    // Receipts and acknowledgements have a message type of their own.
    if class & 0x3C != 0 {
        return None;
    }
    let options = Options::read(&mut fields);
    let message = options.payload.clone().unwrap_or(message);
    let data = fields.octets.get(message.clone())?;
    let in_front = if class & 0x40 != 0 { DataHeader::read(data) } else { DataHeader::default() };
    let ports = match (options.destination_port, options.source_port) {
        (None, None) => None,
        (destination, source) => Some(Ports { destination: destination.unwrap_or(0), source: source.unwrap_or(0) }),
    };
    let share = match (options.reference, options.total, options.number) {
        (Some(reference), Some(total), Some(number)) if total > 1 && (1..=total).contains(&number) => {
            Some(Share { reference, total, number })
        }
        _ => None,
    };
    Some(Short {
        source,
        destination,
        direction,
        ports: in_front.ports.or(ports),
        share: in_front.share.or(share),
        coding: coding_of(coding),
        header: in_front.octets,
        // A payload beside the message proper is split by the message centre.
        overlong: options.payload.is_none()
            && is_overlong(coding_of(coding), in_front.octets, message.len().saturating_sub(in_front.octets)),
        misses_part: false,
        text: pdu.slice(message.start + in_front.octets..message.end),
        whole: Wholeness::Complete,
        octets: u32::try_from(pdu.len()).unwrap_or(u32::MAX),
        frames,
        start: times.0,
        end: times.1,
    })
}

/// What a data coding means: up to 0x0F values of SMPP's own, then those of GSM, where text is not packed.
fn coding_of(coding: u8) -> Coding {
    match coding {
        0x00 | 0x01 => Coding::Default,
        0x03 => Coding::Latin1,
        0x08 => Coding::Ucs2,
        0x02 | 0x04..=0x0F => Coding::Octets,
        _ => Coding::of_scheme(coding).unwrap_or(Coding::Default),
    }
}
