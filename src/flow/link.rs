//! Link layers: from the first octet of a frame to the network layer.

use super::dissect::{Cursor, Layer, Stop};
use crate::capture::LinkType;

/// Ether types of IP and of VLAN tags; numbers as in IANA's "IEEE 802 Numbers".
mod ether_type {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const VLAN_SERVICE: u16 = 0x88a8;
    pub(super) const VLAN_OLD: u16 = 0x9100;
    /// The number under which Linux files frames that have an 802.2 header and no type of their own.
    pub(super) const LLC: u16 = 0x0004;
    /// The first number that is a type: what is lower in an Ethernet header is a length.
    pub(super) const LOWEST: u16 = 0x0600;
}

/// The layer that frames of a link type start with; `None` for link types that are not read.
pub(super) fn outermost(link: LinkType) -> Option<Layer> {
    Some(match link {
        LinkType::ETHERNET => Layer::Ethernet,
        LinkType::LINUX_SLL => Layer::LinuxSll,
        LinkType::LINUX_SLL2 => Layer::LinuxSll2,
        LinkType::NULL => Layer::Null,
        LinkType::LOOP => Layer::Loop,
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OLD => Layer::Ip,
        LinkType::IPV4 => Layer::Ipv4,
        LinkType::IPV6 => Layer::Ipv6,
        _ => return None,
    })
}

/// Ethernet: two addresses and a type or, in 802.3 frames, a length.
#[inline]
pub(super) fn ethernet(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [.., high, low] = cursor.take::<14>()?;
    let number = u16::from_be_bytes([*high, *low]);
    ether_type(if number < ether_type::LOWEST { ether_type::LLC } else { number }, cursor)
}

/// Linux "cooked" header, version 1: 16 octets, the type last.
pub(super) fn linux_sll(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [.., high, low] = cursor.take::<16>()?;
    ether_type(u16::from_be_bytes([*high, *low]), cursor)
}

/// Linux "cooked" header, version 2: 20 octets, the type first.
pub(super) fn linux_sll2(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [high, low, ..] = cursor.take::<20>()?;
    ether_type(u16::from_be_bytes([*high, *low]), cursor)
}

/// BSD loopback, family in the byte order of the writing machine: real families are small numbers.
pub(super) fn null(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let family = u32::from_le_bytes(*cursor.take::<4>()?);
    family_layer(if family > 0xffff { family.swap_bytes() } else { family })
}

/// OpenBSD loopback, family big-endian.
pub(super) fn open_bsd_loop(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    family_layer(u32::from_be_bytes(*cursor.take::<4>()?))
}

/// `AF_INET` is 2 everywhere, `AF_INET6` is what each system chose; numbers as on tcpdump.org's page of LINKTYPE_NULL.
fn family_layer(family: u32) -> Result<Layer, Stop> {
    match family {
        2 => Ok(Layer::Ipv4),
        24 | 28 | 30 => Ok(Layer::Ipv6),
        other => Err(Stop::Family(other)),
    }
}

/// What a type number announces; VLAN tags lead to the next type number.
#[inline]
pub(super) fn ether_type(number: u16, cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match number {
        ether_type::IPV4 => Ok(Layer::Ipv4),
        ether_type::IPV6 => Ok(Layer::Ipv6),
        ether_type::VLAN | ether_type::VLAN_SERVICE | ether_type::VLAN_OLD => {
            let [_, _, high, low] = cursor.take::<4>()?;
            Ok(Layer::EtherType(u16::from_be_bytes([*high, *low])))
        }
        other => Err(Stop::EtherType(other)),
    }
}
