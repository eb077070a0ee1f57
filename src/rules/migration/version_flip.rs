use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Event, Session};

/// A session that goes on in another version than it began in.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut said = session.events.iter().filter(|event| {
        let decided = event.spoken().is_some_and(|spoken| spoken.version.is_some());
        // Until a login succeeds the client looks for the version that its server speaks.
        decided && event.whole.is_whole() && !(event.is(name::LOGIN_REQUEST) || event.is(name::LOGIN_RESPONSE))
    });
    let Some(first) = said.next() else { return };
    let version = |event: &Event| event.spoken().and_then(|spoken| spoken.version);
    let Some(flipped) = said.find(|event| version(event) != version(first)) else { return };
    let before = session.events.iter().filter(|e| e.end <= flipped.start && version(e) == version(first));
    // Of one answer it is not known who of the two changed.
    let Some(before) = before.last() else { return };
    let (Some(was), Some(is)) = (version(first), version(flipped)) else { return };
    // Of a session whose beginning was not seen another one may have the name.
    if before.flow != flipped.flow && session.opened().is_err() {
        return;
    }
    if !verdict.trusts(session.intact(before.start, flipped.end)) {
        return;
    }
    verdict
        .find(format!("the session goes on in CSP {is}, after CSP {was}"), Exhibit::event(flipped, format!("CSP {is}")))
        .show(Exhibit::event(before, format!("CSP {was}")))
        .side(if flipped.direction == Direction::ClientToServer { Side::Client } else { Side::Server });
}
