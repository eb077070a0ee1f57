use crate::carrier::Direction;
use crate::csp::{name, status};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::rules::transport::wants_response;
use crate::session::{Doubt, Ending, Event, EventIx, Session, Spoken, Transaction};

/// Requests in a session that the client knows is over.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let ended = match session.ending {
        Some(Ending::Logout { answer: Some(answer), .. }) => answer,
        Some(Ending::Disconnect { event } | Ending::Refused { event }) => event,
        _ => return,
    };
    let Some(end) = session.event(ended) else { return };
    let how = match (&session.ending, end.code()) {
        (Some(Ending::Disconnect { .. }), _) => "Disconnect".to_owned(),
        (Some(Ending::Refused { .. }), Some(code)) => format!("the refusal with {code}"),
        (_, None) => "the answer to Logout-Request".to_owned(),
        (_, Some(code)) if status::is_success(code) || end.is(name::DISCONNECT) => {
            "the answer to Logout-Request".to_owned()
        }
        // The logout was refused: the session goes on.
        _ => return,
    };
    let grace = verdict.parameter("grace");
    let is_late = |e: &Event| e.start.since(end.end).0 > grace && e.spoken().is_some_and(uses_session);
    let late: Vec<EventIx> = session
        .after(ended)
        .filter(|(_, e)| e.direction == Direction::ClientToServer && is_late(e))
        .map(|(ix, _)| ix)
        .collect();
    let Some(event) = late.first().and_then(|ix| session.event(*ix)) else { return };
    let mut asked = session.client_requests().filter(|t| t.request > ended).peekable();
    let (mut served, mut unanswered) = (false, asked.peek().is_some());
    for transaction in asked {
        served |= is_served(session, transaction);
        unanswered &= transaction.answer.is_none();
    }
    if unanswered {
        // The server may have taken it.
        return verdict.doubt(Doubt::OpenAtEnd);
    }
    if served || !verdict.trusts(session.intact(end.start, event.end)) {
        return;
    }
    let requests = if late.len() == 1 { "request" } else { "requests" };
    verdict
        .find(
            format!("{} {requests} after {how}, the first {} later", late.len(), event.start.since(end.end)),
            Exhibit::event(event, "this session is over"),
        )
        .show(Exhibit::event(end, "it ended here"))
        .cost(Cost::of_exchanges(session, late));
}

/// Whether a client's transaction part needs a session that lives: a request, but none that ends or renews one.
fn uses_session(spoken: &Spoken) -> bool {
    (wants_response(spoken) || spoken.name == name::POLLING_REQUEST)
        && !matches!(spoken.name, name::LOGOUT_REQUEST | name::LOGIN_REQUEST)
}

/// Whether the server carried a request out: then it holds the session for alive.
fn is_served(session: &Session, transaction: &Transaction) -> bool {
    transaction.name != name::LOGOUT_REQUEST
        && session.outcome(transaction).is_some_and(status::is_success)
        && session.answer(transaction).is_some_and(|a| !a.is(name::DISCONNECT))
}
