use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::Node;

/// What became of a delivered message.
#[derive(Clone, Copy)]
struct Fate {
    delivered: EventIx,
    acknowledged: Option<EventIx>,
    /// Whether the server was heard after it had the acknowledgement.
    known: bool,
}

/// A message that is delivered again although the server has its acknowledgement.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut fates: HashMap<&str, Fate> = HashMap::new();
    // Acknowledgements on their way, by the exchange that carries them.
    let mut under_way: HashMap<(FlowNo, u32), Vec<&str>> = HashMap::new();
    for (ix, event) in session.indexed() {
        if event.direction == Direction::ServerToClient {
            for message in under_way.remove(&(event.flow, event.exchange)).into_iter().flatten() {
                fates.entry(message).and_modify(|fate| fate.known = true);
            }
        }
        let Some(message) = message_id(event) else { continue };
        if event.is(name::MESSAGE_DELIVERED) && event.direction == Direction::ClientToServer {
            fates.entry(message).and_modify(|fate| fate.acknowledged = Some(ix));
            under_way.entry((event.flow, event.exchange)).or_default().push(message);
            continue;
        }
        if !event.asks(name::NEW_MESSAGE) || event.direction != Direction::ServerToClient {
            continue;
        }
        let fate = fates.get(message).copied();
        let Some(Fate { delivered, acknowledged: Some(acknowledged), known: true }) = fate else {
            fates.entry(message).or_insert(Fate { delivered: ix, acknowledged: None, known: false });
            continue;
        };
        let (Some(first), Some(told)) = (session.event(delivered), session.event(acknowledged)) else { continue };
        if event.start <= told.end || id(first) == id(event) || !verdict.trusts(session.intact(told.start, event.end)) {
            continue;
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find(
                format!(
                    "message {message} is delivered again, {} after it was acknowledged",
                    event.start.since(told.end)
                ),
                Exhibit::event(event, "the same message once more"),
            )
            .show(Exhibit::event(told, "acknowledged here"))
            .show(Exhibit::event(first, "delivered first here"))
            .cost(Cost::of_exchanges(session, [ix]))
            .cause("again");
    }
}

fn id(event: &Event) -> Option<&str> {
    event.spoken().and_then(|spoken| spoken.id.as_deref())
}

/// The message that a primitive is about.
fn message_id(event: &Event) -> Option<&str> {
    let primitive = event.primitive()?;
    let node = primitive.child(name::MESSAGE_ID).or_else(|| primitive.at(&[name::MESSAGE_INFO, name::MESSAGE_ID]));
    node.map(|node| Node::text(node).trim()).filter(|text| !text.is_empty())
}
