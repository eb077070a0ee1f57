//! IPv4 and IPv6: from the first octet of a packet to its transport, or to the tunnel that begins in it.

use super::dissect::{Cursor, Hosts, Ip, Layer, Odd, Part, Path, Stop};

/// Protocol and extension header numbers, as in IANA's "Assigned Internet Protocol Numbers".
mod protocol {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const IPV4: u8 = 4;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const IPV6: u8 = 41;
    pub(super) const GRE: u8 = 47;
    pub(super) const ETHER_IP: u8 = 97;
    pub(super) const MPLS: u8 = 137;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const DESTINATION_OPTIONS: u8 = 60;
    pub(super) const MOBILITY: u8 = 135;
}

/// IP of the version that its first four bits tell.
pub(super) fn either(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match cursor.peek::<1>()?[0] >> 4 {
        4 => Ok(Layer::Ipv4),
        6 => Ok(Layer::Ipv6),
        _ => Err(Stop::Malformed),
    }
}

/// IPv4 with its options. What follows its total length is padding of the link layer; a total length of 0 is that of
/// a packet captured before the network card cut it into segments, and means all there is.
#[inline(always)]
pub(super) fn v4<'f>(cursor: &mut Cursor<'f>, path: &mut Path<'f>) -> Result<Layer, Stop> {
    let head = cursor.peek::<20>()?;
    let header_len = usize::from(head[0] & 0x0f) * 4;
    let total_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if head[0] >> 4 != 4 || header_len < 20 || (total_len != 0 && total_len < header_len) {
        return Err(Stop::Malformed);
    }
    if total_len != 0 {
        cursor.limit(total_len);
    }
    cursor.skip(header_len)?;
    path.hosts = Some(Hosts::V4 {
        source: u32::from_be_bytes([head[12], head[13], head[14], head[15]]),
        destination: u32::from_be_bytes([head[16], head[17], head[18], head[19]]),
    });
    path.id = u16::from_be_bytes([head[4], head[5]]);
    // More fragments to come, or not the first one.
    let place = u16::from_be_bytes([head[6], head[7]]);
    if place & 0x3fff != 0 {
        let (at, more) = (u32::from(place & 0x1fff) * 8, place & 0x2000 != 0);
        let part = Part { id: path.id.into(), next: head[9], at, more, payload: cursor.payload() };
        return Err(Stop::Fragment(part));
    }
    protocol(head[9], cursor)
}

/// IPv6, fixed header. A payload length of 0 means all there is, as in IPv4.
pub(super) fn v6<'f>(cursor: &mut Cursor<'f>, path: &mut Path<'f>) -> Result<Layer, Stop> {
    let head = cursor.take::<40>()?;
    if head[0] >> 4 != 6 {
        return Err(Stop::Malformed);
    }
    let payload_len = usize::from(u16::from_be_bytes([head[4], head[5]]));
    if payload_len != 0 {
        cursor.limit(payload_len);
    }
    let (_, addresses) = head.split_first_chunk::<8>().ok_or(Stop::Malformed)?;
    let (source, destination) = addresses.split_first_chunk::<16>().ok_or(Stop::Malformed)?;
    let destination = destination.first_chunk::<16>().ok_or(Stop::Malformed)?;
    path.hosts = Some(Hosts::V6 { source, destination });
    path.id = 0;
    Ok(Layer::NextHeader(head[6]))
}

/// What an IPv6 next header number announces: an extension header, which leads to the next one, or a protocol.
pub(super) fn next_header(number: u8, cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match number {
        protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION_OPTIONS | protocol::MOBILITY => {
            let [next, units] = *cursor.peek::<2>()?;
            cursor.skip((usize::from(units) + 1) * 8)?;
            Ok(Layer::NextHeader(next))
        }
        protocol::AUTHENTICATION => authentication(cursor).map(Layer::NextHeader),
        protocol::FRAGMENT => {
            let head = cursor.take::<8>()?;
            // The low three bits are two reserved ones and "more to come"; what is left of a whole packet is all 0.
            let place = u16::from_be_bytes([head[2], head[3]]);
            if place & 0xfff9 == 0 {
                return Ok(Layer::NextHeader(head[0]));
            }
            let id = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
            let (at, more) = (u32::from(place & 0xfff8), place & 1 != 0);
            Err(Stop::Fragment(Part { id, next: head[0], at, more, payload: cursor.payload() }))
        }
        _ => protocol(number, cursor),
    }
}

/// What an IP protocol number announces.
#[inline]
pub(super) fn protocol(number: u8, cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match number {
        protocol::TCP => Ok(Layer::Tcp),
        protocol::UDP => Ok(Layer::Udp),
        protocol::AUTHENTICATION => authentication(cursor).map(Layer::Protocol),
        protocol::GRE => Ok(Layer::Odd(Odd::Gre)),
        protocol::IPV4 => Ok(Layer::Odd(Odd::IpInIp(Ip::V4))),
        protocol::IPV6 => Ok(Layer::Odd(Odd::IpInIp(Ip::V6))),
        protocol::ETHER_IP => Ok(Layer::Odd(Odd::EtherIp)),
        protocol::MPLS => Ok(Layer::Odd(Odd::MplsInIp)),
        other => Err(Stop::Protocol(other)),
    }
}

/// Authentication header: its length counts 32-bit words, less two. Returns the number of what follows.
fn authentication(cursor: &mut Cursor<'_>) -> Result<u8, Stop> {
    let [next, words] = *cursor.peek::<2>()?;
    cursor.skip((usize::from(words) + 2) * 4)?;
    Ok(next)
}

/// How many octets follow the IP packet that seems to begin here; `None` where version or lengths do not fit one.
pub(super) fn octets_after(cursor: &Cursor<'_>) -> Option<usize> {
    let len = match *cursor.rest() {
        [first @ 0x45..=0x4f, _, high, low, ..] => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            (len >= usize::from(first & 0x0f) * 4).then_some(len)
        }
        [0x60..=0x6f, _, _, _, high, low, ..] => Some(usize::from(u16::from_be_bytes([high, low])) + 40),
        _ => None,
    };
    cursor.len().checked_sub(len?)
}
