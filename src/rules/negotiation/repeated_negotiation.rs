use super::{Event, EventIx, NameId, Opening, Session, Verdict, between};
use crate::carrier::Direction;
use crate::csp::message::{fingerprint, flag};
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::session::Transaction;
use crate::syntax::Node;

/// The same negotiation again after it succeeded, with nothing new to say.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let turns = turns(session);
    for (primitive, list) in
        [(name::CLIENT_CAPABILITY_REQUEST, name::CAPABILITY_LIST), (name::SERVICE_REQUEST, name::FUNCTIONS)]
    {
        let mut settled = settled_at_login(session, list);
        for transaction in session.transactions_named(primitive) {
            let Some(event) = session.request(transaction) else { continue };
            let Some(asked) = event.primitive().and_then(|p| asked(p, list)) else { continue };
            let earlier = settled.filter(|(_, before)| *before == asked).map(|(ix, _)| ix);
            if let Some((ix, earlier)) = earlier.and_then(|ix| Some((ix, session.event(ix)?))) {
                let turned = between(&turns, EventIx(ix.0 + 1), transaction.request).is_some();
                if !turned && verdict.trusts(session.intact(earlier.start, event.end)) {
                    report(session, transaction, event, earlier, verdict);
                }
            }
            if session.outcome(transaction) == Some(200) {
                settled = transaction.answer.map(|answer| (answer, asked));
            }
        }
    }
}

fn report(session: &Session, again: &Transaction, event: &Event, earlier: &Event, verdict: &mut Verdict<'_>) {
    let what = if again.name == name::SERVICE_REQUEST { "services" } else { "capabilities" };
    verdict
        .find(
            format!(
                "{what} negotiated again {} after they were agreed, with equal content",
                event.start.since(earlier.end)
            ),
            Exhibit::event(event, "the same again"),
        )
        .show(Exhibit::event(earlier, "agreed here"))
        .cost(Cost::of_exchanges(session, [again.request]))
        .cause(what);
}

/// What a negotiation asks for, comparable: the list, and whether all functions are to be told.
fn asked(primitive: Node<'_>, list: NameId) -> Option<(u64, Option<bool>)> {
    let all = primitive.child(name::ALL_FUNCTIONS_REQUEST).and_then(flag).filter(|all| *all);
    Some((fingerprint(primitive.child(list)?), all))
}

/// The login answer that settled a negotiation already (1.3), and what had been asked for.
fn settled_at_login(session: &Session, list: NameId) -> Option<(EventIx, (u64, Option<bool>))> {
    let Opening::Login { request, answer, .. } = session.opening else { return None };
    let request = session.event(request)?.primitive()?;
    let given = session.event(answer)?.primitive()?;
    let both = [name::AGREED_CAPABILITY_LIST, name::FUNCTIONS].into_iter().all(|wanted| given.child(wanted).is_some());
    let over = given.child(name::CAPABILITY_REQUEST).and_then(flag) == Some(false);
    Some((answer, asked(request, list)?)).filter(|_| both && over)
}

/// Where negotiating again became due, in order: a lost CIR channel, a refusal with 506, a wish for capabilities.
fn turns(session: &Session) -> Vec<(EventIx, ())> {
    let turn = |(ix, event): (EventIx, &Event)| {
        let wish = event.primitive().and_then(|p| p.child(name::CAPABILITY_REQUEST)).and_then(flag);
        let no_channel = event.spoken().is_some_and(|s| s.cir == Some(false));
        let due = event.code() == Some(506) || no_channel || wish == Some(true);
        (due && event.direction == Direction::ServerToClient).then_some((ix, ()))
    };
    session.indexed().filter_map(turn).collect()
}
