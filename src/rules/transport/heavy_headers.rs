use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Event, Session};

/// Messages whose carrier heads are far larger than what they carry.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        // What a gateway adds is not the client's.
        if direction == Direction::ClientToServer && session.gateway.as_deref().is_some_and(|g| g.between) {
            continue;
        }
        heavy(session, direction, verdict);
    }
}

fn heavy(session: &Session, direction: Direction, verdict: &mut Verdict<'_>) {
    // A payload larger than all that crossed the network was compressed.
    let plain = |e: &&Event| e.direction == direction && e.octets > 0 && e.body_octets <= e.octets;
    let messages: Vec<&Event> = session.events.iter().filter(|e| e.spoken().is_some()).filter(plain).collect();
    if messages.len() < verdict.count("min-requests") {
        return;
    }
    let head = |e: &&Event| e.octets - e.body_octets;
    let (heads, bodies) = (median(messages.iter().map(head)), median(messages.iter().map(|e| e.body_octets)));
    if f64::from(heads) < verdict.parameter("header-bytes") || u64::from(heads) < 2 * u64::from(bodies) {
        return;
    }
    let Some(heaviest) = messages.iter().rev().max_by_key(|e| head(e)) else { return };
    let all: u64 = messages.iter().map(|e| u64::from(head(e))).sum();
    let light = verdict.parameter("header-bytes") as u64 / 2 * messages.len() as u64;
    let sender = Side::sender(direction);
    verdict
        .find(
            format!(
                "half of the {} messages of the {} have heads of {heads} octets or more, for bodies of {bodies}",
                messages.len(),
                sender.name()
            ),
            Exhibit::event(heaviest, format!("{} octets before the body", head(heaviest))),
        )
        .side(sender)
        .cost(Cost { octets: all.saturating_sub(light), ..Cost::default() });
}

/// The upper median.
fn median(values: impl Iterator<Item = u32>) -> u32 {
    let mut values: Vec<u32> = values.collect();
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}
