use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::name;
use crate::csp::transaction;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Session, Spoken, Transaction};
use crate::syntax::Node;
use crate::time::Time;

/// An answer to a poll that calls itself a response: a poll has none.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    if transaction.name != name::POLLING_REQUEST || transaction.initiator != Direction::ClientToServer {
        return;
    }
    let Some((poll, answer)) = session.request(transaction).zip(session.answer(transaction)) else { return };
    let Some(spoken) = answer.spoken() else { return };
    if answer.exchange != poll.exchange || answer.flow != poll.flow || is_of_another(session, spoken) {
        return;
    }
    let title = spoken.primitive().map_or("the answer", Node::spelling);
    let fact = match (spoken.name, spoken.code) {
        // What ends or refuses the session concerns the poll as well.
        (name::STATUS, Some(200 | 504)) => format!("a Status {} says that nothing waits", spoken.code.unwrap_or(200)),
        (name::STATUS | name::DISCONNECT, _) => return,
        _ if spoken.mode == Some(Mode::Response) => format!("{title} in answer to a poll has the mode Response"),
        _ if spoken.id.as_deref() == Some("0") => format!("{title} in answer to a poll has the identifier 0"),
        _ => return,
    };
    // What bears the identifier of a request may answer one that the capture missed.
    let unmistakable = transaction::expected_mode(spoken.name) == Some(Mode::Request)
        || spoken.id.as_deref().is_none_or(|id| id == "0");
    let since = if unmistakable { poll.start } else { Time(i64::MIN) };
    if !(unmistakable || verdict.trusts(session.opened())) || !verdict.trusts(session.intact(since, answer.end)) {
        return;
    }
    verdict
        .find(&fact, Exhibit::event(answer, "a poll has no response"))
        .show(Exhibit::event(poll, "asks whether something waits"))
        .cause(fact);
}

/// Whether it may answer another request of the client, whose response rides along.
fn is_of_another(session: &Session, spoken: &Spoken) -> bool {
    spoken.mode == Some(Mode::Response)
        && spoken.id.as_deref().is_some_and(|id| {
            id != "0"
                && session
                    .client_requests()
                    .filter_map(|t| session.request(t)?.spoken())
                    .any(|request| request.id.as_deref() == Some(id))
        })
}
