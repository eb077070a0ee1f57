use super::is_segment;
use crate::carrier::Anomaly;
use crate::csp::message::Message;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Encoding;

/// A message in segments that do not make one.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.encoding != Encoding::Pts {
        return;
    }
    let fact = if message.envelope.anomalies.contains(&Anomaly::MissingPart) {
        "a segment of this message does not come, nor is it there five minutes later"
    } else if message.anomalies.iter().any(is_segment) {
        "a segment is numbered beyond the last"
    } else {
        return;
    };
    verdict.find(fact, Exhibit::message(message, message.document.root(), "cannot be put together")).cause(fact);
}
