use super::wants_response;
use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit, Side};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::rules::keyed::{Keyed, Keys};
use crate::session::{Event, EventIx, Session, What};
use crate::syntax::Node;

/// A 200 without body in answer to a request that wants a response.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if !may_be_empty(session) {
        return;
    }
    // What is sent again may be answered where it was sent first.
    let repeats: Keys<EventIx> = session.transactions.iter().flat_map(|t| t.repeats().iter().copied()).collect();
    // So may what was sent before where nobody listened.
    let said: Keys<(FlowNo, u32)> = session.events.iter().filter(|e| from_client(e)).map(place).collect();
    let elsewhere: Keys<(FlowNo, u32)> = session
        .client_requests()
        .filter(|t| session.answer(t).is_some_and(|answer| !said.contains(&place(answer))))
        .filter_map(|t| session.request(t))
        .map(place)
        .collect();
    let mut asked: Keyed<(FlowNo, u32), &Event> = Keyed::default();
    let over = session.ending_event();
    for (ix, event) in session.indexed() {
        let exchange = place(event);
        if event.direction == Direction::ClientToServer {
            if event.spoken().is_some_and(wants_response)
                && !repeats.contains(&ix)
                && over.is_none_or(|over| ix <= over)
            {
                asked.entry(exchange).or_insert(event);
            }
            continue;
        }
        let Some(request) = asked.remove(&exchange) else { continue };
        if elsewhere.contains(&exchange) {
            continue;
        }
        if !matches!(event.what, What::Empty { status: Some(200) })
            || !verdict.trusts(session.intact(request.start, event.end))
        {
            continue;
        }
        let title = request.primitive().map_or("request", Node::spelling);
        verdict
            .find(format!("{title} is answered by a 200 without body"), Exhibit::event(event, "nothing in it"))
            .show(Exhibit::event(request, "a response is due"))
            .side(Side::Server)
            .cost(Cost { round_trips: 1, ..Cost::of([request, event]) })
            .cause(title);
    }
}

/// Whether there is such an answer, whatever may excuse it: most sessions have none.
fn may_be_empty(session: &Session) -> bool {
    let mut asked: Keys<(FlowNo, u32)> = Keys::default();
    session.events.iter().any(|event| match event.direction {
        Direction::ClientToServer => {
            if event.spoken().is_some_and(wants_response) {
                asked.insert(place(event));
            }
            false
        }
        Direction::ServerToClient => {
            matches!(event.what, What::Empty { status: Some(200) }) && asked.contains(&place(event))
        }
    })
}

/// The exchange of an event.
fn place(event: &Event) -> (FlowNo, u32) {
    (event.flow, event.exchange)
}

fn from_client(event: &Event) -> bool {
    event.direction == Direction::ClientToServer && !matches!(event.what, What::Gap { .. })
}
