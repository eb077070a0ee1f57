use crate::csp::message::{Kind, Message};
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Encoding;

/// The number that stands for "unknown" in WBXML.
const UNKNOWN: u32 = 1;

/// A WBXML document under a public identifier that nobody registered.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp || message.encoding != Encoding::Wbxml {
        return;
    }
    let told = match (message.prolog.public_number, &message.prolog.public_id) {
        (Some(number), _) if number != UNKNOWN && namespace::version_of_number(number).is_none() => {
            message.claims.namespace.map(|version| (format!("0x{number:02X}"), version))
        }
        (None, Some(text)) if !namespace::is_registered(text) => {
            message.claims.public_text.map(|version| (text.clone(), version))
        }
        _ => None,
    };
    let Some((stated, version)) = told else { return };
    let fact =
        format!("the public identifier {stated} is not registered; that of CSP {version} is {}", version.public_id());
    verdict.find(&fact, Exhibit::message(message, message.document.root(), "its header")).cause(fact);
}
