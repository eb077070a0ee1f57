use super::innermost;
use crate::csp::message::{Kind, Message};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::AnomalyKind;

/// WBXML tokens that mean nothing in any version.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    let unknown = |kind| match kind {
        AnomalyKind::UnknownToken => Some("tag or attribute"),
        AnomalyKind::UnknownValueToken => Some("value"),
        _ => None,
    };
    let mut found = message.anomalies.iter().filter_map(|a| Some((a, unknown(a.kind)?))).peekable();
    if found.peek().is_none() {
        return;
    }
    // Without the octets before it, the code page of a token is not known.
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return verdict.doubt(doubt);
    }
    for (anomaly, what) in found {
        if verdict.is_full() {
            return;
        }
        let at = anomaly.span.start;
        let near = innermost(message, at);
        let token = near
            .filter(|n| n.spelling().starts_with("unknown-"))
            .map_or_else(String::new, |n| format!(", told as {}", n.spelling()));
        verdict
            .find(
                format!("a {what} token at octet {at} has no name in any CSP version{token}"),
                Exhibit::message(message, near, "what is this?"),
            )
            .cause(format!("{what}{token}"));
    }
}
