use crate::carrier::Direction;
use crate::csp::{name, status};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::Node;

/// How messages come to the client, as agreed at some moment.
#[derive(Clone, Copy)]
struct Way {
    settled: EventIx,
    notify: bool,
}

/// A message pushed to a client that wants to be notified.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let grace = verdict.parameter("grace");
    let mut ways: Vec<(EventIx, bool)> = Vec::new();
    for transaction in &session.transactions {
        let (Some(request), Some(answer)) = (session.request(transaction), transaction.answer) else { continue };
        let taken = session.outcome(transaction).is_some_and(status::is_success);
        if let Some(notify) = wish(transaction.name, request).filter(|_| taken) {
            ways.push((answer, notify));
        }
    }
    ways.sort_unstable();
    let mut ways = ways.into_iter().peekable();
    let mut way: Option<Way> = None;
    for (ix, event) in session.indexed() {
        while let Some((settled, notify)) = ways.next_if(|(settled, _)| *settled < ix) {
            way = Some(Way { settled, notify });
        }
        let pushed = event.direction == Direction::ServerToClient && event.asks(name::NEW_MESSAGE);
        let Some(Way { settled, notify: true }) = way.filter(|_| pushed && has_content(event)) else { continue };
        let Some(agreed) = session.event(settled) else { continue };
        if event.start.since(agreed.end).0 <= grace || is_of_group(event) {
            continue;
        }
        if !verdict.trusts(session.intact(agreed.start, event.end)) || verdict.is_full() {
            return;
        }
        verdict
            .find("a message is pushed although the client wants to be notified", Exhibit::event(event, "pushed whole"))
            .show(Exhibit::event(agreed, "notify was agreed"))
            .cost(Cost::of([event]))
            .cause("pushed");
    }
}

/// Whether a client wants to be notified of messages, where a request says it of all of them.
fn wish(request: crate::syntax::NameId, event: &Event) -> Option<bool> {
    let primitive = event.primitive()?;
    let method = match request {
        name::SET_DELIVERY_METHOD_REQUEST if primitive.child(name::GROUP_ID).is_none() => {
            primitive.child(name::DELIVERY_METHOD)?
        }
        name::CLIENT_CAPABILITY_REQUEST | name::LOGIN_REQUEST => {
            primitive.child(name::CAPABILITY_LIST)?.child(name::INITIAL_DELIVERY_METHOD)?
        }
        _ => return None,
    };
    match method.text().trim() {
        "N" => Some(true),
        "P" => Some(false),
        _ => None,
    }
}

fn has_content(event: &Event) -> bool {
    event.spoken().is_some_and(|spoken| spoken.payload.is_some_and(|(_, octets)| octets > 0))
}

/// Whether a message comes out of a group, which has a way of its own.
fn is_of_group(event: &Event) -> bool {
    let info = event.primitive().and_then(|p| p.child(name::MESSAGE_INFO));
    let parties = info.into_iter().flat_map(|info| info.descendants());
    parties.filter(|n| matches!(n.name(), name::GROUP | name::GROUP_ID)).map(Node::id).next().is_some()
}
