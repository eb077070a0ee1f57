//! Several captures as one timeline: their frames in the order of their times, each capture's own order kept.
//!
//! Only the captures whose time has come are open: of the others the time of the first frame is known, from a look at
//! their beginning. [`Map`] knows which frame of the timeline is which frame of which capture.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ReadError;
use super::reader::Reader;
use super::{Comment, FrameRef, Part, Secrets, Window};
use crate::time::Time;
use crate::wire::FrameNo;

/// The most captures that a timeline is made of.
pub const MAX_MERGED: usize = 65_536;

/// The most captures of a timeline that are open at a time; frames of further ones that overlap with all of these come
/// late.
pub const MAX_OPEN: usize = 128;

/// How often the timeline may change from one capture to another and all frames still be found again; of more changes
/// the earliest are forgotten.
pub const MAX_RUNS: usize = 1 << 21;

/// How far, in nanoseconds, the time of a frame may be from those around it and still decide its place in the timeline:
/// an hour.
pub const MAX_STRAY: u64 = 3600 * 1_000_000_000;

/// The most anomalies that are kept of a capture that has been read to its end.
const MAX_TOLD: usize = 32;

/// Octets of a window of one of several captures.
const PART_WINDOW: usize = 1 << 18;

/// Octets of the windows looked at for the time of a first frame, and how many of them at most.
const PEEK_WINDOW: usize = 1 << 16;
const PEEKED_WINDOWS: usize = 64;

/// A timeline that is being read.
#[derive(Debug)]
pub(super) struct Merge {
    /// In the order in which they were given.
    parts: Vec<Part>,
    /// Where each can be opened again.
    paths: Vec<Option<PathBuf>>,
    /// Captures not opened yet, by time.
    waiting: VecDeque<Waiting>,
    open: Vec<Head>,
    window_size: usize,
    map: Map,
    /// Captures that were opened later than their time.
    late: u64,
}

/// A capture whose time has not come.
#[derive(Debug)]
struct Waiting {
    part: usize,
    path: PathBuf,
    start: Time,
}

/// A capture whose time has come.
#[derive(Debug)]
struct Head {
    part: usize,
    reader: Reader,
    window: Window,
    /// The next frame of the window.
    at: usize,
    /// The time that decided the place of the last frame.
    last: Time,
    /// Secrets that were read and not handed over.
    secrets: Vec<Secrets>,
}

impl Merge {
    /// Looks into each capture, and closes those that can be opened again.
    pub(super) fn new(captures: impl Iterator<Item = Reader>) -> Self {
        let (mut parts, mut paths, mut waiting, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        // A capture that gives no time comes where it was named.
        let mut last = Time(i64::MIN);
        for (part, mut reader) in captures.take(MAX_MERGED).enumerate() {
            let mut window = Window::default();
            reader.set_window_size(PEEK_WINDOW);
            let mut windows = if reader.path().is_some() { PEEKED_WINDOWS } else { 1 };
            while windows > 0 && matches!(reader.next_window(&mut window), Ok(true)) {
                windows = if let Some(start) = start(&window.frames) {
                    last = start;
                    0
                } else {
                    windows - 1
                };
            }
            parts.push(Part::of(&reader, MAX_TOLD));
            paths.push(reader.path().map(Path::to_owned));
            match reader.path() {
                Some(path) => waiting.push(Waiting { part, path: path.to_owned(), start: last }),
                None => {
                    open.push(Head { part, reader, secrets: std::mem::take(&mut window.secrets), window, at: 0, last })
                }
            }
        }
        waiting.sort_by_key(|waiting| waiting.start);
        let (map, late) = (Map::default(), 0);
        Self { parts, paths, waiting: waiting.into(), open, window_size: super::WINDOW_SIZE, map, late }
    }

    /// Where each capture can be opened again.
    pub(super) fn paths(&self) -> impl Iterator<Item = Option<&Path>> {
        self.paths.iter().map(Option::as_deref)
    }

    pub(super) fn window_size(&self) -> usize {
        self.window_size
    }

    pub(super) fn set_window_size(&mut self, octets: usize) {
        self.window_size = octets;
    }

    /// Fills the window with the next frames of the timeline; `false` when there are no more. Captures that cannot be
    /// read on say so in their [`Part`].
    pub(super) fn next_window(&mut self, out: &mut Window) -> bool {
        out.bytes.clear();
        out.frames.clear();
        out.comments.clear();
        out.secrets.clear();
        while out.bytes.len() < self.window_size {
            self.admit();
            let Some(first) = self.first() else { break };
            let bound = self.bound(first);
            let Some(head) = self.open.get_mut(first) else { break };
            head.give(bound, &mut self.map, out);
            if head.is_done() {
                // What there is goes out before a capture that is still being written makes us wait.
                break;
            }
        }
        !out.frames.is_empty()
    }

    /// Reads on in captures whose window is used up, and opens those whose time has come.
    fn admit(&mut self) {
        for head in self.open.iter_mut().filter(|head| head.is_done()) {
            read_on(head, &mut self.parts);
        }
        self.open.retain(|head| !head.is_done());
        while let Some(next) = self.waiting.front() {
            let now = self.open.iter().map(Head::key).min();
            if now.is_some_and(|now| next.start > now) {
                return;
            }
            if self.open.len() >= MAX_OPEN {
                self.late += 1;
                return;
            }
            let Some(Waiting { part, path, start }) = self.waiting.pop_front() else { return };
            match Reader::open(&path) {
                Ok(mut reader) => {
                    reader.set_window_size(PART_WINDOW);
                    let mut head =
                        Head { part, reader, window: Window::default(), at: 0, last: start, secrets: Vec::new() };
                    read_on(&mut head, &mut self.parts);
                    self.open.extend(Some(head).filter(|head| !head.is_done()));
                }
                Err(error) => {
                    if let Some(part) = self.parts.get_mut(part) {
                        part.failed = Some(error.to_string());
                    }
                }
            }
        }
    }

    /// The open capture whose next frame is next; of several the one that was given first.
    fn first(&self) -> Option<usize> {
        (0..self.open.len()).min_by_key(|at| self.open.get(*at).map(|head| (head.key(), head.part)))
    }

    /// What may come of a capture before another has its turn: everything before this time, or at it when the capture
    /// was given before the other.
    fn bound(&self, first: usize) -> (Time, usize) {
        let others =
            self.open.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, head)| (head.key(), head.part));
        let waiting = self.waiting.front().filter(|_| self.open.len() < MAX_OPEN).map(|next| (next.start, next.part));
        others.chain(waiting).min().unwrap_or((Time(i64::MAX), usize::MAX))
    }

    /// What is known of each capture, in the order in which they were given.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts = self.parts.clone();
        for head in &self.open {
            if let Some(part) = parts.get_mut(head.part) {
                *part = Part::of(&head.reader, usize::MAX);
            }
        }
        parts
    }

    /// The capture of a frame of the timeline, and its number there.
    pub(super) fn locate(&self, frame: FrameNo) -> Option<(&Arc<str>, FrameNo)> {
        let (part, own) = self.map.locate(frame)?;
        Some((&self.parts.get(part)?.name, own))
    }

    pub(super) fn name(&self) -> Arc<str> {
        self.parts.first().map_or_else(|| "".into(), |part| Arc::clone(&part.name))
    }

    /// What was wrong with the timeline as a whole.
    pub(super) fn remarks(&self) -> Vec<String> {
        let late = (self.late > 0).then(|| format!("more than {MAX_OPEN} captures overlap: frames of some come late"));
        let forgotten = self.map.forgotten.map(|FrameNo(last)| {
            format!("the captures change more than {MAX_RUNS} times: frames up to {last} of the timeline have no file")
        });
        late.into_iter().chain(forgotten).collect()
    }
}

impl Head {
    fn is_done(&self) -> bool {
        self.at >= self.window.frames.len()
    }

    /// Reads the next window that has frames; there is none when it is done after that.
    fn refill(&mut self) -> Result<(), ReadError> {
        self.at = 0;
        self.window.frames.clear();
        while self.window.frames.is_empty() && self.reader.next_window(&mut self.window)? {
            self.secrets.append(&mut self.window.secrets);
        }
        Ok(())
    }

    /// The time that decides the place of the next frame.
    fn key(&self) -> Time {
        key(self.window.frames.get(self.at..).unwrap_or_default(), self.last)
    }

    /// Hands over the frames before `bound`, at least one.
    fn give(&mut self, bound: (Time, usize), map: &mut Map, out: &mut Window) {
        let from = self.at;
        while let Some(rest) = self.window.frames.get(self.at..).filter(|rest| !rest.is_empty()) {
            let key = key(rest, self.last);
            if self.at > from && (key, self.part) > bound {
                break;
            }
            (self.at, self.last) = (self.at + 1, key);
        }
        let Some(frames) = self.window.frames.get_mut(from..self.at) else { return };
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return };
        out.secrets.extend(self.secrets.drain(..).map(|secrets| Secrets { after: map.last, ..secrets }));
        let (span, numbers) = (first.range.start..last.range.end, first.no..=last.no);
        frames.iter_mut().for_each(|frame| frame.no = map.number(self.part, frame.no));
        let comments = self.window.comments.iter_mut().filter(|comment| numbers.contains(&comment.frame));
        let comments =
            comments.map(|Comment { frame, text }| Comment { frame: map.again(*frame), text: std::mem::take(text) });
        out.comments.extend(comments);
        if from == 0 && self.at == self.window.frames.len() && out.frames.is_empty() {
            std::mem::swap(&mut self.window.bytes, &mut out.bytes);
            std::mem::swap(&mut self.window.frames, &mut out.frames);
            self.at = 0;
            return;
        }
        let to = out.bytes.len() as u32;
        let octets = self.window.bytes.get(span.start as usize..span.end as usize).unwrap_or_default();
        out.bytes.extend_from_slice(octets);
        let moved = |at: u32| at - span.start + to;
        let frames = self.window.frames.get(from..self.at).unwrap_or_default();
        out.frames.extend(
            frames
                .iter()
                .map(|frame| FrameRef { range: moved(frame.range.start)..moved(frame.range.end), ..frame.clone() }),
        );
    }
}

/// The time that decides the place of the first of these frames, when the one before it had its place by `last`: its
/// own, unless it has none or a stray one.
fn key(frames: &[FrameRef], last: Time) -> Time {
    let mut times = frames.iter().map(|frame| frame.time);
    let Some(Some(time)) = times.next() else { return last };
    if is_near(time, last) {
        return time;
    }
    // The next one tells which of the two is out of the way.
    match times.flatten().next() {
        Some(next) if is_near(next, last) => last,
        _ => time,
    }
}

/// The time of the first frame; the second one's where the first one's is stray.
fn start(frames: &[FrameRef]) -> Option<Time> {
    let mut times = frames.iter().filter_map(|frame| frame.time);
    match (times.next(), times.next(), times.next()) {
        (Some(first), Some(second), Some(third)) if !is_near(first, second) && is_near(second, third) => Some(second),
        (first, ..) => first,
    }
}

/// Reads on in a capture; at its end, notes what is known of it.
fn read_on(head: &mut Head, parts: &mut [Part]) {
    let failed = head.refill().err().map(|error| error.to_string());
    if let Some(part) = parts.get_mut(head.part).filter(|_| head.is_done()) {
        *part = Part { failed, ..Part::of(&head.reader, MAX_TOLD) };
    }
}

fn is_near(a: Time, b: Time) -> bool {
    a.0.abs_diff(b.0) <= MAX_STRAY
}

/// Which frame of a timeline is which frame of which capture: runs of frames of one capture.
#[derive(Default, Debug)]
struct Map {
    runs: VecDeque<Run>,
    /// The last frame numbered.
    last: FrameNo,
    /// The latest frame whose capture is no longer known.
    forgotten: Option<FrameNo>,
}

/// Frames of one capture one after the other.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The first, in the timeline.
    first: u64,
    /// The capture in the upper 16 bits, in the lower ones the number of the first there.
    origin: u64,
}

impl Run {
    fn part(self) -> usize {
        (self.origin >> 48) as usize
    }

    fn own(self, no: u64) -> u64 {
        (self.origin & 0xffff_ffff_ffff) + (no - self.first)
    }
}

impl Map {
    /// Numbers the next frame. Records that a capture counts and that are no frames are counted with the frame behind.
    fn number(&mut self, part: usize, own: FrameNo) -> FrameNo {
        match self.runs.back().filter(|run| run.part() == part) {
            Some(run) => self.last.0 += own.0.saturating_sub(run.own(self.last.0)),
            None => {
                self.last.0 += 1;
                if self.runs.len() >= MAX_RUNS {
                    self.runs.pop_front();
                    self.forgotten = self.runs.front().map(|run| FrameNo(run.first - 1));
                }
                self.runs.push_back(Run { first: self.last.0, origin: (part as u64) << 48 | own.0 });
            }
        }
        self.last
    }

    /// The number that a frame of the latest run was given.
    fn again(&self, own: FrameNo) -> FrameNo {
        self.runs.back().map_or(own, |run| FrameNo(run.first + own.0.saturating_sub(run.own(run.first))))
    }

    fn locate(&self, FrameNo(no): FrameNo) -> Option<(usize, FrameNo)> {
        let run = self.runs.get(self.runs.partition_point(|run| run.first <= no).checked_sub(1)?)?;
        Some((run.part(), FrameNo(run.own(no))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_forgets_the_earliest_changes() {
        let mut map = Map::default();
        for n in 1..=MAX_RUNS as u64 + 4 {
            assert_eq!(map.number((n % 2) as usize, FrameNo(n.div_ceil(2))), FrameNo(n));
        }
        assert_eq!(map.locate(FrameNo(4)), None);
        assert_eq!(map.locate(FrameNo(5)), Some((1, FrameNo(3))));
        assert_eq!(map.locate(FrameNo(MAX_RUNS as u64 + 4)), Some((0, FrameNo(MAX_RUNS as u64 / 2 + 2))));
        assert_eq!(map.forgotten, Some(FrameNo(4)));
        assert_eq!(map.runs.len(), MAX_RUNS);
    }
}
