use crate::csp::message::integer;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, Transaction};

/// A keep-alive that came long before it was due.
struct Early<'s> {
    ix: EventIx,
    event: &'s Event,
    before: &'s Event,
    since: f64,
    granted: u64,
}

/// Keep-alives that come long before the granted time is used up.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let early = early(session, verdict);
    if early.len() < verdict.count("min-count") {
        return;
    }
    let Some(earliest) = early.iter().min_by(|a, b| a.since.total_cmp(&b.since)) else { return };
    let Early { event, before, since, granted, .. } = earliest;
    verdict
        .find(
            format!(
                "{} keep-alives sent while most of the granted {granted} s was left; the earliest {since:.1} s after \
                 another message",
                early.len()
            ),
            Exhibit::event(event, "needless so soon"),
        )
        .show(Exhibit::event(before, "this message kept the session alive"))
        .cost(Cost::of_exchanges(session, early.iter().map(|e| e.ix)));
}

/// Whether an answer grants a time.
fn grants(answer: &Event) -> bool {
    answer.primitive().is_some_and(|p| p.child(name::KEEP_ALIVE_TIME).is_some())
}

fn early<'s>(session: &'s Session, verdict: &mut Verdict<'_>) -> Vec<Early<'s>> {
    let share = verdict.parameter("early-share") / 100.0;
    let shortest = verdict.parameter("shortest-time");
    let mut agreements = session.agreements();
    let mut found = Vec::new();
    let mut asked: Option<u64> = None;
    let mut last: Option<&Transaction> = None;
    // The request whose answer granted the time, of those that come after the login.
    let mut granting: Option<&Event> = None;
    for transaction in session.transactions_named(name::KEEP_ALIVE_REQUEST) {
        let earlier = last.replace(transaction);
        if let Some(t) = earlier.filter(|t| session.answer(t).is_some_and(grants)) {
            granting = session.event(t.request);
        }
        let ix = transaction.request;
        let Some(event) = session.event(ix) else { continue };
        let wished = event.primitive().and_then(|p| p.child(name::TIME_TO_LIVE)).and_then(integer);
        let new_time = wished.is_some() && wished != asked;
        asked = wished.or(asked);
        let Some(granted) = agreements.at(ix).keep_alive_time.filter(|t| *t as f64 >= shortest) else { continue };
        let Some((_, before)) = session.previous_from_client(ix) else { continue };
        let retry = before.is(name::KEEP_ALIVE_REQUEST)
            && earlier.is_none_or(|t| session.outcome(t) != Some(200) || t.answer > Some(ix));
        let since = event.start.since(before.end).0;
        if !new_time
            && !retry
            && (0.0..granted as f64 * share).contains(&since)
            && verdict.trusts(session.intact(granting.map_or(before.start, |g| g.start.min(before.start)), event.end))
        {
            found.push(Early { ix, event, before, since, granted });
        }
    }
    found
}
