//! How a flow is found: its two endpoints and its transport, the same for both directions.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};

use super::dissect::{Head, Hosts, Packet};
use super::{FlowInfo, Transport};

/// Endpoints, the lower one first, and transport, packed: two words for IPv4, five for IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key<const N: usize>([u64; N]);

impl<const N: usize> Hash for Key<N> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

/// A key of either IP version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AnyKey {
    V4(Key<2>),
    V6(Key<5>),
}

impl AnyKey {
    /// The key of a packet, and whether the packet came from the lower endpoint.
    #[inline]
    pub(super) fn of_packet(packet: &Packet<'_>) -> (Self, bool) {
        let transport = match packet.head {
            Head::Tcp { .. } => Transport::Tcp,
            Head::Udp { .. } => Transport::Udp,
        };
        Self::new(packet.hosts, packet.source_port, packet.destination_port, transport)
    }

    /// The key of a flow, and whether its opener is the lower endpoint; `None` for endpoints of different IP
    /// versions, which no packet has.
    pub(super) fn of_flow(info: &FlowInfo) -> Option<(Self, bool)> {
        let key = |hosts| Self::new(hosts, info.opener.port(), info.acceptor.port(), info.transport);
        match (info.opener.ip(), info.acceptor.ip()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => Some(key(Hosts::V4 { source: a.into(), destination: b.into() })),
            (IpAddr::V6(a), IpAddr::V6(b)) => Some(key(Hosts::V6 { source: &a.octets(), destination: &b.octets() })),
            _ => None,
        }
    }

    #[inline]
    fn new(hosts: Hosts<'_>, source_port: u16, destination_port: u16, transport: Transport) -> (Self, bool) {
        let (source_port, destination_port) = (u64::from(source_port), u64::from(destination_port));
        let transport = u64::from(transport == Transport::Udp);
        match hosts {
            Hosts::V4 { source, destination } => {
                let source = (u64::from(source) << 16) | source_port;
                let destination = (u64::from(destination) << 16) | destination_port;
                let low_first = source <= destination;
                let (low, high) = (source.min(destination), source.max(destination));
                (Self::V4(Key([low | (transport << 48), high])), low_first)
            }
            Hosts::V6 { source, destination } => {
                let source = (u128::from_be_bytes(*source), source_port);
                let destination = (u128::from_be_bytes(*destination), destination_port);
                let low_first = source <= destination;
                let (low, high) = if low_first { (source, destination) } else { (destination, source) };
                let words = [low.0 as u64, (low.0 >> 64) as u64, high.0 as u64, (high.0 >> 64) as u64];
                let [a, b, c, d] = words;
                (Self::V6(Key([a, b, c, d, low.1 | (high.1 << 16) | (transport << 32)])), low_first)
            }
        }
    }
}

/// The addresses a packet came from and went to.
pub(super) fn addresses(hosts: Hosts<'_>) -> (IpAddr, IpAddr) {
    match hosts {
        Hosts::V4 { source, destination } => (source.to_be_bytes().into(), destination.to_be_bytes().into()),
        Hosts::V6 { source, destination } => ((*source).into(), (*destination).into()),
    }
}

/// The endpoints a packet came from and went to.
pub(super) fn endpoints(packet: &Packet<'_>) -> (SocketAddr, SocketAddr) {
    let (source, destination) = addresses(packet.hosts);
    (SocketAddr::new(source, packet.source_port), SocketAddr::new(destination, packet.destination_port))
}

/// Hashing of keys. The keys are the sender's choice, so the seed is secret; two multiplications a key and nothing
/// more, since every packet pays for it.
#[derive(Clone, Debug)]
pub(super) struct Seed {
    start: u64,
    factor: u64,
}

impl Default for Seed {
    fn default() -> Self {
        let random = RandomState::new();
        Self { start: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}

impl BuildHasher for Seed {
    type Hasher = Fold;

    #[inline]
    fn build_hasher(&self) -> Fold {
        Fold { state: self.start, factor: self.factor }
    }
}

/// A state that each word is multiplied into, high half of the product folded onto the low half.
pub(super) struct Fold {
    state: u64,
    factor: u64,
}

impl Hasher for Fold {
    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UDP: Head = Head::Udp { id: 0 };

    fn packet(hosts: Hosts<'_>, source_port: u16, destination_port: u16, head: Head) -> Packet<'_> {
        Packet { hosts, source_port, destination_port, head, payload: Default::default() }
    }

    #[test]
    fn both_directions_have_one_key() {
        let v4 = |source, destination| Hosts::V4 { source, destination };
        let v6 = |source, destination| Hosts::V6 { source, destination };
        for (there, back) in
            [(v4(7, 9), v4(9, 7)), (v6(&[7; 16], &[9; 16]), v6(&[9; 16], &[7; 16])), (v4(7, 7), v4(7, 7))]
        {
            let (a, a_low) = AnyKey::of_packet(&packet(there, 80, 1024, UDP));
            let (b, b_low) = AnyKey::of_packet(&packet(back, 1024, 80, UDP));
            assert_eq!(a, b);
            assert_ne!(a_low, b_low);
        }
    }

    #[test]
    fn transport_ports_and_addresses_tell_flows_apart() {
        let hosts = |destination| Hosts::V4 { source: 1, destination };
        let tcp = Head::Tcp { seq: 0, ack: 0, flags: Default::default() };
        let keys = [
            packet(hosts(2), 80, 1024, tcp),
            packet(hosts(2), 80, 1024, UDP),
            packet(hosts(2), 1024, 80, tcp),
            packet(hosts(3), 80, 1024, tcp),
        ]
        .map(|p| AnyKey::of_packet(&p).0);
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|k| k == key), Some(n));
        }
    }

    #[test]
    fn the_key_of_a_flow_is_that_of_its_packets() {
        for hosts in [Hosts::V4 { source: 5, destination: 2 }, Hosts::V6 { source: &[5; 16], destination: &[2; 16] }] {
            let packet = packet(hosts, 80, 1024, UDP);
            let (opener, acceptor) = endpoints(&packet);
            let info = FlowInfo {
                no: Default::default(),
                transport: Transport::Udp,
                opener,
                acceptor,
                opening_seen: false,
                tunnel: None,
                protected: false,
            };
            assert_eq!(AnyKey::of_flow(&info), Some(AnyKey::of_packet(&packet)));
        }
    }

    #[test]
    fn hashes_of_neighbouring_keys_spread() {
        let seed = Seed::default();
        let mut low_bits: Vec<u64> = (0..4096u64).map(|n| seed.hash_one(Key([n << 16, 80])) & 0xffff).collect();
        low_bits.sort_unstable();
        low_bits.dedup();
        // Of 4096 random values of 16 bits about 3970 differ; a hash that clusters has far fewer.
        assert!(low_bits.len() > 3500, "{}", low_bits.len());
    }
}
