use super::decided;
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Node;

/// Digest schemas listed in the way of another version.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let logins = message.parts.iter().filter(|p| matches!(p.name, name::LOGIN_REQUEST | name::LOGIN_RESPONSE));
    let schemas: Vec<Node<'_>> = logins
        .filter_map(|part| message.primitive(part))
        .flat_map(|login| login.children_named(name::DIGEST_SCHEMA))
        .collect();
    let listed = schemas.iter().find(|s| s.text().contains(','));
    if listed.is_none() && schemas.len() < 2 {
        return;
    }
    let Some(version) = decided(message, verdict) else { return };
    let (place, fact) = match (version <= Version::V11, listed, schemas.get(1)) {
        (false, Some(list), _) => (list, "one DigestSchema holds a list"),
        (true, _, Some(second)) => (second, "DigestSchema stands more than once"),
        _ => return,
    };
    verdict
        .find(
            format!("{fact}, in a {version} message"),
            Exhibit::message(message, Some(*place), "as in another version"),
        )
        .cause(message.envelope.direction.name());
}
