//! The tracker: files what was heard, in capture order, into sessions and subscribers.
//!
//! It is the sequential heart of a run, so it decides nothing about what was said. Its output depends on the order of
//! what it is given and on nothing else: not on windows, not on threads, not on the clock of the machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use crate::carrier::{Direction, Wholeness};
use crate::csp::message::Mode;
use crate::flow::{End, FlowNo, Loss};
use crate::syntax::NameId;
use crate::time::Time;

use super::live::Live;
use super::log::Chapter;
use super::logins::Logins;
use super::{ClientId, Doubt, Event, Heard, Session, SessionNo, Subscriber, Use, What};

/// How much a tracker holds at most. What is let go is handed over first, and counted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions held at once; beyond it the one idle longest is closed.
    pub sessions: usize,
    /// Events of a session before its chapter is closed.
    pub events: usize,
    /// Octets of a session's packed events before its chapter is closed.
    pub octets: usize,
    /// Subscribers held; logins of further ones are not grouped.
    pub subscribers: usize,
    /// Unanswered exchanges held of a flow; beyond it the oldest is given up.
    pub exchanges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: 100_000, events: 4_000, octets: 512 << 10, subscribers: 100_000, exchanges: 1024 }
    }
}

/// How long an ended session is kept, so that what is still said in it is filed with it: 120 s.
const LINGER: i64 = 120_000_000_000;
/// How long a session of unknown keep-alive time may be silent before it is closed: 7200 s.
const SILENCE: i64 = 7_200_000_000_000;

/// What was counted on the way.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Carried request and answer pairs of which at least one side is IMPS; an unanswered request counts as one.
    pub exchanges: u64,
    /// Decoded `WV-CSP-Message` documents.
    pub messages: u64,
    /// Sessions seen.
    pub sessions: u64,
    /// Users seen logging in.
    pub subscribers: u64,
    /// Requests seen, by primitive.
    pub transactions: BTreeMap<NameId, u64>,
    /// Exchanges that were whole, so that rules could speak about them.
    pub judged: u64,
    /// Exchanges that were not, by reason.
    pub not_judged: BTreeMap<Doubt, u64>,
    /// Sessions closed early because too many were open.
    pub evicted: u64,
}

impl Tally {
    /// Adds what another input counted.
    pub fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.messages += other.messages;
        self.sessions += other.sessions;
        self.subscribers += other.subscribers;
        self.judged += other.judged;
        self.evicted += other.evicted;
        for (name, count) in other.transactions {
            *self.transactions.entry(name).or_default() += count;
        }
        for (doubt, count) in other.not_judged {
            *self.not_judged.entry(doubt).or_default() += count;
        }
    }

    fn settle(&mut self, doubt: Option<Doubt>) {
        match doubt {
            None => self.judged += 1,
            Some(doubt) => *self.not_judged.entry(doubt).or_default() += 1,
        }
    }
}

/// A carrier exchange whose answer has not come yet.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    session: Option<SessionNo>,
    doubt: Option<Doubt>,
}

/// What is known of a flow that carries IMPS.
#[derive(Debug, Default)]
struct FlowState {
    exchanges: BTreeMap<u32, Exchange>,
    sessions: BTreeSet<SessionNo>,
    gaps: Vec<Event>,
    lossy: Option<Doubt>,
}

/// How many gaps of a flow are remembered for sessions that come to use it later.
const GAPS_REMEMBERED: usize = 8;

/// To whom something heard belongs.
#[derive(Clone, Debug, Default)]
pub struct Owner<'t> {
    /// The session.
    pub session: Option<SessionNo>,
    /// Its `SessionID`.
    pub id: Option<&'t str>,
    /// The user logged in.
    pub user: Option<&'t str>,
}

/// Files what was heard into sessions and subscribers.
#[derive(Debug, Default)]
pub struct Tracker {
    limits: Limits,
    clock: Time,
    tally: Tally,
    next: u32,
    live: HashMap<SessionNo, Box<Live>>,
    /// Sessions by `SessionID`, the latest last.
    by_id: HashMap<Box<str>, Vec<SessionNo>>,
    /// Sessions by user, in lower case, and client.
    by_client: HashMap<(String, ClientId), Vec<SessionNo>>,
    deadlines: BinaryHeap<Reverse<(Time, SessionNo)>>,
    flows: HashMap<FlowNo, FlowState>,
    logins: Logins,
}

impl Tracker {
    /// A tracker that holds at most what `limits` say.
    pub fn new(limits: Limits) -> Self {
        Self { limits, logins: Logins::new(limits.subscribers), ..Self::default() }
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        let subscribers = self.tally.subscribers.max(self.logins.subscribers() as u64);
        Tally { subscribers, ..self.tally.clone() }
    }

    /// Files something heard. Sessions that are over by then are appended to `closed`. Returns to whom it belongs.
    pub fn hear(&mut self, heard: Heard, closed: &mut Vec<Chapter>) -> Owner<'_> {
        self.advance(heard.events.iter().map(|e| e.end).max().unwrap_or(self.clock), closed);
        self.count(&heard);
        let carried_in = self.carry(&heard);
        let session = if heard.proof.is_some() && heard.direction == Direction::ClientToServer {
            self.logins.ask(heard);
            None
        } else if self.logins.answered_by(&heard) {
            self.answer_login(heard, closed)
        } else {
            self.file(heard, carried_in, closed)
        };
        self.owner(session)
    }

    /// Files that octets are missing in a flow.
    pub fn miss(&mut self, flow: FlowNo, direction: Direction, loss: Loss, event_at: (Time, crate::wire::FrameNo)) {
        let (time, frame) = event_at;
        let gap = Event {
            what: What::Gap { loss },
            direction,
            flow,
            exchange: 0,
            start: time,
            end: time,
            frames: crate::wire::FrameRange { first: frame, last: frame },
            octets: 0,
            body_octets: 0,
            whole: Wholeness::Complete,
            opens_flow: false,
            closes_flow: false,
        };
        let state = self.flows.entry(flow).or_default();
        state.lossy.get_or_insert(loss.into());
        for no in &state.sessions {
            if let Some(live) = self.live.get_mut(no) {
                live.push(gap.clone());
            }
        }
        if state.gaps.len() < GAPS_REMEMBERED {
            state.gaps.push(gap);
        }
    }

    /// Files that a flow is over: exchanges still open in it stay unanswered.
    pub fn end_flow(&mut self, flow: FlowNo, end: End) {
        let Some(state) = self.flows.remove(&flow) else { return };
        for exchange in state.exchanges.into_values() {
            let open = (end == End::Open).then_some(Doubt::OpenAtEnd);
            self.tally.settle(exchange.doubt.or(state.lossy).or(open));
        }
    }

    /// Closes everything: the capture is over. Sessions are appended to `closed` by rising number.
    pub fn finish(&mut self, closed: &mut Vec<Chapter>) -> (Vec<Subscriber>, Vec<Use>) {
        let mut flows: Vec<FlowNo> = self.flows.keys().copied().collect();
        flows.sort_unstable();
        for flow in flows {
            self.end_flow(flow, End::Open);
        }
        let mut open: Vec<SessionNo> = self.live.keys().copied().collect();
        open.sort_unstable();
        for no in open {
            self.close(no, None, closed);
        }
        self.tally.subscribers = self.logins.subscribers() as u64;
        std::mem::take(&mut self.logins).finish()
    }

    /// Moves the clock on and closes the sessions whose time has come.
    fn advance(&mut self, now: Time, closed: &mut Vec<Chapter>) {
        self.clock = self.clock.max(now);
        while let Some(Reverse((deadline, no))) = self.deadlines.peek().copied() {
            if deadline > self.clock {
                break;
            }
            self.deadlines.pop();
            let Some(live) = self.live.get(&no) else { continue };
            let due = live.deadline(LINGER, SILENCE);
            if due <= self.clock {
                self.close(no, None, closed);
            } else {
                self.deadlines.push(Reverse((due, no)));
            }
        }
    }

    fn count(&mut self, heard: &Heard) {
        if heard.kind == Some(crate::csp::message::Kind::Csp) {
            self.tally.messages += 1;
        }
        for spoken in heard.events.iter().filter_map(Event::spoken) {
            if spoken.mode == Some(Mode::Request) {
                *self.tally.transactions.entry(spoken.name).or_default() += 1;
            }
        }
    }

    /// Keeps the account of carrier exchanges; returns the session that the request of an answer belongs to.
    fn carry(&mut self, heard: &Heard) -> Option<SessionNo> {
        let doubt = heard.events.iter().find_map(|e| Doubt::of(e.whole));
        let state = self.flows.entry(heard.flow.no).or_default();
        if heard.direction == Direction::ClientToServer {
            self.tally.exchanges += 1;
            if state.exchanges.len() >= self.limits.exchanges
                && let Some((_, given_up)) = state.exchanges.pop_first()
            {
                self.tally.settle(given_up.doubt.or(Some(Doubt::Limit)));
            }
            state.exchanges.insert(heard.exchange, Exchange { session: None, doubt });
            if state.exchanges.len() > self.limits.exchanges
                && let Some((_, oldest)) = state.exchanges.pop_first()
            {
                self.tally.settle(oldest.doubt.or(state.lossy).or(Some(Doubt::Limit)));
            }
            return None;
        }
        match state.exchanges.remove(&heard.exchange) {
            Some(exchange) => {
                self.tally.settle(exchange.doubt.or(doubt));
                exchange.session
            }
            None => {
                self.tally.exchanges += 1;
                let lost = if heard.flow.opening_seen { Doubt::MissingPackets } else { Doubt::BeganMidStream };
                self.tally.settle(Some(state.lossy.unwrap_or(lost)));
                None
            }
        }
    }

    /// A login answer: joins the request it answers, and opens a session when it grants one.
    fn answer_login(&mut self, heard: Heard, closed: &mut Vec<Chapter>) -> Option<SessionNo> {
        let no = SessionNo(self.next + 1);
        let flow = heard.flow.no;
        let time = self.clock;
        let grant = self.logins.answer(heard, no)?;
        self.next += 1;
        self.tally.sessions += 1;
        let live = Live::open(no, grant);
        let (id, client) = (live.session().id.clone(), client_key(live.session()));
        for old in client.iter().flat_map(|key| self.by_client.get(key)).flatten() {
            if let Some(live) = self.live.get_mut(old) {
                live.replace(time);
            }
        }
        // A server that hands out an identifier again means a new session by it.
        let same: Vec<SessionNo> = id.and_then(|id| self.by_id.get(&*id)).cloned().unwrap_or_default();
        for old in same {
            if !self.shares_server(old, live.session()) {
                continue;
            }
            if let Some(live) = self.live.get_mut(&old) {
                live.replace(time);
            }
            self.close(old, None, closed);
        }
        self.admit(live, closed);
        self.join_flow(flow, no);
        Some(no)
    }

    fn shares_server(&self, no: SessionNo, session: &Session) -> bool {
        self.live.get(&no).is_some_and(|live| live.session().peers.1.ip() == session.peers.1.ip())
    }

    fn file(&mut self, heard: Heard, carried_in: Option<SessionNo>, closed: &mut Vec<Chapter>) -> Option<SessionNo> {
        let known = match heard.session_id.as_deref() {
            Some(id) => self.find(id, heard.flow.acceptor.ip()),
            None => carried_in.filter(|no| self.live.contains_key(no)),
        };
        let no = match (known, heard.session_id.as_deref()) {
            (Some(no), _) => no,
            (None, Some(_)) => {
                self.next += 1;
                self.tally.sessions += 1;
                let no = SessionNo(self.next);
                self.admit(Live::mid_stream(no, &heard), closed);
                no
            }
            (None, None) => return None,
        };
        if heard.direction == Direction::ClientToServer
            && let Some(exchange) =
                self.flows.get_mut(&heard.flow.no).and_then(|s| s.exchanges.get_mut(&heard.exchange))
        {
            exchange.session = Some(no);
        }
        self.join_flow(heard.flow.no, no);
        let Some(live) = self.live.get_mut(&no) else { return Some(no) };
        for event in heard.events {
            live.push(event);
        }
        if live.log().events() as usize >= self.limits.events || live.log().len() >= self.limits.octets {
            let clock = self.clock;
            closed.push(live.end_chapter(clock));
        }
        Some(no)
    }

    /// The session with this identifier: the one with that server, else the latest.
    fn find(&self, id: &str, server: std::net::IpAddr) -> Option<SessionNo> {
        let candidates = self.by_id.get(id)?;
        let with_server = |no: &&SessionNo| self.live.get(no).is_some_and(|live| live.session().peers.1.ip() == server);
        candidates.iter().rev().find(with_server).or(candidates.last()).copied()
    }

    fn admit(&mut self, live: Live, closed: &mut Vec<Chapter>) {
        while self.live.len() >= self.limits.sessions {
            let Some(Reverse((_, no))) = self.deadlines.pop() else { break };
            if self.live.contains_key(&no) {
                self.tally.evicted += 1;
                self.close(no, Some(Doubt::Limit), closed);
            }
        }
        let session = live.session();
        if let Some(id) = session.id.as_deref() {
            self.by_id.entry(id.into()).or_default().push(session.no);
        }
        if let Some(key) = client_key(session) {
            self.by_client.entry(key).or_default().push(session.no);
        }
        self.deadlines.push(Reverse((live.deadline(LINGER, SILENCE), session.no)));
        self.live.insert(session.no, Box::new(live));
    }

    /// A session uses a flow: gaps of the flow before this may have held something of it.
    fn join_flow(&mut self, flow: FlowNo, no: SessionNo) {
        let state = self.flows.entry(flow).or_default();
        if !state.sessions.insert(no) {
            return;
        }
        if let Some(live) = self.live.get_mut(&no) {
            for gap in &state.gaps {
                live.push(gap.clone());
            }
        }
    }

    fn close(&mut self, no: SessionNo, doubt: Option<Doubt>, closed: &mut Vec<Chapter>) {
        let Some(live) = self.live.remove(&no) else { return };
        if let Some(id) = live.session().id.as_deref() {
            forget(&mut self.by_id, id, no);
        }
        if let Some(key) = client_key(live.session()) {
            forget(&mut self.by_client, &key, no);
        }
        self.logins.close(&live);
        closed.push(live.end(self.clock, doubt));
    }

    fn owner(&self, session: Option<SessionNo>) -> Owner<'_> {
        let Some(live) = session.and_then(|no| self.live.get(&no)) else { return Owner::default() };
        Owner { session, id: live.session().id.as_deref(), user: live.session().user.as_deref() }
    }
}

/// What tells the sessions of one client of one user; `None` where the login told neither.
fn client_key(session: &Session) -> Option<(String, ClientId)> {
    let user = session.user.as_deref()?.to_lowercase();
    (!session.client.is_empty()).then(|| (user, session.client.clone()))
}

/// Takes a session out of an index.
fn forget<K, Q>(index: &mut HashMap<K, Vec<SessionNo>>, key: &Q, no: SessionNo)
where
    K: std::hash::Hash + Eq + std::borrow::Borrow<Q>,
    Q: std::hash::Hash + Eq + ?Sized,
{
    if let Some(same) = index.get_mut(key) {
        same.retain(|other| *other != no);
        if same.is_empty() {
            index.remove(key);
        }
    }
}
