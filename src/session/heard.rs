//! Heard: a carried message made ready for remembering, octets and secrets let go.
//!
//! This is done where the message was decoded, in parallel; the tracker, which is sequential, only files it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::carrier::{Carrier, Direction, Envelope, Gateway, Start};
use crate::csp::message::{Kind, Message, Mode, Part, fingerprint, text_fingerprint};
use crate::csp::namespace::Version;
use crate::csp::{name, pts, ssp};
use crate::flow::FlowInfo;
use crate::syntax::outline::Packing;
use crate::syntax::{Document, NameId, Node, NodeId, Outline};

use super::Id;
use super::event::{Event, Spoken, What};
use super::subscriber::Proof;

/// How many elements of a primitive are remembered; a longer one is cut and says so.
pub const ELEMENTS_REMEMBERED: usize = 96;

/// Room that is made at once for the trees of a message, in octets.
const ROOM_FOR_TREES: usize = 1024;

/// A carried message, or a carrier message without one, ready for the [`Tracker`](super::Tracker).
#[derive(Debug)]
pub struct Heard {
    /// The flow.
    pub flow: Arc<FlowInfo>,
    /// Carrier.
    pub carrier: Carrier,
    /// Who to whom.
    pub direction: Direction,
    /// Number of the carrier exchange in the flow; 0 where nothing answers and nothing is answered.
    pub exchange: u32,
    /// Whether it opens its exchange; what does not, answers it.
    pub asks: bool,
    /// Kind of document; `None` without one.
    pub kind: Option<Kind>,
    /// `SessionID` of the descriptor.
    pub session_id: Option<Id>,
    /// What a Login-Request proves itself with; `None` for every other message.
    pub proof: Option<Proof>,
    /// What gateways said in a request.
    pub gateway: Option<Box<Gateway>>,
    /// Fingerprint of all that a request says, its session and identifiers included; `None` where it says nothing.
    pub content: Option<u64>,
    /// One event a transaction part, at least one.
    pub events: Vec<Event>,
}

impl Heard {
    /// What is remembered of a message.
    pub fn message(message: &Message) -> Self {
        let parts = u16::try_from(message.parts.len()).unwrap_or(u16::MAX);
        let mut events: Vec<Event> = Vec::with_capacity(message.parts.len().max(1));
        let mut octets = Vec::with_capacity(ROOM_FOR_TREES);
        for (i, part) in message.parts.iter().enumerate() {
            let mut spoken = remember(message, part, &mut octets);
            spoken.part = (u16::try_from(i).unwrap_or(u16::MAX), parts);
            if i == 0 {
                spoken.lean_octets = lean_octets(&message.document);
                spoken.blank_octets = message.blank_octets;
            }
            events.push(event(&message.envelope, What::Spoken(spoken), message.body_octets, i == 0));
        }
        let octets: Arc<[u8]> = octets.into();
        for event in &mut events {
            if let What::Spoken(spoken) = &mut event.what {
                spoken.document.show(&octets);
            }
        }
        if events.is_empty() {
            let what = What::Unread { status: message.envelope.status() };
            events.push(event(&message.envelope, what, message.body_octets, true));
        }
        let (exchange, asks) = exchange(message);
        events.iter_mut().for_each(|event| event.exchange = exchange);
        Self {
            exchange,
            asks,
            kind: Some(message.kind),
            session_id: message.session_id().map(Into::into),
            proof: message.parts.iter().find(|p| p.name == name::LOGIN_REQUEST).map(|p| proof(message, p)),
            content: content(message),
            events,
            ..Self::frame(&message.envelope)
        }
    }

    /// What is remembered of a carrier message without a document.
    pub fn bare(envelope: &Envelope) -> Self {
        let status = envelope.status();
        let what = match envelope.start {
            Start::Answer { .. } if envelope.body.is_empty() => What::Empty { status },
            _ => What::Unread { status },
        };
        let octets = u32::try_from(envelope.body.len()).unwrap_or(u32::MAX);
        Self { events: vec![event(envelope, what, octets, true)], ..Self::frame(envelope) }
    }

    fn frame(envelope: &Envelope) -> Self {
        Self {
            flow: Arc::clone(&envelope.flow),
            carrier: envelope.carrier,
            direction: envelope.direction,
            exchange: envelope.exchange,
            asks: envelope.direction == Direction::ClientToServer,
            kind: None,
            session_id: None,
            proof: None,
            gateway: envelope.gateway.clone(),
            content: None,
            events: Vec::new(),
        }
    }
}

/// The exchange of a message and whether it opens it. A short message neither asks nor answers: there, a transaction of a
/// subscriber makes an exchange, under a number of its own, and a poll makes none, since nothing has to answer it.
fn exchange(message: &Message) -> (u32, bool) {
    let Envelope { start, exchange, direction, gateway, .. } = &message.envelope;
    let from_client = *direction == Direction::ClientToServer;
    let part = message.parts.first().filter(|_| *start == Start::Message);
    let Some((part, id)) = part.and_then(|part| Some((part, message.transaction_id(part)?))) else {
        return (*exchange, from_client);
    };
    if part.name == name::POLLING_REQUEST {
        return (0, true);
    }
    let asks = part.mode != Some(Mode::Response);
    let number = gateway.as_ref().and_then(|gateway| gateway.msisdn.as_deref()).unwrap_or_default();
    let whose = text_fingerprint(number).rotate_left(1) ^ text_fingerprint(id).rotate_left(2);
    let initiated = whose ^ u64::from(asks == from_client);
    // Beyond the numbers that carriers count to.
    ((initiated ^ initiated >> 32) as u32 | 0x8000_0000, asks)
}

fn event(envelope: &Envelope, what: What, body_octets: u32, first: bool) -> Event {
    Event {
        what,
        direction: envelope.direction,
        flow: envelope.flow.no,
        exchange: envelope.exchange,
        start: envelope.start_time,
        end: envelope.end_time,
        frames: envelope.frames,
        octets: if first { envelope.wire_octets } else { 0 },
        body_octets: if first { body_octets } else { 0 },
        whole: envelope.wholeness,
        opens_flow: envelope.exchange == 1
            && envelope.flow.opening_seen
            && !envelope.gateway.as_ref().is_some_and(|gateway| gateway.between),
        closes_flow: envelope.closes,
    }
}

/// A part, its tree appended to `octets`.
fn remember(message: &Message, part: &Part, octets: &mut Vec<u8>) -> Spoken {
    let (packed, cut) = match message.primitive(part) {
        Some(primitive) => Packing::append(octets, primitive, ELEMENTS_REMEMBERED, remembered_text),
        None => (Packing::default(), false),
    };
    Spoken {
        name: part.name,
        mode: part.mode,
        id: message.transaction_id(part).map(Into::into),
        code: part.code,
        poll: message.poll_flag(part),
        poll_in_place: match message.version {
            Some(Version::V10 | Version::V11) => part.poll.is_some(),
            Some(_) => message.poll.is_some(),
            None => false,
        },
        cir: message.cir_flag(),
        version: message.version,
        encoding: message.encoding,
        part: (0, 1),
        fingerprint: part.fingerprint,
        payload: part.payload,
        lean_octets: (0, 0),
        blank_octets: 0,
        document: Outline::new(message.document.vocabulary(), packed),
        cut,
    }
}

/// Fingerprint of what a request says; `None` for an answer and where no element was read.
fn content(message: &Message) -> Option<u64> {
    let root = message.document.root().filter(|_| message.envelope.direction == Direction::ClientToServer)?;
    if message.parts.is_empty() {
        return Some(fingerprint(root) ^ u64::from(message.body_octets));
    }
    let session = text_fingerprint(message.session_id().unwrap_or_default());
    Some(message.parts.iter().fold(session, |state, part| {
        let id = text_fingerprint(message.transaction_id(part).unwrap_or_default());
        let mode = u64::from(part.mode == Some(Mode::Response));
        let said = id.rotate_left(1) ^ part.fingerprint ^ mode;
        state.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ said
    }))
}

fn proof(message: &Message, part: &Part) -> Proof {
    let text_of = |wanted| {
        let node = message.primitive(part)?.child(wanted)?;
        (!node.text().is_empty()).then(|| text_fingerprint(node.text()))
    };
    let schemas = message.primitive(part).and_then(|p| p.child(name::DIGEST_SCHEMA)).is_some();
    match (text_of(name::DIGEST_BYTES), text_of(name::PASSWORD)) {
        (Some(digest), _) => Proof::Digest(digest),
        (None, Some(password)) => Proof::Password(password),
        (None, None) if schemas => Proof::Schemas,
        (None, None) => Proof::Nothing,
    }
}

/// The text that is remembered of an element: secrets and message content are let go, their length is not.
fn remembered_text(node: Node<'_>) -> Cow<'_, str> {
    let text = node.text();
    if !text.is_empty() && is_secret(node) {
        Cow::Owned(format!("({} octets)", text.len()))
    } else {
        Cow::Borrowed(text)
    }
}

/// A document as it may be remembered, cut to the neighbourhood of `focus` when it is long, and the focus in it.
pub fn remembered(document: &Document, focus: Option<Node<'_>>) -> (Document, Option<NodeId>) {
    let Some(root) = document.root() else { return (Document::empty(document.vocabulary()), None) };
    let mut top = root;
    // Go down towards the focus until it is among the first elements below the top.
    while let Some(focus) = focus
        && (focus.id().0 - top.id().0) as usize >= ELEMENTS_REMEMBERED
    {
        match top.children().take_while(|c| c.id() <= focus.id()).last() {
            Some(child) => top = child,
            None => break,
        }
    }
    let (outline, _) = document.outline(top, ELEMENTS_REMEMBERED, remembered_text);
    (outline, focus.map(|f| NodeId(f.id().0 - top.id().0)))
}

/// Whether an element holds a credential or what a user wrote: never remembered, never shown unasked.
pub fn is_secret(node: Node<'_>) -> bool {
    is_credential(node) || name::is_content(node.name()) || pts::is_unread(node)
}

/// Whether an element holds a credential, of a client or of a server.
pub fn is_credential(node: Node<'_>) -> bool {
    name::is_credential(node.name()) || node.name() == NameId::UNKNOWN && ssp::is_credential(node.local_name())
}

/// Octets of a tree as XML without white space between elements, and as WBXML, both estimated: a start and an end
/// tag against two tokens, text against an inline string.
fn lean_octets(document: &Document) -> (u32, u32) {
    document.nodes().fold((39, 4), |(xml, wbxml), node| {
        let (tag, text) = (node.spelling().len() as u32, node.text().len() as u32);
        let tags = if node.is_leaf() && text == 0 { tag + 3 } else { 2 * tag + 5 };
        // A text that has a value token takes two octets; which have one is not looked up: short ones count as such.
        let string = match text {
            0 => 0,
            1..=2 => 2,
            _ => text + 2,
        };
        (xml + tags + text, wbxml + 2 + string)
    })
}
