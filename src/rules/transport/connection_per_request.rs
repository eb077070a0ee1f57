use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit, Side};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, Session, What};

/// Octets of a TCP handshake and its end on an Ethernet without options: six frames of 54.
const HANDSHAKE_OCTETS: u64 = 6 * 54;
/// How long an unanswered request counts as still under way, seconds.
const UNDER_WAY: f64 = 120.0;

/// A request that opened a connection soon after an answer on another one.
struct Opened<'s> {
    answer: &'s Event,
    request: &'s Event,
    /// Whether it was the server that ended the connection of the answer, unasked.
    by_server: bool,
}

/// A new TCP connection for nearly every request although the last one was answered a moment ago.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if session.events.iter().filter(|event| event.opens_flow).count() < verdict.count("min-requests") {
        return;
    }
    let (opened, follow_ups) = follow_ups(session, verdict.parameter("idle-window"));
    let share = verdict.parameter("share") / 100.0;
    if opened.len() < verdict.count("min-requests") || (opened.len() as f64) < share * follow_ups as f64 {
        return;
    }
    let Some(Opened { answer, request, .. }) = opened.first() else { return };
    let by_server = opened.iter().filter(|o| o.by_server).count() * 2 > opened.len();
    let label = if by_server { "the server ends the connection" } else { "answered a moment ago" };
    verdict
        .find(
            format!(
                "{} of {follow_ups} requests that followed closely on an answer opened a new connection",
                opened.len()
            ),
            Exhibit::event(request, "on a new connection"),
        )
        .show(Exhibit::event(answer, label))
        .side(if by_server { Side::Server } else { Side::Client })
        .cost(Cost { octets: HANDSHAKE_OCTETS * opened.len() as u64, round_trips: opened.len() as u64, seconds: None });
}

/// The requests sent within `window` seconds of an answer, nothing being under way: those that opened a connection,
/// and how many there are.
fn follow_ups(session: &Session, window: f64) -> (Vec<Opened<'_>>, usize) {
    let mut opened = Vec::new();
    let mut count = 0;
    let mut under_way: Keyed<(FlowNo, u32), &Event> = Keyed::default();
    let mut answered: Option<(&Event, bool)> = None;
    for event in &session.events {
        let exchange = (event.flow, event.exchange);
        match (&event.what, event.direction) {
            (What::Gap { .. }, _) => answered = None,
            (_, Direction::ServerToClient) => {
                if let Some(request) = under_way.remove(&exchange) {
                    answered = Some((event, event.closes_flow && !request.closes_flow));
                }
            }
            (_, Direction::ClientToServer) => {
                under_way.retain(|_, asked| event.start.since(asked.end).0 <= UNDER_WAY);
                let alone = under_way.is_empty();
                let new = under_way.insert(exchange, event).is_none();
                let Some((answer, by_server)) = answered.filter(|_| alone && new) else { continue };
                if !(0.0..window).contains(&event.start.since(answer.end).0) {
                    continue;
                }
                count += 1;
                if event.opens_flow && event.flow != answer.flow {
                    opened.push(Opened { answer, request: event, by_server });
                }
            }
        }
    }
    (opened, count)
}
