//! IP fragments in every order: each packet is cut, and its fragments arrive as networks deliver them.

use crate::conversation::{Capture, Conversation, Packet};
use crate::link::ethernet;
use crate::wrap::Wrap;
use crate::{file, ip};

/// The fragments of every packet, each packet's in a list of its own.
fn cut(conversation: &Conversation, size: usize, six: bool) -> Vec<Vec<Packet>> {
    let version = |p: &Packet| if six { ip::as_v6(p) } else { p.clone() };
    conversation.iter().zip(1..).map(|(packet, id)| ip::fragments(&version(packet), size, id)).collect()
}

fn captured(packets: impl IntoIterator<Item = Packet>) -> Capture {
    file::pcap(&packets.into_iter().map(|p| ethernet(&p)).collect::<Vec<_>>())
}

fn in_order(c: &Conversation, size: usize, six: bool) -> Capture {
    captured(cut(c, size, six).into_iter().flatten())
}

fn reversed(c: &Conversation, size: usize, six: bool) -> Capture {
    captured(cut(c, size, six).into_iter().flat_map(|parts| parts.into_iter().rev()))
}

fn duplicated(c: &Conversation, size: usize, six: bool) -> Capture {
    captured(cut(c, size, six).into_iter().flat_map(|parts| parts.clone().into_iter().chain(parts)))
}

/// Two packets on the way at a time, a fragment of the one after a fragment of the other.
fn interleaved(c: &Conversation, size: usize, six: bool) -> Capture {
    let mut out = Vec::new();
    for pair in cut(c, size, six).chunks(2) {
        // Far apart in time means not on the way together.
        let together = pair.len() == 2 && pair[1][0].time - pair[0][0].time < 5_000_000;
        if !together {
            out.extend(pair.concat());
            continue;
        }
        for i in 0..pair[0].len().max(pair[1].len()) {
            out.extend(pair.iter().filter_map(|parts| parts.get(i).cloned()));
        }
    }
    captured(out)
}

/// Identifications that come again after a few packets.
fn few_identifications(c: &Conversation) -> Capture {
    captured(c.iter().enumerate().flat_map(|(i, packet)| ip::fragments(packet, 64, (i % 6) as u16)))
}

/// Fragments that overlap and agree: every packet is cut twice, in different sizes, under one identification.
fn overlapping(c: &Conversation) -> Capture {
    let (fine, coarse) = (cut(c, 64, false), cut(c, 104, false));
    let mixed = fine.into_iter().zip(coarse).flat_map(|(fine, coarse)| {
        let last = fine.len().saturating_sub(1);
        // The last of the fine ones comes at the end: only it says how long the packet is.
        let (fine, end) = fine.split_at(last);
        let coarse = coarse.into_iter().filter(|p| p.octets[6] & 0x20 != 0).collect::<Vec<_>>();
        [fine, &coarse, end].concat()
    });
    captured(mixed)
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("fragments-8", |c| in_order(c, 8, false)),
    Wrap::whole("fragments-64", |c| in_order(c, 64, false)),
    Wrap::whole("fragments-576", |c| in_order(c, 576, false)),
    Wrap::whole("fragments-64-reversed", |c| reversed(c, 64, false)),
    Wrap::whole("fragments-576-reversed", |c| reversed(c, 576, false)),
    Wrap::whole("fragments-64-duplicated", |c| duplicated(c, 64, false)),
    Wrap::whole("fragments-64-interleaved", |c| interleaved(c, 64, false)),
    Wrap::whole("fragments-few-identifications", few_identifications),
    Wrap::whole("fragments-overlapping", overlapping),
    Wrap::whole("fragments6-8", |c| in_order(c, 8, true)),
    Wrap::whole("fragments6-64", |c| in_order(c, 64, true)),
    Wrap::whole("fragments6-576", |c| in_order(c, 576, true)),
    Wrap::whole("fragments6-64-reversed", |c| reversed(c, 64, true)),
    Wrap::whole("fragments6-64-duplicated", |c| duplicated(c, 64, true)),
    Wrap::whole("fragments6-64-interleaved", |c| interleaved(c, 64, true)),
];
