use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, What};

/// A handset that offers no way to be woken and polls in vain.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let lists =
        || session.events.iter().filter(|e| e.asks(name::CLIENT_CAPABILITY_REQUEST) || e.asks(name::LOGIN_REQUEST));
    let offered = |event: &Event| {
        let spoken = event.spoken();
        let list = spoken.and_then(|s| s.primitive()).and_then(|p| p.child(name::CAPABILITY_LIST));
        spoken.is_some_and(|s| s.cut) || list.is_some_and(|l| l.child(name::SUPPORTED_CIR_METHOD).is_some())
    };
    if lists().any(offered) {
        return;
    }
    let handset = |event: &&Event| {
        let kind = event.primitive().and_then(|p| p.text_at(&[name::CAPABILITY_LIST, name::CLIENT_TYPE]));
        kind.is_some_and(|kind| matches!(kind, "MOBILE_PHONE" | "PDA"))
    };
    let Some(request) = lists().find(handset) else { return };
    let empty = empty_polls(session);
    if empty.len() < verdict.count("min-empty-polls") || !verdict.trusts(session.opened()) {
        return;
    }
    // A negotiation that is missing may have offered one.
    if !verdict.trusts(session.complete()) {
        return;
    }
    verdict
        .find(
            format!("no SupportedCIRMethod is offered, and {} polls find nothing", empty.len()),
            Exhibit::event(request, "no way to be woken"),
        )
        .cost(Cost::of_exchanges(session, empty));
}

/// The polls that found nothing.
fn empty_polls(session: &Session) -> Vec<EventIx> {
    let polls = session.transactions_named(name::POLLING_REQUEST);
    let in_vain = |what: &What| matches!(what, What::Empty { status: Some(200) | None });
    polls.filter(|t| session.answer(t).is_some_and(|a| in_vain(&a.what))).map(|t| t.request).collect()
}
