//! Silences: when a followed flow has said nothing for so long that what is missing in it will not come.
//!
//! A flow without further packets is not touched again, so what it waits for is looked for by the clock of the capture.
//! When a flow counts as silent depends on the times of its packets and of all frames, not on what is missing in it;
//! that is known only when a window is done, and windows must not matter.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::FlowNo;
use super::tcp::PATIENCE;
use crate::time::Time;

/// How long a hole that nobody acknowledged waits while its flow is silent, in nanoseconds: a minute, about the longest
/// that TCP waits before it sends again.
pub const SILENT_PATIENCE: i64 = 60_000_000_000;

/// How long a silence is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Silence {
    /// [`PATIENCE`].
    Short,
    /// [`SILENT_PATIENCE`].
    Long,
}

impl Silence {
    /// When a flow whose last packet came at `seen` has been silent for so long.
    fn after(self, seen: Time) -> Time {
        Time(seen.0.saturating_add(match self {
            Self::Short => PATIENCE,
            Self::Long => SILENT_PATIENCE,
        }))
    }
}

/// The silence of a followed flow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quiet {
    /// When its last packet came.
    since: Time,
    /// Whether it is awaited that it is silent for a short time, and for a long one.
    awaited: [bool; 2],
}

impl Quiet {
    /// A packet breaks it; returns whether a short silence is to be awaited that was not before.
    #[inline]
    pub(super) fn break_off(&mut self, now: Time) -> bool {
        self.since = now;
        let [short, _] = &mut self.awaited;
        !std::mem::replace(short, true)
    }

    /// When it will have lasted so long.
    pub(super) fn due(&self, silence: Silence) -> Time {
        silence.after(self.since)
    }

    /// Whether it has lasted as long as was awaited, and what is to be awaited now.
    pub(super) fn review(&mut self, awaited: Silence, now: Time) -> (bool, Option<Silence>) {
        if self.due(awaited) >= now {
            return (false, Some(awaited));
        }
        let [short, long] = &mut self.awaited;
        let next = match awaited {
            Silence::Short => {
                *short = false;
                (!std::mem::replace(long, true)).then_some(Silence::Long)
            }
            Silence::Long => {
                *long = false;
                None
            }
        };
        (true, next)
    }
}

/// A silence that is awaited of a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Awaited {
    /// From when on.
    pub(super) due: Time,
    pub(super) flow: FlowNo,
    pub(super) silence: Silence,
    /// Where the table keeps the flow.
    pub(super) index: u32,
}

/// The silences that are awaited of all followed flows.
#[derive(Debug)]
pub(super) struct Silences {
    awaited: BinaryHeap<Reverse<Awaited>>,
    /// When the first of them is due.
    due: Time,
}

impl Default for Silences {
    fn default() -> Self {
        Self { awaited: BinaryHeap::new(), due: Time(i64::MAX) }
    }
}

impl Silences {
    /// Whether one is due before this moment.
    #[inline]
    pub(super) fn are_due(&self, now: Time) -> bool {
        self.due < now
    }

    /// How many are awaited.
    pub(super) fn len(&self) -> usize {
        self.awaited.len()
    }

    pub(super) fn push(&mut self, awaited: Awaited) {
        self.due = self.due.min(awaited.due);
        self.awaited.push(Reverse(awaited));
    }

    /// Takes the first one, if it is due before this moment.
    pub(super) fn pop(&mut self, now: Time) -> Option<Awaited> {
        let first = if self.are_due(now) { self.awaited.pop() } else { None };
        self.due = self.awaited.peek().map_or(Time(i64::MAX), |Reverse(next)| next.due);
        first.map(|Reverse(first)| first)
    }

    /// Forgets those of flows that are gone.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Awaited) -> bool) {
        self.awaited.retain(|Reverse(awaited)| keep(awaited));
    }
}
