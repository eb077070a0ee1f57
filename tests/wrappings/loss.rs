//! Captures in which something is missing: cut frames, a late beginning, lost packets, one direction.

use crate::conversation::{Capture, Conversation, Dice, Frame, Packet, SYN, Segment};
use crate::link::ethernet;
use crate::tcp::captured;
use crate::tunnel::{Gtp, gtp};
use crate::wrap::Wrap;
use crate::{file, ip};

const CUT: &[&str] = &["cut by snap length"];
const BEGAN: &[&str] = &["began mid-stream", "missing packets"];
const MISSING: &[&str] = &["missing packets", "open at the end", "began mid-stream", "one direction only"];
const ONE_SIDED: &[&str] = &["one direction only"];

/// Frames of which so many octets were kept.
fn snapped(c: &Conversation, len: usize, wrapped: fn(&Packet) -> Frame) -> Capture {
    let cut = |mut frame: Frame| {
        frame.octets.truncate(len);
        frame
    };
    file::pcap(&c.iter().map(wrapped).map(cut).collect::<Vec<_>>())
}

/// The capture from this part of the packets on, in tenths.
fn from_tenth(c: &Conversation, tenth: usize) -> Capture {
    captured(&c[c.len() * tenth / 10..].to_vec())
}

/// From the middle of a message on: everything in small segments, the first half of the packets is missing.
fn from_within(c: &Conversation) -> Capture {
    let small = crate::conversation::each_segment(c, |segment| {
        let len = segment.payload.len();
        if len < 2 { vec![segment] } else { vec![segment.part(0, len / 2), segment.part(len / 2, len)] }
    });
    captured(&small[small.len() / 2..].to_vec())
}

/// Without these packets.
fn without(c: &Conversation, lost: impl Fn(&Segment) -> bool) -> Conversation {
    c.iter().filter(|p| !Segment::of(p).is_some_and(|s| lost(&s))).cloned().collect()
}

/// Without so many of a hundred packets, by the dice.
pub(crate) fn thinned(c: &Conversation, percent: u64, seed: u64) -> Conversation {
    let mut dice = Dice::new(seed);
    c.iter().filter(|_| dice.below(100) >= percent).cloned().collect()
}

/// In fragments, of which so many of a hundred are lost.
fn fragments_lost(c: &Conversation, percent: u64) -> Capture {
    let parts: Conversation = c.iter().zip(1..).flat_map(|(packet, id)| ip::fragments(packet, 64, id)).collect();
    captured(&thinned(&parts, percent, 6))
}

/// The file without its last tenth, cut within a record.
fn cut_tail(c: &Conversation) -> Capture {
    let mut capture = captured(c);
    let octets = &mut capture.files[0].1;
    octets.truncate(octets.len() * 9 / 10);
    capture
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::poor("snaplen-64", CUT, |c| snapped(c, 64, ethernet)),
    Wrap::poor("snaplen-96", CUT, |c| snapped(c, 96, ethernet)),
    Wrap::poor("snaplen-200", CUT, |c| snapped(c, 200, ethernet)),
    Wrap::poor("snaplen-400", CUT, |c| snapped(c, 400, ethernet)),
    Wrap::poor("snaplen-400-gtp", CUT, |c| snapped(c, 400, |p| ethernet(&gtp(p, Gtp::Extended)))),
    Wrap::poor("from-the-second-tenth", BEGAN, |c| from_tenth(c, 1)),
    Wrap::poor("from-the-middle", BEGAN, |c| from_tenth(c, 5)),
    // It may hold nothing but the last connections, whole ones, and then knows of nothing that it lacks.
    Wrap::poor("from-the-last-tenth", &[""], |c| from_tenth(c, 9)),
    Wrap::poor("from-within-a-message", BEGAN, from_within),
    Wrap::poor("without-handshakes", BEGAN, |c| captured(&without(c, |s| s.flags & SYN != 0))),
    Wrap::whole("without-bare-acknowledgements", |c| {
        captured(&without(c, |s| s.payload.is_empty() && s.flags == 0x10))
    }),
    Wrap::poor("only-up", ONE_SIDED, |c| captured(&without(c, |s| s.from.port() < s.to.port()))),
    Wrap::poor("only-down", ONE_SIDED, |c| captured(&without(c, |s| s.from.port() > s.to.port()))),
    Wrap::poor("lost-2-percent", MISSING, |c| captured(&thinned(c, 2, 7))),
    Wrap::poor("lost-10-percent", MISSING, |c| captured(&thinned(c, 10, 8))),
    Wrap::poor("lost-50-percent", MISSING, |c| captured(&thinned(c, 50, 9))),
    Wrap::poor("fragments-lost-2-percent", MISSING, |c| fragments_lost(c, 2)),
    Wrap::poor("cut-tail", &["the file ends within a record"], cut_tail),
];
