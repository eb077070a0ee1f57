use std::collections::HashSet;

use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, EventIx, Session};

/// The code of a request that was carried out in part.
const IN_PART: u16 = 201;

/// A message that failed for some of its recipients.
struct Partly {
    request: EventIx,
    answer: EventIx,
    failed: HashSet<u64>,
}

/// A message that failed for some recipients, sent again to those who have it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (window, least) = (verdict.parameter("retry-window"), verdict.parameter("min-content"));
    let mut partly: Keyed<(u64, u32), Partly> = Keyed::default();
    for transaction in session.transactions_named(name::SEND_MESSAGE_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let Some(content) = event.spoken().filter(|s| !s.cut).and_then(|spoken| spoken.payload) else { continue };
        if f64::from(content.1) < least {
            continue;
        }
        if let Some(before) = partly.get(&content) {
            tell(session, transaction.request, event, before, window, verdict);
            if verdict.is_full() {
                return;
            }
        }
        if session.outcome(transaction) != Some(IN_PART) {
            continue;
        }
        let Some((answer, response)) = transaction.answer.and_then(|ix| Some((ix, session.event(ix)?))) else {
            continue;
        };
        let failed = users(response, name::DETAILED_RESULT);
        if !failed.is_empty() && response.whole.is_whole() {
            partly.insert(content, Partly { request: transaction.request, answer, failed });
        }
    }
}

fn tell(session: &Session, ix: EventIx, again: &Event, before: &Partly, window: f64, verdict: &mut Verdict<'_>) {
    let (Some(first), Some(answer)) = (session.event(before.request), session.event(before.answer)) else { return };
    let reached: HashSet<u64> = users(first, name::RECIPIENT).difference(&before.failed).copied().collect();
    let twice = users(again, name::RECIPIENT).intersection(&reached).count();
    let soon = (0.0..=window).contains(&again.start.since(answer.end).0);
    if twice == 0 || !soon || !verdict.trusts(session.intact(first.start, again.end)) {
        return;
    }
    let who = if twice == 1 { "a recipient" } else { "recipients" };
    verdict
        .find(
            format!("a message is sent again to {who} that had not failed, {} in all", reached.len()),
            Exhibit::event(again, "the same content to those who have it"),
        )
        .show(Exhibit::event(answer, "only these had failed"))
        .cost(Cost::of_exchanges(session, [ix]))
        .cause("again");
}

/// The users named below elements of a name.
fn users(event: &Event, within: crate::syntax::NameId) -> HashSet<u64> {
    let places = event.primitive().into_iter().flat_map(|p| p.descendants()).filter(|n| n.name() == within);
    let named = places.flat_map(|place| place.descendants()).filter(|n| n.name() == name::USER_ID);
    named.map(|user| address::folded_fingerprint(user.text())).collect()
}
