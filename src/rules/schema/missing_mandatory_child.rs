use super::{Faulty, faulty};
use crate::csp::message::Message;
use crate::csp::model::{Fault, Oddity, mandatory_children};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::{NameId, Node};

/// A required child that is not there.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let Some(version) = message.version else { return };
    for Faulty { node, element, faults } in faulty(message, oddities) {
        if verdict.is_full() {
            return;
        }
        for fault in faults {
            let Fault::MissingMandatory(missing) = *fault else { continue };
            if spoken_of_elsewhere(node, missing) {
                continue;
            }
            let alternatives = mandatory_children(version, element.name).into_iter().find(|a| a.contains(&missing));
            let any: Vec<&str> = alternatives.unwrap_or(vec![missing]).into_iter().map(name::spelling).collect();
            let (parent, missing) = (node.spelling(), any.join(" or "));
            verdict
                .find(
                    format!("{parent} lacks its mandatory {missing}"),
                    Exhibit::message(message, Some(node), format!("no {missing} in it")),
                )
                .cause(format!("{parent}/{missing}"));
        }
    }
}

/// Absences that have a rule of their own or are custom.
fn spoken_of_elsewhere(parent: Node<'_>, missing: NameId) -> bool {
    match missing {
        name::RECEIVE_LIST | name::AUTO_SUBSCRIBE | name::ACCEPTED_CONTENT_TYPE => true,
        name::SEARCH_INDEX => parent.text_at(&[name::COMPLETION_FLAG]) == Some("T"),
        _ => false,
    }
}
