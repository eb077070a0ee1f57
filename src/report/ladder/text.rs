//! The ladder as text.

use crate::carrier::Direction;
use crate::sanitise::{columns, cut, sanitise, wrap};
use crate::time::Time;

use super::{Ladder, Note, Row, Rung, What, aside, frame, margin, sign};

/// Columns of a drawing, at most.
pub const WIDTH: usize = 100;

/// Columns of the time, of the frame, and between the lifelines.
const TIME: usize = 9;
const FRAME: usize = 6;
const LANE: usize = 46;

/// The ladder as text of at most [`WIDTH`] columns.
pub fn text(ladder: &Ladder) -> String {
    let title = ladder.title.join(", ");
    let mut lines = wrap(&sanitise(&title), WIDTH);
    lines.push(String::new());
    lines.push(format!("{:>TIME$} {:>FRAME$}  {:<LANE$} {}", "time", "frame", "client", "server"));
    let mut before: Option<Time> = None;
    for rung in &ladder.rungs {
        match rung {
            Rung::Row(row, notes) => {
                lines.extend(drawn(row, before, &beside(notes)));
                before = Some(row.time);
            }
            rung => {
                let said = aside(rung).unwrap_or_default();
                let said = cut(&sanitise(&said), WIDTH - TIME - FRAME - 5);
                lines.push(format!("{:TIME$} {:FRAME$}  ┆  {said}", "", ""));
                before = None;
            }
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A row with what is said of it in the margin, on several lines where it is long.
fn drawn(row: &Row, before: Option<Time>, said: &[String]) -> Vec<String> {
    let (line, head) = match row.what {
        What::Said => ('─', ['◀', '▶']),
        What::Signal => ('═', ['◁', '▷']),
        What::Missing | What::Gap => ('╌', ['◁', '▷']),
    };
    let id = row.id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
    let told = format!("{}{id}", row.title);
    let told = std::iter::once(told).chain(row.facts.iter().cloned()).collect::<Vec<_>>().join(" · ");
    let told = cut(&sanitise(&told), LANE - 8);
    let rest = LANE.saturating_sub(columns(&told) + 8);
    let rule = |count: usize| line.to_string().repeat(count);
    let [left, right] = head;
    let arrow = match row.direction {
        Direction::ClientToServer => format!("│{} {told} {}{right}│", rule(3), rule(rest + 1)),
        Direction::ServerToClient => format!("│{left}{} {told} {}│", rule(2), rule(rest + 2)),
    };
    let time = match (before, row.what) {
        (_, What::Missing) => String::new(),
        _ if row.time.is_order() => String::new(),
        (Some(before), _) => format!("+{:.3}", row.time.since(before).0),
        (None, _) => clock(row.time),
    };
    let number = row.frame.map(frame).unwrap_or_default();
    let mut said = said.iter();
    let first = format!("{time:>TIME$} {number:>FRAME$}  {arrow} {}", said.next().map_or("", String::as_str));
    let further = said.map(|said| format!("{:TIME$} {:FRAME$}  │{:width$}│ {said}", "", "", "", width = LANE - 2));
    std::iter::once(first).chain(further).collect()
}

/// What was found on a row, a rule a line, or two where its name is long.
fn beside(notes: &[Note]) -> Vec<String> {
    let room = WIDTH - TIME - FRAME - LANE - 5;
    let mut lines = Vec::new();
    for note in notes {
        let Some(rule) = note.rule else { continue };
        let whole = format!("{} {rule} #{}", sign(note.severity), note.number);
        match rule.split_once('/') {
            Some((family, name)) if columns(&whole) > room => {
                lines.push(format!("{} {family}/", sign(note.severity)));
                lines.push(format!("  {name} #{}", note.number));
            }
            _ => lines.push(whole),
        }
    }
    let besides: Vec<Note> = notes.iter().filter(|note| note.rule.is_none()).cloned().collect();
    lines.extend(wrap(&margin(&besides), room).into_iter().filter(|line| !line.is_empty()));
    lines
}

/// `08:30:00.0`: the time of day.
fn clock(time: Time) -> String {
    let told = time.to_string();
    let clock = told.split_once('T').map_or(told.as_str(), |(_, clock)| clock);
    let clock = clock.trim_end_matches('Z');
    clock.get(..TIME - 1).unwrap_or(clock).trim_end_matches('.').to_owned()
}
