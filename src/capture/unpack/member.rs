//! One gzip member, Zstandard frame, xz stream or bzip2 stream.
//!
//! The decoders are used by their lowest interface: it says how much came out before a fault.

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status as Inflated};
use lzma_rust2::{Action, Status as Unxzed, XzStream};
use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::anomaly::AnomalyKind;
use super::super::format::Coding;
use super::source::Source;

/// The largest window of a Zstandard frame, in octets: what the `zstd` tool takes unless told otherwise.
pub const MAX_ZSTD_WINDOW: u64 = 1 << 27;

/// The most memory that an xz stream may want for its dictionary, in KiB: twice what `xz -9` does.
pub const MAX_XZ_MEMORY: u32 = 1 << 17;

/// How many octets an xz decoder is given at a time: what comes of those with a fault in them is lost.
const XZ_PIECE: usize = 256;

/// How many octets a bzip2 decoder may give at a time: those that it gave together with a fault are lost.
const BZIP2_PIECE: usize = 1024;

/// What a step brought.
pub(super) struct Step {
    /// Octets put at the beginning of the room.
    pub(super) produced: usize,
    pub(super) then: Then,
}

/// How it goes on after a step.
pub(super) enum Then {
    More,
    Ended,
    Failed(AnomalyKind),
}

/// A decoder in the middle of its work.
pub(super) enum Member {
    Gzip { inflate: Box<Decompress>, crc: Crc },
    Zstd { decoder: Box<FrameDecoder>, failed: Option<AnomalyKind> },
    Xz(Box<XzStream>),
    Bzip2(bzip2::Decompress),
}

impl Member {
    /// Begins with what stands at the source.
    pub(super) fn begin(coding: Coding, source: &mut Source) -> Result<Self, AnomalyKind> {
        Ok(match coding {
            Coding::Gzip => {
                gzip_header(source).ok_or(fault(source))?;
                Self::Gzip { inflate: Box::new(Decompress::new(false)), crc: Crc::new() }
            }
            Coding::Zstd => {
                let mut decoder = Box::new(FrameDecoder::new());
                decoder.set_max_window_size(MAX_ZSTD_WINDOW);
                decoder.init(&mut *source).map_err(|error| match error {
                    FrameDecoderError::WindowSizeTooBig { .. }
                    | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { .. })
                    | FrameDecoderError::DictNotProvided { .. } => AnomalyKind::GreedyCompression,
                    _ => fault(source),
                })?;
                Self::Zstd { decoder, failed: None }
            }
            Coding::Xz => Self::Xz(Box::new(XzStream::new_mem_limit(false, MAX_XZ_MEMORY))),
            Coding::Bzip2 => Self::Bzip2(bzip2::Decompress::new(false)),
        })
    }

    /// Decompresses into `room` what can be had; waits for the source only when there is nothing without it.
    pub(super) fn step(&mut self, source: &mut Source, room: &mut [u8]) -> Step {
        match self.push(source, room) {
            Step { produced: 0, then: Then::Failed(AnomalyKind::CutCompression) } if !source.fill().is_empty() => {
                self.push(source, room)
            }
            step => step,
        }
    }

    fn push(&mut self, source: &mut Source, room: &mut [u8]) -> Step {
        match self {
            Self::Zstd { decoder, failed } => zstd(decoder, failed, source, room),
            Self::Gzip { inflate, crc } => {
                let before = (inflate.total_in(), inflate.total_out());
                let status = inflate.decompress(source.there(), room, FlushDecompress::None);
                let moved = (inflate.total_in() - before.0, inflate.total_out() - before.1);
                let ended =
                    status.map(|status| status == Inflated::StreamEnd).map_err(|_| AnomalyKind::DamagedCompression);
                crc.update(room.get(..moved.1 as usize).unwrap_or_default());
                let step = pushed(source, moved, ended);
                match step.then {
                    Then::Ended => Step { then: gzip_trailer(crc, source), ..step },
                    _ => step,
                }
            }
            Self::Xz(stream) => {
                let before = (stream.total_in(), stream.total_out());
                let input = source.there().get(..XZ_PIECE).unwrap_or(source.there());
                let status = stream.process(input, room, Action::Run);
                let moved = (stream.total_in() - before.0, stream.total_out() - before.1);
                let ended = status.map(|result| matches!(result.status, Unxzed::StreamEnd)).map_err(|error| {
                    let is_greedy = error.kind() == io::ErrorKind::OutOfMemory;
                    if is_greedy { AnomalyKind::GreedyCompression } else { AnomalyKind::DamagedCompression }
                });
                pushed(source, moved, ended)
            }
            Self::Bzip2(stream) => {
                let before = (stream.total_in(), stream.total_out());
                let some = room.len().min(BZIP2_PIECE);
                let status = stream.decompress(source.there(), room.get_mut(..some).unwrap_or_default());
                let moved = (stream.total_in() - before.0, stream.total_out() - before.1);
                let ended = match status {
                    Ok(status) => Ok(status == bzip2::Status::StreamEnd),
                    Err(_) => Err(AnomalyKind::DamagedCompression),
                };
                pushed(source, moved, ended)
            }
        }
    }
}

/// The step of a decoder that consumed and produced so much. One that does neither wants what is not there.
fn pushed(source: &mut Source, (consumed, produced): (u64, u64), ended: Result<bool, AnomalyKind>) -> Step {
    let nothing_there = source.there().is_empty();
    source.consume(consumed as usize);
    let then = match ended {
        Ok(true) => Then::Ended,
        Ok(false) if (consumed, produced) == (0, 0) => {
            Then::Failed(if nothing_there { AnomalyKind::CutCompression } else { AnomalyKind::DamagedCompression })
        }
        Ok(false) => Then::More,
        Err(kind) => Then::Failed(kind),
    };
    Step { produced: produced as usize, then }
}

/// What is wrong where something was not as it has to be.
fn fault(source: &Source) -> AnomalyKind {
    if source.starved() { AnomalyKind::CutCompression } else { AnomalyKind::DamagedCompression }
}

/// Passes over the header of a gzip member.
fn gzip_header(source: &mut Source) -> Option<()> {
    // Fields and flags as in RFC 1952.
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const HEADER_CRC: u8 = 2;
    let [_, _, method, flags, ..] = source.take::<10>()?;
    (method == 8 && flags & 0xe0 == 0).then_some(())?;
    if flags & EXTRA != 0 {
        let len = u16::from_le_bytes(source.take()?);
        source.skip(u64::from(len))?;
    }
    for text in [NAME, COMMENT] {
        while flags & text != 0 && source.take()? != [0] {}
    }
    if flags & HEADER_CRC != 0 {
        source.skip(2)?;
    }
    Some(())
}

/// What the end of a gzip member says of what came before.
fn gzip_trailer(crc: &Crc, source: &mut Source) -> Then {
    match (source.take().map(u32::from_le_bytes), source.take().map(u32::from_le_bytes)) {
        (Some(sum), Some(len)) if (sum, len) == (crc.sum(), crc.amount()) => Then::Ended,
        (Some(_), Some(_)) => Then::Failed(AnomalyKind::WrongChecksum),
        _ => Then::Failed(AnomalyKind::CutCompression),
    }
}

/// The decoder holds a window back until its frame is over; behind a fault an empty last block brings that out.
fn zstd(decoder: &mut FrameDecoder, failed: &mut Option<AnomalyKind>, source: &mut Source, room: &mut [u8]) -> Step {
    const LAST_BLOCK_AND_CHECKSUM: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];
    let one = || BlockDecodingStrategy::UptoBlocks(1);
    while decoder.can_collect() == 0 && !decoder.is_finished() && failed.is_none() {
        if decoder.decode_blocks(&mut *source, one()).is_err() {
            *failed = Some(fault(source));
            let _ = decoder.decode_blocks(&LAST_BLOCK_AND_CHECKSUM[..], one());
        }
    }
    let produced = decoder.read(room).unwrap_or(0);
    let then = match *failed {
        _ if produced > 0 => Then::More,
        Some(kind) => Then::Failed(kind),
        None if decoder.get_checksum_from_data().is_some_and(|sum| Some(sum) != decoder.get_calculated_checksum()) => {
            Then::Failed(AnomalyKind::WrongChecksum)
        }
        None => Then::Ended,
    };
    Step { produced, then }
}
