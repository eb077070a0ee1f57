use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::{name, transaction};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{EventIx, Session, Transaction};
use crate::syntax::NameId;

/// Requests that have rules of their own, or change nothing.
const ELSEWHERE: [NameId; 8] = [
    name::LOGIN_REQUEST,
    name::LOGOUT_REQUEST,
    name::POLLING_REQUEST,
    name::KEEP_ALIVE_REQUEST,
    name::CLIENT_CAPABILITY_REQUEST,
    name::SERVICE_REQUEST,
    name::SEND_MESSAGE_REQUEST,
    name::SEARCH_REQUEST,
];

/// A request that changes something, sent again under another identifier after it got no answer.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let window = verdict.parameter("retry-window");
    let mut unanswered: HashMap<(NameId, u64), EventIx> = HashMap::new();
    for transaction in session.transactions.iter().filter(|t| changes(t)) {
        let Some(event) = session.request(transaction) else { continue };
        let Some(spoken) = event.spoken().filter(|spoken| !spoken.cut && spoken.id.is_some()) else { continue };
        let what = (transaction.name, spoken.fingerprint);
        let first = unanswered.remove(&what).and_then(|ix| session.event(ix));
        if transaction.answer.is_none() && transaction.interim().is_empty() {
            unanswered.insert(what, transaction.request);
        }
        let Some(first) = first.filter(|first| event.start.since(first.end).0 <= window) else { continue };
        let same_id = first.spoken().and_then(|s| s.id.as_deref()) == spoken.id.as_deref();
        if same_id || event.start <= first.end || !verdict.trusts(session.intact(first.start, event.end)) {
            continue;
        }
        if verdict.is_full() {
            return;
        }
        let title = event.primitive().map_or("request", crate::syntax::Node::spelling);
        verdict
            .find(
                format!(
                    "{title} without an answer is sent again {} later as a new transaction",
                    event.start.since(first.end)
                ),
                Exhibit::event(event, "the same once more, under another TransactionID"),
            )
            .show(Exhibit::event(first, "no answer seen"))
            .cost(Cost::of_exchanges(session, [transaction.request]))
            .cause(title);
    }
}

/// Whether the client asks the server to change something.
fn changes(transaction: &Transaction) -> bool {
    let reads = || transaction::of_request(transaction.name).is_none_or(|of| is_reading(of.request));
    transaction.initiator == Direction::ClientToServer && !ELSEWHERE.contains(&transaction.name) && !reads()
}

/// Whether a request only reads.
fn is_reading(request: NameId) -> bool {
    matches!(
        request,
        name::GET_LIST_REQUEST
            | name::GET_PRESENCE_REQUEST
            | name::GET_MESSAGE_REQUEST
            | name::GET_MESSAGE_LIST_REQUEST
            | name::GET_WATCHER_LIST_REQUEST
            | name::GET_ATTRIBUTE_LIST_REQUEST
            | name::GET_BLOCKED_LIST_REQUEST
            | name::GET_GROUP_PROPS_REQUEST
            | name::GET_GROUP_MEMBERS_REQUEST
            | name::GET_JOINED_USERS_REQUEST
            | name::GET_REACTIVE_AUTH_STATUS_REQUEST
            | name::GET_PUBLIC_PROFILE_REQUEST
            | name::GET_MAP_REQUEST
            | name::GET_SP_INFO_REQUEST
            | name::GET_SEGMENT_REQUEST
            | name::MESSAGE_DELIVERED
    )
}
