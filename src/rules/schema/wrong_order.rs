use super::faulty;
use crate::csp::message::Message;
use crate::csp::model::{Fault, Oddity, Space};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// Children that are all there, and stand in another order.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    for odd in faulty(message, oddities) {
        let list = matches!(odd.element.name, name::CAPABILITY_LIST | name::AGREED_CAPABILITY_LIST);
        let unconfirmed = list && message.version == Some(Version::V13);
        let in_order_only = odd.faults.iter().all(|fault| matches!(fault, Fault::WrongOrder(_)));
        // What is in a presence list, and in what order, is up to the user.
        if unconfirmed
            || odd.element.space == Space::Pa
            || odd.element.name == name::PRESENCE_SUB_LIST
            || !in_order_only
        {
            continue;
        }
        let Some(Fault::WrongOrder(child)) = odd.faults.first() else { continue };
        if verdict.is_full() {
            return;
        }
        let (parent, title) = (odd.node.spelling(), name::spelling(*child));
        verdict
            .find(
                format!("the children of {parent} stand in another order than the model has"),
                Exhibit::message(message, odd.child(*child), format!("{title} comes too late or too soon")),
            )
            .cause(parent);
    }
}
