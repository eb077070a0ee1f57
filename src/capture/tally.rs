//! What is counted while the records go by.

use super::format::{Coding, Format};
use super::{FrameRef, LinkType};
use crate::time::Time;
use crate::wire::FrameNo;

/// The most different link types that are kept for the summary; frames of further ones are read all the same.
pub const MAX_LINK_TYPES: usize = 64;

/// How far, in nanoseconds, a time may be behind that of the frame before without mention: a millisecond, which queues of
/// an interface that are read in turn may take.
pub const TIME_TOLERANCE: u64 = 1_000_000;

/// What a capture is and holds, as far as it has been read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The file format.
    pub format: Format,
    /// How the file is compressed, outermost first; empty for one that is not.
    pub codings: Vec<Coding>,
    /// Octets read so far; those that came out of decompressing a compressed file.
    pub octets: u64,
    /// Packets so far: every record, also those that were not handed over as a frame.
    pub packets: u64,
    /// Earliest time of a frame; `None` as long as no frame had one.
    pub first: Option<Time>,
    /// Latest time of a frame.
    pub last: Option<Time>,
    /// Frames whose time is earlier than that of the frame before by more than [`TIME_TOLERANCE`].
    pub steps_back: u64,
    /// The largest of these steps, in nanoseconds.
    pub largest_step_back: u64,
    /// Whether the input ends within a record, or could not be read to its end.
    pub truncated: bool,
    /// Link types of the frames, by number; at most [`MAX_LINK_TYPES`].
    pub links: Vec<LinkType>,
}

impl Summary {
    /// Format and compression: `pcapng`, `pcap, gzip`.
    pub fn kind(&self) -> String {
        let codings = self.codings.iter().map(|coding| format!(", {coding}"));
        std::iter::once(self.format.to_string()).chain(codings).collect()
    }
}

/// The counts of a capture.
#[derive(Default, Debug)]
pub(super) struct Tally {
    pub(super) packets: u64,
    pub(super) span: Option<(Time, Time)>,
    pub(super) steps_back: u64,
    pub(super) largest_step_back: u64,
    last: Option<Time>,
    pub(super) truncated: bool,
    pub(super) links: Vec<LinkType>,
    last_link: Option<LinkType>,
}

impl Tally {
    /// Counts a record and gives its number.
    #[inline]
    pub(super) fn packet(&mut self) -> FrameNo {
        self.packets += 1;
        FrameNo(self.packets)
    }

    /// Takes note of a frame that is handed over.
    #[inline]
    pub(super) fn frame(&mut self, frame: &FrameRef) {
        if let Some(time) = frame.time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
            if let Some(last) = self.last.replace(time).filter(|last| *last > time) {
                self.step_back(last.0.abs_diff(time.0));
            }
        }
        if self.last_link != Some(frame.link) {
            self.link(frame.link);
        }
    }

    #[cold]
    fn step_back(&mut self, nanoseconds: u64) {
        if nanoseconds > TIME_TOLERANCE {
            self.steps_back += 1;
            self.largest_step_back = self.largest_step_back.max(nanoseconds);
        }
    }

    fn link(&mut self, link: LinkType) {
        self.last_link = Some(link);
        if let Err(place) = self.links.binary_search_by_key(&link.0, |l| l.0)
            && self.links.len() < MAX_LINK_TYPES
        {
            self.links.insert(place, link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_are_kept_once_up_to_the_limit() {
        let mut tally = Tally::default();
        for link in [9, 3, 9, 3] {
            tally.frame(&FrameRef { no: FrameNo(1), time: None, link: LinkType(link), range: 0..0, original_len: 0 });
        }
        assert_eq!(tally.links, [LinkType(3), LinkType(9)]);
        assert_eq!(tally.steps_back, 0);
        assert_eq!(tally.span, None);
        (0..1000).for_each(|link| tally.link(LinkType(link)));
        assert_eq!(tally.links.len(), MAX_LINK_TYPES);
    }
    #[test]
    fn steps_back_in_time_are_counted_past_the_tolerance() {
        let mut tally = Tally::default();
        let day = 86_400_000_000_000;
        // Back by the tolerance, by one more, from an absurd time, and once a clock was set.
        let tolerance = TIME_TOLERANCE.cast_signed();
        for time in [5 * day, 5 * day - tolerance, 5 * day - 2 * tolerance - 1, i64::MAX, 6 * day, 2 * day, 2 * day + 1]
        {
            let time = Some(Time(time));
            tally.frame(&FrameRef { no: FrameNo(1), time, link: LinkType(1), range: 0..0, original_len: 0 });
        }
        assert_eq!((tally.steps_back, tally.largest_step_back), (3, (i64::MAX - 6 * day).unsigned_abs()));
    }
}
