use std::collections::{HashMap, HashSet};

use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, Transaction, What};
use crate::syntax::{NameId, Node};
use crate::time::{Seconds, Time};

/// A delivered message that the client never acknowledges while it goes on talking.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let wait = Seconds(verdict.parameter("delivered-wait"));
    let deliveries: Vec<Delivery<'_>> = session.transactions.iter().filter_map(|t| delivery(session, t)).collect();
    if deliveries.is_empty() {
        return;
    }
    let Some(settled) = Settled::of(session) else { return };
    let last: HashMap<&str, EventIx> = deliveries.iter().map(|(place, _, message, _)| (*message, *place)).collect();
    // What the client says last may be answered by the same message once more.
    let answered: HashSet<(FlowNo, u32)> = session
        .events
        .iter()
        .filter(|e| e.direction == Direction::ServerToClient)
        .map(|e| (e.flow, e.exchange))
        .collect();
    let talks = |e: &&Event| from_client(e) && answered.contains(&(e.flow, e.exchange));
    let mut talk: Vec<(Time, &Event)> = session.events.iter().filter(talks).map(|event| (event.start, event)).collect();
    talk.sort_by_key(|(start, _)| *start);
    let sound = session.intact(Time(i64::MIN), Time(i64::MAX)).is_ok();
    for (place, delivery, message, until) in deliveries {
        // Of a message that is delivered again only the last delivery counts.
        if settled.messages.contains(message) || last.get(message) != Some(&place) {
            continue;
        }
        // Sent once more, it may still be acknowledged until the client talks again.
        let due = Time(delivery.end.0.saturating_add((wait.0 * 1e9) as i64)).max(until);
        let Some((_, later)) = talk.get(talk.partition_point(|(start, _)| *start < due)) else { continue };
        if settled.unread.iter().any(|time| *time >= delivery.end) {
            continue;
        }
        if !sound && !verdict.trusts(session.intact(delivery.start, later.end)) {
            continue;
        }
        let title = delivery.primitive().map_or("message", Node::spelling);
        verdict
            .find(
                format!(
                    "message {message} of this {title} is not acknowledged, {} later either",
                    later.start.since(delivery.end)
                ),
                Exhibit::event(delivery, "reached the client"),
            )
            .show(Exhibit::event(later, "the client talks of other things"))
            .cost(Cost::of([delivery]))
            .cause(title);
    }
}

/// What the client did about messages in this session, at any time.
#[derive(Default)]
struct Settled<'s> {
    /// Messages acknowledged or rejected.
    messages: HashSet<&'s str>,
    /// When the client sent what could not be read: it may be an acknowledgement.
    unread: Vec<Time>,
}

impl<'s> Settled<'s> {
    /// `None` when an acknowledgement does not say of what: then it may be of anything.
    fn of(session: &'s Session) -> Option<Self> {
        let mut settled = Self::default();
        for event in session.events.iter().filter(|e| e.direction == Direction::ClientToServer) {
            match &event.what {
                What::Unread { .. } => settled.unread.push(event.start),
                What::Spoken(spoken) if spoken.name == NameId::UNKNOWN => settled.unread.push(event.start),
                What::Spoken(spoken) if spoken.name == name::MESSAGE_DELIVERED => {
                    settled.messages.insert(message_id(event)?);
                }
                What::Spoken(spoken) if spoken.name == name::REJECT_MESSAGE_REQUEST => {
                    let ids = event.primitive().into_iter().flat_map(|p| p.children_named(name::MESSAGE_ID));
                    settled.messages.extend(ids.map(Node::text));
                }
                _ => {}
            }
        }
        Some(settled)
    }
}

fn from_client(event: &Event) -> bool {
    event.direction == Direction::ClientToServer && event.spoken().is_some()
}

/// A delivery, the message, and when it was sent for the last time.
type Delivery<'s> = (EventIx, &'s Event, &'s str, Time);

/// The complete event that handed a message to the client, with the message's identifier: a NewMessage without any
/// answer, or the answer to GetMessage with content.
fn delivery<'s>(session: &'s Session, transaction: &Transaction) -> Option<Delivery<'s>> {
    let place = match transaction.name {
        name::NEW_MESSAGE if transaction.initiator == Direction::ServerToClient => match transaction.answer {
            None => transaction.request,
            Some(_) => return None,
        },
        name::GET_MESSAGE_REQUEST => transaction.answer?,
        _ => return None,
    };
    let event = session.event(place).filter(|e| e.whole.is_whole())?;
    let has_content = event.is(name::NEW_MESSAGE) || event.spoken().is_some_and(|s| s.payload.is_some());
    let again = transaction.repeats().last().and_then(|ix| session.event(*ix));
    Some((place, event, message_id(event).filter(|_| has_content)?, again.unwrap_or(event).end))
}

/// The message a primitive is about.
fn message_id(event: &Event) -> Option<&str> {
    let primitive = event.primitive()?;
    let node = primitive.child(name::MESSAGE_ID).or_else(|| primitive.at(&[name::MESSAGE_INFO, name::MESSAGE_ID]))?;
    Some(node.text().trim()).filter(|t| !t.is_empty())
}
