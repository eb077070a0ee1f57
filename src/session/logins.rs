//! Logins: requests and answers from before a session exists, joined into the session they open.

use std::collections::{BTreeMap, HashMap};

use crate::carrier::Direction;
use crate::csp::name;
use crate::flow::FlowNo;
use crate::time::Time;

use super::live::{Live, login_identity};
use super::{Attempt, Ending, Event, Heard, Proof, SessionNo, Subscriber, Use};

/// Login-Requests without an answer held at once; the oldest goes first.
const PENDING: usize = 20_000;
/// Steps of multi-step logins held at once; the oldest goes first.
const CHALLENGES: usize = 20_000;
/// Logins remembered of one subscriber; the oldest goes first.
const ATTEMPTS: usize = 256;
/// How long a challenge may wait for the next step of its login: 600 s.
const CHALLENGE_WAIT: i64 = 600_000_000_000;
/// Uses of client identities remembered in a run.
const USES: usize = 200_000;

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

/// Logins under way and the subscribers they belong to.
#[derive(Debug, Default)]
pub(super) struct Logins {
    most: usize,
    pending: BTreeMap<(FlowNo, u32), Heard>,
    challenges: Vec<Challenge>,
    subscribers: HashMap<String, Subscriber>,
    uses: Vec<Use>,
}

impl Logins {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// How many users were seen.
    pub(super) fn subscribers(&self) -> usize {
        self.subscribers.len()
    }

    /// A Login-Request.
    pub(super) fn ask(&mut self, heard: Heard) {
        if let Some(event) = login_request(&heard) {
            let (client, user) = login_identity(event);
            let attempt = Attempt {
                client,
                proof: heard.proof.unwrap_or(Proof::Nothing),
                version: event.spoken().and_then(|s| s.version),
                request: event.clone(),
                answer: None,
                challenged: false,
                session: None,
                resumes: heard.session_id.is_some(),
                left: false,
            };
            if let Some(subscriber) = self.subscriber(user.as_deref()) {
                if subscriber.attempts.len() >= ATTEMPTS {
                    subscriber.attempts.remove(0);
                    subscriber.forgotten += 1;
                }
                subscriber.attempts.reserve_exact(1);
                subscriber.attempts.push(attempt);
            }
        }
        if self.pending.len() >= PENDING {
            self.pending.pop_first();
        }
        self.pending.insert((heard.flow.no, heard.exchange), heard);
    }

    /// Whether something heard answers a login: a Login-Response, or whatever comes in the exchange of a Login-Request.
    pub(super) fn answered_by(&self, heard: &Heard) -> bool {
        let in_exchange = self.pending.contains_key(&(heard.flow.no, heard.exchange));
        let from_server = heard.direction == Direction::ServerToClient;
        from_server && (in_exchange || heard.events.iter().any(|e| e.is(name::LOGIN_RESPONSE)))
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
        if let (Some(asked), Some(subscriber)) = (asked, self.subscriber(user.as_deref()))
            && let Some(attempt) =
                subscriber.attempts.iter_mut().rev().find(|a| {
                    (a.request.flow, a.request.exchange) == (asked.flow, asked.exchange) && a.answer.is_none()
                })
        {
            attempt.answer = Some(event.clone());
            attempt.challenged = challenged;
            attempt.session = grants.then_some(no);
        }
        let key = (user.unwrap_or_default().to_lowercase(), client.url.or(client.msisdn).unwrap_or_default());
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

    /// A session is over: how it used its client identity is remembered.
    pub(super) fn close(&mut self, live: &Live) {
        let session = live.session();
        let (login, last_used, ended) = live.summary();
        let Some(user) = session.user.as_deref() else { return };
        let opened = |a: &&mut Attempt| a.session == Some(session.no);
        if let Some(attempt) = self.subscriber(Some(user)).and_then(|s| s.attempts.iter_mut().rev().find(opened)) {
            attempt.left = matches!(session.ending, Some(Ending::Logout { .. }));
        }
        if let Some(login) = login.filter(|_| self.uses.len() < USES && !session.client.is_empty()) {
            self.uses.push(Use {
                session: session.no,
                id: session.id.clone(),
                user: user.to_lowercase(),
                client: session.client.clone(),
                login: login.clone(),
                last_used,
                ended,
            });
        }
    }

    /// Everything remembered, subscribers by user and uses by session.
    pub(super) fn finish(self) -> (Vec<Subscriber>, Vec<Use>) {
        let mut subscribers: Vec<Subscriber> = self.subscribers.into_values().collect();
        subscribers.sort_unstable_by(|a, b| a.user.cmp(&b.user));
        let mut uses = self.uses;
        uses.sort_unstable_by_key(|u| u.session);
        (subscribers, uses)
    }

    fn subscriber(&mut self, user: Option<&str>) -> Option<&mut Subscriber> {
        let user = user?.to_lowercase();
        if !self.subscribers.contains_key(&user) && self.subscribers.len() >= self.most {
            return None;
        }
        Some(self.subscribers.entry(user.clone()).or_insert_with(|| Subscriber { user, ..Subscriber::default() }))
    }
}

fn login_request(heard: &Heard) -> Option<&Event> {
    heard.events.iter().find(|e| e.is(name::LOGIN_REQUEST))
}
