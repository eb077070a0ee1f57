//! Headers that whoever captured put before the frame.

use super::dissect::{Cursor, Layer, Odd, Stop};
use super::link;
use crate::capture::LinkType;

/// PPI: version, flags, length of the header and link type of the frame; little-endian.
pub(super) fn ppi(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, low, high, link @ ..] = *cursor.peek::<8>()?;
    let len = usize::from(u16::from_le_bytes([low, high]));
    if len < 8 {
        return Err(Stop::Malformed);
    }
    cursor.skip(len)?;
    let link = LinkType(u16::try_from(u32::from_le_bytes(link)).map_err(|_| Stop::Malformed)?);
    link::outermost(link).ok_or(Stop::Link(link))
}

/// The attribute of NFLOG that is the packet.
const NFLOG_PAYLOAD: u16 = 9;

/// NFLOG: family, version, resource, then attributes: a length that counts its own head, a type, a value, padding to
/// a multiple of four octets. Lengths and types are in the byte order of the writer: real ones are small numbers.
pub(super) fn nflog(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    cursor.skip(4)?;
    loop {
        let [a, b, c, d] = *cursor.take::<4>()?;
        let (len, kind) = match (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])) {
            (len, kind) if kind < 0x100 => (len, kind),
            (len, kind) => (len.swap_bytes(), kind.swap_bytes()),
        };
        let value = usize::from(len).checked_sub(4).ok_or(Stop::Malformed)?;
        if kind == NFLOG_PAYLOAD {
            cursor.limit(value);
            return Ok(Layer::Ip);
        }
        cursor.skip(value.next_multiple_of(4))?;
    }
}

/// Record types of ERF, without the bit that announces extension headers; numbers as in Endace's description.
mod erf_type {
    pub(super) const HDLC: u8 = 1;
    pub(super) const ETHERNET: u8 = 2;
    pub(super) const COLOUR_ETHERNET: u8 = 11;
    pub(super) const DSM_COLOUR_ETHERNET: u8 = 16;
    pub(super) const IPV4: u8 = 22;
    pub(super) const IPV6: u8 = 23;
}

/// ERF: a time of eight octets, type, flags, three lengths; extension headers of eight octets, each of which tells
/// whether another follows; before Ethernet two octets of padding.
pub(super) fn erf(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, _, _, _, _, _, _, kind, ..] = *cursor.take::<16>()?;
    let mut more = kind;
    while more & 0x80 != 0 {
        [more, ..] = *cursor.take::<8>()?;
    }
    match kind & 0x7f {
        erf_type::HDLC => Ok(Layer::Odd(Odd::PppHdlc)),
        erf_type::ETHERNET | erf_type::COLOUR_ETHERNET | erf_type::DSM_COLOUR_ETHERNET => {
            cursor.skip(2)?;
            Ok(Layer::Ethernet)
        }
        erf_type::IPV4 => Ok(Layer::Ipv4),
        erf_type::IPV6 => Ok(Layer::Ipv6),
        _ => Err(Stop::Link(LinkType::ERF)),
    }
}

/// Tags of exported packets: the end of the tags, and the name of the protocol that follows them.
const TAG_END: u16 = 0;
const TAG_NAME: u16 = 12;

/// Exported packets of Wireshark: tags of type, length and value, then a packet of the protocol that one of them
/// names. Of streams that were exported above TCP too little is left to put them in order.
pub(super) fn upper_pdu(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let mut layer = None;
    loop {
        let [a, b, c, d] = *cursor.take::<4>()?;
        let len = usize::from(u16::from_be_bytes([c, d]));
        let value = cursor.rest().get(..len).unwrap_or_default();
        match u16::from_be_bytes([a, b]) {
            TAG_END => return layer.ok_or(Stop::Link(LinkType::WIRESHARK_UPPER_PDU)),
            TAG_NAME => {
                let padding = value.iter().rev().take_while(|octet| **octet == 0).count();
                layer = match value.get(..len.saturating_sub(padding)) {
                    Some(b"ip") => Some(Layer::Ipv4),
                    Some(b"ipv6") => Some(Layer::Ipv6),
                    Some(b"eth" | b"eth_maybefcs" | b"eth_withoutfcs" | b"eth_withfcs") => Some(Layer::Ethernet),
                    _ => None,
                };
            }
            _ => {}
        }
        cursor.skip(len)?;
    }
}
