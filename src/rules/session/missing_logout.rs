use crate::carrier::Direction;
use crate::csp::namespace::Version;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Ending, Opening, Session};
use crate::time::{Seconds, Time};

/// A session that ends by silence: the client goes away and never says so.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (Opening::Login { answer, .. } | Opening::OutOfBand { answer }) = session.opening else { return };
    let Some(granted) = session.agreed_at_end().keep_alive_time.filter(|_| session.last) else { return };
    let last = session.indexed().rfind(|(_, e)| e.direction == Direction::ClientToServer && e.exchange > 0);
    let Some((place, last)) = last else { return };
    // Who gets no answer may have lost the network.
    let answered = session
        .after(place)
        .any(|(_, e)| e.direction == Direction::ServerToClient && (e.flow, e.exchange) == (last.flow, last.exchange));
    if !answered {
        return;
    }
    let after = |times: u64| {
        Time(last.end.0.saturating_add_unsigned(granted.saturating_mul(times).saturating_mul(1_000_000_000)))
    };
    let silent = match session.ending {
        None => session.watched_until >= after(2),
        // In 1.3 the new login may take the old session up again.
        Some(Ending::Replaced { time }) if session.version == Some(Version::V13) => time >= after(2),
        Some(Ending::Replaced { time }) => time >= after(1),
        Some(_) => return,
    };
    if !silent || !verdict.trusts(session.complete()) {
        return;
    }
    let draft = verdict
        .find(
            format!("the session ends in silence: nothing from the client in {granted} s, and no Logout-Request"),
            Exhibit::event(last, "the last the client says"),
        )
        .cost(Cost { seconds: Some(Seconds(granted as f64)), ..Cost::default() });
    if let Some(login) = session.event(answer) {
        draft.show(Exhibit::event(login, format!("the session may be idle for {granted} s")));
    }
}
