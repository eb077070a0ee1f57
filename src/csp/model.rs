//! The content model: what every element of CSP 1.1, 1.2 and 1.3 may hold.
//!
//! In: a version and a name. Out: the [`Element`], with its namespace, its [`Kind`] and how far its row can be
//! trusted; [`validate_children`] and [`validate_value`] hold what was sent against it. The tables are one file a
//! version. A message that names no version, or 1.0, has no model.

use super::name;
use super::namespace::Version;
use crate::syntax::{Document, MAX_DEPTH, NameId};

mod check;
mod sets;
mod shape;
mod v11;
mod v12;
mod v13;
mod value;

pub use check::{Fault, mandatory_children, validate_children};
pub use shape::{Faults, Odd, Oddity, Shape};
pub use value::{Value, ValueFault, presence_values, same_property, validate_presence, validate_value};

/// The versions that have a content model.
pub const VERSIONS: [Version; 3] = [Version::V11, Version::V12, Version::V13];

/// The namespace an element belongs to, whatever the version writes for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Space {
    /// The message frame and version discovery.
    Csp,
    /// Primitives and what is in them.
    Trc,
    /// Presence attributes.
    Pa,
}

/// What a row of the model rests on, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trust {
    /// The names are real, how often they may stand is remembered only. Not fit to call a message wrong.
    Recall,
    /// One implementation.
    OneImplementation,
    /// Two or more independent implementations, or one and the examples of an earlier version.
    Implementations,
    /// The example messages of this very version's document type.
    Specification,
}

/// A content model: the children of a container, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Model {
    /// The element once.
    One(NameId),
    /// The element once or not at all.
    Opt(NameId),
    /// The element any number of times.
    Star(NameId),
    /// The element at least once.
    Plus(NameId),
    /// All of these, in this order.
    Seq(&'static [Model]),
    /// One of these.
    Choice(&'static [Model]),
    /// The group once or not at all.
    OptGroup(&'static Model),
    /// The group any number of times.
    StarGroup(&'static Model),
    /// The group at least once.
    PlusGroup(&'static Model),
}

/// What an element holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Other elements.
    Container(Model),
    /// Text of a type.
    Leaf(Value),
    /// Nothing.
    Empty,
    /// Anything, of whatever namespace.
    Any,
    /// Another spelling of the element named.
    Alias(NameId),
    /// Earlier versions had it, this one does not.
    Removed,
}

/// An element of one version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element {
    /// Its name.
    pub name: NameId,
    /// Its namespace.
    pub space: Space,
    /// What the row rests on.
    pub trust: Trust,
    /// What it holds.
    pub kind: Kind,
    /// Longest text in characters that an implementation is known to take; a hint, never judged here.
    pub max_len: Option<u16>,
}

impl Element {
    const fn new(name: NameId, space: Space, trust: Trust, kind: Kind) -> Self {
        Self { name, space, trust, kind, max_len: None }
    }

    const fn at_most(mut self, characters: u16) -> Self {
        self.max_len = Some(characters);
        self
    }
}

const fn container(name: NameId, space: Space, trust: Trust, model: Model) -> Element {
    Element::new(name, space, trust, Kind::Container(model))
}

const fn leaf(name: NameId, space: Space, trust: Trust, value: Value) -> Element {
    Element::new(name, space, trust, Kind::Leaf(value))
}

const fn empty(name: NameId, space: Space, trust: Trust) -> Element {
    Element::new(name, space, trust, Kind::Empty)
}

const fn any(name: NameId, space: Space, trust: Trust) -> Element {
    Element::new(name, space, trust, Kind::Any)
}

const fn alias(name: NameId, space: Space, trust: Trust, of: NameId) -> Element {
    Element::new(name, space, trust, Kind::Alias(of))
}

const fn removed(name: NameId, space: Space, trust: Trust) -> Element {
    Element::new(name, space, trust, Kind::Removed)
}

/// How many names the vocabulary may grow to before the table of names has to.
pub const NAMES: usize = 1024;

/// The elements of one version with an index from name to row.
struct Table {
    rows: &'static [Element],
    /// By name: 1 + the number of its first row, 0 without one.
    first: [u16; NAMES],
}

impl Table {
    #[expect(clippy::indexing_slicing, reason = "runs at compile time, where a bad index does not compile")]
    const fn new(rows: &'static [Element]) -> Self {
        let mut first = [0; NAMES];
        let mut row = rows.len();
        while row > 0 {
            first[rows[row - 1].name.0 as usize] = row as u16;
            row -= 1;
        }
        Self { rows, first }
    }

    /// The rows of a name: one for each namespace that has it.
    fn rows_of(&'static self, name: NameId) -> impl Iterator<Item = &'static Element> {
        let first = self.first.get(usize::from(name.0)).copied().unwrap_or(0);
        let start = if first == 0 { self.rows.len() } else { usize::from(first) - 1 };
        self.rows.iter().skip(start).take_while(move |e| e.name == name)
    }
}

static V11: Table = Table::new(v11::ELEMENTS);
static V12: Table = Table::new(v12::ELEMENTS);
static V13: Table = Table::new(v13::ELEMENTS);

fn table(version: Version) -> Option<&'static Table> {
    match version {
        Version::V11 => Some(&V11),
        Version::V12 => Some(&V12),
        Version::V13 => Some(&V13),
        _ => None,
    }
}

/// The row of a name, in the namespace `wanted` when there are several; an alias gives what it stands for.
fn find(version: Version, name: NameId, wanted: Option<Space>) -> Option<&'static Element> {
    let table = table(version)?;
    let pick =
        |name| table.rows_of(name).find(|e| wanted.is_none_or(|w| e.space == w)).or_else(|| table.rows_of(name).next());
    let found = pick(name).or_else(|| pick(name::canonical(name)))?;
    match found.kind {
        Kind::Alias(of) => pick(of),
        _ => Some(found),
    }
}

/// The element of a name, removed ones included; of `ClientType`, `ContentType` and `Status`, which two namespaces
/// have, the one outside presence.
pub fn element(version: Version, name: NameId) -> Option<&'static Element> {
    find(version, name, None)
}

/// The element of a name as a child of `parent`: of a name that two namespaces have, the one in the parent's own.
pub fn element_under(version: Version, parent: &Element, name: NameId) -> Option<&'static Element> {
    find(version, name, Some(parent.space))
}

/// The row of each element of a document, by its number; `None` where the model does not know it where it stands.
pub fn rows(version: Version, document: &Document) -> Vec<Option<&'static Element>> {
    // Of the elements around, by depth; `None` where the model does not say what stands inside.
    let mut around = [None; MAX_DEPTH + 1];
    let mut rows = Vec::with_capacity(document.len());
    for node in document.nodes() {
        let row = match node.depth().checked_sub(1) {
            None => element(version, node.name()),
            Some(parent) => {
                around.get(parent).copied().flatten().and_then(|parent| element_under(version, parent, node.name()))
            }
        };
        if let Some(around) = around.get_mut(node.depth()) {
            *around = row.filter(|_| !is_extension(node.name()));
        }
        rows.push(row);
    }
    rows
}

/// Whether what is inside an element is outside the content model by design.
pub fn is_extension(element: NameId) -> bool {
    matches!(
        name::canonical(element),
        name::EXT_BLOCK | name::EXT_BLOCK_ETEM | name::EXTENDED_DATA | name::EXTENDED_REQUEST | name::EXTENDED_RESPONSE
    )
}

/// Whether any version knows the name, as an element or as another spelling of one.
pub fn known_anywhere(name: NameId) -> bool {
    VERSIONS.into_iter().any(|v| element(v, name).is_some())
}

/// The versions that define the name; one that only removed it is not among them.
pub fn versions_of(name: NameId) -> impl Iterator<Item = Version> {
    VERSIONS.into_iter().filter(move |&v| element(v, name).is_some_and(|e| e.kind != Kind::Removed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (Version, &'static Element)> {
        VERSIONS.into_iter().flat_map(|v| table(v).into_iter().flat_map(move |t| t.rows.iter().map(move |e| (v, e))))
    }

    #[test]
    fn tables_are_sorted_and_unique() {
        for version in VERSIONS {
            let rows: Vec<_> =
                all().filter(|(v, _)| *v == version).map(|(_, e)| (name::spelling(e.name), e.space)).collect();
            assert!(rows.len() > 200);
            assert!(rows.is_sorted_by(|a, b| a < b), "{version:?}");
        }
    }

    #[test]
    fn models_name_only_elements_of_their_version_and_each_once() {
        for (version, e) in all() {
            let Kind::Container(model) = e.kind else { continue };
            let mut names = Vec::new();
            model.each_name(&mut |n| names.push(n));
            for &n in &names {
                let child = element(version, n);
                assert!(
                    child.is_some_and(|c| c.name == n && c.kind != Kind::Removed),
                    "{version:?} {}",
                    name::spelling(n)
                );
            }
            names.sort_unstable();
            assert!(names.is_sorted_by(|a, b| a < b), "{version:?} {}", name::spelling(e.name));
        }
    }

    #[test]
    fn names_of_two_namespaces_go_by_the_parent() {
        let comm = element(Version::V12, name::COMM_C).unwrap();
        assert!(matches!(element_under(Version::V12, comm, name::STATUS).unwrap().kind, Kind::Leaf(_)));
        let content = element(Version::V12, name::TRANSACTION_CONTENT).unwrap();
        assert!(matches!(element_under(Version::V12, content, name::STATUS).unwrap().kind, Kind::Container(_)));
        assert!(matches!(element(Version::V12, name::STATUS).unwrap().space, Space::Trc));
    }

    #[test]
    fn versions_follow_the_history_of_an_element() {
        let of = |n| versions_of(n).collect::<Vec<_>>();
        assert_eq!(of(name::CIR), [Version::V12, Version::V13]);
        assert_eq!(of(name::REACTIVE_AUTH_STATE), [Version::V12]);
        assert_eq!(of(name::IN_USE), [Version::V11, Version::V12]);
        assert_eq!(of(name::USER_ID_LIST), [Version::V13]);
        assert_eq!(element(Version::V13, name::IN_USE).unwrap().kind, Kind::Removed);
        assert_eq!(element(Version::V10, name::CODE), None);
        assert!(known_anywhere(name::BLOCK_USER_REQUEST) && !known_anywhere(NameId::UNKNOWN));
        assert!(!known_anywhere(NameId(u16::MAX)));
    }

    #[test]
    fn an_alias_gives_what_it_stands_for() {
        let e = element(Version::V11, name::PREFERRED_CONTENT).unwrap();
        assert_eq!((e.name, e.space), (name::REFERRED_CONTENT, Space::Pa));
    }

    #[test]
    fn trust_tells_memory_from_the_rest() {
        assert_eq!(element(Version::V11, name::LOGIN_REQUEST).unwrap().trust, Trust::Specification);
        assert_eq!(element(Version::V12, name::LOGIN_REQUEST).unwrap().trust, Trust::Implementations);
        assert_eq!(element(Version::V13, name::LOGIN_REQUEST).unwrap().trust, Trust::Recall);
        assert_eq!(element(Version::V13, name::COLOR).unwrap().trust, Trust::OneImplementation);
    }
}
