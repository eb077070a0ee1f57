//! Where elements stand: the order of the content model, and the frame that PTS leaves out.

use super::Item;
use crate::csp::message::Mode;
use crate::csp::model::{self, Kind};
use crate::csp::name;
use crate::csp::namespace::{self, Version};
use crate::syntax::{Builder, NameId, Parsed, Prolog};

/// Whether a primitive tells presence values; the others that have attributes select them.
pub(super) fn tells_presence(primitive: NameId) -> bool {
    matches!(
        primitive,
        name::UPDATE_PRESENCE_REQUEST | name::PRESENCE_NOTIFICATION_REQUEST | name::GET_PRESENCE_RESPONSE
    )
}

/// Puts the children of a primitive in the order of its content model and into the lists that its version has for them:
/// parameters are a map, and `UI` stands for users in one version and for a list of their identifiers in another.
pub(super) fn in_order(version: Option<Version>, primitive: NameId, items: Vec<Item>) -> Vec<Item> {
    let row = version.and_then(|version| model::element(version, primitive));
    let Some(Kind::Container(model)) = row.map(|row| row.kind) else { return items };
    let mut names = Vec::new();
    model.each_name(&mut |name| names.push(name));
    let mut placed: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let wrapper = match item.name {
            _ if names.contains(&item.name) => None,
            name::USER_ID => [name::USER_ID_LIST, name::USER].into_iter().find(|name| names.contains(name)),
            name::CONTACT_LIST => Some(name::CONTACT_LIST_ID_LIST).filter(|name| names.contains(name)),
            _ => None,
        };
        let Some(wrapper) = wrapper else {
            placed.push(item);
            continue;
        };
        match placed.last_mut().filter(|last| last.name == wrapper && wrapper != name::USER) {
            Some(list) => {
                list.span.end = list.span.end.max(item.span.end);
                list.children.push(item);
            }
            None => {
                let list = Item::new(wrapper, &item.span);
                placed.push(list.with(vec![item]));
            }
        }
    }
    placed.sort_by_key(|item| names.iter().position(|name| *name == item.name).unwrap_or(usize::MAX));
    placed
}

/// What a document is made of.
pub(super) struct Frame {
    pub(super) version: Option<Version>,
    /// The `SessionID` of the descriptor.
    pub(super) session: Option<Item>,
    pub(super) mode: Option<Mode>,
    pub(super) id: Item,
    pub(super) primitive: Item,
}

impl Frame {
    /// The document of a payload of so many octets, its elements at their places in it.
    pub(super) fn document(&self, end: u32) -> Parsed {
        let mut out = Out { builder: Builder::new(name::VOCABULARY, ""), version: self.version };
        let whole = 0..end;
        out.open(name::WV_CSP_MESSAGE, end);
        out.namespace(namespace::Kind::Csp);
        out.open(name::SESSION, end);
        out.open(name::SESSION_DESCRIPTOR, end);
        let kind = if self.session.is_some() { "Inband" } else { "Outband" };
        out.item(&Item::leaf(name::SESSION_TYPE, kind, &whole));
        if let Some(session) = &self.session {
            out.item(session);
        }
        out.builder.close(end);
        out.open(name::TRANSACTION, end);
        out.open(name::TRANSACTION_DESCRIPTOR, end);
        if let Some(mode) = self.mode {
            let mode = if mode == Mode::Request { "Request" } else { "Response" };
            out.item(&Item::leaf(name::TRANSACTION_MODE, mode, &whole));
        }
        out.item(&self.id);
        out.builder.close(end);
        out.open(name::TRANSACTION_CONTENT, end);
        out.namespace(namespace::Kind::Trc);
        let primitive = Item { span: whole, ..self.primitive.clone() };
        out.item(&primitive);
        for _ in 0..4 {
            out.builder.close(end);
        }
        out.builder.finish(Prolog::default(), end).with_source(String::new())
    }
}

struct Out {
    builder: Builder<'static>,
    version: Option<Version>,
}

impl Out {
    fn open(&mut self, name: NameId, end: u32) {
        self.builder.open_named(name, 0..end);
    }

    fn namespace(&mut self, kind: namespace::Kind) {
        if let Some(version) = self.version {
            self.builder.attribute("xmlns", &namespace::uri(kind, version), 0..0);
        }
    }

    fn item(&mut self, item: &Item) {
        if item.name == NameId::UNKNOWN {
            self.builder.open(&item.spelling, item.span.clone());
        } else {
            self.builder.open_named(item.name, item.span.clone());
        }
        if item.name == name::PRESENCE_SUB_LIST {
            self.namespace(namespace::Kind::Pa);
        }
        self.builder.text(&item.text);
        item.children.iter().for_each(|child| self.item(child));
        self.builder.close(item.span.end);
    }
}
