//! Frames in, pcapng out.

use std::io::{self, Write};

use super::{LinkType, MAX_BLOCK_LEN};
use crate::time::Time;

/// A pcapng file that is being written: one section, little-endian, with interfaces that count nanoseconds.
#[derive(Debug)]
pub struct PcapNgWriter<W: Write> {
    out: W,
    block: Vec<u8>,
    /// The link types of the interfaces, by number, and the number of the one that frames are of.
    links: Vec<LinkType>,
    interface: u32,
}

impl<W: Write> PcapNgWriter<W> {
    /// Begins a file: Section Header Block and Interface Description Block.
    pub fn new(out: W, link: LinkType) -> io::Result<Self> {
        let mut writer = Self { out, block: Vec::new(), links: Vec::new(), interface: 0 };
        writer.begin(0x0a0d_0d0a);
        writer.u32(0x1a2b_3c4d);
        writer.u16(1);
        writer.u16(0);
        // The length of the section: not told.
        writer.block.extend(u64::MAX.to_le_bytes());
        writer.end()?;

        writer.interface(link)?;
        Ok(writer)
    }

    /// Says of which link type the following frames are.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn interface(&mut self, link: LinkType) -> io::Result<()> {
        let known = self.links.iter().position(|known| *known == link);
        self.interface = u32::try_from(known.unwrap_or(self.links.len())).unwrap_or(0);
        if known.is_some() {
            return Ok(());
        }
        self.links.push(link);
        self.begin(1);
        self.u16(link.0);
        self.u16(0);
        // The snap length: no limit.
        self.u32(0);
        self.option(9, &[9])?;
        self.option(0, &[])?;
        self.end()
    }

    /// Writes a whole frame and the comments on it. A time before 1970 becomes 1970, which is as early as pcapng goes.
    ///
    /// # Errors
    ///
    /// Those of the writer, and [`io::ErrorKind::InvalidInput`] for a comment of more than 65,535 octets or for a frame
    /// that with its comments is longer than [`MAX_BLOCK_LEN`].
    pub fn frame(&mut self, time: Time, bytes: &[u8], comments: &[&str]) -> io::Result<()> {
        let original = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.cut_frame(time, bytes, original, comments)
    }

    /// Writes a frame of which a snap length kept only `bytes`; see [`Self::frame`].
    ///
    /// # Errors
    ///
    /// As for [`Self::frame`].
    pub fn cut_frame(&mut self, time: Time, bytes: &[u8], original: u32, comments: &[&str]) -> io::Result<()> {
        let len =
            u32::try_from(bytes.len()).ok().filter(|&len| len < MAX_BLOCK_LEN).ok_or(io::ErrorKind::InvalidInput)?;
        let ticks = time.0.max(0).cast_unsigned();
        self.begin(6);
        self.u32(self.interface);
        self.u32((ticks >> 32) as u32);
        self.u32(ticks as u32);
        self.u32(len);
        self.u32(original);
        self.padded(bytes);
        for comment in comments {
            self.option(1, comment.as_bytes())?;
        }
        if !comments.is_empty() {
            self.option(0, &[])?;
        }
        self.end()
    }

    /// Flushes and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Begins a block with its type and room for the length.
    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.u32(kind);
        self.u32(0);
    }

    /// Fills in the length at both ends and writes the block.
    fn end(&mut self) -> io::Result<()> {
        let len = u32::try_from(self.block.len() + 4).unwrap_or(u32::MAX);
        if len > MAX_BLOCK_LEN {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.u32(len);
        if let Some(first) = self.block.get_mut(4..8) {
            first.copy_from_slice(&len.to_le_bytes());
        }
        self.out.write_all(&self.block)
    }

    fn u16(&mut self, value: u16) {
        self.block.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.block.extend(value.to_le_bytes());
    }

    fn option(&mut self, code: u16, value: &[u8]) -> io::Result<()> {
        let len = u16::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.u16(code);
        self.u16(len);
        self.padded(value);
        Ok(())
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }
}
