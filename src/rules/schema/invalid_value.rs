use crate::csp::message::Message;
use crate::csp::model::{Element, Odd, Oddity, ValueFault, validate_presence, validate_value};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::is_secret;
use crate::syntax::{AnomalyKind, Node};

/// A leaf whose value is outside its closed set or type, or text where only elements may stand.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let Some(version) = message.version else { return };
    for oddity in oddities.iter().filter(|o| matches!(o.odd, Odd::Value | Odd::Text)) {
        if verdict.is_full() {
            return;
        }
        let Some((element, node)) = oddity.element.zip(message.document.node(oddity.node)) else { continue };
        if spoken_of_elsewhere(message, node) {
            continue;
        }
        if oddity.odd == Odd::Text {
            verdict
                .find(
                    format!("{} holds text where only elements may stand", node.spelling()),
                    Exhibit::message(message, Some(node), "elements only"),
                )
                .cause(format!("text in {}", node.spelling()));
            continue;
        }
        // An empty value and one of another version have rules of their own.
        let Err(fault) = held(version, element, node) else { continue };
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

/// Holds the text of a leaf against its type.
fn held(version: Version, element: &Element, node: Node<'_>) -> Result<(), ValueFault> {
    match node.parent().filter(|_| node.name() == name::PRESENCE_VALUE) {
        Some(attribute) => validate_presence(attribute.name(), node.text()),
        None => validate_value(version, element, node.text()),
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
