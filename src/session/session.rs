//! The session: what one client and its server said to each other from login to the end.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::carrier::{Carrier, Direction, Gateway};
use crate::csp::namespace::Version;
use crate::flow::FlowNo;
use crate::syntax::{Encoding, NameId};
use crate::time::{Seconds, Time};

use super::{Agreed, Agreements, Doubt, Event, EventIx, Signal, Spoken, What};

/// How many events back the octets may be missing that a gap tells of.
const NOTICED_WITHIN: usize = 12;

/// The number of a session in a run, from 1 in order of appearance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SessionNo(pub u32);

/// Which client it is: the parts of a `ClientID`, as sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ClientId {
    /// `URL`.
    pub url: Option<String>,
    /// `MSISDN`.
    pub msisdn: Option<String>,
    /// `ApplicationID` (1.3).
    pub application: Option<String>,
}

impl ClientId {
    /// Whether nothing identifies the client.
    pub fn is_empty(&self) -> bool {
        self.url.is_none() && self.msisdn.is_none()
    }
}

/// How a session began, as far as the capture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// With a login whose request and answer were captured.
    Login {
        /// The Login-Request that was granted (the second of a 4-way login).
        request: EventIx,
        /// The Login-Response that granted it.
        answer: EventIx,
        /// Whether the request named an earlier session to resume (1.3).
        resumed: bool,
    },
    /// With a Login-Response that answered something other than a captured Login-Request.
    OutOfBand {
        /// The Login-Response.
        answer: EventIx,
    },
    /// Before the capture.
    MidStream,
}

/// How a session ended, as far as the capture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The client logged out; the event is the Logout-Request, the answer the response when it came.
    Logout {
        /// The Logout-Request.
        request: EventIx,
        /// What answered it.
        answer: Option<EventIx>,
    },
    /// The server sent Disconnect.
    Disconnect {
        /// The Disconnect.
        event: EventIx,
    },
    /// The server refused a request with 600, 601 or 604: it has no such session any more.
    Refused {
        /// The refusal.
        event: EventIx,
    },
    /// The same client logged in anew.
    Replaced {
        /// When the new login was granted.
        time: Time,
    },
}

/// A request and what answered it, paired by session, initiator and transaction identifier; a Polling-Request by its
/// carrier exchange.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The direction of the request.
    pub initiator: Direction,
    /// Name of the request primitive.
    pub name: NameId,
    /// The request.
    pub request: EventIx,
    /// The final answer: for a poll the first event of the carrier answer, which may be empty.
    pub answer: Option<EventIx>,
    /// What stands beside request and answer, which most transactions have nothing of.
    pub(super) aside: Option<Box<Aside>>,
}

/// What stands beside the request and the answer of a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Aside {
    pub(super) interim: Vec<EventIx>,
    pub(super) repeats: Vec<EventIx>,
}

impl Transaction {
    /// Answers with an interim code (1xx).
    pub fn interim(&self) -> &[EventIx] {
        self.aside.as_deref().map_or(&[], |aside| &aside.interim)
    }

    /// The same request sent again: equal identifier and content.
    pub fn repeats(&self) -> &[EventIx] {
        self.aside.as_deref().map_or(&[], |aside| &aside.repeats)
    }
}

/// What one client and its server said to each other. A session that grows past a limit is handed over in chapters.
#[derive(Clone, Debug)]
pub struct Session {
    /// Number in the run.
    pub no: SessionNo,
    /// `SessionID`.
    pub id: Option<String>,
    /// `UserID` of the login, as sent.
    pub user: Option<String>,
    /// `ClientID` of the login.
    pub client: ClientId,
    /// `SessionCookie` of the login.
    pub cookie: Option<String>,
    /// The version its messages speak; the first that said one.
    pub version: Option<Version>,
    /// What its messages are written in; the first one.
    pub encoding: Encoding,
    /// What carries it.
    pub carrier: Carrier,
    /// Socket addresses of client and server in its first flow.
    pub peers: (SocketAddr, SocketAddr),
    /// What gateways said of its client.
    pub gateway: Option<Box<Gateway>>,
    /// How it began.
    pub opening: Opening,
    /// How it ended; `None` when it was not seen ending.
    pub ending: Option<Ending>,
    /// What was said, in capture order.
    pub events: Vec<Event>,
    /// The events that are gaps or not whole, in order.
    pub faults: Vec<EventIx>,
    /// Its transactions by rising request.
    pub transactions: Vec<Transaction>,
    /// What was said about waking its client, in capture order.
    pub signals: Vec<Signal>,
    /// Whether there were more signals than are kept.
    pub signals_left_out: bool,
    /// Exchanges that were over before they had an answer, at most [`BROKEN_KEPT`].
    pub broken: Vec<Broken>,
    /// What was agreed when this chapter began.
    pub agreed: Arc<Agreed>,
    /// Number of this chapter, from 0. In a later chapter what was said before is gone.
    pub chapter: u32,
    /// Whether this is the last chapter.
    pub last: bool,
    /// Until when the capture watched: the capture's own clock when this chapter was closed.
    pub watched_until: Time,
    /// Doubts about the session as a whole.
    pub doubts: Vec<Doubt>,
}

/// Exchanges of a chapter that are known to have been broken off; further ones are not judged.
pub const BROKEN_KEPT: usize = 256;

/// An exchange whose connection ended before its answer came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The flow.
    pub flow: FlowNo,
    /// Number of the exchange in it.
    pub exchange: u32,
    /// When the connection ended.
    pub time: Time,
    /// Who ended it first; `None` where that was not seen, or something may be missing.
    pub by: Option<Direction>,
}

impl Session {
    /// Whom it belongs to: the user, or where no login told, the number by which a gateway names the subscriber.
    pub fn named(&self) -> Option<&str> {
        self.user.as_deref().or_else(|| self.gateway.as_ref()?.msisdn.as_deref())
    }

    /// The event at a place; events are only ever named by places in this chapter.
    pub fn event(&self, ix: EventIx) -> Option<&Event> {
        self.events.get(ix.0 as usize)
    }

    /// All events with their places.
    pub fn indexed(&self) -> impl DoubleEndedIterator<Item = (EventIx, &Event)> + ExactSizeIterator {
        self.events.iter().enumerate().map(|(i, e)| (EventIx(i as u32), e))
    }

    /// The events after a place.
    pub fn after(&self, ix: EventIx) -> impl Iterator<Item = (EventIx, &Event)> {
        // Skipped before they are numbered, so that getting there costs nothing.
        let first = ix.0 + 1;
        self.events.iter().skip(first as usize).zip(first..).map(|(e, i)| (EventIx(i), e))
    }

    /// The transactions with this request primitive.
    pub fn transactions_named(&self, name: NameId) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter().filter(move |t| t.name == name)
    }

    /// The request of a transaction.
    pub fn request<'s>(&'s self, transaction: &Transaction) -> Option<&'s Event> {
        self.event(transaction.request)
    }

    /// The final answer to a transaction.
    pub fn answer<'s>(&'s self, transaction: &Transaction) -> Option<&'s Event> {
        transaction.answer.and_then(|ix| self.event(ix))
    }

    /// The result code of the final answer; an answer without one, other than an empty or unreadable one, counts as
    /// 200.
    pub fn outcome(&self, transaction: &Transaction) -> Option<u16> {
        let answer: &Spoken = self.answer(transaction)?.spoken()?;
        Some(answer.code.unwrap_or(200))
    }

    /// Whether the whole session from its opening is in this chapter without a gap.
    ///
    /// # Errors
    /// The [`Doubt`] that stands against it.
    pub fn complete(&self) -> Result<(), Doubt> {
        self.opened().and_then(|()| self.intact(Time(i64::MIN), Time(i64::MAX)))
    }

    /// Whether its opening is in this chapter and nothing stands against the session as a whole.
    ///
    /// # Errors
    /// The [`Doubt`] that stands against it.
    pub fn opened(&self) -> Result<(), Doubt> {
        if self.chapter > 0 {
            return Err(Doubt::Limit);
        }
        if self.opening == Opening::MidStream {
            return Err(Doubt::BeganMidStream);
        }
        self.doubts.first().map_or(Ok(()), |doubt| Err(*doubt))
    }

    /// Whether nothing is missing in this chapter between two moments, both included.
    ///
    /// # Errors
    /// The [`Doubt`] that stands against it.
    pub fn intact(&self, from: Time, until: Time) -> Result<(), Doubt> {
        for (ix, event) in self.faults.iter().filter_map(|ix| Some((*ix, self.event(*ix)?))) {
            let (start, doubt) = match event.what {
                What::Gap { loss } => (self.missing_since(ix), Some(loss.into())),
                _ => (event.start, Doubt::of(event.whole)),
            };
            if let Some(doubt) = doubt.filter(|_| event.end >= from && start <= until) {
                return Err(doubt);
            }
        }
        Ok(())
    }

    /// The moment from which octets of a gap may be missing: it is noticed a while after they should have come, and told
    /// later still where its flow went silent or datagrams may still have come late; but they come behind all that was
    /// heard before in the same direction of the flow.
    fn missing_since(&self, ix: EventIx) -> Time {
        let Some(gap) = self.event(ix) else { return Time(i64::MIN) };
        let before = || self.events.iter().take(ix.0 as usize).rev();
        let told_late = before().take_while(|e| e.start > gap.end).count();
        let reach = told_late.saturating_add(NOTICED_WITHIN);
        let behind = before().skip(told_late).take(NOTICED_WITHIN);
        let mut alike = behind.filter(|e| (e.flow, e.direction) == (gap.flow, gap.direction));
        let heard = alike.find(|e| !matches!(e.what, What::Gap { .. })).map(|e| e.end);
        let first = || self.events.get((ix.0 as usize).saturating_sub(reach)).map(|e| e.start);
        heard.or_else(first).unwrap_or(Time(i64::MIN))
    }

    /// Whether the capture watched, without loss, from an event until `wait` after it. A session that ended before
    /// counts as watched.
    ///
    /// # Errors
    /// The [`Doubt`] that stands against it.
    pub fn watched(&self, from: EventIx, wait: Seconds) -> Result<(), Doubt> {
        let Some(event) = self.event(from) else { return Err(Doubt::Limit) };
        let until = Time(event.end.0.saturating_add((wait.0 * 1e9) as i64));
        self.watched_to(until).and_then(|()| self.intact(event.start, until))
    }

    /// Whether the capture went on until a moment, in which the session is still in this chapter.
    ///
    /// # Errors
    /// The [`Doubt`] that stands against it.
    pub fn watched_to(&self, until: Time) -> Result<(), Doubt> {
        if until > self.watched_until {
            return Err(Doubt::OpenAtEnd);
        }
        if !self.last && self.events.last().is_some_and(|e| e.end < until) {
            return Err(Doubt::Limit);
        }
        Ok(())
    }

    /// What was agreed when the event at `ix` was sent: the chapter's start and every negotiation answered since.
    pub fn agreed_at(&self, ix: EventIx) -> Agreed {
        let mut agreed = Agreed::clone(&self.agreed);
        for transaction in self.transactions.iter().filter(|t| t.answer.is_some_and(|a| a < ix)) {
            agreed.apply(self, transaction);
        }
        agreed
    }

    /// What was agreed at one event after the other, for rules that ask about many.
    pub fn agreements(&self) -> Agreements<'_> {
        Agreements::new(self)
    }

    /// What is agreed at the end of this chapter.
    pub fn agreed_at_end(&self) -> Agreed {
        self.agreed_at(EventIx(u32::MAX))
    }

    /// The wake-ups between two moments, both included.
    pub fn wake_ups(&self, from: Time, until: Time) -> impl Iterator<Item = &Signal> {
        self.signals.iter().filter(move |s| s.is_wake_up() && s.time >= from && s.time <= until)
    }

    /// The event that ended the session: the answer to the logout, the Disconnect, the refusal.
    pub fn ending_event(&self) -> Option<EventIx> {
        match self.ending? {
            Ending::Logout { request, answer } => Some(answer.unwrap_or(request)),
            Ending::Disconnect { event } | Ending::Refused { event } => Some(event),
            Ending::Replaced { .. } => None,
        }
    }

    /// When the first event of the chapter began.
    pub fn started(&self) -> Option<Time> {
        self.events.first().map(|e| e.start)
    }

    /// Requests that the client made in this chapter, polls included, repeats not.
    pub fn client_requests(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter().filter(|t| t.initiator == Direction::ClientToServer)
    }

    /// The last client event before a place, gaps and empty answers aside.
    pub fn previous_from_client(&self, ix: EventIx) -> Option<(EventIx, &Event)> {
        self.indexed()
            .take(ix.0 as usize)
            .rev()
            .find(|(_, e)| e.direction == Direction::ClientToServer && e.spoken().is_some())
    }
}
