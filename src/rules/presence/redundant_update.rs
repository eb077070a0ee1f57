use crate::carrier::Direction;
use crate::csp::address;
use crate::csp::message::fingerprint;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, EventIx, Session, Transaction, What};
use crate::syntax::{NameId, Node};

/// A presence attribute, with the fingerprint of the client it is of where it says so.
type Key = (NameId, u64);

/// Updates that publish only what this session published already.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let updates: Keyed<EventIx, &Transaction> = session
        .transactions_named(name::UPDATE_PRESENCE_REQUEST)
        .flat_map(|t| std::iter::once(t.request).chain(t.answer).map(move |ix| (ix, t)))
        .collect();
    if updates.is_empty() {
        return;
    }
    // The values in force, by their fingerprints, and the events that published them.
    let mut published: Keyed<Key, (u64, EventIx)> = Keyed::default();
    let mut redundant: Vec<(EventIx, EventIx)> = Vec::new();
    for (ix, event) in session.indexed() {
        let whole = event.whole.is_whole() && !matches!(event.what, What::Gap { .. });
        if !whole || tells_of(event, session.user.as_deref()) {
            // What holds now is not known.
            published.clear();
        }
        let Some(update) = updates.get(&ix).filter(|_| whole) else { continue };
        let Some(request) = session.request(update) else { continue };
        let values = values(request);
        if ix == update.request {
            // Until the answer it is not known which of the values hold.
            let known: Vec<_> =
                values.iter().map(|(key, value)| published.remove(key).filter(|(v, _)| v == value)).collect();
            let latest = known.iter().flatten().map(|(_, earlier)| *earlier).max();
            let complete = request.spoken().is_some_and(|s| !s.cut) && known.iter().all(Option::is_some);
            redundant.extend(latest.filter(|_| complete).map(|earlier| (ix, earlier)));
        } else if session.outcome(update) == Some(200) {
            published.extend(values.into_iter().map(|(key, value)| (key, (value, update.request))));
        }
    }
    // A gap may be told long after its octets should have come.
    redundant.retain(|(again, earlier)| {
        let events = session.event(*earlier).zip(session.event(*again));
        events.is_some_and(|(earlier, again)| verdict.trusts(session.intact(earlier.start, again.end)))
    });
    let Some((again, earlier)) = redundant.first() else { return };
    let (Some(event), Some(earlier)) = (session.event(*again), session.event(*earlier)) else { return };
    let count = match redundant.len() {
        1 => "a presence update carries".to_owned(),
        many => format!("{many} presence updates carry"),
    };
    verdict
        .find(
            format!("{count} nothing but what this session has published already"),
            Exhibit::event(event, "the same values again"),
        )
        .show(Exhibit::event(earlier, "published here"))
        .cost(Cost::of_exchanges(session, redundant.iter().map(|(ix, _)| *ix)));
}

/// The attributes an update carries and the fingerprints of their values.
fn values(event: &Event) -> Vec<(Key, u64)> {
    let list = event.primitive().and_then(|p| p.child(name::PRESENCE_SUB_LIST));
    let key = |attribute: Node<'_>| (attribute.name(), attribute.child(name::CLIENT_ID).map_or(0, fingerprint));
    list.into_iter().flat_map(Node::children).map(|attribute| (key(attribute), fingerprint(attribute))).collect()
}

/// Whether the server tells of the user's own presence: another client of the user may have published.
fn tells_of(event: &Event, user: Option<&str>) -> bool {
    let Some(primitive) = event.primitive().filter(|_| {
        event.direction == Direction::ServerToClient
            && (event.is(name::PRESENCE_NOTIFICATION_REQUEST) || event.is(name::GET_PRESENCE_RESPONSE))
    }) else {
        return false;
    };
    let mut users = primitive.children_named(name::PRESENCE).filter_map(|p| p.text_at(&[name::USER_ID]));
    user.is_none_or(|own| users.any(|user| address::same(user, own)))
}
