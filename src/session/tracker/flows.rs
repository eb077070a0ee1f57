//! Flows: the exchanges that wait in them for answers, the sessions that use them, and what of them is missing.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::carrier::{Carrier, Direction, Wholeness};
use crate::flow::{End, FlowInfo, FlowNo, Loss};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange};

use super::super::keyed::Keyed;
use super::super::live::login_identity;
use super::super::logins::login_request;
use super::legs::Leg;
use super::{Broken, Doubt, Event, Heard, Live, Owner, SessionNo, Tracker, What};

/// A carrier exchange whose answer has not come yet.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) session: Option<SessionNo>,
    pub(super) doubt: Option<Doubt>,
    /// Under what its request is known to [`Legs`].
    pub(super) content: Option<u64>,
    /// The exchange of which it is a relayed copy.
    pub(super) relays: Option<Box<Leg>>,
    /// Whom its request belongs to as far as it tells by itself.
    pub(super) owner: Option<Box<Owner>>,
}

/// What is known of a flow that carries IMPS.
#[derive(Debug, Default)]
pub(super) struct FlowState {
    /// Whether anything was heard in it.
    heard: bool,
    pub(super) exchanges: Exchanges,
    pub(super) users: Users,
    pub(super) gaps: Vec<Event>,
    pub(super) lossy: Option<Doubt>,
}

/// Exchanges by rising number: mostly one.
#[derive(Debug, Default)]
pub(super) struct Exchanges(Vec<(u32, Exchange)>);

impl Exchanges {
    fn place(&self, number: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(number, _)| *number)
    }

    pub(super) fn get(&self, number: u32) -> Option<&Exchange> {
        self.0.get(self.place(number).ok()?).map(|(_, exchange)| exchange)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Exchange> {
        let place = self.place(number).ok()?;
        self.0.get_mut(place).map(|(_, exchange)| exchange)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Exchange> {
        self.place(number).ok().map(|place| self.0.remove(place).1)
    }

    fn insert(&mut self, number: u32, exchange: Exchange) {
        match self.place(number) {
            Ok(place) => {
                if let Some((_, old)) = self.0.get_mut(place) {
                    *old = exchange;
                }
            }
            Err(place) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(place, (number, exchange));
            }
        }
    }

    fn pop_first(&mut self) -> Option<Exchange> {
        (!self.0.is_empty()).then(|| self.0.remove(0).1)
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// Who uses a flow, or all flows between two hosts.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// The sessions; some may be over.
    pub(super) sessions: BTreeSet<SessionNo>,
    /// How many of them before those that are over are taken out.
    pub(super) kept: usize,
    /// The one that spoke last.
    pub(super) latest: Option<SessionNo>,
    /// Whether it is a gateway that asks, for several clients.
    pub(super) pooled: bool,
}

impl Users {
    /// A session speaks; returns whether it does so for the first time.
    fn join(&mut self, no: SessionNo, live: &Keyed<SessionNo, Box<Live>>) -> bool {
        self.latest = Some(no);
        let new = self.sessions.insert(no);
        if self.sessions.len() > self.kept.max(SESSIONS_REMEMBERED) {
            self.sessions.retain(|no| live.contains_key(no));
            self.kept = 2 * self.sessions.len();
        }
        new
    }
}

/// The host of the client and the address of the server.
pub(super) type Route = (IpAddr, SocketAddr);

fn route(flow: &FlowInfo) -> Route {
    (flow.opener.ip(), flow.acceptor)
}

/// How many gaps of a flow are remembered for sessions that come to use it later.
const GAPS_REMEMBERED: usize = 8;
/// How many sessions are remembered of a flow, or of all between two hosts, before those that are over are taken out.
pub(super) const SESSIONS_REMEMBERED: usize = 64;
/// How many pairs of hosts are remembered before those whose sessions are over are taken out.
pub(super) const ROUTES_REMEMBERED: usize = 4096;

impl Tracker {
    /// Files that octets are missing in a flow, which is or is not known to carry IMPS. What they held may have been said
    /// in the sessions that use the flow; where clients share it, or none is known in it, in every session between the
    /// same two hosts.
    pub fn miss(&mut self, flow: &FlowInfo, proved: bool, direction: Direction, loss: Loss, at: (Time, FrameNo)) {
        let (time, frame) = at;
        let gap = Event {
            what: What::Gap { loss },
            direction,
            flow: flow.no,
            exchange: 0,
            start: time,
            end: time,
            frames: FrameRange { first: frame, last: frame },
            octets: 0,
            body_octets: 0,
            whole: Wholeness::Complete,
            opens_flow: false,
            closes_flow: false,
        };
        let channel = self.channels.get(&flow.no).map(|signal| signal.0);
        let channel = channel.or_else(|| self.channel_routes.get(&(flow.opener.ip(), flow.acceptor)).copied());
        if let Some(live) = channel.and_then(|no| self.live.get_mut(&no)) {
            return live.miss(&gap);
        }
        if loss == Loss::Encrypted {
            return self.seal(flow, &gap);
        }
        let state = if proved { Some(self.flows.entry(flow.no).or_default()) } else { self.flows.get_mut(&flow.no) };
        // Of a flow that nobody knows it may have been the server who was seen first.
        let turned = || self.routes.get(&(flow.acceptor.ip(), flow.opener)).filter(|_| !proved);
        let route = self.routes.get(&route(flow)).or_else(turned);
        let pooled = route.is_some_and(|route| route.pooled);
        let users = state.as_ref().map(|state| &state.users).filter(|users| !pooled && !users.sessions.is_empty());
        for no in users.or(route).into_iter().flat_map(|users| &users.sessions) {
            if let Some(live) = self.live.get_mut(no) {
                live.miss(&gap);
            }
        }
        // A login that was granted there ended the sessions that its client had before.
        for client in self.logins.miss(flow.no, loss.into()) {
            for no in self.by_client.get(&client).into_iter().flatten() {
                if let Some(live) = self.live.get_mut(no) {
                    live.miss(&gap);
                }
            }
        }
        if let Some(state) = state {
            state.lossy.get_or_insert(loss.into());
            if state.gaps.len() < GAPS_REMEMBERED {
                state.gaps.push(gap);
            }
        }
    }

    /// Files that two hosts exchanged what cannot be read: it may belong to any session between them.
    fn seal(&mut self, flow: &FlowInfo, gap: &Event) {
        let client = flow.opener.ip();
        for server in self.servers.get(&(client, flow.acceptor.ip())).into_iter().flatten() {
            for no in self.routes.get(&(client, *server)).into_iter().flat_map(|users| &users.sessions) {
                if let Some(live) = self.live.get_mut(no) {
                    live.miss(gap);
                }
            }
        }
    }

    /// Files that a flow is over: exchanges still open in it stay unanswered.
    pub fn end_flow(&mut self, flow: &FlowInfo, (end, by): (End, Option<Direction>), at: (Time, FrameNo)) {
        if matches!(end, End::Closed | End::Reset) {
            self.end_channel(flow.no, at);
        }
        if end == End::Evicted {
            self.miss(flow, true, Direction::ServerToClient, Loss::Limit, at);
        }
        if by.is_some() || matches!(end, End::Closed | End::Reset) {
            self.break_off(flow.no, by, at.0);
        }
        self.leave_flow(flow.no, end);
    }

    /// Tells sessions of their requests that have no answer when the connection is closed, by this side first.
    fn break_off(&mut self, flow: FlowNo, by: Option<Direction>, time: Time) {
        let Some(state) = self.flows.get(&flow) else { return };
        let by = by.filter(|_| state.lossy.is_none());
        for (exchange, open) in &state.exchanges.0 {
            let live = open.session.filter(|_| open.relays.is_none()).and_then(|no| self.live.get_mut(&no));
            if let Some(live) = live {
                live.break_off(Broken { flow, exchange: *exchange, time, by: by.filter(|_| open.doubt.is_none()) });
            }
        }
    }

    pub(super) fn leave_flow(&mut self, flow: FlowNo, end: End) {
        let Some(state) = self.flows.remove(&flow) else { return };
        for (_, exchange) in state.exchanges.0 {
            let open = (end == End::Open).then_some(Doubt::OpenAtEnd);
            self.give_up(&exchange, exchange.doubt.or(state.lossy).or(open));
        }
    }

    /// An exchange ends without an answer.
    fn give_up(&mut self, exchange: &Exchange, doubt: Option<Doubt>) {
        if exchange.relays.is_none() {
            self.tally.settle(doubt);
        }
    }

    /// Keeps the account of carrier exchanges; returns the session that the request of an answer belongs to, and whom
    /// something heard belongs to where no session tells.
    pub(super) fn carry(&mut self, heard: &Heard) -> (Option<SessionNo>, Owner) {
        let doubt = heard.events.iter().find_map(|e| Doubt::of(e.whole));
        let state = self.flows.entry(heard.flow.no).or_default();
        let first = !std::mem::replace(&mut state.heard, true);
        self.tally.joined_late += u64::from(first && heard.flow.began_before() && heard.carrier != Carrier::Log);
        if heard.exchange == 0 {
            self.tally.exchanges += 1;
            self.tally.settle(doubt);
            return (None, Owner::default());
        }
        if heard.asks {
            self.tally.exchanges += 1;
            let user = if heard.session_id.is_none() { named(heard) } else { None };
            let forwarded = heard.gateway.as_ref().and_then(|g| g.client.as_deref()).map(str::to_owned);
            let told = user.is_some() || forwarded.is_some();
            let owner = Owner { user, forwarded, ..Owner::default() };
            let kept = told.then(|| Box::new(owner.clone()));
            let exchange = Exchange { doubt, content: heard.content, owner: kept, ..Exchange::default() };
            self.open(heard, exchange);
            return (None, owner);
        }
        let state = self.flows.entry(heard.flow.no).or_default();
        let Some(exchange) = state.exchanges.remove(heard.exchange) else {
            self.tally.exchanges += 1;
            let lost = if heard.flow.began_before() { Doubt::BeganMidStream } else { Doubt::MissingPackets };
            self.tally.settle(Some(state.lossy.unwrap_or(lost)));
            return (None, Owner::default());
        };
        if let Some(content) = exchange.content {
            self.legs.answer(content, heard.flow.no, heard.exchange);
        }
        self.tally.settle(exchange.doubt.or(doubt));
        (exchange.session, exchange.owner.map(|owner| *owner).unwrap_or_default())
    }

    /// Whether the request of an answer was captured.
    pub(super) fn is_asked(&self, heard: &Heard) -> bool {
        self.flows.get(&heard.flow.no).is_some_and(|flow| flow.exchanges.get(heard.exchange).is_some())
    }

    /// Opens an exchange; the oldest of too many in a flow is given up.
    pub(super) fn open(&mut self, heard: &Heard, exchange: Exchange) {
        let state = self.flows.entry(heard.flow.no).or_default();
        let full = state.exchanges.len() >= self.limits.exchanges;
        let oldest = if full { state.exchanges.pop_first() } else { None };
        state.exchanges.insert(heard.exchange, exchange);
        let lossy = state.lossy;
        if let Some(oldest) = oldest {
            self.give_up(&oldest, oldest.doubt.or(lossy).or(Some(Doubt::Limit)));
        }
    }

    /// A session uses a flow, which its client or a gateway opened. Gaps of the flow before this may have held something
    /// of it. Returns whether it is a gateway.
    pub(super) fn join_flow(&mut self, info: &FlowInfo, by_gateway: bool, no: SessionNo) -> bool {
        let state = self.flows.entry(info.no).or_default();
        let users = &mut state.users;
        if users.latest == Some(no) && (users.pooled || !by_gateway) {
            return users.pooled;
        }
        let before = users.latest;
        let new = users.join(no, &self.live);
        let shared = |other| other != no && (!new || are_of_two_users(&self.live, other, no));
        let shared = !users.pooled && before.is_some_and(shared);
        if self.routes.len() > self.routes_kept.max(ROUTES_REMEMBERED) {
            self.routes.retain(|_, users| users.sessions.iter().any(|no| self.live.contains_key(no)));
            self.routes_kept = 2 * self.routes.len();
            self.servers.clear();
            for (client, server) in self.routes.keys() {
                self.servers.entry((*client, server.ip())).or_default().push(*server);
            }
        }
        let servers = self.servers.entry((info.opener.ip(), info.acceptor.ip())).or_default();
        if !servers.contains(&info.acceptor) {
            servers.reserve_exact(1);
            servers.push(info.acceptor);
        }
        let route = self.routes.entry(route(info)).or_default();
        route.join(no, &self.live);
        route.pooled |= by_gateway || shared;
        let pooled = route.pooled;
        if pooled && !std::mem::replace(&mut users.pooled, true) {
            for no in &users.sessions {
                if let Some(live) = self.live.get_mut(no) {
                    live.disown(info.no);
                }
            }
        }
        if let Some(live) = self.live.get_mut(&no).filter(|_| new) {
            for gap in &state.gaps {
                live.push(gap.clone());
            }
        }
        pooled
    }
}

/// Whom something names that belongs to no session: the user who logs in, or the subscriber that a gateway names.
fn named(heard: &Heard) -> Option<String> {
    let login = heard.proof.and_then(|_| login_identity(login_request(heard)?).1);
    login.or_else(|| heard.gateway.as_ref()?.msisdn.as_deref().map(str::to_owned))
}

/// Whether two sessions are known to be of different users.
fn are_of_two_users(live: &Keyed<SessionNo, Box<Live>>, a: SessionNo, b: SessionNo) -> bool {
    let name = |no| live.get(&no).and_then(|live| live.session().named());
    name(a).zip(name(b)).is_some_and(|(a, b)| !a.eq_ignore_ascii_case(b))
}
