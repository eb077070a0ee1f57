//! Tunnels: packets that carry packets.

use std::net::IpAddr;

use super::dissect::{Cursor, Hosts, Ip, Layer, Odd, Packet, Path, Stop};
use super::key::addresses;
use super::{Way, ip, link};

/// A protocol that carries packets within IP packets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TunnelKind {
    /// IP directly within IP, of either version.
    IpInIp,
    /// Generic routing encapsulation.
    Gre,
    /// GRE version 1 with PPP inside.
    Pptp,
    /// Mirrored Ethernet frames in GRE.
    Erspan,
    /// Ethernet directly within IP.
    EtherIp,
    /// MPLS directly within IP.
    MplsInIp,
    /// User plane of the GPRS tunnelling protocol, version 1.
    GtpU,
    /// GPRS tunnelling protocol, version 0.
    GtpV0,
    /// Ethernet within UDP.
    Vxlan,
}

impl TunnelKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::IpInIp => "IP-in-IP",
            Self::Gre => "GRE",
            Self::Pptp => "PPTP",
            Self::Erspan => "ERSPAN",
            Self::EtherIp => "EtherIP",
            Self::MplsInIp => "MPLS-in-IP",
            Self::GtpU => "GTP-U",
            Self::GtpV0 => "GTPv0",
            Self::Vxlan => "VXLAN",
        }
    }

    fn is_gtp(self) -> bool {
        matches!(self, Self::GtpU | Self::GtpV0)
    }
}

/// The tunnel that a packet came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outer<'f> {
    /// What it is.
    pub kind: TunnelKind,
    /// Its identifier: the TEID of GTP-U, the flow label of GTPv0, the key of GRE, the call of PPTP, the network of
    /// VXLAN.
    pub id: Option<u32>,
    /// Addresses of the packet around.
    pub hosts: Hosts<'f>,
}

/// The tunnel that a flow was captured in. The same flow may have been captured outside of it as well.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tunnel {
    /// What it is.
    pub kind: TunnelKind,
    /// Its identifier each way, [`Way::Forward`] first, as first seen: a TEID of GTP-U, a key of GRE, and so on.
    pub ids: [Option<u32>; 2],
    /// The outer address on the side of the opener, as first seen.
    pub opener: IpAddr,
    /// The outer address on the side of the acceptor, as first seen.
    pub acceptor: IpAddr,
}

impl Tunnel {
    /// The tunnel of a packet that travels `way`.
    pub(super) fn new(way: Way, outer: &Outer<'_>) -> Self {
        let (source, destination) = addresses(outer.hosts);
        match way {
            Way::Forward => Self { kind: outer.kind, ids: [outer.id, None], opener: source, acceptor: destination },
            Way::Reverse => Self { kind: outer.kind, ids: [None, outer.id], opener: destination, acceptor: source },
        }
    }

    /// Adds what is seen of it later; what was first seen stays.
    pub(super) fn merge(&mut self, later: &Self) {
        if self.kind == later.kind {
            let [forward, reverse] = later.ids;
            let [known_forward, known_reverse] = &mut self.ids;
            *known_forward = known_forward.or(forward);
            *known_reverse = known_reverse.or(reverse);
        }
    }

    /// The identifier of the packets that travel this way.
    pub fn id(&self, way: Way) -> Option<u32> {
        let [forward, reverse] = self.ids;
        match way {
            Way::Forward => forward,
            Way::Reverse => reverse,
        }
    }
}

/// Notes that what follows is inside a tunnel. The innermost one counts, but the subscriber's is kept.
fn enter(path: &mut Path<'_>, kind: TunnelKind, id: Option<u32>) {
    let keep = path.tunnel.is_some_and(|outer| outer.kind.is_gtp() && !kind.is_gtp());
    if let (Some(hosts), false) = (path.hosts, keep) {
        path.tunnel = Some(Outer { kind, id, hosts });
    }
}

pub(super) fn ip_in_ip(inner: Ip, path: &mut Path<'_>) -> Result<Layer, Stop> {
    enter(path, TunnelKind::IpInIp, None);
    Ok(match inner {
        Ip::V4 => Layer::Ipv4,
        Ip::V6 => Layer::Ipv6,
    })
}

pub(super) fn mpls_in_ip(path: &mut Path<'_>) -> Result<Layer, Stop> {
    enter(path, TunnelKind::MplsInIp, None);
    Ok(Layer::Odd(Odd::Mpls))
}

/// EtherIP: version 3 and twelve bits of 0.
pub(super) fn ether_ip(cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Result<Layer, Stop> {
    match cursor.take::<2>()? {
        [0x30, 0] => {
            enter(path, TunnelKind::EtherIp, None);
            Ok(Layer::Ethernet)
        }
        _ => Err(Stop::Malformed),
    }
}

/// Bits of the first two octets of GRE.
mod gre_flag {
    pub(super) const CHECKSUM: u16 = 0x8000;
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    pub(super) const ACKNOWLEDGEMENT: u16 = 0x0080;
    pub(super) const VERSION: u16 = 0x0007;
}

/// Protocol types of GRE that are no ether types.
mod gre_type {
    pub(super) const PPP: u16 = 0x880b;
    pub(super) const ERSPAN: u16 = 0x88be;
    pub(super) const ERSPAN_III: u16 = 0x22eb;
}

/// GRE: flags and version, protocol type, and the fields that the flags announce.
pub(super) fn gre(cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Result<Layer, Stop> {
    let [a, b, c, d] = *cursor.take::<4>()?;
    let (flags, number) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    match flags & gre_flag::VERSION {
        0 => {}
        1 if number == gre_type::PPP => return pptp(flags, cursor, path),
        _ => return Err(Stop::Malformed),
    }
    if flags & (gre_flag::CHECKSUM | gre_flag::ROUTING) != 0 {
        cursor.skip(4)?;
    }
    let key = match flags & gre_flag::KEY {
        0 => None,
        _ => Some(u32::from_be_bytes(*cursor.take()?)),
    };
    let numbered = flags & gre_flag::SEQUENCE != 0;
    if numbered {
        cursor.skip(4)?;
    }
    if flags & gre_flag::ROUTING != 0 {
        // Source routes: family, offset and length each, up to an empty one.
        loop {
            let [high, low, _, len] = *cursor.take::<4>()?;
            if (high, low, len) == (0, 0, 0) {
                break;
            }
            cursor.skip(len.into())?;
        }
    }
    match number {
        gre_type::ERSPAN => {
            enter(path, TunnelKind::Erspan, None);
            // The first version of ERSPAN has neither sequence numbers nor a header.
            cursor.skip(if numbered { 8 } else { 0 })?;
            Ok(Layer::Ethernet)
        }
        gre_type::ERSPAN_III => {
            enter(path, TunnelKind::Erspan, None);
            let [.., last] = *cursor.take::<12>()?;
            cursor.skip(if last & 1 != 0 { 8 } else { 0 })?;
            Ok(Layer::Ethernet)
        }
        other => {
            enter(path, TunnelKind::Gre, key);
            link::ether_type(other, cursor)
        }
    }
}

/// GRE version 1: the key is the length of what is carried and the number of the call.
fn pptp(flags: u16, cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Result<Layer, Stop> {
    let [high, low, call @ ..] = *cursor.take::<4>()?;
    let len = usize::from(u16::from_be_bytes([high, low]));
    for flag in [gre_flag::SEQUENCE, gre_flag::ACKNOWLEDGEMENT] {
        if flags & flag != 0 {
            cursor.skip(4)?;
        }
    }
    if len == 0 || flags & gre_flag::SEQUENCE == 0 {
        return Err(Stop::Control(TunnelKind::Pptp));
    }
    cursor.limit(len);
    enter(path, TunnelKind::Pptp, Some(u16::from_be_bytes(call).into()));
    Ok(Layer::Odd(Odd::Ppp))
}

/// UDP ports of tunnels, as in IANA's list of port numbers.
mod port {
    pub(super) const GTP_U: u16 = 2152;
    pub(super) const GTP_V0: u16 = 3386;
    pub(super) const VXLAN: u16 = 4789;
}

/// Whether a UDP datagram goes to or comes from one of these ports.
#[inline]
pub(super) fn may_be_in_udp(packet: &Packet<'_>) -> bool {
    let is = |port| packet.source_port == port || packet.destination_port == port;
    is(port::GTP_U) || is(port::VXLAN) || is(port::GTP_V0)
}

/// Where a tunnel leads.
type Inside<'f> = (Result<Layer, Stop>, Cursor<'f>, Path<'f>);

/// The tunnel that such a datagram carries, the cursor at its data; `None` where these do not look like one.
#[cold]
pub(super) fn in_udp<'f>(packet: Packet<'f>, mut cursor: Cursor<'f>, mut path: Path<'f>) -> Option<Inside<'f>> {
    let is = |port| packet.source_port == port || packet.destination_port == port;
    let layer = match () {
        () if is(port::GTP_U) => gtp_u(&mut cursor, &mut path),
        () if is(port::GTP_V0) => gtp_v0(&mut cursor, &mut path),
        () => vxlan(&mut cursor, &mut path),
    }?;
    Some((layer, cursor, path))
}

/// The message type of GTP that carries a packet.
const GTP_PACKET: u8 = 255;

/// GTP-U: version 1 and flags, message type, length of what follows the first eight octets, TEID; where a flag says
/// so, sequence number, N-PDU number and extension headers.
fn gtp_u(cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Option<Result<Layer, Stop>> {
    let [flags, message, high, low, teid @ ..] = *cursor.take::<8>().ok()?;
    let len = usize::from(u16::from_be_bytes([high, low]));
    // Version 1, GTP and not GTP', and the bit that is always 0.
    if flags & 0xf8 != 0x30 || len > cursor.len() {
        return None;
    }
    if message != GTP_PACKET {
        let is_known = matches!(message, 1 | 2 | 26 | 31 | 253 | 254) && len == cursor.len();
        return is_known.then_some(Err(Stop::Control(TunnelKind::GtpU)));
    }
    cursor.limit(len);
    if flags & 0x07 != 0 {
        let [.., mut next] = *cursor.take::<4>().ok()?;
        if flags & 0x04 == 0 {
            next = 0;
        }
        while next != 0 {
            // The length counts units of four octets, the whole header included; its last octet names the next one.
            let units = usize::from(cursor.take::<1>().ok()?[0]);
            cursor.skip((units * 4).checked_sub(2)?).ok()?;
            [next] = *cursor.take::<1>().ok()?;
        }
    }
    let layer = user_packet(cursor)?;
    enter(path, TunnelKind::GtpU, Some(u32::from_be_bytes(teid)));
    Some(Ok(layer))
}

/// GTPv0: flags, message type, length, sequence number, flow label, N-PDU number, three octets of 1s, TID.
fn gtp_v0(cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Option<Result<Layer, Stop>> {
    let [flags, message, high, low, _, _, label_high, label_low, ..] = *cursor.take::<20>().ok()?;
    if flags & 0xfe != 0x1e || usize::from(u16::from_be_bytes([high, low])) != cursor.len() {
        return None;
    }
    if message != GTP_PACKET {
        return Some(Err(Stop::Control(TunnelKind::GtpV0)));
    }
    let layer = user_packet(cursor)?;
    enter(path, TunnelKind::GtpV0, Some(u16::from_be_bytes([label_high, label_low]).into()));
    Some(Ok(layer))
}

/// What a subscriber's packet is: IP, or PPP with its address and control octet.
fn user_packet(cursor: &Cursor<'_>) -> Option<Layer> {
    match cursor.rest() {
        [0xff, 0x03, ..] => Some(Layer::Odd(Odd::Ppp)),
        _ => ip::octets_after(cursor).map(|_| Layer::Ip),
    }
}

/// VXLAN: a flag that says that the number of the network is told, that number, and between them what extensions use
/// and others leave alone.
fn vxlan(cursor: &mut Cursor<'_>, path: &mut Path<'_>) -> Option<Result<Layer, Stop>> {
    let [flags, _, _, next, a, b, c, _] = *cursor.take::<8>().ok()?;
    // With 0x80 the number of a group is told (GBP), with 0x04 what follows (GPE); 3 is Ethernet.
    if flags & 0x7b != 0x08 || flags & 0x04 != 0 && next != 3 {
        return None;
    }
    enter(path, TunnelKind::Vxlan, Some(u32::from_be_bytes([0, a, b, c])));
    Some(Ok(Layer::Ethernet))
}
