//! TCP put in order: the octets are a journey of segments.
//!
//! Two octets choose the initial sequence numbers and whether the opening was captured. Then each segment takes five:
//! what kind it is and which way it goes, where it starts (two octets), how long it is, how much later it comes. What
//! stands at a place of a stream follows from the place, so every octet that comes out can be told from all others.

use impslint::capture::LinkType;
use impslint::flow::{Loss, Way};
use impslint::time::Time;

use super::frames::{Frame, Told, hold, story};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

const PORTS: [u16; 2] = [40_001, 80];

/// Octets of IPv4 and TCP before the data.
const HEAD: u32 = 40;

/// A segment as it was made.
struct Segment {
    way: Way,
    seq: u32,
    octets: u32,
    missing: u32,
    flags: u8,
    /// Place in its stream where it ends.
    end: u32,
}

/// The octet with this sequence number.
fn octet(way: Way, seq: u32) -> u8 {
    let mixed = (seq ^ (way as u32) << 31).wrapping_mul(0x9E37_79B1);
    (mixed >> 24) as u8
}

/// Lets segments travel.
pub fn run(octets: &[u8]) {
    let Some(([isn, knobs], mut rest)) = octets.split_first_chunk() else { return };
    let isns = [u32::from(*isn) << 24, u32::from(!isn) << 24 | 0xff_ff00];
    let mut segments = Vec::new();
    let mut times = Vec::new();
    let mut time = Time(1_178_020_800_000_000_000);
    let mut wild = false;
    if knobs & 1 == 0 {
        segments.push(Segment { way: Way::Forward, seq: isns[0], octets: 0, missing: 0, flags: SYN, end: 0 });
        segments.push(Segment { way: Way::Reverse, seq: isns[1], octets: 0, missing: 0, flags: SYN | ACK, end: 0 });
        times.extend([time, time]);
    }
    let mut acks = vec![isns[1].wrapping_add(1), isns[0].wrapping_add(1)];
    acks.resize(segments.len(), 0);
    acks.reverse();
    while let Some(([kind, high, low, length, later], after)) = rest.split_first_chunk() {
        rest = after;
        let way = if kind & 1 == 0 { Way::Forward } else { Way::Reverse };
        let (own, other) = (isns[way as usize], isns[way.opposite() as usize]);
        let place = u32::from(*high) << 8 | u32::from(*low);
        let start = own.wrapping_add(1).wrapping_add(place);
        let length = u32::from(*length) * if kind & 0x80 == 0 { 1 } else { 128 };
        let (seq, octets, ack, flags) = match kind >> 1 & 7 {
            0..=2 => (start, length, 0, ACK | PSH),
            3 => (start, length, 0, ACK),
            // An acknowledgement of the other way, up to the place.
            4 => (own.wrapping_add(1), 0, place, ACK),
            5 => (start, length, 0, ACK | FIN),
            6 if length == 0 => (start, 0, 0, RST),
            6 => (start.wrapping_add(length << 22), 1, 0, ACK),
            _ => (own, 0, 0, SYN | if way == Way::Reverse { ACK } else { 0 }),
        };
        wild |= seq != start && octets > 0;
        let missing = if kind & 0x40 != 0 { octets / 3 } else { 0 };
        time.0 += i64::from(*later) * 10_000_000;
        acks.push(other.wrapping_add(1).wrapping_add(ack));
        times.push(time);
        let end = if octets > 0 || flags & FIN != 0 { place + octets } else { 0 };
        segments.push(Segment { way, seq, octets, missing, flags, end });
    }
    let frames: Vec<Frame> =
        segments.iter().zip(acks).zip(times).map(|((segment, ack), time)| frame(segment, ack, time)).collect();
    let whole = story(LinkType::RAW, &frames, &[]);
    hold(&frames, &whole);
    assert_eq!(whole, story(LinkType::RAW, &frames, &[1]), "in windows of one frame");
    assert_eq!(whole, story(LinkType::RAW, &frames, &[3, 1, 7]), "in windows of several frames");
    for (info, events) in &whole.0 {
        // Where the opening was not captured, whoever was seen first counts as the opener.
        let turned = info.opener.port() != PORTS[0];
        for way in [Way::Forward, Way::Reverse] {
            let told = if turned { way.opposite() } else { way };
            in_order(way, told, events, &segments, !wild && whole.1.flows == 1);
        }
    }
}

fn frame(segment: &Segment, ack: u32, time: Time) -> Frame {
    let kept = segment.octets - segment.missing;
    let (from, to) = match segment.way {
        Way::Forward => (0, 1),
        Way::Reverse => (1, 0),
    };
    let hosts = [[10, 0, 0, 1], [192, 0, 2, 1]];
    let mut out = vec![0x45, 0];
    out.extend(((HEAD + segment.octets) as u16).to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    out.extend(hosts[from]);
    out.extend(hosts[to]);
    out.extend(PORTS[from].to_be_bytes());
    out.extend(PORTS[to].to_be_bytes());
    out.extend(segment.seq.to_be_bytes());
    out.extend(ack.to_be_bytes());
    out.extend([0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend((0..kept).map(|i| octet(segment.way, segment.seq.wrapping_add(i))));
    Frame { time, captured: out, missing: segment.missing }
}

/// What comes out of a direction, `told` as that: each octet once and in its place, and, where the positions are
/// `certain`, no gap where something had been captured and nothing captured left out.
fn in_order(way: Way, told: Way, events: &[Told], segments: &[Segment], certain: bool) {
    // The first `n` segments that go this way: where they start and how many octets they brought.
    let brought = |n: u64| {
        let here = segments.iter().take(n as usize).filter(move |segment| segment.way == way);
        here.map(|segment| (segment.seq, segment.octets - segment.missing))
    };
    let inside = |from: u32, octets: u64, at: u32| u64::from(at.wrapping_sub(from)) < octets;
    // A sender that goes on after its FIN contradicts itself.
    let sent = segments.iter().filter(|segment| segment.way == way).map(|segment| segment.end).max();
    let certain = certain && segments.iter().all(|s| s.way != way || s.flags & FIN == 0 || Some(s.end) == sent);
    let mut next: Option<u32> = None;
    for event in events {
        match event {
            Told::Data(w, bytes, frame, offset) if *w == told => {
                let segment = &segments[frame.0 as usize - 1];
                let seq = segment.seq.wrapping_add(u32::from(segment.flags & SYN != 0));
                let start = seq.wrapping_add(offset.expect("nothing was derived") - HEAD);
                assert_eq!(next.unwrap_or(start), start, "data goes on where it was");
                assert!((0..).zip(bytes).all(|(i, b)| octet(way, start.wrapping_add(i)) == *b), "data of its place");
                next = Some(start.wrapping_add(bytes.len() as u32));
            }
            Told::Gap(w, octets, loss, frame) if *w == told => {
                let octets = octets.expect("TCP tells how much is missing");
                if let Some(from) = next.filter(|_| certain && *loss == Loss::MissingPackets) {
                    let lost =
                        brought(frame.0).find(|(seq, n)| (0..*n).any(|i| inside(from, octets, seq.wrapping_add(i))));
                    assert_eq!(lost, None, "no gap where octets were captured: {octets} from {from}: {events:?}");
                }
                next = next.map(|next| next.wrapping_add(octets as u32));
            }
            _ => {}
        }
    }
    let closes = |segment: &Segment| segment.flags & (FIN | RST) != 0;
    if let Some(next) = next.filter(|_| certain && !segments.iter().any(closes)) {
        let left = brought(u64::MAX).find(|(seq, n)| *n > 0 && inside(next, 1 << 31, seq.wrapping_add(n - 1)));
        assert_eq!(left, None, "nothing captured is left out behind {next}: {events:?}");
    }
}
