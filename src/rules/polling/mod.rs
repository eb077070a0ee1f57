//! Polling: asking a server that cannot speak first, neither too often nor too late.

use super::{Check, Rule};
use crate::csp::name;
use crate::session::{Event, EventIx, Session, Transaction, What};

mod constant_rate_poll;
mod false_poll_flag;
mod ignored_poll_flag;
mod missing_poll;
mod poll_answered_as_response;
mod poll_below_minimum;
mod poll_flag_from_client;
mod redundant_poll;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "polling/constant-rate-poll",
        page: include_str!("../../../rules/polling/constant-rate-poll.md"),
        check: Check::Session(constant_rate_poll::check),
    },
    Rule {
        name: "polling/false-poll-flag",
        page: include_str!("../../../rules/polling/false-poll-flag.md"),
        check: Check::Session(false_poll_flag::check),
    },
    Rule {
        name: "polling/ignored-poll-flag",
        page: include_str!("../../../rules/polling/ignored-poll-flag.md"),
        check: Check::Session(ignored_poll_flag::check),
    },
    Rule {
        name: "polling/missing-poll",
        page: include_str!("../../../rules/polling/missing-poll.md"),
        check: Check::Session(missing_poll::check),
    },
    Rule {
        name: "polling/poll-answered-as-response",
        page: include_str!("../../../rules/polling/poll-answered-as-response.md"),
        check: Check::Transaction(poll_answered_as_response::check),
    },
    Rule {
        name: "polling/poll-below-minimum",
        page: include_str!("../../../rules/polling/poll-below-minimum.md"),
        check: Check::Session(poll_below_minimum::check),
    },
    Rule {
        name: "polling/poll-flag-from-client",
        page: include_str!("../../../rules/polling/poll-flag-from-client.md"),
        check: Check::Message(poll_flag_from_client::check),
    },
    Rule {
        name: "polling/redundant-poll",
        page: include_str!("../../../rules/polling/redundant-poll.md"),
        check: Check::Session(redundant_poll::check),
    },
];

/// A poll and the carrier answer to it.
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
