//! TLS: the [`StreamEvent`]s of a flow in, those of what it protects out, where its keys are known.
//!
//! [`begins`] tells by content whether a flow is TLS, on any port. A [`Connection`] then takes the flow's events and,
//! with [`Keys`] from a key log or from the capture itself, hands over the content of its records; content keeps the
//! frames of the octets that it was made from, and has no offset in them. Octets that are missing cost the records they
//! were in; the next one is found again by trying. A connection without keys is counted and nothing more.
//!
//! `record` knows headers and `keylog` secrets. With the feature `tls`: `hello` reads what handshakes agree on, `suite`
//! says what a suite is made of, `derive` makes keys, `cipher` undoes what protects a record, `inbox` holds octets and
//! their places, `lane` is a direction, `schedule` says
//! which keys may come, and `conversation` drives both.

#[cfg(feature = "tls")]
mod cipher;
#[cfg(feature = "tls")]
mod conversation;
#[cfg(feature = "tls")]
mod derive;
#[cfg(feature = "tls")]
mod hello;
#[cfg(feature = "tls")]
mod inbox;
mod keylog;
#[cfg(feature = "tls")]
mod lane;
mod record;
#[cfg(feature = "tls")]
mod schedule;
#[cfg(feature = "tls")]
mod suite;
mod tally;
#[cfg(test)]
mod tests;

#[cfg(feature = "tls")]
pub use hello::HANDSHAKE_MAX;
pub use keylog::{KeyLog, Keys, LINE_MAX, MISSED_MAX, SECRET_LEN_MAX, SECRETS_MAX};
#[cfg(feature = "tls")]
pub use lane::{SEARCH_MAX, SEQUENCE_TRIES, UNREADABLE_MAX, VAIN_BESIDES, VAIN_PER_OCTET, WAITING_MAX};
pub use record::RECORD_MAX;
pub use tally::Tally;

#[cfg(feature = "tls")]
use self::conversation::{Conversation, Fault, Io};
use self::record::{Look, look};
use self::tally::{Count, Counters};
use crate::flow::{StreamEvent, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// Whether this build can decipher TLS: the feature `tls`.
pub const DECIPHERS: bool = cfg!(feature = "tls");

/// What the connections of a run share: the keys, and what is counted.
#[derive(Debug, Default)]
pub struct Context {
    /// The keys.
    pub keys: Keys,
    counters: Counters,
}

impl Context {
    /// With these keys.
    pub fn new(keys: Keys) -> Self {
        Self { keys, counters: Counters::default() }
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        self.counters.tally()
    }
}

/// Whether a flow of which this event may be the first is TLS, or may be.
#[inline]
pub fn begins(event: &StreamEvent<'_>) -> bool {
    // All records begin with one of five types, and a hello in the form of SSL 2.0 with a long length.
    match event {
        StreamEvent::Data { bytes: bytes @ [20..=24 | 0x80..=0x8f, ..], .. } => look(bytes) != Look::Other,
        _ => false,
    }
}

/// Whether a flow is TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is, or may be.
    Tls,
    /// It is not: what came of it so far was handed over as it is, and what comes is for others.
    Other,
}

/// One flow that is TLS.
#[derive(Debug)]
pub struct Connection(Stage);

#[derive(Debug)]
enum Stage {
    /// Too few octets to tell.
    Start(Start),
    #[cfg(feature = "tls")]
    Open(Box<Conversation>),
    /// Not deciphered, only counted.
    Sealed,
}

/// The first octets of a flow.
#[derive(Debug)]
struct Start {
    octets: Vec<u8>,
    way: Way,
    frame: FrameNo,
    offset: Option<u32>,
    time: Time,
}

impl Default for Connection {
    fn default() -> Self {
        Self::new()
    }
}

impl Connection {
    /// A connection of which nothing was seen yet; its first event is one that it [`begins`] with.
    pub fn new() -> Self {
        let (way, frame, time) = (Way::Forward, FrameNo(0), Time(0));
        Self(Stage::Start(Start { octets: Vec::new(), way, frame, offset: None, time }))
    }

    /// Whether it is known to be TLS.
    pub fn is_certain(&self) -> bool {
        !matches!(self.0, Stage::Start(_))
    }

    /// Whether what it carries now cannot be read.
    pub fn is_sealed(&self) -> bool {
        matches!(self.0, Stage::Sealed)
    }

    /// Takes the next event of a flow that has come to frame `now`; what was deciphered goes to `plain`.
    pub fn push(
        &mut self,
        event: StreamEvent<'_>,
        now: FrameNo,
        context: &Context,
        plain: &mut dyn FnMut(StreamEvent<'_>),
    ) -> Verdict {
        match &mut self.0 {
            Stage::Start(start) => {
                let start = std::mem::replace(start, Start { octets: Vec::new(), ..*start });
                self.start(start, event, now, context, plain)
            }
            _ => {
                self.go_on(event, now, context, plain);
                Verdict::Tls
            }
        }
    }

    fn start(
        &mut self,
        mut start: Start,
        event: StreamEvent<'_>,
        now: FrameNo,
        context: &Context,
        plain: &mut dyn FnMut(StreamEvent<'_>),
    ) -> Verdict {
        let StreamEvent::Data { way, bytes, frame, offset, time } = event else {
            start.tell(plain);
            plain(event);
            return Verdict::Other;
        };
        if start.octets.is_empty() {
            start = Start { octets: Vec::new(), way, frame, offset, time };
        }
        let mut octets = std::mem::take(&mut start.octets);
        let before = octets.len();
        let seen = if before > 0 && way == start.way {
            octets.extend_from_slice(bytes.get(..8).unwrap_or(bytes));
            look(&octets)
        } else {
            look(bytes)
        };
        octets.truncate(before);
        start.octets = octets;
        match seen {
            Look::Perhaps if way == start.way => {
                start.octets.extend_from_slice(bytes);
                self.0 = Stage::Start(start);
                return Verdict::Tls;
            }
            Look::Other | Look::Perhaps => {
                start.tell(plain);
                plain(event);
                return Verdict::Other;
            }
            Look::Hello => {
                #[cfg(feature = "tls")]
                let stage = Stage::Open(Box::new(Conversation::new()));
                #[cfg(not(feature = "tls"))]
                let stage = Stage::Sealed;
                self.0 = stage;
            }
            Look::Records => {
                context.counters.add(Count::Unreadable, 1);
                self.0 = Stage::Sealed;
            }
        }
        context.counters.add(Count::Flows, 1);
        start.tell(&mut |event| self.go_on(event, now, context, plain));
        self.go_on(event, now, context, plain);
        Verdict::Tls
    }

    fn go_on(
        &mut self,
        event: StreamEvent<'_>,
        now: FrameNo,
        context: &Context,
        plain: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        match &mut self.0 {
            #[cfg(feature = "tls")]
            Stage::Open(conversation) => {
                let counters = &context.counters;
                if let Err(fault) = conversation.push(event, &mut Io { keys: &context.keys, counters, now, plain }) {
                    counters.add(if fault == Fault::Keys { Count::WithoutKeys } else { Count::Unreadable }, 1);
                    counters.add(Count::SealedOctets, conversation.received());
                    self.0 = Stage::Sealed;
                }
            }
            _ => {
                let _ = (now, plain);
                if let StreamEvent::Data { bytes, .. } = event {
                    context.counters.add(Count::SealedOctets, bytes.len() as u64);
                }
            }
        }
    }
}

impl Start {
    /// Hands over what was held.
    fn tell(&self, to: &mut dyn FnMut(StreamEvent<'_>)) {
        let Self { octets, way, frame, offset, time } = self;
        if !octets.is_empty() {
            to(StreamEvent::Data { way: *way, bytes: octets, frame: *frame, offset: *offset, time: *time });
        }
    }
}

/// The content of a connection, first of the client and then of the server, from the octets each of them sent and the
/// text of a key log. All that the client sent is taken as captured first.
pub fn content(client: &[u8], server: &[u8], key_log: &[u8]) -> [Vec<u8>; 2] {
    let mut context = Context::default();
    context.keys.add(key_log, FrameNo(0));
    let (frame, time, mut connection) = (FrameNo(1), Time(0), Connection::new());
    let [mut sent, mut answered] = [Vec::new(), Vec::new()];
    let ways = [(Way::Forward, client), (Way::Reverse, server)];
    let data = ways.map(|(way, bytes)| StreamEvent::Data { way, bytes, frame, offset: Some(0), time });
    let ends = ways.map(|(way, _)| StreamEvent::End { way, end: crate::flow::End::Closed, frame, time });
    for event in data.into_iter().chain(ends) {
        connection.push(event, frame, &context, &mut |plain| {
            // What has an offset was no TLS, and is handed over as it is.
            if let StreamEvent::Data { way, bytes, offset: None, .. } = plain {
                if way == Way::Forward { &mut sent } else { &mut answered }.extend_from_slice(bytes);
            }
        });
    }
    [sent, answered]
}
