//! The way over the records of a stretch of the input, and back onto it after damage.

use super::Comment;
use super::FrameRef;
use super::Secrets;
use super::anomaly::{Anomalies, AnomalyKind};
use super::format::{Content, Format, HEAD_LEN, recognise};
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

/// What a look for the header of a further file led to.
enum Header {
    At(usize, Box<Records>),
    /// There may be one here; more octets must tell.
    Short(usize),
    No,
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

    /// Octets of the file header, which stands before the records.
    fn header_len(&self) -> usize {
        match self {
            Self::Pcap(_) => HEAD_LEN,
            Self::PcapNg(_) => 0,
        }
    }

    /// Looks for the header of a further file that begins at `from` or later and before `to`. A section of pcapng in a
    /// pcapng is none.
    fn header_in(&self, stretch: &Stretch<'_>, from: usize, to: usize) -> Header {
        for at in from..to {
            let rest = stretch.bytes.get(at..).unwrap_or_default();
            // The first octets of all magic numbers.
            let Some(0xd4 | 0xa1 | 0x4d | 0x34 | 0x0a) = rest.first() else { continue };
            match recognise(rest) {
                Some(Content::Capture(Format::PcapNg, _)) if matches!(self, Self::PcapNg(_)) => {}
                Some(Content::Capture(Format::PcapNg, order)) => {
                    return Header::At(at, Box::new(Self::PcapNg(PcapNg::new(order))));
                }
                Some(Content::Capture(format, order)) if rest.len() >= HEAD_LEN => {
                    let mut doubts = Anomalies::default();
                    if let Some(pcap) = Pcap::new(format, order, rest, &mut doubts).filter(|_| doubts.kept().is_empty())
                    {
                        return Header::At(at, Box::new(Self::Pcap(pcap)));
                    }
                }
                _ if rest.len() < HEAD_LEN && !stretch.ended => return Header::Short(at),
                _ => {}
            }
        }
        Header::No
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
                // Where the damage begins there may be a header, but no record.
                let from = at + usize::from(offset(at) == damage.offset);
                let (search, end) = match self.records.search(stretch, from) {
                    Search::Found(next) => (Some(next), next),
                    Search::Short(_) if stretch.ended => (None, stretch.bytes.len()),
                    Search::Short(next) => (None, next),
                };
                let (next, further) = match (self.records.header_in(stretch, at, end), search) {
                    (Header::At(next, records), _) => (next, Some(records)),
                    (Header::No, Some(next)) => (next, None),
                    (Header::Short(next), _) => return next,
                    (Header::No, None) if stretch.ended => {
                        let kind = if damage.at_end { AnomalyKind::CutTail } else { damage.kind };
                        out.tally.truncated |= damage.at_end;
                        out.anomalies.push(kind, damage.offset, offset(end) - damage.offset);
                        self.damage = None;
                        return end;
                    }
                    (Header::No, None) => return end,
                };
                if offset(next) > damage.offset {
                    out.anomalies.push(damage.kind, damage.offset, offset(next) - damage.offset);
                }
                self.damage = None;
                at = next;
                if let Some(records) = further {
                    out.anomalies.push(AnomalyKind::FurtherHeader, offset(at), records.header_len() as u64);
                    at += records.header_len();
                    self.records = *records;
                }
            }
            let (bad, kind, at_end) = match self.records.take(stretch, at, out) {
                Stop::Damaged(bad, kind) => (bad, kind, false),
                Stop::Short(rest) if stretch.ended && rest < stretch.bytes.len() => {
                    (rest, AnomalyKind::DamagedRecord, true)
                }
                Stop::Short(rest) => return rest,
            };
            self.damage = Some(Damage { offset: offset(bad), kind, at_end });
            at = bad;
        }
    }
}
