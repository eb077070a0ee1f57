//! Vectors of documents that are gone, kept for the next ones: a capture has as many documents as messages, each much
//! like the one before.

use std::cell::RefCell;

use super::NodeId;
use super::document::{Element, Run, StoredAttribute};

/// How many trees, and how many texts, a thread keeps.
const MOST: usize = 8;

/// How many octets each vector may hold that is kept.
const LARGEST: usize = 64 << 10;

/// Room for so many elements is made at once, and a tree with less is not kept.
const ELEMENTS: usize = 64;

/// Room for so many octets of text is made at once, and a text with less is not kept.
const OCTETS: usize = 1024;

/// The vectors of a document but for its text; empty.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) elements: Vec<Element>,
    pub(super) attributes: Vec<StoredAttribute>,
    pub(super) spellings: Vec<(NodeId, Run)>,
}

thread_local! {
    static TREES: RefCell<Vec<Tree>> = const { RefCell::new(Vec::new()) };
    static TEXTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// An empty tree with room.
pub(super) fn tree() -> Tree {
    let spare = TREES.try_with(|trees| trees.borrow_mut().pop()).ok().flatten();
    spare.unwrap_or_else(|| Tree { elements: Vec::with_capacity(ELEMENTS), ..Tree::default() })
}

/// An empty text with room.
pub(super) fn text() -> String {
    let spare = TEXTS.try_with(|texts| texts.borrow_mut().pop()).ok().flatten();
    spare.unwrap_or_else(|| String::with_capacity(OCTETS))
}

/// Keeps a tree, or lets it go.
pub(super) fn give_tree(mut tree: Tree) {
    let Tree { elements, attributes, spellings } = &mut tree;
    if (ELEMENTS..=LARGEST / size_of::<Element>()).contains(&elements.capacity())
        && attributes.capacity() * size_of::<StoredAttribute>() <= LARGEST
        && spellings.capacity() * size_of::<(NodeId, Run)>() <= LARGEST
    {
        elements.clear();
        attributes.clear();
        spellings.clear();
        keep(&TREES, tree);
    }
}

/// Keeps a text, or lets it go.
pub(super) fn give_text(mut text: String) {
    if (OCTETS..=LARGEST).contains(&text.capacity()) {
        text.clear();
        keep(&TEXTS, text);
    }
}

fn keep<T>(spares: &'static std::thread::LocalKey<RefCell<Vec<T>>>, spare: T) {
    // A thread that ends keeps nothing.
    let _ = spares.try_with(|spares| {
        let mut spares = spares.borrow_mut();
        if spares.len() < MOST {
            spares.push(spare);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_texts_of_so_many_octets_are_kept() {
        let spares = || TEXTS.with(|texts| texts.borrow().len());
        give_text(String::with_capacity(LARGEST + 1));
        give_text(String::with_capacity(OCTETS - 1));
        assert_eq!(spares(), 0);
        (0..MOST + 1).for_each(|_| give_text("kept".repeat(OCTETS)));
        assert_eq!(spares(), MOST);
        assert_eq!((text().len(), spares()), (0, MOST - 1));
    }

    #[test]
    fn a_tree_comes_back_empty_with_its_room() {
        give_tree(Tree::default());
        give_tree(Tree { elements: Vec::with_capacity(LARGEST), ..Tree::default() });
        assert_eq!(TREES.with(|trees| trees.borrow().len()), 0);
        give_tree(Tree { elements: vec![Element::default(); ELEMENTS + 5], ..Tree::default() });
        let again = tree();
        assert_eq!((again.elements.len(), again.elements.capacity()), (0, ELEMENTS + 5));
    }
}
