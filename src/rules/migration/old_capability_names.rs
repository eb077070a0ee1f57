use super::decided;
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::{NameId, Node};

/// What the lists of 1.1 and 1.2 say and those of 1.3 do not.
const UNTIL_12: [NameId; 3] = [name::ACCEPTED_CONTENT_LENGTH, name::ACCEPTED_CHARSET, name::CIR_URL];
/// What only the lists of 1.3 say.
const FROM_13: [NameId; 5] = [
    name::ACCEPTED_PULL_LENGTH,
    name::ACCEPTED_PUSH_LENGTH,
    name::ACCEPTED_TEXT_CONTENT_LENGTH,
    name::PLAIN_TEXT_CHARSET,
    name::CIR_HTTP_ADDRESS,
];

/// A capability list in the words of another version.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let negotiates = |part: &&crate::csp::message::Part| {
        matches!(
            part.name,
            name::CLIENT_CAPABILITY_REQUEST
                | name::CLIENT_CAPABILITY_RESPONSE
                | name::LOGIN_REQUEST
                | name::LOGIN_RESPONSE
        )
    };
    let primitives = message.parts.iter().filter(negotiates).filter_map(|part| message.primitive(part));
    let lists: Vec<Node<'_>> = primitives
        .flat_map(|p| p.child(name::CAPABILITY_LIST).into_iter().chain(p.child(name::AGREED_CAPABILITY_LIST)))
        .collect();
    let foreign = |names: &[NameId]| lists.iter().flat_map(|l| l.children()).find(|c| names.contains(&c.name()));
    let (old, new) = (foreign(&UNTIL_12), foreign(&FROM_13));
    if old.is_none() && new.is_none() {
        return;
    }
    let Some(version) = decided(message, verdict) else { return };
    let (place, of) = match (version, old, new) {
        (Version::V13, Some(old), _) => (old, "1.2"),
        (Version::V11 | Version::V12, _, Some(new)) => (new, "1.3"),
        _ => return,
    };
    verdict
        .find(
            format!("the capability list of {version} says {}, a name of {of}", place.spelling()),
            Exhibit::message(message, Some(place), format!("a name of {of}")),
        )
        .cause(message.envelope.direction.name());
}
