use std::collections::HashMap;

use crate::csp::{name, status};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::NameId;

/// A request that was refused for good, and when it was sent again.
struct Refused<'s> {
    code: u16,
    /// The latest refusal.
    refusal: EventIx,
    first_refusal: &'s Event,
    /// How many things had been created before the latest refusal.
    created: usize,
    repeats: Vec<EventIx>,
}

/// Requests sent again unchanged after a refusal that time does not heal.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let requests = refused_requests(session, verdict);
    for (request, refused) in requests {
        let Refused { code, first_refusal, repeats, .. } = refused;
        if repeats.len() < verdict.count("max-repeats").max(1) {
            continue;
        }
        let Some(again) = repeats.first().and_then(|ix| session.event(*ix)) else { continue };
        let title = name::spelling(request);
        let times = if repeats.len() == 1 { "once more" } else { &format!("{} more times", repeats.len()) };
        verdict
            .find(
                format!("{title} is sent {times}, unchanged, after it was refused with {code}"),
                Exhibit::event(again, "the same again"),
            )
            .show(Exhibit::event(first_refusal, format!("refused with {code}")))
            .cost(Cost::of_exchanges(session, repeats))
            .cause(format!("{title} {code}"));
    }
}

/// The refused requests in order of their first refusals.
fn refused_requests<'s>(session: &'s Session, verdict: &mut Verdict<'_>) -> Vec<(NameId, Refused<'s>)> {
    let window = verdict.parameter("window");
    let mut places: HashMap<(NameId, u64), usize> = HashMap::new();
    let mut found: Vec<(NameId, Refused<'_>)> = Vec::new();
    let mut created = 0;
    for transaction in session.client_requests() {
        let Some(event) = session.request(transaction) else { continue };
        let Some(spoken) = event.spoken() else { continue };
        let (name, outcome) = (transaction.name, session.outcome(transaction));
        // What was missing may be there now.
        created += usize::from(creates_something(name) && outcome.is_some_and(status::is_success));
        let refusal = outcome.filter(|c| status::is_permanent_refusal(*c) && !spoken_of_elsewhere(name, *c));
        let Some((code, answer, said)) =
            refusal.and_then(|code| Some((code, transaction.answer?, session.answer(transaction)?)))
        else {
            continue;
        };
        let key = (name, spoken.fingerprint);
        let before = places.get(&key).and_then(|i| found.get_mut(*i)).map(|(_, refused)| refused);
        if let Some(before) = before.filter(|b| b.created == created)
            && let Some(last) = session.event(before.refusal)
            && (0.0..=window).contains(&event.start.since(last.end).0)
        {
            if verdict.trusts(session.intact(last.start, event.end)) {
                before.repeats.push(transaction.request);
            }
            before.refusal = answer;
            continue;
        }
        places.insert(key, found.len());
        found.push((name, Refused { code, refusal: answer, first_refusal: said, created, repeats: Vec::new() }));
    }
    found
}

/// Refusals that have a rule of their own; what answers a poll is about another request.
fn spoken_of_elsewhere(request: NameId, code: u16) -> bool {
    matches!((request, code), (name::LOGIN_REQUEST | name::POLLING_REQUEST, _) | (name::CREATE_LIST_REQUEST, 701))
}

/// Whether a success of this request can make an earlier refusal moot.
fn creates_something(request: NameId) -> bool {
    matches!(
        request,
        name::CREATE_LIST_REQUEST
            | name::CREATE_GROUP_REQUEST
            | name::CREATE_ATTRIBUTE_LIST_REQUEST
            | name::JOIN_GROUP_REQUEST
            | name::LIST_MANAGE_REQUEST
            | name::ADD_GROUP_MEMBERS_REQUEST
            | name::SERVICE_REQUEST
            | name::CLIENT_CAPABILITY_REQUEST
    )
}
