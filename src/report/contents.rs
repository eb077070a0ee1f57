//! What captures hold, whatever rules say of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::capture::LinkType;
use crate::carrier::Carrier;
use crate::csp::namespace::Version;
use crate::csp::ssp;
use crate::flow::{Counters, TunnelKind, ether_type_name, ppp_name, protocol_name};
use crate::syntax::Encoding;

/// What captures hold.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Link types of the frames, by number.
    pub links: BTreeSet<u16>,
    /// What the flow stage counted.
    pub flows: Counters,
    /// What the flows turned out to be.
    pub kinds: Kinds,
    /// Messages, by how they are written.
    pub manners: BTreeMap<Manner, u64>,
    /// Messages of no client's session: between servers, and version discovery.
    pub between: ssp::Tally,
}

/// How a message is written and carried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Manner {
    /// CSP version; `None` where it does not tell.
    pub version: Option<Version>,
    /// Encoding.
    pub encoding: Encoding,
    /// Carrier.
    pub carrier: Carrier,
}

/// What flows turned out to be; the others are something else, or nobody can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kinds {
    /// Those that carry IMPS, deciphered ones too.
    pub imps: Share,
    /// Those that carry HTTP without IMPS.
    pub http: Share,
    /// Those that are TLS, and in which no IMPS was found.
    pub tls: Share,
    /// Those that carry WSP without IMPS.
    pub wsp: Share,
    /// Those that are protected by WTLS, which is not read.
    pub wtls: Share,
    /// Those of all these that are UDP.
    pub over_udp: Share,
}

/// A part of the flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// How many.
    pub flows: u64,
    /// Octets of data in them, each once.
    pub octets: u64,
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        self.flows += other.flows;
        self.octets += other.octets;
    }
}

impl std::ops::AddAssign for Kinds {
    fn add_assign(&mut self, other: Self) {
        let Self { imps, http, tls, wsp, wtls, over_udp } = other;
        self.imps += imps;
        self.http += http;
        self.tls += tls;
        self.wsp += wsp;
        self.wtls += wtls;
        self.over_udp += over_udp;
    }
}

impl Kinds {
    /// All of them.
    fn all(self) -> Share {
        let Self { imps, http, tls, wsp, wtls, over_udp: _ } = self;
        let mut all = Share::default();
        [imps, http, tls, wsp, wtls].into_iter().for_each(|share| all += share);
        all
    }
}

/// Frames that nobody reads, of one sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unread {
    /// What the number is one of; where there is none, what the frames are.
    pub(super) of: &'static str,
    pub(super) number: Option<u32>,
    pub(super) name: Option<&'static str>,
    pub(super) frames: u64,
}

impl Contents {
    /// Adds what another capture holds.
    pub fn add(&mut self, other: Self) {
        self.links.extend(other.links);
        self.flows.take_in(other.flows);
        self.kinds += other.kinds;
        self.between.add(other.between);
        for (manner, count) in other.manners {
            *self.manners.entry(manner).or_default() += count;
        }
    }

    /// Messages by something that can be told of how they are written; `-` where it cannot.
    pub(super) fn messages_by(&self, of: impl Fn(&Manner) -> Option<&'static str>) -> BTreeMap<&'static str, u64> {
        let mut by = BTreeMap::new();
        for (manner, count) in &self.manners {
            *by.entry(of(manner).unwrap_or("unknown")).or_default() += count;
        }
        by
    }

    /// UDP flows of no known kind.
    pub(super) fn other_udp(&self) -> Share {
        let known = self.kinds.over_udp;
        Share {
            flows: self.flows.udp_flows.saturating_sub(known.flows),
            octets: self.flows.udp_octets.saturating_sub(known.octets),
        }
    }

    /// TCP flows of no known kind. What was sent again or captured twice counts here where nobody followed the flow.
    pub(super) fn other_tcp(&self) -> Share {
        let (known, udp) = (self.kinds.all(), self.kinds.over_udp);
        let octets = (known.octets + self.flows.tally.repeated_octets).saturating_sub(udp.octets);
        Share {
            flows: self.flows.tcp_flows().saturating_sub(known.flows.saturating_sub(udp.flows)),
            octets: self.flows.tcp_octets.saturating_sub(octets),
        }
    }

    /// All flows.
    pub(super) fn all(&self) -> Share {
        let mut all = self.kinds.all();
        all += self.other_tcp();
        all += self.other_udp();
        all
    }

    /// Tunnels by name, with the segments and datagrams that came through each.
    pub(super) fn tunnels(&self) -> Vec<(&'static str, u64)> {
        self.flows.tunnels.iter().map(|(kind, count)| (TunnelKind::name(*kind), *count)).collect()
    }

    /// Frames that nobody reads, most frequent first.
    pub(super) fn unread(&self) -> Vec<Unread> {
        let flows = &self.flows;
        let numbered = |of, number: u32, name, frames: &u64| Unread { of, number: Some(number), name, frames: *frames };
        let mut all: Vec<Unread> = Vec::new();
        let links = flows.unsupported_links.iter();
        all.extend(links.map(|(n, count)| numbered("link type", (*n).into(), LinkType(*n).name(), count)));
        let types = flows.other_ether_types.iter();
        all.extend(types.map(|(n, count)| numbered("ether type", (*n).into(), ether_type_name(*n), count)));
        let families = flows.other_families.iter();
        all.extend(families.map(|(n, count)| numbered("protocol family", *n, None, count)));
        let ppp = flows.other_ppp.iter();
        all.extend(ppp.map(|(n, count)| numbered("PPP protocol", (*n).into(), ppp_name(*n), count)));
        let protocols = flows.other_protocols.iter();
        all.extend(protocols.map(|(n, count)| numbered("IP protocol", (*n).into(), protocol_name(*n), count)));
        let plain = |of, name, frames| Unread { of, number: None, name, frames };
        let messages = flows.tunnel_messages.iter();
        all.extend(messages.map(|(kind, count)| plain("tunnel message", Some(kind.name()), *count)));
        all.extend([
            plain("802.11 frame without data", None, flows.without_data),
            plain("802.11 frame encrypted", None, flows.encrypted_frames),
            plain("802.11 fragment", None, flows.frame_fragments),
            plain("header cut by the snap length", None, flows.cut_headers),
            plain("malformed header", None, flows.malformed),
            plain("further number", None, flows.further_numbers),
        ]);
        all.retain(|unread| unread.frames > 0);
        all.sort_by_key(|unread| std::cmp::Reverse(unread.frames));
        all
    }
}
