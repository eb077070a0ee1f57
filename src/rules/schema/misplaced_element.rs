use super::element_from_other_version::has;
use super::{faulty, is_spoken_of};
use crate::csp::message::Message;
use crate::csp::model::{Fault, Oddity};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// An element under a parent that does not have it.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let Some(version) = message.version else { return };
    for odd in faulty(message, oddities) {
        for fault in odd.faults {
            let Fault::Unexpected(child) = *fault else { continue };
            if !has(version, child) || is_spoken_of(odd.element, child) || verdict.is_full() {
                continue;
            }
            let (parent, title) = (odd.node.spelling(), name::spelling(child));
            verdict
                .find(
                    format!("{title} has no place in {parent}"),
                    Exhibit::message(message, odd.child(child), format!("not in {parent}")),
                )
                .cause(format!("{parent}/{title}"));
        }
    }
}
