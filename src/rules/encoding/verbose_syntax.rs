use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, Session};
use crate::syntax::Encoding;

/// A handset that speaks XML where WBXML would have said the same in far fewer octets.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if !is_handset(session) {
        return;
    }
    let whole = session.events.iter().filter(|e| e.whole.is_whole());
    let said: Vec<_> = whole.filter_map(|e| Some((e, e.spoken()?))).collect();
    // A payload larger than all that crossed the network was compressed by the carrier.
    let all_plain_xml = said.iter().all(|(e, s)| s.encoding == Encoding::Xml && e.body_octets <= e.octets);
    let messages = said.iter().filter(|(e, _)| e.octets > 0).count();
    if !all_plain_xml || messages < verdict.count("min-messages") {
        return;
    }
    let (xml, wbxml) = said
        .iter()
        .fold((0_u64, 0_u64), |(x, w), (_, s)| (x + u64::from(s.lean_octets.0), w + u64::from(s.lean_octets.1)));
    let saved = xml.saturating_sub(wbxml);
    let share = saved as f64 / xml.max(1) as f64;
    if share < verdict.parameter("min-saving") / 100.0 || (saved as f64) < verdict.parameter("min-bytes") {
        return;
    }
    let Some(event) = largest(session) else { return };
    verdict
        .find(
            format!(
                "{messages} messages of a handset in XML take {xml} octets of payload; as WBXML they would take \
                 about {wbxml}, {:.0} % less",
                share * 100.0
            ),
            Exhibit::event(event, "the largest of them"),
        )
        .cost(Cost { octets: saved, ..Cost::default() });
}

/// Whether the client calls itself a phone or a PDA: in its capabilities, else in its presence.
fn is_handset(session: &Session) -> bool {
    let handset = |kind: &str| matches!(kind, "MOBILE_PHONE" | "PDA");
    match session.agreed_at_end().client_type {
        Some(kind) => handset(&kind),
        None => session
            .events
            .iter()
            .filter(|e| e.asks(name::UPDATE_PRESENCE_REQUEST))
            .filter_map(|e| e.primitive()?.find(name::CLIENT_INFO)?.child(name::CLIENT_TYPE))
            .next_back()
            .is_some_and(|kind| handset(kind.text())),
    }
}

fn largest(session: &Session) -> Option<&Event> {
    session.events.iter().filter(|e| e.spoken().is_some()).max_by_key(|e| e.body_octets)
}
