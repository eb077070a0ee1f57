use std::collections::HashMap;

use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit, Side};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, Session, What};
use crate::syntax::Node;

/// A transport status other than 200 in answer to a POST that carries CSP.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut asked: HashMap<(FlowNo, u32), &Event> = HashMap::new();
    for event in &session.events {
        let exchange = (event.flow, event.exchange);
        let status = match (event.direction, &event.what) {
            (Direction::ClientToServer, What::Spoken(_)) => {
                asked.entry(exchange).or_insert(event);
                continue;
            }
            (
                Direction::ServerToClient,
                What::Empty { status: Some(status) } | What::Unread { status: Some(status) },
            ) => *status,
            _ => continue,
        };
        let Some(request) = asked.remove(&exchange) else { continue };
        // A redirect, or a proxy that wants to be satisfied first, is not final.
        if matches!(status, 100..=200 | 300..=399 | 401 | 407) || verdict.is_full() {
            continue;
        }
        // What a gateway says when it reaches no server.
        let side = if matches!(status, 502 | 504) { Side::Network } else { Side::Server };
        let title = request.primitive().map_or("message", Node::spelling);
        verdict
            .find(
                format!("the POST of {title} is answered with the status {status}"),
                Exhibit::event(event, format!("status {status}")),
            )
            .show(Exhibit::event(request, "lost on the way"))
            .side(side)
            .cost(Cost { round_trips: 1, ..Cost::default() })
            .cause(status);
    }
}
