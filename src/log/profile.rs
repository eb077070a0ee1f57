//! Profiles: how a user says what the lines of a log are.
//!
//! ```toml
//! [profile.gateway]
//! line = '^(?<time>\S+ \S+) (?<direction>IN|OUT) (?<peer>\S+) (?<body>.*)'
//! continues = '^\t(?<body>.*)'
//! client = ["IN"]
//! time = "%d.%m.%Y %H:%M:%S"
//! ```

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::carrier::Direction;
use crate::time::Time;

use super::conversation::{Faithful, Told};
use super::escapes::{Escape, entry, undo};
use super::scan::{MAX_GATHERED, is_payload};
use super::text::{Place, Text};
use super::{Fault, stamp};

/// How large a compiled pattern may be, in octets.
pub const MAX_PATTERN: usize = 1 << 20;

/// A profile as it is written, in TOML.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct WrittenProfile {
    line: Spanned<String>,
    continues: Option<Spanned<String>>,
    #[serde(default)]
    client: Vec<String>,
    #[serde(default)]
    server: Vec<String>,
    time: Option<Spanned<String>>,
}

/// A file of profiles as it is written: by name.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: BTreeMap<String, Spanned<WrittenProfile>>,
}

/// How the lines of one kind of log are read.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    line: Regex,
    continues: Option<Regex>,
    client: Vec<String>,
    server: Vec<String>,
    time: Option<String>,
}

/// What is wrong with a file of profiles.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct ProfileError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in octets from 1.
    pub column: usize,
    /// What it is.
    pub what: String,
}

impl ProfileError {
    fn at(text: &str, offset: usize, what: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        Self { line, column, what: what.into() }
    }
}

/// Groups that a pattern may have.
const GROUPS: [&str; 4] = ["time", "direction", "peer", "body"];

impl Profile {
    /// Reads the profiles of a file, in the order of their names.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read(text: &str) -> Result<Vec<Self>, ProfileError> {
        let file: File = toml::from_str(text).map_err(|error| {
            ProfileError::at(text, error.span().map_or(0, |span| span.start), error.message().trim())
        })?;
        if file.profile.is_empty() {
            return Err(ProfileError::at(text, 0, "there is no [profile.NAME] in it"));
        }
        file.profile.into_iter().map(|(name, written)| Self::of(name, written.into_inner(), text)).collect()
    }

    /// A profile as it is written in a text.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn of(name: String, written: WrittenProfile, text: &str) -> Result<Self, ProfileError> {
        let pattern = |pattern: &Spanned<String>, needs_body: bool| {
            let wrong = |what: String| ProfileError::at(text, pattern.span().start, what);
            let regex = RegexBuilder::new(pattern.get_ref()).size_limit(MAX_PATTERN).build();
            let regex = regex.map_err(|error| wrong(error.to_string()))?;
            let names: Vec<&str> = regex.capture_names().flatten().collect();
            if let Some(other) = names.iter().find(|name| !GROUPS.contains(name)) {
                return Err(wrong(format!("a group is named {other}; known are time, direction, peer and body")));
            }
            if needs_body && !names.contains(&"body") {
                return Err(wrong("there is no group named body".to_owned()));
            }
            Ok(regex)
        };
        if let Some(time) = &written.time {
            let format = time.get_ref();
            jiff::fmt::strtime::format(format, jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0))
                .map_err(|error| ProfileError::at(text, time.span().start, error.to_string()))?;
        }
        Ok(Self {
            name,
            line: pattern(&written.line, true)?,
            continues: written.continues.as_ref().map(|continues| pattern(continues, true)).transpose()?,
            client: written.client,
            server: written.server,
            time: written.time.map(Spanned::into_inner),
        })
    }

    /// Whether a line is one that begins an entry.
    pub(super) fn is_of(&self, line: &[u8]) -> bool {
        self.line.is_match(line)
    }

    fn time(&self, text: &str) -> Option<Time> {
        let Some(format) = &self.time else { return stamp::whole_time(text) };
        let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
        let moment = parsed.to_timestamp().or_else(|_| {
            parsed
                .to_datetime()
                .and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC))
                .map(|zoned| zoned.timestamp())
        });
        i64::try_from(moment.ok()?.as_nanosecond()).ok().map(Time)
    }

    fn side(&self, word: &str) -> (Option<Direction>, Option<bool>) {
        let is = |words: &[String]| words.iter().any(|known| known == word);
        match word.to_lowercase().as_str() {
            _ if is(&self.client) => (Some(Direction::ClientToServer), None),
            _ if is(&self.server) => (Some(Direction::ServerToClient), None),
            "out" | "sent" | "send" | "tx" | ">" | ">>" | "->" => (None, Some(true)),
            "in" | "received" | "recv" | "rx" | "<" | "<<" | "<-" => (None, Some(false)),
            "request" | "client" => (Some(Direction::ClientToServer), None),
            "response" | "server" => (Some(Direction::ServerToClient), None),
            _ => (None, None),
        }
    }
}

/// An entry of a log, being put together from its lines.
#[derive(Debug)]
struct Entry {
    body: Text,
    told: Told,
}

/// Reads the lines of a log by a profile.
#[derive(Debug)]
pub(super) struct Reader {
    profile: Profile,
    entry: Option<Entry>,
    pub(super) told: Vec<Told>,
    pub(super) faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn new(profile: Profile) -> Self {
        Self { profile, entry: None, told: Vec::new(), faults: Vec::new() }
    }

    /// Takes the next line: one that begins an entry, or goes on with it; what is neither is passed over.
    pub(super) fn line(&mut self, number: u32, line: &[u8]) {
        let place = Place { line: number, column: 1 };
        let body = |captures: &Captures<'_>| {
            captures.name("body").map(|body| Text::row(body.as_bytes(), place.after(body.start())))
        };
        if let Some(captures) = self.profile.line.captures(line) {
            let text = |name| captures.name(name).map(|group| String::from_utf8_lossy(group.as_bytes()).into_owned());
            let (direction, sent) = text("direction").map(|word| self.profile.side(&word)).unwrap_or_default();
            let peer = text("peer").unwrap_or_default();
            let address: Option<SocketAddr> =
                peer.parse().ok().or_else(|| Some(SocketAddr::new(peer.parse::<IpAddr>().ok()?, 0)));
            let time = text("time").and_then(|time| self.profile.time(&time));
            let told = Told { time, direction, sent, ends: (address, None), channel: peer, ..Told::default() };
            let body = body(&captures).unwrap_or_default();
            self.finish();
            self.entry = Some(Entry { body, told });
            return;
        }
        let more = match &self.profile.continues {
            Some(continues) => continues.captures(line).and_then(|captures| body(&captures)),
            None => Some(Text::row(line, place)),
        };
        if let (Some(entry), Some(more)) = (&mut self.entry, more)
            && entry.body.len() + more.len() < MAX_GATHERED
        {
            let end = entry.body.place(entry.body.len().saturating_sub(1)).after(1);
            entry.body.push(b'\n', end);
            entry.body.append(&more);
        }
    }

    /// The entry is over: its body is told where it is a payload, however it is escaped.
    pub(super) fn finish(&mut self) {
        let Some(Entry { body, told }) = self.entry.take() else { return };
        let Some((at, escape)) = entry(body.octets()) else { return };
        let mut payload = undo(&body.slice(at..body.len()), escape);
        if !is_payload(payload.octets()) {
            return;
        }
        let place = body.place(at);
        let trimmed = payload.octets().trim_ascii_end().len();
        let is_text = payload.octets().first() == Some(&b'<');
        let mut whole = true;
        if is_text {
            payload.truncate(trimmed);
            whole = payload.octets().ends_with(b">");
            if let Some(end) = memchr::memrchr(b'>', payload.octets()).filter(|_| escape != Escape::None) {
                payload.truncate(end + 1);
                whole = true;
            }
        }
        if !whole {
            self.faults.push(Fault::at(place, "a message is cut in the log"));
        }
        let faithful = if whole { Faithful::Yes } else { Faithful::Lost };
        self.told.push(Told { body: payload, place, faithful, ..told });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |text: &str| Profile::read(text).unwrap_err().to_string();
        assert!(
            wrong("[profile.a]\nline = '(?<body>'\n").starts_with("2:8: "),
            "{}",
            wrong("[profile.a]\nline = '(?<body>'\n")
        );
        assert_eq!(wrong("[profile.a]\nline = 'x'\n"), "2:8: there is no group named body");
        assert!(wrong("[profile.a]\nline = '(?<body>)(?<who>)'\n").contains("named who"));
        assert!(wrong("[profile.a]\nline = '(?<body>)'\nlnie = 1\n").starts_with("3:1: unknown field"));
        assert!(wrong("[profile.a]\nline = 1\n").starts_with("2:8: "));
        assert!(wrong("[profile.a]\nline = '(?<body>(\\w{900}){900})'\n").contains("size limit"));
        assert!(wrong("").contains("no [profile.NAME]"));
    }
}
