//! The ladder as SVG.

use std::fmt::Write;

use crate::carrier::Direction;
use crate::finding::Severity;
use crate::sanitise::{cut, sanitise};
use crate::time::Time;

use super::{Ladder, Note, Row, Rung, What, aside, frame, margin};

/// Units between two rows, and to the first.
const STEP: usize = 26;
const TOP: usize = 74;
/// Where the lifelines stand, and how wide all of it is.
const CLIENT: usize = 150;
const SERVER: usize = 560;
const WIDTH: usize = 980;

/// Colours for light and dark, by class.
const STYLE: &str = "\
.ladder{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\
.ladder text{fill:#1f2328}.ladder .dim{fill:#59636e}.ladder .life,.ladder .arrow{stroke:#59636e;fill:none}\
.ladder .head{fill:#59636e}.ladder .ghost{stroke-dasharray:5 4}.ladder .signal{stroke-width:3}\
.ladder .error{fill:#b3261e}.ladder .warning{fill:#8a5a00}.ladder .info{fill:#0b57d0}.ladder .mark{fill:#fff3c4}\
@media(prefers-color-scheme:dark){.ladder text{fill:#e6edf3}.ladder .dim{fill:#9198a1}\
.ladder .life,.ladder .arrow{stroke:#9198a1}.ladder .head{fill:#9198a1}\
.ladder .error{fill:#ff8a80}.ladder .warning{fill:#f2c14e}.ladder .info{fill:#8ab4f8}.ladder .mark{fill:#3a3212}}";

/// The ladder as an SVG that stands by itself: no script, nothing from elsewhere, light or dark as the reader has it.
pub fn svg(ladder: &Ladder) -> String {
    let title = escape(&ladder.title.join(", "));
    let height = TOP + STEP * ladder.rungs.len() + 20;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
        <title>{title}</title>\n<style>{STYLE}</style>\n\
        <text x=\"10\" y=\"20\">{title}</text>\n\
        <text x=\"{CLIENT}\" y=\"48\" text-anchor=\"middle\">client</text>\n\
        <text x=\"{SERVER}\" y=\"48\" text-anchor=\"middle\">server</text>\n"
    );
    for x in [CLIENT, SERVER] {
        let _ = writeln!(svg, "<path class=\"life\" d=\"M{x} 56V{}\"/>", height - 10);
    }
    let mut before = None;
    for (at, rung) in ladder.rungs.iter().enumerate() {
        let y = TOP + STEP * at + 6;
        match rung {
            Rung::Row(row, notes) => {
                draw(&mut svg, row, notes, before, y);
                before = Some(row.time);
            }
            rung => {
                let said = escape(&cut(&aside(rung).unwrap_or_default(), 110));
                let _ = writeln!(svg, "<text class=\"dim\" x=\"{}\" y=\"{y}\">{said}</text>", CLIENT + 14);
                before = None;
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, row: &Row, notes: &[Note], before: Option<Time>, y: usize) {
    if !notes.is_empty() {
        let (top, width) = (y - 17, WIDTH - CLIENT);
        let _ = writeln!(svg, "<rect class=\"mark\" x=\"{CLIENT}\" y=\"{top}\" width=\"{width}\" height=\"24\"/>");
    }
    let time = match before {
        _ if row.time.is_order() || row.what == What::Missing => String::new(),
        Some(before) => format!("+{:.3}", row.time.since(before).0),
        None => {
            let told = row.time.to_string();
            told.split_once('T').map_or(String::new(), |(_, clock)| clock.trim_end_matches('Z').to_owned())
        }
    };
    let number = row.frame.map(frame).unwrap_or_default();
    let _ = writeln!(
        svg,
        "<text class=\"dim\" x=\"86\" y=\"{y}\" text-anchor=\"end\">{}</text>\
        <text class=\"dim\" x=\"138\" y=\"{y}\" text-anchor=\"end\">{number}</text>",
        cut(&time, 11)
    );
    let kind = match row.what {
        What::Said => "arrow",
        What::Signal => "arrow signal",
        What::Missing | What::Gap => "arrow ghost",
    };
    let (from, to, back) = match row.direction {
        Direction::ClientToServer => (CLIENT, SERVER - 8, SERVER - 10),
        Direction::ServerToClient => (SERVER, CLIENT + 8, CLIENT + 10),
    };
    let tip = if from < to { SERVER } else { CLIENT };
    let line = y + 5;
    let _ = writeln!(
        svg,
        "<path class=\"{kind}\" d=\"M{from} {line}H{to}\"/><path class=\"head\" d=\"M{tip} {line}L{back} {}V{}Z\"/>",
        line - 4,
        line + 4
    );
    let id = row.id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
    let facts: String = row.facts.iter().map(|fact| format!(" · {fact}")).collect();
    let told = escape(&cut(&format!("{}{id}{facts}", row.title), 48));
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{y}\">{told}</text>", CLIENT + 14);
    if let Some(worst) = notes.iter().map(|note| note.severity).max() {
        let class = match worst {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let whole = escape(&margin(notes));
        let said = escape(&cut(&margin(notes), 50));
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{}\" y=\"{y}\"><title>{whole}</title>{said}</text>",
            SERVER + 14
        );
    }
}

/// A text in which nothing is read as markup.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in sanitise(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
