//! A document in, what of it does not stand as the content model has it out.
//!
//! What depends on names and nesting alone is the [`Shape`], which messages by the thousand share; the texts are held
//! against it message by message.

use std::sync::Arc;

use super::check::{Fault, validate_children};
use super::value::{Value, is_judged, validate_presence};
use super::{Element, Kind, Space, Trust, element, element_under, is_extension};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::syntax::{Document, MAX_DEPTH, NameId, Node, NodeId};

/// How something does not stand as the content model has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Odd {
    /// The children of the element do not follow one another as its model says; [`validate_children`] may still find
    /// nothing against them.
    ///
    /// [`validate_children`]: super::validate_children
    Children,
    /// The text of the element is not of the type of its leaf.
    Value,
    /// The element holds text where only elements may stand.
    Text,
    /// The vocabulary does not have the name of the element.
    Unknown,
}

/// What is wrong with the children of an element; `None` where nothing was asked.
pub type Faults = Option<Arc<[Fault]>>;

/// A place in a document that does not stand as the content model of its version has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Oddity {
    /// The element.
    pub node: NodeId,
    /// Its row; `None` where the model does not know it where it stands.
    pub element: Option<&'static Element>,
    /// What is odd.
    pub odd: Odd,
    /// What is wrong with the children of the element.
    pub faults: Faults,
}

/// What the content model of a version says of documents of the same names, nested alike. Rows that rest on memory only
/// are not held against anything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Shape {
    /// What is odd whatever the texts are, in document order.
    odd: Vec<Oddity>,
    /// The elements whose text may be odd, in document order.
    texts: Vec<(NodeId, &'static Element)>,
}

impl Shape {
    /// The shape of a document.
    pub fn of(version: Version, document: &Document) -> Self {
        let mut walk = Walk { around: [Open::default(); MAX_DEPTH], depth: 0, shape: Self::default() };
        document.nodes().for_each(|node| walk.visit(version, node));
        walk.close(0);
        walk.shape.odd.sort_by_key(|oddity| oddity.node);
        // Documents of one shape have the same faults.
        for oddity in walk.shape.odd.iter_mut().filter(|oddity| oddity.odd == Odd::Children) {
            oddity.faults = oddity.element.zip(document.node(oddity.node)).map(|(element, node)| {
                let children: Vec<NameId> = node.children().map(Node::name).collect();
                validate_children(element, &children).into()
            });
        }
        walk.shape
    }

    /// What of a document of this shape does not stand as the content model has it, in document order.
    pub fn oddities(&self, document: &Document) -> Vec<Oddity> {
        let texts = self.texts.iter().filter_map(|(node, element)| {
            let odd = odd_text(element, document.node(*node)?)?;
            Some(Oddity { node: *node, element: Some(element), odd, faults: Faults::default() })
        });
        let mut all: Vec<Oddity> = texts.collect();
        if !self.odd.is_empty() {
            all.extend_from_slice(&self.odd);
            all.sort_by_key(|oddity| oddity.node);
        }
        all
    }
}

/// An element whose end has not come.
#[derive(Clone, Copy, Default)]
struct Open {
    node: NodeId,
    /// Its row; `None` where the model does not say what stands inside.
    row: Option<&'static Element>,
    /// The child before.
    last: Option<NameId>,
    odd: bool,
}

impl Open {
    /// Takes the next child; `None` is its end.
    fn take(&mut self, next: Option<NameId>) {
        let Some(row) = self.row else { return };
        self.odd |= row.trust != Trust::Recall && !row.lets_follow(self.last, next);
        self.last = next;
    }
}

struct Walk {
    around: [Open; MAX_DEPTH],
    depth: usize,
    shape: Shape,
}

impl Walk {
    fn visit(&mut self, version: Version, node: Node<'_>) {
        let depth = node.depth().min(MAX_DEPTH - 1);
        self.close(depth);
        let name = node.name();
        let row = match depth.checked_sub(1) {
            None => element(version, name),
            Some(parent) => self.around.get_mut(parent).and_then(|parent| {
                parent.take(Some(name));
                parent.row.filter(|row| !is_extension(row.name)).and_then(|row| element_under(version, row, name))
            }),
        };
        if let Some(open) = self.around.get_mut(depth) {
            *open = Open { node: node.id(), row, last: None, odd: false };
        }
        self.depth = depth + 1;
        if name == NameId::UNKNOWN {
            self.shape.odd.push(Oddity {
                node: node.id(),
                element: None,
                odd: Odd::Unknown,
                faults: Faults::default(),
            });
        }
        self.shape.texts.extend(row.filter(|row| has_text_judged(row)).map(|row| (node.id(), row)));
    }

    /// Closes the elements that are open at a depth and below.
    fn close(&mut self, depth: usize) {
        for open in self.around.get_mut(depth..self.depth).into_iter().flatten() {
            open.take(None);
            if open.odd {
                self.shape.odd.push(Oddity {
                    node: open.node,
                    element: open.row,
                    odd: Odd::Children,
                    faults: Faults::default(),
                });
            }
        }
        self.depth = depth;
    }
}

impl Element {
    /// Whether a child may follow another in it; `None` before the first and behind the last. A presence container
    /// without any child selects an attribute.
    pub(super) fn lets_follow(&self, last: Option<NameId>, next: Option<NameId>) -> bool {
        match self.kind {
            Kind::Container(model) => {
                (self.space == Space::Pa && last.is_none() && next.is_none()) || model.lets_follow(last, next)
            }
            Kind::Leaf(_) | Kind::Empty => next.is_none(),
            Kind::Any | Kind::Alias(_) | Kind::Removed => true,
        }
    }
}

/// Whether anything can be odd about the own text of an element.
fn has_text_judged(element: &Element) -> bool {
    let judged = match element.kind {
        Kind::Leaf(value) => is_judged(value) || value == Value::Address || element.name == name::PRESENCE_VALUE,
        Kind::Container(_) => element.space != Space::Pa,
        _ => false,
    };
    judged && element.trust != Trust::Recall
}

/// What is odd about the own text of an element.
fn odd_text(element: &Element, node: Node<'_>) -> Option<Odd> {
    if !node.has_text() {
        return None;
    }
    let text = node.text();
    match element.kind {
        Kind::Leaf(_) if element.name == name::PRESENCE_VALUE => {
            let of = node.parent().map_or(NameId::UNKNOWN, Node::name);
            validate_presence(of, text).is_err().then_some(Odd::Value)
        }
        Kind::Leaf(value) => (!value.admits(text.trim())).then_some(Odd::Value),
        _ => Some(Odd::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::name::VOCABULARY;

    fn odd(version: Version, xml: &str) -> Vec<(u32, Odd)> {
        let document = crate::syntax::xml::parse(xml, VOCABULARY, None).document;
        let oddities = Shape::of(version, &document).oddities(&document);
        oddities.into_iter().map(|o| (o.node.0, o.odd)).collect()
    }

    #[test]
    fn a_document_as_the_model_has_it_has_no_oddity() {
        let result = "<Status><Result><Code>200</Code><Description>OK</Description></Result></Status>";
        assert_eq!(odd(Version::V12, result), []);
    }

    #[test]
    fn each_place_is_told_in_document_order() {
        // 0 Status, 1 Result, 2 Bogus, 3 Code, 4 Code.
        let result = "<Status>text<Result><Bogus/><Code>x</Code><Code>200</Code></Result></Status>";
        let expected = [(0, Odd::Text), (1, Odd::Children), (2, Odd::Unknown), (3, Odd::Value)];
        assert_eq!(odd(Version::V12, result), expected);
    }

    #[test]
    fn what_has_to_have_children_is_odd_without_and_a_selector_is_not() {
        assert_eq!(odd(Version::V12, "<Result/>"), [(0, Odd::Children)]);
        assert_eq!(odd(Version::V12, "<CommC/>"), []);
    }

    #[test]
    fn the_value_of_presence_goes_by_its_attribute() {
        let of = |value| format!("<OnlineStatus><PresenceValue>{value}</PresenceValue></OnlineStatus>");
        assert_eq!(odd(Version::V12, &of("T")), []);
        assert_eq!(odd(Version::V12, &of("PERHAPS")), [(1, Odd::Value)]);
    }

    #[test]
    fn nothing_is_known_inside_an_extension_and_of_what_only_memory_vouches_for() {
        assert_eq!(odd(Version::V12, "<ExtBlock><Result/></ExtBlock>"), []);
        assert_eq!(odd(Version::V13, "<Login-Request/>"), []);
        assert_eq!(odd(Version::V12, "<Login-Request/>"), [(0, Odd::Children)]);
    }
}
