//! `impslint decode`.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::arguments::{Decode, DecodeFormat};
use super::{Fault, NOT_RECOGNISED, UNREADABLE, complain, inputs, inputs::Inputs, inputs::Source};
use crate::capture::Capture;
use crate::carrier::{Carried, Envelope};
use crate::csp::decode::decode;
use crate::csp::message::{Message, Mode};
use crate::engine::pipeline;
use crate::log::Item;
use crate::report::json::Guarded;
use crate::sanitise::sanitise;
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
    mode: Option<&'static str>,
    primitive: Option<&'m str>,
}

/// What a carried item decodes to.
enum Decoded {
    Message(Box<Message>),
    Bare(Box<Envelope>),
    Other,
}

impl Decoded {
    /// The frame in which it begins.
    fn first_frame(&self) -> Option<FrameNo> {
        match self {
            Self::Message(message) => Some(message.envelope.frames.first),
            Self::Bare(envelope) => Some(envelope.frames.first),
            Self::Other => None,
        }
    }
}

pub(super) fn run(arguments: &Decode) -> Result<u8, Fault> {
    let threads = inputs::threads(arguments.reading.threads);
    let keys = inputs::keys(arguments.reading.keylog.as_deref())?;
    let show = Show { secrets: arguments.show_secrets, content: arguments.show_content };
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut anything, mut unreadable) = (false, false);
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading)?;
    let are_several = inputs.are_several();
    while let Some(source) = inputs.next() {
        let mut printing = Printing {
            format: arguments.format,
            show,
            names_files: are_several && arguments.format == DecodeFormat::Trace,
            decoder: Decoder::new(show),
            anything: false,
            written: Ok(()),
        };
        let read = match source {
            Source::Capture(mut capture) => {
                let mut tls = Context::new(Keys::new(Arc::clone(&keys)));
                let print = |capture: &Capture, batch| {
                    printing.print(batch, &capture.name(), |frame| capture.locate(frame), &mut out)
                };
                pipeline::run(&mut capture, &mut tls, threads, open, print).1.map_err(|error| error.to_string())
            }
            Source::Log(mut log) => {
                let name = log.name();
                let read = loop {
                    let items = match log.next_items() {
                        Ok(items) if items.is_empty() => break Ok(()),
                        Ok(items) => items,
                        Err(error) => break Err(format!("cannot read {name} to its end: {error}")),
                    };
                    let batch = items.into_iter().map(Decoded::from).collect();
                    let locate = |frame| Some((Arc::clone(&name), frame));
                    if printing.print(batch, &name, locate, &mut out).is_break() {
                        break Ok(());
                    }
                };
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

/// Where frames stand: their file, and their number there.
type Locate<'l> = &'l dyn Fn(FrameNo) -> Option<(Arc<str>, FrameNo)>;

/// What is printed of one input.
struct Printing {
    format: DecodeFormat,
    show: Show,
    /// Whether it is said where a file begins.
    names_files: bool,
    decoder: Decoder,
    /// Whether there was anything to print.
    anything: bool,
    written: io::Result<()>,
}

impl Printing {
    /// Prints what comes next; breaks off when nobody reads.
    fn print(
        &mut self,
        batch: Vec<Decoded>,
        name: &Arc<str>,
        locate: impl Fn(FrameNo) -> Option<(Arc<str>, FrameNo)>,
        out: &mut impl Write,
    ) -> ControlFlow<()> {
        let mut file_before = None;
        for item in batch {
            self.anything |= !matches!(item, Decoded::Other);
            let file = item.first_frame().map(|frame| locate(frame).map_or_else(|| Arc::clone(name), |at| at.0));
            if self.written.is_ok() && self.names_files && file != file_before {
                self.written = file.iter().try_for_each(|file| writeln!(out, "# {}", sanitise(file)));
                file_before = file.or(file_before.take());
            }
            if self.written.is_ok() {
                self.written = self.item(&item, name, &locate, out);
            }
        }
        if self.written.is_ok() {
            self.written = out.flush();
        }
        if self.written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn item(&mut self, item: &Decoded, name: &Arc<str>, locate: Locate<'_>, out: &mut impl Write) -> io::Result<()> {
        match (item, self.format) {
            (Decoded::Message(message), DecodeFormat::Trace) => out.write_all(self.decoder.message(message).as_bytes()),
            (Decoded::Bare(envelope), DecodeFormat::Trace) => out.write_all(self.decoder.bare(envelope).as_bytes()),
            (Decoded::Message(message), DecodeFormat::Jsonl) => {
                let line = line(message, name, locate, self.show);
                line.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
                out.write_all(b"\n")
            }
            (Decoded::Bare(_), DecodeFormat::Jsonl) | (Decoded::Other, _) => Ok(()),
        }
    }
}

fn line<'m>(message: &'m Message, name: &Arc<str>, locate: Locate<'_>, show: Show) -> Line<'m> {
    let mut frames = message.pieces.frame_list();
    frames.insert(0, message.envelope.frames.first);
    frames.dedup();
    // A message that runs on into the next file has its frames by file.
    let mut places: Vec<Place> = Vec::new();
    for frame in frames {
        let (file, frame) = locate(frame).unwrap_or_else(|| (Arc::clone(name), frame));
        let column = frame.log_place().map(|(_, column)| column).filter(|column| *column > 0);
        match places.iter_mut().find(|place| place.file == file) {
            Some(place) => {
                place.frames.push(frame.number());
                place.frames.dedup();
                place.column = place.column.or(column);
            }
            None => places.push(Place { file, frames: vec![frame.number()], column }),
        }
    }
    let elsewhere = places.split_off(1.min(places.len()));
    let place = places.pop().unwrap_or_else(|| Place { file: Arc::clone(name), frames: Vec::new(), column: None });
    Line {
        place,
        elsewhere,
        time: Some(message.envelope.start_time).filter(|time| !time.is_order()).map(|time| time.to_string()),
        direction: message.envelope.direction.name(),
        carrier: message.envelope.carrier.name(),
        encoding: message.encoding.name(),
        version: message.version.map(crate::csp::namespace::Version::number),
        session: message.session_id(),
        transactions: message
            .parts
            .iter()
            .map(|part| LineTransaction {
                id: message.transaction_id(part),
                mode: part.mode.map(|mode| if mode == Mode::Request { "Request" } else { "Response" }),
                primitive: message.primitive(part).map(Node::spelling),
            })
            .collect(),
        xml: as_xml(message, show),
    }
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
