use crate::csp::message::flag;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::time::{Seconds, Time};

/// The code by which a server says that it does not keep subscriptions to lists up to date by itself.
const REFUSED: u16 = 760;

/// A client that is told to subscribe by itself, and does not, or asks for the same again.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let reaction = Seconds(verdict.parameter("reaction"));
    let subscriptions = session.transactions_named(name::SUBSCRIBE_PRESENCE_REQUEST);
    let subscriptions = subscriptions.filter_map(|t| Some((t, session.request(t)?)));
    let mut refusal: Option<EventIx> = None;
    let mut plain = false;
    for (transaction, event) in subscriptions {
        let automatic = is_automatic(event);
        match refusal.and_then(|ix| session.event(ix)) {
            Some(refused) if automatic && event.start > refused.end => {
                if !verdict.trusts(session.intact(refused.start, event.end)) {
                    return;
                }
                verdict
                    .find(
                        "AutoSubscribe is asked for again after the server had refused it",
                        Exhibit::event(event, "refused before"),
                    )
                    .show(Exhibit::event(refused, format!("refused with {REFUSED}")))
                    .cost(Cost::of_exchanges(session, [transaction.request]))
                    .cause("again");
                return;
            }
            Some(_) => plain |= !automatic,
            None if automatic && session.outcome(transaction) == Some(REFUSED) => refusal = transaction.answer,
            None => {}
        }
    }
    let Some((ix, refused)) = refusal.and_then(|ix| Some((ix, session.event(ix)?))).filter(|_| !plain) else { return };
    // Whoever leaves at once needs no subscription.
    let leaves = session.ending_event().and_then(|ix| session.event(ix));
    if leaves.is_some_and(|end| end.start.since(refused.end) <= reaction) {
        return;
    }
    let whole = session.watched(ix, reaction).and_then(|()| session.intact(refused.start, Time(i64::MAX)));
    if !verdict.trusts(whole) {
        return;
    }
    verdict.find(
        "AutoSubscribe is refused, and the client does not subscribe without it",
        Exhibit::event(refused, "the client has to do it by itself"),
    );
}

fn is_automatic(event: &Event) -> bool {
    event.primitive().and_then(|p| p.child(name::AUTO_SUBSCRIBE)).and_then(flag) == Some(true)
}
