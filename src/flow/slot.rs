//! A followed flow: the segments that a window brought it, and its two directions.

use std::cell::Cell;

use super::dissect::{Head, Payload};
use super::tcp::{Arrival, Emit, Half, Origin, Tally};
use super::{End, FlowInfo, Loss, StreamEvent, Way};
use crate::capture::Window;
use crate::time::Time;
use crate::wire::FrameNo;

/// Whether a flow is worth being read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Its events are wanted.
    Followed,
    /// It is of no concern: its packets are counted, nothing more.
    Ignored,
}

/// What the table noted of one packet of a followed flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) time: Time,
    /// Index in the frames of the window.
    pub(super) frame: u32,
    pub(super) head: Head,
    pub(super) payload: Payload,
    pub(super) way: Way,
}

/// The segments of a window, of all followed flows, chained flow by flow.
#[derive(Debug, Default)]
pub struct Segments(Vec<(Segment, u32)>);

/// The segments of one flow among [`Segments`]: index of the first and of the last.
#[derive(Clone, Copy, Debug, Default)]
struct Chain(Option<(u32, u32)>);

/// In place of the index of a next segment: there is none.
const LAST: u32 = u32::MAX;

impl Segments {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[inline]
    fn push(&mut self, chain: &mut Chain, segment: Segment) {
        let index = self.0.len() as u32;
        self.0.push((segment, LAST));
        match &mut chain.0 {
            Some((_, last)) => {
                if let Some((_, next)) = self.0.get_mut(*last as usize) {
                    *next = index;
                }
                *last = index;
            }
            none => *none = Some((index, index)),
        }
    }

    fn of(&self, chain: Chain) -> impl Iterator<Item = &Segment> {
        let mut index = chain.0.map_or(LAST, |(first, _)| first);
        std::iter::from_fn(move || {
            let (segment, next) = self.0.get(index as usize)?;
            index = *next;
            Some(segment)
        })
    }
}

/// A followed flow, with the state `T` that its reader hangs on it.
#[derive(Debug)]
pub struct Slot<T> {
    info: FlowInfo,
    state: Option<T>,
    interest: Interest,
    halves: [Half; 2],
    /// Where the table keeps it.
    pub(super) index: u32,
    chain: Chain,
    fate: Fate,
    /// The last segment read.
    last: Origin,
}

/// Whether segments may follow those that are noted.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// They may.
    Open,
    /// The table gave the flow up at this frame, for this reason.
    GivenUp(Origin, End),
    /// The capture has ended.
    CaptureEnded,
}

impl<T> Slot<T> {
    /// A flow whose directions start with these sequence numbers, where known.
    pub(super) fn new(info: FlowInfo, index: u32, first: [Option<u32>; 2]) -> Self {
        let [forward, reverse] = first;
        Self {
            info,
            state: None,
            interest: Interest::Followed,
            halves: [Half::new(Way::Forward, forward), Half::new(Way::Reverse, reverse)],
            index,
            chain: Chain::default(),
            fate: Fate::Open,
            last: Origin::default(),
        }
    }

    /// Who talks to whom.
    pub fn info(&self) -> &FlowInfo {
        &self.info
    }

    /// What the reader hung on the flow.
    pub fn state(&mut self) -> &mut Option<T> {
        &mut self.state
    }

    /// Notes a segment; returns whether it is the first thing noted in this window.
    #[inline]
    pub(super) fn note(&mut self, segment: Segment, segments: &mut Segments) -> bool {
        let first = self.chain.0.is_none();
        segments.push(&mut self.chain, segment);
        first
    }

    /// Notes that the table gives the flow up at a frame, be it of this flow or another, and how that ends it; returns whether that is the
    /// first thing noted in this window.
    pub(super) fn give_up(&mut self, end: End, frame: FrameNo, time: Time) -> bool {
        self.fate = Fate::GivenUp(Origin { frame, offset: 0, time }, end);
        self.chain.0.is_none()
    }

    /// Notes that the capture has ended.
    pub(super) fn end_with_capture(&mut self) {
        self.fate = Fate::CaptureEnded;
    }

    /// Whether the table need not keep it.
    pub(super) fn is_over(&self) -> bool {
        self.interest == Interest::Ignored || ended(&self.halves) || !matches!(self.fate, Fate::Open)
    }

    /// Forgets the window; returns what was counted in it, direction by direction.
    pub(super) fn leave_window(&mut self) -> [Tally; 2] {
        self.chain = Chain::default();
        self.halves.each_mut().map(|half| std::mem::take(&mut half.tally))
    }

    /// Reads what the window brought and hands each event to `sink`, until that says [`Interest::Ignored`]: then
    /// nothing more comes of this flow. `window` must be the one that the table walked.
    pub fn advance<F>(&mut self, segments: &Segments, window: &Window, sink: &mut F)
    where
        F: FnMut(&mut Option<T>, &FlowInfo, StreamEvent<'_>) -> Interest,
    {
        let Self { info, state, halves, .. } = self;
        let interest = Cell::new(self.interest);
        let emit = &mut |event: StreamEvent<'_>| {
            if interest.get() == Interest::Followed {
                interest.set(sink(state, info, event));
            }
        };
        for segment in segments.of(self.chain) {
            let Some(frame) = window.frames.get(segment.frame as usize) else { break };
            if interest.get() == Interest::Ignored || ended(halves) {
                break;
            }
            let bytes = segment.payload.of(window.captured(frame));
            self.last = Origin { frame: frame.no, offset: segment.payload.offset, time: segment.time };
            match segment.head {
                Head::Tcp { seq, ack, flags } => {
                    let cut = segment.payload.missing;
                    read_segment(halves, segment.way, ack, Arrival { seq, flags, bytes, cut, origin: self.last }, emit);
                }
                Head::Udp => read_datagram(segment, bytes, self.last, emit),
            }
        }
        let ended_at = match self.fate {
            Fate::Open => None,
            Fate::GivenUp(origin, end) => Some((origin, end)),
            Fate::CaptureEnded => Some((self.last, End::Open)),
        };
        if let Some((origin, end)) = ended_at {
            halves.iter_mut().for_each(|half| half.end(end, origin, emit));
        }
        self.interest = interest.get();
    }
}

/// Whether both directions have ended.
fn ended(halves: &[Half; 2]) -> bool {
    halves.iter().all(Half::ended)
}

/// Reads a TCP segment that travels `way`.
fn read_segment(halves: &mut [Half; 2], way: Way, ack: u32, mut arrival: Arrival<'_>, emit: &mut Emit<'_>) {
    let Arrival { flags, origin, .. } = arrival;
    let [forward, reverse] = halves;
    if flags.rst() {
        forward.end(End::Reset, origin, emit);
        reverse.end(End::Reset, origin, emit);
        return;
    }
    let (own, peer) = match way {
        Way::Forward => (forward, reverse),
        Way::Reverse => (reverse, forward),
    };
    own.see();
    if flags.ack() {
        peer.acknowledge(ack);
    }
    if flags.syn() {
        // A SYN takes a sequence number; data in it comes after that.
        arrival.seq = arrival.seq.wrapping_add(1);
        own.open(arrival.seq);
    }
    own.arrive(arrival, emit);
    own.review(origin, emit);
    peer.review(origin, emit);
}

/// Reads a UDP datagram: one event, whatever its length, and a gap where the snap length cut it.
fn read_datagram(segment: &Segment, bytes: &[u8], origin: Origin, emit: &mut Emit<'_>) {
    let (way, Origin { frame, offset, time }) = (segment.way, origin);
    emit(StreamEvent::Data { way, bytes, frame, offset, time });
    if segment.payload.missing > 0 {
        let octets = Some(u64::from(segment.payload.missing));
        emit(StreamEvent::Gap { way, octets, loss: Loss::SnapLength, frame, time });
    }
}
