use super::decided;
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::NameId;

/// The primitives whose identifiers 1.3 wraps, as far as that is known.
const WRAPPED: [NameId; 6] = [
    name::SUBSCRIBE_PRESENCE_REQUEST,
    name::UNSUBSCRIBE_PRESENCE_REQUEST,
    name::CREATE_ATTRIBUTE_LIST_REQUEST,
    name::DELETE_ATTRIBUTE_LIST_REQUEST,
    name::ADD_GROUP_MEMBERS_REQUEST,
    name::REMOVE_GROUP_MEMBERS_REQUEST,
];
const UNTIL_12: [NameId; 4] = [name::USER, name::USER_ID, name::USER_LIST, name::CONTACT_LIST];
const FROM_13: [NameId; 2] = [name::USER_ID_LIST, name::CONTACT_LIST_ID_LIST];

/// Identifiers written as another version writes them.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    for part in message.parts.iter().filter(|part| WRAPPED.contains(&part.name)) {
        let Some(primitive) = message.primitive(part) else { continue };
        let written = |names: &[NameId]| primitive.children().find(|child| names.contains(&child.name()));
        let (plain, wrapped) = (written(&UNTIL_12), written(&FROM_13));
        if plain.is_none() && wrapped.is_none() {
            continue;
        }
        let Some(version) = decided(message, verdict) else { return };
        let (place, of) = match (version, plain, wrapped) {
            (Version::V13, Some(plain), _) => (plain, "1.2"),
            (Version::V12, _, Some(wrapped)) => (wrapped, "1.3"),
            _ => continue,
        };
        let (title, child) = (primitive.spelling(), place.spelling());
        verdict
            .find(
                format!("{title} of {version} names whom it is about with {child}, as {of} does"),
                Exhibit::message(message, Some(place), format!("the form of {of}")),
            )
            .cause(format!("{title} {child}"));
    }
}
