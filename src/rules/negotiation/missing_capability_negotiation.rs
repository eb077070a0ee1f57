use super::{Opening, Session, Verdict};
use crate::csp::message::flag;
use crate::csp::name;
use crate::finding::Exhibit;

/// A new session in which the client never says what it can do.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let negotiated = session.events.iter().any(|e| e.is(name::CLIENT_CAPABILITY_REQUEST));
    if negotiated || super::in_login(session, name::CAPABILITY_LIST) {
        return;
    }
    let Some(answer) = super::new_session(session, verdict).and_then(|ix| session.event(ix)) else { return };
    let wish = answer.primitive().and_then(|p| p.child(name::CAPABILITY_REQUEST));
    if wish.and_then(flag) == Some(false) || !verdict.trusts(session.complete()) {
        return;
    }
    let place = match wish {
        Some(wish) => Exhibit::element(answer, wish, "the server asks for it"),
        None => Exhibit::event(answer, "a new session begins here"),
    };
    let out_of_band = matches!(session.opening, Opening::OutOfBand { .. });
    verdict.find(
        format!(
            "no ClientCapability-Request in the {} requests after {}",
            super::requests(session),
            if out_of_band { "the out-of-band login" } else { "login" }
        ),
        place,
    );
}
