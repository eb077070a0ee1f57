//! Logs in, messages out: what other programs wrote down of a conversation.
//!
//! In: a text, recognised by its content. Out: an [`Opened`]: a [`Log`] of [`Item`]s, messages whose octets know line and
//! column; or, of a text that tells packets, a [`Capture`] whose frames stand in that text. What cannot be read is told
//! with its line.
//!
//! `lines` and `json` cut an input into lines and records; `recognise` tells what it is. `scan` finds payloads in lines,
//! behind the prefixes that `stamp` reads, in the dumps that `dump` reads, through the writings that `escapes` undoes;
//! `har` and `objects` find them in records, `profile` by the patterns of a user. `conversation` says who tells what to
//! whom. `packets` and `retold` make captures. A `text` is octets with their places.

mod conversation;
mod dump;
mod escapes;
mod har;
mod json;
mod lines;
mod objects;
mod packets;
mod profile;
mod recognise;
mod retold;
mod scan;
mod stamp;
mod text;
mod tpdu;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use crate::capture::{Capture, OpenError};
use crate::syntax::MAX_PAYLOAD;
use crate::time::Time;

pub use conversation::{Item, MAX_CHANNELS, MAX_WAITING};
pub use dump::MAX_DUMP;
pub use json::{MAX_DEPTH, MAX_RECORD};
pub use lines::MAX_LINE;
pub use profile::{MAX_PATTERN, Profile, ProfileError, WrittenProfile};
pub use recognise::LOOKED_AT;
pub use retold::MAX_LAYOUTS;
pub use scan::{MAX_GATHERED, MAX_HELD, MAX_WRITERS};

use conversation::{Conversation, Faithful, Told};
use json::Records;
use lines::Lines;
use recognise::Kind;
use scan::Scanner;
use text::{Place, Text};

/// Faults of a log that are kept; further ones are counted.
pub const MAX_FAULTS: usize = 1_000;

/// How many octets of a trace are read.
pub const MAX_TRACE: usize = 64 << 20;

/// How many items are handed over at a time, about.
const BATCH: usize = 256;

type Input = Box<dyn BufRead + Send>;

/// A text that was opened.
#[derive(Debug)]
pub enum Opened {
    /// It tells messages.
    Log(Box<Log>),
    /// It tells packets.
    Capture(Box<Capture>),
}

/// Something that could not be read, and where.
#[derive(Clone, Debug)]
struct Fault {
    place: Place,
    what: &'static str,
}

impl Fault {
    fn at(place: Place, what: &'static str) -> Self {
        Self { place, what }
    }
}

/// What could not be read.
#[derive(Default, Debug)]
struct Faults {
    kept: Vec<Fault>,
    further: u64,
}

impl Faults {
    fn push(&mut self, fault: Fault) {
        if self.kept.len() < MAX_FAULTS {
            self.kept.push(fault);
        } else {
            self.further += 1;
        }
    }

    /// A line each.
    fn told(&self) -> Vec<String> {
        self.kept.iter().map(|fault| format!("line {}: {}", fault.place.line, fault.what)).collect()
    }
}

/// A text in which messages are told.
pub struct Log {
    name: Arc<str>,
    kind: &'static str,
    source: Source,
    conversation: Conversation,
    faults: Faults,
    ready: VecDeque<Item>,
    span: Option<(Time, Time)>,
    ended: bool,
}

/// What messages are read from, and how.
enum Source {
    Lines(Lines<Input>, Scanner),
    Profile(Lines<Input>, Box<profile::Reader>),
    Records(Records<Input>, Reading),
    /// A file that is one payload.
    Bare(Option<Input>, u64),
}

/// How a record is read.
#[derive(Clone, Copy)]
enum Reading {
    Har,
    Objects,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is known of a log, as far as it has been read.
#[derive(Clone, PartialEq, Debug)]
pub struct Known {
    /// Its path, or what the caller named it.
    pub name: Arc<str>,
    /// What it is: `HAR`, `logcat`.
    pub kind: &'static str,
    /// Octets read.
    pub octets: u64,
    /// The earliest and the latest time told.
    pub span: Option<(Time, Time)>,
    /// What could not be read, a line each; at most [`MAX_FAULTS`].
    pub faults: Vec<String>,
    /// How many faults there were besides.
    pub further: u64,
}

/// Opens what is no capture: recognises what it is, by its content and by the profiles of a user. Waits until enough has
/// come to tell.
///
/// # Errors
/// [`OpenError::NotACapture`] where it is no log either, and those of reading.
pub fn open(name: &str, mut input: impl Read + Send + 'static, profiles: &[Profile]) -> Result<Opened, OpenError> {
    let mut head = Vec::new();
    let kind = recognise::look(&mut input, &mut head, profiles);
    let kind = kind.map_err(|source| OpenError::Io { name: name.to_owned(), source })?;
    let whole: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(input));
    let lines = |whole| Lines::new(Box::new(BufReader::with_capacity(1 << 16, whole)) as Input);
    let source = match kind {
        None => {
            let octets = crate::capture::Octets::new(Vec::new(), whole);
            return Err(OpenError::NotACapture { name: name.to_owned(), octets });
        }
        Some(Kind::Trace) => return trace(name, whole),
        Some(Kind::Json { packets: true, depth }) => {
            let source = packets::Source::Json(Records::new(whole, depth));
            return Ok(Opened::Capture(Box::new(retold::capture(source, "tshark JSON", name)?)));
        }
        Some(Kind::Pdml) => {
            let source = packets::Source::Pdml(lines(whole));
            return Ok(Opened::Capture(Box::new(retold::capture(source, "tshark PDML", name)?)));
        }
        Some(Kind::Packets) => {
            let source = packets::Source::Dumps(lines(whole), Box::default());
            return Ok(Opened::Capture(Box::new(retold::capture(source, "hex dump of packets", name)?)));
        }
        Some(Kind::Har) => Source::Records(Records::new(boxed(whole), 3), Reading::Har),
        Some(Kind::Json { depth, .. }) => Source::Records(Records::new(boxed(whole), depth), Reading::Objects),
        Some(Kind::Text(shape)) => Source::Lines(lines(whole), Scanner::new(shape)),
        Some(Kind::Profile(at)) => match profiles.get(at) {
            Some(profile) => Source::Profile(lines(whole), Box::new(profile::Reader::new(profile.clone()))),
            None => Source::Lines(lines(whole), Scanner::new(scan::Shape::Plain)),
        },
        Some(Kind::Wbxml) => Source::Bare(Some(boxed(whole)), 0),
    };
    let kind = kind.map_or("", Kind::name);
    Ok(Opened::Log(Box::new(Log {
        name: name.into(),
        kind,
        source,
        conversation: Conversation::default(),
        faults: Faults::default(),
        ready: VecDeque::new(),
        span: None,
        ended: false,
    })))
}

fn boxed(whole: Box<dyn Read + Send>) -> Input {
    Box::new(BufReader::with_capacity(1 << 16, whole))
}

/// A trace becomes the capture that it describes.
fn trace(name: &str, input: Box<dyn Read + Send>) -> Result<Opened, OpenError> {
    let unreadable = |source: io::Error| OpenError::Io { name: name.to_owned(), source };
    let wrong = |what: String| unreadable(io::Error::other(what));
    let mut octets = Vec::new();
    input.take(MAX_TRACE as u64).read_to_end(&mut octets).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&octets);
    let trace = crate::trace::parse(&text).map_err(|error| wrong(error.to_string()))?;
    let mut capture = Vec::new();
    let crafted = crate::trace::craft(&trace, &mut capture).map_err(|error| wrong(error.to_string()))?;
    let mut lines: Vec<u32> = Vec::new();
    for event in crafted {
        let Some(frames) = event.frames else { continue };
        let last = usize::try_from(frames.last.0).unwrap_or(usize::MAX);
        let first = usize::try_from(frames.first.0).unwrap_or(usize::MAX);
        let line = u32::try_from(event.line).unwrap_or(u32::MAX);
        if lines.len() < last {
            lines.resize(last, 0);
        }
        lines.iter_mut().take(last).skip(first.saturating_sub(1)).for_each(|of| *of = line);
    }
    // Frames that carry nothing stand with what was said before, those before it with what is said first.
    let mut line = lines.iter().copied().find(|line| *line > 0).unwrap_or(1);
    lines.iter_mut().for_each(|of| {
        line = if *of > 0 { *of } else { line };
        *of = line;
    });
    let last = line;
    let crafted = retold::Crafted { lines: lines.into(), last, octets: octets.len() as u64 };
    let capture = Capture::from_reader(Box::new(Cursor::new(capture)), name)?;
    Ok(Opened::Capture(Box::new(capture.retelling(Arc::new(std::sync::Mutex::new(crafted))))))
}

impl Log {
    /// The path, or what the caller named the input.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// What is known so far.
    pub fn known(&self) -> Known {
        let octets = match &self.source {
            Source::Lines(lines, _) => lines.octets(),
            Source::Profile(lines, _) => lines.octets(),
            Source::Records(records, _) => records.octets(),
            Source::Bare(_, octets) => *octets,
        };
        Known {
            name: self.name(),
            kind: self.kind,
            octets,
            span: self.span,
            faults: self.faults.told(),
            further: self.faults.further,
        }
    }

    /// The next messages, in the order in which they were complete: some of them, as they come; empty at the end.
    ///
    /// # Errors
    /// When reading fails; what was told before was handed over.
    pub fn next_items(&mut self) -> io::Result<Vec<Item>> {
        let mut failed = None;
        while !self.ended && self.ready.is_empty() {
            if let Err(error) = self.read() {
                self.ended = true;
                failed = Some(error);
            }
        }
        match failed.filter(|_| self.ready.is_empty()) {
            Some(error) => Err(error),
            None => Ok(self.ready.drain(..).collect()),
        }
    }

    /// Reads until something was told, or the input ends.
    fn read(&mut self) -> io::Result<()> {
        let mut told: Vec<Told> = Vec::new();
        match &mut self.source {
            Source::Lines(lines, scanner) => {
                while scanner.told.len() < BATCH && !self.ended {
                    match lines.advance()? {
                        lines::Next::End => {
                            scanner.finish();
                            self.ended = true;
                        }
                        next => {
                            let number = lines.number();
                            if next == lines::Next::TooLong {
                                scanner.faults.push(too_long(number));
                            }
                            scanner.line(number, lines.line());
                        }
                    }
                    // What comes slowly is told at once.
                    if !scanner.told.is_empty() && lines.is_waiting() {
                        break;
                    }
                }
                told.append(&mut scanner.told);
                scanner.faults.drain(..).for_each(|fault| self.faults.push(fault));
            }
            Source::Profile(lines, reader) => {
                while reader.told.len() < BATCH && !self.ended {
                    match lines.advance()? {
                        lines::Next::End => {
                            reader.finish();
                            self.ended = true;
                        }
                        next => {
                            let number = lines.number();
                            if next == lines::Next::TooLong {
                                reader.faults.push(too_long(number));
                            }
                            reader.line(number, lines.line());
                        }
                    }
                    if !reader.told.is_empty() && lines.is_waiting() {
                        break;
                    }
                }
                told.append(&mut reader.told);
                reader.faults.drain(..).for_each(|fault| self.faults.push(fault));
            }
            Source::Records(records, reading) => {
                let mut faults = Vec::new();
                match records.advance()? {
                    json::Next::End => self.ended = true,
                    json::Next::TooLong(place) => faults.push(Fault::at(place, "a record is too long to be read")),
                    next => {
                        if let json::Next::Cut(place) = next {
                            faults.push(Fault::at(place, "a record is cut"));
                        }
                        let record = records.record();
                        let value = record.read();
                        told = match reading {
                            Reading::Har => har::entry(record, &value, &mut faults),
                            Reading::Objects => objects::object(record, &value, &mut faults),
                        };
                    }
                }
                faults.into_iter().for_each(|fault| self.faults.push(fault));
            }
            Source::Bare(input, octets) => {
                self.ended = true;
                let mut body = Vec::new();
                if let Some(input) = input.take() {
                    input.take(MAX_PAYLOAD as u64).read_to_end(&mut body)?;
                }
                *octets = body.len() as u64;
                let place = Place { line: 1, column: 1 };
                told.push(Told { body: Text::row(&body, place), place, faithful: Faithful::Yes, ..Told::default() });
            }
        }
        for told in told {
            if let Some(time) = told.time {
                let (first, last) = self.span.unwrap_or((time, time));
                self.span = Some((first.min(time), last.max(time)));
            }
            self.ready.push_back(self.conversation.hear(told));
        }
        Ok(())
    }
}

fn too_long(number: u32) -> Fault {
    Fault::at(Place { line: number, column: 1 }, "a line is too long to be read to its end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_beyond_the_limit_are_counted() {
        let mut faults = Faults::default();
        (0..MAX_FAULTS + 3).for_each(|_| faults.push(too_long(7)));
        assert_eq!((faults.told().len(), faults.further), (MAX_FAULTS, 3));
        assert_eq!(faults.told()[0], "line 7: a line is too long to be read to its end");
    }

    #[test]
    fn a_text_is_looked_at_so_far_and_no_farther() {
        let text =
            |before: usize| format!("{}\n<WV-CSP-Message xmlns='x'></WV-CSP-Message>\n", "words\n".repeat(before / 6));
        let opens = |text: String| open("x", Cursor::new(text.into_bytes()), &[]).is_ok();
        assert!(opens(text(LOOKED_AT / 2)));
        assert!(!opens(text(LOOKED_AT + 100)));
    }

    #[test]
    fn a_trace_beyond_the_limit_is_read_so_far() {
        let comment = format!("# {}\n", "x".repeat(1020));
        let text = format!("csp 1.2 xml\n{}+0 client nonsense=1 =\n", comment.repeat(MAX_TRACE / comment.len() + 1));
        assert!(matches!(open("x", Cursor::new(text.into_bytes()), &[]), Ok(Opened::Capture(_))));
    }
}
