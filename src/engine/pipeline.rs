//! The pipeline: a capture read window by window, its flows advanced in parallel, what they carried handed on in the
//! order in which it was complete. Of a long file the next window is read, and the one before handed on, meanwhile.
//!
//! What is handed on, and its order, depend on the frames alone: not on the size of windows, not on threads.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Drain;

use rayon::prelude::*;

use super::meter::{Metered, Stage};
use crate::capture::{Capture, Comment, Places, ReadError, Window};
use crate::carrier::{Carried, Datagrams, Direction, Stream, cir, follows, http, wsp};
use crate::flow::{Counters, FlowInfo, FlowNo, Interest, Loss, Segments, Slot, StreamEvent, Table, Transport, Way};
use crate::report::{IGNORE, Kinds, Share};
use crate::time::Time;
use crate::tls::{self, Context, Verdict};
use crate::wire::FrameNo;

/// What a run counted.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// What the flow stage counted.
    pub flows: Counters,
    /// What the flows turned out to be.
    pub kinds: Kinds,
    /// Comments on frames that say what to ignore there, at most [`NOTES_KEPT`].
    pub notes: Vec<Comment>,
}

/// Comments that say what to ignore, kept of a capture.
pub const NOTES_KEPT: usize = 10_000;

/// What a flow turned out to be, the most telling last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
enum Kind {
    #[default]
    Other,
    Http,
    Wsp,
    Tls,
    Wtls,
    Imps,
}

/// What the engine hangs on a followed flow.
#[derive(Default)]
struct Follower {
    stream: Stream,
    /// What the flow is protected with.
    tls: Option<tls::Connection>,
    /// The same of datagrams.
    datagrams: Datagrams,
    /// Whether it is known what the flow is.
    settled: bool,
    kind: Kind,
    /// Octets of data that came, both ways.
    octets: u64,
    /// When it was last told that what the flow carries cannot be read.
    sealed: Option<Time>,
    /// The latest frame that the flow has come to; events of segments that waited have earlier ones.
    reached: FrameNo,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower at {:?}", self.reached)
    }
}

impl Follower {
    /// Counts the flow, which is over.
    fn count(&self, flow: &FlowInfo, kinds: &mut Kinds) {
        let known = Share { flows: 1, octets: self.octets };
        *match self.kind {
            Kind::Other => return,
            Kind::Http => &mut kinds.http,
            Kind::Wsp => &mut kinds.wsp,
            Kind::Tls => &mut kinds.tls,
            Kind::Wtls => &mut kinds.wtls,
            Kind::Imps => &mut kinds.imps,
        } += known;
        if flow.transport == Transport::Udp {
            kinds.over_udp += known;
        }
    }

    /// Octets of memory that its readers hold.
    fn held(&self) -> usize {
        self.stream.held() + self.datagrams.held()
    }
}

/// What came of carried items, each with the frame that its flow had come to, and its flow.
type Done<W> = Vec<((FrameNo, FlowNo), W)>;

/// What came of the carried items of a window, in order.
pub struct Batch<'b, W>(Drain<'b, ((FrameNo, FlowNo), W)>);

impl<W> Iterator for Batch<'_, W> {
    type Item = W;

    #[inline]
    fn next(&mut self) -> Option<W> {
        self.0.next().map(|(_, what)| what)
    }
}

/// Flows that are advanced together where several threads advance them.
const FLOWS_TOGETHER: usize = 8;

/// Reads a capture to its end; secrets in it are added to the keys of `tls`. `work` is applied to each carried item, on
/// any thread; `take` is given the results of a window in order, one window after the other, with the places of frames,
/// on this thread and until it breaks off. Returns what was counted.
///
/// # Errors
/// When reading fails; everything before was handed on.
pub fn run<W: Send>(
    capture: &mut Capture,
    tls: &mut Context,
    threads: usize,
    work: impl Fn(Carried) -> W + Sync,
    take: impl FnMut(&Places<'_>, Batch<'_, W>) -> ControlFlow<()>,
) -> (Counted, Result<(), ReadError>) {
    run_metered(capture, tls, threads, Metered::NOT, work, take)
}

/// The same, stages being measured.
pub(super) fn run_metered<W: Send>(
    capture: &mut Capture,
    tls: &mut Context,
    threads: usize,
    meter: Metered<'_>,
    work: impl Fn(Carried) -> W + Sync,
    mut take: impl FnMut(&Places<'_>, Batch<'_, W>) -> ControlFlow<()>,
) -> (Counted, Result<(), ReadError>) {
    let table = Table::new(follows).weighing(Follower::held);
    let mut flows = Flows { table, kinds: Mutex::default(), threads, meter, work: &work, notes: Vec::new() };
    let mut done = Vec::new();
    let read = match capture.long_file().filter(|_| threads > 1) {
        Some(name) => overlapping(capture, &Places::One(name), tls, &mut flows, &mut done, &mut take),
        None => in_turn(capture, tls, &mut flows, &mut done, &mut take),
    };
    flows.finish(tls, &mut done);
    let _ = take(&capture.places(), Batch(done.drain(..)));
    let kinds = flows.kinds.into_inner().unwrap_or_else(PoisonError::into_inner);
    (Counted { flows: flows.table.counters().clone(), kinds, notes: flows.notes }, read)
}

/// Reads each window, advances its flows and hands on what came of it before the next: what a pipe brings is told as it
/// comes.
fn in_turn<W: Send>(
    capture: &mut Capture,
    tls: &mut Context,
    flows: &mut Flows<'_, impl Fn(Carried) -> W + Sync>,
    done: &mut Done<W>,
    take: &mut impl FnMut(&Places<'_>, Batch<'_, W>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut window = Window::default();
    loop {
        let more = flows.meter.stage(Stage::Capture, || capture.next_window(&mut window));
        window.secrets.iter().for_each(|secrets| tls.keys.add(&secrets.text, secrets.after));
        if !more? {
            return Ok(());
        }
        flows.advance(&window, tls, done);
        if take(&capture.places(), Batch(done.drain(..))).is_break() {
            return Ok(());
        }
    }
}

/// The same on several threads: while the flows of a window are advanced, the next one is read, and what came of the
/// one before is handed on.
fn overlapping<W: Send>(
    capture: &mut Capture,
    places: &Places<'_>,
    tls: &mut Context,
    flows: &mut Flows<'_, impl Fn(Carried) -> W + Sync>,
    done: &mut Done<W>,
    take: &mut impl FnMut(&Places<'_>, Batch<'_, W>) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let [mut window, mut ahead] = [Window::default(), Window::default()];
    let mut before = Vec::new();
    let mut more = capture.next_window(&mut window);
    loop {
        window.secrets.iter().for_each(|secrets| tls.keys.add(&secrets.text, secrets.after));
        std::mem::swap(done, &mut before);
        if !matches!(more, Ok(true)) {
            let _ = take(places, Batch(before.drain(..)));
            return more.map(drop);
        }
        let mut flow = ControlFlow::Continue(());
        let (tls, meter) = (&*tls, flows.meter);
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| more = meter.stage(Stage::Capture, || capture.next_window(&mut ahead)));
            scope.spawn(|_| flows.advance(&window, tls, done));
            flow = take(places, Batch(before.drain(..)));
        });
        if flow.is_break() {
            return Ok(());
        }
        std::mem::swap(&mut window, &mut ahead);
    }
}

/// The flows of a capture, and what is done with what they carry.
struct Flows<'w, F> {
    table: Table<Follower>,
    kinds: Mutex<Kinds>,
    threads: usize,
    meter: Metered<'w>,
    work: &'w F,
    notes: Vec<Comment>,
}

impl<W: Send, F: Fn(Carried) -> W + Sync> Flows<'_, F> {
    /// Advances the flows that a window brings something.
    fn advance(&mut self, window: &Window, tls: &Context, done: &mut Done<W>) {
        let notes = window.comments.iter().filter(|comment| comment.text.starts_with(IGNORE));
        self.notes.extend(notes.take(NOTES_KEPT.saturating_sub(self.notes.len())).cloned());
        let mut touched = self.meter.stage(Stage::Flow, || self.table.walk(window));
        let (slots, segments) = touched.parts();
        let advance = || advance(slots, (segments, window), tls, self.threads, &self.kinds, self.work, done);
        self.meter.stage(Stage::Carrier, advance);
    }

    /// Ends the flows that are still open.
    fn finish(&mut self, tls: &Context, done: &mut Done<W>) {
        let mut touched = self.table.finish();
        let (slots, segments) = touched.parts();
        let nothing = Window::default();
        let advance = || advance(slots, (segments, &nothing), tls, self.threads, &self.kinds, self.work, done);
        self.meter.stage(Stage::Carrier, advance);
    }
}

/// Advances flows by what a window brought them.
fn advance<W: Send>(
    slots: &mut [Box<Slot<Follower>>],
    (segments, window): (&Segments, &Window),
    tls: &Context,
    threads: usize,
    kinds: &Mutex<Kinds>,
    work: &(impl Fn(Carried) -> W + Sync),
    done: &mut Done<W>,
) {
    let some = |slots: &mut [Box<Slot<Follower>>], done: &mut Done<W>| {
        let mut carried = Vec::new();
        for slot in slots {
            slot.advance(segments, window, &mut |state, flow, event, reached| {
                let follower = state.get_or_insert_with(Follower::default);
                follower.reached = reached;
                let interest = match flow.transport {
                    Transport::Tcp => feed(follower, flow, event, tls, &mut carried),
                    Transport::Udp => feed_datagram(follower, flow, event, &mut carried),
                };
                done.extend(carried.drain(..).map(|item| ((reached, flow.no), work(item))));
                interest
            });
            if slot.is_over()
                && let Some(follower) = slot.state().take()
            {
                follower.count(slot.info(), &mut kinds.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    };
    if threads > 1 && slots.len() > FLOWS_TOGETHER {
        done.par_extend(slots.par_chunks_mut(FLOWS_TOGETHER).flat_map_iter(|slots| {
            let mut done = Vec::new();
            some(slots, &mut done);
            done
        }));
    } else {
        some(slots, done);
    }
    // Stable: what one frame completed in a flow stays in its order.
    done.sort_by_key(|(place, _)| *place);
}

/// How long a flow that cannot be read may go on before that is told again, in nanoseconds: five seconds.
const SEALED_TOLD_EVERY: i64 = 5_000_000_000;

/// Tells that an event of a flow brings what cannot be read: anything may have been said between its hosts.
fn seal(told: &mut Option<Time>, flow: &FlowInfo, event: StreamEvent<'_>, frame: FrameNo) -> Option<Carried> {
    let (way, time) = match event {
        StreamEvent::Data { way, time, .. } => (way, time),
        StreamEvent::Datagram(datagram) => (datagram.way, datagram.time),
        _ => return None,
    };
    if told.is_some_and(|told| time.0.saturating_sub(told.0) < SEALED_TOLD_EVERY) {
        return None;
    }
    *told = Some(time);
    let direction = if way == Way::Forward { Direction::ClientToServer } else { Direction::ServerToClient };
    Some(Carried::Gap { flow: Arc::new(flow.clone()), proved: false, direction, loss: Loss::Encrypted, time, frame })
}

/// Whether an item proves that its flow carries IMPS; a check whether something waits may be any GET.
fn is_of_imps(item: &Carried) -> bool {
    match item {
        Carried::Envelope(_) => true,
        Carried::Cir(cir) => cir.bearer != cir::Bearer::Http,
        Carried::Gap { .. } | Carried::End { .. } => false,
    }
}

fn feed_datagram(follower: &mut Follower, flow: &FlowInfo, event: StreamEvent<'_>, out: &mut Vec<Carried>) -> Interest {
    if let StreamEvent::Datagram(datagram) = event {
        follower.octets += datagram.bytes.len() as u64;
    }
    if wsp::is_sealed(flow) {
        follower.kind = Kind::Wtls;
        out.extend(seal(&mut follower.sealed, flow, event, follower.reached));
        return Interest::Followed;
    }
    let interest = follower.datagrams.push(flow, event, out);
    follower.kind = follower.kind.max(match out.iter().any(is_of_imps) {
        true => Kind::Imps,
        false if follower.datagrams.is_wsp() => Kind::Wsp,
        false => Kind::Other,
    });
    interest
}

fn feed(
    follower: &mut Follower,
    flow: &FlowInfo,
    event: StreamEvent<'_>,
    tls: &Context,
    out: &mut Vec<Carried>,
) -> Interest {
    if !follower.settled && follower.tls.is_none() && tls::begins(&event) {
        follower.tls = Some(tls::Connection::new());
    }
    let Follower { stream, tls: protection, settled, reached, sealed, kind, octets, .. } = follower;
    if let StreamEvent::Data { bytes, .. } = event {
        *octets += bytes.len() as u64;
    }
    let mut wants = http::Interest::Undecided;
    match protection {
        None => wants = stream.push(flow, event, out),
        Some(protected) => {
            let inside = FlowInfo { protected: protected.is_certain(), ..flow.clone() };
            let verdict = protected.push(event, *reached, tls, &mut |plain| {
                if wants != http::Interest::Ignore {
                    wants = stream.push(&inside, plain, out);
                }
            });
            match verdict {
                Verdict::Tls => {
                    *settled = true;
                    if protected.is_certain() {
                        *kind = Kind::Tls.max(*kind);
                    }
                    out.extend(protected.is_sealed().then(|| seal(sealed, flow, event, *reached)).flatten());
                }
                Verdict::Other => *protection = None,
            }
        }
    }
    *settled |= wants == http::Interest::Keep;
    *kind = (*kind).max(match wants {
        _ if out.iter().any(is_of_imps) => Kind::Imps,
        http::Interest::Keep | http::Interest::Tunnel if stream.is_http() => Kind::Http,
        _ => Kind::Other,
    });
    match wants {
        http::Interest::Ignore => Interest::Ignored,
        http::Interest::Tunnel => {
            *stream = Stream::new();
            *settled = protection.is_some();
            Interest::Followed
        }
        http::Interest::Keep | http::Interest::Undecided => Interest::Followed,
    }
}
