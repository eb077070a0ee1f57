use crate::csp::message::flag;
use crate::csp::{name, status};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Ending, Event, EventIx, Session, Transaction};
use crate::syntax::{NameId, Node};

/// A search with more results to come that is neither read on nor stopped.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut open: Option<(EventIx, &str)> = None;
    let searches = |t: &&Transaction| matches!(t.name, name::SEARCH_REQUEST | name::STOP_SEARCH_REQUEST);
    for transaction in session.transactions.iter().filter(searches) {
        let Some(event) = session.request(transaction) else { continue };
        let named = search_id(event);
        if let Some((answer, id)) = open.take() {
            // One that names no search begins another.
            if transaction.name == name::SEARCH_REQUEST && named.is_none() {
                tell(session, (answer, id), Some(event), verdict);
            } else if named != Some(id) {
                open = Some((answer, id));
            }
        }
        open = open_after(session, transaction).or(open);
    }
    if let (Some(search), Some(Ending::Logout { request, .. })) = (open, session.ending) {
        tell(session, search, session.event(request), verdict);
    }
}

/// The search that an answer leaves open.
fn open_after<'s>(session: &'s Session, transaction: &Transaction) -> Option<(EventIx, &'s str)> {
    let answer = session.answer(transaction)?;
    let response = answer.spoken().filter(|spoken| !spoken.cut)?.primitive()?;
    let more = response.descendants().find(|n| n.name() == name::COMPLETION_FLAG).and_then(flag) == Some(false);
    let id = search_id(answer).filter(|_| more && answer.code().is_none_or(status::is_success))?;
    Some((transaction.answer?, id))
}

fn search_id(event: &Event) -> Option<&str> {
    let of = |wanted: NameId| event.primitive()?.descendants().find(|n| n.name() == wanted);
    of(name::SEARCH_ID).map(|id| Node::text(id).trim()).filter(|id| !id.is_empty())
}

fn tell(session: &Session, (answer, id): (EventIx, &str), next: Option<&Event>, verdict: &mut Verdict<'_>) {
    let (Some(event), Some(next)) = (session.event(answer), next) else { return };
    let cannot_stop = session.agreed_at(answer).refused.contains(&name::STSRC);
    if cannot_stop || verdict.is_full() || !verdict.trusts(session.intact(event.start, next.end)) {
        return;
    }
    verdict
        .find(
            format!("search {id} has more results, and is neither read on nor stopped"),
            Exhibit::event(event, "more is to come"),
        )
        .show(Exhibit::event(next, "the client goes on to something else"))
        .cause("open");
}
