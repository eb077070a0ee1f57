//! The flow table: which flow each packet belongs to, and which flows there are.

use std::cmp::Reverse;
use std::collections::hash_map::{Entry as Place, HashMap};
use std::sync::Arc;

use super::counters::Counters;
use super::dissect::{Cursor, Head, Layer, Odd, Packet, Path, Stop, descend, dissect_along, plain};
use super::entry::{Entry, Follow, Tick};
use super::followed::{At, Followed};
use super::fragment::{Assembled, Fragments};
use super::key::{AnyKey, Key, Seed};
use super::names::udp_service;
use super::slot::{Interest, Segments, Slot};
use super::tcp::{Origin, Run};
use super::tunnel::Outer;
use super::wlan::subframes;
use super::{End, FlowInfo, FlowNo, StreamEvent, Way};
use crate::capture::{FrameRef, Window};
use crate::time::Time;
use crate::wire::FrameNo;

/// Most flows known at a time. When there are as many, those longest silent are evicted, down to [`FLOWS_KEPT`].
pub const MAX_FLOWS: usize = 1 << 18;
/// Flows that an eviction leaves: a sixteenth goes at once, so that the search for the oldest is rare.
pub const FLOWS_KEPT: usize = MAX_FLOWS / 16 * 15;
/// Most times that a packet is put together from fragments which came in packets that were put together themselves.
pub const MAX_NESTED: u8 = 4;
/// Most flows followed at a time. When there are as many, those longest silent are evicted, down to [`FOLLOWED_KEPT`].
pub const MAX_FOLLOWED: usize = 1 << 14;
/// Followed flows that such an eviction leaves.
pub const FOLLOWED_KEPT: usize = MAX_FOLLOWED / 16 * 15;
/// Most octets that all followed flows may hold after a window: out of order, and in what their readers keep. Beyond,
/// those longest silent are evicted, down to [`HELD_KEPT`].
pub const HELD_TOTAL: usize = 64 << 20;
/// Octets held that such an eviction leaves at most.
pub const HELD_KEPT: usize = HELD_TOTAL / 8 * 7;
/// Fewest flows at which silent ones are looked for.
const FIRST_SWEEP: usize = 1 << 12;

/// All flows of a capture. Each carries a `T`, the state of whoever reads it, made by the reader when it likes.
///
/// A window is worked off in two steps: [`Table::walk`] finds the flow of each frame, in order; the [`Touched`] flows
/// it returns are then advanced each on its own, on any thread, and go back when `Touched` is dropped.
#[derive(Debug)]
pub struct Table<T> {
    v4: HashMap<Key<2>, Entry, Seed>,
    v6: HashMap<Key<5>, Entry, Seed>,
    followed: Followed<T>,
    fragments: Fragments,
    /// Number of flows at which the next sweep is due.
    sweep_at: usize,
    /// Which UDP flows are followed.
    udp: Choice,
    /// The last time that a frame had.
    clock: Time,
    /// The last frame.
    last: FrameNo,
    /// Octets of memory that the state of a flow takes.
    weigh: fn(&T) -> usize,
    /// Octets that the followed flows hold.
    held: usize,
    counters: Counters,
}

/// Whether a UDP flow is followed, by the ports and the octets of its first datagram.
pub type Choice = fn(ports: [u16; 2], first: &[u8]) -> Interest;

/// Where the octets of a packet stand.
#[derive(Clone, Copy)]
enum Octets<'b> {
    /// In the captured bytes of a frame.
    Frame(&'b [u8]),
    /// In a packet that was put together.
    Assembled(&'b Assembled),
}

impl<'b> Octets<'b> {
    fn bytes(self) -> &'b [u8] {
        match self {
            Self::Frame(captured) => captured,
            Self::Assembled(whole) => whole.prefix(),
        }
    }
}

impl<T> Table<T> {
    /// An empty table; `udp` says which UDP flows are followed, and which are only counted.
    pub fn new(udp: Choice) -> Self {
        Self {
            v4: HashMap::default(),
            v6: HashMap::default(),
            followed: Followed::new(),
            fragments: Fragments::default(),
            sweep_at: FIRST_SWEEP,
            udp,
            clock: Time(0),
            last: FrameNo::default(),
            weigh: |_| 0,
            held: 0,
            counters: Counters::default(),
        }
    }

    /// The same, `weigh` telling how many octets of memory the state of a flow takes.
    pub fn weighing(self, weigh: fn(&T) -> usize) -> Self {
        Self { weigh, ..self }
    }

    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Finds the flow of each frame of a window.
    pub fn walk(&mut self, window: &Window) -> Touched<'_, T> {
        self.followed.segments.clear();
        self.counters.packets += window.frames.len() as u64;
        for (index, frame) in window.frames.iter().enumerate() {
            self.clock = frame.time.unwrap_or(self.clock);
            let at = At { frame: frame.no, index: index as u32, nested: 0, time: self.clock };
            let captured = window.captured(frame);
            self.counters.cut_frames += u64::from(frame.original_len as usize > captured.len());
            match plain(frame.link, captured) {
                Some(packet) => self.meet(&packet, None, captured, at),
                None => self.take_apart(frame, captured, at),
            }
            // After the packet, which may be what was waited for.
            if self.followed.silences.are_due(self.clock) {
                self.followed.note_silences(at);
            }
        }
        self.last = window.frames.last().map_or(self.last, |frame| frame.no);
        self.counters.fragments = self.fragments.tally;
        let slots = self.followed.take_touched();
        Touched { table: self, slots }
    }

    /// Ends every flow that is still open: all followed ones, in the order of their numbers. To be advanced with the
    /// segments that are returned and an empty window.
    pub fn finish(&mut self) -> Touched<'_, T> {
        self.fragments.finish();
        self.counters.fragments = self.fragments.tally;
        self.followed.segments.clear();
        let mut slots: Vec<_> = self.followed.slots.iter_mut().filter_map(Option::take).collect();
        slots.iter_mut().for_each(|slot| slot.end_with_capture());
        slots.sort_unstable_by_key(|slot| slot.info().no);
        Touched { table: self, slots }
    }

    /// Takes a frame apart that is not of the plain kind.
    #[inline(never)]
    fn take_apart(&mut self, frame: &FrameRef, captured: &[u8], at: At) {
        let mut path = Path::default();
        match dissect_along(frame.link, captured, frame.original_len, &mut path) {
            Ok(packet) => self.meet(&packet, path.tunnel.as_ref(), captured, at),
            Err(stop) => self.go_on(stop, path, Octets::Frame(captured), at),
        }
    }

    /// Goes on where a frame holds no segment or datagram as a whole, or several.
    #[cold]
    fn go_on(&mut self, stop: Stop, path: Path<'_>, octets: Octets<'_>, at: At) {
        let nested = At { nested: at.nested + 1, ..at };
        match (stop, octets) {
            (Stop::Fragment(_) | Stop::Aggregate(_), _) if at.nested == MAX_NESTED => {
                self.counters.stopped(Stop::TooDeep);
            }
            (Stop::Fragment(part), _) => {
                let Some(hosts) = path.hosts else { return };
                let whole = match octets {
                    Octets::Frame(captured) => {
                        let origin = Origin { frame: at.frame, offset: part.payload.offset, time: at.time };
                        let bytes = part.payload.of(captured);
                        let run = Run { at: 0, bytes, cut: part.payload.missing.into(), origin };
                        self.fragments.add(hosts, &part, std::iter::once(run), at.time)
                    }
                    Octets::Assembled(whole) => self.fragments.add(hosts, &part, whole.runs(part.payload), at.time),
                };
                let Some(whole) = whole.map(Arc::new) else { return };
                let nested = At { index: self.followed.segments.keep(Arc::clone(&whole), at.frame), ..nested };
                let start = if whole.is_v6() { Layer::NextHeader(whole.next) } else { Layer::Protocol(whole.next) };
                let cursor = Cursor::new(whole.prefix(), whole.len());
                let path = Path { hosts: Some(whole.hosts()), id: path.id, tunnel: path.tunnel };
                self.descend(start, cursor, path, Octets::Assembled(&whole), nested);
            }
            (Stop::Aggregate(payload), Octets::Frame(captured)) => {
                for frame in subframes(captured, payload) {
                    self.descend(Layer::Odd(Odd::Llc), frame, Path::default(), octets, nested);
                }
            }
            (other, _) => self.counters.stopped(other),
        }
    }

    /// Goes on from a layer within a frame.
    #[cold]
    fn descend<'f>(&mut self, start: Layer, cursor: Cursor<'f>, mut path: Path<'f>, octets: Octets<'_>, at: At) {
        match descend(start, cursor, &mut path) {
            Ok(packet) => self.meet(&packet, path.tunnel.as_ref(), octets.bytes(), at),
            Err(stop) => self.go_on(stop, path, octets, at),
        }
    }

    /// Finds the flow of a packet; `octets` are those that it stands in.
    #[inline(always)]
    fn meet(&mut self, packet: &Packet<'_>, tunnel: Option<&Outer<'_>>, octets: &[u8], at: At) {
        if self.v4.len() + self.v6.len() >= self.sweep_at || self.followed.live >= MAX_FOLLOWED {
            self.sweep(at);
        }
        match packet.head {
            Head::Tcp { .. } => {
                self.counters.tcp_segments += 1;
                self.counters.tcp_octets += u64::from(packet.payload.len);
            }
            Head::Udp { .. } => {
                self.counters.udp_datagrams += 1;
                self.counters.udp_octets += u64::from(packet.payload.len);
            }
        }
        if let Some(outer) = tunnel {
            *self.counters.tunnels.entry(outer.kind).or_default() += 1;
        }
        let Self { v4, v6, followed, counters, udp, .. } = self;
        let arrival = Arrival { packet, tunnel, octets, at, udp: *udp };
        match AnyKey::of_packet(packet) {
            (AnyKey::V4(key), from_low) => arrival.note(v4.entry(key), from_low, followed, counters),
            (AnyKey::V6(key), from_low) => arrival.note(v6.entry(key), from_low, followed, counters),
        }
    }

    /// Forgets the flows that have been silent for too long and, if there are too many still, those longest silent.
    /// When this happens and what goes depends on the frames alone.
    #[cold]
    fn sweep(&mut self, at: At) {
        let now = Tick::of(at.time);
        let mut gone = Vec::new();
        self.retain(&mut gone, |entry| !entry.is_stale(now));
        let mut evicted = Vec::new();
        let known = self.v4.len() + self.v6.len();
        if known > FLOWS_KEPT {
            let age = |entry: &Entry| (Reverse(now.since(entry.seen)), entry.no);
            let mut ages: Vec<_> = self.v4.values().chain(self.v6.values()).map(age).collect();
            let excess = known - FLOWS_KEPT;
            let (_, &mut youngest_to_go, _) = ages.select_nth_unstable(excess - 1);
            self.retain(&mut evicted, |entry| age(entry) > youngest_to_go);
            self.counters.evicted += excess as u64;
        }
        let followed = self.followed.live.saturating_sub(gone.len() + evicted.len());
        if followed >= MAX_FOLLOWED {
            let is_followed = |entry: &&Entry| matches!(entry.follow, Follow::Slot(_));
            let age = |entry: &Entry| (Reverse(now.since(entry.seen)), entry.no);
            let mut ages: Vec<_> = self.v4.values().chain(self.v6.values()).filter(is_followed).map(age).collect();
            let excess = (followed - FOLLOWED_KEPT).min(ages.len());
            if let Some(last) = excess.checked_sub(1) {
                let (_, &mut youngest_to_go, _) = ages.select_nth_unstable(last);
                self.retain(&mut evicted, |entry| !is_followed(&entry) || age(entry) > youngest_to_go);
                self.counters.evicted += excess as u64;
            }
        }
        for (mut gone, end) in [(gone, End::Open), (evicted, End::Evicted)] {
            gone.sort_unstable_by_key(|entry| entry.no);
            gone.iter().for_each(|entry| self.followed.give_up(entry.follow, end, at));
        }
        let known = self.v4.len() + self.v6.len();
        self.sweep_at = if known * 2 > FLOWS_KEPT { MAX_FLOWS } else { (known * 2).max(FIRST_SWEEP) };
    }

    /// Moves the flows that are followed and not to be kept to `gone`, and forgets the others that are not.
    fn retain(&mut self, gone: &mut Vec<Entry>, keep: impl Fn(&Entry) -> bool) {
        let mut keep = |entry: &Entry| {
            let kept = keep(entry);
            if !kept && matches!(entry.follow, Follow::Slot(_)) {
                gone.push(*entry);
            }
            kept
        };
        self.v4.retain(|_, entry| keep(entry));
        self.v6.retain(|_, entry| keep(entry));
    }

    /// Takes a slot back after a window, or drops it when it is over.
    fn put_back(&mut self, mut slot: Box<Slot<T>>) {
        for tally in slot.leave_window() {
            self.counters.add(tally);
        }
        let index = slot.index;
        let weight = if slot.is_over() { 0 } else { slot.weight(self.weigh) };
        self.held = (self.held + weight).saturating_sub(std::mem::replace(&mut slot.counted, weight));
        if !slot.is_over() {
            if let Some(place) = self.followed.slots.get_mut(index as usize) {
                *place = Some(slot);
            }
            return;
        }
        self.followed.free.push(index);
        self.followed.live -= usize::from(slot.is_open());
        // The same endpoints may have a newer flow by now.
        if let Some(entry) = self.entry(slot.info()).filter(|entry| entry.follow == Follow::Slot(index)) {
            entry.follow = Follow::Ignored;
        }
    }

    fn entry(&mut self, flow: &FlowInfo) -> Option<&mut Entry> {
        match AnyKey::of_flow(flow)?.0 {
            AnyKey::V4(key) => self.v4.get_mut(&key),
            AnyKey::V6(key) => self.v6.get_mut(&key),
        }
    }

    /// Evicts the flows longest silent until the rest hold little enough. What is told of them comes with the next
    /// window; should they speak again, that is another flow.
    #[cold]
    fn shrink(&mut self) {
        let Self { v4, v6, followed, held, last, clock, counters, .. } = self;
        let mut slots: Vec<_> = followed.slots.iter_mut().flatten().filter(|slot| slot.is_open()).collect();
        slots.sort_unstable_by_key(|slot| (slot.last_frame(), slot.info().no));
        for slot in slots {
            if *held <= HELD_KEPT {
                break;
            }
            slot.evict(*last, *clock);
            followed.touched.push(slot.index);
            followed.live -= 1;
            let octets = std::mem::take(&mut slot.counted);
            *held = held.saturating_sub(octets);
            counters.evicted += 1;
            counters.evicted_octets += octets as u64;
            let is_its_own = |entry: &Entry| entry.follow == Follow::Slot(slot.index);
            match AnyKey::of_flow(slot.info()) {
                Some((AnyKey::V4(key), _)) if v4.get(&key).is_some_and(is_its_own) => drop(v4.remove(&key)),
                Some((AnyKey::V6(key), _)) if v6.get(&key).is_some_and(is_its_own) => drop(v6.remove(&key)),
                _ => {}
            }
        }
    }
}

/// A packet on its way through the table.
struct Arrival<'p> {
    packet: &'p Packet<'p>,
    tunnel: Option<&'p Outer<'p>>,
    /// The octets that the packet stands in.
    octets: &'p [u8],
    at: At,
    udp: Choice,
}

impl Arrival<'_> {
    /// Notes it in the entry of its flow, and in its slot if the flow is followed.
    #[inline]
    fn note<const N: usize, T>(
        &self,
        place: Place<'_, Key<N>, Entry>,
        from_low: bool,
        followed: &mut Followed<T>,
        counters: &mut Counters,
    ) {
        let Self { packet, at, .. } = *self;
        let now = Tick::of(at.time);
        let entry = match place {
            Place::Vacant(place) => place.insert(self.first(from_low, counters)),
            Place::Occupied(place) => {
                let entry = place.into_mut();
                if self.is_of_another(entry, from_low) {
                    followed.give_up(entry.follow, End::Open, at);
                    *entry = self.first(from_low, counters);
                }
                entry
            }
        };
        let way = entry.way(from_low);
        entry.note(packet, way, now);
        if let Some(outer) = self.tunnel {
            followed.note_tunnel(entry, outer, way);
        }
        match entry.follow {
            Follow::Ignored => {}
            Follow::Slot(index) => followed.note(index, packet, way, at),
            Follow::NotYet if self.starts_reading(entry, way) => {
                let index = followed.open(entry, packet, way);
                entry.follow = Follow::Slot(index);
                followed.note(index, packet, way, at);
            }
            Follow::NotYet => {}
        }
    }

    /// Whether it shows that the flow known between its endpoints is over and another one began.
    #[inline]
    fn is_of_another(&self, entry: &Entry, from_low: bool) -> bool {
        let now = Tick::of(self.at.time);
        let reopened = match self.packet.head {
            Head::Tcp { seq, ack, flags } if flags.syn() => {
                entry.is_reopened(entry.way(from_low), seq, ack, flags, now)
            }
            _ => false,
        };
        reopened || entry.is_stale(now)
    }

    /// The entry of the flow that it is the first packet of.
    fn first(&self, from_low: bool, counters: &mut Counters) -> Entry {
        counters.flows += 1;
        let mut follow = Follow::NotYet;
        if matches!(self.packet.head, Head::Udp { .. }) {
            counters.udp_flows += 1;
            let Packet { source_port, destination_port, payload, .. } = *self.packet;
            if let Some(service) = udp_service(destination_port).or_else(|| udp_service(source_port)) {
                *counters.udp_services.entry(service).or_default() += 1;
            }
            if (self.udp)([source_port, destination_port], payload.of(self.octets)) == Interest::Ignored {
                follow = Follow::Ignored;
            }
        }
        let no = FlowNo(u32::try_from(counters.flows).unwrap_or(u32::MAX));
        Entry::new(no, self.packet, from_low, follow, Tick::of(self.at.time))
    }

    /// Whether there is something to read in it, or it acknowledges more than a FIN that nobody captured: connections
    /// that never bring data need no slot.
    fn starts_reading(&self, entry: &Entry, way: Way) -> bool {
        match self.packet.head {
            Head::Tcp { ack, flags, .. } => {
                let sent = || entry.isn(way.opposite()).map_or(0, |isn| ack.wrapping_sub(isn).cast_signed());
                flags.fin() || !self.packet.payload.is_empty() || flags.ack() && sent() > 2
            }
            Head::Udp { .. } => true,
        }
    }
}

/// The followed flows that a window brought something, in the order in which it did. Dropping it puts them back into
/// the table; flows that are over or [`Interest::Ignored`] are dropped with their state.
#[derive(Debug)]
pub struct Touched<'t, T> {
    table: &'t mut Table<T>,
    slots: Vec<Box<Slot<T>>>,
}

impl<T> Touched<'_, T> {
    /// The flows, each to be advanced once with the segments, on any thread.
    pub fn parts(&mut self) -> (&mut [Box<Slot<T>>], &Segments) {
        (&mut self.slots, &self.table.followed.segments)
    }

    /// Advances every flow in turn.
    pub fn advance<F>(&mut self, window: &Window, sink: &mut F)
    where
        F: FnMut(&mut Option<T>, &FlowInfo, StreamEvent<'_>, FrameNo) -> Interest,
    {
        let (slots, segments) = self.parts();
        slots.iter_mut().for_each(|slot| slot.advance(segments, window, sink));
    }
}

impl<T> Drop for Touched<'_, T> {
    fn drop(&mut self) {
        for slot in std::mem::take(&mut self.slots) {
            self.table.put_back(slot);
        }
        if self.table.held > HELD_TOTAL {
            self.table.shrink();
        }
    }
}
