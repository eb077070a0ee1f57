use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Event, Opening, Session};

/// Elements by which a ListManage-Request changes something.
const ACTIONS: [crate::syntax::NameId; 3] =
    [name::ADD_NICK_LIST, name::REMOVE_NICK_LIST, name::CONTACT_LIST_PROPERTIES];

/// A client that changes lists that it has not read.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if !matches!(session.opening, Opening::Login { resumed: false, .. }) {
        return;
    }
    let told = |event: &Event| {
        event.is(name::GET_LIST_REQUEST)
            || event.is(name::GET_LIST_RESPONSE)
            || event.is(name::LIST_MANAGE_RESPONSE)
            || event.direction == Direction::ServerToClient && event.is(name::NOTIFICATION_REQUEST)
            || event.asks(name::LIST_MANAGE_REQUEST) && !changes(event)
    };
    let mut events = session.events.iter().take_while(|event| !told(event));
    let Some(change) = events.find(|event| changes(event)) else { return };
    // What is not whole may have been the question.
    let since = session.started().unwrap_or(change.start);
    if !verdict.trusts(session.opened().and_then(|()| session.intact(since, change.end))) {
        return;
    }
    let title = change.primitive().map_or("a change", crate::syntax::Node::spelling);
    verdict.find(
        format!("{title} before any GetList-Request of the session"),
        Exhibit::event(change, "changes what was not read"),
    );
}

fn changes(event: &Event) -> bool {
    if event.asks(name::CREATE_LIST_REQUEST) || event.asks(name::DELETE_LIST_REQUEST) {
        return true;
    }
    let acts = || event.primitive().is_some_and(|p| p.children().any(|child| ACTIONS.contains(&child.name())));
    event.asks(name::LIST_MANAGE_REQUEST) && acts()
}
