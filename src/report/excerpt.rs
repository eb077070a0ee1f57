//! The excerpt: the messages of a finding, drawn anew as text with a label on what each is shown for.
//!
//! A message has a line that names it and below it the neighbourhood of the element in focus, one element a line,
//! nesting shown by the indentation alone. No octet of the capture is in it: names and texts come from the tree,
//! sanitised and cut.

use std::ops::Range;

use crate::carrier::Direction;
use crate::finding::{Exhibit, Finding};
use crate::syntax::packing::PackedDocument;
use crate::syntax::{Document, Node};
use crate::time::Time;

use super::human::cut_front;
use super::neighbourhood::{Line, height, lines};
use crate::sanitise::{MOST_COLUMNS, clip, columns, cut};

/// Lines of an excerpt at most.
pub const MOST_LINES: usize = 40;

/// Lines of one message of an excerpt at most, the line that names it not counted.
pub const MOST_LINES_EACH: usize = 16;

/// Messages shown of one finding at most: its place and those told first.
pub const MOST_EXHIBITS: usize = 8;

/// Attributes shown of one element at most.
pub const MOST_ATTRIBUTES: usize = 3;

/// Columns of the path of a message in another capture at most.
const FILE_COLUMNS: usize = 24;

/// What is to be said at a place of an excerpt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place, in octets of [`Excerpt::text`]: never empty, inside one line, between characters.
    pub span: Range<usize>,
    /// What is said, sanitised.
    pub text: String,
}

/// The messages of a finding, drawn.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Excerpt {
    /// At most [`MOST_LINES`] lines, each within the columns asked for.
    pub text: String,
    /// The labels by rising place; at least one where there is a message.
    pub labels: Vec<Label>,
}

impl Excerpt {
    /// Draws the messages of a finding in the order of their time, in lines of at most `width` columns, no less
    /// than 60.
    pub fn of(finding: &Finding, width: usize) -> Self {
        let width = width.max(60);
        let mut shown: Vec<&Exhibit> = finding.exhibits.iter().take(MOST_EXHIBITS).collect();
        shown.sort_by_key(|e| e.time);
        let hidden = finding.exhibits.len() - shown.len();
        let heights: Vec<usize> = shown
            .iter()
            .map(|e| e.document.as_ref().map_or(0, |document| height(&document.read())).min(MOST_LINES_EACH))
            .collect();
        let shares = shares(&heights, MOST_LINES - shown.len() - usize::from(hidden > 0));

        let mut excerpt = Self::default();
        let mut before: Option<Time> = None;
        for (exhibit, share) in shown.iter().zip(shares) {
            excerpt.draw(exhibit, before.replace(exhibit.time), share, width);
        }
        if let (Some(first), []) = (shown.first(), excerpt.labels.as_slice()) {
            // Without any label there would be nothing to draw.
            excerpt.labels.push(Label { span: 0..frames(first).len(), text: String::new() });
        }
        if hidden > 0 {
            excerpt.line(&format!("… {hidden} more"));
        }
        excerpt
    }

    fn draw(&mut self, exhibit: &Exhibit, before: Option<Time>, share: usize, width: usize) {
        let named = frames(exhibit);
        let mut span = self.text.len()..self.text.len() + named.len();
        self.line(&head_line(exhibit, &named, before, width));

        let document = exhibit.document.as_ref().filter(|_| share > 0).map(PackedDocument::read);
        if let Some(document) = document.as_ref().filter(|d| says_more(d, exhibit)) {
            let focus = exhibit.focus.filter(|f| document.node(*f).is_some());
            for line in lines(document, focus, share) {
                let indent = (2 + 2 * line.depth).min(width / 2);
                self.text.push_str(&" ".repeat(indent));
                let at = self.text.len();
                let (element, name_end) = element(document, line, width - indent);
                self.line(&element);
                if line.node.is_some() && line.node == focus {
                    // A label hangs below the middle of what it is on; it needs room to the right of that.
                    let size = columns(&element);
                    let whole = size <= 40 && indent + size / 2 <= width / 2;
                    span = at..at + if whole { element.len() } else { name_end };
                }
            }
        }
        if !exhibit.label.is_empty() || exhibit.focus.is_some() {
            self.labels.push(Label { span, text: clip(&exhibit.label, MOST_COLUMNS) });
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Shares out `all` lines: to each what it asks for, or an equal part of what smaller ones left.
fn shares(asked: &[usize], all: usize) -> Vec<usize> {
    let mut shares = vec![0; asked.len()];
    let mut rising: Vec<(usize, &mut usize)> = asked.iter().copied().zip(&mut shares).collect();
    rising.sort_by_key(|(asked, _)| *asked);
    let (mut left, mut waiting) = (all, rising.len());
    for (asked, share) in rising {
        *share = asked.min(left / waiting.max(1));
        left -= *share;
        waiting -= 1;
    }
    shares
}

/// `frame 812`, `frames 812..815`, or what stands in for it where no frame is known; `frame 3 of b.pcap` in another
/// capture than that of the finding; of a log `line 12`.
fn frames(exhibit: &Exhibit) -> String {
    let frames = match exhibit.frames.as_slice() {
        [] => "no frame".to_owned(),
        [frame] if frame.log_place().is_some() => format!("line {}", frame.number()),
        [frame] => format!("frame {}", frame.0),
        [first, .., last] if first.log_place().is_some() => format!("lines {}..{}", first.number(), last.number()),
        [first, .., last] => format!("frames {}..{}", first.0, last.0),
    };
    match &exhibit.file {
        Some(file) => format!("{frames} of {}", cut_front(file, FILE_COLUMNS)),
        None => frames,
    }
}

/// Whether a tree says more than the line that names the message.
fn says_more(document: &Document, exhibit: &Exhibit) -> bool {
    document.len() > 1
        || exhibit.focus.is_some()
        || document.root().is_some_and(|root| {
            root.spelling() != exhibit.title || !root.text().is_empty() || root.attributes().next().is_some()
        })
}

/// `frame 815  10:14:07.420  +4.2 s  client → server  Polling-Request 13`
fn head_line(exhibit: &Exhibit, named: &str, before: Option<Time>, width: usize) -> String {
    let gap = match before {
        Some(before) if exhibit.time > before && !exhibit.time.is_order() => {
            format!("+{}  ", exhibit.time.since(before))
        }
        _ => String::new(),
    };
    let direction = match exhibit.direction {
        Direction::ClientToServer => "client → server",
        Direction::ServerToClient => "server → client",
    };
    let clock = if exhibit.time.is_order() { String::new() } else { format!("{}  ", clock(exhibit.time)) };
    let start = format!("{named}  {clock}{gap}{direction}  ");
    let transaction = exhibit.transaction.as_deref().map(|t| format!(" {}", clip(t, 40))).unwrap_or_default();
    // Rather the title is cut than the transaction.
    let room = width.saturating_sub(columns(&start) + columns(&transaction)).max(12);
    cut(&format!("{start}{}{transaction}", clip(&exhibit.title, room)), width)
}

/// The time of day in UTC to the millisecond: `10:14:03.220`.
fn clock(time: Time) -> String {
    let millis = time.0.div_euclid(1_000_000).rem_euclid(86_400_000);
    let (seconds, millis) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// An element in at most `room` columns, and where its name ends: `<UserID>wv:anna@…</UserID>`.
fn element(document: &Document, line: Line, room: usize) -> (String, usize) {
    let Some(node) = line.node.and_then(|id| document.node(id)) else { return ("…".to_owned(), "…".len()) };
    let name = clip(node.spelling(), (room / 2).saturating_sub(4).max(1));
    let name_end = 1 + name.len();
    let attributes = attributes(node);
    if line.closed {
        return (cut(&format!("<{name}{attributes}> … </{name}>"), room), name_end);
    }
    let text = node.text();
    if text.is_empty() {
        let end = if node.is_leaf() { "/>" } else { ">" };
        return (cut(&format!("<{name}{attributes}{end}"), room), name_end);
    }
    let end = if node.is_leaf() { format!("</{name}>") } else { String::new() };
    let start = cut(&format!("<{name}{attributes}>"), (room - columns(&end)).saturating_sub(8).max(name_end + 1));
    let text = clip(text, room.saturating_sub(columns(&start) + columns(&end)).max(1));
    (cut(&format!("{start}{text}{end}"), room), name_end)
}

/// ` xmlns="…"`, the first few.
fn attributes(node: Node<'_>) -> String {
    let mut shown = String::new();
    for (at, attribute) in node.attributes().take(MOST_ATTRIBUTES + 1).enumerate() {
        if at == MOST_ATTRIBUTES {
            shown.push_str(" …");
        } else {
            shown.push_str(&format!(" {}=\"{}\"", clip(attribute.name, 40), clip(attribute.value, 60)));
        }
    }
    shown
}

#[cfg(test)]
mod tests;
