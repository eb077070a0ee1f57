//! The tracker: files what was heard, in capture order, into sessions and subscribers.
//!
//! It is the sequential heart of a run, so it decides nothing about what was said. Its output depends on the order of
//! what it is given and on nothing else: not on windows, not on threads, not on the clock of the machine.

mod channels;
mod flows;
mod legs;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::name;
use crate::flow::{End, FlowNo};
use crate::syntax::NameId;
use crate::time::Time;

use super::calls::Addressees;
use super::keyed::Keyed;
use super::live::{Live, Patience};
use super::log::Chapter;
use super::logins::{Account, Logins};
use super::{Broken, ClientId, Doubt, Event, Heard, Id, Session, SessionNo, Signal, Use, What};

pub use channels::CHANNELS_KNOWN;
pub use legs::{LEGS_REMEMBERED, RELAYED_WITHIN};

use flows::{Exchange, FlowState, Route, Users};
use legs::Legs;

/// How much a tracker holds at most. What is let go is handed over first, and counted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions held at once; beyond it the one idle longest is closed.
    pub sessions: usize,
    /// Events of a session before its chapter is closed.
    pub events: usize,
    /// Octets of a session's packed events before its chapter is closed.
    pub octets: usize,
    /// Octets of all packed events while few sessions are open; each session takes 3 KiB from it, down to 3 MiB. Beyond
    /// it the chapters of the longest logs are closed, down to 7/8.
    pub octets_in_all: usize,
    /// Subscribers held; beyond it those longest silent are handed over.
    pub subscribers: usize,
    /// Unanswered exchanges held of a flow; beyond it the oldest is given up.
    pub exchanges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 100_000,
            events: 4_000,
            octets: 512 << 10,
            octets_in_all: 32 << 20,
            subscribers: 12_288,
            exchanges: 1024,
        }
    }
}

/// Octets that a session takes besides its packed events, of those that all may hold.
const ROOM_OF_ONE: usize = 3 << 10;
/// Octets of packed events that are held however many sessions are open.
const ROOM_LEFT: usize = 3 << 20;
/// How long an ended session is kept, so that what is still said in it is filed with it: 120 s.
const LINGER: i64 = 120_000_000_000;
/// The same while there are more than [`CROWD`] sessions: 10 s.
const LINGER_IN_CROWD: i64 = 10_000_000_000;
/// How long any session may be silent while there is a crowd: 180 s.
const SILENCE_IN_CROWD: i64 = 180_000_000_000;
/// How many sessions are closed at once when the capture is over.
const CLOSED_AT_ONCE: usize = 512;
/// A step of the clock that a second message has to confirm: an hour.
const LEAP: i64 = 3_600_000_000_000;
/// How many sessions are a crowd.
const CROWD: usize = 4_096;
/// How long a session of unknown keep-alive time may be silent before it is closed: 7200 s.
const SILENCE: i64 = 7_200_000_000_000;

/// What is over, in the order in which it was.
#[derive(Debug, Default)]
pub struct Closed {
    /// Sessions, or chapters of them.
    pub sessions: Vec<Chapter>,
    /// Subscribers, or chapters of them.
    pub subscribers: Vec<Account>,
    /// For each client identity how it was used while sessions of it overlapped.
    pub identities: Vec<Vec<Use>>,
}

/// What was counted on the way.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Carried request and answer pairs of which at least one side is IMPS; an unanswered request counts as one.
    pub exchanges: u64,
    /// Decoded `WV-CSP-Message` documents.
    pub messages: u64,
    /// Sessions seen.
    pub sessions: u64,
    /// Sessions whose beginning is not in the capture.
    pub begun_before: u64,
    /// Connections that carry IMPS and whose beginning is not in the capture.
    pub joined_late: u64,
    /// Users seen logging in; of very many, one who comes back after a long silence counts anew.
    pub subscribers: u64,
    /// Requests seen, by primitive.
    pub transactions: BTreeMap<NameId, u64>,
    /// Exchanges that were whole, so that rules could speak about them.
    pub judged: u64,
    /// Exchanges that were not, by reason.
    pub not_judged: BTreeMap<Doubt, u64>,
    /// Sessions closed early because too many were open.
    pub evicted: u64,
    /// Chapters closed early because all sessions together held too much.
    pub cut_short: u64,
    /// Exchanges heard once more on the other side of a gateway; they count nowhere else.
    pub relayed: u64,
    /// CIR items: what was said about waking clients.
    pub signals: u64,
}

impl Tally {
    /// Adds what another input counted.
    pub fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.messages += other.messages;
        self.sessions += other.sessions;
        self.subscribers += other.subscribers;
        self.judged += other.judged;
        self.begun_before += other.begun_before;
        self.joined_late += other.joined_late;
        self.evicted += other.evicted;
        self.cut_short += other.cut_short;
        self.relayed += other.relayed;
        self.signals += other.signals;
        for (name, count) in other.transactions {
            *self.transactions.entry(name).or_default() += count;
        }
        for (doubt, count) in other.not_judged {
            *self.not_judged.entry(doubt).or_default() += count;
        }
    }

    /// Whether anything of IMPS was recognised: an exchange, or something said about waking a client.
    pub fn has_imps(&self) -> bool {
        self.exchanges + self.signals > 0
    }

    /// The share of exchanges that were whole enough to judge, in percent; 0 where there were none.
    pub fn coverage(&self) -> f64 {
        if self.exchanges == 0 { 0.0 } else { self.judged as f64 * 100.0 / self.exchanges as f64 }
    }

    fn settle(&mut self, doubt: Option<Doubt>) {
        match doubt {
            None => self.judged += 1,
            Some(doubt) => *self.not_judged.entry(doubt).or_default() += 1,
        }
    }
}

/// To whom something heard belongs.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// The session.
    pub session: Option<SessionNo>,
    /// Its `SessionID`.
    pub id: Option<String>,
    /// The user logged in, or whom a gateway names.
    pub user: Option<String>,
    /// Address of the client, as a gateway tells it.
    pub forwarded: Option<String>,
    /// Whether it was heard before, on another side of a gateway, and is not filed.
    pub relayed: bool,
}

/// Files what was heard into sessions and subscribers.
#[derive(Debug, Default)]
pub struct Tracker {
    limits: Limits,
    clock: Time,
    tally: Tally,
    next: u32,
    live: Keyed<SessionNo, Box<Live>>,
    /// Sessions by `SessionID`, the latest last.
    by_id: Keyed<Id, Vec<SessionNo>>,
    /// Sessions by user, in lower case, and client.
    by_client: Keyed<(String, ClientId), Vec<SessionNo>>,
    deadlines: BinaryHeap<Reverse<(Time, SessionNo)>>,
    /// Where a leap of the clock leads that nothing has confirmed.
    leapt_to: Option<Time>,
    /// Octets of packed events filed since they were last added up.
    filed: usize,
    flows: Keyed<FlowNo, FlowState>,
    routes: Keyed<Route, Users>,
    /// The addresses of the server in them, by client and server host.
    servers: Keyed<(IpAddr, IpAddr), Vec<SocketAddr>>,
    /// How many of them before those whose sessions are over are taken out.
    routes_kept: usize,
    legs: Legs,
    /// Relayed answers whose originals have not come, by session.
    stand_ins: Keyed<SessionNo, Vec<Heard>>,
    logins: Logins,
    /// The sessions that wake-ups are for.
    addressees: Addressees<SessionNo>,
    /// CIR channels over TCP: whose they are, and the last that was said in them.
    channels: Keyed<FlowNo, (SessionNo, Signal)>,
    /// The sessions whose channels go from a client to an address: the latest.
    channel_routes: std::collections::HashMap<(std::net::IpAddr, std::net::SocketAddr), SessionNo>,
}

impl Tracker {
    /// A tracker that holds at most what `limits` say.
    pub fn new(limits: Limits) -> Self {
        Self { limits, logins: Logins::new(limits.subscribers), ..Self::default() }
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        Tally { subscribers: self.logins.subscribers(), ..self.tally.clone() }
    }

    /// Files something heard. Sessions that are over by then are appended to `closed`. Returns to whom it belongs, as far
    /// as no session tells; see [`Tracker::introduce`].
    pub fn hear(&mut self, heard: Heard, closed: &mut Closed) -> Owner {
        self.advance(heard.events.iter().map(|e| e.end).max().unwrap_or(self.clock), closed);
        let Some(heard) = self.relay(heard) else { return Owner { relayed: true, ..Owner::default() } };
        self.count(&heard);
        let asked = self.is_asked(&heard);
        let (carried_in, mut owner) = self.carry(&heard);
        let session = if heard.proof.is_some() && heard.direction == Direction::ClientToServer {
            self.logins.ask(heard, closed);
            None
        } else if self.logins.answered_by(&heard) {
            self.answer_login(heard, asked, closed)
        } else {
            self.file(heard, carried_in, closed)
        };
        owner.session = session.filter(|no| self.live.contains_key(no));
        owner
    }

    /// Says of the owner of what was heard last who that is, where something has to be told to somebody.
    pub fn introduce(&self, owner: &mut Owner) {
        if let Some(live) = owner.session.and_then(|no| self.live.get(&no)) {
            let (user, gateway) = (live.session().named(), live.session().gateway.as_ref());
            owner.user = user.map(str::to_owned).or(owner.user.take());
            owner.forwarded = gateway.and_then(|g| g.client.as_deref()).map(str::to_owned).or(owner.forwarded.take());
            owner.id.clone_from(&live.session().id);
        }
    }

    /// Closes what is open, some sessions at a time by rising number, then the rest: the capture is over. Returns whether
    /// there is more.
    pub fn finish(&mut self, closed: &mut Closed) -> bool {
        let mut flows: Vec<FlowNo> = self.flows.keys().copied().collect();
        flows.sort_unstable();
        for flow in flows {
            self.leave_flow(flow, End::Open);
        }
        let mut open: Vec<SessionNo> = self.live.keys().copied().collect();
        open.sort_unstable();
        let more = open.len() > CLOSED_AT_ONCE;
        for no in open.into_iter().take(CLOSED_AT_ONCE) {
            self.close(no, None, closed);
        }
        if !more {
            self.logins.finish(closed);
        }
        more
    }

    /// Moves the clock on and closes the sessions whose time has come.
    fn advance(&mut self, now: Time, closed: &mut Closed) {
        self.move_clock(now);
        let patience = self.patience();
        if self.deadlines.len() > 1_024 + 4 * self.live.len() {
            // Most are of sessions that are over.
            let open = self.live.iter();
            self.deadlines = open.map(|(no, live)| Reverse((live.deadline(patience), *no))).collect();
        }
        while let Some(Reverse((deadline, no))) = self.deadlines.peek().copied() {
            if deadline > self.clock {
                break;
            }
            self.deadlines.pop();
            let Some(live) = self.live.get(&no) else { continue };
            let due = live.deadline(patience);
            if due <= self.clock {
                self.close(no, None, closed);
            } else {
                self.deadlines.push(Reverse((due, no)));
            }
        }
    }

    /// Moves the clock on. A leap counts when something else is heard about as late: a single stray time closes nothing.
    fn move_clock(&mut self, now: Time) {
        let is_leap = self.clock != Time::default() && now.0.saturating_sub(self.clock.0) > LEAP;
        let confirmed = self.leapt_to.is_some_and(|to| now.0.abs_diff(to.0) <= LEAP as u64);
        self.leapt_to = (is_leap && !confirmed).then_some(now);
        if !is_leap || confirmed {
            self.clock = self.clock.max(now);
        }
    }

    /// How long sessions are kept now.
    fn patience(&self) -> Patience {
        if self.live.len() > CROWD {
            Patience { linger: LINGER_IN_CROWD, silence: SILENCE_IN_CROWD, most: SILENCE_IN_CROWD }
        } else {
            Patience { linger: LINGER, silence: SILENCE, most: i64::MAX }
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

    /// A login answer: joins the request it answers, and opens a session when it grants one. What was `asked` in its
    /// exchange is the login, if no other is known.
    fn answer_login(&mut self, heard: Heard, asked: bool, closed: &mut Closed) -> Option<SessionNo> {
        let no = SessionNo(self.next + 1);
        let flow = Arc::clone(&heard.flow);
        let time = self.clock;
        let grant = self.logins.answer(heard, no)?;
        let gateway = grant.request.as_ref().and_then(|request| request.gateway.as_ref());
        let by_gateway = gateway.is_some_and(|gateway| gateway.between);
        self.next += 1;
        self.tally.sessions += 1;
        let lost = (!asked && grant.request.is_none()).then_some(Doubt::BeganMidStream);
        let live = Live::open(no, grant, lost);
        let (id, client) = (live.session().id.clone(), client_key(live.session()));
        let patience = self.patience();
        for old in client.iter().flat_map(|key| self.by_client.get(key)).flatten() {
            if let Some(live) = self.live.get_mut(old) {
                live.replace(time);
                self.deadlines.push(Reverse((live.deadline(patience), *old)));
            }
        }
        // A server that hands out an identifier again means a new session by it.
        let same: Vec<SessionNo> = id.and_then(|id| self.by_id.get(&Id::from(&*id))).cloned().unwrap_or_default();
        for old in same {
            if !self.shares_server(old, live.session()) {
                continue;
            }
            if let Some(live) = self.live.get_mut(&old) {
                live.replace(time);
            }
            self.close(old, None, closed);
        }
        self.logins.open(live.session());
        self.admit(live, closed);
        self.join_flow(&flow, by_gateway, no);
        Some(no)
    }

    fn shares_server(&self, no: SessionNo, session: &Session) -> bool {
        self.live.get(&no).is_some_and(|live| live.session().peers.1.ip() == session.peers.1.ip())
    }

    fn file(&mut self, mut heard: Heard, carried_in: Option<SessionNo>, closed: &mut Closed) -> Option<SessionNo> {
        let known = match heard.session_id.as_deref() {
            Some(id) => self.find(id, heard.flow.acceptor.ip()),
            None => carried_in.filter(|no| self.live.contains_key(no)),
        };
        let no = match (known, heard.session_id.as_deref()) {
            (Some(no), _) => no,
            (None, Some(_)) => {
                self.next += 1;
                self.tally.sessions += 1;
                self.tally.begun_before += 1;
                let no = SessionNo(self.next);
                self.admit(Live::mid_stream(no, &heard), closed);
                no
            }
            (None, None) => return None,
        };
        if heard.asks
            && let Some(exchange) = self.flows.get_mut(&heard.flow.no).and_then(|s| s.exchanges.get_mut(heard.exchange))
        {
            exchange.session = Some(no);
        }
        let by_gateway = heard.gateway.as_ref().is_some_and(|gateway| gateway.between);
        if self.join_flow(&heard.flow, by_gateway, no) {
            heard.events.iter_mut().for_each(|event| event.opens_flow = false);
        }
        self.settle_stand_ins(no, Some(&heard));
        let (patience, clock) = (self.patience(), self.clock);
        let Some(live) = self.live.get_mut(&no) else { return Some(no) };
        if let Some(gateway) = heard.gateway.as_deref() {
            live.introduce(gateway);
        }
        let names_url = heard.direction == Direction::ServerToClient && heard.events.iter().any(names_capabilities);
        let was_over = live.is_over();
        let held = live.log().len();
        for event in heard.events {
            live.push(event);
        }
        self.filed += live.log().len() - held;
        if live.is_over() && !was_over {
            // Its deadline is nearer than the one it was given when it began.
            self.deadlines.push(Reverse((live.deadline(patience), no)));
        }
        if live.log().events() as usize >= self.limits.events || live.log().len() >= self.limits.octets {
            closed.sessions.push(live.end_chapter(clock));
        }
        if names_url && let Some(url) = self.live.get(&no).and_then(|live| live.agreed().cir_url.clone()) {
            self.addressees.learn_url(&url, no);
        }
        if self.filed > self.room() / 8 {
            self.cut_short(closed);
        }
        Some(no)
    }

    /// Octets of packed events that all sessions may hold now.
    fn room(&self) -> usize {
        let all = self.limits.octets_in_all;
        all.saturating_sub(self.live.len() * ROOM_OF_ONE).max(ROOM_LEFT.min(all))
    }

    /// Closes the chapters of the longest logs where all sessions together hold too much.
    #[cold]
    fn cut_short(&mut self, closed: &mut Closed) {
        self.filed = 0;
        let room = self.room();
        let mut held: usize = self.live.values().map(|live| live.log().len()).sum();
        if held <= room {
            return;
        }
        let mut longest: Vec<(Reverse<usize>, SessionNo)> =
            self.live.iter().map(|(no, live)| (Reverse(live.log().len()), *no)).collect();
        longest.sort_unstable();
        for (Reverse(len), no) in longest {
            if held <= room / 8 * 7 {
                break;
            }
            if let Some(live) = self.live.get_mut(&no) {
                closed.sessions.push(live.end_chapter(self.clock));
                self.tally.cut_short += 1;
                held -= len;
            }
        }
    }

    /// The session with this identifier: the one with that server, else the latest.
    fn find(&self, id: &str, server: std::net::IpAddr) -> Option<SessionNo> {
        let candidates = self.by_id.get(&Id::from(id))?;
        let with_server = |no: &&SessionNo| self.live.get(no).is_some_and(|live| live.session().peers.1.ip() == server);
        candidates.iter().rev().find(with_server).or(candidates.last()).copied()
    }

    fn admit(&mut self, live: Live, closed: &mut Closed) {
        let patience = self.patience();
        while self.live.len() >= self.limits.sessions {
            let Some(Reverse((deadline, no))) = self.deadlines.pop() else { break };
            let Some(old) = self.live.get(&no) else { continue };
            let due = old.deadline(patience);
            if due > deadline {
                // It has been heard of since.
                self.deadlines.push(Reverse((due, no)));
                continue;
            }
            self.tally.evicted += 1;
            self.close(no, Some(Doubt::Limit), closed);
        }
        let session = live.session();
        if let Some(id) = session.id.as_deref() {
            self.by_id.entry(Id::from(id)).or_default().push(session.no);
        }
        if let Some(cookie) = session.cookie.as_deref() {
            self.addressees.learn_cookie(cookie, session.no);
        }
        if let Some(key) = client_key(session) {
            self.by_client.entry(key).or_default().push(session.no);
        }
        self.deadlines.push(Reverse((live.deadline(patience), session.no)));
        self.live.insert(session.no, Box::new(live));
    }

    fn close(&mut self, no: SessionNo, doubt: Option<Doubt>, closed: &mut Closed) {
        self.settle_stand_ins(no, None);
        let Some(live) = self.live.remove(&no) else { return };
        if let Some(id) = live.session().id.as_deref() {
            forget(&mut self.by_id, &Id::from(id), no);
        }
        if let Some(key) = client_key(live.session()) {
            forget(&mut self.by_client, &key, no);
        }
        self.addressees.forget(live.session().cookie.as_deref(), live.agreed().cir_url.as_deref(), &no);
        self.logins.close(&live, closed);
        closed.sessions.push(live.end(self.clock, doubt));
    }
}

/// Whether an answer may name the URL for checks.
fn names_capabilities(event: &Event) -> bool {
    event.is(name::CLIENT_CAPABILITY_RESPONSE) || event.is(name::LOGIN_RESPONSE)
}

/// What tells the sessions of one client of one user; `None` where the login told neither.
fn client_key(session: &Session) -> Option<(String, ClientId)> {
    let user = session.user.as_deref()?.to_lowercase();
    (!session.client.is_empty()).then(|| (user, session.client.clone()))
}

/// Takes a session out of an index.
fn forget<K: std::hash::Hash + Eq>(index: &mut Keyed<K, Vec<SessionNo>>, key: &K, no: SessionNo) {
    if let Some(same) = index.get_mut(key) {
        same.retain(|other| *other != no);
        if same.is_empty() {
            index.remove(key);
        }
    }
}
