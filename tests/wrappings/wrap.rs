//! What a wrapping is: a name, how a conversation is put into it, and what gets lost on the way.

use crate::conversation::{Capture, Conversation};

/// A way to capture a conversation.
#[derive(Clone, Copy)]
pub(crate) struct Wrap {
    pub(crate) name: &'static str,
    /// Words of which the report has to say one where messages are missing; empty when everything is there.
    pub(crate) lost: &'static [&'static str],
    pub(crate) make: fn(&Conversation) -> Capture,
}

impl Wrap {
    /// A wrapping in which everything that was said is still there.
    pub(crate) const fn whole(name: &'static str, make: fn(&Conversation) -> Capture) -> Self {
        Self { name, lost: &[], make }
    }

    /// A wrapping in which something is missing, and what the report calls it.
    pub(crate) const fn poor(
        name: &'static str,
        lost: &'static [&'static str],
        make: fn(&Conversation) -> Capture,
    ) -> Self {
        Self { name, lost, make }
    }
}
