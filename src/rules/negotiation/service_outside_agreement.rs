use super::{Event, EventIx, NameId, Session, Verdict, between, losses};
use crate::csp::feature::is_under;
use crate::csp::{name, transaction};
use crate::finding::{Cost, Exhibit, Side};
use crate::session::{Agreed, Transaction};

/// A primitive used whose function was asked for and not agreed.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut negotiations: Vec<(EventIx, &Transaction)> = session
        .transactions
        .iter()
        .filter(|t| matches!(t.name, name::SERVICE_REQUEST | name::LOGIN_REQUEST))
        .filter_map(|t| Some((t.answer?, t)))
        .collect();
    negotiations.sort_unstable_by_key(|(answer, _)| *answer);
    let mut negotiations = negotiations.into_iter().peekable();
    let (mut agreed, mut answer) = (Agreed::clone(&session.agreed), None);
    let mut outside = Vec::new();
    for used in &session.transactions {
        while let Some((ix, negotiation)) = negotiations.next_if(|(answer, _)| *answer < used.request) {
            agreed.apply(session, negotiation);
            answer = Some(ix);
        }
        if let Some(refused) = refusal(&agreed, used.name) {
            outside.push((used, refused, answer));
        }
    }
    // A server that serves what it listed listed what it has, not what it refuses.
    if outside.iter().any(|(used, ..)| session.outcome(used).is_some_and(|code| code < 300)) {
        return;
    }
    let losses = losses(session);
    for (used, refused, answer) in outside {
        let Some(event) = session.request(used).filter(|_| session.outcome(used).is_some()) else { continue };
        if let Some(doubt) = between(&losses, answer.unwrap_or(EventIx(0)), used.request) {
            verdict.doubt(*doubt);
            continue;
        }
        let draft = verdict
            .find(
                format!("{} used although {} was not agreed", title(event), name::spelling(refused)),
                Exhibit::event(event, "used all the same"),
            )
            .side(Side::sender(event.direction))
            .cost(Cost::of_exchanges(session, [used.request]))
            .cause(title(event));
        let answer = answer.and_then(|ix| session.event(ix));
        if let Some((answer, node)) =
            answer.and_then(|a| Some((a, a.primitive()?.child(name::FUNCTIONS)?.find(refused)?)))
        {
            draft.show(Exhibit::element(answer, node, "not agreed"));
        }
    }
}

/// The branch of the service tree that was refused and that a primitive needs.
fn refusal(agreed: &Agreed, primitive: NameId) -> Option<NameId> {
    let path = transaction::token_of(primitive)?;
    let refused = [path.feature, path.function, path.token].into_iter().find(|step| agreed.refused.contains(step))?;
    let wanted = |asked: &NameId| is_under(refused, *asked) || is_under(*asked, refused);
    agreed.asked.iter().any(wanted).then_some(refused)
}

fn title(event: &Event) -> &str {
    event.primitive().map_or("primitive", crate::syntax::Node::spelling)
}
