use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Event, Opening, Session};
use crate::syntax::Encoding;

/// XML in a session whose client speaks WBXML.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let said = || session.events.iter().filter_map(|e| Some((e, e.spoken()?)));
    let of_client = |e: &Event| e.direction == Direction::ClientToServer;
    let Some((first, _)) = said().find(|(e, s)| of_client(e) && s.encoding == Encoding::Wbxml) else { return };
    // An answer that a web page brought to the client is in the syntax of the page.
    let by_web = |e: &Event| matches!(session.opening, Opening::OutOfBand { .. }) && e.is(name::LOGIN_RESPONSE);
    let switched: Vec<&Event> =
        said().filter(|(e, s)| s.encoding == Encoding::Xml && e.octets > 0 && !by_web(e)).map(|(e, _)| e).collect();
    let Some(turn) = switched.first() else { return };
    let side = Side::sender(turn.direction);
    let lean = |e: &&Event| e.spoken().map_or(0, |s| s.lean_octets.0.saturating_sub(s.lean_octets.1));
    let wasted: u64 = switched.iter().map(lean).map(u64::from).sum();
    verdict
        .find(
            format!(
                "the {} writes XML in a session in WBXML, in {} message{}",
                side.name(),
                switched.len(),
                if switched.len() == 1 { "" } else { "s" }
            ),
            Exhibit::event(turn, "this is XML"),
        )
        .show(Exhibit::event(first, "the client speaks WBXML"))
        .side(side)
        .cost(Cost { octets: wasted, ..Cost::default() });
}
