use crate::csp::message::{Kind, Message};
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A message whose places name different CSP versions.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(namespace) = message.claims.namespace.filter(|_| message.kind == Kind::Csp) else { return };
    let claims = &message.claims;
    let other = |claim: Option<Version>| claim.filter(|v| *v != namespace).map(Version::number);
    let media = match (claims.media, claims.media_before_13) {
        (Some(media), _) if media != namespace => Some("1.3"),
        (_, true) if namespace == Version::V13 => Some("1.1 or 1.2"),
        _ => None,
    };
    let text = match message.encoding {
        crate::syntax::Encoding::Wbxml => "the public identifier",
        crate::syntax::Encoding::Xml | crate::syntax::Encoding::Pts => "the DOCTYPE",
    };
    let against: Vec<String> = [
        ("the public identifier", other(claims.public_number)),
        (text, other(claims.public_text)),
        ("the media type", media),
    ]
    .into_iter()
    .filter_map(|(place, version)| Some(format!("{place} says {}", version?)))
    .collect();
    if against.is_empty() {
        return;
    }
    let against = against.join(", ");
    verdict
        .find(
            format!("the namespace says {}, {against}", namespace.number()),
            Exhibit::message(message, message.document.root(), format!("{} here", namespace.number())),
        )
        .cause(format!("{} {against}", namespace.number()));
}
