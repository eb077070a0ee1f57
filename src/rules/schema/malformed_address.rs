use crate::csp::address::{Address, AddressFault};
use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// An address that cannot be read as one.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    for node in message.document.nodes() {
        let Some(fact) = fault(node) else { continue };
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        let title = node.spelling();
        verdict
            .find(format!("{title} is no address: {fact}"), Exhibit::message(message, Some(node), fact))
            .cause(title);
    }
}

/// What is wrong with an address; an empty one is schema/empty-value.
fn fault(node: Node<'_>) -> Option<&'static str> {
    if !matches!(node.name(), name::USER_ID | name::GROUP_ID | name::CONTACT_LIST) {
        return None;
    }
    let text = node.text().trim();
    // Search strings are parts of addresses, and lists with such names are the vendors' own.
    let searched = node.parent().is_some_and(|parent| parent.name() == name::SEARCH_STRING);
    if text.is_empty() || searched || text.contains("~pep") {
        return None;
    }
    // Some write the list or group behind the domain.
    let text = match (text.split_once('@'), text.rsplit_once('/')) {
        (Some((_, domain)), Some((front, _))) if node.name() != name::USER_ID && domain.contains('/') => front,
        _ => text,
    };
    match Address::parse(text) {
        Ok(_) => None,
        Err(fault) => Some(words(fault)),
    }
}

fn words(fault: AddressFault) -> &'static str {
    match fault {
        AddressFault::WhiteSpace => "white space in it",
        AddressFault::TwoDomains => "more than one at sign",
        AddressFault::Reserved => "a slash or plus inside a name",
        AddressFault::EmptyName => "a name that is empty",
    }
}
