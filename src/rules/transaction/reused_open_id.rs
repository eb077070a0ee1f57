use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::{name, status};
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, Session, Transaction};
use crate::syntax::Node;

/// A transaction identifier given to a new request while the old one is still open.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let given_up = verdict.parameter("given-up");
    let mut latest: Keyed<(Direction, &str), &Transaction> = Keyed::default();
    for transaction in session.transactions.iter().filter(|t| t.name != name::POLLING_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let Some(id) = event.spoken().and_then(|s| s.id.as_deref()) else { continue };
        let before = latest.insert((transaction.initiator, id), transaction);
        let Some((before, first)) = before.and_then(|t| Some((t, session.request(t)?))) else { continue };
        let open = before.answer.is_none_or(|answer| answer > transaction.request)
            && event.start.since(first.end).0 <= given_up
            && !done_in_its_exchange(session, before, transaction);
        if open && !same(first, event) && verdict.trusts(session.intact(first.start, event.end)) {
            verdict
                .find(
                    format!("TransactionID {id} is used for {} while {} is open under it", title(event), title(first)),
                    Exhibit::event(event, "the same identifier again"),
                )
                .show(Exhibit::event(first, "still open"))
                .side(Side::sender(event.direction));
        }
    }
}

fn same(a: &Event, b: &Event) -> bool {
    a.spoken().map(|s| (s.name, s.fingerprint)) == b.spoken().map(|s| (s.name, s.fingerprint))
}

/// Whether the exchange of the first request ended before the second with anything but a request: the initiator may
/// take that for the end of the transaction, and a fault in it has a rule of its own.
fn done_in_its_exchange(session: &Session, first: &Transaction, second: &Transaction) -> bool {
    let Some(request) = session.request(first) else { return false };
    session.after(first.request).take_while(|(ix, _)| *ix < second.request).any(|(_, e)| {
        e.direction != request.direction
            && (e.flow, e.exchange) == (request.flow, request.exchange)
            && e.spoken().is_none_or(|s| s.mode != Some(Mode::Request) && !s.code.is_some_and(status::is_interim))
    })
}

fn title(event: &Event) -> &str {
    event.primitive().map_or("a request", Node::spelling)
}
