use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Session, Transaction};
use crate::time::Seconds;

/// A server's Disconnect that the client takes without a word.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    if transaction.initiator != Direction::ServerToClient || transaction.answer.is_some() {
        return;
    }
    let Some(event) = session.request(transaction).filter(|event| event.whole.is_whole()) else { return };
    let Some(spoken) = event.spoken().filter(|spoken| spoken.mode == Some(Mode::Request) && spoken.id.is_some()) else {
        return;
    };
    let answers = |e: &crate::session::Event| {
        e.direction == Direction::ClientToServer && e.spoken().is_some_and(|said| said.id == spoken.id)
    };
    let wait = Seconds(verdict.parameter("answer-wait"));
    if session.after(transaction.request).any(|(_, e)| answers(e))
        || !verdict.trusts(session.watched(transaction.request, wait))
    {
        return;
    }
    verdict.find(
        format!("the server ends the session, and the client says nothing to it within {wait}"),
        Exhibit::event(event, "not acknowledged"),
    );
}
