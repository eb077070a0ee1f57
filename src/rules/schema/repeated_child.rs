use super::faulty;
use crate::csp::message::Message;
use crate::csp::model::{Fault, Oddity, Space};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A child more often than the model has it, or beside one that excludes it.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    for odd in faulty(message, oddities) {
        // Presence of a user with several clients has each attribute once for each of them.
        if odd.element.space == Space::Pa && message.version == Some(Version::V13) {
            continue;
        }
        for fault in odd.faults {
            let Fault::Repeated(child) = *fault else { continue };
            if matches!(child, name::DIGEST_SCHEMA | name::PROPERTY) || verdict.is_full() {
                continue;
            }
            let (parent, title) = (odd.node.spelling(), name::spelling(child));
            let times = odd.node.children_named(child).count();
            let fact = if times > 1 {
                format!("{title} stands {times} times in {parent}, which has it once")
            } else {
                format!("{title} stands in {parent} beside an element that excludes it")
            };
            verdict
                .find(fact, Exhibit::message(message, odd.child(child), "which one counts?"))
                .cause(format!("{parent}/{title}"));
        }
    }
}
