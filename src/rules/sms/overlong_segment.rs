use crate::carrier::Anomaly;
use crate::csp::message::Message;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Encoding;

/// A short message that holds more than one has room for.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let envelope = &message.envelope;
    if message.encoding == Encoding::Pts && envelope.anomalies.contains(&Anomaly::OverlongShort) {
        verdict
            .find(
                "a short message with more user data than 140 octets",
                Exhibit::message(message, message.document.root(), "does not fit"),
            )
            .cause(envelope.direction.name());
    }
}
