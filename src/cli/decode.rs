//! `impslint decode`.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::arguments::{Decode, DecodeFormat};
use super::{Fault, NOT_RECOGNISED, UNREADABLE, complain, config, inputs, inputs::Inputs, inputs::Source};
use crate::capture::Places;
use crate::carrier::cir::Kind;
use crate::carrier::{Carried, Cir, Envelope};
use crate::csp::decode::decode;
use crate::csp::message::{self, Message, Mode, Part};
use crate::csp::ssp;
use crate::engine::pipeline::{self, Batch};
use crate::log::Item;
use crate::report::json::Guarded;
use crate::sanitise::sanitise;
use crate::session::calls::{Call, Calls};
use crate::syntax::{Node, xml};
use crate::tls::{Context, Keys};
use crate::trace::{Decoder, Show, shown};
use crate::wire::FrameNo;

/// A message as a line of JSON.
#[derive(Serialize)]
struct Line<'m> {
    #[serde(flatten)]
    place: Place,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<Place>,
    time: Option<String>,
    direction: &'static str,
    carrier: &'static str,
    encoding: &'static str,
    version: Option<&'static str>,
    session: Option<&'m str>,
    transactions: Vec<LineTransaction<'m>>,
    xml: String,
}

/// Frames of a message, numbered as in their file.
#[derive(Serialize)]
struct Place {
    #[serde(serialize_with = "as_text")]
    file: Arc<str>,
    frames: Vec<u64>,
    /// Where in a log it begins, in octets from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

fn as_text<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

/// A transaction of a message as in a line of JSON.
#[derive(Serialize)]
struct LineTransaction<'m> {
    id: Option<&'m str>,
    mode: Option<&'m str>,
    primitive: Option<&'m str>,
}

/// Something that was said about waking a client, as a line of JSON.
#[derive(Serialize)]
struct CallLine<'c> {
    #[serde(flatten)]
    place: Place,
    time: String,
    direction: &'static str,
    carrier: &'static str,
    kind: &'static str,
    version: Option<&'c str>,
    session: Option<&'c str>,
    #[serde(flatten)]
    answer: Option<AnswerLine>,
}

/// The poll that answers a wake-up, as in a line of JSON: nothing in both where none does.
#[derive(Serialize)]
struct AnswerLine {
    answered_by: Option<u64>,
    latency: Option<f64>,
}

/// What a carried item decodes to.
enum Decoded {
    Message(Box<Message>),
    Bare(Box<Envelope>),
    Cir(Box<Cir>),
    Other,
}

impl Decoded {
    /// The frame in which it begins.
    fn first_frame(&self) -> Option<FrameNo> {
        match self {
            Self::Message(message) => Some(message.envelope.frames.first),
            Self::Bare(envelope) => Some(envelope.frames.first),
            Self::Cir(_) | Self::Other => None,
        }
    }
}

pub(super) fn run(arguments: &Decode) -> Result<u8, Fault> {
    let threads = inputs::threads(arguments.reading.threads);
    let keys = inputs::keys(arguments.reading.keylog.as_deref())?;
    let show = Show { secrets: arguments.show_secrets, content: arguments.show_content };
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut anything, mut unreadable) = (false, false);
    let profiles = config::load(&arguments.reading.configured)?.profiles;
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading, &profiles)?;
    let are_several = inputs.are_several();
    while let Some(source) = inputs.next() {
        let mut printing = Printing {
            format: arguments.format,
            show,
            names_files: are_several && arguments.format == DecodeFormat::Trace,
            decoder: Decoder::new(show),
            calls: Calls::default(),
            anything: false,
            written: Ok(()),
        };
        let read = match source {
            Source::Capture(mut capture) => {
                let mut tls = Context::new(Keys::new(Arc::clone(&keys)));
                let print = |places: &Places<'_>, batch: Batch<'_, Decoded>| printing.print(batch, places, &mut out);
                let read = pipeline::run(&mut capture, &mut tls, threads, open, print).1;
                printing.finish(&capture.places(), &mut out);
                read.map_err(|error| error.to_string())
            }
            Source::Log(mut log) => {
                let name = log.name();
                let places = Places::One(Arc::clone(&name));
                let read = loop {
                    match log.next_items() {
                        Ok(items) if items.is_empty() => break Ok(()),
                        Ok(items) => {
                            if printing.print(items.into_iter().map(Decoded::from), &places, &mut out).is_break() {
                                break Ok(());
                            }
                        }
                        Err(error) => break Err(format!("cannot read {name} to its end: {error}")),
                    }
                };
                printing.finish(&places, &mut out);
                log.known().faults.iter().for_each(|fault| complain(&format!("{name}: {fault}")));
                read
            }
        };
        printing.written?;
        anything |= printing.anything;
        if let Err(error) = read {
            complain(&error);
            unreadable = true;
        }
    }
    out.flush()?;
    unreadable |= inputs.unreadable();
    if !anything && !unreadable {
        complain("no IMPS traffic recognised");
    }
    Ok(if unreadable {
        UNREADABLE
    } else if anything {
        0
    } else {
        NOT_RECOGNISED
    })
}

fn open(item: Carried) -> Decoded {
    match item {
        Carried::Envelope(envelope) => match decode(envelope) {
            Ok(message) => Decoded::Message(Box::new(message)),
            Err(envelope) => Decoded::Bare(envelope),
        },
        Carried::Cir(cir) => Decoded::Cir(cir),
        Carried::Gap { .. } | Carried::End { .. } => Decoded::Other,
    }
}

impl From<Item> for Decoded {
    fn from(item: Item) -> Self {
        match item {
            Item::Message(message) => Self::Message(message),
            Item::Bare(envelope) => Self::Bare(envelope),
        }
    }
}

/// What is printed of one input.
struct Printing {
    format: DecodeFormat,
    show: Show,
    /// Whether it is said where a file begins.
    names_files: bool,
    decoder: Decoder,
    calls: Calls,
    /// Whether there was anything to print.
    anything: bool,
    written: io::Result<()>,
}

impl Printing {
    /// Prints what comes next; breaks off when nobody reads.
    fn print(
        &mut self,
        batch: impl Iterator<Item = Decoded>,
        places: &Places<'_>,
        out: &mut impl Write,
    ) -> ControlFlow<()> {
        let (mut file_before, mut done) = (None, Vec::new());
        for item in batch {
            // A wake-up is shown when it is known what answers it.
            let item = match item {
                Decoded::Cir(cir) => {
                    self.calls.call(cir, &mut done);
                    None
                }
                Decoded::Message(message) => {
                    self.calls.hear(&message, &mut done);
                    Some(Decoded::Message(message))
                }
                other => Some(other),
            };
            self.calls(&mut done, places, out);
            let Some(item) = item else { continue };
            self.anything |= !matches!(item, Decoded::Other);
            let file = item.first_frame().map(|frame| places.locate(frame).map_or_else(|| places.name(), |at| at.0));
            if self.written.is_ok() && self.names_files && file != file_before {
                self.written = file.iter().try_for_each(|file| writeln!(out, "# {}", sanitise(file)));
                file_before = file.or(file_before.take());
            }
            if self.written.is_ok() {
                self.written = self.item(&item, places, out);
            }
        }
        if self.written.is_ok() {
            self.written = out.flush();
        }
        if self.written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Prints the wake-ups that nothing has answered.
    fn finish(&mut self, places: &Places<'_>, out: &mut impl Write) {
        let mut done = Vec::new();
        std::mem::take(&mut self.calls).finish(&mut done);
        self.calls(&mut done, places, out);
    }

    fn calls(&mut self, calls: &mut Vec<Call>, places: &Places<'_>, out: &mut impl Write) {
        self.anything |= !calls.is_empty();
        if self.written.is_ok() {
            self.written = print_calls(calls, places, self.format, out);
        }
    }

    fn item(&mut self, item: &Decoded, places: &Places<'_>, out: &mut impl Write) -> io::Result<()> {
        match (item, self.format) {
            (Decoded::Message(message), DecodeFormat::Trace) => out.write_all(self.decoder.message(message).as_bytes()),
            (Decoded::Bare(envelope), DecodeFormat::Trace) => out.write_all(self.decoder.bare(envelope).as_bytes()),
            (Decoded::Message(message), DecodeFormat::Jsonl) => {
                let line = line(message, places, self.show);
                line.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
                out.write_all(b"\n")
            }
            (Decoded::Bare(_), DecodeFormat::Jsonl) | (Decoded::Cir(_) | Decoded::Other, _) => Ok(()),
        }
    }
}

/// Prints what was said about waking clients: of JSON lines one each, of a trace a comment.
fn print_calls(
    calls: &mut Vec<Call>,
    places: &Places<'_>,
    format: DecodeFormat,
    out: &mut impl Write,
) -> io::Result<()> {
    for call in calls.drain(..) {
        let Call { cir, session, answer } = &call;
        let (file, FrameNo(first)) = places.locate(cir.frames.first).unwrap_or((places.name(), cir.frames.first));
        let in_file = |frame: FrameNo| places.locate(frame).map_or(frame, |(_, frame)| frame).0;
        let answer = answer.map(|(frame, latency)| (in_file(frame), latency));
        if format == DecodeFormat::Trace {
            let whose = session.as_deref().map(|id| format!(" for session {}", sanitise(id))).unwrap_or_default();
            let answer = answer.map(|(frame, latency)| format!(", answered by frame {frame} after {latency}"));
            let (carrier, kind) = (cir.bearer.name(), cir.kind.name());
            writeln!(out, "\n# Frame {first}: {carrier} {kind}{whose}{}.", answer.unwrap_or_default())?;
            continue;
        }
        let mut frames = vec![first, in_file(cir.frames.last)];
        frames.dedup();
        let (answered_by, latency) = answer.map(|(frame, latency)| (frame, latency.0)).unzip();
        let line = CallLine {
            place: Place { file, frames, column: None },
            time: cir.time.to_string(),
            direction: cir.direction.name(),
            carrier: cir.bearer.name(),
            kind: cir.kind.name(),
            version: cir.version.as_deref(),
            session: session.as_deref(),
            answer: (cir.kind == Kind::WakeUp).then_some(AnswerLine { answered_by, latency }),
        };
        line.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn line<'m>(message: &'m Message, places: &Places<'_>, show: Show) -> Line<'m> {
    let mut frames = message.pieces.frame_list();
    frames.insert(0, message.envelope.frames.first);
    frames.dedup();
    // A message that runs on into the next file has its frames by file.
    let mut stands: Vec<Place> = Vec::new();
    for frame in frames {
        let (file, frame) = places.locate(frame).unwrap_or_else(|| (places.name(), frame));
        let column = frame.log_place().map(|(_, column)| column).filter(|column| *column > 0);
        match stands.iter_mut().find(|place| place.file == file) {
            Some(place) => {
                place.frames.push(frame.number());
                place.frames.dedup();
                place.column = place.column.or(column);
            }
            None => stands.push(Place { file, frames: vec![frame.number()], column }),
        }
    }
    let elsewhere = stands.split_off(1.min(stands.len()));
    let place = stands.pop().unwrap_or_else(|| Place { file: places.name(), frames: Vec::new(), column: None });
    let between = ssp::Said::of(&message.document);
    Line {
        place,
        elsewhere,
        time: Some(message.envelope.start_time).filter(|time| !time.is_order()).map(|time| time.to_string()),
        direction: message.envelope.direction.name(),
        carrier: message.envelope.carrier.name(),
        encoding: message.encoding.name(),
        version: message.version.map(crate::csp::namespace::Version::number),
        session: between.as_ref().map_or(message.session_id(), |said| said.session),
        transactions: transactions(message, between.as_ref()),
        xml: as_xml(message, show),
    }
}

/// The transactions of a message; version discovery counts as one without identifier.
fn transactions<'m>(message: &'m Message, between: Option<&ssp::Said<'m>>) -> Vec<LineTransaction<'m>> {
    if let Some(said) = between {
        let of = said.transactions.iter();
        return of.map(|t| LineTransaction { id: t.id, mode: t.mode, primitive: t.name }).collect();
    }
    if message.kind == message::Kind::VersionDiscovery {
        let primitive = message.document.root().map(Node::spelling);
        return vec![LineTransaction { id: None, mode: None, primitive }];
    }
    let of = |part: &'m Part| LineTransaction {
        id: message.transaction_id(part),
        mode: part.mode.map(|mode| if mode == Mode::Request { "Request" } else { "Response" }),
        primitive: message.primitive(part).map(Node::spelling),
    };
    message.parts.iter().map(of).collect()
}

/// The whole message as XML, whatever it was written in.
fn as_xml(message: &Message, show: Show) -> String {
    let mut out = String::new();
    if let Some(root) = message.document.root() {
        let (document, _) = message.document.outline(root, usize::MAX, |node| Cow::Owned(shown(node, show)));
        xml::write(&document, xml::Style { indent: None, declaration: false, doctype: None }, &mut out);
    }
    out
}
