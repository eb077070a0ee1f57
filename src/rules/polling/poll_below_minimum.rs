use super::{Poll, Woken, woken};
use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Session, What};

/// A poll sooner after an empty one than agreed.
struct Hasty<'s> {
    earlier: &'s Poll<'s>,
    later: &'s Poll<'s>,
    distance: f64,
    least: u64,
}

/// Polls that follow one that found nothing sooner than agreed.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let tolerance = verdict.parameter("tolerance");
    let all: Vec<(Poll<'_>, Woken)> = woken(session).collect();
    let mut agreements = session.agreements();
    let mut hasty: Vec<Hasty<'_>> = Vec::new();
    for ((earlier, _), (later, woken)) in all.iter().zip(all.iter().skip(1)) {
        let agreed = agreements.at(later.ix);
        let Some(least) = agreed.server_poll_min else { continue };
        // A wake-up may have come where nobody listened; then something was waiting.
        let called = woken.called || woken.up || !agreed.cir_methods.is_empty() && !later.found_nothing();
        let distance = later.event.start.since(earlier.event.start).0;
        if earlier.found_nothing()
            && !called
            && later.event.start >= earlier.answer.end
            // A clock that stands still or goes back measures nothing.
            && distance > 0.0
            && distance < least as f64 - tolerance
            && nothing_came_between(session, earlier, later)
            && verdict.trusts(session.intact(earlier.event.start, later.event.end))
        {
            hasty.push(Hasty { earlier, later, distance, least });
        }
    }
    let Some(worst) = hasty.iter().min_by(|a, b| a.distance.total_cmp(&b.distance)) else { return };
    let Hasty { earlier, later, distance, least } = worst;
    let (polls, come) = if hasty.len() == 1 { ("poll", "comes") } else { ("polls", "come") };
    verdict
        .find(
            format!(
                "{} {polls} {come} sooner than the agreed {least} s after one that found nothing; the shortest distance \
                 is {distance:.1} s",
                hasty.len()
            ),
            Exhibit::event(later.event, format!("{distance:.1} s after the poll before")),
        )
        .show(Exhibit::event(earlier.answer, "nothing was waiting"))
        .cost(Cost::of_exchanges(session, hasty.iter().map(|h| h.later.ix)));
}

/// Whether the server said nothing between the empty answer and the next poll.
fn nothing_came_between(session: &Session, earlier: &Poll<'_>, later: &Poll<'_>) -> bool {
    session
        .after(earlier.answer_ix)
        .take_while(|(ix, _)| *ix < later.ix)
        .all(|(_, e)| e.direction == Direction::ClientToServer || matches!(e.what, What::Empty { .. }))
}
