//! Compressed octets in, what is in them out.
//!
//! In: an input that [`Coding`] names. Out: an [`Unpacker`] to read from; members, frames and streams one after the
//! other read as one. A [`Fault`] comes as the error of a read, once, where the octets that are good end; reading goes
//! on behind it, to the next member or to the end.

mod member;
mod source;

use std::fmt;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use member::{MAX_XZ_MEMORY, MAX_ZSTD_WINDOW};

use self::member::{Member, Step, Then};
use self::source::Source;
use super::anomaly::AnomalyKind;
use super::format::{Coding, coding_of};

/// How deep compressed data in compressed data is followed.
pub const MAX_CODINGS: usize = 3;

/// How many octets tell where a member begins.
const MAGIC_LEN: usize = 10;

/// Something wrong with compressed data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) coding: Coding,
    pub(super) kind: AnomalyKind,
    /// Offset in the compressed data.
    pub(super) at: u64,
}

impl Fault {
    /// The fault that an error of a read stands for.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, octet {} of the {}", self.kind, self.at, self.coding)
    }
}

impl std::error::Error for Fault {}

/// A compressed input, read as what is in it.
pub(super) struct Unpacker {
    coding: Coding,
    source: Source,
    member: Option<Member>,
    /// Where the latest member began, in octets consumed.
    begun: u64,
    /// Whether the next member has to be searched for.
    lost: bool,
    ended: bool,
    fault: Option<Fault>,
}

impl Unpacker {
    pub(super) fn new(coding: Coding, input: Box<dyn Read + Send>) -> Self {
        Self { coding, source: Source::new(input), member: None, begun: 0, lost: false, ended: false, fault: None }
    }

    /// Begins the next member. What stands before it: zeros are padding, and nothing else is looked past unless there
    /// was damage.
    fn begin(&mut self) -> Result<(), AnomalyKind> {
        loop {
            let head = self.source.peek(MAGIC_LEN);
            match head {
                [] => self.ended = true,
                _ if self.lost && !begins(self.coding, head) => {
                    let skipped = head.iter().skip(1).position(|octet| *octet == magic(self.coding));
                    let skipped = skipped.map_or(head.len(), |at| at + 1);
                    self.source.consume(skipped);
                    continue;
                }
                [0, ..] => {
                    let zeros = head.iter().position(|octet| *octet != 0).unwrap_or(head.len());
                    self.source.consume(zeros);
                    continue;
                }
                // A skippable frame of Zstandard: its length follows.
                [0x50..=0x5f, 0x2a, 0x4d, 0x18, len @ ..] if self.coding == Coding::Zstd => {
                    let len = len.first_chunk().map_or(u32::MAX, |len| u32::from_le_bytes(*len));
                    self.source.skip(8 + u64::from(len)).ok_or(AnomalyKind::CutCompression)?;
                    continue;
                }
                _ if coding_of(head) == Some(self.coding) => {
                    self.lost = false;
                    self.begun = self.source.consumed();
                    self.member = Some(Member::begin(self.coding, &mut self.source)?);
                }
                _ => {
                    self.ended = true;
                    return Err(AnomalyKind::TrailingOctets);
                }
            }
            return Ok(());
        }
    }

    fn fail(&mut self, kind: AnomalyKind) {
        self.lost = kind != AnomalyKind::WrongChecksum;
        self.member = None;
        // A member of which nothing was consumed would be begun again and again.
        if self.source.consumed() == self.begun {
            self.source.consume(1);
        }
        // Behind a fault that led to one more, the first one is what there is to tell.
        let at = self.source.consumed();
        self.fault.get_or_insert(Fault { coding: self.coding, kind, at });
    }
}

impl Read for Unpacker {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let failure = self.source.failure();
            let failure = failure.or_else(|| self.fault.take().map(io::Error::other));
            match (failure, &mut self.member) {
                (Some(error), _) => return Err(error),
                (None, _) if self.ended || room.is_empty() => return Ok(0),
                (None, Some(member)) => {
                    // Decoders are not ours: should one panic, its data is damaged.
                    let step = catch_unwind(AssertUnwindSafe(|| member.step(&mut self.source, room)))
                        .unwrap_or(Step { produced: 0, then: Then::Failed(AnomalyKind::DamagedCompression) });
                    match step.then {
                        Then::More => {}
                        Then::Ended => self.member = None,
                        Then::Failed(kind) => self.fail(kind),
                    }
                    if step.produced > 0 {
                        return Ok(step.produced.min(room.len()));
                    }
                }
                (None, None) => {
                    if let Err(kind) = self.begin() {
                        self.fail(kind);
                    }
                }
            }
        }
    }
}

/// The first octet of a member.
fn magic(coding: Coding) -> u8 {
    match coding {
        Coding::Gzip => 0x1f,
        Coding::Zstd => 0x28,
        Coding::Xz => 0xfd,
        Coding::Bzip2 => b'B',
    }
}

/// Whether a member surely begins here: what a search through damage holds to.
fn begins(coding: Coding, head: &[u8]) -> bool {
    coding_of(head) == Some(coding)
        && match coding {
            Coding::Gzip => matches!(head, [_, _, 8, flags, ..] if flags & 0xe0 == 0),
            Coding::Bzip2 => head.get(4..10) == Some(b"1AY&SY"),
            Coding::Zstd | Coding::Xz => true,
        }
}
