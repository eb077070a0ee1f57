use crate::carrier::Direction;
use crate::csp::message::integer;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::Node;

/// What a client said it can parse at most: the request that said so, and the answer from which on it holds.
struct Limit<'s> {
    event: &'s Event,
    place: Node<'s>,
    octets: u64,
    from: EventIx,
}

/// Server messages larger than the client can parse.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut limits = limits(session).into_iter().peekable();
    let mut limit: Option<Limit<'_>> = None;
    for (ix, event) in session.indexed() {
        while let Some(next) = limits.next_if(|l| l.from < ix) {
            limit = Some(next);
        }
        let Some(limit) = &limit else { continue };
        let from_server = event.direction == Direction::ServerToClient && event.spoken().is_some();
        let beyond = u64::from(event.body_octets).saturating_sub(limit.octets);
        if !from_server || beyond == 0 || limit.octets == 0 {
            continue;
        }
        // A later list in a part that is missing may have raised it.
        if !verdict.trusts(session.intact(limit.event.start, event.end)) {
            continue;
        }
        if verdict.is_full() {
            return;
        }
        let title = event.primitive().map_or("a message", Node::spelling);
        verdict
            .find(
                format!("{title} takes {} octets, {beyond} more than ParserSize", event.body_octets),
                Exhibit::event(event, format!("{} octets", event.body_octets)),
            )
            .show(Exhibit::element(limit.event, limit.place, format!("{} octets at most", limit.octets)))
            .cost(Cost::of([event]))
            .cause(title);
    }
}

/// The limits that the client announced and that were answered, in order.
fn limits(session: &Session) -> Vec<Limit<'_>> {
    let negotiations =
        session.transactions.iter().filter(|t| matches!(t.name, name::CLIENT_CAPABILITY_REQUEST | name::LOGIN_REQUEST));
    let limit = |t: &crate::session::Transaction| {
        let event = session.request(t)?;
        let from = t.answer.filter(|_| session.outcome(t).is_some_and(|code| (200..300).contains(&code)))?;
        let place = event.primitive()?.at(&[name::CAPABILITY_LIST, name::PARSER_SIZE])?;
        Some(Limit { event, place, octets: integer(place)?, from })
    };
    let whole = |l: &Limit<'_>| l.event.whole.is_whole();
    let mut limits: Vec<Limit<'_>> = negotiations.filter_map(limit).filter(whole).collect();
    limits.sort_by_key(|l| l.from);
    limits
}
