//! The followed flows: the slots that they are read in, and what the current window brought them.

use std::collections::HashMap;

use super::dissect::Packet;
use super::entry::{Entry, Follow};
use super::key::endpoints;
use super::silence::{Awaited, Silences};
use super::slot::{Segment, Segments, Slot};
use super::tunnel::{Outer, Tunnel};
use super::{End, FlowInfo, FlowNo, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// Most flows without data of which the tunnel is remembered. When there are more, all of them are forgotten.
pub const MAX_TUNNELS_WAITING: usize = 1 << 16;

/// The flows that are followed, and what the current window brought them.
#[derive(Debug)]
pub(super) struct Followed<T> {
    pub(super) slots: Vec<Option<Box<Slot<T>>>>,
    pub(super) free: Vec<u32>,
    /// Slots to which the window brought something, in that order.
    pub(super) touched: Vec<u32>,
    pub(super) segments: Segments,
    pub(super) silences: Silences,
    /// Tunnels of flows that have brought no data yet.
    pub(super) tunnels: HashMap<FlowNo, Tunnel>,
    /// Flows that are followed and not given up.
    pub(super) live: usize,
}

/// A frame on its way through the table.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) frame: FrameNo,
    /// Index in the frames of the window, or in the packets put together.
    pub(super) index: u32,
    /// How many of those it went through.
    pub(super) nested: u8,
    pub(super) time: Time,
}

impl<T> Followed<T> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            touched: Vec::new(),
            segments: Segments::default(),
            silences: Silences::default(),
            tunnels: HashMap::new(),
            live: 0,
        }
    }

    /// A slot for a flow that is to be read from `packet` on; returns its index.
    pub(super) fn open(&mut self, entry: &Entry, packet: &Packet<'_>, way: Way) -> u32 {
        let (source, destination) = endpoints(packet);
        let (opener, acceptor) = match way {
            Way::Forward => (source, destination),
            Way::Reverse => (destination, source),
        };
        let isns = [Way::Forward, Way::Reverse].map(|way| entry.isn(way));
        let opening_seen = entry.isn(Way::Forward).is_some();
        let tunnel = if self.tunnels.is_empty() { None } else { self.tunnels.remove(&entry.no).map(Box::new) };
        let info = FlowInfo {
            no: entry.no,
            transport: entry.transport(),
            opener,
            acceptor,
            opening_seen,
            tunnel,
            protected: false,
        };
        self.live += 1;
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        if let Some(place) = self.slots.get_mut(index as usize) {
            *place = Some(Box::new(Slot::new(info, index, isns.map(|isn| isn.map(|isn| isn.wrapping_add(1))))));
        }
        index
    }

    /// Notes a packet of a followed flow.
    #[inline]
    pub(super) fn note(&mut self, index: u32, packet: &Packet<'_>, way: Way, at: At) {
        if let Some(Some(slot)) = self.slots.get_mut(index as usize) {
            let Packet { head, payload, .. } = *packet;
            let segment = Segment { time: at.time, frame: at.index, head, payload, way };
            if slot.note(segment, &mut self.segments) {
                self.touched.push(index);
            }
            if let Some(awaited) = slot.break_silence(at.time) {
                self.await_silence(awaited);
            }
        }
    }

    /// Waits for the silence of a flow.
    fn await_silence(&mut self, awaited: Awaited) {
        // Two of each flow, as many of flows that are gone.
        if self.silences.len() >= 4 * self.slots.len() {
            let slots = &self.slots;
            self.silences.retain(|awaited| is_of(slots, awaited));
        }
        self.silences.push(awaited);
    }

    /// Notes in the flows that have been silent for long when a frame is captured that they were.
    #[cold]
    pub(super) fn note_silences(&mut self, at: At) {
        while let Some(awaited) = self.silences.pop(at.time) {
            let Some(Some(slot)) = self.slots.get_mut(awaited.index as usize) else { continue };
            if slot.info().no != awaited.flow || !slot.is_open() {
                continue;
            }
            let (first, next) = slot.note_silence(awaited.silence, at.frame, at.time, &mut self.segments);
            if first {
                self.touched.push(awaited.index);
            }
            next.into_iter().for_each(|next| self.silences.push(next));
        }
    }

    /// Notes the tunnel of a packet.
    #[cold]
    pub(super) fn note_tunnel(&mut self, entry: &Entry, outer: &Outer<'_>, way: Way) {
        match entry.follow {
            Follow::Ignored => {}
            Follow::NotYet => {
                if self.tunnels.len() >= MAX_TUNNELS_WAITING {
                    self.tunnels.clear();
                }
                let tunnel = Tunnel::new(way, outer);
                self.tunnels.entry(entry.no).and_modify(|known| known.merge(&tunnel)).or_insert(tunnel);
            }
            Follow::Slot(index) => {
                if let Some(Some(slot)) = self.slots.get_mut(index as usize)
                    && slot.note_tunnel(way, outer, &mut self.segments)
                {
                    self.touched.push(index);
                }
            }
        }
    }

    /// Notes that a flow is given up, if it is followed.
    pub(super) fn give_up(&mut self, follow: Follow, end: End, at: At) {
        let Follow::Slot(index) = follow else { return };
        if let Some(Some(slot)) = self.slots.get_mut(index as usize) {
            self.live -= usize::from(slot.is_open());
            if slot.give_up(end, at.frame, at.time) {
                self.touched.push(index);
            }
        }
    }

    /// Takes the touched slots out.
    pub(super) fn take_touched(&mut self) -> Vec<Box<Slot<T>>> {
        let Self { slots, touched, .. } = self;
        touched.drain(..).filter_map(|index| slots.get_mut(index as usize)?.take()).collect()
    }
}

/// Whether the flow of which a silence is awaited is still followed.
fn is_of<T>(slots: &[Option<Box<Slot<T>>>], awaited: &Awaited) -> bool {
    let slot = slots.get(awaited.index as usize).and_then(Option::as_ref);
    slot.is_some_and(|slot| slot.info().no == awaited.flow && slot.is_open())
}
