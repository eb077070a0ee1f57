use crate::csp::message::{Kind, Message};
use crate::csp::namespace::{self, Purpose};
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A body in another syntax than its media type says.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    let Some(stated) = message.envelope.content_type.as_deref() else { return };
    let media = namespace::media(stated).filter(|media| media.purpose == Purpose::Csp);
    let Some(promised) = media.and_then(|media| media.encoding).filter(|e| *e != message.encoding) else { return };
    let (promised, sent) = (promised.name().to_uppercase(), message.encoding.name().to_uppercase());
    let fact = format!("the media type promises {promised}, the body is {sent}");
    verdict.find(&fact, Exhibit::message(message, message.document.root(), format!("{sent} begins here"))).cause(fact);
}
