use crate::carrier::cir::Bearer;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Opening, Session};

/// The port of bare datagrams where the client named none.
const USUAL_PORT: u16 = 3717;

/// A wake-up in which its client does not find itself.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut agreements = session.agreements();
    for call in session.signals.iter().filter(|signal| signal.is_wake_up() && signal.bearer != Bearer::Http) {
        if !call.by_cookie && session.cookie.is_some() && session.opening != Opening::MidStream {
            let finding = verdict.find(
                "a wake-up does not name the SessionCookie of the login",
                Exhibit::signal(call, "whose wake-up is this?"),
            );
            finding.cause("cookie");
            continue;
        }
        let agreed = agreements.at(call.before);
        let port = agreed.udp_port.map_or(Some(USUAL_PORT), |port| u16::try_from(port).ok());
        let Some(port) = port.filter(|port| call.bearer == Bearer::Udp && *port != call.client_port) else { continue };
        // What the client named may have been said where nobody listened.
        if !agreed.capabilities || !verdict.trusts(session.opened()) {
            continue;
        }
        let named = if agreed.udp_port.is_some() { "the client named" } else { "the usual one is" };
        verdict
            .find(
                format!("a wake-up goes to port {}, and {named} {port}", call.client_port),
                Exhibit::signal(call, "nobody listens here"),
            )
            .cause("port");
    }
}
