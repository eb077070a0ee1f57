//! Findings drawn for people: message, excerpt with labels, remedy, notes; then the summary.

use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use rayon::prelude::*;

use crate::csp::namespace::Version;
use crate::finding::{Finding, Scene, Severity};

use super::excerpt::Excerpt;
use super::filter::filter;
use super::{Elsewhere, Filed, Outcome, summary};
use crate::sanitise::{MOST_COLUMNS, clip, columns, cut, sanitise, wrap};

/// The narrowest and the widest drawing, in columns.
pub const WIDTHS: (usize, usize) = (80, 160);

/// Findings drawn at a time, each on its own thread's turn, before they are written in order.
const BATCH: usize = 256;

/// What line numbers and rules take at the left of an excerpt, in columns.
const GUTTER: usize = 6;

/// How findings are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Columns to draw in, brought into [`WIDTHS`].
    pub width: usize,
    /// Whether to use colours.
    pub color: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: WIDTHS.0, color: false }
    }
}

/// Writes each finding drawn, then the table by rule, what is to be known besides, and the summary.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, options: Options, out: &mut impl Write) -> io::Result<()> {
    let artist = Artist::new(options);
    for batch in outcome.findings.chunks(BATCH) {
        let drawn: Vec<String> = batch.par_iter().map(|filed| artist.draw(filed)).collect();
        for text in drawn {
            writeln!(out, "{text}")?;
        }
    }
    let table = summary::table(outcome);
    for line in &table {
        writeln!(out, "{line}")?;
    }
    if !table.is_empty() {
        writeln!(out)?;
    }
    for line in summary::remarks(outcome) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", summary::coverage(outcome))?;
    if let Some(line) = summary::held_back(outcome) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", summary::counts(outcome))
}

/// Draws findings one like the other.
#[derive(Debug)]
pub(super) struct Artist {
    handler: GraphicalReportHandler,
    width: usize,
    color: bool,
}

impl Artist {
    pub(super) fn new(options: Options) -> Self {
        let width = options.width.clamp(WIDTHS.0, WIDTHS.1);
        let styles = if options.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
        // Lines come wrapped: a word is never parted at its hyphens, primitives have them.
        let handler =
            GraphicalReportHandler::new_themed(GraphicalTheme { characters: ThemeCharacters::unicode(), styles })
                .with_width(width)
                .with_wrap_lines(false)
                .with_urls(false)
                .with_context_lines(0)
                .without_cause_chain()
                .without_primary_span_start()
                .without_syntax_highlighting();
        Self { handler, width, color: options.color }
    }

    pub(super) fn draw(&self, Filed { file, frames, elsewhere, finding }: &Filed) -> String {
        let drawing = Drawing {
            finding,
            message: wrap(&clip(&finding.message, MOST_COLUMNS), self.width - 4).join("\n"),
            help: wrap(&clip(finding.help, MOST_COLUMNS), self.width - 8).join("\n"),
            window: Window::of(file, finding, self.width),
        };
        let mut text = String::new();
        // Writing to a string does not fail, and the window answers for every span.
        let _ = self.handler.render_report(&mut text, &drawing);
        let (on, off) = if self.color { ("\u{1b}[36m", "\u{1b}[0m") } else { ("", "") };
        for (at, line) in notes(finding).iter().flat_map(|note| pack(note, self.width - 8)).enumerate() {
            text.push_str(&if at == 0 { format!("  {on}note:{off} {line}\n") } else { format!("        {line}\n") });
        }
        // However long, a filter is to be copied in one piece.
        if let Some(filter) = filter(frames) {
            text.push_str(&format!("{on}filter:{off} {filter}\n"));
        }
        for Elsewhere { file, frames } in elsewhere {
            if let Some(filter) = filter(frames) {
                let file = cut_front(file, self.width / 2);
                text.push_str(&format!("{on}filter in {file}:{off} {filter}\n"));
            }
        }
        text
    }
}

/// Lines of at most `most` columns with these parts, each kept in one piece where it fits.
fn pack(parts: &[String], most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(part) <= most => {
                line.push(' ');
                line.push_str(part);
            }
            _ => lines.extend(wrap(part, most)),
        }
    }
    lines
}

/// Who has to change and what it cost; where it belongs: notes of parts, each beginning a line.
fn notes(finding: &Finding) -> [Vec<String>; 2] {
    let Scene { peers, session, user, forwarded, version, carrier, encoding } = &finding.scene;
    let cost = finding.cost.as_ref().and_then(summary::cost);
    let carried = match (encoding, carrier) {
        (Some(encoding), Some(carrier)) => Some(format!("{} over {}", encoding.name(), carrier.name())),
        (encoding, carrier) => encoding.map(|e| e.name()).or(carrier.map(|c| c.name())).map(str::to_owned),
    };
    let what = [
        Some(format!("fault of {}", finding.side.name())),
        cost.map(|cost| format!("cost {cost}")),
        (finding.repeats > 0).then(|| format!("and {} more of the same cause", finding.repeats)),
    ];
    let whence = [
        session.as_deref().map(|id| format!("session {}", clip(id, MOST_COLUMNS))),
        user.as_deref().map(|user| format!("user {}", clip(user, MOST_COLUMNS))),
        peers.map(|(client, server)| format!("stream {client} ⇄ {server}")),
        forwarded.as_deref().map(|client| format!("on behalf of {}", clip(client, MOST_COLUMNS))),
        version.map(|version| format!("CSP {}", version_name(version))),
        carried,
    ];
    let separated = |parts: &mut dyn Iterator<Item = String>| {
        let mut parts: Vec<String> = parts.collect();
        let last = parts.len().saturating_sub(1);
        parts.iter_mut().take(last).for_each(|part| part.push(','));
        parts
    };
    [separated(&mut what.into_iter().flatten()), separated(&mut whence.into_iter().flatten())]
}

/// The number of a CSP version: `1.2`.
pub(super) fn version_name(version: Version) -> &'static str {
    match version {
        Version::V10 => "1.0",
        Version::V11 => "1.1",
        Version::V12 => "1.2",
        Version::V13 => "1.3",
    }
}

/// A finding as the drawing library wants it.
#[derive(Debug)]
struct Drawing<'f> {
    finding: &'f Finding,
    message: String,
    help: String,
    window: Option<Window>,
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing<'_> {}

impl Diagnostic for Drawing<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let Finding { rule, severity, basis, .. } = self.finding;
        Some(Box::new(format!("{rule} ({}, {})", severity.name(), basis.name())))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Info => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.window.as_ref().map(|w| w as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.window.as_ref()?.labels.iter().cloned()))
    }
}

/// The excerpt of a finding: always read as a whole, so that the cost of a label does not depend on where it is.
#[derive(Debug)]
struct Window {
    name: String,
    text: String,
    lines: usize,
    labels: Vec<LabeledSpan>,
}

impl Window {
    /// The window of a finding; `None` when it shows no message.
    fn of(file: &str, finding: &Finding, width: usize) -> Option<Self> {
        let Excerpt { text, labels } = Excerpt::of(finding, width - GUTTER);
        let place = finding.place()?;
        let frame = place.frames.first().map(|frame| match frame.log_place() {
            Some((line, column)) => format!(":{line}:{}", column.max(1)),
            None => format!(":{}", frame.0),
        });
        let frame = frame.unwrap_or_default();
        let date = if place.time.is_order() { String::new() } else { place.time.to_string() };
        let date = date.split_once('T').map(|(date, _)| format!(" {date} UTC")).unwrap_or_default();
        let room = width - GUTTER - 4 - frame.len() - date.len();
        let labels = labels
            .into_iter()
            .map(|label| {
                // What is said hangs below the middle of the span, behind three columns of rule.
                let line = text.get(..label.span.start).and_then(|t| t.rsplit('\n').next()).unwrap_or_default();
                let size = text.get(label.span.clone()).map_or(0, columns);
                let column = columns(line) + size / 2 + 4 + GUTTER;
                let said = wrap(&label.text, width.saturating_sub(column).max(16)).join("\n");
                LabeledSpan::new((!said.is_empty()).then_some(said), label.span.start, label.span.len())
            })
            .collect();
        Some(Self {
            name: format!("{}{frame}{date}", cut_front(file, room)),
            lines: text.lines().count(),
            text,
            labels,
        })
    }
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            (0, self.text.len()).into(),
            0,
            0,
            self.lines,
        )))
    }
}

/// A path, safe, its front cut off where it is longer than `room` columns: the name of the file is at its end.
pub(super) fn cut_front(path: &str, room: usize) -> String {
    let safe = sanitise(path);
    if columns(&safe) <= room {
        return safe.into_owned();
    }
    let backwards: String = safe.chars().rev().collect();
    cut(&backwards, room).chars().rev().collect()
}

#[cfg(test)]
mod tests;
