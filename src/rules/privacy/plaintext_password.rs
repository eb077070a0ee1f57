use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Node;

/// A password sent over a bearer that does not protect it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ClientToServer {
        return;
    }
    for part in message.parts.iter().filter(|p| p.name == name::LOGIN_REQUEST) {
        if verdict.is_full() {
            return;
        }
        let Some(login) = message.primitive(part) else { continue };
        let Some(password) = login.child(name::PASSWORD).filter(|p| !is_placeholder(p.text())) else { continue };
        if was_protected(message) {
            return;
        }
        let user = login.child(name::USER_ID).map_or("", Node::text);
        verdict
            .find(
                "the password crosses the network in clear",
                Exhibit::message(message, Some(password), "readable by whoever sees the packets"),
            )
            .user(user)
            .cause(user);
    }
}

/// Whether the client spoke over HTTPS and a front end took that off before the place of the capture.
fn was_protected(message: &Message) -> bool {
    let header = |name| message.envelope.header(name).map(str::trim);
    header("X-Forwarded-Proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
        || header("Front-End-Https").is_some_and(|on| on.eq_ignore_ascii_case("on"))
}

/// Whether a text stands for a password that was taken out: nothing, one sign over and over, or its length in words.
fn is_placeholder(text: &str) -> bool {
    let first = text.chars().next();
    text.is_empty()
        || (matches!(first, Some('x' | 'X' | '*' | '.')) && text.chars().all(|c| Some(c) == first))
        || text.strip_prefix('(').and_then(|t| t.strip_suffix(" octets)")).is_some_and(|n| n.parse::<u32>().is_ok())
}
