//! Polling: asking a server that cannot speak first, neither too often nor too late.

use super::{Check, Rule};
use crate::carrier::Direction;
use crate::carrier::cir::{Bearer, Kind};
use crate::csp::name;
use crate::session::{Event, EventIx, Session, Signal, Transaction, What};

mod constant_rate_poll;
mod dead_cir_channel;
mod empty_wake_up;
mod false_poll_flag;
mod hasty_cir_upkeep;
mod ignored_poll_flag;
mod ignored_wake_up;
mod incomplete_helo;
mod late_wake_up;
mod misaddressed_wake_up;
mod missing_poll;
mod poll_answered_as_response;
mod poll_below_minimum;
mod poll_despite_cir;
mod poll_flag_from_client;
mod redundant_poll;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "polling/constant-rate-poll",
        page: include_str!("../../../rules/polling/constant-rate-poll.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], constant_rate_poll::check),
    },
    Rule {
        name: "polling/dead-cir-channel",
        page: include_str!("../../../rules/polling/dead-cir-channel.md"),
        check: Check::Session(dead_cir_channel::check),
    },
    Rule {
        name: "polling/empty-wake-up",
        page: include_str!("../../../rules/polling/empty-wake-up.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], empty_wake_up::check),
    },
    Rule {
        name: "polling/false-poll-flag",
        page: include_str!("../../../rules/polling/false-poll-flag.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], false_poll_flag::check),
    },
    Rule {
        name: "polling/hasty-cir-upkeep",
        page: include_str!("../../../rules/polling/hasty-cir-upkeep.md"),
        check: Check::Session(hasty_cir_upkeep::check),
    },
    Rule {
        name: "polling/ignored-poll-flag",
        page: include_str!("../../../rules/polling/ignored-poll-flag.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], ignored_poll_flag::check),
    },
    Rule {
        name: "polling/ignored-wake-up",
        page: include_str!("../../../rules/polling/ignored-wake-up.md"),
        check: Check::Session(ignored_wake_up::check),
    },
    Rule {
        name: "polling/incomplete-helo",
        page: include_str!("../../../rules/polling/incomplete-helo.md"),
        check: Check::Session(incomplete_helo::check),
    },
    Rule {
        name: "polling/late-wake-up",
        page: include_str!("../../../rules/polling/late-wake-up.md"),
        check: Check::Session(late_wake_up::check),
    },
    Rule {
        name: "polling/misaddressed-wake-up",
        page: include_str!("../../../rules/polling/misaddressed-wake-up.md"),
        check: Check::Session(misaddressed_wake_up::check),
    },
    Rule {
        name: "polling/missing-poll",
        page: include_str!("../../../rules/polling/missing-poll.md"),
        check: Check::Session(missing_poll::check),
    },
    Rule {
        name: "polling/poll-answered-as-response",
        page: include_str!("../../../rules/polling/poll-answered-as-response.md"),
        check: Check::TransactionOf(&[name::POLLING_REQUEST], poll_answered_as_response::check),
    },
    Rule {
        name: "polling/poll-below-minimum",
        page: include_str!("../../../rules/polling/poll-below-minimum.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], poll_below_minimum::check),
    },
    Rule {
        name: "polling/poll-despite-cir",
        page: include_str!("../../../rules/polling/poll-despite-cir.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], poll_despite_cir::check),
    },
    Rule {
        name: "polling/poll-flag-from-client",
        page: include_str!("../../../rules/polling/poll-flag-from-client.md"),
        check: Check::MessageWith(&[name::POLL, name::CIR], poll_flag_from_client::check),
    },
    Rule {
        name: "polling/redundant-poll",
        page: include_str!("../../../rules/polling/redundant-poll.md"),
        check: Check::SessionWith(&[name::POLLING_REQUEST], redundant_poll::check),
    },
];

/// A poll and the carrier answer to it.
#[derive(Clone)]
struct Poll<'s> {
    ix: EventIx,
    event: &'s Event,
    answer_ix: EventIx,
    answer: &'s Event,
}

impl Poll<'_> {
    /// Whether it found nothing waiting: a good answer without payload.
    fn found_nothing(&self) -> bool {
        matches!(self.answer.what, What::Empty { status: Some(200) | None })
    }
}

/// The answered polls of a session in order.
fn polls(session: &Session) -> impl Iterator<Item = Poll<'_>> {
    session.transactions_named(name::POLLING_REQUEST).filter_map(move |t: &Transaction| {
        let answer_ix = t.answer?;
        Some(Poll { ix: t.request, event: session.event(t.request)?, answer_ix, answer: session.event(answer_ix)? })
    })
}

/// What is known of waking a client when it polls.
#[derive(Clone, Copy, Debug, Default)]
struct Woken {
    /// Whether something since the poll before asked for this one: a wake-up, Poll=T, or a channel that was opened.
    called: bool,
    /// Whether a channel has shown that it works, and was not lost since. Checks over HTTP are none.
    up: bool,
}

/// The answered polls of a session in order, each with what is known of waking the client by then.
fn woken(session: &Session) -> impl Iterator<Item = (Poll<'_>, Woken)> {
    let mut signals = session.signals.iter().peekable();
    let (mut now, mut hello) = (Woken::default(), false);
    let mut polls = polls(session).peekable();
    session.indexed().filter_map(move |(ix, event)| {
        while let Some(signal) = signals.next_if(|signal| signal.time <= event.start) {
            match (signal.kind, signal.bearer) {
                (Some(Kind::WakeUp), bearer) => (now.called, now.up) = (true, now.up || bearer != Bearer::Http),
                (Some(Kind::Hello), _) => (now.called, hello) = (true, true),
                (Some(Kind::Ok), Bearer::Tcp) => now.up |= hello,
                (None, _) => (now.up, hello) = (false, false),
                _ => {}
            }
        }
        if let (Direction::ServerToClient, Some(spoken)) = (event.direction, event.spoken()) {
            now.called |= spoken.poll == Some(true);
            now.up &= spoken.cir != Some(false);
        }
        let poll = polls.next_if(|poll| poll.ix == ix)?;
        let woken = now;
        now.called = false;
        Some((poll, woken))
    })
}

/// The wake-ups of a session that can be timed: of those repeated until a poll answers them the first alone.
fn calls(session: &Session) -> impl Iterator<Item = &Signal> {
    let mut before: Option<&Signal> = None;
    session.signals.iter().filter(|signal| signal.is_wake_up()).filter(move |signal| {
        let again = before.is_some_and(|b| b.answer.is_some() && b.answer == signal.answer);
        before = Some(signal);
        !again
    })
}
