//! The CSP message: what a decoded payload says, typed.
//!
//! A [`Message`] is a carried document whose frame (session descriptor, transactions, flags) was read. It judges
//! nothing: every claim is kept as it was made, disagreeing ones side by side.

use std::sync::OnceLock;

use crate::carrier::Envelope;
use crate::syntax::{Anomaly, Document, Encoding, NameId, Node, NodeId, Prolog};
use crate::wire::Pieces;

use super::model::{self, Element};
use super::name;
use super::namespace::Version;

/// What kind of document a payload is, by its root element.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `WV-CSP-Message`.
    Csp,
    /// `WV-CSP-VersionDiscovery-Request` or its response, or the older names of the two.
    VersionDiscovery,
    /// `WV-SSP-Message`, between servers.
    Ssp,
    /// Another root, or none that could be read.
    Other,
}

/// Whether a message belongs to a session, as its descriptor says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SessionType {
    /// `Inband`: in a session.
    Inband,
    /// `Outband`: before there is one.
    Outband,
}

/// Whether a transaction part asks or answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// `Request`: opens a transaction.
    Request,
    /// `Response`: answers one.
    Response,
}

/// Which version each place of a message names; `None` where it is silent or names no CSP version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// The namespace of the root element.
    pub namespace: Option<Version>,
    /// The numeric public identifier (WBXML).
    pub public_number: Option<Version>,
    /// The public identifier text: DOCTYPE (XML), string table (WBXML).
    pub public_text: Option<Version>,
    /// The media type: [`Version::V13`] for the `+xml` and `+wbxml` spellings. The other spellings stand for 1.1 as
    /// well as 1.2 and claim nothing here; see [`Claims::media_before_13`].
    pub media: Option<Version>,
    /// The media type is spelt as before 1.3 (`.xml`, `.wbxml`).
    pub media_before_13: bool,
}

/// One transaction of a message.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// The `Transaction` element.
    pub transaction: NodeId,
    /// `TransactionMode`; `None` when absent or neither `Request` nor `Response`.
    pub mode: Option<Mode>,
    /// The `TransactionID` element, which may be empty.
    pub id: Option<NodeId>,
    /// `Poll` in the descriptor: its place in 1.1.
    pub poll: Option<NodeId>,
    /// The `TransactionContent` element.
    pub content: Option<NodeId>,
    /// The primitive: the first element inside the content.
    pub primitive: Option<NodeId>,
    /// Name of the primitive, aliases folded; [`NameId::UNKNOWN`] for a name outside the vocabulary.
    pub name: NameId,
    /// The result code of the primitive, where it has one: `Result/Code`, or a `Code` without its wrapper.
    pub code: Option<u16>,
    /// Fingerprint of the primitive: equal for equal names and texts in equal order.
    pub fingerprint: u64,
    /// Fingerprint and length in octets of the text of `ContentData`, when there is one.
    pub payload: Option<(u64, u32)>,
}

/// A decoded message and what carried it.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// What carried it. Its body has moved into the document and `pieces`.
    pub envelope: Envelope,
    /// Which frames the octets of the payload came from.
    pub pieces: Pieces,
    /// Octets of the payload.
    pub body_octets: u32,
    /// Octets of white space between the tags of the payload; 0 where it is no XML.
    pub blank_octets: u32,
    /// What it is written in.
    pub encoding: Encoding,
    /// The head of the payload.
    pub prolog: Prolog,
    /// The tree.
    pub document: Document,
    /// What was wrong with the writing and got over.
    pub anomalies: Vec<Anomaly>,
    /// Kind of document.
    pub kind: Kind,
    /// Which versions the message names, place by place.
    pub claims: Claims,
    /// The version it is judged by: WBXML by public number, public text, namespace, media type; XML by namespace,
    /// DOCTYPE, media type. `None` where nothing decides.
    pub version: Option<Version>,
    /// `SessionType`; `None` when absent or of another value.
    pub session_type: Option<SessionType>,
    /// The `SessionID` element of the descriptor.
    pub session_id: Option<NodeId>,
    /// `Poll` under `Session`: its place from 1.2 on.
    pub poll: Option<NodeId>,
    /// `CIR` under `Session`.
    pub cir: Option<NodeId>,
    /// Its transactions in order.
    pub parts: Vec<Part>,
    /// The rows of its elements in the content model of its version, once they were asked for.
    pub(crate) rows: OnceLock<Vec<Option<&'static Element>>>,
}

impl Message {
    /// The row of each element in the content model of its version, by number; see [`model::rows`]. Empty without a
    /// version.
    pub fn rows(&self) -> &[Option<&'static Element>] {
        self.rows.get_or_init(|| self.version.map(|v| model::rows(v, &self.document)).unwrap_or_default())
    }

    /// The session identifier of the descriptor; `None` when absent or empty.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.and_then(|id| self.document.node(id)).map(Node::text).filter(|t| !t.is_empty())
    }

    /// The transaction identifier of a part; `None` when absent or empty.
    pub fn transaction_id(&self, part: &Part) -> Option<&str> {
        part.id.and_then(|id| self.document.node(id)).map(Node::text).filter(|t| !t.is_empty())
    }

    /// The primitive element of a part.
    pub fn primitive(&self, part: &Part) -> Option<Node<'_>> {
        part.primitive.and_then(|id| self.document.node(id))
    }

    /// The poll flag that holds for a part, wherever it stands; `None` when there is none or it is no boolean.
    pub fn poll_flag(&self, part: &Part) -> Option<bool> {
        self.poll.or(part.poll).and_then(|id| self.document.node(id)).and_then(flag)
    }

    /// The CIR flag; `None` when there is none or it is no boolean.
    pub fn cir_flag(&self) -> Option<bool> {
        self.cir.and_then(|id| self.document.node(id)).and_then(flag)
    }

    /// Frames that carried the octets of `node`; those of the whole payload where its place is not known.
    pub fn frames_of(&self, node: NodeId) -> Vec<crate::wire::FrameNo> {
        match self.document.node(node).and_then(Node::span) {
            Some(span) => self.pieces.slice(span.start as usize..span.end as usize).frame_list(),
            None => self.pieces.frame_list(),
        }
    }
}

/// The boolean an element holds: `T` or `F`, in either case; `None` for anything else.
pub fn flag(node: Node<'_>) -> Option<bool> {
    match node.text() {
        "T" | "t" => Some(true),
        "F" | "f" => Some(false),
        _ => None,
    }
}

/// The non-negative integer an element holds; `None` for anything else.
pub fn integer(node: Node<'_>) -> Option<u64> {
    let text = node.text();
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The frame of a CSP document: everything in a [`Message`] that is read off the tree.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) session_type: Option<SessionType>,
    pub(crate) session_id: Option<NodeId>,
    pub(crate) poll: Option<NodeId>,
    pub(crate) cir: Option<NodeId>,
    pub(crate) parts: Vec<Part>,
}

/// Reads the frame of a document.
pub(crate) fn read_frame(document: &Document) -> Frame {
    let mut frame =
        Frame { kind: Kind::Other, session_type: None, session_id: None, poll: None, cir: None, parts: Vec::new() };
    let Some(root) = document.root() else { return frame };
    frame.kind = match name::canonical(root.name()) {
        name::WV_CSP_MESSAGE => Kind::Csp,
        name::WV_CSP_VERSION_DISCOVERY_REQUEST | name::WV_CSP_VERSION_DISCOVERY_RESPONSE => Kind::VersionDiscovery,
        _ if root.local_name() == "WV-SSP-Message" => Kind::Ssp,
        _ => Kind::Other,
    };
    if frame.kind != Kind::Csp {
        return frame;
    }
    for child in root.child(name::SESSION).into_iter().flat_map(Node::children) {
        match child.name() {
            name::SESSION_DESCRIPTOR => (frame.session_type, frame.session_id) = read_descriptor(child),
            name::TRANSACTION => frame.parts.push(read_part(child)),
            name::POLL => frame.poll = Some(child.id()),
            name::CIR => frame.cir = Some(child.id()),
            _ => {}
        }
    }
    frame
}

/// `SessionType` and `SessionID` of a session descriptor.
fn read_descriptor(descriptor: Node<'_>) -> (Option<SessionType>, Option<NodeId>) {
    let (mut session_type, mut session_id) = (None, None);
    for child in descriptor.children() {
        match child.name() {
            name::SESSION_TYPE => keep_first(&mut session_type, child),
            name::SESSION_ID => keep_first(&mut session_id, child),
            _ => {}
        }
    }
    let session_type = match session_type.map(Node::text) {
        Some("Inband") => Some(SessionType::Inband),
        Some("Outband") => Some(SessionType::Outband),
        _ => None,
    };
    (session_type, session_id.map(Node::id))
}

fn keep_first<'d>(slot: &mut Option<Node<'d>>, node: Node<'d>) {
    slot.get_or_insert(node);
}

fn read_part(transaction: Node<'_>) -> Part {
    let (mut descriptor, mut content) = (None, None);
    for child in transaction.children() {
        match child.name() {
            name::TRANSACTION_DESCRIPTOR => keep_first(&mut descriptor, child),
            name::TRANSACTION_CONTENT => keep_first(&mut content, child),
            _ => {}
        }
    }
    let (mut mode, mut id, mut poll) = (None, None, None);
    for child in descriptor.into_iter().flat_map(Node::children) {
        match child.name() {
            name::TRANSACTION_MODE => keep_first(&mut mode, child),
            name::TRANSACTION_ID => keep_first(&mut id, child),
            name::POLL => keep_first(&mut poll, child),
            _ => {}
        }
    }
    let mode = match mode.map(Node::text) {
        Some("Request") => Some(Mode::Request),
        Some("Response") => Some(Mode::Response),
        _ => None,
    };
    let primitive = content.and_then(|c| c.children().next());
    let (mut result, mut code, mut data) = (None, None, None);
    for child in primitive.into_iter().flat_map(Node::children) {
        match child.name() {
            name::RESULT => keep_first(&mut result, child),
            name::CODE => keep_first(&mut code, child),
            name::CONTENT_DATA => keep_first(&mut data, child),
            _ => {}
        }
    }
    let code = if let Some(result) = result { result.child(name::CODE) } else { code };
    Part {
        transaction: transaction.id(),
        mode,
        id: id.map(Node::id),
        poll: poll.map(Node::id),
        content: content.map(Node::id),
        primitive: primitive.map(Node::id),
        name: primitive.map_or(NameId::UNKNOWN, |p| name::canonical(p.name())),
        code: code.and_then(result_number),
        fingerprint: primitive.map_or(0, fingerprint),
        payload: data
            .map(|data| (hash(0, data.text().as_bytes()), u32::try_from(data.text().len()).unwrap_or(u32::MAX))),
    }
}

/// The result code a primitive reports: `Result/Code`, or a `Code` directly in it.
pub fn result_code(primitive: Node<'_>) -> Option<u16> {
    let result = primitive.child(name::RESULT).unwrap_or(primitive);
    result.child(name::CODE).and_then(result_number)
}

fn result_number(code: Node<'_>) -> Option<u16> {
    integer(code).and_then(|code| u16::try_from(code).ok())
}

/// A fingerprint of a subtree: equal for equal names, nesting and texts. Not meant to resist forgery.
pub fn fingerprint(node: Node<'_>) -> u64 {
    let add = |state: u64, n: Node<'_>| {
        let state = hash(state ^ (u64::from(n.name().0) << 16) ^ n.depth() as u64, n.octets());
        if n.name() == NameId::UNKNOWN { hash(state, n.spelling().as_bytes()) } else { state }
    };
    node.descendants().fold(add(0x9e37_79b9_7f4a_7c15, node), add)
}

/// A fingerprint of a text; see [`fingerprint`].
pub fn text_fingerprint(text: &str) -> u64 {
    hash(0, text.as_bytes())
}

/// Multiply-and-fold over words of eight octets.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9fb2_1c65_1e98_df25;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        (product as u64) ^ ((product >> 64) as u64) ^ state.rotate_left(29)
    };
    let state = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks();
    let state = words.iter().fold(state, |state, word| fold(state, u64::from_le_bytes(*word)));
    match (rest, bytes.last_chunk::<8>()) {
        ([], _) => state,
        // The rest is the end of the last eight octets.
        (rest, Some(last)) => fold(state, u64::from_le_bytes(*last) >> (64 - 8 * rest.len())),
        (rest, None) => fold(state, short(rest)),
    }
}

/// Up to eight octets as a number, the first the lowest.
fn short(octets: &[u8]) -> u64 {
    match (octets.first_chunk(), octets.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let overlap = 8 * (8 - octets.len().min(8));
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32 >> overlap
        }
        _ => octets.iter().rev().fold(0, |number, octet| number << 8 | u64::from(*octet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, octet by octet.
    fn plainly(seed: u64, bytes: &[u8]) -> u64 {
        let factor = 0x9fb2_1c65_1e98_df25_u64;
        bytes.chunks(8).fold(seed ^ (bytes.len() as u64).wrapping_mul(factor), |state, chunk| {
            let word = chunk.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet));
            let product = u128::from(state ^ word) * u128::from(factor);
            (product as u64) ^ ((product >> 64) as u64) ^ state.rotate_left(29)
        })
    }

    #[test]
    fn a_text_of_any_length_is_hashed_by_words_filled_up_with_zeros() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for len in 0..=text.len() {
            assert_eq!(hash(7, &text[..len]), plainly(7, &text[..len]), "{len}");
        }
    }
}
