use super::innermost;
use crate::csp::message::{Kind, Message};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::{AnomalyKind, Node};

/// Opaque octets that are neither the number nor the date-time they stand for.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    for anomaly in message.anomalies.iter().filter(|a| a.kind == AnomalyKind::InvalidOpaque) {
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        let element = innermost(message, anomaly.span.start);
        let name = element.map_or("element", Node::spelling);
        let octets = anomaly.span.len();
        verdict
            .find(
                format!("the {octets} opaque octets of {name} are no value of it"),
                Exhibit::message(message, element, "cannot be read"),
            )
            .cause(name);
    }
}
