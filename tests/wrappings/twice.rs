//! Captures that saw every packet twice, and captures whose order is not that of time.

use crate::conversation::{Capture, Conversation, Dice, Frame, MILLISECOND, Packet};
use crate::link::{ethernet, ethernet_with, ethertype};
use crate::tcp::by_time;
use crate::tunnel::{Gtp, gtp};
use crate::wrap::Wrap;
use crate::{file, ip};

/// The frames of both views by time.
fn both(one: impl Iterator<Item = Frame>, other: impl Iterator<Item = Frame>) -> Capture {
    let mut frames: Vec<Frame> = one.chain(other).collect();
    frames.sort_by_key(|f| f.time);
    file::pcap(&frames)
}

fn later(packet: &Packet, by: i64) -> Packet {
    Packet { time: packet.time + by, ..packet.clone() }
}

/// Everything again so much later.
fn again(c: &Conversation, delay: i64) -> Capture {
    both(c.iter().map(ethernet), c.iter().map(|p| ethernet(&later(p, delay))))
}

/// Everything again, each packet by as much later as comes out of the dice, order kept in each direction.
fn again_unsteady(c: &Conversation) -> Capture {
    let (mut dice, mut last) = (Dice::new(3), [0; 2]);
    let copies: Vec<Frame> = c
        .iter()
        .map(|packet| {
            let last = &mut last[usize::from(packet.up)];
            *last = (packet.time + (1 + dice.below(50) as i64) * MILLISECOND).max(*last);
            ethernet(&Packet { time: *last, ..packet.clone() })
        })
        .collect();
    both(c.iter().map(ethernet), copies.into_iter())
}

/// The packet behind a router: one hop fewer left.
fn routed(packet: &Packet) -> Packet {
    let mut packet = later(packet, 2 * MILLISECOND);
    packet.octets[8] -= 1;
    packet.octets[10..12].fill(0);
    let sum = ip::checksum(&packet.octets[..20]);
    packet.octets[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

/// Both sides of a router: other stations, one hop fewer.
fn router(c: &Conversation) -> Capture {
    let behind = |packet: &Packet| {
        let mut frame = ethernet(&routed(packet));
        frame.octets[5] += 8;
        frame.octets[11] += 8;
        frame
    };
    both(c.iter().map(ethernet), c.iter().map(behind))
}

/// Both directions of a mirror port: with the tag of a VLAN and without.
fn mirror(c: &Conversation) -> Capture {
    let tagged =
        |packet: &Packet| ethernet_with(&later(packet, 3_000), &[&[0x81, 0, 0, 100][..], &ethertype(packet)].concat());
    both(c.iter().map(ethernet), c.iter().map(tagged))
}

/// Both ends of a tunnel: first as GTP-U, then what it carries.
fn tunnel_and_plain(c: &Conversation, kind: Gtp) -> Capture {
    both(c.iter().map(|p| ethernet(&gtp(p, kind))), c.iter().map(|p| ethernet(&routed(p))))
}

/// Two views, each of which lost every eighth packet, never both the same one.
fn each_with_losses(c: &Conversation, other: impl Fn(&Packet) -> Packet) -> Capture {
    let kept = |lost: usize| move |(i, p): (usize, &'_ Packet)| (i % 8 != lost).then(|| p.clone());
    let one = c.iter().enumerate().filter_map(kept(2));
    let two = c.iter().enumerate().filter_map(kept(5)).map(|p| later(&other(&p), 200_000));
    both(one.map(|p| ethernet(&p)), two.map(|p| ethernet(&p)))
}

/// Records written by several queues: each a little later in the file than its time says.
fn queues(c: &Conversation) -> Capture {
    let mut dice = Dice::new(4);
    let mut late: Vec<(i64, &Packet)> = c.iter().map(|p| (p.time + dice.below(3) as i64 * MILLISECOND, p)).collect();
    late.sort_by_key(|(time, _)| *time);
    file::pcap(&late.iter().map(|(_, p)| ethernet(p)).collect::<Vec<_>>())
}

/// A clock that is set back now and then: one packet without payload of every ten is 30 ms too early.
fn clock(c: &Conversation) -> Capture {
    let bare = |p: &Packet| p.octets[9] == 6 && p.octets.len() == 40;
    let one = |(i, packet): (usize, &Packet)| {
        if i % 10 == 4 && bare(packet) { later(packet, -30 * MILLISECOND) } else { packet.clone() }
    };
    file::pcap(&c.iter().enumerate().map(one).map(|p| ethernet(&p)).collect::<Vec<_>>())
}

/// Duplicates within a tunnel and outside at once: four copies of each packet.
fn four_times(c: &Conversation) -> Capture {
    let copies = c.iter().flat_map(|p| {
        let tunnelled = gtp(p, Gtp::Plain);
        [
            tunnelled.clone(),
            later(&tunnelled, MILLISECOND),
            later(p, 2 * MILLISECOND),
            later(&routed(p), 4 * MILLISECOND),
        ]
    });
    file::pcap(&by_time(copies).iter().map(ethernet).collect::<Vec<_>>())
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("twice-1-ms", |c| again(c, MILLISECOND)),
    Wrap::whole("twice-50-ms", |c| again(c, 50 * MILLISECOND)),
    Wrap::whole("twice-unsteady", again_unsteady),
    Wrap::whole("twice-router", router),
    Wrap::whole("twice-mirror-vlan", mirror),
    Wrap::whole("twice-gtp-and-plain", |c| tunnel_and_plain(c, Gtp::Plain)),
    Wrap::whole("twice-gtp-extensions-and-plain", |c| tunnel_and_plain(c, Gtp::Extended)),
    Wrap::whole("twice-each-with-losses", |c| each_with_losses(c, Packet::clone)),
    Wrap::whole("twice-gtp-each-with-losses", |c| each_with_losses(c, |p| gtp(p, Gtp::Plain))),
    Wrap::whole("four-times", four_times),
    Wrap::whole("time-queues", queues),
    Wrap::whole("time-clock-set-back", clock),
];
