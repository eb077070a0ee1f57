use crate::carrier::Direction;
use crate::carrier::cir::Bearer;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Ending, Event, Opening, Session, Signal};
use crate::time::{Seconds, Time};

/// Ports on which a phone takes pushes over UDP.
const PUSH_PORTS: [u16; 2] = [2948, 2949];

/// A wake-up after which the client says nothing.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let reaction = verdict.parameter("reaction");
    let mut judged_until = Time(i64::MIN);
    for call in session.signals.iter().filter(|signal| signal.is_wake_up() && reaches(signal)) {
        // One that does not name the session is polling/misaddressed-wake-up.
        if !call.by_cookie && session.cookie.is_some() && session.opening != Opening::MidStream {
            continue;
        }
        // A call that is repeated until the client speaks is one call.
        if call.time <= judged_until {
            continue;
        }
        let until = Time(call.time.0.saturating_add((reaction * 1e9) as i64));
        let said = |e: &&Event| e.direction == Direction::ClientToServer && e.spoken().is_some();
        let next = session.events.iter().filter(said).find(|e| e.end >= call.time);
        judged_until = next.map_or(Time(i64::MAX), |e| e.start);
        if judged_until <= until || is_over(session, until) || is_under_way(session, call.time) {
            continue;
        }
        // What is lost on the way is not ignored: over UDP only who is heard of later was there.
        if call.bearer != Bearer::Tcp && call.bearer != Bearer::Http && next.is_none() {
            continue;
        }
        if !verdict.trusts(session.watched_to(until).and_then(|()| session.intact(call.time, until))) {
            continue;
        }
        let waited = next.map_or(reaction, |e| e.start.since(call.time).0);
        let finding = verdict
            .find(
                format!("the client says nothing for {waited:.0} s after a wake-up"),
                Exhibit::signal(call, "the server calls"),
            )
            .cost(Cost { seconds: Some(Seconds(waited)), ..Cost::default() })
            .cause("ignored");
        if let Some(next) = next {
            finding.show(Exhibit::event(next, "the next that the client says"));
        }
    }
}

/// Whether a call that was captured is sure to be on its way to the client: a short message that was seen at the message
/// centre may wait for a phone that is off.
fn reaches(call: &Signal) -> bool {
    match call.bearer {
        Bearer::Tcp | Bearer::Udp | Bearer::Http => true,
        Bearer::Push => PUSH_PORTS.contains(&call.client_port),
        Bearer::Sms => false,
    }
}

/// Whether the session is over by then.
fn is_over(session: &Session, by: Time) -> bool {
    match session.ending {
        Some(Ending::Replaced { time }) => time <= by,
        Some(_) => session.ending_event().and_then(|ix| session.event(ix)).is_none_or(|e| e.start <= by),
        None => false,
    }
}

/// Whether a request of the client was under way at the time, whose answer may bring what the call is about.
fn is_under_way(session: &Session, at: Time) -> bool {
    session
        .transactions
        .iter()
        .filter(|t| t.initiator == Direction::ClientToServer)
        .any(|t| session.request(t).is_some_and(|e| e.start <= at) && session.answer(t).is_some_and(|e| e.end > at))
}
