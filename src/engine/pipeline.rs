//! The pipeline: a capture read window by window, its flows advanced in parallel, what they carried handed on in the
//! order in which it was complete.
//!
//! What is handed on, and its order, depend on the frames alone: not on the size of windows, not on threads.

use rayon::prelude::*;

use crate::capture::{Capture, ReadError, Window};
use crate::carrier::{Carried, http};
use crate::flow::{Counters, FlowInfo, Interest, Segments, Slot, StreamEvent, Table};
use crate::wire::FrameNo;

/// What the engine hangs on a followed flow.
#[derive(Default)]
struct Follower {
    connection: http::Connection,
    /// The latest frame that the flow has come to; events of segments that waited have earlier ones.
    reached: FrameNo,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower at {:?}", self.reached)
    }
}

/// Reads a capture to its end. `work` is applied to each carried item, on any thread; `take` is given the results of a
/// window in order, one window after the other, and the capture, which knows the frames. Returns what the flow stage counted.
///
/// # Errors
/// When reading fails; everything before was handed on.
pub fn run<W: Send>(
    capture: &mut Capture,
    threads: usize,
    work: impl Fn(Carried) -> W + Sync,
    mut take: impl FnMut(&Capture, Vec<W>),
) -> (Counters, Result<(), ReadError>) {
    let mut table: Table<Follower> = Table::new(Interest::Ignored);
    let mut window = Window::default();
    let read = loop {
        match capture.next_window(&mut window) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
        let mut touched = table.walk(&window);
        let (slots, segments) = touched.parts();
        take(capture, advance(slots, segments, &window, threads, &work));
    };
    let nothing = Window::default();
    let mut touched = table.finish();
    let (slots, segments) = touched.parts();
    take(capture, advance(slots, segments, &nothing, threads, &work));
    drop(touched);
    (table.counters().clone(), read)
}

/// Advances flows by what a window brought them.
fn advance<W: Send>(
    slots: &mut [Box<Slot<Follower>>],
    segments: &Segments,
    window: &Window,
    threads: usize,
    work: &(impl Fn(Carried) -> W + Sync),
) -> Vec<W> {
    let one = |slot: &mut Box<Slot<Follower>>| {
        let mut done = Vec::new();
        let mut carried = Vec::new();
        slot.advance(segments, window, &mut |state, flow, event| {
            let follower = state.get_or_insert_with(Follower::default);
            follower.reached = follower.reached.max(frame_of(&event));
            let interest = feed(follower, flow, event, &mut carried);
            done.extend(carried.drain(..).map(|item| (follower.reached, work(item))));
            interest
        });
        done
    };
    let mut done: Vec<(FrameNo, W)> = if threads > 1 {
        slots.par_iter_mut().flat_map_iter(one).collect()
    } else {
        slots.iter_mut().flat_map(one).collect()
    };
    // Stable: what one frame completed stays in the order of its flow.
    done.sort_by_key(|(frame, _)| *frame);
    done.into_iter().map(|(_, w)| w).collect()
}

fn feed(follower: &mut Follower, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
    match follower.connection.push(flow, event, out) {
        http::Interest::Ignore => Interest::Ignored,
        http::Interest::Keep | http::Interest::Undecided => Interest::Followed,
    }
}

fn frame_of(event: &StreamEvent<'_>) -> FrameNo {
    match event {
        StreamEvent::Data { frame, .. } | StreamEvent::Gap { frame, .. } | StreamEvent::End { frame, .. } => *frame,
    }
}
