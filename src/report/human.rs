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
use super::groups::{self, Group};
use super::summary::{self, counted};
use super::{Elsewhere, Filed, Outcome};
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
    /// Whether each finding is drawn, however many there are.
    pub full: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: WIDTHS.0, color: false, full: false }
    }
}

/// Lines that a report of many findings has at most, where not each is drawn.
pub const MOST_LINES: usize = 50;

/// Rows of the table, and remarks, in a report of many findings.
const MOST_ROWS: usize = 12;
const MOST_REMARKS: usize = 6;

/// Writes each finding drawn, or of many one of a kind, then the table by rule, what is to be known besides, and the
/// summary.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, options: Options, out: &mut impl Write) -> io::Result<()> {
    let artist = Artist::new(options);
    let is_each_drawn = options.full || outcome.findings.len() <= groups::FEW;
    let end = End::of(outcome, is_each_drawn);
    if is_each_drawn {
        for batch in outcome.findings.chunks(BATCH) {
            let drawn: Vec<String> = batch.par_iter().map(|filed| artist.draw(filed)).collect();
            for text in drawn {
                writeln!(out, "{text}")?;
            }
        }
    } else {
        write_groups(&outcome.findings, &artist, MOST_LINES.saturating_sub(end.0.len()), out)?;
    }
    end.0.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Draws one finding of each group, in at most so many lines: as long as there is room whole, then in brief.
fn write_groups(findings: &[Filed], artist: &Artist, room: usize, out: &mut impl Write) -> io::Result<()> {
    let groups = Group::all(findings);
    // The last line says what is not shown.
    let mut room = room.saturating_sub(2);
    let mut told = 0;
    for group in &groups {
        let more = match group.count {
            1 => String::new(),
            _ => format!("of its kind: {}\n", group.extent()),
        };
        let drawn = artist.draw(group.first) + &more + "\n";
        let text = if drawn.lines().count() <= room { drawn } else { artist.brief(group) };
        let lines = text.lines().count();
        if lines > room {
            break;
        }
        room -= lines;
        told += 1;
        out.write_all(text.as_bytes())?;
    }
    let left = match groups.len() - told {
        0 => String::new(),
        left => format!("{} of them shown, {left} not; ", counted(told as u64, "kind")),
    };
    let (findings, kinds) = (counted(findings.len() as u64, "finding"), counted(groups.len() as u64, "kind"));
    writeln!(out, "{findings} of {kinds}; {left}--full draws each")?;
    writeln!(out)
}

/// What stands below the findings, line by line.
struct End(Vec<String>);

impl End {
    fn of(outcome: &Outcome, whole: bool) -> Self {
        let mut lines = summary::table(outcome);
        if !whole && lines.len() > MOST_ROWS + 1 {
            let left = lines.len() - MOST_ROWS - 1;
            lines.truncate(MOST_ROWS + 1);
            lines.push(format!("and {left} more rules"));
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut remarks = summary::remarks(outcome);
        if !whole && remarks.len() > MOST_REMARKS {
            let left = remarks.len() - MOST_REMARKS;
            remarks.truncate(MOST_REMARKS);
            remarks.push(format!("and {} more", counted(left as u64, "remark")));
        }
        lines.append(&mut remarks);
        lines.push(summary::coverage(outcome));
        lines.extend(summary::held_back(outcome));
        lines.push(summary::counts(outcome));
        Self(lines)
    }
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

    /// A group in three lines and an empty one.
    fn brief(&self, group: &Group<'_>) -> String {
        let Filed { file, finding, .. } = group.first;
        let frame = finding.place().and_then(|place| place.frames.first()).map(|frame| match frame.log_place() {
            Some((line, _)) => format!(":{line}"),
            None => format!(":{}", frame.0),
        });
        let message = cut(&clip(&finding.message, MOST_COLUMNS), self.width - 2).to_string();
        let head =
            format!("{} ({}, {}): {}", finding.rule, finding.severity.name(), finding.basis.name(), group.extent());
        let head = cut(&head, self.width).to_string();
        format!("{head}\n  {message}\n  first: {}{}\n\n", cut_front(file, self.width - 20), frame.unwrap_or_default())
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
