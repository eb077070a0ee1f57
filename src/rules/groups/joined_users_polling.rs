use std::collections::BTreeMap;

use crate::csp::message::flag;
use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};

/// A client that asks again and again who is in a group.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let window = verdict.parameter("window");
    let agreed = session.agreed_at_end();
    // Who may not subscribe has to ask.
    if agreed.refused.contains(&name::SUBGCN) || agreed.refused.contains(&name::GRCHN) {
        return;
    }
    let group = |event: &Event| event.primitive()?.child(name::GROUP_ID).map(|id| address::folded(id.text()));
    let mut asked: BTreeMap<String, Vec<(EventIx, &Event)>> = BTreeMap::new();
    for (ix, event) in session.indexed() {
        let Some(of) = group(event) else { continue };
        let subscribes = event.primitive().and_then(|p| p.child(name::SUBSCRIBE_NOTIFICATION)).and_then(flag);
        if event.asks(name::GET_JOINED_USERS_REQUEST) {
            asked.entry(of).or_default().push((ix, event));
        } else if subscribes == Some(true)
            || event.asks(name::SUBSCRIBE_GROUP_NOTICE_REQUEST)
            || event.is(name::GROUP_CHANGE_NOTICE)
        {
            // It is told of changes: what it asks then is for something else.
            asked.insert(of, Vec::new());
            return;
        }
    }
    let least = verdict.count("min-count").max(2);
    for events in asked.values() {
        let close = |run: &&[(EventIx, &Event)]| match (run.first(), run.last()) {
            (Some((_, first)), Some((_, last))) => last.start.since(first.start).0 <= window,
            _ => false,
        };
        let Some(run) = events.windows(least).find(close) else { continue };
        let (Some((_, first)), Some((_, last))) = (run.first(), run.last()) else { continue };
        if !verdict.trusts(session.opened().and_then(|()| session.intact(first.start, last.end))) {
            continue;
        }
        verdict
            .find(
                format!("who is in the group is asked {} times, and nobody subscribed to its changes", events.len()),
                Exhibit::event(last, "asked again"),
            )
            .show(Exhibit::event(first, "asked first"))
            .cost(Cost::of_exchanges(session, events.iter().skip(1).map(|(ix, _)| *ix)));
        return;
    }
}
