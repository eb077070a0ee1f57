use crate::csp::message::{Kind, Message, Mode, Part, SessionType};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::csp::transaction;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// A session type that does not fit what is said.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(said) = message.session_type.filter(|_| message.kind == Kind::Csp) else { return };
    let title = |part: &Part| message.primitive(part).map_or("a primitive", Node::spelling);
    let wrong = message.parts.iter().find_map(|part| {
        let login = part.name == name::LOGIN_REQUEST && part.mode != Some(Mode::Response);
        match said {
            SessionType::Outband if is_in_session(message, part) => Some((part, "is said outside of any session")),
            SessionType::Inband if login => Some((part, "is said inside of a session, which it opens")),
            _ => None,
        }
    });
    let nameless = said == SessionType::Inband && message.session_id().is_none() && !message.parts.is_empty();
    let (part, fact) = match (wrong, message.parts.first()) {
        (Some((part, fact)), _) => (part, format!("{} {fact}", title(part))),
        (None, Some(part)) if nameless => (part, format!("{} is said in a session that has no name", title(part))),
        _ => return,
    };
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return verdict.doubt(doubt);
    }
    let descriptor = message.document.root().and_then(|root| root.at(&[name::SESSION, name::SESSION_DESCRIPTOR]));
    let place = descriptor.and_then(|d| d.child(name::SESSION_TYPE)).or(message.primitive(part));
    verdict.find(&fact, Exhibit::message(message, place, "not what it says")).cause(fact);
}

/// Whether a part can only stand in a session. A refusal can stand anywhere, and so can what is said around a login.
fn is_in_session(message: &Message, part: &Part) -> bool {
    // The example texts of 1.1 have this one outside.
    let example = part.name == name::PRESENCE_AUTH_REQUEST && message.version.is_none_or(|v| v <= Version::V11);
    let around_login = matches!(
        part.name,
        name::STATUS
            | name::DISCONNECT
            | name::LOGIN_RESPONSE
            | name::GET_SP_INFO_RESPONSE
            | name::SYSTEM_MESSAGE_REQUEST
            | name::SYSTEM_MESSAGE_USER
            | name::WV_CSP_VERSION_DISCOVERY_RESPONSE
    );
    let opens = transaction::of_request(part.name);
    let known = opens.is_some_and(|t| !t.versions.is_empty()) || transaction::is_response_name(part.name);
    known && !example && !around_login && !opens.is_some_and(|t| t.before_login)
}
