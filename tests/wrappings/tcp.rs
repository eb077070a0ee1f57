//! What TCP does to a conversation: the same octets in other segments, in another order, more than once.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddrV4;

use crate::conversation::{
    ACK, Capture, Conversation, Dice, FIN, MILLISECOND, Nanos, Packet, SYN, Segment, each_segment,
};
use crate::link::ethernet;
use crate::wrap::Wrap;
use crate::{file, ip};

/// Segments of at most so many octets.
fn segments(c: &Conversation, size: usize) -> Conversation {
    each_segment(c, |segment| pieces(&segment, size))
}

fn pieces(segment: &Segment, size: usize) -> Vec<Segment> {
    let len = segment.payload.len();
    if len == 0 {
        return vec![segment.clone()];
    }
    (0..len).step_by(size).map(|start| segment.part(start, len.min(start + size))).collect()
}

/// Every segment in up to five, cut anywhere.
fn random_pieces(c: &Conversation) -> Conversation {
    let mut dice = Dice::new(1);
    each_segment(c, |segment| {
        let len = segment.payload.len();
        let mut cuts: Vec<usize> = (0..4).map(|_| dice.below(len as u64 + 1) as usize).chain([0, len]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        if len == 0 { vec![segment] } else { cuts.windows(2).map(|w| segment.part(w[0], w[1])).collect() }
    })
}

/// Every segment in three or more, the last first.
fn reversed(c: &Conversation) -> Conversation {
    each_segment(c, |segment| {
        let mut parts = pieces(&segment, segment.payload.len() / 3 + 1);
        parts.reverse();
        parts
    })
}

/// Every segment in several, in any order.
fn shuffled(c: &Conversation) -> Conversation {
    let mut dice = Dice::new(2);
    each_segment(c, |segment| {
        let mut parts = pieces(&segment, 90);
        for i in (1..parts.len()).rev() {
            parts.swap(i, dice.below(i as u64 + 1) as usize);
        }
        parts
    })
}

/// What acknowledges a segment is captured before it.
fn acknowledged_first(c: &Conversation) -> Conversation {
    let mut out = c.clone();
    let bare = |p: &Packet| Segment::of(p).is_some_and(|s| s.payload.is_empty() && s.flags == ACK);
    for i in 1..out.len() {
        let near = out[i].time - out[i - 1].time < MILLISECOND;
        if near && bare(&out[i]) && Segment::of(&out[i - 1]).is_some_and(|s| !s.payload.is_empty()) {
            out.swap(i - 1, i);
        }
    }
    out
}

/// Every segment twice in a row.
fn doubled(c: &Conversation) -> Conversation {
    each_segment(c, |segment| vec![segment.clone(), segment])
}

/// Every segment with payload again a while later, when more was said.
fn retransmitted(c: &Conversation, after: i64) -> Conversation {
    let late = c.iter().filter(|p| Segment::of(p).is_some_and(|s| !s.payload.is_empty()));
    let late = late.map(|p| Packet { time: p.time + after, ..p.clone() });
    by_time(c.iter().cloned().chain(late))
}

pub(crate) fn by_time(packets: impl Iterator<Item = Packet>) -> Conversation {
    let mut packets: Conversation = packets.collect();
    packets.sort_by_key(|p| p.time);
    packets
}

/// The first two thirds, then the last two thirds.
fn overlapping(c: &Conversation) -> Conversation {
    each_segment(c, |segment| {
        let len = segment.payload.len();
        if len < 3 { vec![segment] } else { vec![segment.part(0, len * 2 / 3), segment.part(len / 3, len)] }
    })
}

/// Sent in small segments of which the second is lost, then again in larger ones.
fn repacked(c: &Conversation) -> Conversation {
    each_segment(c, |segment| {
        let mut small = pieces(&segment, 70);
        if small.len() > 2 {
            small.remove(1);
        }
        small.into_iter().chain(pieces(&segment, 300)).collect()
    })
}

/// Keep-alive probes: before a segment an octet of zero at the place of the last one that was acknowledged.
fn probed(c: &Conversation) -> Conversation {
    let mut spoken = HashSet::new();
    each_segment(c, |segment| {
        let fresh = segment.payload.is_empty() || spoken.insert((segment.from, segment.to));
        let probe = Segment { number: segment.number.wrapping_sub(1), flags: ACK, payload: vec![0], ..segment.clone() };
        if fresh { vec![segment] } else { vec![probe, segment] }
    })
}

/// Probes of a closed window: the first octet of a segment alone, three times, then the whole.
fn window_probed(c: &Conversation) -> Conversation {
    each_segment(c, |segment| {
        if segment.payload.len() < 2 {
            return vec![segment];
        }
        let probe = segment.part(0, 1);
        vec![probe.clone(), probe.clone(), probe, segment]
    })
}

/// Sequence numbers that go past the largest there is after some hundred octets.
fn wrapping_numbers(c: &Conversation) -> Conversation {
    let mut first: HashMap<_, u32> = HashMap::new();
    for segment in c.iter().filter_map(Segment::of) {
        first.entry((segment.from, segment.to)).or_insert(segment.number);
    }
    let moved = |key, number: u32| number.wrapping_sub(first.get(&key).copied().unwrap_or(0)).wrapping_sub(300);
    each_segment(c, |segment| {
        let (up, down) = ((segment.from, segment.to), (segment.to, segment.from));
        let acknowledged = if segment.flags & ACK == 0 { 0 } else { moved(down, segment.acknowledged) };
        vec![Segment { number: moved(up, segment.number), acknowledged, ..segment }]
    })
}

/// Every connection of a client from one and the same port, one after the other; those that overlap keep theirs.
fn one_port(c: &Conversation) -> Conversation {
    let mut last: HashMap<(SocketAddrV4, SocketAddrV4), Nanos> = HashMap::new();
    for segment in c.iter().filter_map(Segment::of).filter(|s| s.from.port() > s.to.port()) {
        last.insert((segment.from, segment.to), segment.time);
    }
    // Until when the shared port is in use, and which connections have it.
    let (mut busy, mut sharing) = (HashMap::new(), HashSet::new());
    each_segment(c, |segment| {
        let up = segment.from.port() > segment.to.port();
        let (client, server) = if up { (segment.from, segment.to) } else { (segment.to, segment.from) };
        if segment.flags == SYN {
            let until: &mut Nanos = busy.entry((*client.ip(), server)).or_default();
            if *until + 10 * MILLISECOND < segment.time {
                *until = last[&(client, server)];
                sharing.insert((client, server));
            }
        }
        let shared = SocketAddrV4::new(*client.ip(), 39_999);
        let client = if sharing.contains(&(client, server)) { shared } else { client };
        let (from, to) = if up { (client, server) } else { (server, client) };
        vec![Segment { from, to, ..segment }]
    })
}

/// Every connection is opened and closed twice over: SYN and FIN come again.
fn insistent(c: &Conversation) -> Conversation {
    let again = c.iter().filter(|p| Segment::of(p).is_some_and(|s| s.flags & (SYN | FIN) != 0));
    by_time(c.iter().cloned().chain(again.map(|p| Packet { time: p.time + MILLISECOND / 2, ..p.clone() })))
}

/// Segments with a time stamp option, so that their header is longer.
fn with_options(c: &Conversation) -> Conversation {
    let one = |packet: &Packet| {
        let Some(segment) = Segment::of(packet).filter(|s| s.flags & SYN == 0) else { return packet.clone() };
        let mut tcp = ip::tcp(&segment);
        tcp[12] = 0x80;
        tcp.splice(20..20, [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
        packet.with(ip::v4(6, *segment.from.ip(), *segment.to.ip(), &tcp))
    };
    c.iter().map(one).collect()
}

/// Packets with IP options.
fn with_ip_options(c: &Conversation) -> Conversation {
    let one = |packet: &Packet| {
        let mut octets = packet.octets.clone();
        octets[0] = 0x46;
        let len = octets.len() as u16 + 4;
        octets[2..4].copy_from_slice(&len.to_be_bytes());
        octets[10..12].fill(0);
        octets.splice(20..20, [0x94, 4, 0, 0]);
        let sum = ip::checksum(&octets[..24]);
        octets[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.with(octets)
    };
    c.iter().map(one).collect()
}

/// What the client sends has the checksums of a card that computes them later: none in IP, a wrong one in TCP.
fn wrong_checksums(c: &Conversation) -> Conversation {
    changed(c, |octets| {
        octets[10..12].fill(0);
        octets[36..38].copy_from_slice(&[0xbe, 0xef]);
    })
}

/// What the client sends has no length in IP, as where the card cuts it into segments later.
fn no_length(c: &Conversation) -> Conversation {
    changed(c, |octets| octets[2..4].fill(0))
}

fn changed(c: &Conversation, change: fn(&mut Vec<u8>)) -> Conversation {
    let one = |packet: &Packet| {
        let mut packet = packet.clone();
        if packet.up && Segment::of(&packet).is_some_and(|s| !s.payload.is_empty()) {
            change(&mut packet.octets);
        }
        packet
    };
    c.iter().map(one).collect()
}

/// The capture of a conversation on Ethernet.
pub(crate) fn captured(conversation: &Conversation) -> Capture {
    file::pcap(&conversation.iter().map(ethernet).collect::<Vec<_>>())
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("segments-7", |c| captured(&segments(c, 7))),
    Wrap::whole("segments-64", |c| captured(&segments(c, 64))),
    Wrap::whole("segments-536", |c| captured(&segments(c, 536))),
    Wrap::whole("segments-anywhere", |c| captured(&random_pieces(c))),
    Wrap::whole("reordered-reversed", |c| captured(&reversed(c))),
    Wrap::whole("reordered-shuffled", |c| captured(&shuffled(c))),
    Wrap::whole("reordered-acknowledged-first", |c| captured(&acknowledged_first(c))),
    Wrap::whole("retransmitted-at-once", |c| captured(&doubled(c))),
    Wrap::whole("retransmitted-40-ms", |c| captured(&retransmitted(c, 40 * MILLISECOND))),
    Wrap::whole("retransmitted-3-s", |c| captured(&retransmitted(c, 3_000 * MILLISECOND))),
    Wrap::whole("retransmitted-overlapping", |c| captured(&overlapping(c))),
    Wrap::whole("retransmitted-repacked", |c| captured(&repacked(c))),
    Wrap::whole("keep-alive-probes", |c| captured(&probed(c))),
    Wrap::whole("window-probes", |c| captured(&window_probed(c))),
    Wrap::whole("wrapping-numbers", |c| captured(&wrapping_numbers(c))),
    Wrap::whole("insistent-handshakes", |c| captured(&insistent(c))),
    Wrap::whole("port-used-again", |c| captured(&one_port(c))),
    Wrap::whole("tcp-options", |c| captured(&with_options(c))),
    Wrap::whole("ip-options", |c| captured(&with_ip_options(c))),
    Wrap::whole("offload-checksums", |c| captured(&wrong_checksums(c))),
    Wrap::whole("offload-length", |c| captured(&no_length(c))),
];
