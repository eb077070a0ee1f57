use crate::carrier::cir::{Bearer, Kind};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Session, Signal};

/// A channel that is tended more often than it needs.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    for (bearer, least, what) in [
        (Bearer::Tcp, verdict.parameter("min-ping"), "PING lines"),
        (Bearer::Http, verdict.parameter("min-check"), "checks over HTTP"),
    ] {
        let pings: Vec<&Signal> = tended(session, bearer);
        let (Some(first), Some(last)) = (pings.first(), pings.last()) else { continue };
        if pings.len() < verdict.count("min-count") {
            continue;
        }
        let mean = last.time.since(first.time).0 / (pings.len() - 1).max(1) as f64;
        // A clock that stands still measures nothing.
        if !(mean > 0.0 && mean < least && verdict.trusts(session.intact(first.time, last.time))) {
            continue;
        }
        verdict
            .find(
                format!("{} {what}, one every {mean:.0} s", pings.len()),
                Exhibit::signal(last, format!("{mean:.0} s apart")),
            )
            .show(Exhibit::signal(first, "the first of them"))
            .cost(Cost { round_trips: pings.len() as u64, ..Cost::default() })
            .cause(bearer.name());
    }
}

/// The longest run of questions that were answered as one expects, each on the channel of the one before: one without
/// answer is asked again soon, and after a check that finds something the next is due when the client likes.
fn tended(session: &Session, bearer: Bearer) -> Vec<&Signal> {
    let mut signals = session.signals.iter().filter(|signal| signal.bearer == bearer).peekable();
    let (mut longest, mut run): (Vec<&Signal>, Vec<&Signal>) = (Vec::new(), Vec::new());
    while let Some(signal) = signals.next() {
        match signal.kind {
            Some(Kind::Ping) => {
                let answered = signals.peek().is_some_and(|next| next.kind == Some(Kind::Ok));
                if bearer == Bearer::Tcp && run.last().is_some_and(|before| before.flow != signal.flow) {
                    run.clear();
                }
                run.push(signal);
                if run.len() > longest.len() {
                    longest.clone_from(&run);
                }
                if !answered {
                    run.clear();
                }
            }
            Some(Kind::Ok) => {}
            Some(Kind::Hello | Kind::WakeUp) | None => {
                if bearer == Bearer::Http {
                    run.clear();
                }
            }
        }
    }
    longest
}
