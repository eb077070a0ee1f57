//! Bodies: usual messages to documents and payload octets, and back where a document is of the usual frame.

use crate::csp::message::{Message, Mode};
use crate::csp::name::{self, VOCABULARY};
use crate::csp::namespace::{self, Kind, Version};
use crate::csp::{pts, tokens};
use crate::syntax::{Builder, Document, Encoding, NameId, Node, wbxml, xml};

use super::{Payload, Transaction, Usual};

/// The octets of a payload.
pub(super) fn octets(payload: &Payload) -> Vec<u8> {
    match payload {
        Payload::Empty => Vec::new(),
        Payload::Raw(octets) => octets.clone(),
        Payload::Message(usual) => write(&document(usual), usual.version, usual.encoding),
        Payload::Document { version, encoding, document } => write(document, *version, *encoding),
    }
}

fn write(document: &Document, version: Version, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Xml => {
            let mut out = String::new();
            xml::write(document, xml::Style { indent: None, declaration: true, doctype: None }, &mut out);
            out.into_bytes()
        }
        Encoding::Wbxml => wbxml::write(document, tokens::language(version), wbxml::Style::default()),
        Encoding::Pts => pts::write(document, version).unwrap_or_default(),
    }
}

/// The media type of a payload in this version and encoding.
pub(super) fn media_type(version: Version, encoding: Encoding) -> &'static str {
    match (version >= Version::V13, encoding) {
        (false, Encoding::Xml) => "application/vnd.wv.csp.xml",
        (false, Encoding::Wbxml) => "application/vnd.wv.csp.wbxml",
        (true, Encoding::Xml) => "application/vnd.wv.csp+xml",
        (true, Encoding::Wbxml) => "application/vnd.wv.csp+wbxml",
        (_, Encoding::Pts) => "application/vnd.wv.csp.sms",
    }
}

/// The media type that a payload has unless its event says otherwise.
pub(super) fn implied_type(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Message(usual) => Some(media_type(usual.version, usual.encoding)),
        Payload::Document { version, encoding, .. } => Some(media_type(*version, *encoding)),
        Payload::Empty | Payload::Raw(_) => None,
    }
}

/// The document of a usual message.
pub(super) fn document(usual: &Usual) -> Document {
    let mut frame = Frame { builder: Builder::new(VOCABULARY, ""), usual };
    frame.open(name::WV_CSP_MESSAGE);
    frame.namespace(Kind::Csp);
    frame.open(name::SESSION);
    frame.open(name::SESSION_DESCRIPTOR);
    frame.leaf(name::SESSION_TYPE, if usual.outband { "Outband" } else { "Inband" });
    if let Some(session) = &usual.session {
        frame.leaf(name::SESSION_ID, session);
    }
    frame.close();
    for part in &usual.parts {
        frame.transaction(part);
    }
    frame.optional(name::POLL, usual.poll_under_session());
    frame.optional(name::CIR, usual.cir.as_deref());
    frame.close();
    frame.close();
    frame.builder.document()
}

impl Usual {
    fn poll_under_session(&self) -> Option<&str> {
        if self.version >= Version::V12 { self.poll.as_deref() } else { self.misplaced_poll.as_deref() }
    }

    fn poll_in_descriptor(&self) -> Option<&str> {
        if self.version >= Version::V12 { self.misplaced_poll.as_deref() } else { self.poll.as_deref() }
    }
}

struct Frame<'u, 's> {
    builder: Builder<'s>,
    usual: &'u Usual,
}

impl Frame<'_, '_> {
    fn open(&mut self, name: NameId) {
        self.builder.open_named(name, 0..0);
    }

    fn close(&mut self) {
        self.builder.close(0);
    }

    fn leaf(&mut self, name: NameId, text: &str) {
        self.open(name);
        self.builder.text(text);
        self.close();
    }

    fn optional(&mut self, name: NameId, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    fn namespace(&mut self, kind: Kind) {
        if self.usual.namespaces {
            self.builder.attribute("xmlns", &namespace::uri(kind, self.usual.version), 0..0);
        }
    }

    fn transaction(&mut self, part: &Transaction) {
        self.open(name::TRANSACTION);
        self.open(name::TRANSACTION_DESCRIPTOR);
        self.leaf(name::TRANSACTION_MODE, if part.mode == Mode::Request { "Request" } else { "Response" });
        self.leaf(name::TRANSACTION_ID, &part.id);
        self.optional(name::POLL, self.usual.poll_in_descriptor());
        self.close();
        self.open(name::TRANSACTION_CONTENT);
        self.namespace(Kind::Trc);
        if let Some(primitive) = part.primitive.root() {
            self.copy(primitive);
        }
        self.close();
        self.close();
    }

    /// Copies a tree; a presence list is given the namespace of the version unless it has one.
    fn copy(&mut self, node: Node<'_>) {
        self.builder.open(node.spelling(), 0..0);
        if node.name() == name::PRESENCE_SUB_LIST && node.attribute("xmlns").is_none() {
            self.namespace(Kind::Pa);
        }
        for attribute in node.attributes() {
            self.builder.attribute(attribute.name, attribute.value, 0..0);
        }
        self.builder.text(node.text());
        for child in node.children() {
            self.copy(child);
        }
        self.close();
    }
}

/// The usual message that a decoded one is, where its frame holds nothing that the notation would lose.
pub(super) fn usual(message: &Message) -> Option<Usual> {
    let version = message.version?;
    let root = message.document.root()?;
    let text = |id: Option<crate::syntax::NodeId>| {
        id.and_then(|id| message.document.node(id)).map(|node| node.text().to_owned())
    };
    let parts = message
        .parts
        .iter()
        .map(|part| {
            let primitive = message.primitive(part)?;
            let (primitive, _) = message.document.outline(primitive, usize::MAX, |n| n.text().into());
            Some(Transaction { mode: part.mode?, id: text(part.id)?, primitive: without_implied(primitive, version) })
        })
        .collect::<Option<Vec<_>>>()?;
    let late = version >= Version::V12;
    let in_descriptor = text(message.parts.first().and_then(|p| p.poll));
    let usual = Usual {
        version,
        encoding: message.encoding,
        namespaces: root.attribute("xmlns").is_some(),
        session: text(message.session_id).filter(|session| !session.is_empty()),
        outband: message.session_type == Some(crate::csp::message::SessionType::Outband),
        poll: if late { text(message.poll) } else { in_descriptor.clone() },
        misplaced_poll: if late { in_descriptor } else { text(message.poll) },
        cir: text(message.cir),
        parts,
    };
    (!usual.parts.is_empty() && document(&usual) == message.document).then_some(usual)
}

/// A primitive without the namespaces that its version implies.
fn without_implied(primitive: Document, version: Version) -> Document {
    let implied = namespace::uri(Kind::Pa, version);
    let mut builder = Builder::new(VOCABULARY, "");
    fn copy(node: Node<'_>, implied: &str, builder: &mut Builder<'_>) {
        builder.open(node.spelling(), 0..0);
        let drop = node.name() == name::PRESENCE_SUB_LIST;
        for attribute in node.attributes().filter(|a| !(drop && a.name == "xmlns" && a.value == implied)) {
            builder.attribute(attribute.name, attribute.value, 0..0);
        }
        builder.text(node.text());
        for child in node.children() {
            copy(child, implied, builder);
        }
        builder.close(0);
    }
    if let Some(root) = primitive.root() {
        copy(root, &implied, &mut builder);
    }
    builder.document()
}
