//! Told messages in, decoded ones out: who says it, to what it belongs, when.
//!
//! A log seldom says which answer belongs to which request. What it says counts; else the message itself tells who sends
//! it, and an answer goes with the request of its session and transaction identifier.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::carrier::http::envelope_of;
use crate::carrier::{Carrier, Direction, Envelope, Headers, Start, Wholeness};
use crate::csp::decode::decode;
use crate::csp::message::{Message, Mode, Part};
use crate::csp::name;
use crate::csp::transaction::{self, Initiator};
use crate::flow::{FlowInfo, FlowNo, Transport};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange};

use super::text::{Place, Text};

/// How many conversations are kept apart; when there are more, all are begun anew.
pub const MAX_CHANNELS: usize = 65_536;

/// How many requests wait for their answers; the oldest is given up.
pub const MAX_WAITING: usize = 1024;

/// Address of an end that a log does not name.
const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A message as a log tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The payload.
    pub(super) body: Text,
    /// Where it begins.
    pub(super) place: Place,
    /// When it was said, if the log knows.
    pub(super) time: Option<Time>,
    /// Who says it, if the log knows.
    pub(super) direction: Option<Direction>,
    /// Whether whoever wrote the log sent it; who that is the messages tell.
    pub(super) sent: Option<bool>,
    /// Addresses of client and server.
    pub(super) ends: (Option<SocketAddr>, Option<SocketAddr>),
    /// What keeps this conversation apart from others of the log.
    pub(super) channel: String,
    /// The head of HTTP that it had.
    pub(super) head: Option<Vec<u8>>,
    /// Whether it belongs to the exchange of the message before, by the log.
    pub(super) answers_last: bool,
    /// Whether its conversation is a connection that begins with its first message.
    pub(super) opens: bool,
    /// Whether the payload is all there and as it was sent.
    pub(super) faithful: Faithful,
}

/// How a log tells a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Faithful {
    /// As it was sent.
    #[default]
    Yes,
    /// Written anew.
    Retold,
    /// Not to its end, or with octets replaced.
    Lost,
}

/// What a log told, decoded.
#[derive(Debug)]
pub enum Item {
    /// A message.
    Message(Box<Message>),
    /// A carrier message without payload.
    Bare(Box<Envelope>),
}

impl Item {
    /// What carried it.
    pub fn envelope(&self) -> &Envelope {
        match self {
            Self::Message(message) => &message.envelope,
            Self::Bare(envelope) => envelope,
        }
    }
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Waiting {
    flow: Arc<FlowInfo>,
    exchange: u32,
    session: Option<String>,
    id: Option<String>,
    /// Whether anything may come in its answer, not just what answers it: it is a poll, or answers itself.
    open: bool,
}

/// Puts what is told in its place.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    flows: HashMap<String, (Arc<FlowInfo>, u32)>,
    numbered: u32,
    waiting: VecDeque<Waiting>,
    /// The latest time told.
    time: Option<Time>,
    told: u64,
    /// Whether whoever writes the log is the client.
    by_client: Option<bool>,
}

impl Conversation {
    /// The message that is told.
    pub(super) fn hear(&mut self, told: Told) -> Item {
        self.told += 1;
        self.time = told.time.or(self.time);
        let time = self.time.unwrap_or_else(|| Time::in_order(self.told));
        let flow = self.flow(&told);
        let end = told.body.place(told.body.len().saturating_sub(1));
        let (first, last) = (told.place.frame(), FrameNo::in_log(end.line.max(told.place.line).into(), 0));
        let frames = FrameRange { first, last: if end.line > told.place.line { last } else { first } };
        let head = told.head.as_deref().and_then(|head| envelope_of(head, &flow, 0));
        let has_head = head.is_some();
        let mut envelope = head.unwrap_or_else(|| Box::new(headless(&flow)));
        let head_octets = told.head.as_ref().filter(|_| has_head).map_or(0, Vec::len);
        envelope.body = told.body.wire();
        envelope.wire_octets = u32::try_from(told.body.len() + head_octets).unwrap_or(u32::MAX);
        (envelope.frames, envelope.start_time, envelope.end_time) = (frames, time, time);
        envelope.wholeness = match told.faithful {
            Faithful::Yes => Wholeness::Complete,
            Faithful::Retold => Wholeness::Retold,
            Faithful::Lost => Wholeness::Lost(crate::flow::Loss::Log),
        };
        if has_head {
            envelope.exchange = self.exchange_by_log(&told, envelope.direction);
            return match decode(envelope) {
                Ok(message) => Item::Message(Box::new(message)),
                Err(envelope) => Item::Bare(envelope),
            };
        }
        match decode(envelope) {
            Ok(mut message) => {
                let direction = self.direction(&told, &message);
                message.envelope.direction = direction;
                if direction == Direction::ServerToClient {
                    message.envelope.start = Start::Answer { status: 200 };
                }
                let (flow, exchange) = match direction {
                    Direction::ClientToServer => self.ask(flow, &told.channel, &message),
                    Direction::ServerToClient => self.answer(flow, &told.channel, &message),
                };
                (message.envelope.flow, message.envelope.exchange) = (flow, exchange);
                Item::Message(Box::new(message))
            }
            Err(envelope) => Item::Bare(envelope),
        }
    }

    fn flow(&mut self, told: &Told) -> Arc<FlowInfo> {
        if let Some((flow, _)) = self.flows.get(&told.channel) {
            return Arc::clone(flow);
        }
        if self.flows.len() >= MAX_CHANNELS {
            self.flows.clear();
        }
        self.numbered = self.numbered.saturating_add(1);
        let flow = Arc::new(FlowInfo {
            no: FlowNo(self.numbered),
            transport: Transport::Tcp,
            opener: told.ends.0.unwrap_or(UNKNOWN),
            acceptor: told.ends.1.unwrap_or(UNKNOWN),
            opening_seen: told.opens,
            tunnel: None,
            protected: false,
        });
        self.flows.insert(told.channel.clone(), (Arc::clone(&flow), 0));
        flow
    }

    /// A new exchange of a conversation.
    fn next_exchange(&mut self, channel: &str) -> u32 {
        self.flows.get_mut(channel).map_or(1, |(_, last)| {
            *last = last.saturating_add(1);
            *last
        })
    }

    /// The exchange of a message with a head, where the log pairs.
    fn exchange_by_log(&mut self, told: &Told, direction: Direction) -> u32 {
        let last = self.flows.get(&told.channel).map(|(_, last)| *last).filter(|last| *last > 0);
        match last.filter(|_| told.answers_last || direction == Direction::ServerToClient) {
            Some(last) => last,
            None => self.next_exchange(&told.channel),
        }
    }

    /// Who says a message: whom the log names; who alone can say it; who did not ask; who wrote the log.
    fn direction(&mut self, told: &Told, message: &Message) -> Direction {
        if let Some(direction) = told.direction {
            return direction;
        }
        let part = message.parts.first();
        let by_content = part.and_then(sender).or_else(|| self.answerer(message, part?));
        if let (Some(direction), Some(sent)) = (by_content, told.sent) {
            self.by_client.get_or_insert((direction == Direction::ClientToServer) == sent);
        }
        let by_writer = told.sent.zip(self.by_client).map(|(sent, by_client)| {
            if sent == by_client { Direction::ClientToServer } else { Direction::ServerToClient }
        });
        by_content.or(by_writer).unwrap_or(match part.and_then(|part| part.mode) {
            Some(Mode::Request) => Direction::ClientToServer,
            _ => Direction::ServerToClient,
        })
    }

    /// Who answers what the client asked, if it did: the server. Else the client answers.
    fn answerer(&self, message: &Message, part: &Part) -> Option<Direction> {
        let id = message.transaction_id(part)?;
        (part.mode == Some(Mode::Response)).then(|| {
            let asked = self.waiting.iter().any(|w| !w.open && fits(w, message.session_id(), Some(id)));
            if asked { Direction::ServerToClient } else { Direction::ClientToServer }
        })
    }

    fn ask(&mut self, flow: Arc<FlowInfo>, channel: &str, message: &Message) -> (Arc<FlowInfo>, u32) {
        let exchange = self.next_exchange(channel);
        let part = message.parts.first();
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting {
            flow: Arc::clone(&flow),
            exchange,
            session: message.session_id().map(str::to_owned),
            id: part.and_then(|part| message.transaction_id(part)).map(str::to_owned),
            open: part.is_some_and(|part| part.mode == Some(Mode::Response) || part.name == name::POLLING_REQUEST),
        });
        (flow, exchange)
    }

    fn answer(&mut self, flow: Arc<FlowInfo>, channel: &str, message: &Message) -> (Arc<FlowInfo>, u32) {
        let part = message.parts.first();
        let (session, id) = (message.session_id(), part.and_then(|part| message.transaction_id(part)));
        let asks = part.is_some_and(|part| part.mode == Some(Mode::Request));
        // An answer goes with what it answers; what the server asks with the latest poll, or what else may bring it.
        let found = if asks {
            self.waiting.iter().rposition(|w| w.open && w.session.as_deref() == session)
        } else {
            self.waiting
                .iter()
                .rposition(|w| !w.open && fits(w, session, id))
                .or_else(|| self.waiting.iter().rposition(|w| w.open && w.session.as_deref() == session))
        };
        match found.and_then(|at| self.waiting.remove(at)) {
            Some(waiting) => (waiting.flow, waiting.exchange),
            None => {
                let exchange = self.next_exchange(channel);
                (flow, exchange)
            }
        }
    }
}

/// Whether an answer of this session and identifier answers what waits. A login asks outside of any session.
fn fits(waiting: &Waiting, session: Option<&str>, id: Option<&str>) -> bool {
    let same_session = match (waiting.session.as_deref(), session) {
        (Some(asked), Some(answers)) => asked == answers,
        _ => true,
    };
    same_session && waiting.id.as_deref() == id
}

/// Who alone sends a primitive; `None` where both may.
fn sender(part: &Part) -> Option<Direction> {
    use Direction::{ClientToServer, ServerToClient};
    let by = |initiator| match initiator {
        Initiator::Client => Some(ClientToServer),
        Initiator::Server => Some(ServerToClient),
        Initiator::Both => None,
    };
    match (part.mode, transaction::of_request(part.name)) {
        (Some(Mode::Request) | None, Some(kind)) => by(kind.initiator),
        (Some(Mode::Response) | None, _) => {
            let mut senders = transaction::initiators_of_answer(part.name).map(by);
            let first = senders.next()??;
            senders.all(|other| other == Some(first)).then(|| first.opposite())
        }
        (Some(Mode::Request), None) => None,
    }
}

/// The envelope of a payload of which the log tells nothing else.
fn headless(flow: &Arc<FlowInfo>) -> Envelope {
    Envelope {
        flow: Arc::clone(flow),
        carrier: Carrier::Log,
        direction: Direction::ClientToServer,
        exchange: 0,
        start: Start::Request { method: "POST".to_owned(), target: "/imps".to_owned() },
        content_type: None,
        headers: Headers::default(),
        gateway: None,
        body: Default::default(),
        wholeness: Wholeness::Complete,
        wire_octets: 0,
        frames: FrameRange::default(),
        start_time: Time::default(),
        end_time: Time::default(),
        compressed: false,
        closes: false,
        anomalies: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: u32, channel: u32) -> Told {
        let body = format!(
            "<WV-CSP-Message><Session><SessionDescriptor><SessionType>Inband</SessionType><SessionID>s</SessionID>\
             </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>\
             <TransactionID>{id}</TransactionID></TransactionDescriptor><TransactionContent><GetList-Request/>\
             </TransactionContent></Transaction></Session></WV-CSP-Message>"
        );
        let place = Place { line: id, column: 1 };
        Told { body: Text::row(body.as_bytes(), place), place, channel: channel.to_string(), ..Told::default() }
    }

    #[test]
    fn requests_wait_and_conversations_are_kept_up_to_the_limits() {
        let mut conversation = Conversation::default();
        for id in 0..2 * MAX_WAITING as u32 {
            let item = conversation.hear(told(id, 0));
            assert_eq!(item.envelope().exchange, id + 1);
        }
        assert_eq!(conversation.waiting.len(), MAX_WAITING);
        for channel in 0..MAX_CHANNELS as u32 + 5 {
            conversation.flow(&Told { channel: channel.to_string(), ..Told::default() });
        }
        assert!(conversation.flows.len() <= MAX_CHANNELS);
    }

    #[test]
    fn an_answer_goes_with_its_request_and_what_the_server_asks_with_the_poll() {
        let talk = include_str!("../../tests/logs/text-plain.log");
        let mut conversation = Conversation::default();
        let mut exchanges = Vec::new();
        for (i, line) in talk.lines().enumerate() {
            let at = line.find("<?xml").unwrap();
            let place = Place { line: i as u32 + 1, column: at as u32 + 1 };
            let item =
                conversation.hear(Told { body: Text::row(&line.as_bytes()[at..], place), place, ..Told::default() });
            exchanges.push((item.envelope().direction == Direction::ClientToServer, item.envelope().exchange));
        }
        let expected = [(true, 1), (false, 1), (true, 2), (false, 2), (true, 3), (true, 4), (false, 4)];
        assert_eq!(exchanges, expected);
    }
}
