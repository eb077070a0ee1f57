//! One frame taken apart down to its transport, without allocating.
//!
//! A [`Cursor`] stands in the frame, a [`Layer`] says what begins there. Each layer has a function that moves the
//! cursor over its header and names the next layer, so that tags, tunnels and extension headers nest in any order:
//! a new one is a variant of `Layer`, its function, and whoever names it.

use super::tunnel::{Outer, TunnelKind};
use super::{ip, link, meta, mpls, ppp, transport, tunnel, wan, wlan};
use crate::capture::LinkType;

/// How many headers may follow one another in a frame; real stacks of tags, tunnels and extensions stay below 16.
pub const MAX_LAYERS: usize = 32;

/// The addresses of an IP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hosts<'f> {
    /// IPv4.
    V4 {
        /// Who sent it.
        source: u32,
        /// For whom it is.
        destination: u32,
    },
    /// IPv6.
    V6 {
        /// Who sent it.
        source: &'f [u8; 16],
        /// For whom it is.
        destination: &'f [u8; 16],
    },
}

/// The data of a segment or datagram: where it stands in the captured bytes of its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Payload {
    /// Offset of the first octet.
    pub offset: u32,
    /// Octets captured.
    pub len: u32,
    /// Octets that follow them and that the snap length cut.
    pub missing: u32,
}

impl Payload {
    /// Whether there is no data, captured or cut.
    pub fn is_empty(self) -> bool {
        self.len == 0 && self.missing == 0
    }

    /// The captured octets of it, in the captured bytes of its frame.
    pub fn of(self, captured: &[u8]) -> &[u8] {
        let start = self.offset as usize;
        captured.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// The control bits of a TCP header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// The sender has nothing more to send.
    pub fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// The same without FIN.
    pub(super) fn without_fin(self) -> Self {
        Self(self.0 & !0x01)
    }

    /// The sender opens its direction.
    pub fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }

    /// The connection is torn down.
    pub fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The data should be handed to the application at once.
    pub fn psh(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// The acknowledgement number counts.
    pub fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// What is needed of a transport header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head {
    /// TCP.
    Tcp {
        /// Sequence number.
        seq: u32,
        /// Acknowledgement number.
        ack: u32,
        /// Control bits.
        flags: Flags,
    },
    /// UDP.
    Udp {
        /// Identification of the IPv4 packet that carried it; 0 where there is none.
        id: u16,
    },
}

/// A TCP segment or a UDP datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'f> {
    /// Addresses.
    pub hosts: Hosts<'f>,
    /// Port it came from.
    pub source_port: u16,
    /// Port it went to.
    pub destination_port: u16,
    /// Transport header.
    pub head: Head,
    /// Data.
    pub payload: Payload,
}

/// Why a frame holds no segment or datagram that could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// A link type that is not read.
    Link(LinkType),
    /// An ether type that is neither IP nor leads to it; 4 stands for 802.2 frames.
    EtherType(u16),
    /// A protocol family of BSD loopback that is not IP.
    Family(u32),
    /// A PPP protocol that is not IP: negotiation, or compressed.
    Ppp(u16),
    /// An IP protocol other than TCP and UDP.
    Protocol(u8),
    /// A fragment of an IP packet.
    Fragment(Part),
    /// Several frames in one (802.11 A-MSDU): where they stand.
    Aggregate(Payload),
    /// A message of a tunnel protocol that carries no packet, such as an echo.
    Control(TunnelKind),
    /// An 802.11 frame that carries no data: management, control, null.
    NoData,
    /// An 802.11 frame whose data are encrypted.
    Encrypted,
    /// A fragment of an 802.11 frame.
    FrameFragment,
    /// The snap length cut it within a header.
    Cut,
    /// A header that contradicts itself or does not fit.
    Malformed,
    /// More than [`MAX_LAYERS`] headers.
    TooDeep,
}

/// What a fragment says of the packet it is a part of; the addresses are beside it, in the [`Path`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Identification of the packet.
    pub id: u32,
    /// Protocol number (IPv4) or number of the next header (IPv6) of the whole.
    pub next: u8,
    /// Where its octets belong in the whole.
    pub at: u32,
    /// Whether more octets follow in other fragments.
    pub more: bool,
    /// Its octets.
    pub payload: Payload,
}

/// What was met on the way into a frame and is needed at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Path<'f> {
    /// Addresses of the innermost IP packet.
    pub(super) hosts: Option<Hosts<'f>>,
    /// Identification of the innermost IPv4 packet.
    pub(super) id: u16,
    /// The innermost GTP-U tunnel or, without one, the innermost tunnel.
    pub(super) tunnel: Option<Outer<'f>>,
}

/// What begins where the cursor stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer {
    Ethernet,
    EtherType(u16),
    Ip,
    Ipv4,
    Ipv6,
    NextHeader(u8),
    Protocol(u8),
    Tcp,
    Udp,
    Odd(Odd),
}

/// The layers that are rare: kept out of the way of the others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Odd {
    LinuxSll,
    LinuxSll2,
    Null,
    Loop,
    Llc,
    Ppp,
    PppHdlc,
    PppDirected,
    PppProtocol,
    Pppoe,
    CiscoHdlc,
    FrameRelay,
    Wlan { padded: bool },
    Radiotap,
    Prism,
    Ppi,
    Nflog,
    Erf,
    UpperPdu,
    Mpls,
    Gre,
    IpInIp(Ip),
    EtherIp,
    MplsInIp,
}

/// A version of IP.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ip {
    V4,
    V6,
}

/// Takes a frame apart: `captured` are its bytes, `original_len` its length on the network in octets.
pub fn dissect(link: LinkType, captured: &[u8], original_len: u32) -> Result<Packet<'_>, Stop> {
    dissect_along(link, captured, original_len, &mut Path::default())
}

/// The same, with what was met on the way.
#[inline(always)]
pub(super) fn dissect_along<'f>(
    link: LinkType,
    captured: &'f [u8],
    original_len: u32,
    path: &mut Path<'f>,
) -> Result<Packet<'f>, Stop> {
    let layer = link::outermost(link).ok_or(Stop::Link(link))?;
    descend(layer, Cursor::new(captured, original_len as usize), path)
}

/// Goes from layer to layer. Part of the walk over a window, which calls it from one place.
#[inline(always)]
pub(super) fn descend<'f>(mut layer: Layer, mut cursor: Cursor<'f>, path: &mut Path<'f>) -> Result<Packet<'f>, Stop> {
    let at = &mut cursor;
    for _ in 0..MAX_LAYERS {
        layer = match layer {
            Layer::Ethernet => link::ethernet(at)?,
            Layer::EtherType(number) => link::ether_type(number, at)?,
            Layer::Ip => ip::either(at)?,
            Layer::Ipv4 => ip::v4(at, path)?,
            Layer::Ipv6 => ip::v6(at, path)?,
            Layer::NextHeader(number) => ip::next_header(number, at)?,
            Layer::Protocol(number) => ip::protocol(number, at)?,
            Layer::Tcp => return transport::tcp(at, path.hosts.ok_or(Stop::Malformed)?),
            Layer::Udp => {
                let packet = transport::udp(at, path)?;
                if !tunnel::may_be_in_udp(&packet) {
                    return Ok(packet);
                }
                let Some((inside, cursor, way)) = tunnel::in_udp(packet, *at, *path) else { return Ok(packet) };
                (*at, *path) = (cursor, way);
                inside?
            }
            Layer::Odd(odd) => {
                // Copies, so that cursor and path stay in registers where no such layer is.
                let (next, cursor, way) = enter(odd, *at, *path)?;
                (*at, *path) = (cursor, way);
                next
            }
        };
    }
    Err(Stop::TooDeep)
}

/// Moves over the header of a rare layer.
#[inline(never)]
fn enter<'f>(odd: Odd, mut cursor: Cursor<'f>, mut path: Path<'f>) -> Result<(Layer, Cursor<'f>, Path<'f>), Stop> {
    let at = &mut cursor;
    let layer = match odd {
        Odd::LinuxSll => link::linux_sll(at),
        Odd::LinuxSll2 => link::linux_sll2(at),
        Odd::Null => link::null(at),
        Odd::Loop => link::open_bsd_loop(at),
        Odd::Llc => link::llc(at),
        Odd::Ppp => ppp::ppp(at),
        Odd::PppHdlc => ppp::hdlc(at),
        Odd::PppDirected => ppp::directed(at),
        Odd::PppProtocol => ppp::protocol(at),
        Odd::Pppoe => ppp::pppoe(at),
        Odd::CiscoHdlc => wan::cisco_hdlc(at),
        Odd::FrameRelay => wan::frame_relay(at),
        Odd::Wlan { padded } => wlan::wlan(at, padded),
        Odd::Radiotap => wlan::radiotap(at),
        Odd::Prism => wlan::prism(at),
        Odd::Ppi => meta::ppi(at),
        Odd::Nflog => meta::nflog(at),
        Odd::Erf => meta::erf(at),
        Odd::UpperPdu => meta::upper_pdu(at),
        Odd::Mpls => mpls::mpls(at),
        Odd::Gre => tunnel::gre(at, &mut path),
        Odd::IpInIp(inner) => tunnel::ip_in_ip(inner, &mut path),
        Odd::EtherIp => tunnel::ether_ip(at, &mut path),
        Odd::MplsInIp => tunnel::mpls_in_ip(&mut path),
    }?;
    Ok((layer, cursor, path))
}

/// A place in a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'f> {
    /// What is captured from here to the end of the innermost packet.
    rest: &'f [u8],
    /// Offset of `rest` in the frame.
    at: usize,
    /// Octets of the innermost packet that the snap length cut.
    missing: usize,
}

impl<'f> Cursor<'f> {
    pub(super) fn new(captured: &'f [u8], original_len: usize) -> Self {
        Self { rest: captured, at: 0, missing: original_len.saturating_sub(captured.len()) }
    }

    /// A part of what is captured.
    pub(super) fn within(captured: &'f [u8], part: Payload) -> Self {
        Self { rest: part.of(captured), at: part.offset as usize, missing: part.missing as usize }
    }

    /// What is captured from here to the end of the innermost packet.
    pub(super) fn rest(&self) -> &'f [u8] {
        self.rest
    }

    /// Octets from here to the end of the innermost packet, captured or cut.
    pub(super) fn len(&self) -> usize {
        self.rest.len() + self.missing
    }

    /// The next octets, without moving.
    #[inline]
    pub(super) fn peek<const N: usize>(&self) -> Result<&'f [u8; N], Stop> {
        self.rest.first_chunk().ok_or(self.too_short(N))
    }

    /// The next octets, moving over them.
    #[inline]
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'f [u8; N], Stop> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(self.too_short(N))?;
        self.rest = rest;
        self.at += N;
        Ok(chunk)
    }

    /// Moves over `n` octets.
    #[inline]
    pub(super) fn skip(&mut self, n: usize) -> Result<(), Stop> {
        self.rest = self.rest.get(n..).ok_or(self.too_short(n))?;
        self.at += n;
        Ok(())
    }

    /// Moves over `n` octets, of which the last ones need not be captured.
    #[inline]
    pub(super) fn skip_lost(&mut self, n: usize) -> Result<(), Stop> {
        let captured = n.min(self.rest.len());
        self.missing = self.missing.checked_sub(n - captured).ok_or(Stop::Malformed)?;
        self.skip(captured)
    }

    /// Ends the innermost packet after `len` octets. A packet that claims more than its frame had on the network ends
    /// with the frame.
    #[inline]
    pub(super) fn limit(&mut self, len: usize) {
        match self.rest.get(..len) {
            Some(packet) => (self.rest, self.missing) = (packet, 0),
            None => self.missing = self.missing.min(len - self.rest.len()),
        }
    }

    /// Takes `n` octets off the end of the innermost packet.
    pub(super) fn drop_tail(&mut self, n: usize) {
        self.limit(self.len().saturating_sub(n));
    }

    /// What is left of the innermost packet.
    #[inline]
    pub(super) fn payload(&self) -> Payload {
        Payload { offset: self.at as u32, len: self.rest.len() as u32, missing: self.missing as u32 }
    }

    /// Why `n` octets are not there.
    fn too_short(&self, n: usize) -> Stop {
        if self.rest.len() + self.missing >= n { Stop::Cut } else { Stop::Malformed }
    }
}
