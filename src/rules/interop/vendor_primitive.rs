use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::NameId;

/// The primitives that only the Baraza server family knows.
pub(super) const VENDORS: &[NameId] = &[
    name::REGISTRATION_REQUEST,
    name::REGISTRATION_RESPONSE,
    name::GET_NEW_PASSWORD_REQUEST,
    name::GET_NEW_PASSWORD_RESPONSE,
];

/// A primitive of one server family, used as if it were CSP.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    for part in &message.parts {
        if verdict.is_full() {
            return;
        }
        let Some(primitive) = message.primitive(part).filter(|_| VENDORS.contains(&part.name)) else { continue };
        verdict
            .find(
                format!("{} is no CSP primitive: only the Baraza server family knows it", primitive.spelling()),
                Exhibit::message(message, Some(primitive), "a vendor's own"),
            )
            .cause(primitive.spelling());
    }
}
