use crate::carrier::{Carrier, Direction};
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Session, Transaction};
use crate::syntax::Node;
use crate::time::Seconds;

/// The port of WSP without WTP, as in IANA's registry.
const CONNECTIONLESS: u16 = 9200;

/// How far apart packets may be that were captured in the wrong order, in seconds: whoever closes right behind the request
/// may be the client.
const MIXED_UP: f64 = 0.02;

/// A POST that its carrier never answers.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    if transaction.initiator != Direction::ClientToServer || transaction.answer.is_some() {
        return;
    }
    let Some(event) = session.request(transaction).filter(|e| e.exchange > 0) else { return };
    let Some(spoken) = event.spoken().filter(|spoken| spoken.part.0 == 0) else { return };
    let (flow, exchange) = (event.flow, event.exchange);
    let mut later = session.after(transaction.request).map(|(_, e)| e);
    let answered = later.any(|e| (e.flow, e.exchange) == (flow, exchange) && e.direction == Direction::ServerToClient);
    // Whoever asks again did not wait.
    if answered || !transaction.repeats().is_empty() || !transaction.interim().is_empty() {
        return;
    }
    // Without WTP nothing tells a datagram that was lost.
    if session.carrier == Carrier::Wsp && session.peers.1.port() == CONNECTIONLESS {
        return;
    }
    let wait = Seconds(verdict.parameter("reply-timeout"));
    let broken = session.broken.iter().find(|broken| (broken.flow, broken.exchange) == (flow, exchange));
    // While the connection is open an answer may come that the capture does not show any more.
    let Some(broken) = broken else { return };
    let lost = broken.time.since(event.end);
    let title = spoken.primitive().map_or("a message", Node::spelling);
    let fact = if lost.0 >= wait.0 && spoken.name != name::POLLING_REQUEST {
        format!("no answer within {wait} to a POST with {title}")
    } else if broken.by == Some(Direction::ServerToClient) && lost.0 >= MIXED_UP {
        format!("the server closes the connection {lost} after a POST with {title}")
    } else {
        // A client that leaves first does not wait for an answer.
        return;
    };
    let evidence = session.intact(event.start, broken.time);
    if verdict.trusts(evidence) {
        verdict.find(fact, Exhibit::event(event, "never answered")).cost(Cost {
            seconds: Some(lost),
            round_trips: 1,
            ..Cost::default()
        });
    }
}
