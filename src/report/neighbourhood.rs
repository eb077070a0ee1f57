//! The elements of a tree that stand nearest to one of them, as many as there are lines for.

use std::collections::VecDeque;

use crate::syntax::{Document, Node, NodeId};

/// Elements of a document that are looked at; what is behind them is not drawn.
pub(super) const MOST_ELEMENTS: usize = 4096;

/// A line of a drawn tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// The element; `None` for elements left out.
    pub(super) node: Option<NodeId>,
    /// How many drawn elements it is inside of.
    pub(super) depth: usize,
    /// Whether elements are inside it and none of them is drawn.
    pub(super) closed: bool,
}

/// Where an element is in the tree.
#[derive(Clone, Copy, Default)]
struct Kin {
    parent: Option<u32>,
    before: Option<u32>,
    after: Option<u32>,
    child: Option<u32>,
    /// Whether it is drawn.
    chosen: bool,
    /// Whether an element directly inside it is.
    opened: bool,
}

/// Draws the neighbourhood of `focus` (the root when there is none) in at most `most` lines, at least one.
pub(super) fn lines(document: &Document, focus: Option<NodeId>, most: usize) -> Vec<Line> {
    let mut tree = Tree::of(document);
    let focus = focus.map(|f| f.0).filter(|f| tree.kin(*f).is_some()).unwrap_or(0);
    if tree.0.is_empty() {
        return Vec::new();
    }
    let top = tree.choose(focus, most.max(1));
    let mut lines = Vec::new();
    if tree.lead(top, most) > 0 {
        lines.push(Line { node: None, depth: 0, closed: false });
    }
    tree.draw(top, 0, &mut lines);
    lines
}

/// How many lines a whole document takes.
pub(super) fn height(document: &Document) -> usize {
    document.len().min(MOST_ELEMENTS)
}

struct Tree(Vec<Kin>);

impl Tree {
    fn of(document: &Document) -> Self {
        let mut tree: Vec<Kin> = Vec::with_capacity(height(document));
        // The open elements, and the last child seen of each.
        let mut open: Vec<(u32, Option<u32>)> = Vec::new();
        for (at, node) in (0_u32..).zip(document.nodes().take(MOST_ELEMENTS)) {
            open.truncate(Node::depth(node));
            let mut kin = Kin::default();
            if let Some((parent, last)) = open.last_mut() {
                kin.parent = Some(*parent);
                kin.before = last.replace(at);
                match kin.before.and_then(|before| tree.get_mut(before as usize)) {
                    Some(before) => before.after = Some(at),
                    None => {
                        if let Some(parent) = tree.get_mut(*parent as usize) {
                            parent.child = Some(at);
                        }
                    }
                }
            }
            tree.push(kin);
            open.push((at, None));
        }
        Self(tree)
    }

    fn kin(&self, at: u32) -> Option<Kin> {
        self.0.get(at as usize).copied()
    }

    fn chosen(&self, at: Option<u32>) -> bool {
        at.and_then(|at| self.kin(at)).is_some_and(|k| k.chosen)
    }

    fn mark(&mut self, at: u32) {
        let Some(kin) = self.0.get_mut(at as usize) else { return };
        kin.chosen = true;
        if let Some(parent) = kin.parent.and_then(|p| self.0.get_mut(p as usize)) {
            parent.opened = true;
        }
    }

    /// Chooses elements nearest first, never one whose parent is not chosen; returns the topmost.
    fn choose(&mut self, focus: u32, most: usize) -> u32 {
        let (mut top, mut taken) = (focus, 1 + self.lead(focus, most));
        self.mark(top);
        let mut queue = VecDeque::from([focus]);
        while let Some(parent) = self.kin(top).and_then(|k| k.parent) {
            let added = 1 + self.gaps_around(top) + self.lead(parent, most) - self.lead(top, most);
            if taken + added > most {
                break;
            }
            taken += added;
            self.mark(parent);
            queue.push_back(parent);
            top = parent;
        }
        while let Some(at) = queue.pop_front() {
            let Some(kin) = self.kin(at) else { continue };
            let inside = kin.child.filter(|_| !kin.opened);
            let (after, before) = if at == top { (None, None) } else { (kin.after, kin.before) };
            for next in [inside, after, before].into_iter().flatten() {
                // Its own line, one for what is left out on its far side; the one that stood for it goes.
                let Some(kin) = self.kin(next).filter(|k| !k.chosen) else { continue };
                let left_out = self.gaps_around(next);
                let stood = usize::from(self.chosen(kin.before) || self.chosen(kin.after));
                if taken + 1 + left_out <= most + stood {
                    taken = (taken + 1 + left_out).saturating_sub(stood);
                    self.mark(next);
                    queue.push_back(next);
                }
            }
        }
        top
    }

    /// The line above a topmost element that says that it is inside of others.
    fn lead(&self, top: u32, most: usize) -> usize {
        usize::from(most > 1 && self.kin(top).is_some_and(|k| k.parent.is_some()))
    }

    /// How many of its neighbours are left out.
    fn gaps_around(&self, at: u32) -> usize {
        let Some(kin) = self.kin(at) else { return 0 };
        let gap = |beside: Option<u32>| usize::from(beside.is_some() && !self.chosen(beside));
        gap(kin.before) + gap(kin.after)
    }

    fn draw(&self, at: u32, depth: usize, lines: &mut Vec<Line>) {
        let Some(kin) = self.kin(at) else { return };
        let children = std::iter::successors(kin.child, |child| self.kin(*child)?.after);
        let closed = kin.child.is_some() && !kin.opened;
        lines.push(Line { node: Some(NodeId(at)), depth, closed });
        if closed {
            return;
        }
        let mut left_out = false;
        for child in children {
            if self.chosen(Some(child)) {
                left_out = false;
                self.draw(child, depth + 1, lines);
            } else if !left_out {
                left_out = true;
                lines.push(Line { node: None, depth: depth + 1, closed: false });
            }
        }
    }
}
