//! Negotiation: agreeing what both sides can do, once, early and consistently.

use super::{Check, Rule, Verdict};
use crate::csp::name;
use crate::session::{Doubt, Ending, Event, EventIx, Opening, Session, What};
use crate::syntax::NameId;

mod incomplete_cir_agreement;
mod inconsistent_sizes;
mod missing_capability_negotiation;
mod missing_cir_offer;
mod missing_service_negotiation;
mod repeated_negotiation;
mod service_outside_agreement;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "negotiation/incomplete-cir-agreement",
        page: include_str!("../../../rules/negotiation/incomplete-cir-agreement.md"),
        check: Check::Transaction(incomplete_cir_agreement::check),
    },
    Rule {
        name: "negotiation/inconsistent-sizes",
        page: include_str!("../../../rules/negotiation/inconsistent-sizes.md"),
        check: Check::Transaction(inconsistent_sizes::check),
    },
    Rule {
        name: "negotiation/missing-capability-negotiation",
        page: include_str!("../../../rules/negotiation/missing-capability-negotiation.md"),
        check: Check::Session(missing_capability_negotiation::check),
    },
    Rule {
        name: "negotiation/missing-cir-offer",
        page: include_str!("../../../rules/negotiation/missing-cir-offer.md"),
        check: Check::Session(missing_cir_offer::check),
    },
    Rule {
        name: "negotiation/missing-service-negotiation",
        page: include_str!("../../../rules/negotiation/missing-service-negotiation.md"),
        check: Check::Session(missing_service_negotiation::check),
    },
    Rule {
        name: "negotiation/repeated-negotiation",
        page: include_str!("../../../rules/negotiation/repeated-negotiation.md"),
        check: Check::Session(repeated_negotiation::check),
    },
    Rule {
        name: "negotiation/service-outside-agreement",
        page: include_str!("../../../rules/negotiation/service-outside-agreement.md"),
        check: Check::Session(service_outside_agreement::check),
    },
];

/// The Login-Response that opened a new session which has gone on long enough to be judged, or which both sides ended.
/// A session that began before the capture cannot be judged.
fn new_session(session: &Session, verdict: &mut Verdict<'_>) -> Option<EventIx> {
    let requests = requests(session);
    let ended = matches!(session.ending, Some(Ending::Logout { .. } | Ending::Disconnect { .. }));
    if session.chapter > 0 || !(requests >= verdict.count("min-requests") || ended && requests > 0) {
        return None;
    }
    match session.opening {
        Opening::Login { resumed: true, .. } => None,
        Opening::Login { answer, .. } | Opening::OutOfBand { answer } => Some(answer),
        Opening::MidStream => {
            verdict.doubt(Doubt::BeganMidStream);
            None
        }
    }
}

/// Whether a login of the session held this list, or may have held it beyond what is remembered of it.
fn in_login(session: &Session, list: NameId) -> bool {
    let logins = session.events.iter().filter(|e| e.asks(name::LOGIN_REQUEST)).filter_map(Event::spoken);
    logins.into_iter().any(|s| s.cut || s.primitive().is_some_and(|login| login.child(list).is_some()))
}

/// Where octets are missing in a session, in order.
fn losses(session: &Session) -> Vec<(EventIx, Doubt)> {
    let loss = |(ix, event): (EventIx, &Event)| match event.what {
        What::Gap { loss } => Some((ix, loss.into())),
        _ => Some((ix, Doubt::of(event.whole)?)),
    };
    session.indexed().filter_map(loss).collect()
}

/// The first of these turning points that lies between two events, both included.
fn between<T>(turns: &[(EventIx, T)], from: EventIx, until: EventIx) -> Option<&T> {
    let next = turns.get(turns.partition_point(|(ix, _)| *ix < from));
    next.filter(|(ix, _)| *ix <= until).map(|(_, turn)| turn)
}

/// In-band requests of the client, login and logout aside.
fn requests(session: &Session) -> usize {
    session.client_requests().filter(|t| !matches!(t.name, name::LOGIN_REQUEST | name::LOGOUT_REQUEST)).count()
}
