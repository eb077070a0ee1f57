//! What the table keeps of every flow, followed or not: a few words.

use super::dissect::{Flags, Head, Packet};
use super::{FlowNo, Transport, Way};
use crate::time::Time;

/// How long a TCP flow may be silent before its next packet counts as that of a new flow: about two hours, the usual
/// interval of keep-alive probes.
pub const IDLE_TCP: Ticks = Ticks::from_seconds(2 * 60 * 60 + 300);
/// The same for UDP: about ten minutes.
pub const IDLE_UDP: Ticks = Ticks::from_seconds(10 * 60);
/// The same for UDP where it is ignored and only counted: about 20 seconds, since name look-ups would fill the table.
pub const IDLE_UDP_IGNORED: Ticks = Ticks::from_seconds(20);
/// The same for TCP flows that were closed or reset: about two minutes, in which stray packets may still come.
pub const IDLE_CLOSED: Ticks = Ticks::from_seconds(120);
/// How long a TCP flow that was never seen to close must be silent for a SYN to open a new one: about five seconds.
pub const IDLE_REOPENED: Ticks = Ticks::from_seconds(5);

/// A span of time in units of 2^30 nanoseconds: a bit more than a second, and found by a shift.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticks(u32);

impl Ticks {
    const fn from_seconds(seconds: u64) -> Self {
        Self((seconds * 1_000_000_000).div_ceil(1 << 30) as u32)
    }

    /// The span in nanoseconds.
    pub const fn nanoseconds(self) -> i64 {
        (self.0 as i64) << 30
    }
}

/// A moment in the same units, counted modulo 2^32.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tick(u32);

impl Tick {
    #[inline]
    pub(super) fn of(time: Time) -> Self {
        Self((time.0 >> 30) as u32)
    }

    /// The span from `earlier` to `self`; none where the clock went back.
    #[inline]
    pub(super) fn since(self, earlier: Self) -> Ticks {
        Ticks(self.0.wrapping_sub(earlier.0).cast_signed().max(0).cast_unsigned())
    }
}

/// How a flow is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Follow {
    /// Not yet: it has brought no data.
    NotYet,
    /// In this slot.
    Slot(u32),
    /// Not, or not any more.
    Ignored,
}

/// What is known of a flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) no: FlowNo,
    /// When its last packet came.
    pub(super) seen: Tick,
    pub(super) follow: Follow,
    /// Initial sequence numbers of both directions, where [`Entry::marks`] says so.
    isn: [u32; 2],
    marks: u8,
}

/// Bits of [`Entry::marks`].
mod mark {
    /// The opener is the lower endpoint of the key.
    pub(super) const OPENER_LOW: u8 = 1;
    /// It is UDP.
    pub(super) const UDP: u8 = 2;
    /// It brought data.
    pub(super) const DATA: u8 = 4;
    /// It was reset.
    pub(super) const RESET: u8 = 8;
    /// It is UDP that is ignored from its first datagram on; UDP knows no reset.
    pub(super) const UDP_IGNORED: u8 = RESET;
    /// The initial sequence number of the direction is known.
    pub(super) const ISN: [u8; 2] = [0x10, 0x20];
    /// The direction was closed.
    pub(super) const FIN: [u8; 2] = [0x40, 0x80];
    /// Both directions were.
    pub(super) const FINS: u8 = FIN[0] | FIN[1];
}

impl Entry {
    /// A new flow, known by its first packet, which comes from the lower endpoint of its key if `from_low`.
    pub(super) fn new(no: FlowNo, packet: &Packet<'_>, from_low: bool, follow: Follow, seen: Tick) -> Self {
        let (udp, answers) = match packet.head {
            Head::Udp { .. } if follow == Follow::Ignored => (mark::UDP | mark::UDP_IGNORED, false),
            Head::Udp { .. } => (mark::UDP, false),
            Head::Tcp { flags, .. } => (0, flags.syn() && flags.ack()),
        };
        let opener = if from_low != answers { mark::OPENER_LOW } else { 0 };
        Self { no, seen, follow, isn: [0; 2], marks: opener | udp }
    }

    /// The way of a packet from the lower endpoint, or from the higher one.
    #[inline]
    pub(super) fn way(&self, from_low: bool) -> Way {
        if from_low == (self.marks & mark::OPENER_LOW != 0) { Way::Forward } else { Way::Reverse }
    }

    /// Its transport.
    pub(super) fn transport(&self) -> Transport {
        if self.marks & mark::UDP != 0 { Transport::Udp } else { Transport::Tcp }
    }

    /// Initial sequence number of a direction.
    pub(super) fn isn(&self, way: Way) -> Option<u32> {
        let [forward, reverse] = self.isn;
        let [forward_known, reverse_known] = mark::ISN;
        match way {
            Way::Forward => (self.marks & forward_known != 0).then_some(forward),
            Way::Reverse => (self.marks & reverse_known != 0).then_some(reverse),
        }
    }

    fn set_isn(&mut self, way: Way, number: u32) {
        let [forward, reverse] = &mut self.isn;
        let [forward_known, reverse_known] = mark::ISN;
        match way {
            Way::Forward => (*forward, self.marks) = (number, self.marks | forward_known),
            Way::Reverse => (*reverse, self.marks) = (number, self.marks | reverse_known),
        }
    }

    /// Whether it has been silent for too long at `now` to be the same flow still.
    #[inline]
    pub(super) fn is_stale(&self, now: Tick) -> bool {
        let closed = self.marks & mark::RESET != 0 || self.marks & mark::FINS == mark::FINS;
        let most = match self.transport() {
            Transport::Tcp if closed => IDLE_CLOSED,
            Transport::Tcp => IDLE_TCP,
            Transport::Udp if self.marks & mark::UDP_IGNORED != 0 => IDLE_UDP_IGNORED,
            Transport::Udp => IDLE_UDP,
        };
        now.since(self.seen) > most
    }

    /// Whether an opening segment (SYN) opens another connection between the same ports.
    pub(super) fn is_reopened(&self, way: Way, seq: u32, ack: u32, flags: Flags, now: Tick) -> bool {
        let own = self.isn(way);
        let answers = flags.ack() && self.isn(way.opposite()) == Some(ack.wrapping_sub(1));
        if own == Some(seq) || answers {
            return false;
        }
        let closing = self.marks & (mark::FINS | mark::RESET) != 0;
        let another_try = own.is_some() && self.marks & mark::DATA == 0;
        closing || another_try || now.since(self.seen) >= IDLE_REOPENED
    }

    /// Takes note of a packet.
    #[inline]
    pub(super) fn note(&mut self, packet: &Packet<'_>, way: Way, now: Tick) {
        self.seen = now;
        if !packet.payload.is_empty() {
            self.marks |= mark::DATA;
        }
        if let Head::Tcp { seq, ack, flags } = packet.head {
            // SYN, FIN and RST are the three lowest bits, and rare.
            if flags.0 & 0x07 != 0 {
                self.note_control(way, seq, ack, flags);
            }
        }
    }

    fn note_control(&mut self, way: Way, seq: u32, ack: u32, flags: Flags) {
        let [forward, reverse] = mark::FIN;
        if flags.syn() {
            self.set_isn(way, seq);
            if flags.ack() && self.isn(way.opposite()).is_none() {
                self.set_isn(way.opposite(), ack.wrapping_sub(1));
            }
        }
        if flags.fin() {
            self.marks |= if way == Way::Forward { forward } else { reverse };
        }
        if flags.rst() {
            self.marks |= mark::RESET;
            if self.follow == Follow::NotYet {
                self.follow = Follow::Ignored;
            }
        }
    }
}
