use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Session, Transaction};
use crate::syntax::Node;
use crate::time::Seconds;

/// An answer that comes when some clients have given up.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    // A poll may be held until there is something to say.
    let judged = transaction.initiator == Direction::ClientToServer && transaction.name != name::POLLING_REQUEST;
    let Some((request, answer)) = session.request(transaction).zip(session.answer(transaction)) else { return };
    let waited = answer.start.since(request.end).0;
    // What is sent again, or answered in another exchange, was answered where the server saw fit.
    let direct = (request.flow, request.exchange) == (answer.flow, answer.exchange);
    if !judged || !direct || !transaction.repeats().is_empty() || waited < verdict.parameter("slow-answer") {
        return;
    }
    if !verdict.trusts(session.intact(request.start, answer.end)) {
        return;
    }
    let title = request.primitive().map_or("request", Node::spelling);
    verdict
        .find(
            format!("{title} is answered after {waited:.1} s"),
            Exhibit::event(answer, format!("{waited:.1} s after its request")),
        )
        .show(Exhibit::event(request, "asked here"))
        .cost(Cost { seconds: Some(Seconds(waited)), ..Cost::default() })
        .cause(title);
}
