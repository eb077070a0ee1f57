//! A line of the CIR dialogue.

/// Octets of a session identifier or cookie that are kept; a line with a longer one is none of the dialogue.
pub const COOKIE_MAX: usize = 256;

/// A line of the CIR dialogue, without its line end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// `HELO` and the `SessionID`.
    Hello(&'a str),
    /// `OK`.
    Ok,
    /// `PING`.
    Ping,
    /// `WVCI`, a version and the `SessionCookie`.
    WakeUp {
        /// The version as written.
        version: &'a str,
        /// The cookie.
        cookie: &'a str,
    },
}

impl<'a> Line<'a> {
    /// Reads a line; white space around it does not count, nor does the case of its word.
    pub fn read(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii();
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (word, rest) = line.split_at_checked(end)?;
        let rest = rest.trim_ascii_start();
        let is = |known: &str| word.eq_ignore_ascii_case(known.as_bytes());
        if is("OK") && rest.is_empty() {
            Some(Self::Ok)
        } else if is("PING") && rest.is_empty() {
            Some(Self::Ping)
        } else if is("HELO") {
            Some(Self::Hello(name(rest)?))
        } else if is("WVCI") {
            let space = rest.iter().position(u8::is_ascii_whitespace)?;
            let (version, cookie) = rest.split_at_checked(space)?;
            let version = str::from_utf8(version).ok().filter(|v| is_version(v))?;
            Some(Self::WakeUp { version, cookie: name(cookie.trim_ascii_start())? })
        } else {
            None
        }
    }

    /// The wake-up or introduction in a text that may hold something before and behind it.
    pub fn find(text: &'a [u8]) -> Option<Self> {
        let lines = || text.split(|octet| matches!(octet, b'\r' | b'\n' | 0));
        let told = |line: &'a [u8]| {
            let at = memchr::memmem::find(line, b"WVCI ").or_else(|| memchr::memmem::find(line, b"wvci "))?;
            Self::read(line.get(at..)?)
        };
        lines().find_map(told).or_else(|| {
            let introduces = |line: &Self| matches!(line, Self::Hello(_));
            lines().find_map(|line| Self::read(line).filter(introduces))
        })
    }
}

/// A session identifier or cookie: visible text of a sensible length.
fn name(text: &[u8]) -> Option<&str> {
    let fits = !text.is_empty() && text.len() <= COOKIE_MAX && !text.iter().any(u8::is_ascii_control);
    fits.then(|| str::from_utf8(text).ok()).flatten()
}

/// Digits, a dot, digits.
fn is_version(text: &str) -> bool {
    let digits = |t: &str| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_dialogue_are_read() {
        assert_eq!(Line::read(b"HELO s1@example.com\r\n"), Some(Line::Hello("s1@example.com")));
        assert_eq!(Line::read(b"OK\r\n"), Some(Line::Ok));
        assert_eq!(Line::read(b"PING \r\n"), Some(Line::Ping));
        assert_eq!(Line::read(b"WVCI 1.2 c 01"), Some(Line::WakeUp { version: "1.2", cookie: "c 01" }));
        for other in ["", "HELO", "OK go", "PING 1", "WVCI", "WVCI 1.2", "WVCI x y", "WVCI 1. y", "EHLO a", "GET / x"] {
            assert_eq!(Line::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_wake_up_is_found_behind_other_text() {
        let text = b"\0push: WVCI 1.3 cookie\r\nmore";
        assert_eq!(Line::find(text), Some(Line::WakeUp { version: "1.3", cookie: "cookie" }));
        assert_eq!(Line::find(b"HELO me"), Some(Line::Hello("me")));
        assert_eq!(Line::find(b"say HELO me"), None);
    }

    #[test]
    fn a_cookie_beyond_the_limit_is_none() {
        let line = |octets: usize| format!("WVCI 1.2 {}", "c".repeat(octets));
        assert!(Line::read(line(COOKIE_MAX).as_bytes()).is_some());
        assert_eq!(Line::read(line(COOKIE_MAX + 1).as_bytes()), None);
    }
}
