//! Serial lines: Cisco's HDLC and Frame Relay.

use super::dissect::{Cursor, Layer, Stop};
use super::link;

/// Cisco's HDLC: address, control, ether type.
pub(super) fn cisco_hdlc(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [_, _, high, low] = *cursor.take::<4>()?;
    link::ether_type(u16::from_be_bytes([high, low]), cursor)
}

/// Frame Relay: an address whose last octet is odd, then either a control octet and a network layer number or, as
/// Cisco does it, an ether type.
pub(super) fn frame_relay(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let mut octets = 0;
    while cursor.take::<1>()?[0] & 1 == 0 {
        octets += 1;
        if octets == 4 {
            return Err(Stop::Malformed);
        }
    }
    if cursor.peek::<1>()?[0] != UNNUMBERED {
        let [high, low] = *cursor.take::<2>()?;
        return link::ether_type(u16::from_be_bytes([high, low]), cursor);
    }
    cursor.skip(1)?;
    if cursor.peek::<1>()?[0] == 0 {
        // Padding that brings what follows to an even place.
        cursor.skip(1)?;
    }
    match cursor.take::<1>()? {
        [network::IPV4] => Ok(Layer::Ipv4),
        [network::IPV6] => Ok(Layer::Ipv6),
        [network::SNAP] => link::snap(cursor),
        // Others have no ether type; they are filed with the 802.2 frames.
        _ => Err(Stop::EtherType(link::LLC)),
    }
}

/// Control octet of an unnumbered frame.
const UNNUMBERED: u8 = 0x03;

/// Network layer protocol identifiers, as in ISO's list of them.
mod network {
    pub(super) const SNAP: u8 = 0x80;
    pub(super) const IPV6: u8 = 0x8e;
    pub(super) const IPV4: u8 = 0xcc;
}
