use super::{held, judgeable};
use crate::csp::message::Message;
use crate::csp::model::{Fault, Kind, Space, Trust, in_order, mandatory_children, validate_children};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::{Encoding, NameId, Node};

/// A required child that is not there.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(version) = judgeable(message, verdict) else { return };
    // Parameters of the plain-text syntax are a map, and few are known.
    if message.encoding == Encoding::Pts {
        return;
    }
    for held in held(message) {
        if verdict.is_full() {
            return;
        }
        let demands = matches!(held.element.kind, Kind::Container(_)) && held.element.trust != Trust::Recall;
        if !demands || only_selects(held.node, held.element.space) {
            continue;
        }
        if in_order(held.element, held.node.children().map(Node::name)) {
            continue;
        }
        let children: Vec<NameId> = held.node.children().map(Node::name).collect();
        for fault in validate_children(held.element, &children) {
            let Fault::MissingMandatory(missing) = fault else { continue };
            if spoken_of_elsewhere(held.node, missing) {
                continue;
            }
            let alternatives =
                mandatory_children(version, held.element.name).into_iter().find(|a| a.contains(&missing));
            let any: Vec<&str> = alternatives.unwrap_or(vec![missing]).into_iter().map(name::spelling).collect();
            let (parent, missing) = (held.node.spelling(), any.join(" or "));
            verdict
                .find(
                    format!("{parent} lacks its mandatory {missing}"),
                    Exhibit::message(message, Some(held.node), format!("no {missing} in it")),
                )
                .cause(format!("{parent}/{missing}"));
        }
    }
}

/// Presence attributes without content name what is wanted, they do not hold it.
fn only_selects(node: Node<'_>, space: Space) -> bool {
    space == Space::Pa && node.is_leaf()
}

/// Absences that have a rule of their own or are custom.
fn spoken_of_elsewhere(parent: Node<'_>, missing: NameId) -> bool {
    match missing {
        name::RECEIVE_LIST | name::AUTO_SUBSCRIBE | name::ACCEPTED_CONTENT_TYPE => true,
        name::SEARCH_INDEX => parent.text_at(&[name::COMPLETION_FLAG]) == Some("T"),
        _ => false,
    }
}
