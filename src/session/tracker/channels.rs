//! Channels: what is said about waking clients, filed with their sessions.

use crate::carrier::Cir;
use crate::carrier::cir::{Bearer, Kind};
use crate::flow::FlowNo;
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange};

use super::super::calls::is_call;
use super::{Closed, SessionNo, Signal, Tracker};

/// Channels over TCP that are known by their flow; beyond it no further one is.
pub const CHANNELS_KNOWN: usize = 65_536;

/// Sessions among which the one of a client is looked for, where a wake-up names none.
const SESSIONS_SEARCHED: usize = 1_024;

impl Tracker {
    /// Files something that was said about waking a client. Sessions that are over by then are appended to `closed`. Returns
    /// the session it is for, as far as one is known.
    pub fn call(&mut self, cir: &Cir, closed: &mut Closed) -> Option<SessionNo> {
        let by_cookie = self.addressees.find(cir).copied().filter(|no| self.live.contains_key(no));
        if !is_call(cir, by_cookie.is_some()) {
            return None;
        }
        self.advance(cir.time, closed);
        self.tally.signals += 1;
        let named = || {
            [&cir.session_id, &cir.cookie].into_iter().flatten().find_map(|id| self.find(id, cir.flow.acceptor.ip()))
        };
        let no = by_cookie.or_else(named).or_else(|| self.only_one_at(cir))?;
        let signal = Signal::of(cir, by_cookie.is_some());
        if cir.bearer == Bearer::Tcp
            && (self.channels.len() < CHANNELS_KNOWN || self.channels.contains_key(&cir.flow.no))
        {
            self.channels.insert(cir.flow.no, (no, signal.clone()));
            if self.channel_routes.len() >= CHANNELS_KNOWN {
                self.channel_routes.clear();
            }
            self.channel_routes.insert((cir.flow.opener.ip(), cir.flow.acceptor), no);
        }
        self.live.get_mut(&no)?.signal(signal);
        Some(no)
    }

    /// The only session of the client that a wake-up goes to: it is for that one, whatever it names.
    fn only_one_at(&self, cir: &Cir) -> Option<SessionNo> {
        let reaches = cir.kind == Kind::WakeUp && matches!(cir.bearer, Bearer::Udp | Bearer::Tcp);
        if !reaches || self.live.len() > SESSIONS_SEARCHED {
            return None;
        }
        let client = cir.flow.opener.ip();
        let mut there = self.live.iter().filter(|(_, live)| live.session().peers.0.ip() == client && !live.is_over());
        let (no, _) = there.next()?;
        there.next().is_none().then_some(*no)
    }

    /// Files that the connection of a flow, which may be a channel, was closed.
    pub(super) fn end_channel(&mut self, flow: FlowNo, (time, frame): (Time, FrameNo)) {
        let Some((no, last)) = self.channels.remove(&flow) else { return };
        if let Some(live) = self.live.get_mut(&no) {
            let frames = FrameRange { first: frame, last: frame };
            live.signal(Signal { kind: None, time, frames, push_id: None, ..last });
        }
    }
}
