use std::collections::BTreeSet;

use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::NameId;

/// Presence that is published attribute by attribute.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let window = verdict.parameter("merge-window");
    let mut longest: Vec<(EventIx, &Event)> = Vec::new();
    let mut run: Vec<(EventIx, &Event)> = Vec::new();
    let mut seen: BTreeSet<NameId> = BTreeSet::new();
    for update in session.transactions_named(name::UPDATE_PRESENCE_REQUEST) {
        let Some(event) = session.request(update) else { continue };
        let these = attributes(event);
        let soon = run.last().is_some_and(|(_, before)| event.start.since(before.start).0 <= window);
        // A refused one is published again without what was refused.
        let accepted = session.outcome(update).is_some_and(|code| (200..300).contains(&code));
        let new = !these.is_empty() && these.is_disjoint(&seen);
        if !(soon && new && accepted) {
            run.clear();
            seen.clear();
        }
        if accepted && !these.is_empty() {
            seen.extend(these);
            run.push((update.request, event));
        }
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
    }
    let (Some((_, first)), Some((_, last))) = (longest.first(), longest.last()) else { return };
    if longest.len() < verdict.count("min-run") || !verdict.trusts(session.intact(first.start, last.end)) {
        return;
    }
    verdict
        .find(
            format!(
                "{} presence updates within {:.1} s, each with other attributes",
                longest.len(),
                last.start.since(first.start).0
            ),
            Exhibit::event(last, "could have gone with the first"),
        )
        .show(Exhibit::event(first, "the first of them"))
        .cost(Cost::of_exchanges(session, longest.iter().skip(1).map(|(ix, _)| *ix)));
}

/// The attributes that an update publishes.
fn attributes(event: &Event) -> BTreeSet<NameId> {
    let lists = event.primitive().into_iter().flat_map(|p| p.children_named(name::PRESENCE_SUB_LIST));
    lists
        .flat_map(|list| list.children().map(|attribute| attribute.name()))
        .filter(|name| *name != NameId::UNKNOWN)
        .collect()
}
