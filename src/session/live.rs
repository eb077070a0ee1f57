//! The live session: one that is still going on, with what it takes to pair the next event.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::carrier::{Direction, Gateway};
use crate::csp::message::Mode;
use crate::csp::name;
use crate::flow::FlowNo;
use crate::syntax::{NameId, Node};
use crate::time::Time;

use super::agreement::settles;
use super::calls::ANSWERED_WITHIN;
use super::keyed::Keyed;
use super::log::Folded;
use super::log::{Chapter, Log};
use super::logins::Grant;
use super::{
    Agreed, BROKEN_KEPT, Broken, ClientId, Doubt, Ending, Event, EventIx, Heard, Id, Opening, SIGNALS_KEPT, Session,
    SessionNo, Signal, Spoken, Transaction, What,
};

/// Codes by which a server says that it has no such session any more.
const SESSION_GONE: [u16; 3] = [600, 601, 604];

/// A transaction without an answer: what is needed of its request once its event is packed.
#[derive(Debug)]
struct Open {
    /// Its place among the transactions.
    place: usize,
    /// When the request began.
    start: Time,
    fingerprint: u64,
    /// The request, where its answer can settle something.
    negotiation: Option<Box<Event>>,
}

/// A request that its carrier answer answers: a poll, or one without transaction identifier.
#[derive(Debug)]
struct Waiting {
    flow: FlowNo,
    exchange: u32,
    open: Open,
}

/// How long sessions are kept, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// After their end.
    pub(super) linger: i64,
    /// In silence, where no keep-alive time is known.
    pub(super) silence: i64,
    /// In silence at most.
    pub(super) most: i64,
}

/// A session that is still going on.
#[derive(Debug)]
pub(super) struct Live {
    /// The session, its events apart.
    session: Session,
    log: Log,
    /// Open transactions by initiator and identifier.
    open: Keyed<(Direction, Id), Open>,
    waiting: Vec<Waiting>,
    /// What is agreed now.
    agreed: Arc<Agreed>,
    /// The transaction that the event being filed answered.
    just_answered: Option<Open>,
    last_active: Time,
    ended: Option<Time>,
    last_used: Time,
    login: Option<Folded>,
    heard_client: bool,
    heard_server: bool,
}

impl Live {
    /// A session that a login opened, of which some may have been lost.
    pub(super) fn open(no: SessionNo, grant: Grant, lost: Option<Doubt>) -> Self {
        let mut live = Self::empty(no, &grant.answer);
        live.session.doubts.extend(lost);
        let login = grant.answer.events.iter().find(|e| e.is(name::LOGIN_RESPONSE));
        live.login = login.map(Folded::of);
        let primitive = login.and_then(Event::primitive);
        let of_answer = |wanted: NameId| primitive.and_then(|p| p.child(wanted)).map(|n| n.text().to_owned());
        live.session.id = of_answer(name::SESSION_ID).filter(|id| !id.is_empty());
        live.session.user = of_answer(name::USER_ID).filter(|id| !id.is_empty());
        if let Some(client) = primitive.and_then(client_id) {
            live.session.client = client;
        }
        let resumed = grant.request.as_ref().is_some_and(|r| r.session_id.is_some());
        if let Some(request) = grant.request.as_ref().and_then(|r| r.events.iter().find(|e| e.is(name::LOGIN_REQUEST)))
        {
            let primitive = request.primitive();
            let text = |wanted: NameId| primitive.and_then(|p| p.child(wanted)).map(|n| n.text().to_owned());
            live.session.user = text(name::USER_ID).filter(|u| !u.is_empty()).or(live.session.user.take());
            live.session.cookie = text(name::SESSION_COOKIE).filter(|c| !c.is_empty());
            if let Some(client) = primitive.and_then(client_id) {
                live.session.client = client;
            }
        }
        if let Some(gateway) = grant.request.as_ref().and_then(|r| r.gateway.as_deref()) {
            live.introduce(gateway);
        }
        for event in grant.earlier {
            live.push(event);
        }
        let request = grant.request.map(|heard| {
            let place = live.next();
            heard.events.into_iter().for_each(|event| live.push(event));
            place
        });
        let answer = live.next();
        grant.answer.events.into_iter().for_each(|event| live.push(event));
        live.session.opening = match request {
            Some(request) => Opening::Login { request, answer, resumed },
            None => Opening::OutOfBand { answer },
        };
        live
    }

    /// A session whose login was not captured, known by the identifier of a message.
    pub(super) fn mid_stream(no: SessionNo, heard: &Heard) -> Self {
        let mut live = Self::empty(no, heard);
        live.session.id = heard.session_id.as_deref().map(str::to_owned);
        live
    }

    fn empty(no: SessionNo, heard: &Heard) -> Self {
        let encoding =
            heard.events.iter().find_map(|e| e.spoken()).map_or(crate::syntax::Encoding::Xml, |s| s.encoding);
        let agreed = Arc::new(Agreed::default());
        Self {
            session: Session {
                no,
                id: None,
                user: None,
                client: ClientId::default(),
                cookie: None,
                version: None,
                encoding,
                carrier: heard.carrier,
                peers: (heard.flow.opener, heard.flow.acceptor),
                gateway: heard.gateway.clone(),
                opening: Opening::MidStream,
                ending: None,
                events: Vec::new(),
                faults: Vec::new(),
                transactions: Vec::new(),
                signals: Vec::new(),
                signals_left_out: false,
                broken: Vec::new(),
                agreed: Arc::clone(&agreed),
                chapter: 0,
                last: false,
                watched_until: Time::default(),
                doubts: Vec::new(),
            },
            log: Log::default(),
            open: Keyed::default(),
            waiting: Vec::new(),
            agreed,
            just_answered: None,
            last_active: heard.events.iter().map(|e| e.end).max().unwrap_or_default(),
            ended: None,
            last_used: Time::default(),
            login: None,
            heard_client: false,
            heard_server: false,
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The login answer that opened it, the last accepted use, and when it was seen ending.
    pub(super) fn summary(&self) -> (Option<Event>, Time, Option<Time>) {
        (self.login.as_ref().and_then(Folded::unfold), self.last_used, self.ended)
    }

    /// A gateway says who the client is; what was said first stands.
    pub(super) fn introduce(&mut self, gateway: &Gateway) {
        let known = self.session.gateway.get_or_insert_with(|| Box::new(gateway.clone()));
        if known.msisdn.is_none() {
            known.msisdn.clone_from(&gateway.msisdn);
        }
        if known.client.is_none() {
            known.client.clone_from(&gateway.client);
        }
    }

    /// A flow proves to be shared with other clients: whoever opened it, this client did not.
    pub(super) fn disown(&mut self, flow: FlowNo) {
        self.session.events.iter_mut().filter(|e| e.flow == flow).for_each(|e| e.opens_flow = false);
    }

    /// Files that octets are missing; what is missing in one go is one event.
    pub(super) fn miss(&mut self, gap: &Event) {
        let same = |e: &&mut Event| match (&e.what, &gap.what) {
            (What::Gap { loss: a }, What::Gap { loss: b }) => {
                a == b && e.flow == gap.flow && e.direction == gap.direction
            }
            _ => false,
        };
        match self.session.events.last_mut().filter(same) {
            Some(last) => {
                (last.end, last.frames.last) = (gap.end, gap.frames.last);
                self.last_active = self.last_active.max(gap.end);
            }
            None => self.push(gap.clone()),
        }
    }

    fn next(&self) -> EventIx {
        EventIx(self.log.events())
    }

    /// The log of its chapter.
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// When it is to be closed if nothing more is heard: `linger` after its end, or after the silence that ends it.
    pub(super) fn deadline(&self, Patience { linger, silence, most }: Patience) -> Time {
        let wait = match (self.ended, self.agreed.keep_alive_time) {
            (Some(_), _) => linger,
            // Twice the granted time is silence; a minute more lets a late keep-alive through.
            (None, Some(seconds)) => {
                i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(2_000_000_000).saturating_add(60_000_000_000)
            }
            (None, None) => silence,
        };
        Time(self.last_active.0.saturating_add(wait.min(most).max(linger)))
    }

    /// Whether it was seen ending.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// The client logged in anew at `time`.
    pub(super) fn replace(&mut self, time: Time) {
        self.session.ending.get_or_insert(Ending::Replaced { time });
        self.ended.get_or_insert(time);
    }

    /// Files a signal.
    pub(super) fn signal(&mut self, signal: Signal) {
        if self.session.signals.len() < SIGNALS_KEPT {
            let before = self.next();
            self.session.signals.push(Signal { before, ..signal });
        } else {
            self.session.signals_left_out = true;
        }
    }

    /// Notes an exchange that was broken off.
    pub(super) fn break_off(&mut self, broken: Broken) {
        if self.session.broken.len() < BROKEN_KEPT {
            self.session.broken.push(broken);
        }
    }

    /// A poll of the client answers the wake-ups before it that nothing has answered.
    fn wake(&mut self, ix: EventIx, poll: &Event) {
        let age = |s: &Signal| poll.start.0.saturating_sub(s.time.0);
        let recent = self.session.signals.iter_mut().rev().take_while(|s| age(s) <= ANSWERED_WITHIN);
        let open = |s: &&mut Signal| s.is_wake_up() && s.answer.is_none() && age(s) >= 0;
        recent.filter(open).for_each(|signal| signal.answer = Some(ix));
    }

    /// What is agreed now.
    pub(super) fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Files an event and pairs it.
    pub(super) fn push(&mut self, event: Event) {
        let ix = self.next();
        self.last_active = self.last_active.max(event.end);
        let (direction, flow, exchange) = (event.direction, event.flow, event.exchange);
        if let What::Spoken(spoken) = &event.what {
            if self.session.version.is_none() {
                self.session.version = spoken.version;
            }
            self.note_ending(ix, spoken, direction, event.end);
            match spoken.mode {
                Some(Mode::Response) => self.answer(ix, spoken, direction),
                _ => self.ask(ix, spoken, &event),
            }
            if !self.session.signals.is_empty() && event.asks(name::POLLING_REQUEST) {
                self.wake(ix, &event);
            }
        }
        if direction == Direction::ServerToClient && !matches!(event.what, What::Gap { .. }) {
            self.answer_waiting(ix, flow, exchange);
        }
        match (&event.what, direction) {
            (What::Gap { .. }, _) => {}
            (_, Direction::ClientToServer) => self.heard_client = true,
            (_, Direction::ServerToClient) => self.heard_server = true,
        }
        if matches!(event.what, What::Gap { .. }) || Doubt::of(event.whole).is_some() {
            self.session.faults.push(ix);
        }
        self.log.push(&event);
        self.settle(ix, &event);
    }

    fn ask(&mut self, ix: EventIx, spoken: &Spoken, event: &Event) {
        let direction = event.direction;
        let poll = spoken.name == name::POLLING_REQUEST;
        let open = Open {
            place: self.session.transactions.len(),
            start: event.start,
            fingerprint: spoken.fingerprint,
            negotiation: settles(spoken.name).then(|| Box::new(event.clone())),
        };
        if let Some(id) = spoken.id.as_ref().filter(|_| !poll) {
            let key = (direction, id.clone());
            if let Some(before) = self.open.get(&key)
                && let Some(first) = self.session.transactions.get_mut(before.place)
                && (first.name, before.fingerprint) == (spoken.name, spoken.fingerprint)
            {
                first.aside.get_or_insert_default().repeats.push(ix);
                return;
            }
            self.open.insert(key, open);
        } else if direction == Direction::ClientToServer && event.exchange > 0 {
            self.waiting.push(Waiting { flow: event.flow, exchange: event.exchange, open });
        }
        let transactions = &mut self.session.transactions;
        if transactions.len() == transactions.capacity() {
            // A little at a time: most sessions are short, and ten thousand of them are open at once.
            transactions.reserve_exact(8 + transactions.len() / 4);
        }
        transactions.push(Transaction {
            initiator: direction,
            name: spoken.name,
            request: ix,
            answer: None,
            aside: None,
        });
    }

    fn answer(&mut self, ix: EventIx, spoken: &Spoken, direction: Direction) {
        let Some(id) = spoken.id.clone() else { return };
        let Entry::Occupied(open) = self.open.entry((direction.opposite(), id)) else { return };
        let Some(transaction) = self.session.transactions.get_mut(open.get().place) else { return };
        if spoken.code.is_some_and(|c| (100..200).contains(&c)) {
            transaction.aside.get_or_insert_default().interim.push(ix);
        } else {
            transaction.answer = Some(ix);
            self.just_answered = Some(open.remove());
        }
    }

    /// The carrier answer of an exchange answers what waits for just that.
    fn answer_waiting(&mut self, ix: EventIx, flow: FlowNo, exchange: u32) {
        let transactions = &mut self.session.transactions;
        let just_answered = &mut self.just_answered;
        for waiting in self.waiting.extract_if(.., |w| w.flow == flow && w.exchange == exchange) {
            if let Some(transaction) = transactions.get_mut(waiting.open.place) {
                transaction.answer.get_or_insert(ix);
                *just_answered = Some(waiting.open);
            }
        }
    }

    fn note_ending(&mut self, ix: EventIx, spoken: &Spoken, direction: Direction, time: Time) {
        let from_server = direction == Direction::ServerToClient;
        let ending = match spoken.name {
            name::LOGOUT_REQUEST if !from_server => Ending::Logout { request: ix, answer: None },
            name::DISCONNECT if from_server && spoken.mode != Some(Mode::Response) => Ending::Disconnect { event: ix },
            _ if from_server && spoken.code.is_some_and(|c| SESSION_GONE.contains(&c)) => Ending::Refused { event: ix },
            _ => return,
        };
        if self.session.ending.is_none() {
            self.session.ending = Some(ending);
            self.ended = Some(time);
        }
    }

    /// After an answer: what it settled for the session as a whole.
    fn settle(&mut self, ix: EventIx, answer: &Event) {
        if let Some(open) = self.just_answered.take() {
            if let Some(request) = &open.negotiation {
                Arc::make_mut(&mut self.agreed).settle(request, answer);
            }
            let by_client =
                self.session.transactions.get(open.place).is_some_and(|t| t.initiator == Direction::ClientToServer);
            if by_client && !answer.code().is_some_and(|c| SESSION_GONE.contains(&c)) {
                self.last_used = self.last_used.max(open.start);
            }
        }
        if let Some(Ending::Logout { request, answer: answer @ None }) = &mut self.session.ending {
            let of_logout = |t: &&Transaction| t.request == *request && t.answer == Some(ix);
            *answer = self.session.transactions.iter().rev().find(of_logout).and_then(|t| t.answer);
        }
    }

    /// Closes the chapter and goes on with the next; what was agreed stays, what was open is given up.
    pub(super) fn end_chapter(&mut self, clock: Time) -> Chapter {
        let next = Session {
            agreed: Arc::clone(&self.agreed),
            chapter: self.session.chapter + 1,
            events: Vec::new(),
            faults: Vec::new(),
            transactions: Vec::new(),
            signals: Vec::new(),
            signals_left_out: false,
            broken: Vec::new(),
            id: self.session.id.clone(),
            user: self.session.user.clone(),
            client: self.session.client.clone(),
            cookie: self.session.cookie.clone(),
            gateway: self.session.gateway.clone(),
            doubts: Vec::new(),
            opening: Opening::MidStream,
            ending: None,
            ..self.session
        };
        self.open.clear();
        self.waiting.clear();
        let mut chapter = std::mem::replace(&mut self.session, next);
        chapter.watched_until = clock;
        if !(self.heard_client && self.heard_server) {
            chapter.doubts.push(Doubt::OneSided);
        }
        Chapter::new(chapter, std::mem::take(&mut self.log))
    }

    /// The session as it stands when nothing more will be heard of it.
    pub(super) fn end(mut self, clock: Time, doubt: Option<Doubt>) -> Chapter {
        if !(self.heard_client && self.heard_server) {
            self.session.doubts.push(Doubt::OneSided);
        }
        self.session.doubts.extend(doubt);
        self.session.watched_until = clock;
        self.session.last = true;
        Chapter::new(self.session, self.log)
    }
}

/// Which client a login names: the parts of its `ClientID`, where a text directly in it counts as the URL, and the
/// `ApplicationID` beside it.
fn client_id(login: Node<'_>) -> Option<ClientId> {
    let node = login.child(name::CLIENT_ID)?;
    let text = |node: Node<'_>| Some(node.text().to_owned()).filter(|t| !t.is_empty());
    Some(ClientId {
        url: node.child(name::URL).and_then(text).or_else(|| text(node)),
        msisdn: node.child(name::MSISDN).and_then(text),
        application: node.child(name::APPLICATION_ID).or_else(|| login.child(name::APPLICATION_ID)).and_then(text),
    })
}

/// The client and the user that a Login-Request names.
pub(super) fn login_identity(request: &Event) -> (ClientId, Option<String>) {
    let primitive = request.primitive();
    let client = primitive.and_then(client_id).unwrap_or_default();
    let user = primitive.and_then(|p| p.child(name::USER_ID)).map(|n| n.text().to_owned()).filter(|u| !u.is_empty());
    (client, user)
}
