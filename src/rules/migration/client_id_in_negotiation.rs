use super::decided;
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// The ClientID of 1.1 in a negotiation of a later version.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let negotiates = |part: &&crate::csp::message::Part| {
        matches!(
            part.name,
            name::CLIENT_CAPABILITY_REQUEST
                | name::CLIENT_CAPABILITY_RESPONSE
                | name::SERVICE_REQUEST
                | name::SERVICE_RESPONSE
        )
    };
    let primitives = message.parts.iter().filter(negotiates).filter_map(|part| message.primitive(part));
    let Some((primitive, id)) = primitives.filter_map(|p| Some((p, p.child(name::CLIENT_ID)?))).next() else { return };
    let Some(version) = decided(message, verdict).filter(|v| *v >= Version::V12) else { return };
    verdict
        .find(
            format!("{} of {version} holds the ClientID that 1.1 had there", primitive.spelling()),
            Exhibit::message(message, Some(id), "not here any more"),
        )
        .cause(message.envelope.direction.name());
}
