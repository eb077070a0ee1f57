//! What the flow stage counted, so that a report can say what was not read.

use std::collections::BTreeMap;

use super::dissect::Stop;
use super::fragment::FragmentTally;
use super::tcp::Tally;
use super::tunnel::TunnelKind;

/// Counts over all frames of a capture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Frames looked at.
    pub packets: u64,
    /// TCP segments.
    pub tcp_segments: u64,
    /// UDP datagrams.
    pub udp_datagrams: u64,
    /// TCP connections and UDP conversations, followed or not; connections one after the other between the same ports
    /// are several.
    pub flows: u64,
    /// What was counted of IP fragments.
    pub fragments: FragmentTally,
    /// Segments and datagrams that came through a tunnel, by its kind.
    pub tunnels: BTreeMap<TunnelKind, u64>,
    /// Frames whose end the snap length cut.
    pub cut_frames: u64,
    /// Frames cut by the snap length within a header.
    pub cut_headers: u64,
    /// Frames with a header that contradicts itself or does not fit, or with too many headers.
    pub malformed: u64,
    /// Frames of link types that are not read, by number of the link type.
    pub unsupported_links: BTreeMap<u16, u64>,
    /// Frames that are not IP, by ether type; 4 stands for 802.2 frames.
    pub other_ether_types: BTreeMap<u16, u64>,
    /// Frames of BSD loopback that are not IP, by protocol family.
    pub other_families: BTreeMap<u32, u64>,
    /// PPP frames that are not IP, by protocol number.
    pub other_ppp: BTreeMap<u16, u64>,
    /// Messages of tunnel protocols that carry no packet, such as echoes.
    pub tunnel_messages: BTreeMap<TunnelKind, u64>,
    /// 802.11 frames that carry no data: management, control, null.
    pub without_data: u64,
    /// 802.11 frames whose data are encrypted.
    pub encrypted_frames: u64,
    /// Fragments of 802.11 frames; they are not put together.
    pub frame_fragments: u64,
    /// IP packets that are neither TCP nor UDP, by protocol number.
    pub other_protocols: BTreeMap<u8, u64>,
    /// Flows that were forgotten because too many were known or followed, or because too much was held.
    pub evicted: u64,
    /// Octets of memory that were held for such flows.
    pub evicted_octets: u64,
    /// What was counted while putting followed TCP flows in order.
    pub tally: Tally,
}

impl Counters {
    /// Frames that are not IP, of link types that are read.
    pub fn non_ip(&self) -> u64 {
        self.other_ether_types.values().chain(self.other_families.values()).sum()
    }

    /// Counts a frame without segment or datagram.
    #[cold]
    pub(super) fn stopped(&mut self, stop: Stop) {
        *match stop {
            Stop::Link(link) => self.unsupported_links.entry(link.0).or_default(),
            Stop::EtherType(number) => self.other_ether_types.entry(number).or_default(),
            Stop::Family(number) => self.other_families.entry(number).or_insert(0),
            Stop::Protocol(number) => self.other_protocols.entry(number).or_default(),
            Stop::Ppp(number) => self.other_ppp.entry(number).or_default(),
            Stop::Control(kind) => self.tunnel_messages.entry(kind).or_default(),
            Stop::NoData => &mut self.without_data,
            Stop::Encrypted => &mut self.encrypted_frames,
            Stop::FrameFragment => &mut self.frame_fragments,
            // These two are taken further apart.
            Stop::Fragment(_) | Stop::Aggregate(_) => return,
            Stop::Cut => &mut self.cut_headers,
            Stop::Malformed | Stop::TooDeep => &mut self.malformed,
        } += 1;
    }

    /// Adds what a direction counted.
    pub(super) fn add(&mut self, tally: Tally) {
        let sum = &mut self.tally;
        sum.gaps += tally.gaps;
        sum.snap_cuts += tally.snap_cuts;
        sum.missing_octets += tally.missing_octets;
        sum.cut_octets += tally.cut_octets;
        sum.repeated_segments += tally.repeated_segments;
        sum.repeated_octets += tally.repeated_octets;
        sum.repeated_datagrams += tally.repeated_datagrams;
        sum.conflicts += tally.conflicts;
    }
}
