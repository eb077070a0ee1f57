//! From a document to a payload.

use super::codes::{self, code_of};
use super::place::tells_presence;
use crate::csp::message::{Mode, read_frame};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::syntax::pts::{self, Parameter, Preamble, Script, Value};
use crate::syntax::{Document, NameId, Node};

/// The payload of a document with one transaction, in one segment; `None` where it has no transaction, or one that the
/// preamble cannot name: its primitive needs a code or a name of two letters, its identifier is a number. An element
/// without a code stands under its own name.
pub fn write(document: &Document, version: Version) -> Option<Vec<u8>> {
    let frame = read_frame(document);
    let [part] = frame.parts.as_slice() else { return None };
    let text = |id| document.node(id).map(Node::text).filter(|text| !text.is_empty());
    let primitive = document.node(part.primitive?)?;
    let code = codes::primitive_code(part.name).unwrap_or(primitive.spelling());
    // A poll has no identifier; here it must have one.
    let id = part.id.and_then(text).or((part.mode != Some(Mode::Response)).then_some("0"))?;
    let digits: String = version.number().chars().filter(char::is_ascii_digit).collect();
    let preamble = Preamble::read(format!("WV{digits}{code}{id}").as_bytes())?;
    if code.len() != 2 || preamble.segment.is_some() || preamble.end != preamble.transaction.end {
        return None;
    }
    let parameter = |name: &str, value| Parameter { name: name.to_owned(), value: Some(value), span: 0..0 };
    let mut parameters: Vec<Parameter> = Vec::new();
    if let Some(session) = frame.session_id.and_then(text) {
        parameters.push(parameter("SI", Value::text(session)));
    }
    let mut gathered: Vec<(&str, Vec<Value>)> = Vec::new();
    for child in primitive.children() {
        let code = codes::parameter_code(child.name(), part.name);
        match child.name() {
            name::USER
            | name::USER_ID
            | name::USER_ID_LIST
            | name::CONTACT_LIST
            | name::CONTACT_LIST_ID_LIST
            | name::DIGEST_SCHEMA
            | name::PRESENCE => {
                let code = code.unwrap_or(child.spelling());
                let slot = match gathered.iter().position(|(known, _)| *known == code) {
                    Some(slot) => slot,
                    None => {
                        gathered.push((code, Vec::new()));
                        gathered.len() - 1
                    }
                };
                if let Some((_, values)) = gathered.get_mut(slot) {
                    several(child, values);
                }
            }
            _ => {
                let value = single(child, part.name);
                let is_empty = value.as_text() == Some("");
                let name = code.unwrap_or(child.spelling()).to_owned();
                parameters.push(Parameter { name, value: Some(value).filter(|_| !is_empty), span: 0..0 });
            }
        }
    }
    for (code, mut values) in gathered {
        // One text stands alone, and so does the group of one presence.
        let value = if values.len() == 1 { values.pop()? } else { Value::group(values) };
        parameters.push(parameter(code, value));
    }
    let script = Script { preamble, transaction: id.to_owned(), parameters, anomalies: Vec::new() };
    Some(pts::write(&script).into_bytes())
}

/// The values of an element that may stand several times.
fn several(node: Node<'_>, values: &mut Vec<Value>) {
    match node.name() {
        name::PRESENCE => {
            let user = node.children().next().map(Node::text).unwrap_or_default();
            let attributes = node.child(name::PRESENCE_SUB_LIST);
            let attributes = attributes.map(|list| Value::group(list.children().map(told).collect()));
            values.push(Value::group(std::iter::once(Value::text(user)).chain(attributes).collect()));
        }
        name::USER | name::USER_ID_LIST | name::CONTACT_LIST_ID_LIST => {
            node.children().for_each(|child| several(child, values));
        }
        _ => values.push(Value::text(node.text())),
    }
}

/// The value of an element that stands once.
fn single(node: Node<'_>, primitive: NameId) -> Value {
    let pairs = |pair: &dyn Fn(Node<'_>) -> Value| Value::group(node.children().map(pair).collect());
    match node.name() {
        name::RESULT => {
            let code = node.child(name::CODE).map(Node::text).unwrap_or_default();
            match node.child(name::DESCRIPTION) {
                Some(description) => pair(Value::text(code), Value::text(description.text())),
                None => Value::text(code),
            }
        }
        name::CLIENT_ID => {
            let part = node.child(name::URL).or_else(|| node.child(name::MSISDN));
            Value::text(part.unwrap_or(node).text())
        }
        name::CAPABILITY_LIST | name::AGREED_CAPABILITY_LIST => pairs(&|child| {
            let (name, text) = match child.name() {
                name::CIR_URL | name::CIR_HTTP_ADDRESS => {
                    (name::CIR_HTTP_ADDRESS, child.child(name::URL).unwrap_or(child).text())
                }
                name => (name, child.text()),
            };
            let code = code_of(codes::CAPABILITIES, name).unwrap_or(child.spelling());
            pair(Value::text(code), Value::text(codes::value_code(name, text)))
        }),
        name::FUNCTIONS | name::ALL_FUNCTIONS => {
            let leaves = node.descendants().filter(|n| n.is_leaf());
            let code = |n: Node<'_>| Value::text(code_of(codes::FEATURES, n.name()).unwrap_or(n.spelling()));
            Value::group(leaves.map(code).collect())
        }
        name::NICK_LIST | name::ADD_NICK_LIST | name::REMOVE_NICK_LIST => pairs(&|child| {
            let nick = child.child(name::NAME).map(Node::text).unwrap_or_default();
            let user = child.child(name::USER_ID).unwrap_or(child).text();
            pair(Value::text(nick), Value::text(user))
        }),
        name::CONTACT_LIST_PROPERTIES => pairs(&|child| {
            let text = |name| child.child(name).map(Node::text).unwrap_or_default();
            let name = text(name::NAME);
            let code = codes::PROPERTIES.iter().find(|(_, known)| *known == name).map_or(name, |(code, _)| code);
            pair(Value::text(code), Value::text(text(name::VALUE)))
        }),
        name::PRESENCE_SUB_LIST if tells_presence(primitive) => pairs(&told),
        name::PRESENCE_SUB_LIST => match node.children().collect::<Vec<_>>().as_slice() {
            [one] => selected(*one),
            all => Value::group(all.iter().map(|one| selected(*one)).collect()),
        },
        _ if !node.is_leaf() => Value::group(node.children().map(|child| single(child, primitive)).collect()),
        _ => Value::text(node.text()),
    }
}

/// An attribute that is asked for.
fn selected(node: Node<'_>) -> Value {
    let code = Value::text(code_of(codes::ATTRIBUTES, node.name()).unwrap_or(node.spelling()));
    if node.is_leaf() { code } else { pair(code, Value::group(node.children().map(selected).collect())) }
}

/// An attribute with its value.
fn told(node: Node<'_>) -> Value {
    let code = Value::text(code_of(codes::ATTRIBUTES, node.name()).unwrap_or(node.spelling()));
    let of = |name, text| Value::text(codes::value_code(name, text));
    let parts: Vec<Node<'_>> = node.children().filter(|child| child.name() != name::QUALIFIER).collect();
    let value = match parts.as_slice() {
        [] => Some(node.text()).filter(|text| !text.is_empty()).map(|text| of(node.name(), text)),
        [one] if one.name() == name::PRESENCE_VALUE => Some(of(node.name(), one.text())),
        all => Some(Value::group(all.iter().map(|part| pair_of_part(*part)).collect())),
    };
    let qualifier = node.child(name::QUALIFIER).map(|qualifier| Value::text(qualifier.text()));
    Value::group([Some(code), qualifier, value].into_iter().flatten().collect())
}

/// A part of an attribute with its value.
fn pair_of_part(node: Node<'_>) -> Value {
    if !node.is_leaf() {
        return told(node);
    }
    let code = Value::text(code_of(codes::ATTRIBUTES, node.name()).unwrap_or(node.spelling()));
    pair(code, Value::text(codes::value_code(node.name(), node.text())))
}

fn pair(first: Value, second: Value) -> Value {
    Value::group(vec![first, second])
}
