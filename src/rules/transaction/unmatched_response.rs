use std::collections::{HashMap, HashSet};

use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::{name, transaction};
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, Spoken};

/// An answer under an identifier that the other side has not opened.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut opened: HashSet<(Direction, &str)> = HashSet::new();
    let mut asked: HashMap<(FlowNo, u32), EventIx> = HashMap::new();
    for (ix, event) in session.indexed() {
        let Some(spoken) = event.spoken() else { continue };
        let Some(id) = spoken.id.as_deref() else { continue };
        if spoken.mode != Some(Mode::Response) {
            opened.insert((event.direction, id));
            asked.insert((event.flow, event.exchange), ix);
            continue;
        }
        // The exchange says which request it stands beside.
        let beside = asked.get(&(event.flow, event.exchange)).and_then(|ix| session.event(*ix));
        let polled = beside.is_none_or(|request| request.is(name::POLLING_REQUEST));
        if !is_answer(spoken)
            || opened.contains(&(event.direction.opposite(), id))
            || polled && is_answer_to_poll(event)
        {
            continue;
        }
        let since = session.started().unwrap_or(event.start);
        if !verdict.trusts(session.opened().and_then(|()| session.intact(since, event.end))) || verdict.is_full() {
            return;
        }
        let draft = verdict
            .find(format!("nothing was asked under the TransactionID {id}"), Exhibit::event(event, "answers nothing"))
            .cost(Cost::of([event]))
            .cause("unmatched");
        if let Some(request) = beside.filter(|request| request.direction != event.direction) {
            let asked = request.spoken().and_then(|s| s.id.as_deref()).unwrap_or_default();
            draft.show(Exhibit::event(request, format!("asked under {asked}")));
        }
    }
}

/// Whether it is an answer and nothing else: some primitives come in either mode.
fn is_answer(spoken: &Spoken) -> bool {
    let either = [name::MESSAGE_DELIVERED, name::PRESENCE_AUTH_USER, name::LOGIN_RESPONSE, name::DISCONNECT];
    (spoken.name == name::STATUS || transaction::is_response_name(spoken.name)) && !either.contains(&spoken.name)
}

/// Whether it came to a poll: there is a rule about what polls are answered with.
fn is_answer_to_poll(event: &Event) -> bool {
    event.direction == Direction::ServerToClient
}
