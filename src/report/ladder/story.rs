//! The story of a session: what is remembered of it to draw it, when it has been closed and judged.

use crate::carrier::{Carrier, Direction};
use crate::csp::namespace::Version;
use crate::session::{self, Event, Session, SessionNo, Signal};
use crate::syntax::{Encoding, Node};
use crate::time::Time;
use crate::wire::FrameNo;

/// Rows of a session that are remembered; further ones are counted.
pub const ROWS_KEPT: usize = 20_000;

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Something said.
    Said,
    /// Something said about waking the client.
    Signal,
    /// An answer that was not captured.
    Missing,
    /// Octets are missing in the capture.
    Gap,
}

/// Something said, or missing.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What it is.
    pub what: What,
    /// Who to whom.
    pub direction: Direction,
    /// When its first octet was captured; of what is missing, the request's.
    pub time: Time,
    /// The frame it begins in; `None` for what is missing.
    pub frame: Option<FrameNo>,
    /// Octets on the wire.
    pub octets: u32,
    /// Name of the primitive, or of what else it is, as on the wire.
    pub title: String,
    /// Transaction identifier.
    pub id: Option<String>,
    /// What tells most of it: `200`, `Poll=T`.
    pub facts: Vec<String>,
}

impl Row {
    /// What it says: `Status 3 200 Poll=T`.
    pub fn told(&self) -> String {
        let parts = std::iter::once(self.title.as_str()).chain(self.facts.iter().map(String::as_str));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// Whether it says the same as another one, identifiers aside.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        (self.what, self.direction, &self.title, &self.facts)
            == (other.what, other.direction, &other.title, &other.facts)
    }
}

/// What is remembered of a session.
#[derive(Clone, Debug)]
pub struct Story {
    /// Number of the session in the run.
    pub no: SessionNo,
    /// `SessionID`.
    pub id: Option<String>,
    /// Whom it belongs to.
    pub user: Option<String>,
    /// CSP version.
    pub version: Option<Version>,
    /// What carried it.
    pub carrier: Carrier,
    /// What it is written in.
    pub encoding: Encoding,
    /// What was said and what is missing, in order.
    pub rows: Vec<Row>,
    /// Rows beyond [`ROWS_KEPT`].
    pub left_out: u64,
}

impl Story {
    /// What is remembered of a session, or of a chapter of it.
    pub fn of(session: &Session) -> Self {
        let mut rows: Vec<Row> = Vec::with_capacity(session.events.len() + session.signals.len());
        let mut signals = session.signals.iter().peekable();
        let mut asked = session.transactions.iter().filter(|t| t.answer.is_none()).peekable();
        for (ix, event) in session.indexed() {
            rows.extend(std::iter::from_fn(|| signals.next_if(|signal| signal.before <= ix)).map(of_signal));
            rows.push(of_event(event));
            while let Some(transaction) = asked.next_if(|t| t.request <= ix) {
                // What asks for nothing, or was the last that the capture holds, lacks nothing.
                if transaction.request == ix && is_owed(session, event) {
                    rows.push(missing(event));
                }
            }
        }
        rows.extend(signals.map(of_signal));
        let mut story = Self {
            no: session.no,
            id: session.id.clone(),
            user: session.named().map(str::to_owned),
            version: session.version,
            carrier: session.carrier,
            encoding: session.encoding,
            rows,
            left_out: 0,
        };
        story.limit();
        story
    }

    /// Adds what a further chapter of the same session holds.
    pub fn go_on(&mut self, chapter: Self) {
        self.rows.extend(chapter.rows);
        self.left_out += chapter.left_out;
        self.limit();
    }

    fn limit(&mut self) {
        self.left_out += self.rows.len().saturating_sub(ROWS_KEPT) as u64;
        self.rows.truncate(ROWS_KEPT);
    }
}

/// Whether an answer to this request is missing: something was heard of the session afterwards.
fn is_owed(session: &Session, request: &Event) -> bool {
    session.events.last().is_some_and(|last| last.start > request.end)
        && request.spoken().is_some_and(|spoken| spoken.id.is_some())
}

fn missing(request: &Event) -> Row {
    Row {
        what: What::Missing,
        direction: request.direction.opposite(),
        time: request.start,
        frame: None,
        octets: 0,
        title: "no answer seen".to_owned(),
        id: request.spoken().and_then(|spoken| spoken.id.as_deref()).map(str::to_owned),
        facts: Vec::new(),
    }
}

fn of_event(event: &Event) -> Row {
    let (what, title) = match &event.what {
        session::What::Spoken(spoken) => {
            (What::Said, spoken.primitive().map_or("message without primitive", Node::spelling))
        }
        session::What::Empty { .. } => (What::Said, "empty answer"),
        session::What::Unread { .. } => (What::Said, "payload that is no CSP message"),
        session::What::Gap { .. } => (What::Gap, "missing octets"),
    };
    let mut facts = Vec::new();
    if let Some(spoken) = event.spoken() {
        facts.extend(spoken.code.map(|code| code.to_string()));
        facts.extend(spoken.poll.map(|poll| if poll { "Poll=T" } else { "Poll=F" }.to_owned()));
        facts.extend(spoken.payload.map(|(_, octets)| format!("{octets} octets")));
    }
    if let session::What::Empty { status: Some(status) } | session::What::Unread { status: Some(status) } = event.what {
        facts.extend((status != 200).then(|| format!("HTTP {status}")));
    }
    Row {
        what,
        direction: event.direction,
        time: event.start,
        frame: Some(event.frames.first),
        octets: event.octets,
        title: title.to_owned(),
        id: event.spoken().and_then(|spoken| spoken.id.as_deref()).map(str::to_owned),
        facts,
    }
}

fn of_signal(signal: &Signal) -> Row {
    let kind = signal.kind.map_or("end of the connection", |kind| kind.name());
    Row {
        what: What::Signal,
        direction: signal.direction(),
        time: signal.time,
        frame: Some(signal.frames.first),
        octets: 0,
        title: format!("{kind} over {}", signal.bearer.name()),
        id: None,
        facts: Vec::new(),
    }
}
