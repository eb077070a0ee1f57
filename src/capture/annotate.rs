//! A capture once more, with comments on its frames: what Wireshark shows beside them.
//!
//! Of a pcapng every octet is kept in its place, but for the comments that are put before the options of a packet, the lengths
//! of its block, and the length of a section, which is no longer told. Other captures become a pcapng with times in nanoseconds.
//! Compressed input is written as what is in it.

use std::collections::HashMap;
use std::io::{self, Write};

use super::octets::Order;
use super::write::PcapNgWriter;
use super::{Capture, FrameRef, LinkType, MAX_BLOCK_LEN, ReadError, Window};
use crate::time::Time;
use crate::wire::FrameNo;

/// Types of blocks: section header, packet (the obsolete one), simple packet, enhanced packet.
const SECTION: u32 = 0x0A0D_0D0A;
const PACKETS: [u32; 2] = [2, 6];

/// Octets before the packet in a block that can have options.
const PACKET_AT: usize = 28;

/// The option that is a comment.
const COMMENT: u16 = 1;

/// The comments on each frame.
pub type Comments = HashMap<FrameNo, Vec<String>>;

/// What became of the comments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Annotated {
    /// Frames that have their comments.
    pub frames: u64,
    /// Frames that can have none: simple packet blocks have no options, and blocks have a greatest length.
    pub without: u64,
}

/// Why a capture could not be written once more.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// Reading failed; what was read before is written.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// Writing failed.
    #[error("{0}")]
    Write(#[from] io::Error),
}

/// Writes a capture, from where it has been read to, with comments on its frames.
///
/// # Errors
/// Those of reading and of writing.
pub fn annotate(capture: &mut Capture, comments: &Comments, out: &mut impl Write) -> Result<Annotated, AnnotateError> {
    let mut window = Window::default();
    let mut told = Annotated::default();
    let mut more = capture.next_window(&mut window)?;
    if !is_pcapng(&window) {
        let mut writer = PcapNgWriter::new(out, window.frames.first().map_or(LinkType::ETHERNET, |frame| frame.link))?;
        while more {
            convert(&window, comments, &mut writer, &mut told)?;
            more = capture.next_window(&mut window)?;
        }
        writer.finish()?;
        return Ok(told);
    }
    let mut order = Order::Little;
    while more {
        copy(&window, comments, &mut order, out, &mut told)?;
        more = capture.next_window(&mut window)?;
    }
    Ok(told)
}

fn is_pcapng(window: &Window) -> bool {
    window.offset == 0 && Order::Little.u32(&window.bytes, 0) == Some(SECTION)
}

/// Writes the frames of a window as packets of a new pcapng.
fn convert(
    window: &Window,
    comments: &Comments,
    writer: &mut PcapNgWriter<impl Write>,
    told: &mut Annotated,
) -> io::Result<()> {
    for frame in &window.frames {
        let on: Vec<&str> = comments.get(&frame.no).into_iter().flatten().map(String::as_str).collect();
        let (time, bytes) = (frame.time.unwrap_or(Time(0)), window.captured(frame));
        writer.interface(frame.link)?;
        match writer.cut_frame(time, bytes, frame.original_len, &on) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                writer.cut_frame(time, bytes, frame.original_len, &[])?;
                told.without += 1;
            }
            written => {
                written?;
                told.frames += u64::from(!on.is_empty());
            }
        }
    }
    Ok(())
}

/// Writes the octets of a window, with comments in the blocks of their frames.
fn copy(
    window: &Window,
    comments: &Comments,
    order: &mut Order,
    out: &mut impl Write,
    told: &mut Annotated,
) -> io::Result<()> {
    let bytes = window.bytes.as_slice();
    let mut noted = window.frames.iter().filter(|frame| comments.contains_key(&frame.no)).peekable();
    let (mut at, mut written) = (0, 0);
    while at < bytes.len() {
        let Some((kind, len)) = block(bytes, at, order) else {
            // Damage: it stays as it is, up to where the reader found a packet again.
            let next = window.frames.iter().map(|f| f.range.start as usize).find(|start| *start > at + PACKET_AT);
            at = next.map_or(bytes.len(), |start| start.saturating_sub(PACKET_AT).max(at + 1));
            continue;
        };
        let end = at + len;
        while let Some(frame) = noted.next_if(|frame| (frame.range.start as usize) < end) {
            let own = PACKETS.contains(&kind) && frame.range.start as usize == at + PACKET_AT;
            let on = comments.get(&frame.no).map(Vec::as_slice).unwrap_or_default();
            let block = bytes.get(at..end).filter(|_| own && at >= written);
            match block.and_then(|block| commented(block, frame, on, *order)) {
                Some(block) => {
                    out.write_all(bytes.get(written..at).unwrap_or_default())?;
                    out.write_all(&block)?;
                    written = end;
                    told.frames += 1;
                }
                None => told.without += 1,
            }
        }
        if kind == SECTION && len >= 28 {
            out.write_all(bytes.get(written..at + 16).unwrap_or_default())?;
            // The length of the section, which has changed: not told.
            out.write_all(&u64::MAX.to_le_bytes())?;
            written = at + 24;
        }
        at = end;
    }
    told.without += noted.count() as u64;
    out.write_all(bytes.get(written..).unwrap_or_default())
}

/// Type and length of the block at a position; a section header sets the byte order.
fn block(bytes: &[u8], at: usize, order: &mut Order) -> Option<(u32, usize)> {
    if order.u32(bytes, at)? == SECTION {
        *order = [Order::Little, Order::Big].into_iter().find(|o| o.u32(bytes, at + 8) == Some(0x1A2B_3C4D))?;
    }
    let (kind, len) = (order.u32(bytes, at)?, order.u32(bytes, at + 4)?);
    let fits = (12..=MAX_BLOCK_LEN).contains(&len) && order.u32(bytes, at + len as usize - 4) == Some(len);
    fits.then_some((kind, len as usize))
}

/// The block of a frame with comments before its options; `None` where it would be too long.
fn commented(block: &[u8], frame: &FrameRef, comments: &[String], order: Order) -> Option<Vec<u8>> {
    let captured = (frame.range.end - frame.range.start) as usize;
    let options_at = PACKET_AT + captured.next_multiple_of(4);
    let (before, behind) = (block.get(..options_at)?, block.get(options_at..block.len() - 4)?);
    let mut whole = before.to_vec();
    for comment in comments {
        let len = u16::try_from(comment.len()).ok()?;
        whole.extend(order.put_u16(COMMENT));
        whole.extend(order.put_u16(len));
        whole.extend(comment.as_bytes());
        whole.resize(whole.len().next_multiple_of(4), 0);
    }
    whole.extend(behind);
    if behind.is_empty() {
        whole.extend([0; 4]);
    }
    let len = u32::try_from(whole.len() + 4).ok().filter(|len| *len <= MAX_BLOCK_LEN)?;
    whole.extend(order.put_u32(len));
    whole.get_mut(4..8)?.copy_from_slice(&order.put_u32(len));
    Some(whole)
}

#[cfg(test)]
mod tests;
