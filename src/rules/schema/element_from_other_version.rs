use super::{faulty, is_spoken_of};
use crate::csp::message::Message;
use crate::csp::model::{Fault, Kind, Oddity, element, versions_of};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::NameId;

/// An element that the version of the message does not have, and another does.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let Some(version) = message.version else { return };
    // Which version it is has to be said, and not disputed.
    let claims = [message.claims.namespace, message.claims.public_number, message.claims.public_text];
    if claims.iter().flatten().any(|claim| *claim != version) || claims.iter().all(Option::is_none) {
        return;
    }
    for odd in faulty(message, oddities) {
        for fault in odd.faults {
            let Fault::Unexpected(child) = *fault else { continue };
            if has(version, child) || is_disputed(child) || is_spoken_of(odd.element, child) {
                continue;
            }
            let versions: Vec<&str> = versions_of(child).filter(|v| has(*v, child)).map(Version::number).collect();
            if versions.is_empty() || verdict.is_full() {
                continue;
            }
            let (title, known) = (name::spelling(child), versions.join(" and "));
            verdict
                .find(
                    format!("CSP {version} has no {title}, which is of {known}"),
                    Exhibit::message(message, odd.child(child), format!("of CSP {known}")),
                )
                .cause(title);
        }
    }
}

/// Whether a version has an element.
pub(super) fn has(version: Version, child: NameId) -> bool {
    element(version, child).is_some_and(|row| row.kind != Kind::Removed)
}

/// Whether sources disagree on the versions of an element.
fn is_disputed(child: NameId) -> bool {
    matches!(child, name::AUTO_SUBSCRIBE | name::CALI | name::DALI | name::GALS)
}
