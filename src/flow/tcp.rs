//! One direction of a TCP connection put in order.
//!
//! Octets in order pass straight from the frame to the reader. What comes early is copied and held until the octets
//! before it arrive, up to [`HELD_OCTETS`] and [`HELD_SEGMENTS`]. Of two versions of an octet the first one wins;
//! they are compared as long as the first is held.
//!
//! # When octets are missing
//!
//! A hole is not a loss at once: capturing mixes up neighbouring packets, within a direction and between the two. It
//! is told as a gap when one of these shows that its octets will not come:
//!
//! - The receiver acknowledged them, so they did travel, and since that acknowledgement [`PATIENCE_PACKETS`] further
//!   packets of the flow were captured, or one that is later by [`PATIENCE`] or more.
//! - The flow is silent for [`PATIENCE`] while the capture goes on, and they were acknowledged or both sides said that
//!   they have sent everything; or it is silent for [`SILENT_PATIENCE`](super::SILENT_PATIENCE).
//! - More is held behind it than the limits allow.
//! - The flow ends: reset, capture at its end, flow given up.
//!
//! An unacknowledged hole waits: its octets got lost on their way and will be sent again. All of this depends on the
//! packets of the flow and the clock of the capture alone, never on windows or threads.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use super::dissect::Flags;
use super::{End, Loss, StreamEvent, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// Most octets held in a direction behind a hole.
pub const HELD_OCTETS: usize = 256 * 1024;
/// Most segments held in a direction behind a hole.
pub const HELD_SEGMENTS: usize = 512;
/// How many later packets of its flow an acknowledged hole waits for. Network cards hand over packets in batches of
/// 64 per queue, and the two directions may use two queues.
pub const PATIENCE_PACKETS: u32 = 64;
/// How far from where its direction has come a reset may lie to be believed, in octets: what travels in no window is
/// a copy that came late, of an earlier connection between the same ports.
pub const RESET_DISTANCE: u64 = 1 << 26;
/// How long an acknowledged hole waits while the capture goes on, in nanoseconds: half a second.
pub const PATIENCE: i64 = 500_000_000;

/// A run of octets of a direction, or of a packet put together from fragments.
#[derive(Clone, Copy)]
pub(super) struct Run<'b> {
    /// Position in the direction: the sequence number, unwrapped.
    pub(super) at: u64,
    pub(super) bytes: &'b [u8],
    /// Octets after `bytes` that the snap length cut.
    pub(super) cut: u64,
    pub(super) origin: Origin,
}

/// Where the first octet of a run was captured.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    pub(super) frame: FrameNo,
    /// Offset in the captured bytes of the frame.
    pub(super) offset: u32,
    pub(super) time: Time,
}

impl Run<'_> {
    pub(super) fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64 + self.cut
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.cut == 0
    }

    /// The run before and the run from `position` on; both may be empty.
    pub(super) fn split(self, position: u64) -> (Self, Self) {
        let wanted = position.clamp(self.at, self.end()) - self.at;
        let octets = (wanted as usize).min(self.bytes.len());
        let (before, after) = self.bytes.split_at(octets);
        let cut = wanted - octets as u64;
        let origin = Origin { offset: self.origin.offset + octets as u32, ..self.origin };
        (Self { bytes: before, cut, ..self }, Self { at: self.at + wanted, bytes: after, cut: self.cut - cut, origin })
    }
}

/// A run that came early, copied.
#[derive(Debug)]
pub(super) struct Held {
    at: u64,
    bytes: Box<[u8]>,
    cut: u64,
    origin: Origin,
}

impl Held {
    pub(super) fn copy_of(run: Run<'_>) -> Self {
        Self { at: run.at, bytes: run.bytes.into(), cut: run.cut, origin: run.origin }
    }

    pub(super) fn run(&self) -> Run<'_> {
        Run { at: self.at, bytes: &self.bytes, cut: self.cut, origin: self.origin }
    }
}

/// A hole that the receiver does not have.
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// Position up to which octets were acknowledged when the wait began.
    acked: u64,
    since: Time,
    packets: u32,
}

/// What a segment says of the direction it travels in.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'b> {
    /// Sequence number of the first octet of data.
    pub(super) seq: u32,
    pub(super) flags: Flags,
    pub(super) bytes: &'b [u8],
    /// Octets after `bytes` that the snap length cut.
    pub(super) cut: u32,
    pub(super) origin: Origin,
}

/// Where events go.
pub(super) type Emit<'e> = dyn FnMut(StreamEvent<'_>) + 'e;

/// What was counted while putting flows in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Gaps told, other than those that the snap length made.
    pub gaps: u64,
    /// Octets missing in them.
    pub missing_octets: u64,
    /// Gaps told that the snap length made.
    pub snap_cuts: u64,
    /// Octets missing in those.
    pub cut_octets: u64,
    /// Segments whose data had all been seen before: sent again, or captured twice.
    pub repeated_segments: u64,
    /// Octets of TCP that had been seen before.
    pub repeated_octets: u64,
    /// UDP datagrams that were captured before.
    pub repeated_datagrams: u64,
    /// Times that octets held differed from another version of them; the first version was taken.
    pub conflicts: u64,
}

/// One direction of a flow.
#[derive(Debug)]
pub(super) struct Half {
    way: Way,
    /// Position of the next octet to hand over; `None` while no sequence number is known.
    next: Option<u64>,
    /// Position up to which the receiver has everything.
    acked: u64,
    /// Position after the last octet, where the sender said so.
    fin: Option<u64>,
    ended: bool,
    /// Runs that came early, in order, without overlap, all behind `next`.
    held: VecDeque<Held>,
    held_octets: usize,
    wait: Option<Wait>,
    /// Whether a packet of this direction was captured.
    seen: bool,
    /// The sequence number of the first packet without data, of a direction of which nothing else is known.
    idle: Option<NonZeroU32>,
    /// Where the first acknowledgement stood, of a direction of which nothing else is known.
    unseen: Option<u64>,
    pub(super) tally: Tally,
}

/// The position of a sequence number that nothing is known before: room below it for octets sent earlier.
fn first_position(seq: u32) -> u64 {
    (1 << 32) + u64::from(seq)
}

/// The position of a sequence number, taken as near to a known position as its 32 bits allow.
fn position(near: u64, seq: u32) -> u64 {
    let distance = seq.wrapping_sub(near as u32).cast_signed();
    near.saturating_add_signed(i64::from(distance))
}

impl Half {
    /// A direction whose first octet has the sequence number `first`; `None` where the opening was not captured: then
    /// the first segment with data is the start, and what comes before it counts as old.
    pub(super) fn new(way: Way, first: Option<u32>) -> Self {
        Self {
            way,
            next: first.map(first_position),
            acked: 0,
            fin: None,
            idle: None,
            ended: false,
            held: VecDeque::new(),
            held_octets: 0,
            wait: None,
            seen: false,
            unseen: None,
            tally: Tally::default(),
        }
    }

    /// Whether [`StreamEvent::End`] was told.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Takes note that a packet of this direction was captured.
    #[inline]
    pub(super) fn see(&mut self) {
        if !self.seen {
            self.seen = true;
            // Nothing was given up yet: its own sequence numbers say where it starts.
            if self.unseen.is_some() && self.unseen == self.next {
                (self.next, self.acked, self.wait) = (None, 0, None);
            }
        }
    }

    /// Takes the start of the direction from its SYN; `first` is the sequence number of the first octet.
    pub(super) fn open(&mut self, first: u32) {
        let first = self.first_position(first);
        self.next.get_or_insert(first);
    }

    /// The position of the first sequence number that this way brings: near what the receiver acknowledged before.
    fn first_position(&self, seq: u32) -> u64 {
        self.unseen.map_or_else(|| first_position(seq), |acked| position(acked, seq))
    }

    /// Takes the data and the FIN of a segment.
    pub(super) fn arrive(&mut self, arrival: Arrival<'_>, emit: &mut Emit<'_>) {
        let Arrival { seq, flags, bytes, cut, origin } = arrival;
        let octets = bytes.len() as u64 + u64::from(cut);
        if self.ended || (octets == 0 && !flags.fin()) {
            if self.next.is_none() {
                self.idle = self.idle.or(NonZeroU32::new(seq));
            }
            return;
        }
        let next = match self.next {
            Some(next) => next,
            // A lone octet that nobody is pushed to read: a keep-alive probe, which repeats the octet before.
            None if octets == 1 && !flags.psh() && !flags.fin() => {
                self.next = Some(self.first_position(seq) + 1);
                return;
            }
            None => {
                // Behind a packet without data the next octet has its number: what was sent in between is missing. A
                // probe that keeps a connection alive has the number before.
                let missing = |idle: &u32| (2..1 << 30).contains(&seq.wrapping_sub(*idle));
                let start = self.idle.map(NonZeroU32::get).filter(missing).unwrap_or(seq);
                let first = self.first_position(start);
                *self.next.insert(first)
            }
        };
        let run = Run { at: position(next, seq), bytes, cut: u64::from(cut), origin };
        // A FIN before what was handed over belongs to an earlier connection. Its own number may have been given up as
        // an octet that is missing.
        if flags.fin() && run.end() + 1 >= next {
            self.fin.get_or_insert(run.end());
        }
        let (run, _after_fin) = run.split(self.fin.unwrap_or(u64::MAX));
        let keep_alive = octets == 1 && run.at + 1 == next;
        if !run.is_empty() && !keep_alive {
            let (old, new) = run.split(next);
            self.tally.repeated_octets += old.end() - old.at;
            self.merge(new, emit);
        }
        self.advance(origin, emit);
        while self.held_octets > HELD_OCTETS || self.held.len() > HELD_SEGMENTS {
            self.skip_to_held(Loss::Limit, u64::MAX, origin, emit);
        }
    }

    /// Takes an acknowledgement number of the receiver.
    pub(super) fn acknowledge(&mut self, ack: u32) {
        if let Some(next) = self.next {
            let acked = position(next, ack).min(self.fin.unwrap_or(u64::MAX));
            self.acked = self.acked.max(acked);
        } else if !self.seen {
            let first = *self.unseen.get_or_insert(first_position(ack));
            self.acked = self.acked.max(position(first, ack));
        }
    }

    /// Of a direction of which no packet was captured: starts it where the receiver was seen first, once the
    /// acknowledgements show that octets travelled.
    fn start_unseen(&mut self) {
        if self.next.is_none() && !self.seen {
            self.next = self.unseen.filter(|first| self.acked > first + 1);
        }
    }

    /// Gives up octets that were acknowledged and have not been captured for long; to be called after each packet of
    /// the flow, whatever its direction.
    #[inline]
    pub(super) fn review(&mut self, now: Origin, emit: &mut Emit<'_>) {
        self.start_unseen();
        if self.ended || !self.lacks(self.acked) {
            self.wait = None;
            return;
        }
        match &mut self.wait {
            Some(wait) if self.next < Some(wait.acked) => {
                wait.packets += 1;
                // The clock may have gone back.
                wait.since = wait.since.min(now.time);
                if wait.packets >= PATIENCE_PACKETS || now.time.0.saturating_sub(wait.since.0) >= PATIENCE {
                    let acked = wait.acked;
                    self.wait = None;
                    self.give_up(Loss::MissingPackets, acked, now, emit);
                }
            }
            _ => self.wait = Some(Wait { acked: self.acked, since: now.time, packets: 0 }),
        }
    }

    /// Whether it is known where the direction ends.
    pub(super) fn is_closed(&self) -> bool {
        self.ended || self.fin.is_some()
    }

    /// Whether octets are missing.
    pub(super) fn has_hole(&self) -> bool {
        !self.ended && (!self.held.is_empty() || self.lacks(self.fin.unwrap_or(self.acked)))
    }

    /// Gives up, after a silence of the flow, octets that were acknowledged; if `all`, whatever is missing.
    pub(super) fn lose_patience(&mut self, all: bool, now: Origin, emit: &mut Emit<'_>) {
        self.wait = None;
        if all {
            self.release(Loss::MissingPackets, now, emit);
        } else {
            self.give_up(Loss::MissingPackets, self.acked, now, emit);
        }
    }

    /// Whether a sequence number is near to where the direction has come, as far as that is known.
    pub(super) fn is_near(&self, seq: u32) -> bool {
        self.next.is_none_or(|next| position(next, seq).abs_diff(next) <= RESET_DISTANCE)
    }

    /// Octets of memory that what is held takes.
    pub(super) fn held(&self) -> usize {
        self.held_octets + self.held.capacity() * size_of::<Held>()
    }

    /// Whether octets before `target` are missing. A single one with nothing behind it is not counted: as likely it
    /// is a FIN that was not captured, for a FIN takes a sequence number too.
    fn lacks(&self, target: u64) -> bool {
        let maybe_fin = self.held.is_empty() && self.fin.is_none();
        self.next.is_some_and(|next| next + u64::from(maybe_fin) < target)
    }

    /// Tells what is held and what is missing, then the end.
    pub(super) fn end(&mut self, end: End, now: Origin, emit: &mut Emit<'_>) {
        self.release(Loss::MissingPackets, now, emit);
        if !self.ended {
            self.tell_end(if self.fin.is_some() { End::Closed } else { end }, now, emit);
        }
    }

    /// Tells what is held and what is missing; then that more is, for a limit of ours was reached.
    pub(super) fn evict(&mut self, now: Origin, emit: &mut Emit<'_>) {
        self.release(Loss::Limit, now, emit);
        if !self.ended {
            let (way, loss, Origin { frame, time, .. }) = (self.way, Loss::Limit, now);
            self.tally.gaps += 1;
            emit(StreamEvent::Gap { way, octets: None, loss, frame, time });
            self.tell_end(End::Evicted, now, emit);
        }
    }

    /// Tells what is held, and as a gap what is missing before it or was acknowledged.
    fn release(&mut self, loss: Loss, now: Origin, emit: &mut Emit<'_>) {
        let held = self.held.back().map_or(0, |last| last.run().end());
        self.give_up(loss, self.fin.unwrap_or(self.acked).max(held), now, emit);
    }

    /// Hands over what is new in a run that starts at or behind `next`.
    fn merge(&mut self, mut run: Run<'_>, emit: &mut Emit<'_>) {
        let mut fresh = false;
        let mut index = self.held.partition_point(|held| held.run().end() <= run.at);
        while !run.is_empty() {
            match self.held.get(index).map(Held::run) {
                Some(held) if held.at <= run.at => {
                    let (twice, rest) = run.split(held.end());
                    self.tally.repeated_octets += twice.end() - twice.at;
                    let first = held.split(twice.at).1;
                    if !first.bytes.iter().zip(twice.bytes).all(|(a, b)| a == b) {
                        self.tally.conflicts += 1;
                    }
                    run = rest;
                    index += 1;
                }
                following => {
                    let (new, rest) = run.split(following.map_or(u64::MAX, |held| held.at));
                    if self.next == Some(new.at) {
                        self.hand_over(new, emit);
                    } else {
                        self.hold(index, new);
                        index += 1;
                    }
                    fresh = true;
                    run = rest;
                }
            }
        }
        if !fresh {
            self.tally.repeated_segments += 1;
        }
    }

    fn hold(&mut self, index: usize, run: Run<'_>) {
        self.held_octets += run.bytes.len();
        self.held.insert(index, Held::copy_of(run));
    }

    fn hand_over(&mut self, run: Run<'_>, emit: &mut Emit<'_>) {
        let Origin { frame, offset, time } = run.origin;
        self.next = Some(run.end());
        if !run.bytes.is_empty() {
            emit(StreamEvent::Data { way: self.way, bytes: run.bytes, frame, offset: Some(offset), time });
        }
        if run.cut > 0 {
            self.tell_gap(run.cut, Loss::SnapLength, run.origin, emit);
        }
    }

    /// Hands over what is held at `next`, and the end when that is reached.
    fn advance(&mut self, now: Origin, emit: &mut Emit<'_>) {
        while let Some(held) = self.held.pop_front_if(|held| Some(held.at) == self.next) {
            self.held_octets -= held.bytes.len();
            self.hand_over(held.run(), emit);
            if self.held.is_empty() {
                self.held = VecDeque::new();
            }
        }
        if self.fin.is_some() && self.next >= self.fin && !self.ended {
            self.tell_end(End::Closed, now, emit);
        }
    }

    /// Gives up every hole before `target`, handing over what is held between them.
    fn give_up(&mut self, loss: Loss, target: u64, now: Origin, emit: &mut Emit<'_>) {
        while !self.ended && self.lacks(target) {
            self.skip_to_held(loss, target, now, emit);
        }
    }

    /// Gives up the first hole, or what of it is before `target`.
    fn skip_to_held(&mut self, loss: Loss, target: u64, now: Origin, emit: &mut Emit<'_>) {
        let end = self.held.front().map_or(target, |held| held.at.min(target));
        let next = self.next.unwrap_or(end);
        self.next = Some(end);
        self.tell_gap(end - next, loss, now, emit);
        self.advance(now, emit);
    }

    fn tell_gap(&mut self, octets: u64, loss: Loss, at: Origin, emit: &mut Emit<'_>) {
        let loss = if loss == Loss::MissingPackets && !self.seen { Loss::OneSided } else { loss };
        match loss {
            Loss::SnapLength => {
                self.tally.snap_cuts += 1;
                self.tally.cut_octets += octets;
            }
            _ => {
                self.tally.gaps += 1;
                self.tally.missing_octets += octets;
            }
        }
        emit(StreamEvent::Gap { way: self.way, octets: Some(octets), loss, frame: at.frame, time: at.time });
    }

    fn tell_end(&mut self, end: End, at: Origin, emit: &mut Emit<'_>) {
        self.ended = true;
        self.held = VecDeque::new();
        self.held_octets = 0;
        self.wait = None;
        emit(StreamEvent::End { way: self.way, end, frame: at.frame, time: at.time });
    }
}
