use super::{attributes, whom};
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};

/// A subscription to one user.
struct Single<'s> {
    place: EventIx,
    event: &'s Event,
    user: u64,
    attributes: u64,
}

/// Contacts subscribed to one request each, in a run.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let gap = verdict.parameter("run-gap");
    let least = verdict.count("min-run");
    let singles =
        session.transactions_named(name::SUBSCRIBE_PRESENCE_REQUEST).filter_map(|t| single(session, t.request));
    let mut causes = session.indexed().filter(|(_, e)| brings_a_contact(e)).map(|(ix, _)| ix).peekable();
    let mut run: Vec<Single<'_>> = Vec::new();
    let mut runs: Vec<Vec<Single<'_>>> = Vec::new();
    for single in singles {
        let mut caused = false;
        while causes.next_if(|cause| *cause < single.place).is_some() {
            caused = true;
        }
        let goes_on = run.last().is_some_and(|last| {
            !caused && last.attributes == single.attributes && single.event.start.since(last.event.end).0 <= gap
        });
        if !goes_on {
            runs.push(std::mem::take(&mut run));
        }
        // The same user once more is a second try, not a further contact.
        if run.last().is_none_or(|last| last.user != single.user) {
            run.push(single);
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() >= least);
    // The longest of those that can be trusted, the first of equals.
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    let trusted = runs.into_iter().find(|run| {
        let ends = run.first().zip(run.last());
        ends.is_some_and(|(first, last)| verdict.trusts(session.intact(first.event.start, last.event.end)))
    });
    let Some(longest) = trusted else { return };
    let [first, second, ..] = longest.as_slice() else { return };
    verdict
        .find(
            format!("{} contacts are subscribed to one by one, a request each", longest.len()),
            Exhibit::event(second.event, "one more contact, the same attributes"),
        )
        .show(Exhibit::event(first.event, "the first of the run"))
        .cost(Cost::of_exchanges(session, longest.iter().skip(1).map(|single| single.place)));
}

fn single(session: &Session, place: EventIx) -> Option<Single<'_>> {
    let event = session.event(place)?;
    let mut named = event.primitive()?.descendants().filter(|n| matches!(n.name(), name::USER_ID | name::CONTACT_LIST));
    let one_user = named.next().is_some_and(|n| n.name() == name::USER_ID) && named.next().is_none();
    let (user, attributes) = whom(event).zip(attributes(event)).filter(|_| one_user)?;
    Some(Single { place, event, user, attributes })
}

/// Whether a subscription to a single user may follow from it: a contact added by hand, or somebody who asks.
fn brings_a_contact(event: &Event) -> bool {
    event.asks(name::LIST_MANAGE_REQUEST)
        || event.asks(name::CREATE_LIST_REQUEST)
        || event.is(name::PRESENCE_AUTH_REQUEST)
        || event.is(name::INVITE_USER_REQUEST)
        || event.is(name::INVITE_RESPONSE)
}
