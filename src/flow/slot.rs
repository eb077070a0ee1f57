//! A followed flow: the segments that a window brought it, and its two directions.

use std::cell::Cell;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::dissect::{Flags, Head, Payload};
use super::fragment::{Assembled, CAPTURED_TWICE};
use super::silence::{Awaited, Quiet, Silence};
use super::tcp::{Arrival, Emit, Half, Origin, Run, Tally};
use super::tunnel::{Outer, Tunnel};
use super::{Datagram, End, FlowInfo, StreamEvent, Transport, Way};
use crate::capture::Window;
use crate::time::Time;
use crate::wire::{FrameNo, Piece, Pieces};

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
    /// Index in the frames of the window, or in the packets put together.
    pub(super) frame: u32,
    pub(super) head: Head,
    pub(super) payload: Payload,
    pub(super) way: Way,
}

/// In [`Segment::frame`]: the rest is the index of a packet that was put together from fragments.
pub(super) const ASSEMBLED: u32 = 1 << 31;

/// What a window brought a flow.
#[derive(Clone, Debug)]
enum Item {
    Segment(Segment),
    /// The flow was seen in a tunnel.
    Tunnel(Box<Tunnel>),
    /// The flow had been silent for so long when this frame was captured.
    Silence(Silence, Origin),
}

/// The segments of a window, of all followed flows, chained flow by flow.
#[derive(Debug, Default)]
pub struct Segments {
    items: Vec<(Item, u32)>,
    /// The packets that were put together in this window, each with the frame that brought its last fragment.
    assembled: Vec<(Arc<Assembled>, FrameNo)>,
}

/// The segments of one flow among [`Segments`]: index of the first and of the last.
#[derive(Clone, Copy, Debug, Default)]
struct Chain(Option<(u32, u32)>);

/// In place of the index of a next segment: there is none.
const LAST: u32 = u32::MAX;

impl Segments {
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.assembled.clear();
    }

    /// Keeps a packet that was put together; returns what stands for it in [`Segment::frame`].
    pub(super) fn keep(&mut self, whole: Arc<Assembled>, last: FrameNo) -> u32 {
        self.assembled.push((whole, last));
        (self.assembled.len() as u32 - 1) | ASSEMBLED
    }

    fn assembled(&self, frame: u32) -> Option<&(Arc<Assembled>, FrameNo)> {
        self.assembled.get((frame ^ ASSEMBLED) as usize)
    }

    #[inline]
    fn push(&mut self, chain: &mut Chain, item: Item) {
        let index = self.items.len() as u32;
        self.items.push((item, LAST));
        match &mut chain.0 {
            Some((_, last)) => {
                if let Some((_, next)) = self.items.get_mut(*last as usize) {
                    *next = index;
                }
                *last = index;
            }
            none => *none = Some((index, index)),
        }
    }

    fn of(&self, chain: Chain) -> impl Iterator<Item = &Item> {
        let mut index = chain.0.map_or(LAST, |(first, _)| first);
        std::iter::from_fn(move || {
            let (item, next) = self.items.get(index as usize)?;
            index = *next;
            Some(item)
        })
    }
}

/// Most datagrams of a flow that are remembered to know them again.
pub const DATAGRAMS_REMEMBERED: usize = 64;

/// The datagrams of a flow in the last [`CAPTURED_TWICE`].
#[derive(Debug, Default)]
struct Recent(VecDeque<(Time, u64)>);

impl Recent {
    /// Whether a datagram was captured before: the same way, identification and data. Remembers it otherwise.
    fn knows(&mut self, segment: &Segment, id: u16, bytes: &[u8]) -> bool {
        let now = segment.time;
        let is_past = |time: Time| now.0.abs_diff(time.0) > CAPTURED_TWICE.unsigned_abs();
        while self.0.len() >= DATAGRAMS_REMEMBERED || self.0.front().is_some_and(|(time, _)| is_past(*time)) {
            self.0.pop_front();
        }
        let mut hasher = DefaultHasher::new();
        (segment.way, id, segment.payload.missing, bytes).hash(&mut hasher);
        let fingerprint = hasher.finish();
        let known = self.0.iter().any(|(time, known)| *known == fingerprint && !is_past(*time));
        if !known {
            self.0.push_back((now, fingerprint));
        }
        known
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
    /// Ways whose tunnel is noted.
    tunnels_noted: [bool; 2],
    fate: Fate,
    /// The last segment read.
    last: Origin,
    recent: Option<Box<Recent>>,
    quiet: Quiet,
    /// Octets of memory that the table counts for it.
    pub(super) counted: usize,
}

/// Whether segments may follow those that are noted.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// They may.
    Open,
    /// The table gave the flow up at this frame, for this reason.
    GivenUp(Origin, End),
    /// The table gave it up at this frame for what it held.
    Evicted(Origin),
    /// The capture has ended.
    CaptureEnded,
}

impl<T> Slot<T> {
    /// A flow whose directions start with these sequence numbers, where known.
    pub(super) fn new(info: FlowInfo, index: u32, first: [Option<u32>; 2]) -> Self {
        let [forward, reverse] = first;
        let tunnels_noted = info.tunnel.as_ref().map_or([false; 2], |tunnel| tunnel.ids.map(|id| id.is_some()));
        Self {
            info,
            state: None,
            interest: Interest::Followed,
            halves: [Half::new(Way::Forward, forward), Half::new(Way::Reverse, reverse)],
            index,
            chain: Chain::default(),
            tunnels_noted,
            fate: Fate::Open,
            last: Origin::default(),
            recent: None,
            quiet: Quiet::default(),
            counted: 0,
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
        segments.push(&mut self.chain, Item::Segment(segment));
        first
    }

    /// Notes that its silence was broken; returns what is to be awaited of the next, unless that is already.
    #[inline]
    pub(super) fn break_silence(&mut self, now: Time) -> Option<Awaited> {
        self.quiet.break_off(now).then(|| self.awaited(Silence::Short))
    }

    fn awaited(&self, silence: Silence) -> Awaited {
        Awaited { due: self.quiet.due(silence), flow: self.info.no, silence, index: self.index }
    }

    /// A silence was awaited until this frame. Notes it if it has come and something may be missing; returns whether
    /// that is the first thing noted in this window, and what is to be awaited now.
    pub(super) fn note_silence(
        &mut self,
        awaited: Silence,
        frame: FrameNo,
        now: Time,
        segments: &mut Segments,
    ) -> (bool, Option<Awaited>) {
        let (has_come, next) = self.quiet.review(awaited, now);
        let first = self.chain.0.is_none();
        // What a window brought may have made holes, or filled them.
        let may_miss = self.info.transport == Transport::Udp || self.halves.iter().any(Half::has_hole);
        let noted = has_come && (!first || may_miss);
        if noted {
            let origin = Origin { frame, offset: 0, time: now };
            segments.push(&mut self.chain, Item::Silence(awaited, origin));
        }
        (noted && first, next.map(|silence| self.awaited(silence)))
    }

    /// Notes the tunnel of a packet that travels `way`, the first time; returns as [`Slot::note`] does.
    pub(super) fn note_tunnel(&mut self, way: Way, outer: &Outer<'_>, segments: &mut Segments) -> bool {
        let [forward, reverse] = &mut self.tunnels_noted;
        let noted = if way == Way::Forward { forward } else { reverse };
        if std::mem::replace(noted, true) {
            return false;
        }
        let first = self.chain.0.is_none();
        segments.push(&mut self.chain, Item::Tunnel(Box::new(Tunnel::new(way, outer))));
        first
    }

    /// Notes that the table gives the flow up at a frame, be it of this flow or another, and how that ends it; returns
    /// whether that is the first thing noted in this window.
    pub(super) fn give_up(&mut self, end: End, frame: FrameNo, time: Time) -> bool {
        self.fate = Fate::GivenUp(Origin { frame, offset: 0, time }, end);
        self.chain.0.is_none()
    }

    /// Notes that the table gives the flow up for what it holds.
    pub(super) fn evict(&mut self, frame: FrameNo, time: Time) {
        self.fate = Fate::Evicted(Origin { frame, offset: 0, time });
    }

    /// Notes that the capture has ended.
    pub(super) fn end_with_capture(&mut self) {
        if self.is_open() {
            self.fate = Fate::CaptureEnded;
        }
    }

    /// Whether the table has not given it up.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.fate, Fate::Open)
    }

    /// The last frame that brought it something.
    pub(super) fn last_frame(&self) -> FrameNo {
        self.last.frame
    }

    /// Octets of memory that it takes, `weigh` those of its state.
    pub(super) fn weight(&self, weigh: fn(&T) -> usize) -> usize {
        let held: usize = self.halves.iter().map(Half::held).sum();
        size_of::<Self>() + held + self.state.as_ref().map_or(0, weigh)
    }

    /// Whether the table need not keep it.
    pub fn is_over(&self) -> bool {
        self.interest == Interest::Ignored || ended(&self.halves) || !self.is_open()
    }

    /// Forgets the window; returns what was counted in it, direction by direction.
    pub(super) fn leave_window(&mut self) -> [Tally; 2] {
        self.chain = Chain::default();
        self.halves.each_mut().map(|half| std::mem::take(&mut half.tally))
    }

    /// Reads what the window brought and hands each event to `sink`, with the latest frame that the flow has come to,
    /// until that says [`Interest::Ignored`]: then nothing more comes of this flow. `window` must be the one that the
    /// table walked.
    pub fn advance<F>(&mut self, segments: &Segments, window: &Window, sink: &mut F)
    where
        F: FnMut(&mut Option<T>, &FlowInfo, StreamEvent<'_>, FrameNo) -> Interest,
    {
        let Self { info, state, halves, recent, .. } = self;
        let interest = Cell::new(self.interest);
        for item in segments.of(self.chain) {
            if interest.get() == Interest::Ignored || ended(halves) {
                break;
            }
            let segment = match item {
                Item::Segment(segment) => segment,
                Item::Silence(silence, origin) => {
                    let emit = &mut |event: StreamEvent<'_>| {
                        if interest.get() == Interest::Followed {
                            interest.set(sink(state, info, event, origin.frame));
                        }
                    };
                    if info.transport == Transport::Udp {
                        emit(StreamEvent::Quiet { frame: origin.frame, time: origin.time });
                        continue;
                    }
                    let all = *silence == Silence::Long || halves.iter().all(Half::is_closed);
                    halves.iter_mut().for_each(|half| half.lose_patience(all, *origin, emit));
                    continue;
                }
                Item::Tunnel(tunnel) => {
                    info.tunnel.get_or_insert_with(|| tunnel.clone()).merge(tunnel);
                    continue;
                }
            };
            let assembled = if segment.frame & ASSEMBLED == 0 { None } else { segments.assembled(segment.frame) };
            let frame = window.frames.get(segment.frame as usize);
            let Some(no) = assembled.map(|(_, last)| *last).or(frame.map(|frame| frame.no)) else { break };
            let now = Origin { frame: no, offset: segment.payload.offset, time: segment.time };
            self.last = now;
            let emit = &mut |event: StreamEvent<'_>| {
                if interest.get() == Interest::Followed {
                    interest.set(sink(state, info, event, no));
                }
            };
            if let Some((whole, _)) = assembled {
                read_assembled(halves, recent, segment, whole, now, emit);
                continue;
            }
            let bytes = segment.payload.of(frame.map_or(&[], |frame| window.captured(frame)));
            match segment.head {
                Head::Tcp { seq, ack, flags } => {
                    let cut = segment.payload.missing;
                    let arrival = Arrival { seq, flags, bytes, cut, origin: now };
                    read_segment(halves, segment.way, (seq, ack, flags), now, [arrival], emit);
                }
                Head::Udp { id } if knows(recent, segment, id, bytes) => note_repeated(halves),
                Head::Udp { .. } => read_datagram(segment, bytes, &Pieces::one(no, now.offset), now, emit),
            }
        }
        let ended_at = match self.fate {
            Fate::Open => None,
            Fate::GivenUp(origin, end) => Some((origin, end)),
            Fate::Evicted(origin) => Some((origin, End::Evicted)),
            Fate::CaptureEnded => Some((self.last, End::Open)),
        };
        if let Some((origin, end)) = ended_at {
            let emit = &mut |event: StreamEvent<'_>| {
                if interest.get() == Interest::Followed {
                    interest.set(sink(state, info, event, origin.frame));
                }
            };
            halves.iter_mut().for_each(|half| match self.fate {
                Fate::Evicted(_) => half.evict(origin, emit),
                _ => half.end(end, origin, emit),
            });
        }
        self.interest = interest.get();
    }
}

/// Whether a datagram was captured before.
fn knows(recent: &mut Option<Box<Recent>>, segment: &Segment, id: u16, bytes: &[u8]) -> bool {
    recent.get_or_insert_default().knows(segment, id, bytes)
}

/// Counts a datagram that was captured before.
fn note_repeated(halves: &mut [Half; 2]) {
    let [forward, _] = halves;
    forward.tally.repeated_datagrams += 1;
}

/// Whether both directions have ended.
fn ended(halves: &[Half; 2]) -> bool {
    halves.iter().all(Half::ended)
}

/// Reads a TCP segment that travels `way`; its data arrive in one piece or, where it was put together from fragments,
/// in several.
fn read_segment<'b>(
    halves: &mut [Half; 2],
    way: Way,
    (seq, ack, flags): (u32, u32, Flags),
    now: Origin,
    arrivals: impl IntoIterator<Item = Arrival<'b>>,
    emit: &mut Emit<'_>,
) {
    let [forward, reverse] = halves;
    let (own, peer) = match way {
        Way::Forward => (forward, reverse),
        Way::Reverse => (reverse, forward),
    };
    own.see();
    if flags.rst() {
        // Who knows of no connection answers with sequence number 0, or with the acknowledgement number it was sent.
        if seq == 0 || own.is_near(seq) || (flags.ack() && peer.is_near(ack)) {
            forward_first(way, own, peer, |half| half.end(End::Reset, now, emit));
        }
        return;
    }
    if flags.ack() {
        peer.acknowledge(ack);
    }
    for mut arrival in arrivals {
        if flags.syn() {
            // A SYN takes a sequence number; data in it comes after that.
            arrival.seq = arrival.seq.wrapping_add(1);
            own.open(arrival.seq);
        }
        own.arrive(arrival, emit);
    }
    own.review(now, emit);
    peer.review(now, emit);
}

/// Does something with both directions of a flow, [`Way::Forward`] first.
fn forward_first(way: Way, own: &mut Half, peer: &mut Half, mut act: impl FnMut(&mut Half)) {
    let (forward, reverse) = if way == Way::Forward { (own, peer) } else { (peer, own) };
    act(forward);
    act(reverse);
}

/// Reads a segment or datagram that was put together from fragments. Of a datagram nothing is told behind the first
/// octet that the snap length cut.
fn read_assembled(
    halves: &mut [Half; 2],
    recent: &mut Option<Box<Recent>>,
    segment: &Segment,
    whole: &Assembled,
    now: Origin,
    emit: &mut Emit<'_>,
) {
    let runs = whole.runs(segment.payload);
    match segment.head {
        Head::Tcp { seq, ack, flags } => {
            let fin_at = u64::from(segment.payload.len) + u64::from(segment.payload.missing);
            let mut runs = runs.peekable();
            let none = runs.peek().is_none().then_some(Run { at: 0, bytes: &[], cut: 0, origin: now });
            let arrivals = runs.chain(none).map(|run| Arrival {
                seq: seq.wrapping_add(run.at as u32),
                flags: if run.end() == fin_at { flags } else { flags.without_fin() },
                bytes: run.bytes,
                cut: run.cut as u32,
                origin: run.origin,
            });
            read_segment(halves, segment.way, (seq, ack, flags), now, arrivals, emit);
        }
        Head::Udp { id } => {
            let bytes = segment.payload.of(whole.prefix());
            if knows(recent, segment, id, bytes) {
                return note_repeated(halves);
            }
            let mut pieces = Pieces::default();
            runs.take_while(|run| (run.at as usize) < bytes.len()).for_each(|run| {
                pieces.push(Piece { at: run.at as u32, frame: run.origin.frame, offset: Some(run.origin.offset) });
            });
            read_datagram(segment, bytes, &pieces, now, emit);
        }
    }
}

/// Reads a UDP datagram: one event, whatever its length.
fn read_datagram(segment: &Segment, bytes: &[u8], pieces: &Pieces, now: Origin, emit: &mut Emit<'_>) {
    let Origin { frame, time, .. } = now;
    let missing = segment.payload.missing;
    emit(StreamEvent::Datagram(Datagram { way: segment.way, bytes, pieces, missing, frame, time }));
}
