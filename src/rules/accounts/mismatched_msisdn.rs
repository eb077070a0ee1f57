use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;

/// Digits of a national number at least: fewer say little about which number it is.
const NATIONAL: usize = 7;

/// Two different numbers of the subscriber in one login.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ClientToServer {
        return;
    }
    let login = message.parts.iter().find(|p| p.name == name::LOGIN_REQUEST).and_then(|p| message.primitive(p));
    let told = login.and_then(|l| l.at(&[name::CLIENT_ID, name::MSISDN]));
    let gateway = message.envelope.gateway.as_deref();
    let Some((told, header)) = told.zip(gateway.and_then(|g| g.msisdn.as_deref())) else { return };
    if is_same(told.text(), header) {
        return;
    }
    let between = gateway.is_some_and(|g| g.between);
    verdict
        .find(
            "the number in the ClientID is another one than the header of the same POST tells",
            Exhibit::message(message, Some(told), "not the subscriber of the header"),
        )
        .side(if between { Side::Network } else { Side::Client });
}

/// Whether two spellings are of one number, in international or national form. What is not a number can be compared with
/// none.
fn is_same(one: &str, other: &str) -> bool {
    let digits = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        let number = plain.len() >= NATIONAL && plain.bytes().all(|b| b.is_ascii_digit());
        number.then(|| plain.trim_start_matches('0').to_owned())
    };
    match (digits(one), digits(other)) {
        (Some(one), Some(other)) => one.ends_with(&other) || other.ends_with(&one),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn numbers_in_every_form() {
        for (one, other) in [
            ("+447700900001", "447700900001"),
            ("07700900001", "447700900001"),
            ("00447700900001", "447700900001"),
            ("+44 7700 900-001", "447700900001"),
            ("a1b2c3d4", "447700900001"),
            ("", "447700900001"),
        ] {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        assert!(!is_same("+447700900002", "447700900001"));
        assert!(!is_same("447700900001", "491700900001"));
    }
}
