use std::collections::BTreeMap;

use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Attempt, ClientId, Doubt, Proof, Subscriber};
use crate::time::Seconds;

/// Logins repeated by one client after the password was refused.
pub(super) fn check(subscriber: &Subscriber, verdict: &mut Verdict<'_>) {
    let mut by_client: BTreeMap<&ClientId, Vec<&Attempt>> = BTreeMap::new();
    for attempt in &subscriber.attempts {
        // A challenge and the request for it are the first half of a login.
        if attempt.proof != Proof::Schemas && !attempt.challenged {
            by_client.entry(&attempt.client).or_default().push(attempt);
        }
    }
    for tries in by_client.values() {
        guesses(subscriber, tries, verdict);
    }
}

fn guesses(subscriber: &Subscriber, tries: &[&Attempt], verdict: &mut Verdict<'_>) {
    let window = Seconds(verdict.parameter("window"));
    let same_window = Seconds(verdict.parameter("same-window"));
    let most = verdict.count("max-tries").max(2);
    let many = tries.windows(most).find_map(|run| {
        let (first, last) = (*run.first()?, *run.last()?);
        let span = last.request.start.since(first.request.start);
        let guessed = run.iter().zip(run.iter().skip(1)).all(|(refused, again)| follows(refused, again));
        (guessed && span <= window)
            .then(|| (first, last, format!("{most} logins in {span}, each after the one before was refused")))
    });
    let same = || {
        tries.iter().zip(tries.iter().skip(1)).find_map(|(refused, again)| {
            let equal = matches!(refused.proof, Proof::Password(_)) && refused.proof == again.proof;
            let later = again.request.start.since(refused.request.start);
            (equal && follows(refused, again) && later <= same_window)
                .then(|| (*refused, *again, format!("the password that was refused is tried again {later} later")))
        })
    };
    let Some((first, last, message)) = many.or_else(same) else { return };
    for event in [Some(&first.request), first.answer.as_ref(), Some(&last.request)].into_iter().flatten() {
        if !event.whole.is_whole() {
            Doubt::of(event.whole).into_iter().for_each(|doubt| verdict.doubt(doubt));
            return;
        }
    }
    let again = tries.iter().zip(tries.iter().skip(1)).filter(|(refused, again)| follows(refused, again));
    let cost = Cost::of(again.flat_map(|(_, again)| std::iter::once(&again.request).chain(&again.answer)));
    let draft = verdict
        .find(message, Exhibit::event(&last.request, "tried again"))
        .user(&subscriber.user)
        .cost(cost)
        .cause(format_args!("{} {:?}", subscriber.user, first.client));
    if let Some(refusal) = &first.answer {
        draft.show(Exhibit::event(refusal, "refused"));
    }
}

/// Whether a login follows upon the refusal of another, and does not answer a question that came with the refusal.
fn follows(refused: &Attempt, again: &Attempt) -> bool {
    let Some(refusal) = refused.answer.as_ref() else { return false };
    let answers_question =
        again.request.primitive().is_some_and(|p| p.child(name::SYSTEM_MESSAGE_RESPONSE_LIST).is_some());
    was_refused(refused) && refusal.end <= again.request.start && !answers_question
}

/// Refused for its password: 409, or 401 that is no challenge.
fn was_refused(attempt: &Attempt) -> bool {
    let Some(answer) = attempt.answer.as_ref() else { return false };
    match answer.code() {
        Some(409) => true,
        Some(401) => answer.primitive().is_some_and(|p| p.child(name::DIGEST_SCHEMA).is_none()),
        _ => false,
    }
}
