use super::{Poll, woken};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Agreements, EventIx, Session};
use crate::time::Time;

/// How far a clock kept by a handset may be off, seconds.
const JITTER: f64 = 1.0;

/// A long run of empty polls at one distance, never slower.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    // With a channel that works it is polling/poll-despite-cir.
    let all: Vec<Poll<'_>> = woken(session).filter(|(_, woken)| !woken.up).map(|(poll, _)| poll).collect();
    let mut agreements = session.agreements();
    let longest = runs(&all, verdict.parameter("variation") / 100.0)
        .filter(|run| qualifies(run, &mut agreements, verdict))
        .max_by_key(|run| run.len());
    let Some((first, last, run)) = longest.and_then(|run| Some((run.first()?, run.last()?, run))) else { return };
    // What kind of client it is may have been agreed where nobody listened.
    let told = agreements.at(first.ix).client_type.is_some();
    let (opened, since) = if told { (Ok(()), first.event.start) } else { (session.opened(), Time(i64::MIN)) };
    if !verdict.trusts(opened.and_then(|()| session.intact(since, last.answer.end))) {
        return;
    }
    verdict
        .find(
            format!("{} empty polls in a row, one every {:.0} s, never slower", run.len(), mean_distance(run)),
            Exhibit::event(last.event, "still the same distance"),
        )
        .show(Exhibit::event(first.event, "the run begins"))
        .cost(Cost::of_exchanges(session, run.iter().map(|p| p.ix)));
}

fn mean_distance(run: &[Poll<'_>]) -> f64 {
    match (run.first(), run.last()) {
        (Some(first), Some(last)) if run.len() > 1 => {
            last.event.start.since(first.event.start).0 / (run.len() - 1) as f64
        }
        _ => 0.0,
    }
}

/// Whether a run is long and quick enough to be waste, and no quicker than agreed.
fn qualifies(run: &[Poll<'_>], agreements: &mut Agreements<'_>, verdict: &Verdict<'_>) -> bool {
    let Some(first) = run.first() else { return false };
    let agreed = agreements.at(first.ix);
    let least = agreed.server_poll_min.unwrap_or(0) as f64;
    let most = verdict.parameter("max-interval");
    let distance = mean_distance(run);
    run.len() >= verdict.count("min-run")
        && agreed.client_type.as_deref() != Some("COMPUTER")
        && distance < most - JITTER
        && distance + JITTER >= least
        && least <= most
}

/// The longest stretches of empty polls, nothing else between them, whose distances differ from the first by no more
/// than `variation`.
fn runs<'p, 's>(polls: &'p [Poll<'s>], variation: f64) -> impl Iterator<Item = &'p [Poll<'s>]> + use<'p, 's> {
    let mut rest = polls;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut length = 1;
        let mut distance = None;
        for (earlier, later) in rest.iter().zip(rest.iter().skip(1)) {
            let this = later.event.start.since(earlier.event.start).0;
            let usual = *distance.get_or_insert(this);
            let alone = [(earlier.ix, earlier.answer_ix), (earlier.answer_ix, later.ix)]
                .iter()
                .all(|(EventIx(before), EventIx(next))| before + 1 == *next);
            let same = (this - usual).abs() <= usual * variation;
            if !(earlier.found_nothing() && later.found_nothing() && alone && same) {
                break;
            }
            length += 1;
        }
        let (run, after) = rest.split_at(length);
        // A poll may end one run and begin the next.
        rest = if length > 1 && !after.is_empty() { rest.split_at(length - 1).1 } else { after };
        Some(run)
    })
}
