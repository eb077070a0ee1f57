use std::collections::{HashMap, VecDeque};

use super::recipients;
use crate::csp::message::fingerprint;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};

/// The same short message to one recipient, over and over within seconds.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (window, most) = (verdict.parameter("window"), verdict.count("max-count"));
    let short = verdict.parameter("max-content");
    let mut recent: HashMap<(u64, u64), VecDeque<(EventIx, &Event)>> = HashMap::new();
    for transaction in session.transactions_named(name::SEND_MESSAGE_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let Some([to]) = recipients(event).as_deref().and_then(|to| <[u64; 1]>::try_from(to).ok()) else { continue };
        let Some(what) = nudge(event, short) else { continue };
        let run = recent.entry((to, what)).or_default();
        run.push_back((transaction.request, event));
        while run.front().is_some_and(|(_, first)| event.start.since(first.start).0 > window) {
            run.pop_front();
        }
        if run.len() <= most || verdict.is_full() {
            continue;
        }
        let (count, Some((_, first))) = (run.len(), run.front().copied()) else { continue };
        // A burst is told once.
        let run: Vec<EventIx> = std::mem::take(run).into_iter().skip(1).map(|(ix, _)| ix).collect();
        verdict
            .find(
                format!("{count} equal messages go to one contact within {}", event.start.since(first.start)),
                Exhibit::event(event, "and once more"),
            )
            .show(Exhibit::event(first, "the first of them"))
            .cost(Cost::of_exchanges(session, run))
            .cause("burst");
    }
}

/// What is said by a message that may be a nudge: by its short text, or by its extension.
fn nudge(event: &Event, short: f64) -> Option<u64> {
    let spoken = event.spoken().filter(|spoken| !spoken.cut)?;
    let block = spoken.primitive()?.descendants().find(|n| matches!(n.name(), name::EXT_BLOCK | name::EXT_BLOCK_ETEM));
    match (spoken.payload, block) {
        (payload, Some(block)) => Some(fingerprint(block) ^ payload.map_or(0, |(text, _)| text)),
        (Some((text, octets)), None) => (f64::from(octets) <= short).then_some(text),
        (None, None) => None,
    }
}
