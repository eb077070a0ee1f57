//! pcap: a file header, then records, each a header of 16 octets and the captured bytes.

use super::anomaly::{Anomalies, AnomalyKind};
use super::format::{Content, Format, HEAD_LEN, recognise};
use super::octets::Order;
use super::walk::{Out, Search, Stop, Stretch};
use super::{FrameRef, LinkType};
use crate::time::Time;

/// The most captured octets a pcap record may claim: the largest snap length that tcpdump and Wireshark write.
pub const MAX_CAPTURED_LEN: u32 = 262_144;

/// How far, in seconds, times of records that belong together may lie apart where one of them is in doubt: a leap year.
/// A search through damage holds records against the last two before it.
pub const RESYNC_SPAN_SECONDS: u32 = 366 * 86_400;

/// How many records must follow one behind damage whose time is further off than [`RESYNC_SPAN_SECONDS`].
pub const FAR_TRAIN: usize = 3;

/// Captured octets up to which a record is believed although no longer one came before: more than Ethernet carries.
const UNDOUBTED_LEN: u32 = 2048;

/// A pcap file: what its file header says, and how far it has been read.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    /// Octets of a record header.
    header_len: usize,
    /// Fractions of a second that make one.
    fractions: u32,
    snap_len: u32,
    link: LinkType,
    /// Seconds of the last record and of the one before it: the last one before damage may itself be damaged.
    recent: [Option<u32>; 2],
    /// The most captured octets of a record so far, or what no record has to give proof of.
    longest: u32,
}

/// The header of a record.
#[derive(Clone, Copy)]
struct Header {
    seconds: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

impl Header {
    /// Whether this may be a header at all. One of zeros only is what a hole in a file reads like.
    #[inline]
    fn is_possible(self) -> bool {
        self.captured <= MAX_CAPTURED_LEN && (self.seconds | self.fraction | self.captured | self.original) != 0
    }
}

impl Pcap {
    /// A pcap file from its first [`HEAD_LEN`] octets; `None` with fewer.
    pub(super) fn new(format: Format, order: Order, head: &[u8], anomalies: &mut Anomalies) -> Option<Self> {
        let head = head.get(..HEAD_LEN)?;
        if (order.u16(head, 4)?, order.u16(head, 6)?) != (2, 4) {
            anomalies.push(AnomalyKind::UnsupportedVersion, 4, 4);
        }
        let snap_len = match order.u32(head, 16)? {
            0 => MAX_CAPTURED_LEN,
            len => len.min(MAX_CAPTURED_LEN),
        };
        // The upper half of the field tells of frame check sequences.
        let link = order.u32(head, 20)? & 0xffff;
        Some(Self {
            order,
            header_len: if format == Format::PcapModified { 24 } else { 16 },
            fractions: if format == Format::PcapNs { 1_000_000_000 } else { 1_000_000 },
            snap_len,
            link: LinkType(u16::try_from(link).ok()?),
            recent: [None; 2],
            longest: UNDOUBTED_LEN,
        })
    }

    /// Hands over the records from `at` on.
    pub(super) fn take(&mut self, stretch: &Stretch<'_>, mut at: usize, out: &mut Out<'_>) -> Stop {
        let scale = i64::from(1_000_000_000 / self.fractions);
        while let Some(header) = self.header(stretch.bytes, at) {
            let start = at + self.header_len;
            let end = start + header.captured as usize;
            if !(self.is_sound(header) && self.is_expected(header)) {
                // The header of a further file reads like that of an empty record.
                if !header.is_possible() || is_file_header(stretch.bytes, at) {
                    return Stop::Damaged(at, AnomalyKind::DamagedRecord);
                }
                match self.may_follow(stretch, end, header) {
                    Some(true) => {}
                    Some(false) => return Stop::Damaged(at, AnomalyKind::DamagedRecord),
                    None => return Stop::Short(at),
                }
            }
            if end > stretch.bytes.len() {
                break;
            }
            let frame = FrameRef {
                no: out.tally.packet(),
                time: Some(Time::new(i64::from(header.seconds), i64::from(header.fraction) * scale)),
                link: self.link,
                range: start as u32..end as u32,
                original_len: header.original.max(header.captured),
            };
            out.tally.frame(&frame);
            out.frames.push(frame);
            self.recent = [Some(header.seconds), self.recent[0]];
            self.longest = self.longest.max(header.captured);
            at = end;
        }
        Stop::Short(at)
    }

    /// Searches from `at` on for a record that is plausible and followed by another, or by the end. One whose time is
    /// far from the last ones needs a longer train of followers.
    pub(super) fn search(&self, stretch: &Stretch<'_>, mut at: usize) -> Search {
        while let Some(header) = self.header(stretch.bytes, at) {
            if self.is_plausible(header) {
                let train = if self.is_timely(header.seconds) { 1 } else { FAR_TRAIN };
                match self.has_train(stretch, at, header, train) {
                    Some(true) => return Search::Found(at),
                    Some(false) => {}
                    None => return Search::Short(at),
                }
            }
            at += 1;
        }
        Search::Short(at)
    }

    /// Whether so many plausible records follow the one at `at`, each near in time to the one before it. The end of the
    /// input is as good as one. `None` when more octets must tell.
    fn has_train(&self, stretch: &Stretch<'_>, mut at: usize, mut header: Header, train: usize) -> Option<bool> {
        for n in 1..=train {
            at += self.header_len + header.captured as usize;
            match self.header(stretch.bytes, at) {
                Some(next) if self.is_plausible(next) && is_near(next.seconds, header.seconds) => header = next,
                Some(_) => return Some(false),
                None if !stretch.ended => return None,
                None => return Some(n == train),
            }
        }
        Some(true)
    }

    #[inline]
    fn header(&self, bytes: &[u8], at: usize) -> Option<Header> {
        let header = bytes.get(at..)?.get(..self.header_len)?;
        let field = |at| self.order.u32(header, at);
        Some(Header { seconds: field(0)?, fraction: field(4)?, captured: field(8)?, original: field(12)? })
    }

    /// Whether time and length of a record are like those before it.
    #[inline]
    fn is_expected(&self, header: Header) -> bool {
        header.captured <= self.longest && self.recent[0].is_none_or(|recent| is_near(header.seconds, recent))
    }

    /// Whether the fields of a header raise no doubt. Odd ones are met in good files too (microseconds past a second,
    /// captured longer than original), so they are taken when one follows that fits.
    #[inline]
    fn is_sound(&self, header: Header) -> bool {
        header.captured != 0
            && header.captured <= self.snap_len
            && header.captured <= header.original
            && header.fraction < self.fractions
    }

    /// Whether what stands at `at` makes the odd header before it believable: a header, as much as there is of it at
    /// the end of the input. `None` when more octets must tell.
    fn may_follow(&self, stretch: &Stretch<'_>, at: usize, odd: Header) -> Option<bool> {
        let next = match self.header(stretch.bytes, at) {
            None if !stretch.ended => return None,
            next => next,
        };
        let is_timely = self.order.u32(stretch.bytes, at).is_none_or(|seconds| match self.recent {
            [None, _] => is_near(seconds, odd.seconds),
            _ if self.is_timely(seconds) => true,
            // Times may be anything, in odd files and where a clock was set: then the rest of both headers has to fit.
            _ => self.is_sound(odd) && next.is_some_and(|next| self.is_plausible(next)),
        });
        Some(is_timely && next.is_none_or(Header::is_possible))
    }

    /// Whether a header found among damaged octets may be believed.
    fn is_plausible(&self, header: Header) -> bool {
        header.captured != 0
            && header.captured <= header.original
            && header.original <= MAX_CAPTURED_LEN
            && header.fraction < self.fractions
    }

    /// Whether a time is near that of the last record or of the one before it.
    fn is_timely(&self, seconds: u32) -> bool {
        self.recent[0].is_none() || self.recent.iter().flatten().any(|&recent| is_near(seconds, recent))
    }
}

/// Whether the header of a file begins at `at`, of whatever format.
fn is_file_header(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| matches!(recognise(rest), Some(Content::Capture(..))))
}

fn is_near(a: u32, b: u32) -> bool {
    a.abs_diff(b) <= RESYNC_SPAN_SECONDS
}
