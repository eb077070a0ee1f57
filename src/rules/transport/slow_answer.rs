use std::collections::{HashMap, HashSet};

use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, What};
use crate::syntax::Node;
use crate::time::Seconds;

/// An answer that comes when some clients have given up.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let slow = verdict.parameter("slow-answer");
    // What is sent again on another connection is answered where the server sees fit.
    let repeated = session.transactions.iter().filter(|t| !t.repeats().is_empty());
    let repeated: HashSet<EventIx> = repeated.flat_map(|t| t.repeats().iter().copied().chain([t.request])).collect();
    let mut asked: HashMap<(FlowNo, u32), &Event> = HashMap::new();
    for (ix, event) in session.indexed() {
        let exchange = (event.flow, event.exchange);
        match (event.direction, &event.what) {
            (_, What::Gap { .. }) => {}
            (Direction::ClientToServer, _) if repeated.contains(&ix) => {}
            (Direction::ClientToServer, _) => {
                asked.entry(exchange).or_insert(event);
            }
            (Direction::ServerToClient, _) => {
                let Some(request) = asked.remove(&exchange) else { continue };
                let waited = event.start.since(request.end).0;
                // A poll may be held until there is something to say.
                let held = request.is(name::POLLING_REQUEST) || request.spoken().is_none();
                if held || waited < slow || !verdict.trusts(session.intact(request.start, event.end)) {
                    continue;
                }
                if verdict.is_full() {
                    return;
                }
                let title = request.primitive().map_or("request", Node::spelling);
                verdict
                    .find(
                        format!("{title} is answered after {waited:.1} s"),
                        Exhibit::event(event, format!("{waited:.1} s after its request")),
                    )
                    .show(Exhibit::event(request, "asked here"))
                    .cost(Cost { seconds: Some(Seconds(waited)), ..Cost::default() })
                    .cause(title);
            }
        }
    }
}
