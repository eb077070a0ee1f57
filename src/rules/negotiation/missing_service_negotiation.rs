use super::{Session, Verdict};
use crate::csp::name;
use crate::finding::Exhibit;

/// A new session in which the client never asks for the functions it uses.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let uses_none = session.client_requests().all(|t| {
        matches!(
            t.name,
            name::CLIENT_CAPABILITY_REQUEST
                | name::GET_SP_INFO_REQUEST
                | name::KEEP_ALIVE_REQUEST
                | name::LOGIN_REQUEST
                | name::LOGOUT_REQUEST
                | name::POLLING_REQUEST
        )
    });
    let negotiated = session.events.iter().any(|e| e.is(name::SERVICE_REQUEST));
    if uses_none || negotiated || super::in_login(session, name::FUNCTIONS) {
        return;
    }
    let Some(answer) = super::new_session(session, verdict).and_then(|ix| session.event(ix)) else { return };
    if verdict.trusts(session.complete()) {
        verdict.find(
            format!("no Service-Request in the {} requests after login", super::requests(session)),
            Exhibit::event(answer, "a new session begins here"),
        );
    }
}
