//! Calls: what was said about waking clients, tied to the sessions and the polls it is about.
//!
//! A wake-up names the cookie that its client chose when it logged in, an introduction the session, a check over HTTP
//! the URL that was agreed. [`Addressees`] knows which session that is. [`Calls`] reads messages as they come, for
//! whoever shows them one by one; the tracker ties calls to the sessions that it files.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::carrier::Envelope;
use crate::carrier::cir::{self, Bearer, Cir, Kind};
use crate::csp::message::{Message, Mode, Part};
use crate::csp::name;
use crate::syntax::{NameId, Node};
use crate::time::{Seconds, Time};
use crate::wire::FrameNo;

/// How long after a wake-up a poll still answers it, in nanoseconds of capture time: five minutes.
pub const ANSWERED_WITHIN: i64 = 300_000_000_000;
/// Wake-ups that wait for a poll; beyond it the oldest counts as unanswered.
pub const CALLS_WAITING: usize = 4_096;
/// Sessions, and logins without an answer, that are remembered for the calls to them; beyond it the oldest session is
/// forgotten, and all such logins are.
pub const ADDRESSEES: usize = 65_536;
/// Cookies among which one is looked for that stands within what a wake-up names.
const COOKIES_SEARCHED: usize = 1_024;

/// Which session a call is for.
#[derive(Debug)]
pub struct Addressees<K> {
    cookies: HashMap<Box<str>, K>,
    urls: HashMap<Box<str>, K>,
}

impl<K> Default for Addressees<K> {
    fn default() -> Self {
        Self { cookies: HashMap::new(), urls: HashMap::new() }
    }
}

impl<K: Clone + PartialEq + Eq + Hash> Addressees<K> {
    /// Learns the cookie of a session; of sessions with the same the latest counts.
    pub fn learn_cookie(&mut self, cookie: &str, session: K) {
        self.cookies.insert(cookie.to_ascii_lowercase().into(), session);
    }

    /// Learns the URL that a session was given for checks.
    pub fn learn_url(&mut self, url: &str, session: K) {
        self.urls.insert(comparable(url).into(), session);
    }

    /// Forgets the session of a cookie or URL, unless another has it by now.
    pub fn forget(&mut self, cookie: Option<&str>, url: Option<&str>, session: &K) {
        let forget = |known: &mut HashMap<Box<str>, K>, key: &str| {
            if known.get(key) == Some(session) {
                known.remove(key);
            }
        };
        if let Some(cookie) = cookie {
            forget(&mut self.cookies, &cookie.to_ascii_lowercase());
        }
        if let Some(url) = url {
            forget(&mut self.urls, &comparable(url));
        }
    }

    /// The session of the cookie or the URL that a call names. Letter case does not count, and what stands around a cookie
    /// does not either: one client compares without it, the other looks for its cookie anywhere in the text.
    pub fn find(&self, cir: &Cir) -> Option<&K> {
        if let Some(url) = &cir.url {
            return self.urls.get(&*comparable(url));
        }
        let named = cir.cookie.as_ref()?.to_ascii_lowercase();
        self.cookies.get(&*named).or_else(|| {
            let mut around = self.cookies.iter().filter(|_| self.cookies.len() <= COOKIES_SEARCHED);
            around.find(|(cookie, _)| named.contains(&***cookie)).map(|(_, session)| session)
        })
    }
}

/// A URL without its scheme, its host in lower case.
fn comparable(url: &str) -> Cow<'_, str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.strip_suffix(":80").unwrap_or(host);
    Cow::Owned(host.to_ascii_lowercase() + path)
}

/// Whether a CIR item is one: a GET that no session agreed on has to look like a check.
pub fn is_call(cir: &Cir, agreed: bool) -> bool {
    cir.bearer != Bearer::Http || agreed || cir.url.as_deref().is_some_and(cir::is_usual)
}

/// The URL for checks in a capability list.
pub fn check_url(primitive: Node<'_>) -> Option<&str> {
    let list = primitive.child(name::AGREED_CAPABILITY_LIST).or_else(|| primitive.child(name::CAPABILITY_LIST))?;
    let address = list.child(name::CIR_HTTP_ADDRESS).or_else(|| list.child(name::CIR_URL))?;
    Some(address.child(name::URL).unwrap_or(address).text()).filter(|url| !url.is_empty())
}

/// Something that was said about waking a client, its session, and the poll that answers it.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// What was said.
    pub cir: Box<Cir>,
    /// `SessionID` of the session; `None` where no session is known that it is for.
    pub session: Option<Box<str>>,
    /// The first frame of the poll that answers a wake-up, and how much later it began.
    pub answer: Option<(FrameNo, Seconds)>,
}

/// Ties calls to sessions and polls while messages come.
#[derive(Debug, Default)]
pub struct Calls {
    addressees: Addressees<Box<str>>,
    /// Cookies of logins without an answer.
    logins: HashMap<Login, Box<str>>,
    /// Sessions in the order in which they were granted, with their cookies and URLs.
    granted: VecDeque<(Box<str>, Option<Box<str>>)>,
    waiting: VecDeque<Call>,
}

/// What a login has in common with its answer.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Login {
    flow: u32,
    exchange: u32,
    id: Box<str>,
    number: Option<Box<str>>,
}

impl Login {
    fn of(message: &Message, part: &Part) -> Self {
        let Envelope { flow, exchange, gateway, .. } = &message.envelope;
        let number = gateway.as_ref().filter(|_| *exchange == 0).and_then(|gateway| gateway.msisdn.clone());
        let id = message.transaction_id(part).filter(|_| *exchange == 0).unwrap_or_default().into();
        Self { flow: flow.no.0, exchange: *exchange, id, number }
    }
}

impl Calls {
    /// Takes a message, in the order in which it was complete; hands over the calls that it answers.
    pub fn hear(&mut self, message: &Message, out: &mut Vec<Call>) {
        self.expire(message.envelope.end_time, out);
        for part in &message.parts {
            let Some(primitive) = message.primitive(part) else { continue };
            match part.name {
                name::LOGIN_REQUEST => {
                    let Some(cookie) = text(primitive, name::SESSION_COOKIE) else { continue };
                    if self.logins.len() >= ADDRESSEES {
                        // Nobody waits that long for so many answers.
                        self.logins.clear();
                    }
                    self.logins.insert(Login::of(message, part), cookie.into());
                }
                name::LOGIN_RESPONSE => self.grant(message, part, primitive),
                name::CLIENT_CAPABILITY_RESPONSE => {
                    if let (Some(id), Some(url)) = (message.session_id(), check_url(primitive)) {
                        self.addressees.learn_url(url, id.into());
                    }
                }
                name::POLLING_REQUEST if part.mode != Some(Mode::Response) => {
                    if let Some(id) = message.session_id() {
                        self.answer(id, &message.envelope, out);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes a CIR item; hands it over at once unless a poll may answer it.
    pub fn call(&mut self, cir: Box<Cir>, out: &mut Vec<Call>) {
        self.expire(cir.time, out);
        let known = self.addressees.find(&cir).cloned();
        if !is_call(&cir, known.is_some()) {
            return;
        }
        let waits = cir.kind == Kind::WakeUp;
        let call = Call { session: known.or_else(|| cir.session_id.clone()), cir, answer: None };
        if !waits || call.session.is_none() {
            return out.push(call);
        }
        self.waiting.push_back(call);
        if self.waiting.len() > CALLS_WAITING {
            out.extend(self.waiting.pop_front());
        }
    }

    /// Hands over what nothing answered: nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<Call>) {
        out.extend(self.waiting.drain(..));
    }

    fn grant(&mut self, message: &Message, part: &Part, primitive: Node<'_>) {
        let login = Login::of(message, part);
        let Some(id) = text(primitive, name::SESSION_ID).or(message.session_id()) else { return };
        let cookie = self.logins.remove(&login);
        if let Some(cookie) = &cookie {
            self.addressees.learn_cookie(cookie, id.into());
        }
        if let Some(url) = check_url(primitive) {
            self.addressees.learn_url(url, id.into());
        }
        self.granted.push_back((id.into(), cookie));
        if self.granted.len() > ADDRESSEES
            && let Some((id, cookie)) = self.granted.pop_front()
        {
            self.addressees.forget(cookie.as_deref(), None, &id);
        }
    }

    /// A poll answers all calls to its session that wait.
    fn answer(&mut self, session: &str, poll: &Envelope, out: &mut Vec<Call>) {
        let of_session = |call: &Call| call.session.as_deref() == Some(session) && call.cir.time <= poll.start_time;
        let mut at = 0;
        while let Some(call) = self.waiting.get_mut(at) {
            if !of_session(call) {
                at += 1;
                continue;
            }
            call.answer = Some((poll.frames.first, poll.start_time.since(call.cir.time)));
            out.extend(self.waiting.remove(at));
        }
    }

    fn expire(&mut self, now: Time, out: &mut Vec<Call>) {
        let is_late = |call: &mut Call| now.0.saturating_sub(call.cir.time.0) > ANSWERED_WITHIN;
        while let Some(call) = self.waiting.pop_front_if(is_late) {
            out.push(call);
        }
    }
}

/// The text of a child that has one.
fn text(primitive: Node<'_>, name: NameId) -> Option<&str> {
    primitive.child(name).map(Node::text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::carrier::{Carrier, Direction, Headers, Start, Wholeness};
    use crate::csp::decode::decode;
    use crate::flow::{FlowInfo, FlowNo, Transport};
    use crate::wire::{FrameRange, Wire};

    fn flow() -> Arc<FlowInfo> {
        let (opener, acceptor) = (([10, 0, 0, 1], 40000).into(), ([192, 0, 2, 1], 80).into());
        Arc::new(FlowInfo {
            no: FlowNo(1),
            transport: Transport::Tcp,
            opener,
            acceptor,
            opening_seen: true,
            tunnel: None,
            protected: false,
        })
    }

    fn at(second: i64) -> (FrameRange, Time) {
        let frame = FrameNo(second as u64);
        (FrameRange { first: frame, last: frame }, Time(second * 1_000_000_000))
    }

    /// A message in the plain-text syntax; the frame has the number of the second.
    fn spoken(second: i64, payload: &str) -> Message {
        let (frames, time) = at(second);
        let envelope = Envelope {
            flow: flow(),
            carrier: Carrier::Sms,
            direction: Direction::ClientToServer,
            exchange: 0,
            start: Start::Message,
            content_type: None,
            headers: Headers::default(),
            gateway: None,
            body: Wire::from_frame(payload.as_bytes(), frames.first, 0),
            wholeness: Wholeness::Complete,
            wire_octets: 0,
            frames,
            start_time: time,
            end_time: time,
            compressed: false,
            closes: false,
            anomalies: Vec::new(),
        };
        decode(Box::new(envelope)).unwrap()
    }

    fn say(calls: &mut Calls, second: i64, payload: &str) -> Vec<Call> {
        let mut out = Vec::new();
        calls.hear(&spoken(second, payload), &mut out);
        out
    }

    fn wake(calls: &mut Calls, second: i64, text: &str) -> Vec<Call> {
        let (frames, time) = at(second);
        let mut out = Vec::new();
        calls.call(Cir::wake_up(flow(), Bearer::Udp, text.as_bytes(), frames, time).unwrap(), &mut out);
        out
    }

    /// Frame, session, and frame and latency of the answer.
    type Brief<'c> = (u64, Option<&'c str>, Option<(u64, f64)>);

    fn brief(calls: &[Call]) -> Vec<Brief<'_>> {
        let answer = |call: &Call| call.answer.map(|(frame, latency)| (frame.0, latency.0));
        calls.iter().map(|call| (call.cir.frames.first.0, call.session.as_deref(), answer(call))).collect()
    }

    fn logged_in() -> Calls {
        let mut calls = Calls::default();
        say(&mut calls, 1, "WV12LR1 UI=a SC=Cookie-A");
        say(&mut calls, 2, "WV12LR2 UI=b SC=Cookie-B");
        say(&mut calls, 3, "WV12RL2 SI=s-b ST=200");
        say(&mut calls, 4, "WV12RL1 SI=s-a ST=200");
        calls
    }

    #[test]
    fn a_poll_answers_the_wake_ups_of_its_session() {
        let mut calls = logged_in();
        assert_eq!(wake(&mut calls, 10, "WVCI 1.2 cookie-a"), []);
        assert_eq!(wake(&mut calls, 11, "WVCI 1.2 (Cookie-B)"), []);
        assert_eq!(wake(&mut calls, 12, "WVCI 1.2 cookie-A"), []);
        assert_eq!(say(&mut calls, 13, "WV12ST5 SI=s-a ST=200"), []);
        let answered = say(&mut calls, 14, "WV12PO0 SI=s-a");
        assert_eq!(brief(&answered), [(10, Some("s-a"), Some((14, 4.0))), (12, Some("s-a"), Some((14, 2.0)))]);
        let mut rest = Vec::new();
        calls.finish(&mut rest);
        assert_eq!(brief(&rest), [(11, Some("s-b"), None)]);
    }

    #[test]
    fn what_has_no_session_waits_for_nothing() {
        let mut calls = logged_in();
        assert_eq!(brief(&wake(&mut calls, 10, "WVCI 1.2 other")), [(10, None, None)]);
    }

    #[test]
    fn a_wake_up_waits_five_minutes() {
        let mut calls = logged_in();
        wake(&mut calls, 10, "WVCI 1.2 cookie-a");
        assert_eq!(say(&mut calls, 310, "WV12ST5 SI=s-b ST=200"), []);
        assert_eq!(brief(&say(&mut calls, 311, "WV12PO0 SI=s-a")), [(10, Some("s-a"), None)]);
    }

    #[test]
    fn a_get_is_a_check_where_its_url_was_agreed() {
        let mut calls = logged_in();
        say(&mut calls, 5, "WV12PC3 SI=s-a AP=((SC,SHTTP),(CI,http://Example.com/wait?id=7))");
        let check = |calls: &mut Calls, url: &str, kind| {
            let (frames, time) = at(20);
            let wake_up = Cir::wake_up(flow(), Bearer::Http, b"WVCI 1.2 x", frames, time).unwrap();
            let mut out = Vec::new();
            calls.call(Box::new(Cir { kind, cookie: None, url: Some(url.into()), ..*wake_up }), &mut out);
            out
        };
        assert_eq!(brief(&check(&mut calls, "http://example.com/wait?id=7", Kind::Ping)), [(20, Some("s-a"), None)]);
        assert_eq!(check(&mut calls, "http://example.com/wait?id=8", Kind::Ping), []);
        assert_eq!(brief(&check(&mut calls, "http://other/cir/a/1", Kind::Ok)), [(20, None, None)]);
        assert_eq!(check(&mut calls, "http://example.com/wait?id=7", Kind::WakeUp), []);
        assert_eq!(brief(&say(&mut calls, 21, "WV12PO0 SI=s-a")), [(20, Some("s-a"), Some((21, 1.0)))]);
    }

    #[test]
    fn only_so_many_wait() {
        let mut calls = logged_in();
        for _ in 0..CALLS_WAITING {
            assert_eq!(wake(&mut calls, 10, "WVCI 1.2 cookie-a"), []);
        }
        assert_eq!(wake(&mut calls, 10, "WVCI 1.2 cookie-a").len(), 1);
    }

    #[test]
    fn only_so_many_logins_and_sessions_are_remembered() {
        let mut calls = Calls::default();
        let (mut message, mut answer) = (None, None);
        for n in 0..=ADDRESSEES as u32 {
            let ask = message.get_or_insert_with(|| spoken(1, "WV12LR1 UI=a SC=cookie"));
            let grant = answer.get_or_insert_with(|| spoken(2, "WV12RL1 SI=s ST=200"));
            ask.envelope.exchange = n + 1;
            grant.envelope.exchange = n + 1;
            calls.hear(ask, &mut Vec::new());
            assert!(calls.logins.len() <= ADDRESSEES);
            calls.hear(grant, &mut Vec::new());
            ask.envelope.exchange = u32::MAX - n;
            calls.hear(ask, &mut Vec::new());
            assert!(calls.granted.len() <= ADDRESSEES);
        }
    }

    #[test]
    fn of_sessions_with_one_cookie_the_latest_is_called() {
        let mut addressees = Addressees::default();
        addressees.learn_cookie("C", 1);
        addressees.learn_cookie("c", 2);
        addressees.forget(Some("C"), None, &1);
        let (frames, time) = at(1);
        let cir = Cir::wake_up(flow(), Bearer::Udp, b"WVCI 1.2 c", frames, time).unwrap();
        assert_eq!(addressees.find(&cir), Some(&2));
        addressees.forget(Some("C"), None, &2);
        assert_eq!(addressees.find(&cir), None);
    }
}
