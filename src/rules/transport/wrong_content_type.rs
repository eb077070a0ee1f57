use crate::csp::message::{Kind, Message};
use crate::csp::namespace;
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;

/// A CSP message under a media type that is none of CSP's.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let envelope = &message.envelope;
    let stated = envelope.content_type.as_deref();
    if message.kind != Kind::Csp || stated.and_then(namespace::media).is_some() {
        return;
    }
    let media = stated.and_then(|s| s.split(';').next()).map(|s| s.trim().to_ascii_lowercase()).unwrap_or_default();
    let fact = if media.is_empty() {
        "a CSP message without a Content-Type".to_owned()
    } else {
        format!("a CSP message under the Content-Type {media}")
    };
    verdict
        .find(&fact, Exhibit::message(message, message.document.root(), "this is CSP"))
        .cause(format!("{} {fact}", Side::sender(envelope.direction).name()));
}
