use std::collections::HashSet;

use crate::carrier::Direction;
use crate::csp::address::{Address, folded_fingerprint};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Event, Session, Transaction, What};
use crate::syntax::Node;
use crate::time::{Seconds, Time};

/// How often a client has to have asked before it is owed something.
const POLLS: usize = 2;

/// A subscription that is granted, and nothing comes of it.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    if session.outcome(transaction) != Some(200) {
        return;
    }
    let (Some(event), Some(answer)) = (session.request(transaction), transaction.answer) else { return };
    let Some(granted) = session.event(answer) else { return };
    let Some(users) = users(event) else { return };
    let wait = Seconds(verdict.parameter("first-wait"));
    let until = Time(granted.end.0.saturating_add((wait.0 * 1e9) as i64));
    let is_of_them = |notice: &Event| {
        let of = notice.primitive().into_iter().flat_map(|p| p.descendants()).filter(|n| n.name() == name::USER_ID);
        let cut = notice.spoken().is_some_and(|spoken| spoken.cut);
        cut || of.map(Node::text).any(|user| users.contains(&folded_fingerprint(user)))
    };
    // It may come with the answer to the subscription, or just before it.
    let of_exchange = |e: &&Event| (e.flow, e.exchange) == (event.flow, event.exchange);
    let notices = session.events.iter().filter(|e| e.is(name::PRESENCE_NOTIFICATION_REQUEST));
    if notices.filter(|e| e.start >= event.start || of_exchange(e)).any(is_of_them) {
        return;
    }
    let mut polls = session.after(answer).map(|(_, e)| e).take_while(|e| e.start <= until);
    let empty =
        polls.by_ref().filter(|e| e.direction == Direction::ServerToClient && matches!(e.what, What::Empty { .. }));
    let last = empty.skip(POLLS - 1).last();
    let Some(last) = last else { return };
    if !verdict.trusts(session.watched(answer, wait)) {
        return;
    }
    verdict
        .find(
            format!("nothing of those subscribed to is notified within {wait}, and the client asks"),
            Exhibit::event(event, "granted, and then silence"),
        )
        .show(Exhibit::event(granted, "granted"))
        .show(Exhibit::event(last, "nothing to tell"))
        .cause("silence");
}

/// The users that a subscription names, by fingerprint; `None` where a list is among them, or somebody with a phone alone.
fn users(event: &Event) -> Option<HashSet<u64>> {
    let primitive = event.spoken().filter(|spoken| !spoken.cut)?.primitive()?;
    if primitive.descendants().any(|n| n.name() == name::CONTACT_LIST) {
        return None;
    }
    let named = primitive.descendants().filter(|n| n.name() == name::USER_ID).map(Node::text);
    let users = named.map(|user| {
        let phone = Address::parse(user.trim()).ok().and_then(|address| address.phone());
        phone.is_none().then(|| folded_fingerprint(user))
    });
    users.collect::<Option<HashSet<u64>>>().filter(|users| !users.is_empty())
}
