//! The trace notation: a conversation as text that people read, write and compare.
//!
//! In: decoded messages, or text. Out: text, or a capture. `decode` prints it through [`Decoder`], [`parse`] reads it,
//! [`craft`] turns it into frames; what was crafted decodes to the same text. `docs/trace.md` describes it.

use std::net::SocketAddr;

use crate::carrier::{Carrier, Direction, Envelope};
use crate::csp::message::Mode;
use crate::csp::namespace::Version;
use crate::syntax::{Document, Encoding};
use crate::time::Time;

mod bodies;
mod craft;
mod datagrams;
mod decoder;
mod event;
mod frames;
pub mod generate;
mod headers;
mod parse;
mod print;
mod row;
mod text;
mod tree;

pub use craft::{CraftError, Crafted, craft};
pub(crate) use decoder::shown;
pub use decoder::{CONNECTIONS_REMEMBERED, Decoder, Show};
pub use headers::Header;
pub use parse::parse;
pub use row::ParseError;

/// A conversation as written down.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// When it starts; delays count from here.
    pub start: Time,
    /// What events are printed against.
    pub defaults: Defaults,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// What a trace says once and not at every event. The events of a [`Trace`] hold it all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defaults {
    /// The version of messages that name none.
    pub version: Version,
    /// The encoding of messages that name none.
    pub encoding: Encoding,
    /// The session of in-band messages that name none.
    pub session: Option<String>,
    /// Further headers of requests.
    pub client_headers: Vec<Header>,
    /// Further headers of answers.
    pub server_headers: Vec<Header>,
}

impl Defaults {
    fn headers(&self, direction: Direction) -> &[Header] {
        match direction {
            Direction::ClientToServer => &self.client_headers,
            Direction::ServerToClient => &self.server_headers,
        }
    }

    fn headers_mut(&mut self, direction: Direction) -> &mut Vec<Header> {
        match direction {
            Direction::ClientToServer => &mut self.client_headers,
            Direction::ServerToClient => &mut self.server_headers,
        }
    }
}

/// A line of a trace at which something happens.
#[derive(Clone, PartialEq, Debug)]
pub enum Line {
    /// What carries the connections that are given their ends or are first used from here on.
    Over(Over),
    /// A connection is given its ends: number, client, server.
    Connection(u32, SocketAddr, SocketAddr),
    /// Something is said.
    Event(Box<Said>),
}

/// What carries a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Over {
    /// HTTP on TCP.
    #[default]
    Http,
    /// WSP without sessions, on UDP.
    Wsp,
    /// WSP on WTP, on UDP.
    Wtp,
    /// Short messages: SMPP between a message centre, which stands for the client, and the server.
    Sms,
    /// Lines of a CIR channel on TCP.
    CirTcp,
    /// Wake-ups in bare datagrams.
    CirUdp,
    /// Wake-ups in short messages.
    CirSms,
    /// Wake-ups in WAP pushes, in datagrams.
    CirPush,
}

impl Over {
    const ALL: [Self; 8] =
        [Self::Http, Self::Wsp, Self::Wtp, Self::Sms, Self::CirTcp, Self::CirUdp, Self::CirSms, Self::CirPush];

    /// Its name in a trace: `http`, `wsp`, `wtp`, `sms`, `cir-tcp`, `cir-udp`, `cir-sms`, `cir-push`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Wsp => "wsp",
            Self::Wtp => "wtp",
            Self::Sms => "sms",
            Self::CirTcp => "cir-tcp",
            Self::CirUdp => "cir-udp",
            Self::CirSms => "cir-sms",
            Self::CirPush => "cir-push",
        }
    }

    /// The port of a server that is given none.
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Wsp => 9200,
            Self::Wtp => 9201,
            Self::Sms | Self::CirSms => 2775,
            Self::CirTcp => 3171,
            Self::CirUdp => 56_732,
            Self::CirPush => 9200,
        }
    }

    /// The port of the client of a connection of this number that is given none.
    fn client_port(self, number: u32) -> u16 {
        match self {
            Self::CirUdp => 3717,
            Self::CirPush => 2948,
            _ => 40_000_u16.wrapping_add((number % 20_000) as u16),
        }
    }

    /// Whether what a server says answers what its client asked.
    fn pairs(self) -> bool {
        matches!(self, Self::Http | Self::Wsp | Self::Wtp)
    }

    /// What an envelope came over.
    fn of(envelope: &Envelope) -> Self {
        match envelope.carrier {
            Carrier::Wsp if envelope.peers().1.port() == Self::Wsp.port() => Self::Wsp,
            Carrier::Wsp => Self::Wtp,
            Carrier::Sms => Self::Sms,
            Carrier::Http | Carrier::Log => Self::Http,
        }
    }
}

/// Something that is said: a carrier message.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// Nanoseconds since what was said before it began, or since the start.
    pub delay: i64,
    /// Who to whom.
    pub direction: Direction,
    /// Number of the connection, from 1.
    pub connection: u32,
    /// The payload.
    pub payload: Payload,
    /// `Content-Type` where it is not the one of version and encoding; `Some("")` for none.
    pub content_type: Option<String>,
    /// Status of an answer, where it is not 200.
    pub status: Option<u16>,
    /// Method of a request, where it is not POST.
    pub method: Option<String>,
    /// Target of a request, where it is not `/imps`.
    pub target: Option<String>,
    /// Further headers, those that a trace says once included.
    pub headers: Vec<Header>,
    /// The content coding of the body.
    pub coding: Option<Coding>,
    /// Whether the body goes in chunks.
    pub chunked: bool,
    /// Whether its sender says that the connection ends with this exchange.
    pub close: bool,
    /// Whether the server closes the connection instead of answering.
    pub dropped: bool,
    /// Whether its frames are missing in the capture.
    pub lost: bool,
    /// Octets to which the snap length cuts its last frame.
    pub cut: Option<u32>,
    /// Into how many segments of one length it is cut at most, where that is not as few as can be.
    pub segments: Option<u32>,
    /// Whether it is marked as the place of a finding.
    pub marked: bool,
    /// The line it stands in, from 1.
    pub line: usize,
}

/// A content coding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    /// `gzip`.
    Gzip,
    /// `deflate`.
    Deflate,
}

impl Coding {
    /// Its name, in HTTP and in a trace: `gzip`, `deflate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

/// The payload of a carrier message.
#[derive(Clone, PartialEq, Debug)]
pub enum Payload {
    /// None.
    Empty,
    /// A message of the usual frame.
    Message(Usual),
    /// A document written out from its root, and the version that its tokens or media type are of. One without any
    /// element stands for a payload in which none could be read.
    Document {
        /// The version.
        version: Version,
        /// What it is written in.
        encoding: Encoding,
        /// The tree.
        document: Document,
    },
    /// Octets as they are.
    Raw(Vec<u8>),
}

/// A message of the usual frame: the notation says only what differs from one to the next.
#[derive(Clone, PartialEq, Debug)]
pub struct Usual {
    /// Version.
    pub version: Version,
    /// What it is written in.
    pub encoding: Encoding,
    /// Whether it carries the namespaces of its version; encoders that drop them exist.
    pub namespaces: bool,
    /// `SessionID`; `None` for out-of-band messages.
    pub session: Option<String>,
    /// Whether it is out of band.
    pub outband: bool,
    /// The poll flag, at the place of the version.
    pub poll: Option<String>,
    /// The poll flag at the place that other versions have for it.
    pub misplaced_poll: Option<String>,
    /// The CIR flag.
    pub cir: Option<String>,
    /// Its transactions.
    pub parts: Vec<Transaction>,
}

/// A transaction of a [`Usual`] message.
#[derive(Clone, PartialEq, Debug)]
pub struct Transaction {
    /// Mode.
    pub mode: Mode,
    /// Identifier; empty for an element without text.
    pub id: String,
    /// The primitive.
    pub primitive: Document,
}

/// The mode that a primitive has unless a trace says otherwise.
pub(crate) fn implied_mode(primitive: &str) -> Mode {
    let answers = matches!(primitive, "Status" | "MessageDelivered")
        || (primitive.ends_with("-Response") && !primitive.starts_with("Invite"));
    if answers { Mode::Response } else { Mode::Request }
}

/// The target of requests that name none.
pub(crate) const TARGET: &str = "/imps";
