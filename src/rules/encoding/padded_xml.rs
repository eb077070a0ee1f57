use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Event, Session, Spoken};
use crate::syntax::Encoding;

/// A sender that lays out its XML for readers who are not there.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        // A payload larger than what crossed the network was compressed by the carrier: blanks cost next to nothing then.
        let plain = |e: &Event, s: &Spoken| {
            e.direction == direction && s.part.0 == 0 && s.encoding == Encoding::Xml && e.body_octets <= e.octets
        };
        let whole = session.events.iter().filter(|e| e.whole.is_whole());
        let said: Vec<(&Event, &Spoken)> =
            whole.filter_map(|e| Some((e, e.spoken()?))).filter(|(e, s)| plain(e, s)).collect();
        let all: u64 = said.iter().map(|(e, _)| u64::from(e.body_octets)).sum();
        let blank: u64 = said.iter().map(|(_, s)| u64::from(s.blank_octets)).sum();
        let share = blank as f64 * 100.0 / all.max(1) as f64;
        if share < verdict.parameter("max-share") || (blank as f64) < verdict.parameter("min-bytes") {
            continue;
        }
        let Some((event, spoken)) = said.iter().max_by_key(|(_, s)| s.blank_octets) else { continue };
        let (blanks, octets) = (spoken.blank_octets, event.body_octets);
        let label = format!("{blanks} octets of {octets} are white space");
        verdict
            .find(
                format!("{blank} of {all} octets of XML are white space between elements, {share:.0} %"),
                Exhibit::event(event, label),
            )
            .side(Side::sender(direction))
            .cost(Cost { octets: blank, ..Cost::default() })
            .cause(direction.name());
    }
}
