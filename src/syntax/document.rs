//! The tree of a document: elements in document order, texts in one string, places apart.
//!
//! A document is a few flat vectors, which come from documents that are gone, so that building one costs no allocation
//! as a rule and walking it is walking memory forward. Once its message is dealt with, [`Document::outline`] keeps the
//! tree and drops the payload.

use std::ops::Range;

use super::{NameId, Vocabulary, spare};

/// The number of an element in its document, in document order; the root is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NodeId(pub u32);

/// A run of `Document::text`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Run {
    pub(super) fn end(self) -> u32 {
        self.start + self.len
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end() as usize).unwrap_or_default()
    }
}

/// An element as stored: 28 octets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Element {
    pub(super) name: NameId,
    pub(super) depth: u16,
    /// The element around it; for the root itself.
    pub(super) parent: NodeId,
    /// One past the last element inside this one.
    pub(super) end: u32,
    pub(super) text: Run,
    /// Its place in the payload; of no meaning in an outline.
    pub(super) place: Place,
}

/// A run of a payload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl From<Range<u32>> for Place {
    fn from(Range { start, end }: Range<u32>) -> Self {
        Self { start, end }
    }
}

/// An attribute as stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredAttribute {
    pub(super) node: NodeId,
    pub(super) name: Run,
    pub(super) value: Run,
}

/// An attribute of an element, `xmlns` ones included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute<'d> {
    /// The element it stands on.
    pub node: NodeId,
    /// Name as written, prefix included.
    pub name: &'d str,
    /// Value, references expanded.
    pub value: &'d str,
}

/// A document tree. Texts are UTF-8 whatever the payload was.
///
/// Documents are equal when they are the same tree: names as spelt, texts and attributes. Places do not count.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) vocabulary: Vocabulary,
    /// Whether it has the places of its elements; an outline has not.
    pub(super) placed: bool,
    pub(super) elements: Vec<Element>,
    /// What all runs refer to: the payload where it is UTF-8, and what was appended.
    pub(super) text: String,
    /// By rising node.
    pub(super) attributes: Vec<StoredAttribute>,
    /// How names outside the vocabulary, or with a prefix, were spelt; by rising node.
    pub(super) spellings: Vec<(NodeId, Run)>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .nodes()
                .zip(other.nodes())
                .all(|(a, b)| a.depth() == b.depth() && a.spelling() == b.spelling() && a.text() == b.text())
            && self.attributes().eq(other.attributes())
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        let Self { elements, text, attributes, spellings, .. } = self;
        spare::give_tree(spare::Tree {
            elements: std::mem::take(elements),
            attributes: std::mem::take(attributes),
            spellings: std::mem::take(spellings),
        });
        spare::give_text(std::mem::take(text));
    }
}

impl Document {
    /// A document without any element.
    pub fn empty(vocabulary: Vocabulary) -> Self {
        Self {
            vocabulary,
            placed: false,
            elements: Vec::new(),
            text: String::new(),
            attributes: Vec::new(),
            spellings: Vec::new(),
        }
    }

    /// The root element; `None` when the document has no element at all.
    pub fn root(&self) -> Option<Node<'_>> {
        self.node(NodeId(0))
    }

    /// The element with this number.
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        self.elements.get(id.0 as usize).map(|element| Node { document: self, id, element })
    }

    /// All elements in document order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.elements.iter().enumerate().map(move |(i, element)| Node { document: self, id: NodeId(i as u32), element })
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// All attributes by rising element.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.attributes.iter().map(|a| self.attribute(*a))
    }

    fn attribute(&self, stored: StoredAttribute) -> Attribute<'_> {
        Attribute { node: stored.node, name: stored.name.of(&self.text), value: stored.value.of(&self.text) }
    }

    /// The vocabulary its names are numbered by.
    pub fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// The tree below `root`, its first `most` elements in document order, without places and holding no octet it
    /// does not need. `text` gives the text that each element keeps. The flag says whether elements were left out.
    pub fn outline<'d>(
        &'d self,
        root: Node<'d>,
        most: usize,
        text: impl Fn(Node<'d>) -> std::borrow::Cow<'d, str>,
    ) -> (Self, bool) {
        let Kept { first, elements, attributes, spellings, cut } = root.first(most);
        let mut texts = String::with_capacity(elements.iter().map(|e| e.text.len.min(256) as usize).sum());
        let mut keep = |text: &str| {
            let start = texts.len() as u32;
            texts.push_str(text);
            Run { start, len: text.len() as u32 }
        };
        let kept = elements.iter().zip(first..).map(|(element, id)| Element {
            name: element.name,
            depth: element.depth.saturating_sub(root.element.depth),
            parent: NodeId(element.parent.0.saturating_sub(first)),
            end: element.end.min(first + elements.len() as u32) - first,
            text: keep(&text(Node { document: self, id: NodeId(id), element })),
            place: Place::default(),
        });
        let kept = kept.collect();
        let attributes = attributes.iter().map(|a| StoredAttribute {
            node: NodeId(a.node.0 - first),
            name: keep(a.name.of(&self.text)),
            value: keep(a.value.of(&self.text)),
        });
        let attributes = attributes.collect();
        let spellings = spellings.iter().map(|(id, run)| (NodeId(id.0 - first), keep(run.of(&self.text)))).collect();
        texts.shrink_to_fit();
        let vocabulary = self.vocabulary;
        (Self { vocabulary, placed: false, elements: kept, text: texts, attributes, spellings }, cut)
    }

    /// Octets of memory it holds, near enough for a budget.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.elements.capacity() * size_of::<Element>()
            + self.text.capacity()
            + self.attributes.capacity() * size_of::<StoredAttribute>()
            + self.spellings.capacity() * size_of::<(NodeId, Run)>()
    }
}

/// What of a list by rising node belongs to these: found by halving, since a document of many transactions asks often.
fn run_of<T>(list: &[T], nodes: Range<u32>, node: impl Fn(&T) -> NodeId) -> &[T] {
    if list.is_empty() {
        return &[];
    }
    let before = |end: u32| list.partition_point(|item| node(item).0 < end);
    list.get(before(nodes.start)..before(nodes.end)).unwrap_or_default()
}

/// The first elements of a tree in document order, with what belongs to them.
pub(super) struct Kept<'d> {
    /// The number of the first.
    pub(super) first: u32,
    pub(super) elements: &'d [Element],
    pub(super) attributes: &'d [StoredAttribute],
    pub(super) spellings: &'d [(NodeId, Run)],
    /// Whether the tree has more elements.
    pub(super) cut: bool,
}

/// An element of a [`Document`].
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: NodeId,
    element: &'d Element,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}> #{}", self.spelling(), self.id.0)
    }
}

impl<'d> Node<'d> {
    /// The first `most` elements of the tree below it.
    pub(super) fn first(self, most: usize) -> Kept<'d> {
        let (document, first) = (self.document, self.id.0);
        let size = self.element.end.saturating_sub(first) as usize;
        let last = first + size.min(most) as u32;
        Kept {
            first,
            elements: document.elements.get(first as usize..last as usize).unwrap_or_default(),
            attributes: run_of(&document.attributes, first..last, |a| a.node),
            spellings: run_of(&document.spellings, first..last, |(id, _)| *id),
            cut: size > most,
        }
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The document it belongs to.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// Its name by number, any prefix taken off.
    pub fn name(self) -> NameId {
        self.element.name
    }

    /// Its name as spelt, prefix included.
    pub fn spelling(self) -> &'d str {
        if self.document.spellings.is_empty() {
            return (self.document.vocabulary.spelling)(self.element.name);
        }
        match self.document.spellings.binary_search_by_key(&self.id, |(id, _)| *id) {
            Ok(i) => self.document.spellings.get(i).map_or("", |(_, run)| run.of(&self.document.text)),
            Err(_) => (self.document.vocabulary.spelling)(self.element.name),
        }
    }

    /// Its name as spelt, without prefix.
    pub fn local_name(self) -> &'d str {
        let spelt = self.spelling();
        spelt.rsplit_once(':').map_or(spelt, |(_, local)| local)
    }

    /// Its own text: character data directly inside it, joined, white space around it taken off; empty when none.
    pub fn text(self) -> &'d str {
        self.element.text.of(&self.document.text)
    }

    /// The octets of its [`text`](Self::text).
    pub(crate) fn octets(self) -> &'d [u8] {
        let Run { start, len } = self.element.text;
        self.document.text.as_bytes().get(start as usize..(start + len) as usize).unwrap_or_default()
    }

    /// How many elements it is inside of; 0 for the root.
    pub fn depth(self) -> usize {
        usize::from(self.element.depth)
    }

    /// Its place in the payload, from the first octet of its start tag to the last of its end tag; `None` in an
    /// outline.
    pub fn span(self) -> Option<Range<u32>> {
        self.document.placed.then_some(self.element.place.start..self.element.place.end)
    }

    /// The elements directly inside it, in order.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> {
        let mut next = self.id.0 + 1;
        let end = self.element.end;
        std::iter::from_fn(move || {
            let child = (next < end).then(|| self.document.node(NodeId(next))).flatten()?;
            next = child.element.end;
            Some(child)
        })
    }

    /// Whether no element is inside it.
    pub fn is_leaf(self) -> bool {
        self.element.end <= self.id.0 + 1
    }

    /// The first element directly inside it with this name.
    pub fn child(self, name: NameId) -> Option<Node<'d>> {
        self.children().find(|c| c.name() == name)
    }

    /// The elements directly inside it with this name.
    pub fn children_named(self, name: NameId) -> impl Iterator<Item = Node<'d>> {
        self.children().filter(move |c| c.name() == name)
    }

    /// The element reached by going down these names, each time the first that fits.
    pub fn at(self, path: &[NameId]) -> Option<Node<'d>> {
        path.iter().try_fold(self, |node, name| node.child(*name))
    }

    /// The text of the element reached by going down these names.
    pub fn text_at(self, path: &[NameId]) -> Option<&'d str> {
        self.at(path).map(Node::text)
    }

    /// All elements inside it at any depth, in document order, itself not included.
    pub fn descendants(self) -> impl Iterator<Item = Node<'d>> {
        let (document, first) = (self.document, self.id.0 + 1);
        let inside = document.elements.get(first as usize..self.element.end as usize).unwrap_or_default();
        inside.iter().zip(first..).map(move |(element, id)| Node { document, id: NodeId(id), element })
    }

    /// The first element inside it, at any depth, with this name.
    pub fn find(self, name: NameId) -> Option<Node<'d>> {
        self.descendants().find(|n| n.name() == name)
    }

    /// The element it is directly inside of; `None` for the root.
    pub fn parent(self) -> Option<Node<'d>> {
        self.document.node(self.element.parent).filter(|parent| parent.id != self.id)
    }

    /// Its attributes.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        let from = self.document.attributes.partition_point(|a| a.node < self.id);
        let own = self.document.attributes.iter().skip(from).take_while(move |a| a.node == self.id);
        own.map(move |a| self.document.attribute(*a))
    }

    /// The value of the attribute with this name, as written.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.attributes().find(|a| a.name == name).map(|a| a.value)
    }

    /// The namespace in force for its name: the nearest `xmlns` (or `xmlns:prefix` for a prefixed name) on it or
    /// around it; `None` where none was declared.
    pub fn namespace(self) -> Option<&'d str> {
        let spelt = self.spelling();
        let wanted = match spelt.split_once(':') {
            Some((prefix, _)) => std::borrow::Cow::Owned(format!("xmlns:{prefix}")),
            None => std::borrow::Cow::Borrowed("xmlns"),
        };
        let mut node = Some(self);
        while let Some(n) = node {
            if let Some(value) = n.attribute(&wanted) {
                return Some(value);
            }
            node = n.parent();
        }
        None
    }

    /// Where it is in the tree, names joined by `/`, an index from 1 behind a name that stands more than once:
    /// `WV-CSP-Message/Session/Transaction[2]/TransactionContent`.
    pub fn path(self) -> String {
        let mut steps = Vec::new();
        let mut node = Some(self);
        while let Some(n) = node {
            let parent = n.parent();
            let mut step = n.spelling().to_owned();
            if let Some(p) = parent {
                let mut same = p.children().filter(|c| c.name() == n.name() && c.spelling() == n.spelling());
                let before = same.by_ref().take_while(|c| c.id() != n.id()).count();
                if before > 0 || same.next().is_some() {
                    step = format!("{step}[{}]", before + 1);
                }
            }
            steps.push(step);
            node = parent;
        }
        steps.reverse();
        steps.join("/")
    }
}
