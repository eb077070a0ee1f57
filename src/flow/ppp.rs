//! PPP, on lines and over Ethernet.

use super::dissect::{Cursor, Layer, Odd, Stop};

/// Protocol numbers that lead to IP, as in IANA's "Point-to-Point (PPP) Protocol Field Assignments".
mod protocol {
    pub(super) const IPV4: u16 = 0x0021;
    pub(super) const IPV6: u16 = 0x0057;
    pub(super) const MPLS: u16 = 0x0281;
    pub(super) const MPLS_MULTICAST: u16 = 0x0283;
}

/// Address and control octet that a frame begins with unless both ends agreed to leave them out.
const ADDRESS: u8 = 0xff;
const CONTROL: u8 = 0x03;

/// PPP with or without address and control octet.
pub(super) fn ppp(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    if let [ADDRESS, CONTROL, ..] = cursor.rest() {
        cursor.skip(2)?;
    }
    protocol(cursor)
}

/// PPP on a serial line, which may speak Cisco's HDLC instead: that never begins with the address octet of PPP.
pub(super) fn hdlc(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match cursor.rest() {
        [0x0f | 0x8f, 0, ..] => Ok(Layer::Odd(Odd::CiscoHdlc)),
        _ => ppp(cursor),
    }
}

/// PPP behind an octet that tells the direction, which may stand in for the address octet.
pub(super) fn directed(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    cursor.skip(1)?;
    if let [CONTROL, ..] = cursor.rest() {
        cursor.skip(1)?;
        return protocol(cursor);
    }
    ppp(cursor)
}

/// A protocol number: of its two octets the first may be left out where it is 0, and the last one is always odd.
pub(super) fn protocol(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let number = match *cursor.take::<1>()? {
        [low] if low & 1 != 0 => u16::from(low),
        [high] => {
            let [low] = *cursor.take::<1>()?;
            u16::from_be_bytes([high, low])
        }
    };
    match number {
        protocol::IPV4 => Ok(Layer::Ipv4),
        protocol::IPV6 => Ok(Layer::Ipv6),
        protocol::MPLS | protocol::MPLS_MULTICAST => Ok(Layer::Odd(Odd::Mpls)),
        other => Err(Stop::Ppp(other)),
    }
}

/// A PPPoE session: version and type 1, code 0, session, length, and PPP from its protocol number on.
pub(super) fn pppoe(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match *cursor.take::<6>()? {
        [0x11, 0, _, _, high, low] => {
            cursor.limit(usize::from(u16::from_be_bytes([high, low])));
            Ok(Layer::Odd(Odd::PppProtocol))
        }
        _ => Err(Stop::Malformed),
    }
}
