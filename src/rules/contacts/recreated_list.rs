use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, EventIx, Session, Transaction, What};

/// The code by which a server says that there is no such contact list.
const NO_SUCH_LIST: u16 = 700;
/// The code by which a server says that the contact list is there already.
const LIST_EXISTS: u16 = 701;

/// A list created although the client was told that it exists.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let answered: Keyed<EventIx, &Transaction> =
        session.transactions.iter().filter_map(|t| Some((t.answer?, t))).collect();
    // The lists that the client knows of, what told it, and how.
    let mut known: HashMap<String, (EventIx, &str)> = HashMap::new();
    for (ix, event) in session.indexed() {
        let lost = matches!(event.what, What::Gap { .. }) || !event.whole.is_whole();
        if lost || event.is(name::NOTIFICATION_REQUEST) {
            // A list may have been deleted, by this client or by another.
            known.clear();
        }
        if event.direction == Direction::ClientToServer {
            let Some(list) = list(event) else { continue };
            if event.asks(name::DELETE_LIST_REQUEST) {
                known.remove(&list);
            } else if event.asks(name::CREATE_LIST_REQUEST)
                && let Some((told, how)) = known.get(&list)
                && let Some(earlier) = session.event(*told)
                // A gap may be told long after its octets should have come.
                && verdict.trusts(session.intact(earlier.start, event.end))
            {
                let shown = event.primitive().and_then(|p| p.text_at(&[name::CONTACT_LIST])).unwrap_or(&list);
                verdict
                    .find(format!("{shown} is created although {how}"), Exhibit::event(event, "created again"))
                    .show(Exhibit::event(earlier, "the list is there"))
                    .cost(Cost::of_exchanges(session, [ix]))
                    .cause(list);
            }
            continue;
        }
        let Some(transaction) = answered.get(&ix) else { continue };
        match session.request(transaction).and_then(list).zip(session.outcome(transaction)) {
            Some((list, NO_SUCH_LIST)) => {
                known.remove(&list);
            }
            Some((list, LIST_EXISTS)) if transaction.name == name::CREATE_LIST_REQUEST => {
                known.entry(list).or_insert((ix, "the server answered before that it exists"));
            }
            _ if event.is(name::GET_LIST_RESPONSE) && !event.spoken().is_some_and(|s| s.cut) => {
                known = lists(event).map(|list| (list, (ix, "the lists read in this session name it"))).collect();
            }
            _ => {}
        }
    }
}

/// The list a request is about, as a key.
fn list(event: &Event) -> Option<String> {
    let list = event.primitive()?.child(name::CONTACT_LIST)?.text();
    (!list.is_empty()).then(|| address::folded(list))
}

/// The lists a GetList-Response names.
fn lists(event: &Event) -> impl Iterator<Item = String> + '_ {
    let names = event.primitive().into_iter().flat_map(|p| p.descendants());
    names
        .filter(|n| matches!(n.name(), name::CONTACT_LIST | name::DEFAULT_CONTACT_LIST) && !n.text().is_empty())
        .map(|n| address::folded(n.text()))
}
