//! Logins: requests and answers from before a session exists, joined into the session they open.

use std::collections::BTreeMap;

use crate::carrier::Direction;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::flow::FlowNo;
use crate::time::Time;

use super::keyed::Keyed;
use super::live::{Live, login_identity};
use super::log::Folded;
use super::{Attempt, ClientId, Closed, Doubt, Ending, Event, Heard, Proof, Session, SessionNo, Subscriber, Use};

/// Login-Requests without an answer held at once; the oldest goes first.
const PENDING: usize = 20_000;
/// Login-Requests of one flow, the latest, that a gap in it casts doubt on.
const WAITING_IN_FLOW: usize = 4;
/// Steps of multi-step logins held at once; the oldest goes first.
const CHALLENGES: usize = 20_000;
/// Logins of one subscriber remembered; when there are as many, all but the last [`ATTEMPTS_KEPT`] are handed over.
const ATTEMPTS: usize = 256;
/// Logins of one subscriber that go on into the next chapter: how their sessions end may not be known yet.
const ATTEMPTS_KEPT: usize = 32;
/// How long a challenge may wait for the next step of its login: 600 s.
const CHALLENGE_WAIT: i64 = 600_000_000_000;
/// Uses of one client identity remembered while sessions of it go on; the older half goes first.
const USES_OF_ONE: usize = 1024;
/// Uses of all client identities remembered; when there are as many, all are handed over.
const USES: usize = 200_000;
/// Fewest subscribers at which silent ones are looked for.
const FIRST_SWEEP: usize = 1 << 12;
/// How long a subscriber without an open session may be silent before it is handed over: 7500 s.
const SILENCE: i64 = 7_500_000_000_000;

/// A login that opened a session.
#[derive(Debug)]
pub(super) struct Grant {
    /// Earlier steps of a multi-step login: requests and their answers.
    pub(super) earlier: Vec<Event>,
    /// The granted request; `None` when the answer came out of band.
    pub(super) request: Option<Heard>,
    /// The granting answer.
    pub(super) answer: Heard,
}

/// A first step of a 4-way login that waits for its second.
#[derive(Debug)]
struct Challenge {
    key: (String, String),
    time: Time,
    events: Vec<Event>,
}

/// A client identity in use.
#[derive(Debug, Default)]
struct Identity {
    /// Sessions of it that go on.
    open: u32,
    /// Sessions of it that are over.
    uses: Vec<Use>,
}

/// An [`Attempt`], its events packed.
#[derive(Debug)]
struct Kept {
    client: ClientId,
    proof: Proof,
    version: Option<Version>,
    /// The exchange of the request.
    exchange: (FlowNo, u32),
    /// When the request was there.
    end: Time,
    request: Folded,
    answer: Option<Folded>,
    unheard: Option<Doubt>,
    challenged: bool,
    session: Option<SessionNo>,
    resumes: bool,
    left: bool,
}

impl Kept {
    fn read(self) -> Option<Attempt> {
        let Self { client, proof, version, request, answer, unheard, challenged, session, resumes, left, .. } = self;
        let (request, answer) = (request.unfold()?, answer.and_then(|answer| answer.unfold()));
        Some(Attempt { client, proof, version, request, answer, unheard, challenged, session, resumes, left })
    }
}

/// A subscriber, or a chapter of a very busy one, its events still packed.
#[derive(Debug)]
pub struct Account {
    user: String,
    attempts: Vec<Kept>,
}

impl Account {
    /// The subscriber, for as long as it is looked at.
    pub fn read(self) -> Subscriber {
        Subscriber { user: self.user, attempts: self.attempts.into_iter().filter_map(Kept::read).collect() }
    }
}

/// A subscriber and what keeps it from being handed over.
#[derive(Debug)]
struct Known {
    account: Account,
    /// Sessions of its logins that go on.
    open: u32,
}

impl Known {
    fn last_heard(&self) -> Time {
        self.account.attempts.last().map_or(Time::default(), |attempt| attempt.end)
    }
}

/// Logins under way and the subscribers they belong to.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// Subscribers remembered at most.
    most: usize,
    /// Number of subscribers at which the next sweep is due.
    sweep_at: usize,
    /// How many subscribers were met.
    met: u64,
    pending: BTreeMap<(FlowNo, u32), Heard>,
    challenges: Vec<Challenge>,
    subscribers: Keyed<String, Known>,
    identities: Keyed<ClientId, Identity>,
    /// Uses in all identities.
    uses: usize,
}

impl Logins {
    pub(super) fn new(most: usize) -> Self {
        Self { most, sweep_at: FIRST_SWEEP.min(most), ..Self::default() }
    }

    /// How many users were seen; one who was handed over and came back counts anew.
    pub(super) fn subscribers(&self) -> u64 {
        self.met
    }

    /// A Login-Request.
    pub(super) fn ask(&mut self, heard: Heard, closed: &mut Closed) {
        if let Some(event) = login_request(&heard) {
            let (client, user) = login_identity(event);
            let attempt = Kept {
                client,
                proof: heard.proof.unwrap_or(Proof::Nothing),
                version: event.spoken().and_then(|s| s.version),
                exchange: (event.flow, event.exchange),
                end: event.end,
                request: Folded::of(event),
                answer: None,
                unheard: None,
                challenged: false,
                session: None,
                resumes: heard.session_id.is_some(),
                left: false,
            };
            if let Some(user) = user.as_deref() {
                self.attempt(user, attempt, closed);
            }
        }
        if self.pending.len() >= PENDING {
            self.pending.pop_first();
        }
        self.pending.insert((heard.flow.no, heard.exchange), heard);
    }

    /// Whether something heard answers a login: a Login-Response, or whatever comes in the exchange of a Login-Request.
    pub(super) fn answered_by(&self, heard: &Heard) -> bool {
        let in_exchange = self.asked(heard.flow.no, heard.exchange);
        let from_server = heard.direction == Direction::ServerToClient;
        from_server && (in_exchange || heard.events.iter().any(|e| e.is(name::LOGIN_RESPONSE)))
    }

    /// Octets are missing in a flow: what they held may have been the answers to its logins. Returns whose.
    pub(super) fn miss(&mut self, flow: FlowNo, doubt: Doubt) -> Vec<(String, ClientId)> {
        let waiting = self.pending.range((flow, 0)..=(flow, u32::MAX)).rev().take(WAITING_IN_FLOW);
        let mut whose = Vec::new();
        for request in waiting.filter_map(|(_, heard)| login_request(heard)) {
            let (client, user) = login_identity(request);
            let user = user.unwrap_or_default().to_lowercase();
            let attempts = self.subscribers.get_mut(&user).into_iter().flat_map(|k| k.account.attempts.iter_mut());
            for attempt in attempts.filter(|a| a.exchange.0 == flow && a.answer.is_none()) {
                attempt.unheard.get_or_insert(doubt);
            }
            whose.push((user, client));
        }
        whose
    }

    /// Whether a Login-Request waits for its answer in this exchange.
    pub(super) fn asked(&self, flow: FlowNo, exchange: u32) -> bool {
        self.pending.contains_key(&(flow, exchange))
    }

    /// The answer to a login. It opens session `no` when it grants one; else it is filed with its request.
    pub(super) fn answer(&mut self, answer: Heard, no: SessionNo) -> Option<Grant> {
        let request = self.pending.remove(&(answer.flow.no, answer.exchange));
        let response = answer.events.iter().find(|e| e.is(name::LOGIN_RESPONSE));
        let event = response.or_else(|| answer.events.iter().find(|e| e.spoken().is_some()))?;
        let primitive = event.primitive()?;
        let accepted = event.code().is_none_or(|c| (200..300).contains(&c));
        let grants = accepted && primitive.child(name::SESSION_ID).is_some_and(|id| !id.text().is_empty());
        let challenged = primitive.child(name::NONCE).is_some_and(|n| !n.text().is_empty());
        let asked = request.as_ref().and_then(login_request);
        let (client, user) = asked.map(login_identity).unwrap_or_default();
        if let (Some(asked), Some(known)) = (asked, self.known(user.as_deref()))
            && let Some(attempt) = known
                .account
                .attempts
                .iter_mut()
                .rev()
                .find(|a| a.exchange == (asked.flow, asked.exchange) && a.answer.is_none())
        {
            attempt.answer = Some(Folded::of(event));
            attempt.challenged = challenged;
            attempt.session = grants.then_some(no);
            known.open += u32::from(grants);
        }
        let user = user.or_else(|| request.as_ref().map(whose)).unwrap_or_default().to_lowercase();
        let key = (user, client.url.or(client.msisdn).unwrap_or_default());
        let now = event.end;
        if grants {
            let earlier = self.take_challenge(&key, now);
            return Some(Grant { earlier, request, answer });
        }
        if challenged && let Some(request) = request {
            let events = request.events.into_iter().chain(answer.events).collect();
            if self.challenges.len() >= CHALLENGES {
                self.challenges.remove(0);
            }
            self.challenges.retain(|c| c.key != key);
            self.challenges.push(Challenge { key, time: now, events });
        }
        None
    }

    fn take_challenge(&mut self, key: &(String, String), now: Time) -> Vec<Event> {
        self.challenges.retain(|c| now.0.saturating_sub(c.time.0) <= CHALLENGE_WAIT);
        match self.challenges.iter().position(|c| c.key == *key) {
            Some(i) => self.challenges.swap_remove(i).events,
            None => Vec::new(),
        }
    }

    /// A login opened a session.
    pub(super) fn open(&mut self, session: &Session) {
        if session.user.is_some() && !session.client.is_empty() {
            self.identities.entry(session.client.clone()).or_default().open += 1;
        }
    }

    /// A session is over: how it used its client identity is remembered for as long as another one uses that too.
    pub(super) fn close(&mut self, live: &Live, closed: &mut Closed) {
        let session = live.session();
        let (login, last_used, ended) = live.summary();
        let Some(user) = session.user.as_deref() else { return };
        let opened = |a: &&mut Kept| a.session == Some(session.no);
        if let Some(known) = self.known(Some(user))
            && let Some(attempt) = known.account.attempts.iter_mut().rev().find(opened)
        {
            attempt.left = matches!(session.ending, Some(Ending::Logout { .. }));
            known.open = known.open.saturating_sub(1);
        }
        let Some(identity) = self.identities.get_mut(&session.client) else { return };
        identity.open = identity.open.saturating_sub(1);
        if let Some(login) = login {
            identity.uses.push(Use {
                session: session.no,
                id: session.id.clone(),
                user: user.to_lowercase(),
                client: session.client.clone(),
                login,
                last_used,
                ended,
            });
            self.uses += 1;
        }
        if identity.open == 0 {
            self.uses -= identity.uses.len();
            closed.identities.extend(self.identities.remove(&session.client).map(|identity| identity.uses));
        } else if identity.uses.len() >= USES_OF_ONE {
            identity.uses.sort_by_key(|used| (used.last_used, used.session));
            let older: Vec<Use> = identity.uses.drain(..USES_OF_ONE / 2).collect();
            self.uses -= older.len();
            closed.identities.push(older);
        }
        if self.uses >= USES {
            self.hand_over_uses(closed);
        }
    }

    /// Hands everything over that is remembered, subscribers by user and identities in their order.
    pub(super) fn finish(&mut self, closed: &mut Closed) {
        self.hand_over_uses(closed);
        self.hand_over(closed, |_| true);
    }

    /// Notes a login of a user.
    fn attempt(&mut self, user: &str, attempt: Kept, closed: &mut Closed) {
        let user = user.to_lowercase();
        if self.subscribers.len() >= self.sweep_at && !self.subscribers.contains_key(&user) {
            self.sweep(attempt.end, closed);
        }
        let met = &mut self.met;
        let Known { account: Account { user, attempts }, .. } =
            self.subscribers.entry(user).or_insert_with_key(|user| {
                *met += 1;
                Known { account: Account { user: user.clone(), attempts: Vec::new() }, open: 0 }
            });
        if attempts.len() >= ATTEMPTS {
            let kept = attempts.split_off(ATTEMPTS - ATTEMPTS_KEPT);
            closed.subscribers.push(Account { user: user.clone(), attempts: std::mem::replace(attempts, kept) });
        }
        attempts.reserve_exact(1);
        attempts.push(attempt);
    }

    /// Hands over the subscribers that have been silent for too long and, if there are too many still, those longest
    /// silent: a sixteenth goes at once, so that the search is rare.
    #[cold]
    fn sweep(&mut self, now: Time, closed: &mut Closed) {
        let silent = |known: &Known| now.0.saturating_sub(known.last_heard().0) > SILENCE;
        self.hand_over(closed, |known| known.open == 0 && silent(known));
        let kept = self.most.saturating_sub((self.most / 16).max(1));
        if let Some(excess) = self.subscribers.len().checked_sub(kept).filter(|excess| *excess > 0) {
            let age = |known: &Known| (known.last_heard(), known.account.user.clone());
            let mut ages: Vec<_> = self.subscribers.values().map(age).collect();
            let (_, youngest_to_go, _) = ages.select_nth_unstable(excess - 1);
            let youngest_to_go = youngest_to_go.clone();
            self.hand_over(closed, |known| age(known) <= youngest_to_go);
        }
        self.sweep_at = (self.subscribers.len() * 2).clamp(FIRST_SWEEP.min(self.most), self.most);
    }

    fn hand_over(&mut self, closed: &mut Closed, which: impl Fn(&Known) -> bool) {
        let mut gone: Vec<_> = self.subscribers.extract_if(|_, known| which(known)).map(|(_, k)| k.account).collect();
        gone.sort_unstable_by(|a, b| a.user.cmp(&b.user));
        closed.subscribers.extend(gone);
    }

    fn hand_over_uses(&mut self, closed: &mut Closed) {
        let mut all: Vec<Vec<Use>> =
            self.identities.values_mut().map(|identity| std::mem::take(&mut identity.uses)).collect();
        all.retain(|uses| !uses.is_empty());
        all.sort_unstable_by_key(|uses| uses.first().map(|used| used.session));
        closed.identities.extend(all);
        self.uses = 0;
    }

    fn known(&mut self, user: Option<&str>) -> Option<&mut Known> {
        self.subscribers.get_mut(&user?.to_lowercase())
    }
}

/// Whose login it is that names no user: the subscriber's that a gateway names, else that of the address it comes from.
fn whose(request: &Heard) -> String {
    let msisdn = request.gateway.as_ref().and_then(|gateway| gateway.msisdn.as_deref());
    msisdn.map_or_else(|| request.flow.opener.ip().to_string(), str::to_owned)
}

pub(super) fn login_request(heard: &Heard) -> Option<&Event> {
    heard.events.iter().find(|e| e.is(name::LOGIN_REQUEST))
}
