use crate::csp::message::{Kind, Message};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;

/// A message that does not say of which version it is.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let claims = &message.claims;
    let told = claims.namespace.or(claims.public_number).or(claims.public_text);
    let Some(root) = message.document.root().filter(|_| message.kind == Kind::Csp && told.is_none()) else { return };
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return verdict.doubt(doubt);
    }
    let fact = match (root.namespace(), message.prolog.public_number) {
        (Some(_), _) => "the namespace is of no CSP version, and no public identifier names one",
        (None, Some(_)) => "the public identifier is of no CSP version, and there is no namespace",
        (None, None) => "there is neither a namespace nor a public identifier of CSP",
    };
    verdict.find(fact, Exhibit::message(message, Some(root), "which version?")).cause(fact);
}
