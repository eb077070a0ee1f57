//! What a log leaves out of what was said. A capture leaves out nothing.

use crate::carrier::{Carrier, Wholeness};
use crate::flow::Loss;
use crate::rules::{Evidence, Page};
use crate::session::{Doubt, Event};

/// What was left out of something that rules are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Untold {
    times: bool,
    writing: bool,
    head: bool,
}

impl Untold {
    /// Of a message: rules about one ask for no times.
    pub(super) fn of(carrier: Carrier, whole: Wholeness) -> Self {
        let writing = matches!(whole, Wholeness::Retold | Wholeness::Lost(Loss::Log));
        Self { times: false, writing, head: carrier == Carrier::Log }
    }

    /// Of all these events together.
    pub(super) fn of_events<'e>(carrier: Carrier, events: impl IntoIterator<Item = &'e Event>) -> Self {
        events.into_iter().fold(Self::of(carrier, Wholeness::Complete), |all, event| {
            let this = Self::of(carrier, event.whole);
            Self { times: all.times || event.start.is_order(), writing: all.writing || this.writing, head: all.head }
        })
    }

    /// Why what a rule of this page finds cannot be believed.
    pub(super) fn doubt(self, page: &Page) -> Option<Doubt> {
        if self == Self::default() {
            return None;
        }
        let reasons = [
            (self.times, Evidence::Times, Doubt::Untimed),
            (self.writing, Evidence::Writing, Doubt::Retold),
            (self.head, Evidence::Head, Doubt::Headless),
        ];
        let mut missed = reasons.into_iter().filter(|(untold, needed, _)| *untold && page.evidence.contains(needed));
        missed.next().map(|(_, _, doubt)| doubt)
    }
}
