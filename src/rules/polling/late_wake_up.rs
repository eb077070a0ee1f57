use super::calls;
use crate::carrier::cir::Bearer;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, Session, Signal};
use crate::time::Seconds;

/// Wake-ups whose polls come late as a rule.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let reaction = verdict.parameter("reaction");
    let (most, most_by_sms) = (verdict.parameter("max-latency"), verdict.parameter("max-latency-sms"));
    let mut timed: Vec<(f64, f64, &Signal, &Event)> = calls(session)
        .filter_map(|call| {
            let poll = session.event(call.answer?)?;
            let latency = poll.start.since(call.time).0;
            // A push may have come as a short message.
            let slow = matches!(call.bearer, Bearer::Sms | Bearer::Push);
            let most = if slow { most_by_sms } else { most };
            (latency <= reaction).then_some((latency / most, latency, call, poll))
        })
        .collect();
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Of an even number the lower one of the two in the middle.
    let Some((share, latency, call, poll)) = timed.get(timed.len().saturating_sub(1) / 2) else { return };
    if timed.len() < verdict.count("min-count") || *share < 1.0 {
        return;
    }
    if !verdict.trusts(session.intact(call.time, poll.end)) {
        return;
    }
    let waited: f64 = timed.iter().map(|(_, latency, ..)| latency).sum();
    verdict
        .find(
            format!("half of {} wake-ups are answered {latency:.1} s later or later still", timed.len()),
            Exhibit::event(poll, format!("{latency:.1} s after the call")),
        )
        .show(Exhibit::signal(call, "the server calls"))
        .cost(Cost { seconds: Some(Seconds(waited)), ..Cost::default() });
}
