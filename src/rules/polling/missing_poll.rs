use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::NameId;
use crate::time::Seconds;

/// Services that are of no use to a client to which the server cannot speak.
const SPOKEN_TO: [NameId; 3] = [name::IM_FEAT, name::PRESENCE_FEAT, name::GROUP_FEAT];

/// A client that never gives the server a chance to say something.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if session.events.iter().any(|e| e.asks(name::POLLING_REQUEST)) || session.chapter > 0 || !session.last {
        return;
    }
    let requests = || session.client_requests().filter_map(|t| session.request(t).map(|e| (t.request, e)));
    let Some((last, event)) = requests().filter(|(_, e)| !e.is(name::LOGOUT_REQUEST)).last() else { return };
    let negotiated = session
        .transactions_named(name::CLIENT_CAPABILITY_REQUEST)
        .filter_map(|t| session.answer(t).map(|answer| (t.answer, answer)))
        .find(|_| session.agreed_at(EventIx(last.0.saturating_add(1))).capabilities);
    let Some((_, answer)) = negotiated else { return };
    let agreed = session.agreed_at_end();
    let spoken_to =
        !agreed.services || SPOKEN_TO.iter().any(|s| agreed.asked.contains(s) && !agreed.refused.contains(s));
    let can_be_woken = agreed.cir_methods.iter().any(|method| method != "NONE");
    let lived = event.start.since(answer.end).0;
    if can_be_woken || !spoken_to || lived < verdict.parameter("min-life") || waits(session) {
        return;
    }
    if !verdict.trusts(session.complete()) {
        return;
    }
    let fact = format!("not one Polling-Request in the {lived:.0} s after negotiation, and no way to be woken");
    verdict
        .find(fact, Exhibit::event(answer, "no wake-up channel is agreed"))
        .show(Exhibit::event(event, "still there, still without a poll"))
        .cost(Cost { seconds: Some(Seconds(lived)), ..Cost::default() });
}

/// Whether the server found a way to speak all the same: it made requests.
fn waits(session: &Session) -> bool {
    session.transactions.iter().any(|t| t.initiator == crate::carrier::Direction::ServerToClient)
        || session.events.iter().filter_map(Event::spoken).any(|s| s.cir == Some(true))
}
