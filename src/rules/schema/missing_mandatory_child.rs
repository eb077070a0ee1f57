use crate::csp::message::Message;
use crate::csp::model::{Fault, Odd, Oddity, mandatory_children, validate_children};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::{Encoding, NameId, Node};

/// A required child that is not there.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let Some(version) = message.version else { return };
    // Parameters of the plain-text syntax are a map, and few are known.
    if message.encoding == Encoding::Pts {
        return;
    }
    for oddity in oddities.iter().filter(|o| o.odd == Odd::Children) {
        if verdict.is_full() {
            return;
        }
        let Some((element, node)) = oddity.element.zip(message.document.node(oddity.node)) else { continue };
        let children: Vec<NameId> = node.children().map(Node::name).collect();
        for fault in validate_children(element, &children) {
            let Fault::MissingMandatory(missing) = fault else { continue };
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
