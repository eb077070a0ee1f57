//! Link layers: from the first octet of a frame to the network layer.

use super::dissect::{Cursor, Layer, Odd, Stop};
use crate::capture::LinkType;

/// Ether types that lead to IP; numbers as in IANA's "IEEE 802 Numbers".
mod ether_type {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const VLAN_SERVICE: u16 = 0x88a8;
    pub(super) const VLAN_OLD: u16 = 0x9100;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_UPSTREAM: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    /// Ethernet within something else.
    pub(super) const BRIDGED: u16 = 0x6558;
    /// The first number that is a type: what is lower in an Ethernet header is a length.
    pub(super) const LOWEST: u16 = 0x0600;
}

/// The number under which Linux files frames that have an 802.2 header and no type of their own.
pub(super) const LLC: u16 = 0x0004;

/// The layer that frames of a link type start with; `None` for link types that are not read.
pub(super) fn outermost(link: LinkType) -> Option<Layer> {
    Some(match link {
        LinkType::ETHERNET => Layer::Ethernet,
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OLD => Layer::Ip,
        LinkType::IPV4 => Layer::Ipv4,
        LinkType::IPV6 => Layer::Ipv6,
        _ => Layer::Odd(match link {
            LinkType::LINUX_SLL => Odd::LinuxSll,
            LinkType::LINUX_SLL2 => Odd::LinuxSll2,
            LinkType::NULL => Odd::Null,
            LinkType::LOOP => Odd::Loop,
            LinkType::PPP => Odd::Ppp,
            LinkType::PPP_HDLC => Odd::PppHdlc,
            LinkType::PPP_ETHER => Odd::Pppoe,
            LinkType::PPP_PPPD | LinkType::PPP_WITH_DIR => Odd::PppDirected,
            LinkType::C_HDLC => Odd::CiscoHdlc,
            LinkType::FRELAY => Odd::FrameRelay,
            LinkType::IEEE802_11 => Odd::Wlan { padded: false },
            LinkType::IEEE802_11_RADIOTAP => Odd::Radiotap,
            LinkType::IEEE802_11_PRISM | LinkType::IEEE802_11_AVS => Odd::Prism,
            LinkType::PPI => Odd::Ppi,
            LinkType::NFLOG => Odd::Nflog,
            LinkType::ERF => Odd::Erf,
            LinkType::WIRESHARK_UPPER_PDU => Odd::UpperPdu,
            _ => return None,
        }),
    })
}

/// Ethernet: two addresses and a type or, in 802.3 frames, a length.
#[inline]
pub(super) fn ethernet(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    let [.., high, low] = cursor.take::<14>()?;
    let number = u16::from_be_bytes([*high, *low]);
    if number < ether_type::LOWEST {
        cursor.limit(usize::from(number));
        return Ok(Layer::Odd(Odd::Llc));
    }
    ether_type(number, cursor)
}

/// An 802.2 header: two service access points and a control octet, and where both points are SNAP's an organisation
/// and a type.
pub(super) fn llc(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match cursor.take::<3>()? {
        [0xaa, 0xaa, 0x03] => snap(cursor),
        // The point of IP itself.
        [0x06, 0x06, 0x03] => Ok(Layer::Ip),
        _ => Err(Stop::EtherType(LLC)),
    }
}

/// SNAP: of the organisation numbers, 0 and that of 802.1H announce an ether type, that of 802.1 a bridged frame,
/// type 1 with and 7 without a check sum at its end.
pub(super) fn snap(cursor: &mut Cursor<'_>) -> Result<Layer, Stop> {
    match *cursor.take::<5>()? {
        [0, 0, 0 | 0xf8, high, low] => ether_type(u16::from_be_bytes([high, low]), cursor),
        [0, 0x80, 0xc2, 0, 1 | 7] => Ok(Layer::Ethernet),
        _ => Err(Stop::EtherType(LLC)),
    }
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
        other => rare_ether_type(other),
    }
}

/// Whether an ether type leads, or may lead, to IP.
pub(super) fn leads_to_ip(number: u16) -> bool {
    matches!(number, ether_type::IPV4 | ether_type::IPV6 | ether_type::VLAN | ether_type::VLAN_SERVICE)
        || rare_ether_type(number).is_ok()
}

fn rare_ether_type(number: u16) -> Result<Layer, Stop> {
    Ok(match number {
        ether_type::MPLS | ether_type::MPLS_UPSTREAM => Layer::Odd(Odd::Mpls),
        ether_type::PPPOE_SESSION => Layer::Odd(Odd::Pppoe),
        ether_type::BRIDGED => Layer::Ethernet,
        LLC => Layer::Odd(Odd::Llc),
        other => return Err(Stop::EtherType(other)),
    })
}
