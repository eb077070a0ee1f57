//! The way over the records of a stretch of the input, and back onto it after damage.

use super::Comment;
use super::FrameRef;
use super::Secrets;
use super::anomaly::{Anomalies, AnomalyKind};
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::tally::Tally;

/// Consecutive octets of the input.
pub(super) struct Stretch<'a> {
    pub(super) bytes: &'a [u8],
    /// Offset in the input of the first of them.
    pub(super) offset: u64,
    /// Whether the input ends with them.
    pub(super) ended: bool,
}

/// Where a walk puts what it finds.
pub(super) struct Out<'a> {
    pub(super) frames: &'a mut Vec<FrameRef>,
    pub(super) comments: &'a mut Vec<Comment>,
    pub(super) secrets: &'a mut Vec<Secrets>,
    pub(super) tally: &'a mut Tally,
    pub(super) anomalies: &'a mut Anomalies,
}

/// Why a walk over records stopped; each position is where the record begins that was not taken.
pub(super) enum Stop {
    /// The record is not there as a whole, or more octets are needed to judge it.
    Short(usize),
    /// There cannot be a record here.
    Damaged(usize, AnomalyKind),
}

/// Where a search for the next plausible record led.
pub(super) enum Search {
    Found(usize),
    /// None begins before this position; whether one begins here, more octets must tell.
    Short(usize),
}

/// Octets that make no sense, from where they begin to the next plausible record.
#[derive(Clone, Copy, Debug)]
struct Damage {
    offset: u64,
    kind: AnomalyKind,
    /// Whether the input ended here: without a plausible record in the rest it is a cut tail.
    at_end: bool,
}

/// A file format that is walked record by record.
#[derive(Debug)]
pub(super) enum Records {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

impl Records {
    fn take(&mut self, stretch: &Stretch<'_>, at: usize, out: &mut Out<'_>) -> Stop {
        match self {
            Self::Pcap(pcap) => pcap.take(stretch, at, out),
            Self::PcapNg(pcapng) => pcapng.take(stretch, at, out),
        }
    }

    fn search(&self, stretch: &Stretch<'_>, at: usize) -> Search {
        match self {
            Self::Pcap(pcap) => pcap.search(stretch, at),
            Self::PcapNg(pcapng) => pcapng.search(stretch, at),
        }
    }
}

/// The walk over a whole input, stretch by stretch.
#[derive(Debug)]
pub(super) struct Walk {
    records: Records,
    damage: Option<Damage>,
}

impl Walk {
    pub(super) fn new(records: Records) -> Self {
        Self { records, damage: None }
    }

    /// Goes over the records from position `at` of the stretch on; gives the position up to which all is done.
    /// The octets after it must stand at the beginning of the next stretch.
    pub(super) fn advance(&mut self, stretch: &Stretch<'_>, mut at: usize, out: &mut Out<'_>) -> usize {
        let offset = |at: usize| stretch.offset + at as u64;
        loop {
            if let Some(damage) = self.damage {
                at = match self.records.search(stretch, at) {
                    Search::Found(next) => {
                        out.anomalies.push(damage.kind, damage.offset, offset(next) - damage.offset);
                        self.damage = None;
                        next
                    }
                    Search::Short(_) if stretch.ended => {
                        let end = stretch.bytes.len();
                        let kind = if damage.at_end { AnomalyKind::CutTail } else { damage.kind };
                        out.tally.truncated |= damage.at_end;
                        out.anomalies.push(kind, damage.offset, offset(end) - damage.offset);
                        self.damage = None;
                        return end;
                    }
                    Search::Short(next) => return next,
                };
            }
            let (bad, kind, at_end) = match self.records.take(stretch, at, out) {
                Stop::Damaged(bad, kind) => (bad, kind, false),
                Stop::Short(rest) if stretch.ended && rest < stretch.bytes.len() => {
                    (rest, AnomalyKind::DamagedRecord, true)
                }
                Stop::Short(rest) => return rest,
            };
            self.damage = Some(Damage { offset: offset(bad), kind, at_end });
            at = bad + 1;
        }
    }
}
