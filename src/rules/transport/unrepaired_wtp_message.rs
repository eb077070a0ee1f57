use crate::carrier::{Anomaly, Carrier};
use crate::csp::message::Message;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;

/// A request over WTP of which a part was never sent again.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let envelope = &message.envelope;
    if envelope.carrier != Carrier::Wsp || !envelope.anomalies.contains(&Anomaly::MissingPart) {
        return;
    }
    verdict
        .find(
            "a part of this request is missing, and a minute later it was not sent again",
            Exhibit::message(message, message.document.root(), "as far as it came"),
        )
        .cost(Cost { octets: u64::from(envelope.wire_octets), round_trips: 1, ..Cost::default() });
}
