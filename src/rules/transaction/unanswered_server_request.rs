use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Session, Transaction};
use crate::syntax::Node;
use crate::time::Seconds;

/// A server request that the client passes over, while it goes on speaking.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    // Messages and the end of a session have rules of their own; what nobody knows needs no answer that is known.
    let elsewhere = matches!(transaction.name, name::NEW_MESSAGE | name::DISCONNECT | name::GET_MESSAGE_RESPONSE);
    if transaction.initiator != Direction::ServerToClient || transaction.answer.is_some() || elsewhere {
        return;
    }
    let asks = crate::csp::transaction::of_request(transaction.name).is_some_and(|of| !of.answers.is_empty());
    let Some(event) = session.request(transaction).filter(|event| asks && event.whole.is_whole()) else { return };
    let wait = Seconds(verdict.parameter("answer-wait"));
    // Whoever leaves sooner owes nothing.
    let within = |time: crate::time::Time| time.since(event.end).0 <= wait.0;
    if session.ending_event().and_then(|ix| session.event(ix)).is_some_and(|over| within(over.start)) {
        return;
    }
    let id = event.spoken().and_then(|spoken| spoken.id.as_deref());
    let later = || session.after(transaction.request).map(|(_, e)| e);
    let of_sorts = |e: &&crate::session::Event| {
        e.direction == Direction::ClientToServer && e.spoken().is_some_and(|s| id.is_some() && s.id.as_deref() == id)
    };
    // The same request sent again may be the one that was answered.
    let again = session.transactions.iter().filter(|t| t.name == transaction.name && t.request > transaction.request);
    let again = again
        .filter_map(|t| session.request(t))
        .any(|e| e.spoken().map(|s| s.fingerprint) == event.spoken().map(|s| s.fingerprint));
    if again || id.is_none() || later().any(|e| of_sorts(&e)) {
        return;
    }
    let speaks = |e: &crate::session::Event| e.direction == Direction::ClientToServer && e.spoken().is_some();
    let Some(said) = later().find(|e| speaks(e)) else { return };
    if !verdict.trusts(session.watched(transaction.request, wait)) {
        return;
    }
    let title = event.primitive().map_or("request", Node::spelling);
    verdict
        .find(format!("{title} is not answered within {wait}"), Exhibit::event(event, "never answered"))
        .show(Exhibit::event(said, "the client goes on without"))
        .cause(title);
}
