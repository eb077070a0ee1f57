//! A document in, what of it does not stand as the content model has it out.

use std::sync::atomic::{AtomicU64, Ordering};

use super::value::{is_judged, validate_presence};
use super::{Element, Kind, NAMES, Space, Table, Trust, VERSIONS, find, is_extension, table};
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

/// A place in a document that does not stand as the content model of its version has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Oddity {
    /// The element.
    pub node: NodeId,
    /// Its row; `None` where the model does not know it where it stands.
    pub element: Option<&'static Element>,
    /// What is odd.
    pub odd: Odd,
}

/// What of a document does not stand as the content model of a version has it, in document order: one walk for all
/// that ask. Rows that rest on memory only are not held against anything.
///
/// A model has each name once, so it says no more than which child may follow which: each step from one child to the
/// next is looked up, and remembered for the run.
pub fn oddities(version: Version, document: &Document) -> Vec<Oddity> {
    let Some(table) = table(version) else { return Vec::new() };
    let root = Open { asked: (version as u64 + 1) << 32, last: START, ..Open::default() };
    let mut walk = Walk { table, root, around: [Open::default(); MAX_DEPTH + 1], depth: 0, found: Vec::new() };
    document.nodes().for_each(|node| walk.visit(node));
    walk.close(0);
    if walk.found.len() > 1 {
        walk.found.sort_by_key(|oddity| oddity.node);
    }
    walk.found
}

/// An element whose end has not come.
#[derive(Clone, Copy, Default)]
struct Open {
    /// What is asked about its children: version and row, see [`step`].
    asked: u64,
    node: NodeId,
    /// 1 + the number of its row, 0 without one.
    row: u16,
    /// The child before, [`START`] without one.
    last: u16,
    /// Whether its children are odd so far; while it has none, whether it has to have some.
    odd: bool,
}

struct Walk {
    table: &'static Table,
    /// What is around the root.
    root: Open,
    around: [Open; MAX_DEPTH + 1],
    depth: usize,
    found: Vec<Oddity>,
}

impl Walk {
    #[inline]
    fn visit(&mut self, node: Node<'_>) {
        let depth = node.depth().min(MAX_DEPTH);
        self.close(depth);
        let parent = match depth.checked_sub(1) {
            Some(above) => self.around.get_mut(above).filter(|parent| parent.row > 0),
            None => Some(&mut self.root),
        };
        let name = if node.name().0 < END { node.name().0 } else { 0 };
        let mut step = Step::default();
        let mut asked = 0;
        if let Some(parent) = parent {
            step = take(parent.asked, parent.last, name);
            parent.odd = !step.fits || (parent.odd && parent.last != START);
            parent.last = name;
            asked = parent.asked & VERSION | u64::from(step.row) << 20;
        }
        if let Some(open) = self.around.get_mut(depth) {
            *open = Open { asked, node: node.id(), row: step.row, last: START, odd: step.needs_children };
        }
        self.depth = depth + 1;
        if name == 0 {
            self.found.push(Oddity { node: node.id(), element: None, odd: Odd::Unknown });
        }
        if step.has_text_judged
            && let Some(element) = self.table.row(step.row)
            && let Some(odd) = odd_text(element, node)
        {
            self.found.push(Oddity { node: node.id(), element: Some(element), odd });
        }
    }

    /// Closes the elements that are open at a depth and below.
    #[inline]
    fn close(&mut self, depth: usize) {
        while self.depth > depth {
            self.depth -= 1;
            let Some(open) = self.around.get(self.depth).filter(|open| open.row > 0) else { continue };
            if open.odd || (open.last != START && !take(open.asked, open.last, END).fits) {
                let element = self.table.row(open.row);
                self.found.push(Oddity { node: open.node, element, odd: Odd::Children });
            }
        }
    }
}

/// Whether anything can be odd about the own text of an element.
fn has_text_judged(element: &Element) -> bool {
    let judged = match element.kind {
        Kind::Leaf(value) => is_judged(value) || element.name == name::PRESENCE_VALUE,
        Kind::Container(_) => element.space != Space::Pa,
        _ => false,
    };
    judged && element.trust != Trust::Recall
}

/// What is odd about the own text of an element.
#[inline]
fn odd_text(element: &Element, node: Node<'_>) -> Option<Odd> {
    let text = node.text();
    match element.kind {
        _ if text.is_empty() => None,
        Kind::Leaf(_) if element.name == name::PRESENCE_VALUE => {
            let of = node.parent().map_or(NameId::UNKNOWN, Node::name);
            validate_presence(of, text).is_err().then_some(Odd::Value)
        }
        Kind::Leaf(value) => (!value.admits(text.trim())).then_some(Odd::Value),
        _ => Some(Odd::Text),
    }
}

/// No child before.
const START: u16 = NAMES as u16 - 1;
/// No child behind.
const END: u16 = NAMES as u16 - 2;
/// Where a question names the version.
const VERSION: u64 = 0xf << 32;

/// From one child of an element to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Step {
    /// 1 + the number of the row of the next child, 0 without one.
    row: u16,
    /// Whether the model lets it follow.
    fits: bool,
    /// Whether that next child has to have children.
    needs_children: bool,
    /// Whether the own text of that next child can be odd.
    has_text_judged: bool,
}

/// How many steps are remembered at a time; a power of two.
const STEPS_KEPT: usize = 4096;

/// Steps looked up before, each at a place that its question names: question and answer in one word, so that threads
/// may share them.
static STEPS: [AtomicU64; STEPS_KEPT] = [const { AtomicU64::new(0) }; STEPS_KEPT];

/// The step from a child to the next in the row that is asked about; row 0 holds the root. Names are below [`NAMES`].
#[inline]
fn take(asked: u64, last: u16, next: u16) -> Step {
    let question = asked | u64::from(last) << 10 | u64::from(next);
    let place = (question.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - STEPS_KEPT.trailing_zeros())) as usize;
    let Some(kept) = STEPS.get(place) else { return Step::default() };
    let word = kept.load(Ordering::Relaxed);
    if word >> 16 == question {
        return Step {
            row: (word & 0x1fff) as u16,
            fits: word & 1 << 13 != 0,
            needs_children: word & 1 << 14 != 0,
            has_text_judged: word & 1 << 15 != 0,
        };
    }
    let Step { row, fits, needs_children, has_text_judged } = look_up(question);
    let flags = u64::from(fits) << 13 | u64::from(needs_children) << 14 | u64::from(has_text_judged) << 15;
    kept.store(question << 16 | flags | u64::from(row), Ordering::Relaxed);
    Step { row, fits, needs_children, has_text_judged }
}

#[cold]
fn look_up(question: u64) -> Step {
    let part = |shift: u32| (question >> shift & (NAMES as u64 - 1)) as u16;
    let Some(version) = VERSIONS.into_iter().find(|v| *v as u64 + 1 == question >> 32) else { return Step::default() };
    let parent = table(version).and_then(|table| table.row((question >> 20 & 0xfff) as u16));
    let name = |name: u16, nothing: u16| (name != nothing).then_some(NameId(name));
    let (last, next) = (name(part(10), START), name(part(0), END));
    let child = match (next, parent) {
        (Some(_), Some(parent)) if is_extension(parent.name) => None,
        (next, parent) => next.and_then(|next| find(version, next, parent.map(|parent| parent.space))),
    };
    let number = |child: &Element| table(version)?.rows.iter().position(|row| std::ptr::eq(row, child));
    let holds = |element: &Element, last, next| element.trust == Trust::Recall || element.lets_follow(last, next);
    Step {
        row: child.and_then(number).map_or(0, |number| number as u16 + 1),
        fits: parent.is_none_or(|parent| holds(parent, last, next)),
        needs_children: child.is_some_and(|child| !holds(child, None, None)),
        has_text_judged: child.is_some_and(has_text_judged),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::csp::model::{VERSIONS, ValueFault, element, rows, validate_children, validate_value};
    use crate::csp::name::*;

    fn document(xml: &str) -> Document {
        crate::syntax::xml::parse(xml.as_bytes(), crate::csp::name::VOCABULARY).document
    }

    fn odd(version: Version, xml: &str) -> Vec<(u32, Odd)> {
        oddities(version, &document(xml)).into_iter().map(|o| (o.node.0, o.odd)).collect()
    }
}
