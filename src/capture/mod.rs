//! Capture files and pipes in, frames out, window by window.
//!
//! In: the bytes of a pcap or pcapng, compressed or not, recognised by content. Out: [`Window`]s of about a megabyte, each the
//! captured bytes of its records and one [`FrameRef`] a record. What was wrong with the file is told as
//! [`Anomaly`], with its offset; everything that could be read before and after it is handed over.
//!
//! [`Capture`] is one input or, by `merge`, several as one timeline. `reader` reads and carries the incomplete tail
//! from window to window, `walk` goes over the records of a
//! window with the help of `pcap` or `pcapng` and finds them again behind damage, `anomaly` and `tally` keep what
//! there is to tell about the whole. `unpack` decompresses. [`mod@write`] is the way back: frames in, pcapng out.

mod anomaly;
mod error;
mod format;
mod input;
mod interface;
mod merge;
mod octets;
mod pcap;
mod pcapng;
mod reader;
mod tally;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;
pub mod write;

pub use anomaly::{Anomaly, AnomalyKind, MAX_ANOMALIES};
pub use error::{OpenError, ReadError};
pub use format::{Coding, Format};
pub use input::{Capture, Part};
pub use interface::MAX_INTERFACES;
pub use merge::{MAX_MERGED, MAX_OPEN, MAX_RUNS, MAX_STRAY};
pub use pcap::{FAR_TRAIN, MAX_CAPTURED_LEN, RESYNC_SPAN_SECONDS};
pub use pcapng::MAX_BLOCK_LEN;
pub use reader::{MAX_WINDOW_SIZE, WINDOW_SIZE};
pub use tally::{MAX_LINK_TYPES, Summary, TIME_TOLERANCE};
pub use unpack::{MAX_CODINGS, MAX_XZ_MEMORY, MAX_ZSTD_WINDOW};

use std::ops::Range;

use crate::time::Time;
use crate::wire::FrameNo;

/// The link layer of a frame: a number of the LINKTYPE registry of tcpdump.org.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a protocol family of four octets in the byte order of the writer.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IP, the number of OpenBSD and of most old files.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP, another old number.
    pub const RAW_OLD: Self = Self(14);
    /// Raw IP, version told by its first nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: a protocol family of four octets, big-endian.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, header of 16 octets.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux "cooked" capture, header of 20 octets.
    pub const LINUX_SLL2: Self = Self(276);
}

/// One record of a capture: where its captured bytes lie in the window, and what the file said of it.
#[derive(Clone, Debug)]
pub struct FrameRef {
    /// Number in the input, from 1; records without readable bytes count too.
    pub no: FrameNo,
    /// When it was captured; a record without a time of its own (simple packet blocks) has `None`.
    pub time: Option<Time>,
    /// Link layer of its interface.
    pub link: LinkType,
    /// The captured bytes, in [`Window::bytes`].
    pub range: Range<u32>,
    /// Length on the network in octets; more than the captured bytes when the snap length cut it.
    pub original_len: u32,
}

/// A comment that somebody attached to a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// The frame.
    pub frame: FrameNo,
    /// The text, UTF-8 with bad octets replaced.
    pub text: String,
}

/// A stretch of the input: its bytes and the frames in them. Reused from call to call.
#[derive(Default, Debug)]
pub struct Window {
    /// The octets of the stretch, file structure included, up to the end of its last whole record.
    pub bytes: Vec<u8>,
    /// The frames of the stretch, in file order.
    pub frames: Vec<FrameRef>,
    /// Comments on frames of the stretch.
    pub comments: Vec<Comment>,
}

impl Window {
    /// The captured bytes of a frame of this window.
    pub fn captured(&self, frame: &FrameRef) -> &[u8] {
        self.bytes.get(frame.range.start as usize..frame.range.end as usize).unwrap_or_default()
    }
}
