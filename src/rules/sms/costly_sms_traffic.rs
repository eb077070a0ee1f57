use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::Encoding;

/// Octets of text in one short message behind its header.
const ROOM: u32 = 133;
/// The login and what belongs to it, in seconds from the first message.
const BEGINNING: f64 = 300.0;
const HOUR: f64 = 3600.0;

/// Traffic that costs a short message each time.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if session.encoding != Encoding::Pts {
        return;
    }
    by_the_clock(session, verdict);
    let parts = |e: &Event| u64::from(e.body_octets.div_ceil(ROOM));
    let most = verdict.parameter("max-parts");
    let long: Vec<(&Event, u64)> = session
        .events
        .iter()
        .filter(|e| e.spoken().is_some())
        .map(|e| (e, parts(e)))
        .filter(|(_, n)| *n as f64 >= most)
        .collect();
    let Some((worst, parts)) = long.iter().max_by_key(|(_, parts)| *parts) else { return };
    verdict
        .find(
            format!("a message of {} octets takes {parts} short messages", worst.body_octets),
            Exhibit::event(worst, format!("{parts} short messages")),
        )
        .cost(Cost::of(long.iter().map(|(event, _)| *event)))
        .cause("parts");
}

/// Polls and keep-alives that nothing called for.
fn by_the_clock(session: &Session, verdict: &mut Verdict<'_>) {
    let (Some(first), Some(last)) = (session.events.first(), session.events.last()) else { return };
    let hours = last.end.since(first.start).0 / HOUR;
    let mut called = false;
    let mut asked: Vec<(EventIx, &Event)> = Vec::new();
    for (ix, event) in session.indexed() {
        if event.direction == Direction::ServerToClient {
            called |= event.spoken().is_some_and(|spoken| spoken.poll == Some(true));
            continue;
        }
        let polls = event.asks(name::POLLING_REQUEST);
        if !(polls || event.asks(name::KEEP_ALIVE_REQUEST)) {
            continue;
        }
        let woken = polls && (called || session.signals.iter().any(|s| s.is_wake_up() && s.answer == Some(ix)));
        called &= !polls;
        if !woken && event.start.since(first.start).0 > BEGINNING {
            asked.push((ix, event));
        }
    }
    let Some((_, latest)) = asked.last() else { return };
    if hours < 1.0 || asked.len() as f64 <= verdict.parameter("max-rate") * hours {
        return;
    }
    if !verdict.trusts(session.intact(first.start, last.end)) {
        return;
    }
    verdict
        .find(
            format!("{} polls and keep-alives in {hours:.1} h, a short message each", asked.len()),
            Exhibit::event(latest, "by the clock"),
        )
        .cost(Cost::of(asked.iter().map(|(_, event)| *event)))
        .cause("clock");
}
