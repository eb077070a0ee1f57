use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::{NameId, Node};

/// Codes by which a server says that it cannot do it now.
const NOT_NOW: [u16; 5] = [408, 500, 503, 504, 507];

/// A wait that is at least this much longer than the one before has grown.
const GROWN: f64 = 1.2;

/// The tries of one request that were refused for now: each request and its refusal.
type Tries<'s> = Vec<(EventIx, &'s Event, &'s Event)>;

/// A request tried again and again without waiting longer each time.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (most, least_wait) = (verdict.count("max-tries"), verdict.parameter("min-wait"));
    let mut running: HashMap<(NameId, u64), Tries<'_>> = HashMap::new();
    let mut over: Vec<Tries<'_>> = Vec::new();
    let ours = session.transactions.iter().filter(|t| t.initiator == Direction::ClientToServer);
    for transaction in ours.filter(|t| !matches!(t.name, name::POLLING_REQUEST | name::LOGIN_REQUEST)) {
        let Some((request, answer)) = session.request(transaction).zip(session.answer(transaction)) else { continue };
        let Some(spoken) = request.spoken().filter(|spoken| !spoken.cut) else { continue };
        let what = (transaction.name, spoken.fingerprint);
        if answer.code().is_some_and(|code| NOT_NOW.contains(&code)) {
            running.entry(what).or_default().push((transaction.request, request, answer));
        } else {
            over.extend(running.remove(&what));
        }
    }
    over.extend(running.into_values());
    over.retain(|tries| tries.len() >= most && is_hasty(tries, least_wait));
    over.sort_by_key(|tries| tries.first().map(|(ix, ..)| *ix));
    for tries in over {
        let (Some((_, first, refusal)), Some((_, last, _))) = (tries.first(), tries.last()) else { continue };
        if !verdict.trusts(session.intact(first.start, last.end)) {
            continue;
        }
        if verdict.is_full() {
            return;
        }
        let title = last.primitive().map_or("request", Node::spelling);
        let code = refusal.code().unwrap_or_default();
        let waits: Vec<String> = waits(&tries).take(4).map(|wait| format!("{wait:.1} s")).collect();
        verdict
            .find(
                format!("{title} is tried {} times after {code}, after {}", tries.len(), waits.join(", ")),
                Exhibit::event(last, "tried once more"),
            )
            .show(Exhibit::event(refusal, "not now"))
            .show(Exhibit::event(first, "the first try"))
            .cost(Cost::of_exchanges(session, tries.iter().skip(1).map(|(ix, ..)| *ix)))
            .cause(title);
    }
}

/// How long the client waited after each refusal before it tried again.
fn waits<'t>(tries: &'t Tries<'_>) -> impl Iterator<Item = f64> + 't {
    tries.iter().zip(tries.iter().skip(1)).map(|((_, _, refusal), (_, next, _))| next.start.since(refusal.end).0)
}

/// Whether the waits do not grow, or all are short.
fn is_hasty(tries: &Tries<'_>, least: f64) -> bool {
    let waits: Vec<f64> = waits(tries).collect();
    let grows = waits.iter().zip(waits.iter().skip(1)).all(|(before, after)| *after >= before * GROWN);
    !grows || waits.iter().all(|wait| *wait < least)
}
