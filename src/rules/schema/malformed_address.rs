use crate::csp::address::{Address, AddressFault};
use crate::csp::message::Message;
use crate::csp::model::{Element, Kind, Odd, Oddity, Value};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Node;

/// An address that cannot be read as one.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    let of_address = |oddity: &&Oddity| oddity.odd == Odd::Value && is_address(oddity.element);
    for node in oddities.iter().filter(of_address).filter_map(|oddity| message.document.node(oddity.node)) {
        let Some(fact) = fault(node) else { continue };
        if verdict.is_full() {
            return;
        }
        let title = node.spelling();
        verdict
            .find(format!("{title} is no address: {fact}"), Exhibit::message(message, Some(node), fact))
            .cause(title);
    }
}

fn is_address(element: Option<&Element>) -> bool {
    element.is_some_and(|element| element.kind == Kind::Leaf(Value::Address))
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
    let parsed = if node.name() == name::USER_ID { Address::parse(text) } else { Address::parse_list(text) };
    match parsed {
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
