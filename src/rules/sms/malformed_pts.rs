use crate::csp::message::Message;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::{Anomaly, AnomalyKind, Encoding};

/// A message in the plain-text syntax that breaks its grammar.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.encoding != Encoding::Pts {
        return;
    }
    let Some(fact) = message.anomalies.iter().find_map(fact) else { return };
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return verdict.doubt(doubt);
    }
    verdict.find(fact, Exhibit::message(message, message.document.root(), "not as the grammar has it")).cause(fact);
}

/// What breaks the grammar; what is merely not known does not.
fn fact(anomaly: &Anomaly) -> Option<&'static str> {
    Some(match anomaly.kind {
        // Letters of a segment beyond the last are sms/broken-segmentation.
        AnomalyKind::BadPreamble if !super::is_segment(anomaly) => "a preamble that is none",
        AnomalyKind::EmptyValue => "a parameter without value behind its equals sign",
        AnomalyKind::RepeatedParameter => "a parameter twice",
        AnomalyKind::UnclosedElement => "a quotation mark or parenthesis that is not closed",
        AnomalyKind::BadMarkup => "a character where none may stand",
        _ => return None,
    })
}
