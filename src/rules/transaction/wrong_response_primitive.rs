use crate::csp::message::Mode;
use crate::csp::{name, transaction};
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Session, Transaction};

/// A response that answers another request.
pub(super) fn check(session: &Session, opened: &Transaction, verdict: &mut Verdict<'_>) {
    // A logout has rules of its own, and a poll is answered by whatever waits.
    if matches!(opened.name, name::LOGOUT_REQUEST | name::POLLING_REQUEST) {
        return;
    }
    let Some((request, answer)) = session.request(opened).zip(session.answer(opened)) else { return };
    let Some((asked, said)) = request.spoken().zip(answer.spoken()) else { return };
    let Some(version) = asked.version.filter(|version| said.version == Some(*version)) else { return };
    let Some(of) = transaction::of_request(opened.name) else { return };
    let answers_by_id = said.mode == Some(Mode::Response) && said.id.is_some() && said.id == asked.id;
    // What no version knows is somebody's own.
    if !answers_by_id || of.answered_by(version, said.name) || !transaction::is_response_name(said.name) {
        return;
    }
    if !verdict.trusts(session.intact(request.start, answer.end)) {
        return;
    }
    let (asked, title) = (name::spelling(opened.name), name::spelling(said.name));
    verdict
        .find(format!("{asked} is answered with {title}"), Exhibit::event(answer, "not what was asked for"))
        .show(Exhibit::event(request, "asked here"))
        .side(Side::sender(answer.direction))
        .cause(format!("{asked} {title}"));
}
