use super::decided;
use crate::csp::message::{Message, Part};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// Reactive authorisation in a 1.3 message, which has it no more.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.version != Some(Version::V13) {
        return;
    }
    let gone = |part: &Part| {
        let primitive = message.primitive(part)?;
        match part.name {
            name::PRESENCE_AUTH_REQUEST
            | name::PRESENCE_AUTH_USER
            | name::CANCEL_AUTH_REQUEST
            | name::GET_REACTIVE_AUTH_STATUS_REQUEST => Some(primitive),
            name::SERVICE_REQUEST | name::LOGIN_REQUEST => primitive
                .child(name::FUNCTIONS)?
                .descendants()
                .find(|n| matches!(n.name(), name::REACT | name::CAAUT | name::GETAUT)),
            _ => None,
        }
    };
    let Some(place) = message.parts.iter().find_map(gone) else { return };
    if decided(message, verdict).is_none() {
        return;
    }
    verdict
        .find(
            format!("{} is said in a 1.3 message, which has no reactive authorisation", place.spelling()),
            Exhibit::message(message, Some(place), "gone since 1.2"),
        )
        .cause(place.spelling());
}
