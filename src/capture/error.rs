//! Why nothing, or nothing more, could be read.

use std::fmt;
use std::io::{self, Cursor, Read};

use super::format::Coding;

/// Why an input could not be opened as a capture. `name` is the path, or what the caller named the input.
#[derive(thiserror::Error, Debug)]
pub enum OpenError {
    /// The file could not be opened, or its first octets not be read.
    #[error("cannot read {name}: {source}")]
    Io {
        /// The input.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is not one octet.
    #[error("{name} is empty")]
    Empty {
        /// The input.
        name: String,
    },
    /// Compressed data in compressed data, deeper than [`MAX_CODINGS`](super::MAX_CODINGS).
    #[error("{name} is compressed too many times over, at last with {coding}")]
    Compressed {
        /// The input.
        name: String,
        /// How what is not looked into is compressed.
        coding: Coding,
    },
    /// A capture that ends within its file header.
    #[error("{name} ends within the file header, after {octets} octets")]
    CutHeader {
        /// The input.
        name: String,
        /// Its whole length.
        octets: u64,
    },
    /// Neither pcap nor pcapng.
    #[error("{name} is not a capture, neither pcap nor pcapng, nor a log that tells IMPS")]
    NotACapture {
        /// The input.
        name: String,
        /// What it holds, decompressed, from its first octet: for whoever reads something else.
        octets: Octets,
    },
}

/// The octets of an input.
pub struct Octets(Box<dyn Read + Send>);

impl Octets {
    /// Octets that were read already, and those still to come.
    pub fn new(read: Vec<u8>, to_come: impl Read + Send + 'static) -> Self {
        Self(Box::new(Cursor::new(read).chain(to_come)))
    }
}

impl Read for Octets {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room)
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Octets")
    }
}

/// Why reading stopped before the end of the input.
#[derive(thiserror::Error, Debug)]
#[error("cannot read {name} past octet {offset}: {source}")]
pub struct ReadError {
    /// The path, or what the caller named the input.
    pub name: String,
    /// How many octets were read before.
    pub offset: u64,
    /// What the system said.
    pub source: io::Error,
}
