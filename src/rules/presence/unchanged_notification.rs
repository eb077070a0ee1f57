use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::message::fingerprint;
use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::NameId;

/// Notifications that repeat what the client is known to have.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let often = verdict.count("min-count");
    // The values that the client has acknowledged, by user and attribute.
    let mut known: HashMap<(u64, NameId), u64> = HashMap::new();
    let mut repeats: Vec<EventIx> = Vec::new();
    let mut first = None;
    for transaction in &session.transactions {
        match transaction.name {
            // What is subscribed to is told anew.
            name::SUBSCRIBE_PRESENCE_REQUEST | name::UNSUBSCRIBE_PRESENCE_REQUEST | name::GET_PRESENCE_REQUEST => {
                known.clear();
            }
            name::PRESENCE_NOTIFICATION_REQUEST if transaction.initiator == Direction::ServerToClient => {
                let Some(event) = session.request(transaction) else { continue };
                let Some(values) = values(event).filter(|values| !values.is_empty()) else {
                    known.clear();
                    continue;
                };
                if values.iter().all(|(of, value)| known.get(of) == Some(value)) {
                    repeats.push(transaction.request);
                    first.get_or_insert(event);
                }
                let taken = session.outcome(transaction) == Some(200);
                for (of, value) in values {
                    match taken {
                        true => known.insert(of, value),
                        false => known.remove(&of),
                    };
                }
            }
            _ => {}
        }
    }
    let last = repeats.last().and_then(|ix| session.event(*ix));
    let (Some(first), Some(last)) = (first, last) else { return };
    if repeats.len() < often {
        return;
    }
    let since = session.started().unwrap_or(first.start);
    if !verdict.trusts(session.intact(since, last.end)) {
        return;
    }
    let count = repeats.len();
    verdict
        .find(
            format!("{count} notifications say nothing but what the client has acknowledged before"),
            Exhibit::event(last, "nothing new in it"),
        )
        .show(Exhibit::event(first, "the first of them"))
        .cost(Cost::of_exchanges(session, repeats));
}

/// A user and an attribute with its value.
type Value = ((u64, NameId), u64);

/// The values that a notification tells; `None` where it was cut.
fn values(event: &Event) -> Option<Vec<Value>> {
    let primitive = event.spoken().filter(|spoken| !spoken.cut)?.primitive()?;
    let mut values = Vec::new();
    for presence in primitive.children_named(name::PRESENCE) {
        let user = address::folded_fingerprint(presence.child(name::USER_ID)?.text());
        let attributes = presence.child(name::PRESENCE_SUB_LIST).into_iter().flat_map(|list| list.children());
        values.extend(attributes.map(|attribute| ((user, attribute.name()), fingerprint(attribute))));
    }
    Some(values)
}
