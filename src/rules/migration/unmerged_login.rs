use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Opening, Session};

/// A login of 1.3 that is followed by what could have been in it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if session.version != Some(Version::V13) || session.opening == Opening::MidStream {
        return;
    }
    // Of a login in two steps the lists belong into the last.
    let answered = |wanted| session.transactions_named(wanted).filter(|t| session.answer(t).is_some());
    let Some(login) = answered(name::LOGIN_REQUEST).last().and_then(|t| session.request(t)) else { return };
    let holds = |wanted| login.primitive().is_some_and(|primitive| primitive.child(wanted).is_some());
    if holds(name::CAPABILITY_LIST) || holds(name::FUNCTIONS) || login.spoken().is_none_or(|spoken| spoken.cut) {
        return;
    }
    let capability = answered(name::CLIENT_CAPABILITY_REQUEST).next();
    let service = answered(name::SERVICE_REQUEST).next();
    let (Some(capability), Some(service)) = (capability, service) else { return };
    let (Some(first), Some(second)) = (session.request(capability), session.request(service)) else { return };
    if first.spoken().and_then(|s| s.version) != Some(Version::V13) || !verdict.trusts(session.opened()) {
        return;
    }
    verdict
        .find(
            "capabilities and services are negotiated in two exchanges that the login could have held",
            Exhibit::event(login, "without both lists"),
        )
        .show(Exhibit::event(first, "the capabilities"))
        .show(Exhibit::event(second, "the services"))
        .cost(Cost::of_exchanges(session, [capability.request, service.request]));
}
