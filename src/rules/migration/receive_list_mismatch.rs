use super::decided;
use crate::csp::message::Message;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// ReceiveList where 1.1 has none, or missing where 1.2 wants it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let parts = message.parts.iter().filter(|p| p.name == name::LIST_MANAGE_REQUEST);
    let requests: Vec<_> = parts.filter_map(|part| message.primitive(part)).collect();
    if requests.is_empty() {
        return;
    }
    let Some(version) = decided(message, verdict) else { return };
    for request in requests {
        let (place, fact) = match (version, request.child(name::RECEIVE_LIST)) {
            (Version::V11, Some(flag)) => (flag, "ListManage-Request of 1.1 carries ReceiveList, which came with 1.2"),
            (Version::V12, None) => (request, "ListManage-Request of 1.2 lacks ReceiveList"),
            _ => continue,
        };
        verdict.find(fact, Exhibit::message(message, Some(place), "as in another version")).cause(fact);
        return;
    }
}
