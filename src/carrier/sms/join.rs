//! Parts of messages, kept until the last has come.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::Wholeness;
use super::Short;
use crate::flow::Loss;
use crate::time::Time;
use crate::wire::Wire;

/// Messages of a flow of which parts are waited for; beyond it the oldest is told as incomplete.
pub const GROUPS_MAX: usize = 256;
/// Octets of parts that wait in a flow; beyond it the oldest message is told as incomplete.
pub const HELD_MAX: usize = 256 * 1024;
/// How long the next part of a message is waited for, in nanoseconds of capture time: five minutes. So long, too, the
/// same part is known to have been there before.
pub const PATIENCE: i64 = 300_000_000_000;
/// Messages that were whole and are remembered, so that a part that comes again opens none.
const DONE_MAX: usize = 64;

/// Puts the parts of messages together; `K` says which belong to one.
pub(super) struct Joiner<K> {
    groups: VecDeque<Group<K>>,
    done: VecDeque<Done<K>>,
    held: usize,
    /// Whether parts may have come that the capture lacks.
    lossy: bool,
}

/// The parts of a message that are there.
struct Group<K> {
    key: K,
    parts: Vec<Option<Short>>,
    last: Time,
}

/// A message that was whole.
struct Done<K> {
    key: K,
    prints: Vec<u64>,
    at: Time,
}

impl<K> Default for Joiner<K> {
    fn default() -> Self {
        Self { groups: VecDeque::new(), done: VecDeque::new(), held: 0, lossy: false }
    }
}

impl<K: PartialEq + Clone> Joiner<K> {
    /// From here on parts that are missing may have been lost by the capture.
    pub(super) fn lose(&mut self) {
        self.lossy = true;
    }

    /// Takes a part, counted from 0, of so many. Hands over what it completes, and what cannot be waited for any longer.
    pub(super) fn take(&mut self, key: K, index: usize, total: usize, part: Short, out: &mut impl FnMut(K, Short)) {
        let (now, print) = (part.end, print(&part));
        let again = |done: &Done<K>| done.key == key && done.prints.get(index) == Some(&print);
        if self.done.iter().any(again) {
            return;
        }
        let mut at = self.groups.iter().position(|group| group.key == key);
        if let Some(there) = at.and_then(|at| self.groups.get(at)?.parts.get(index)?.as_ref()) {
            if print == self::print(there) {
                return;
            }
            // The reference is used again: nothing more comes of the message before.
            self.give_up(at.unwrap_or_default(), LOST, out);
            at = None;
        }
        self.held += part.text.len();
        let at = at.unwrap_or_else(|| {
            self.groups.push_back(Group { key, parts: vec![None; total], last: now });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(at) else { return };
        group.last = group.last.max(now);
        if let Some(slot) = group.parts.get_mut(index) {
            *slot = Some(part);
        }
        if group.parts.iter().all(Option::is_some) {
            self.complete(at, out);
        }
        while self.groups.len() > GROUPS_MAX || self.held > HELD_MAX {
            self.give_up(0, Wholeness::Limit, out);
        }
    }

    /// Hands over what was waited for too long.
    pub(super) fn expire(&mut self, now: Time, out: &mut impl FnMut(K, Short)) {
        let is_old = |then: Time| now.0.saturating_sub(then.0) > PATIENCE;
        while let Some(at) = self.groups.iter().position(|group| is_old(group.last)) {
            self.give_up(at, LOST, out);
        }
        self.done.retain(|done| !is_old(done.at));
    }

    /// Hands over all that is there: nothing more comes.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(K, Short)) {
        while !self.groups.is_empty() {
            self.give_up(0, Wholeness::OpenAtEnd, out);
        }
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.held + self.groups.iter().map(|group| group.parts.len() * size_of::<Option<Short>>()).sum::<usize>()
    }

    fn complete(&mut self, at: usize, out: &mut impl FnMut(K, Short)) {
        let Some(group) = self.groups.remove(at) else { return };
        let prints = group.parts.iter().flatten().map(print).collect();
        let (key, parts) = self.release(group);
        if let Some(whole) = joined(parts, Wholeness::Complete) {
            if self.done.len() == DONE_MAX {
                self.done.pop_front();
            }
            self.done.push_back(Done { key: key.clone(), prints, at: whole.end });
            out(key, whole);
        }
    }

    fn give_up(&mut self, at: usize, why: Wholeness, out: &mut impl FnMut(K, Short)) {
        let Some(group) = self.groups.remove(at) else { return };
        let (key, parts) = self.release(group);
        // Where the first part is not there either, the others may have come before the capture began.
        let misses_part = why == LOST && !self.lossy && parts.first().is_some_and(Option::is_some);
        if let Some(message) = joined(parts, why) {
            out(key, Short { misses_part, ..message });
        }
    }

    fn release(&mut self, group: Group<K>) -> (K, Vec<Option<Short>>) {
        self.held -= group.parts.iter().flatten().map(|part| part.text.len()).sum::<usize>();
        (group.key, group.parts)
    }
}

/// What becomes of a message whose parts did not all come.
const LOST: Wholeness = Wholeness::Lost(Loss::MissingPackets);

/// What is there of a message: everything up to the first part that is not, and the frames of all parts.
fn joined(parts: Vec<Option<Short>>, why: Wholeness) -> Option<Short> {
    let mut all: Option<Short> = None;
    let mut in_order = true;
    for (i, part) in parts.into_iter().enumerate() {
        let Some(part) = part else {
            in_order = false;
            if let Some(all) = &mut all {
                all.whole = why;
            }
            continue;
        };
        let Some(all) = &mut all else {
            let whole = if in_order { part.whole } else { why };
            let text = if in_order { part.text } else { Wire::default() };
            in_order &= i == 0 && whole == Wholeness::Complete;
            all = Some(Short { text, whole, share: None, ..part });
            continue;
        };
        all.octets = all.octets.saturating_add(part.octets);
        all.overlong |= part.overlong;
        all.misses_part |= part.misses_part;
        all.frames.first = all.frames.first.min(part.frames.first);
        all.frames.last = all.frames.last.max(part.frames.last);
        all.start = all.start.min(part.start);
        all.end = all.end.max(part.end);
        if in_order {
            all.text.append(&part.text);
            all.whole = part.whole;
            in_order = part.whole == Wholeness::Complete;
        }
    }
    all
}

fn print(part: &Short) -> u64 {
    let mut hasher = DefaultHasher::new();
    part.text.bytes().hash(&mut hasher);
    hasher.finish()
}
