//! What the flow stage counted, so that a report can say what was not read.

use std::collections::BTreeMap;

use super::dissect::Stop;
use super::fragment::FragmentTally;
use super::tcp::Tally;
use super::tunnel::TunnelKind;

/// Most different numbers of a kind that are counted each on its own.
pub const MAX_NUMBERS: usize = 256;

/// Counts over all frames of a capture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Frames looked at.
    pub packets: u64,
    /// TCP segments.
    pub tcp_segments: u64,
    /// UDP datagrams.
    pub udp_datagrams: u64,
    /// Octets of data captured in TCP segments.
    pub tcp_octets: u64,
    /// Octets of data captured in UDP datagrams.
    pub udp_octets: u64,
    /// TCP connections and UDP conversations, followed or not; connections one after the other between the same ports
    /// are several.
    pub flows: u64,
    /// Those of them that are UDP.
    pub udp_flows: u64,
    /// UDP flows by what is commonly spoken at a port of theirs, where that is known.
    pub udp_services: BTreeMap<&'static str, u64>,
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
    /// What was counted beyond [`MAX_NUMBERS`] different link types, ether types, families or protocols.
    pub further_numbers: u64,
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

    /// TCP connections, followed or not.
    pub fn tcp_flows(&self) -> u64 {
        self.flows - self.udp_flows
    }

    /// Counts a frame without segment or datagram.
    #[cold]
    pub(super) fn stopped(&mut self, stop: Stop) {
        let further = &mut self.further_numbers;
        *match stop {
            Stop::Link(link) => number(&mut self.unsupported_links, link.0, further),
            Stop::EtherType(ether_type) => number(&mut self.other_ether_types, ether_type, further),
            Stop::Family(family) => number(&mut self.other_families, family, further),
            Stop::Ppp(protocol) => number(&mut self.other_ppp, protocol, further),
            Stop::Protocol(protocol) => number(&mut self.other_protocols, protocol, further),
            Stop::Control(kind) => self.tunnel_messages.entry(kind).or_default(),
            Stop::NoData => &mut self.without_data,
            Stop::Encrypted => &mut self.encrypted_frames,
            Stop::FrameFragment => &mut self.frame_fragments,
            Stop::Cut => &mut self.cut_headers,
            Stop::Malformed | Stop::TooDeep => &mut self.malformed,
            // These two are taken further apart.
            Stop::Fragment(_) | Stop::Aggregate(_) => return,
        } += 1;
    }

    /// Adds what was counted of another capture.
    pub fn take_in(&mut self, other: Self) {
        self.add(other.tally);
        self.packets += other.packets;
        self.tcp_segments += other.tcp_segments;
        self.udp_datagrams += other.udp_datagrams;
        self.tcp_octets += other.tcp_octets;
        self.udp_octets += other.udp_octets;
        self.flows += other.flows;
        self.udp_flows += other.udp_flows;
        self.fragments.add(other.fragments);
        self.cut_frames += other.cut_frames;
        self.cut_headers += other.cut_headers;
        self.malformed += other.malformed;
        self.without_data += other.without_data;
        self.encrypted_frames += other.encrypted_frames;
        self.frame_fragments += other.frame_fragments;
        self.further_numbers += other.further_numbers;
        self.evicted += other.evicted;
        self.evicted_octets += other.evicted_octets;
        let further = &mut self.further_numbers;
        merge(&mut self.udp_services, other.udp_services, further);
        merge(&mut self.tunnels, other.tunnels, further);
        merge(&mut self.tunnel_messages, other.tunnel_messages, further);
        merge(&mut self.unsupported_links, other.unsupported_links, further);
        merge(&mut self.other_ether_types, other.other_ether_types, further);
        merge(&mut self.other_families, other.other_families, further);
        merge(&mut self.other_ppp, other.other_ppp, further);
        merge(&mut self.other_protocols, other.other_protocols, further);
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

/// Adds counts to those of the same numbers.
fn merge<N: Ord>(counts: &mut BTreeMap<N, u64>, other: BTreeMap<N, u64>, further: &mut u64) {
    for (key, count) in other {
        *number(counts, key, further) += count;
    }
}

/// The count of a number.
fn number<'c, N: Ord>(counts: &'c mut BTreeMap<N, u64>, number: N, further: &'c mut u64) -> &'c mut u64 {
    if counts.len() >= MAX_NUMBERS && !counts.contains_key(&number) {
        further
    } else {
        counts.entry(number).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_numbers_are_limited() {
        let mut counters = Counters::default();
        (0..MAX_NUMBERS as u32 + 9).chain([0]).for_each(|family| counters.stopped(Stop::Family(family)));
        assert_eq!((counters.other_families.len(), counters.further_numbers), (MAX_NUMBERS, 9));
        assert_eq!(counters.other_families.get(&0), Some(&2));
    }

    #[test]
    fn counts_of_captures_add_up() {
        let mut counters = Counters { packets: 3, encrypted_frames: 1, ..Counters::default() };
        counters.stopped(Stop::EtherType(0x0806));
        let mut other = counters.clone();
        other.stopped(Stop::EtherType(0x88cc));
        other.tally.gaps = 2;
        counters.take_in(other);
        assert_eq!((counters.packets, counters.encrypted_frames, counters.tally.gaps), (6, 2, 2));
        assert_eq!(counters.other_ether_types, [(0x0806, 2), (0x88cc, 1)].into());
    }
}
