use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Encoding;

/// A PresenceSubList outside of the namespace of presence attributes.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    // In WBXML the code page says what the namespace would say.
    if message.kind != Kind::Csp || message.encoding != Encoding::Xml {
        return;
    }
    let Some(version) = message.claims.namespace else { return };
    let presence = |uri: &str| namespace::classify(uri).is_some_and(|n| n.kind == namespace::Kind::Pa);
    let lists = message.document.nodes().filter(|n| n.name() == name::PRESENCE_SUB_LIST);
    let bare = lists.into_iter().find(|list| {
        let declares_one = list.attributes().any(|a| a.name.starts_with("xmlns") && presence(a.value));
        !declares_one && list.attribute("xmlns").is_none() && !list.namespace().is_some_and(presence)
    });
    let Some(list) = bare else { return };
    // A prefix for presence attributes declared higher up serves as well.
    let prefixed = message.document.attributes().any(|a| a.name.starts_with("xmlns:") && presence(a.value));
    if prefixed {
        return;
    }
    verdict
        .find(
            format!("PresenceSubList does not declare {}", namespace::uri(namespace::Kind::Pa, version)),
            Exhibit::message(message, Some(list), "no namespace of presence attributes"),
        )
        .cause("PresenceSubList");
}
