//! Streams in, envelopes out: what carried each IMPS payload, and the payload.
//!
//! In: the [`StreamEvent`](crate::flow::StreamEvent)s of a flow. Out: [`Carried`] items in the order in which they
//! were complete: an [`Envelope`] for each request and answer that belongs to IMPS, and each gap in such a flow.
//! Carriers know how payloads travel; what a payload says is not their business.
//!
//! A [`Stream`] reads a TCP flow and [`Datagrams`] one of UDP, each by the carrier that its first octets show. Carriers
//! share `recognise`, which tells IMPS from other traffic, `coding`, which undoes gzip and deflate, and `gateway`,
//! which reads what gateways wrote into a request.

pub mod cir;
mod coding;
mod datagrams;
mod gateway;
pub mod http;
mod recognise;
pub mod sms;
mod stream;
pub mod wsp;

pub use cir::Cir;
pub use coding::INFLATED_MAX;
pub use datagrams::{Datagrams, follows};
pub use gateway::Gateway;
pub use recognise::{SNIFF_MAX, names_imps};
pub use stream::Stream;

use std::sync::Arc;

use crate::flow::{FlowInfo, Loss};
use crate::time::Time;
use crate::wire::{FrameRange, Wire};

/// Which way a payload travels between the IMPS client and the IMPS server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From client to server.
    ClientToServer,
    /// From server to client.
    ServerToClient,
}

impl Direction {
    /// The other direction.
    pub fn opposite(self) -> Self {
        match self {
            Self::ClientToServer => Self::ServerToClient,
            Self::ServerToClient => Self::ClientToServer,
        }
    }

    /// The name used in JSON lines: `client-to-server` or `server-to-client`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientToServer => "client-to-server",
            Self::ServerToClient => "server-to-client",
        }
    }
}

/// What carried an envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Carrier {
    /// HTTP/1.x over TCP.
    Http,
    /// Not known: a log tells payloads, and nothing of what carried them.
    Log,
    /// Short messages.
    Sms,
    /// WSP over UDP, with WTP or without.
    Wsp,
}

impl Carrier {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Http, Self::Log, Self::Sms, Self::Wsp];

    /// The name used in reports: `http`, `log`, `sms`, `wsp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Log => "log",
            Self::Sms => "sms",
            Self::Wsp => "wsp",
        }
    }
}

/// What a payload is to its carrier: request, answer, with what rules and reports want of the start line, or neither.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Start {
    /// A message that neither asks nor answers as far as its carrier goes.
    Message,
    /// A request.
    Request {
        /// Method, as sent.
        method: String,
        /// Request target: a path or an absolute URI, as sent but for user information, which is left out.
        target: String,
    },
    /// An answer.
    Answer {
        /// Status code as sent, 100 to 999.
        status: u16,
    },
}

/// How a body is known to be whole, or why it is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Wholeness {
    /// Every octet is there.
    Complete,
    /// All that it says is there, but a log wrote it anew: its declaration, namespaces, white space or even its encoding
    /// need not be those that were sent.
    Retold,
    /// Octets are missing, for this reason.
    Lost(Loss),
    /// The stream ended, the capture too, before the announced end.
    OpenAtEnd,
    /// The peer closed or reset the stream before the announced end: it was really sent short.
    ClosedEarly,
    /// A limit of ours cut it (size of a body, inflation of a compressed one).
    Limit,
}

impl Wholeness {
    /// Whether all that the payload says is there, as it was sent or written anew.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Complete | Self::Retold)
    }
}

/// One carried payload with what its carrier said of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// The flow it travelled in, turned so that its opener is the IMPS client: the carrier knows who asks.
    pub flow: Arc<FlowInfo>,
    /// Carrier.
    pub carrier: Carrier,
    /// Direction.
    pub direction: Direction,
    /// Number of the exchange (request and its answer) in the flow, from 1; the answer has its request's number. 0 for
    /// a message that neither asks nor answers.
    pub exchange: u32,
    /// Start line.
    pub start: Start,
    /// `Content-Type` as sent; `None` when the header is absent.
    pub content_type: Option<String>,
    /// Headers in order.
    pub headers: Headers,
    /// What gateways and proxies said in a request; `None` where none did, and for an answer.
    pub gateway: Option<Box<Gateway>>,
    /// The payload, transfer and content coding undone; empty when there is none. Of a payload with octets missing
    /// inside, only what stands before the first of them.
    pub body: Wire,
    /// Whether the payload is whole.
    pub wholeness: Wholeness,
    /// Octets on the wire: start line, headers and body as transferred.
    pub wire_octets: u32,
    /// First to last frame of head and body.
    pub frames: FrameRange,
    /// When its first octet was captured.
    pub start_time: Time,
    /// When its last octet was captured.
    pub end_time: Time,
    /// Whether a content coding (gzip, deflate) was undone.
    pub compressed: bool,
    /// Whether the sender said, or its version implies, that the connection ends after this message.
    pub closes: bool,
    /// What was odd about the carrier's own syntax and could be got over.
    pub anomalies: Vec<Anomaly>,
}

impl Envelope {
    /// The IMPS client's and the server's socket addresses.
    pub fn peers(&self) -> (std::net::SocketAddr, std::net::SocketAddr) {
        (self.flow.opener, self.flow.acceptor)
    }

    /// The first header of this name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// Status of an answer; `None` for anything else.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Answer { status } => Some(status),
            Start::Request { .. } | Start::Message => None,
        }
    }
}

/// The headers of a message in order: name and value as sent, folding undone, octets that are no UTF-8 replaced.
///
/// One text, a line a header, split when asked for. At most [`http::HEADERS_KEPT`] are kept, names to
/// [`http::NAME_KEPT`] and values to [`http::VALUE_KEPT`] octets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers {
    lines: String,
}

impl Headers {
    /// Appends a header; neither name nor value may hold a line end, nor the name a colon.
    pub fn push(&mut self, name: &str, value: &str) {
        self.lines.extend([name, ": ", value, "\n"]);
    }

    /// Name and value of each header in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()))
    }

    /// Value of the first header of this name, compared without case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether there is no header.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Headers whose lines are in order as they stand.
    fn from_lines(lines: &str) -> Self {
        Self { lines: lines.to_owned() }
    }
}

/// Something odd in the carrier's syntax that parsing got over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Anomaly {
    /// A head that strict HTTP parsing refuses and lenient parsing reads.
    OddHead,
    /// A header line folded over several lines.
    FoldedHeader,
    /// `Content-Length` that is no number, is sent twice with different values, or stands beside the chunked coding.
    ConflictingLength,
    /// A chunk size line that is not hexadecimal.
    BadChunkSize,
    /// A content coding that does not decode to its end.
    BadContentCoding,
    /// A content coding that is not known here; the body is as transferred.
    UnknownContentCoding,
    /// More headers than are kept.
    TooManyHeaders,
    /// A short message that holds more than one has room for.
    OverlongShort,
    /// A message in parts of which one did not come for a long while, although nothing shows that the capture lacks it.
    MissingPart,
}

/// What a carrier hands over, in the order in which it was complete.
#[derive(Clone, PartialEq, Debug)]
pub enum Carried {
    /// A request or an answer that belongs to IMPS: its type or its body says so, or the other half of its
    /// exchange does.
    Envelope(Box<Envelope>),
    /// Something is missing in a flow that carries IMPS or may do so: what it held cannot be known.
    Gap {
        /// The flow; where nobody knows who asks in it, its opener counts as the client.
        flow: Arc<FlowInfo>,
        /// Whether the flow is known to carry IMPS; where it proves to later, the gap is told once more.
        proved: bool,
        /// Direction in which octets are missing.
        direction: Direction,
        /// Why.
        loss: Loss,
        /// When it was noticed.
        time: Time,
        /// The frame at which it was noticed.
        frame: crate::wire::FrameNo,
    },
    /// Something was said about waking a client.
    Cir(Box<Cir>),
    /// The flow ended: no further envelope comes of it.
    End {
        /// The flow.
        flow: Arc<FlowInfo>,
        /// How.
        end: crate::flow::End,
        /// The side that ended it first, where it was closed or reset and that was seen.
        by: Option<Direction>,
        /// When.
        time: Time,
        /// The frame that ended it.
        frame: crate::wire::FrameNo,
    },
}
