//! Legs: one exchange heard on both sides of a gateway, in two flows.
//!
//! A capture at a gateway, a load balancer or an address translator shows what the client sent, and soon after the
//! same content once more on the way to the server, while the first copy waits for its answer. The second copy was
//! relayed; nobody said it. A client that sends again says it itself: to where it sent before, from where it did.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::carrier::{Direction, Wholeness};
use crate::csp::name;
use crate::flow::{FlowInfo, FlowNo, Loss};
use crate::time::Time;

use super::super::keyed::Keyed;
use super::{Event, Exchange, Heard, Id, SessionNo, Tracker};

/// How soon after a request a copy of it counts as relayed: 2 s.
pub const RELAYED_WITHIN: i64 = 2_000_000_000;
/// Unanswered requests that are remembered to know their copies by; the oldest goes first.
pub const LEGS_REMEMBERED: usize = 65_536;

/// A request as it went over one leg.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// The flow.
    pub(super) flow: Arc<FlowInfo>,
    /// Number of the exchange in the flow.
    pub(super) exchange: u32,
    /// How many gateways named themselves so far.
    hops: u16,
    /// When it was complete.
    time: Time,
}

impl Leg {
    fn of(heard: &Heard) -> Self {
        Self {
            flow: Arc::clone(&heard.flow),
            exchange: heard.exchange,
            hops: heard.gateway.as_ref().map_or(0, |gateway| gateway.hops),
            time: heard.events.iter().map(|e| e.end).max().unwrap_or_default(),
        }
    }

    /// Whether a request of equal content may be this one on another leg.
    fn is_relayed_by(&self, other: &Self) -> bool {
        let sent_alike = self.flow.opener.ip() == other.flow.opener.ip()
            && self.flow.acceptor == other.flow.acceptor
            && self.hops == other.hops;
        let apart = other.time.0.saturating_sub(self.time.0).saturating_abs();
        self.flow.no != other.flow.no && !sent_alike && apart <= RELAYED_WITHIN
    }
}

/// The requests of the last moments that were not answered, by content.
#[derive(Debug, Default)]
pub(super) struct Legs {
    recent: Keyed<u64, Leg>,
    order: VecDeque<(Time, u64)>,
}

impl Legs {
    /// Files a request with content. Returns the one that it is a relayed copy of; a copy is not filed.
    pub(super) fn ask(&mut self, heard: &Heard, content: u64) -> Option<Leg> {
        let leg = Leg::of(heard);
        while let Some((time, old)) = self.order.front().copied()
            && (self.order.len() >= LEGS_REMEMBERED || leg.time.0.saturating_sub(time.0) > RELAYED_WITHIN)
        {
            self.order.pop_front();
            if self.recent.get(&old).is_some_and(|leg| leg.time == time) {
                self.recent.remove(&old);
            }
        }
        let original = self.recent.get(&content).filter(|original| original.is_relayed_by(&leg)).cloned();
        if original.is_none() {
            self.order.push_back((leg.time, content));
            self.recent.insert(content, leg);
        }
        original
    }

    /// A request is answered: what is heard from now on is none of its copies.
    pub(super) fn answer(&mut self, content: u64, flow: FlowNo, exchange: u32) {
        if self.recent.get(&content).is_some_and(|leg| leg.flow.no == flow && leg.exchange == exchange) {
            self.recent.remove(&content);
        }
    }
}

impl Tracker {
    /// Takes what was only relayed, and gives back everything else.
    pub(super) fn relay(&mut self, heard: Heard) -> Option<Heard> {
        let (flow, number) = (heard.flow.no, heard.exchange);
        if heard.direction == Direction::ClientToServer {
            let original = heard.content.and_then(|content| self.legs.ask(&heard, content));
            let Some(original) = original else { return Some(heard) };
            self.tally.relayed += 1;
            if let Some(gateway) = heard.gateway.as_deref()
                && let Some(live) = self.session_of(&original).and_then(|no| self.live.get_mut(&no))
            {
                live.introduce(gateway);
            }
            self.open(&heard, Exchange { relays: Some(Box::new(original)), ..Exchange::default() });
            return None;
        }
        let exchanges = self.flows.get_mut(&flow).map(|state| &mut state.exchanges);
        if let Some((exchanges, original)) = exchanges.and_then(|e| e.get(number)?.relays.clone().map(|o| (e, o))) {
            exchanges.remove(number);
            if let Some(no) = self.session_of(&original) {
                self.stand_ins.entry(no).or_default().push(stand_in(heard, &original));
            }
            return None;
        }
        if self.is_told_again(&heard) { None } else { Some(heard) }
    }

    /// The session of an exchange that waits for its answer.
    fn session_of(&self, leg: &Leg) -> Option<SessionNo> {
        self.flows.get(&leg.flow.no)?.exchanges.get(leg.exchange)?.session
    }

    /// Whether a login is granted once more, in another flow, that was granted a moment ago.
    fn is_told_again(&self, heard: &Heard) -> bool {
        let response = heard.events.iter().find(|e| e.is(name::LOGIN_RESPONSE));
        let told = |event: &Event| event.spoken().map(|s| (s.id.clone(), s.fingerprint));
        let Some(response) = response.filter(|_| !self.logins.asked(heard.flow.no, heard.exchange)) else {
            return false;
        };
        let id = response.primitive().and_then(|p| p.child(name::SESSION_ID)).map(|n| n.text());
        let same = id.and_then(|id| self.by_id.get(&Id::from(id))).into_iter().flatten();
        same.filter_map(|no| self.live.get(no)?.summary().0).any(|login| {
            login.flow != response.flow
                && told(&login) == told(response)
                && response.end.0.saturating_sub(login.end.0) <= RELAYED_WITHIN
        })
    }

    /// Files the relayed answers of a session whose originals are overdue when something of it is heard, or when it is
    /// closed; lets go of the one whose original is heard.
    pub(super) fn settle_stand_ins(&mut self, no: SessionNo, heard: Option<&Heard>) {
        let waiting = if self.stand_ins.is_empty() { None } else { self.stand_ins.get_mut(&no) };
        let Some(waiting) = waiting else { return };
        if let Some(original) = heard.filter(|heard| heard.direction == Direction::ServerToClient) {
            waiting.retain(|s| (s.flow.no, s.exchange) != (original.flow.no, original.exchange));
        }
        let now = match heard {
            Some(heard) => heard.events.iter().map(|e| e.start).min().unwrap_or_default(),
            None => Time(i64::MAX),
        };
        let overdue = |s: &mut Heard| s.events.iter().all(|e| now.0.saturating_sub(e.end.0) > RELAYED_WITHIN);
        let overdue: Vec<Heard> = waiting.extract_if(.., overdue).collect();
        if waiting.is_empty() {
            self.stand_ins.remove(&no);
        }
        if let Some(live) = self.live.get_mut(&no) {
            overdue.into_iter().flat_map(|s| s.events).for_each(|event| live.push(event));
        }
    }
}

/// A relayed answer in the place of the original, which is missing.
fn stand_in(mut heard: Heard, original: &Leg) -> Heard {
    (heard.flow, heard.exchange) = (Arc::clone(&original.flow), original.exchange);
    for event in &mut heard.events {
        (event.flow, event.exchange) = (original.flow.no, original.exchange);
        (event.opens_flow, event.closes_flow) = (false, false);
        event.whole = Wholeness::Lost(Loss::MissingPackets);
    }
    heard
}
