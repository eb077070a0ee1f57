//! Decoding: messages, as they come, become a trace.

use std::collections::BTreeMap;

use crate::carrier::{Carrier, Direction, Envelope, Start, Wholeness};
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::csp::pts;
use crate::csp::tokens::DEFAULT_VERSION;
use crate::flow::{FlowNo, Loss};
use crate::session::is_credential;
use crate::syntax::{Encoding, Node};
use crate::time::Time;

use super::bodies::{media_type, usual};
use super::headers::Header;
use super::{Coding, Defaults, Line, Over, Payload, Said, print};

/// How many connections are remembered by their number; one that was forgotten and speaks again gets a new one.
pub const CONNECTIONS_REMEMBERED: usize = 65_536;

/// What a printed trace shows of what is better not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Show {
    /// Passwords and digests, credentials and cookies in headers.
    pub secrets: bool,
    /// What users wrote to each other.
    pub content: bool,
}

/// Prints a conversation as it goes by; it remembers its connections and nothing of what was said.
#[derive(Debug, Default)]
pub struct Decoder {
    show: Show,
    defaults: Option<Defaults>,
    last: Option<Time>,
    connections: BTreeMap<FlowNo, u32>,
    /// What the latest connection was carried over.
    over: Over,
    /// How many connections were numbered.
    numbered: u32,
    /// Whether headers of client and server were stated.
    headers_stated: [bool; 2],
}

impl Decoder {
    /// A decoder that shows so much.
    pub fn new(show: Show) -> Self {
        Self { show, ..Self::default() }
    }

    /// The text of a message.
    pub fn message(&mut self, message: &Message) -> String {
        let payload = match usual(message) {
            Some(usual) => Payload::Message(usual),
            None => Payload::Document {
                version: message.version.unwrap_or(DEFAULT_VERSION),
                encoding: message.encoding,
                document: message.document.clone(),
            },
        };
        let mut remarks = Vec::new();
        if message.document.is_empty() {
            remarks.push(format!("no element can be read from its {} octets", message.body_octets));
        } else if !message.anomalies.is_empty() {
            remarks.push(format!("written with faults, {} got over", message.anomalies.len()));
        }
        self.say(&message.envelope, payload, remarks)
    }

    /// The text of a carrier message without a document.
    pub fn bare(&mut self, envelope: &Envelope) -> String {
        self.say(envelope, Payload::Empty, Vec::new())
    }

    fn say(&mut self, envelope: &Envelope, payload: Payload, mut remarks: Vec<String>) -> String {
        let mut out = String::new();
        let (version, encoding, session) = match &payload {
            Payload::Message(usual) => (usual.version, usual.encoding, usual.session.clone()),
            Payload::Document { version, encoding, .. } => (*version, *encoding, None),
            Payload::Empty | Payload::Raw(_) => (DEFAULT_VERSION, Encoding::Xml, None),
        };
        let time = if envelope.start_time.is_order() { Time::default() } else { envelope.start_time };
        let defaults = self.defaults.get_or_insert_with(|| {
            let (client_headers, server_headers) = (Vec::new(), Vec::new());
            let defaults = Defaults { version, encoding, session, client_headers, server_headers };
            print::head(time, &defaults, &mut out);
            defaults
        });
        let headers = headers(envelope, self.show);
        let side = usize::from(envelope.direction == Direction::ServerToClient);
        if let Some(stated) = self.headers_stated.get_mut(side).filter(|stated| !**stated) {
            *stated = true;
            if !headers.is_empty() {
                out.push('\n');
                print::headers(envelope.direction, &headers, &mut out);
                defaults.headers_mut(envelope.direction).clone_from(&headers);
            }
        }
        let text = |node: Node<'_>| shown(node, self.show);
        let connection = match self.connections.get(&envelope.flow.no) {
            Some(connection) => *connection,
            None => {
                self.numbered = self.numbered.saturating_add(1);
                if self.connections.len() >= CONNECTIONS_REMEMBERED {
                    self.connections.pop_first();
                }
                self.connections.insert(envelope.flow.no, self.numbered);
                let (client, server) = envelope.peers();
                let over = Over::of(envelope);
                if std::mem::replace(&mut self.over, over) != over {
                    print::line(&Line::Over(over), defaults, &mut out, &text);
                }
                // A log may name neither: then those of the notation stand for them.
                if !(client.ip().is_unspecified() && server.ip().is_unspecified()) {
                    print::line(&Line::Connection(self.numbered, client, server), defaults, &mut out, &text);
                }
                self.numbered
            }
        };
        remarks.extend(incomplete(envelope.wholeness).map(str::to_owned));
        if !envelope.anomalies.is_empty() {
            let carrier = envelope.carrier.name().to_ascii_uppercase();
            remarks.push(format!("odd {carrier}, {} faults got over", envelope.anomalies.len()));
        }
        if !remarks.is_empty() {
            out.extend(["\n# The next: ", &remarks.join("; "), "."]);
        }
        let mut said = said(envelope, payload, version, encoding);
        said.connection = connection;
        said.delay = time.0.saturating_sub(self.last.unwrap_or(time).0);
        said.headers = headers;
        self.last = Some(time);
        print::line(&Line::Event(Box::new(said)), defaults, &mut out, &text);
        out
    }
}

/// Why a message is not whole; `None` when it is.
fn incomplete(wholeness: Wholeness) -> Option<&'static str> {
    match wholeness {
        Wholeness::Complete => None,
        Wholeness::Retold => Some("written anew by the log"),
        Wholeness::Lost(Loss::Log) => Some("incomplete, the log cut it"),
        Wholeness::Lost(Loss::MissingPackets) => Some("incomplete, packets are missing in the capture"),
        Wholeness::Lost(Loss::OneSided) => Some("incomplete, only the other direction was captured"),
        Wholeness::Lost(Loss::Encrypted) => Some("incomplete, some of it is encrypted"),
        Wholeness::Lost(Loss::SnapLength) => Some("incomplete, the snap length cut it"),
        Wholeness::Lost(Loss::Limit) | Wholeness::Limit => Some("incomplete, a limit of ours cut it"),
        Wholeness::OpenAtEnd => Some("incomplete, the capture ends inside it"),
        Wholeness::ClosedEarly => Some("incomplete, its sender closed the connection inside it"),
    }
}

/// The text to show of an element.
pub(crate) fn shown(node: Node<'_>, show: Show) -> String {
    let text = node.text();
    let hidden = (is_credential(node) && !show.secrets)
        || (name::is_content(node.name()) || pts::is_unread(node)) && !show.content;
    if hidden && !text.is_empty() { format!("({} octets)", text.len()) } else { text.to_owned() }
}

/// The headers to print: those that neither follow from what else is printed nor from when it was sent.
fn headers(envelope: &Envelope, show: Show) -> Vec<Header> {
    let server = envelope.peers().1.to_string();
    let implied = |name: &str, value: &str| match name.to_ascii_lowercase().as_str() {
        "content-type" | "content-length" | "transfer-encoding" | "connection" | "date" => true,
        "content-encoding" => envelope.compressed,
        "host" => value == server,
        _ => false,
    };
    let secret = |name: &str| {
        ["authorization", "proxy-authorization", "cookie", "set-cookie"].iter().any(|s| s.eq_ignore_ascii_case(name))
    };
    let printed = envelope.headers.iter().filter(|(name, value)| !implied(name, value));
    printed
        .map(|(name, value)| {
            let hidden = secret(name) && !show.secrets;
            (name.to_owned(), if hidden { format!("({} octets)", value.len()) } else { value.to_owned() })
        })
        .collect()
}

fn said(envelope: &Envelope, payload: Payload, version: Version, encoding: Encoding) -> Said {
    let implied = (payload != Payload::Empty).then(|| media_type(version, encoding));
    let stated = envelope.content_type.as_deref();
    let (method, target) = match &envelope.start {
        Start::Request { method, target } => (Some(method.clone()), Some(target.clone())),
        Start::Answer { .. } | Start::Message => (None, None),
    };
    let names = |name: &str, word: &str| envelope.header(name).is_some_and(|v| v.to_ascii_lowercase().contains(word));
    let deflate = names("Content-Encoding", "deflate") || names("Transfer-Encoding", "deflate");
    Said {
        delay: 0,
        direction: envelope.direction,
        connection: 1,
        // Of what carried a message a log may tell nothing.
        content_type: (stated != implied && envelope.start != Start::Message && envelope.carrier != Carrier::Log)
            .then(|| stated.unwrap_or_default().to_owned()),
        status: envelope.status().filter(|s| *s != 200),
        method: method.filter(|m| m != "POST"),
        target: target.filter(|t| *t != super::TARGET),
        headers: Vec::new(),
        coding: envelope.compressed.then_some(if deflate { Coding::Deflate } else { Coding::Gzip }),
        chunked: names("Transfer-Encoding", "chunked"),
        close: envelope.closes,
        dropped: false,
        lost: false,
        cut: None,
        segments: None,
        marked: false,
        line: 0,
        payload,
    }
}
