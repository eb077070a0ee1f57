//! Capture files and pipes in, frames out, window by window.
//!
//! In: the bytes of a pcap or pcapng, compressed or not, recognised by content. Out: [`Window`]s of a quarter of a
//! megabyte, each the captured bytes of its records and one [`FrameRef`] a record. What was wrong with the file is told
//! as [`Anomaly`], with its offset; everything that could be read before and after it is handed over.
//!
//! [`Capture`] is one input or, by `merge`, several as one timeline. `reader` reads and carries the incomplete tail from
//! window to window, `walk` goes over the records of a window with the help of `pcap` or `pcapng` and finds them again
//! behind damage, `anomaly` and `tally` keep what there is to tell about the whole. `unpack` decompresses. [`mod@write`]
//! is the way back: frames in, pcapng out.

pub mod annotate;
mod anomaly;
mod error;
mod format;
mod input;
mod interface;
mod link_type;
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
pub use error::{Octets, OpenError, ReadError};
pub use format::{Coding, Format};
pub use input::{Capture, Part, Places, Retelling, Timeline};
pub use interface::MAX_INTERFACES;
pub use link_type::LinkType;
pub use merge::{MAX_MERGED, MAX_OPEN, MAX_RUNS, MAX_STRAY};
pub use pcap::{FAR_TRAIN, MAX_CAPTURED_LEN, RESYNC_SPAN_SECONDS};
pub use pcapng::MAX_BLOCK_LEN;
pub use reader::{MAX_WINDOW_SIZE, WINDOW_SIZE};
pub use tally::{MAX_LINK_TYPES, Summary, TIME_TOLERANCE};
pub use unpack::{MAX_CODINGS, MAX_XZ_MEMORY, MAX_ZSTD_WINDOW};

use std::ops::Range;

use crate::time::Time;
use crate::wire::FrameNo;

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

/// Secrets that were captured with the frames: the text of a key log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The last frame before them; 0 where they come first.
    pub after: FrameNo,
    /// Lines as in the key log of NSS.
    pub text: Vec<u8>,
}

/// Their length alone: secrets are never printed.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets of secrets after frame {}", self.text.len(), self.after.0)
    }
}

/// A stretch of the input: its bytes and the frames in them. Reused from call to call.
#[derive(Default, Debug)]
pub struct Window {
    /// The octets of the stretch, file structure included, up to the end of its last whole record.
    pub bytes: Vec<u8>,
    /// Where they begin in the input, in octets; of compressed input, in what came out of it.
    pub offset: u64,
    /// The frames of the stretch, in file order.
    pub frames: Vec<FrameRef>,
    /// Comments on frames of the stretch.
    pub comments: Vec<Comment>,
    /// Secrets in the stretch, in file order.
    pub secrets: Vec<Secrets>,
}

impl Window {
    /// The captured bytes of a frame of this window.
    pub fn captured(&self, frame: &FrameRef) -> &[u8] {
        self.bytes.get(frame.range.start as usize..frame.range.end as usize).unwrap_or_default()
    }
}
