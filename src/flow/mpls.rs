//! MPLS: a stack of labels, and what is behind it, which no field tells.

use super::dissect::{Cursor, Layer, Stop};
use super::{ip, link};

/// The ether type under which packets are counted that no guess fits.
const ETHER_TYPE: u16 = 0x8847;

/// Labels of four octets each, up to the one marked as the last.
///
/// What follows is IP where it looks like a whole packet of it. Otherwise it is a frame of an Ethernet pseudowire,
/// behind a control word or without one, if an ether type stands where such a frame has it.
pub(super) fn mpls(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    while cursor.take::<4>()?[2] & 1 == 0 {}
    let bytes = cursor.rest();
    let is_ethernet = |at: usize| match bytes.get(at + 12..at + 14) {
        Some(&[high, low]) => link::leads_to_ip(u16::from_be_bytes([high, low])),
        _ => false,
    };
    match bytes.first() {
        // An Ethernet address may begin like IP, and padding may follow either.
        _ if ip::octets_after(cursor).is_some_and(|more| more == 0 || !is_ethernet(0)) => Ok(Layer::Ip),
        Some(0..=0x0f) if is_ethernet(4) => {
            cursor.skip(4)?;
            Ok(Layer::Ethernet)
        }
        Some(_) if is_ethernet(0) => Ok(Layer::Ethernet),
        // An IP packet with lengths that do not fit, told as such by its own layer.
        Some(0x45..=0x4f | 0x60..=0x6f) => Ok(Layer::Ip),
        _ => Err(Stop::EtherType(ETHER_TYPE)),
    }
}
