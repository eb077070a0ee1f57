use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::name;
use crate::finding::{Cost, Exhibit, Side};
use crate::rules::Verdict;
use crate::rules::transport::wants_response;
use crate::session::{Event, Session, Transaction, What};
use crate::syntax::Node;
use crate::time::Seconds;

/// A client request that the carrier answered and the server did not.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    let Some(event) = session.request(transaction) else { return };
    let wanted = event.direction == Direction::ClientToServer
        && !matches!(transaction.name, name::LOGOUT_REQUEST | name::LOGIN_REQUEST)
        && event.spoken().is_some_and(wants_response);
    if !wanted || transaction.answer.is_some() || !transaction.interim().is_empty() {
        return;
    }
    let wait = Seconds(verdict.parameter("answer-wait"));
    let within = |e: &Event| e.start.since(event.end).0 <= wait.0;
    // Whoever leaves sooner does not wait for an answer.
    if session.ending_event().and_then(|ix| session.event(ix)).is_some_and(within) {
        return;
    }
    let answers = || {
        let later = session.after(transaction.request).map(|(_, e)| e).take_while(|e| within(e));
        later.filter(|e| e.direction == Direction::ServerToClient && !matches!(e.what, What::Gap { .. }))
    };
    let carried_by = |e: &Event| (e.flow, e.exchange) == (event.flow, event.exchange);
    // An empty answer, one that is no CSP message, and one that never came have rules of their own.
    let Some(instead) = answers().find(|e| carried_by(e)).filter(|e| e.spoken().is_some()) else { return };
    // What was said under the identifier, or answers in the same exchange, is an answer of sorts: in the wrong mode, of
    // the wrong primitive, malformed.
    let id = event.spoken().and_then(|s| s.id.as_deref());
    let of_sorts = |e: &Event| {
        e.spoken().is_some_and(|s| {
            (id.is_some() && s.id.as_deref() == id) || (carried_by(e) && s.mode != Some(Mode::Request))
        })
    };
    // Without a further exchange the server had no other answer to put the response into.
    if answers().any(of_sorts) || answers().all(carried_by) {
        return;
    }
    if verdict.trusts(session.watched(transaction.request, wait)) {
        let title = event.primitive().map_or("request", Node::spelling);
        verdict
            .find(
                format!("{title} got no response within {wait}, although its POST was answered"),
                Exhibit::event(event, "never answered"),
            )
            .show(Exhibit::event(instead, "its POST is answered with something else"))
            .side(Side::Server)
            .cost(Cost { seconds: Some(wait), ..Cost::default() });
    }
}
