use super::{SUBSCRIPTION_REFUSED, attributes, whom};
use crate::csp::address;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, EventIx, Session};
use crate::time::Time;

/// A reading of presence that was answered.
type Read<'s> = (EventIx, &'s Event);

/// The presence of the same users read over and over where a subscription would bring it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let refused = session
        .transactions_named(name::SUBSCRIBE_PRESENCE_REQUEST)
        .any(|t| session.outcome(t).is_some_and(|code| SUBSCRIPTION_REFUSED.contains(&code)));
    let agreed = session.agreed_at_end();
    if refused || agreed.refused.iter().any(|service| matches!(*service, name::PRESENCE_FEAT | name::MP)) {
        return;
    }
    let mut reads: Vec<Vec<Read<'_>>> = Vec::new();
    let mut by_subject: Keyed<(u64, u64), usize> = Keyed::default();
    for transaction in session.transactions_named(name::GET_PRESENCE_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let answered = session.outcome(transaction).is_some_and(|code| (200..300).contains(&code));
        let Some(subject) = whom(event).zip(attributes(event)).filter(|_| answered) else { continue };
        if is_about_self(event, session.user.as_deref()) {
            continue;
        }
        let place = *by_subject.entry(subject).or_insert(reads.len());
        match reads.get_mut(place) {
            Some(same) => same.push((transaction.request, event)),
            None => reads.push(vec![(transaction.request, event)]),
        }
    }
    for same in reads {
        report(session, &same, verdict);
    }
}

fn report(session: &Session, same: &[Read<'_>], verdict: &mut Verdict<'_>) {
    let least = verdict.count("min-count").max(2);
    let window = verdict.parameter("window");
    let refresh = verdict.parameter("refresh");
    let habit = same.windows(least).find(|run| {
        let ([(_, first), .., (_, last)], pairs) = (run, run.iter().zip(run.iter().skip(1))) else { return false };
        let mut by_hand = pairs.filter(|((_, a), (_, b))| b.start.since(a.start).0 > refresh);
        last.start.since(first.start).0 <= window && by_hand.next().is_none()
    });
    let Some([(_, first), (_, second), ..]) = habit else { return };
    // A refusal of subscriptions may have been said where nobody listened.
    if !verdict.trusts(session.opened().and_then(|()| session.intact(Time(i64::MIN), second.end))) {
        return;
    }
    verdict
        .find(
            format!("the presence of the same contacts is read {} times instead of subscribed to", same.len()),
            Exhibit::event(second, "read again"),
        )
        .show(Exhibit::event(first, "read here"))
        .cost(Cost::of_exchanges(session, same.iter().skip(1).map(|(ix, _)| *ix)));
}

/// Whether a request names nobody but the session's own user.
fn is_about_self(event: &Event, user: Option<&str>) -> bool {
    let Some((primitive, user)) = event.primitive().zip(user) else { return false };
    let mut users = primitive.descendants().filter(|n| n.name() == name::USER_ID).peekable();
    users.peek().is_some() && users.all(|n| address::same(n.text(), user))
}
