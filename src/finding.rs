//! Findings: what a rule saw, where, whose fault it is, what to do and what it cost.
//!
//! A finding stands by itself: it holds the part of the messages it is about, secrets left out, so that it can be
//! drawn long after the capture has gone by.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::ops::{Add, AddAssign};
use std::sync::Arc;

use crate::carrier::{Carrier, Direction};
use crate::csp::message::Message;
use crate::csp::namespace::Version;
use crate::flow::FlowNo;
use crate::session::{Event, EventIx, Session, Signal, What, remembered};
use crate::syntax::packing::PackedDocument;
use crate::syntax::{Encoding, Node, NodeId};
use crate::time::{Seconds, Time};
use crate::wire::FrameNo;

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Severity {
    /// Worth knowing: a trade-off, or one implementation's custom.
    #[default]
    Info,
    /// Works today by tolerance, or clear waste.
    Warning,
    /// The other side cannot work with it, or data is lost.
    Error,
}

impl Severity {
    /// `info`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a rule rests on, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Basis {
    /// Best practice that this project gives reasons for.
    Guideline,
    /// Two or more independent implementations agree.
    Implementations,
    /// Read in text of specification or registry origin.
    Specification,
}

impl Basis {
    /// `guideline`, `implementations` or `specification`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
            Self::Implementations => "implementations",
            Self::Specification => "specification",
        }
    }
}

/// The party that has to change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The IMPS client.
    Client,
    /// The IMPS server.
    Server,
    /// The network between them.
    Network,
    /// The capture itself.
    Capture,
}

impl Side {
    /// `client`, `server`, `network` or `capture`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Network => "network",
            Self::Capture => "capture",
        }
    }

    /// The sender of what travels in this direction.
    pub fn sender(direction: Direction) -> Self {
        match direction {
            Direction::ClientToServer => Self::Client,
            Direction::ServerToClient => Self::Server,
        }
    }
}

/// What a fault cost, measured from the capture.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cost {
    /// Octets on the wire, carrier heads included.
    pub octets: u64,
    /// Exchanges of the carrier.
    pub round_trips: u64,
    /// Time lost.
    pub seconds: Option<Seconds>,
}

impl Cost {
    /// The cost of these events: their octets, and a round trip for each request among them.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().fold(Self::default(), |cost, event| Self {
            octets: cost.octets + u64::from(event.octets),
            round_trips: cost.round_trips + u64::from(event.direction == Direction::ClientToServer),
            seconds: cost.seconds,
        })
    }

    /// The cost of whole exchanges: the events given and, for each, what shares its exchange in the session.
    pub fn of_exchanges(session: &Session, events: impl IntoIterator<Item = EventIx>) -> Self {
        let wanted: std::collections::BTreeSet<(FlowNo, u32)> =
            events.into_iter().filter_map(|ix| session.event(ix)).map(|e| (e.flow, e.exchange)).collect();
        let mut cost =
            Self::of(session.events.iter().filter(|e| e.exchange > 0 && wanted.contains(&(e.flow, e.exchange))));
        cost.round_trips = wanted.len() as u64;
        cost
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            octets: self.octets.saturating_add(other.octets),
            round_trips: self.round_trips.saturating_add(other.round_trips),
            seconds: match (self.seconds, other.seconds) {
                (Some(Seconds(a)), Some(Seconds(b))) => Some(Seconds(a + b)),
                (a, b) => a.or(b),
            },
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A message, or the absence of one, that a finding shows.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// Name of the primitive or of what else it is: `Polling-Request`, `empty answer`.
    pub title: String,
    /// Transaction identifier.
    pub transaction: Option<String>,
    /// Who to whom.
    pub direction: Direction,
    /// When its first octet was captured.
    pub time: Time,
    /// The frames it stands in; those of the element in focus where its place is known.
    pub frames: Vec<FrameNo>,
    /// Octets on the wire.
    pub octets: u32,
    /// The tree it is drawn from, secrets left out; `None` where there is none.
    pub document: Option<PackedDocument>,
    /// The element in focus, in `document`.
    pub focus: Option<NodeId>,
    /// Path of the element in focus in the whole message.
    pub path: Option<String>,
    /// What is to be said at that place, in a few words.
    pub label: String,
    /// The capture it stands in, where that is another one than that of the finding.
    pub file: Option<Arc<str>>,
}

impl Exhibit {
    /// An event of a session.
    pub fn event<'s>(event: &'s Event, label: impl Into<Cow<'s, str>>) -> Place<'s> {
        Place { of: Of::Event(event), node: None, label: label.into() }
    }

    /// An element of an event's primitive; `node` is of [`Spoken::document`](crate::session::Spoken::document).
    pub fn element<'s>(event: &'s Event, node: Node<'s>, label: impl Into<Cow<'s, str>>) -> Place<'s> {
        Place { of: Of::Event(event), node: Some(node), label: label.into() }
    }

    /// Something that was said about waking the client of a session.
    pub fn signal<'s>(signal: &'s Signal, label: impl Into<Cow<'s, str>>) -> Place<'s> {
        Place { of: Of::Signal(signal), node: None, label: label.into() }
    }

    /// An element of a message, or the message as a whole.
    pub fn message<'s>(message: &'s Message, node: Option<Node<'s>>, label: impl Into<Cow<'s, str>>) -> Place<'s> {
        Place { of: Of::Message(message), node, label: label.into() }
    }
}

/// What an [`Exhibit`] will be made of, once it is known that its finding is told.
#[derive(Debug)]
pub struct Place<'s> {
    of: Of<'s>,
    node: Option<Node<'s>>,
    label: Cow<'s, str>,
}

#[derive(Debug)]
enum Of<'s> {
    Event(&'s Event),
    Message(&'s Message),
    Signal(&'s Signal),
}

impl Place<'_> {
    /// Who to whom.
    pub fn direction(&self) -> Direction {
        match self.of {
            Of::Event(event) => event.direction,
            Of::Message(message) => message.envelope.direction,
            Of::Signal(signal) => signal.direction(),
        }
    }

    /// The exhibit, which stands by itself.
    pub fn exhibit(self) -> Exhibit {
        match self.of {
            Of::Event(event) => of_event(event, self.node, self.label.into_owned()),
            Of::Message(message) => of_message(message, self.node, self.label.into_owned()),
            Of::Signal(signal) => of_signal(signal, self.label.into_owned()),
        }
    }
}

fn of_event(event: &Event, node: Option<Node<'_>>, label: String) -> Exhibit {
    let spoken = event.spoken();
    let title = match &event.what {
        What::Spoken(spoken) => spoken.primitive().map_or("message without primitive", Node::spelling).to_owned(),
        What::Empty { .. } => "empty answer".to_owned(),
        What::Unread { .. } => "payload that is no CSP message".to_owned(),
        What::Gap { .. } => "missing octets".to_owned(),
    };
    Exhibit {
        title,
        transaction: spoken.and_then(|s| s.id.as_deref()).map(str::to_owned),
        direction: event.direction,
        time: event.start,
        frames: (event.frames.first.0..=event.frames.last.0)
            .take(1)
            .chain((event.frames.last != event.frames.first).then_some(event.frames.last.0))
            .map(FrameNo)
            .collect(),
        octets: event.octets,
        document: spoken.map(|s| PackedDocument::of(&s.document)),
        focus: node.map(Node::id),
        path: spoken.and_then(|s| node.or(s.primitive()).map(|p| s.path(p))),
        label,
        file: None,
    }
}

fn of_signal(signal: &Signal, label: String) -> Exhibit {
    let kind = signal.kind.map_or("end of the connection", |kind| kind.name());
    let mut frames = vec![signal.frames.first, signal.frames.last];
    frames.dedup();
    Exhibit {
        title: format!("{kind} over {}", signal.bearer.name()),
        transaction: None,
        direction: signal.direction(),
        time: signal.time,
        frames,
        octets: 0,
        document: None,
        focus: None,
        path: None,
        label,
        file: None,
    }
}

fn of_message(message: &Message, node: Option<Node<'_>>, label: String) -> Exhibit {
    let part =
        node.and_then(|n| message.parts.iter().rev().find(|p| p.transaction <= n.id())).or(message.parts.first());
    let (document, focus) = remembered(&message.document, node);
    let root = message.document.root();
    Exhibit {
        title: part
            .and_then(|p| message.primitive(p))
            .or(root)
            .map_or("payload that is no CSP message", Node::spelling)
            .to_owned(),
        transaction: part.and_then(|p| message.transaction_id(p)).map(str::to_owned),
        direction: message.envelope.direction,
        time: message.envelope.start_time,
        frames: node.map_or_else(|| message.pieces.frame_list(), |n| message.frames_of(n.id())),
        octets: message.envelope.wire_octets,
        document: Some(PackedDocument::of(&document)),
        focus,
        path: node.or(root).map(Node::path),
        label,
        file: None,
    }
}

/// What a rule saw.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Name of the rule: `family/name`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What the rule rests on.
    pub basis: Basis,
    /// Who has to change.
    pub side: Side,
    /// The fact, with the observed value.
    pub message: String,
    /// The remedy.
    pub help: &'static str,
    /// What it is about; the first is the place of the finding.
    pub exhibits: Vec<Exhibit>,
    /// What it cost, where that can be measured.
    pub cost: Option<Cost>,
    /// Where it belongs.
    pub scene: Scene,
    /// Further occurrences of the same cause, folded into this finding.
    pub repeats: u64,
    /// The cause: findings of one rule, session and cause are one finding.
    pub cause: Option<String>,
}

impl Finding {
    /// The exhibit that is the place of the finding.
    pub fn place(&self) -> Option<&Exhibit> {
        self.exhibits.first()
    }

    /// When the place of the finding was captured.
    pub fn time(&self) -> Option<Time> {
        self.place().map(|p| p.time)
    }

    /// Folds a further occurrence of the same cause into this finding, with what was folded into that; what it cost is
    /// added.
    pub fn repeat(&mut self, cost: Option<Cost>, repeats: u64) {
        self.repeats += 1 + repeats;
        self.cost = match (self.cost, cost) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }

    /// Every frame of every exhibit, once, rising.
    pub fn frames(&self) -> Vec<FrameNo> {
        let mut frames: Vec<FrameNo> = self.exhibits.iter().flat_map(|e| e.frames.iter().copied()).collect();
        frames.sort_unstable();
        frames.dedup();
        frames
    }
}

/// The ends of a conversation, where a log names one of them.
fn known(peers: (SocketAddr, SocketAddr)) -> Option<(SocketAddr, SocketAddr)> {
    let is_known = |end: SocketAddr| !end.ip().is_unspecified();
    (is_known(peers.0) || is_known(peers.1)).then_some(peers)
}

/// Where a finding belongs: what is the same for everything said in one session.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scene {
    /// Socket addresses of client and server.
    pub peers: Option<(SocketAddr, SocketAddr)>,
    /// `SessionID`.
    pub session: Option<String>,
    /// `UserID`, as sent; where none is known, the number by which a gateway names the subscriber.
    pub user: Option<String>,
    /// Address of the client, as a gateway between it and this connection tells it.
    pub forwarded: Option<String>,
    /// CSP version.
    pub version: Option<Version>,
    /// What carried it.
    pub carrier: Option<Carrier>,
    /// What it is written in.
    pub encoding: Option<Encoding>,
}

impl Scene {
    /// The scene of a session.
    pub fn session(session: &Session) -> Self {
        Self {
            peers: known(session.peers),
            session: session.id.clone(),
            user: session.named().map(str::to_owned),
            forwarded: session.gateway.as_ref().and_then(|g| g.client.as_deref()).map(str::to_owned),
            version: session.version,
            carrier: Some(session.carrier),
            encoding: Some(session.encoding),
        }
    }

    /// The scene of a single message.
    pub fn message(message: &Message) -> Self {
        Self {
            peers: known(message.envelope.peers()),
            session: message.session_id().map(str::to_owned),
            user: None,
            forwarded: message.envelope.gateway.as_ref().and_then(|g| g.client.as_deref()).map(str::to_owned),
            version: message.version,
            carrier: Some(message.envelope.carrier),
            encoding: Some(message.encoding),
        }
    }
}
