use super::{held, judgeable};
use crate::csp::message::Message;
use crate::csp::model::{Kind, Space, Trust, Value, ValueFault, validate_presence, validate_value};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::is_secret;
use crate::syntax::{AnomalyKind, Node};

/// A leaf whose value is outside its closed set or type, or text where only elements may stand.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(version) = judgeable(message, verdict) else { return };
    for held in held(message) {
        if verdict.is_full() {
            return;
        }
        let node = held.node;
        if node.text().is_empty() || held.element.trust == Trust::Recall || spoken_of_elsewhere(message, node) {
            continue;
        }
        let said = match &held.element.kind {
            Kind::Leaf(Value::Msisdn) => continue,
            Kind::Leaf(_) if node.name() == name::PRESENCE_VALUE => {
                node.parent().map_or(Ok(()), |attribute| validate_presence(attribute.name(), node.text()))
            }
            Kind::Leaf(_) => validate_value(version, held.element, node.text()),
            Kind::Container(_) if held.element.space != Space::Pa => {
                verdict
                    .find(
                        format!("{} holds text where only elements may stand", node.spelling()),
                        Exhibit::message(message, Some(node), "elements only"),
                    )
                    .cause(format!("text in {}", node.spelling()));
                continue;
            }
            _ => continue,
        };
        // An empty value and one of another version have rules of their own.
        let Err(fault) = said else { continue };
        if matches!(fault, ValueFault::Empty | ValueFault::OfVersion(_)) {
            continue;
        }
        let value = if is_secret(node) { "a value".to_owned() } else { format!("the value {:?}", brief(node.text())) };
        verdict
            .find(
                format!("{} has {value}, which {fault}", node.spelling()),
                Exhibit::message(message, Some(node), fault.to_string()),
            )
            .cause(format!("{} {value}", node.spelling()));
    }
}

/// Content is judged by content rules, an opaque that does not decode by encoding rules.
fn spoken_of_elsewhere(message: &Message, node: Node<'_>) -> bool {
    let opaque = node.span().is_some_and(|span| {
        message.anomalies.iter().any(|a| {
            matches!(a.kind, AnomalyKind::InvalidOpaque | AnomalyKind::UnknownValueToken)
                && span.contains(&a.span.start)
        })
    });
    opaque || matches!(node.name(), name::CONTENT_DATA | name::DIRECT_CONTENT | name::MSISDN)
}

fn brief(text: &str) -> String {
    let mut brief: String = text.chars().take(40).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    brief
}
