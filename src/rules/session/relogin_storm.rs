use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Attempt, ClientId, Subscriber};

/// How often a client may send the same octets again after no answer before it counts as a new login: as often as a
/// known client does.
const RESENT: usize = 3;

/// One client that logs in over and over without waiting longer each time.
pub(super) fn check(subscriber: &Subscriber, verdict: &mut Verdict<'_>) {
    let window = verdict.parameter("window");
    let most = verdict.count("max-logins").max(2);
    let mut clients: Vec<&ClientId> = subscriber.attempts.iter().map(|a| &a.client).collect();
    clients.sort_unstable();
    clients.dedup();
    for client in clients {
        let logins = logins(subscriber, client, verdict);
        let storm = logins.windows(most).find(|run| {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
            last.request.start.since(first.request.start).0 <= window && !waits_grow(run)
        });
        let Some((first, last, run)) = storm.and_then(|run| Some((run.first()?, run.last()?, run))) else { continue };
        verdict
            .find(
                format!(
                    "{most} logins of one client in {}, the waits between them not growing",
                    last.request.start.since(first.request.start)
                ),
                Exhibit::event(&last.request, format!("login number {most}")),
            )
            .show(Exhibit::event(&first.request, "the first of them"))
            .cost(Cost::of(run.iter().flat_map(|a| std::iter::once(&a.request).chain(&a.answer))))
            .user(&subscriber.user)
            .cause(format_args!("{} {client:?}", subscriber.user));
    }
}

/// The logins of a client that count: a multi-step login once, none that takes a session up again, that was left in good
/// order or that another rule speaks of.
fn logins<'s>(subscriber: &'s Subscriber, client: &ClientId, verdict: &mut Verdict<'_>) -> Vec<&'s Attempt> {
    let mut counted: Vec<&Attempt> = Vec::new();
    let mut before: Option<&Attempt> = None;
    let mut other_logged_in = false;
    let mut resent = 0;
    for attempt in &subscriber.attempts {
        if attempt.client != *client {
            other_logged_in |= attempt.session.is_some();
            continue;
        }
        let again = before.is_some_and(|before| before.answer.is_none() && same(before, attempt));
        resent = if again && resent < RESENT { resent + 1 } else { 0 };
        let follows =
            before.is_some_and(|before| before.challenged || refused(before) || attempt.version < before.version);
        // An answer that nobody heard may have asked for this one.
        let unheard = before.filter(|before| before.answer.is_none()).and_then(|before| before.unheard);
        if resent == 0
            && !follows
            && verdict.trusts(unheard.map_or(Ok(()), Err))
            && !other_logged_in
            && !attempt.resumes
            && !attempt.left
        {
            counted.push(attempt);
        }
        before = Some(attempt);
        other_logged_in = false;
    }
    counted
}

/// Whether the credentials were refused, or another client was in the way.
fn refused(attempt: &Attempt) -> bool {
    matches!(attempt.answer.as_ref().and_then(|a| a.code()), Some(401 | 409 | 601 | 603))
}

/// Whether two requests are the same octets.
fn same(a: &Attempt, b: &Attempt) -> bool {
    let sent = |a: &Attempt| a.request.spoken().map(|s| (s.id.clone(), s.fingerprint));
    sent(a) == sent(b)
}

/// Whether no wait is shorter than the one before and the last is half as long again as the first.
fn waits_grow(run: &[&Attempt]) -> bool {
    let waits: Vec<f64> =
        run.iter().zip(run.iter().skip(1)).map(|(a, b)| b.request.start.since(a.request.start).0).collect();
    let rising = waits.iter().zip(waits.iter().skip(1)).all(|(a, b)| *b >= a - 1.0);
    rising && waits.len() > 1 && waits.first().zip(waits.last()).is_some_and(|(first, last)| *last >= first * 1.5)
}
