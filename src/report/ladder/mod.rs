//! The ladder: the sequence diagram of a session, as text, Mermaid or SVG.
//!
//! In: [`Story`]s, what is remembered of sessions when they close, and the findings of the run. Out: a [`Ladder`] of rows,
//! each a message with what was found on it, something that is missing, or a stretch in which nothing new was said; and its
//! drawings, which know nothing but the ladder.

mod mermaid;
mod story;
mod svg;
mod text;

use std::collections::HashMap;

use crate::carrier::Direction;
use crate::finding::{Exhibit, Severity};
use crate::time::{Seconds, Time};
use crate::wire::FrameNo;

use super::Filed;
use super::human::version_name;
use super::info::duration;

pub use mermaid::mermaid;
pub use story::{ROWS_KEPT, Row, Story, What};
pub use svg::svg;
pub use text::{WIDTH, text};

/// Silence that is told, in seconds.
const SILENCE: f64 = 60.0;

/// How often the same must be said in a row to be folded.
const OFTEN: usize = 4;

/// Rows shown around those of a finding.
const AROUND: usize = 8;

/// A finding on a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its number in the report, from 1.
    pub number: usize,
    /// Name of the rule; `None` where the row is only shown besides.
    pub rule: Option<&'static str>,
    /// How bad it is.
    pub severity: Severity,
}

/// A line of a ladder.
#[derive(Clone, Debug)]
pub enum Rung {
    /// Something said, or missing, with what was found on it.
    Row(Row, Vec<Note>),
    /// A stretch in which the same was said over and over.
    Same {
        /// What was said, in order.
        titles: Vec<String>,
        /// How often.
        times: usize,
        /// For how long.
        lasted: Seconds,
    },
    /// A stretch in which nothing was said.
    Silence(Seconds),
    /// Rows that are not shown.
    LeftOut(u64),
}

/// The sequence diagram of a session.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// What session it is, in parts.
    pub title: Vec<String>,
    /// What happened, in order.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// The ladder of a story, with the findings of the run on its rows. `only` is the number of a finding, around which alone
    /// it is drawn.
    pub fn of(story: &Story, findings: &[Filed], only: Option<usize>) -> Self {
        let notes = notes(story, findings, only);
        let mut rows: Vec<(Row, Vec<Note>)> = story.rows.iter().cloned().zip(notes).collect();
        let (mut before, mut behind) = (0, story.left_out);
        if only.is_some() {
            let noted = |(_, notes): &(Row, Vec<Note>)| !notes.is_empty();
            let first = rows.iter().position(noted).unwrap_or(0).saturating_sub(AROUND);
            let last = rows.iter().rposition(noted).map_or(rows.len(), |last| last + AROUND + 1).min(rows.len());
            behind += (rows.len() - last) as u64;
            before = first as u64;
            rows.truncate(last);
            rows.drain(..first);
        }
        let mut rungs = fold(rows);
        if before > 0 {
            rungs.insert(0, Rung::LeftOut(before));
        }
        if behind > 0 {
            rungs.push(Rung::LeftOut(behind));
        }
        Self { title: title(story), rungs }
    }

    /// The numbers of the findings on it, rising.
    pub fn findings(&self) -> Vec<usize> {
        let noted = self.rungs.iter().filter_map(|rung| match rung {
            Rung::Row(_, notes) => Some(notes),
            _ => None,
        });
        let mut numbers: Vec<usize> = noted.flatten().map(|note| note.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// What session it is.
fn title(story: &Story) -> Vec<String> {
    let mut title = Vec::new();
    title.push(match &story.id {
        Some(id) => format!("session {id}"),
        None => format!("session {} of the capture", story.no.0 + 1),
    });
    title.extend(story.user.as_ref().map(|user| format!("user {user}")));
    title.extend(story.version.map(|version| format!("CSP {}", version_name(version))));
    title.push(format!("{} over {}", story.encoding.name(), story.carrier.name()));
    title
}

/// The findings on each row: a row is known by when its first octet was captured and by who sent it, then by its title.
fn notes(story: &Story, findings: &[Filed], only: Option<usize>) -> Vec<Vec<Note>> {
    let mut notes = vec![Vec::new(); story.rows.len()];
    let mut places: HashMap<(Time, Direction), Vec<usize>> = HashMap::new();
    for (at, row) in story.rows.iter().enumerate().filter(|(_, row)| row.what != What::Missing) {
        places.entry((row.time, row.direction)).or_default().push(at);
    }
    let place = |exhibit: &Exhibit| {
        let rows = places.get(&(exhibit.time, exhibit.direction))?;
        let alike = rows.iter().find(|at| story.rows.get(**at).is_some_and(|row| row.title == exhibit.title));
        alike.or(rows.first()).copied()
    };
    for (number, filed) in (1..).zip(findings) {
        let finding = &filed.finding;
        let elsewhere = story.id.is_some() && finding.scene.session.is_some() && finding.scene.session != story.id;
        if elsewhere || only.is_some_and(|only| only != number) {
            continue;
        }
        for (at, exhibit) in finding.exhibits.iter().enumerate() {
            let rule = (at == 0).then_some(finding.rule);
            if let Some(notes) = place(exhibit).and_then(|at| notes.get_mut(at))
                && notes.iter().all(|note: &Note| note.number != number)
            {
                notes.push(Note { number, rule, severity: finding.severity });
            }
        }
    }
    notes
}

/// Folds what was said over and over, and tells silences.
fn fold(rows: Vec<(Row, Vec<Note>)>) -> Vec<Rung> {
    let same = |a: usize, b: usize| match (rows.get(a), rows.get(b)) {
        (Some((a, of_a)), Some((b, of_b))) => a.says_as(b) && of_a.is_empty() && of_b.is_empty(),
        _ => false,
    };
    // How many rows from a place say the same as those `period` before them.
    let run = |from: usize, period: usize| (from + period..rows.len()).take_while(|at| same(at - period, *at)).count();
    let (mut rungs, mut at, mut last): (Vec<Rung>, usize, Option<Time>) = (Vec::new(), 0, None);
    while let Some((row, notes)) = rows.get(at) {
        let quiet = last.map(|last| row.time.since(last)).filter(|quiet| quiet.0 >= SILENCE);
        let folded = [1, 2].into_iter().find_map(|period| {
            let times = run(at, period) / period + 1;
            (times > OFTEN).then_some((period, times))
        });
        if let Some((period, times)) = folded {
            let end = at + period * times;
            let until = rows.get(end - 1).map_or(row.time, |(row, _)| row.time);
            let titles = rows.iter().skip(at).take(period).map(|(row, _)| row.told()).collect();
            rungs.push(Rung::Same { titles, times, lasted: until.since(row.time) });
            (at, last) = (end, Some(until));
            continue;
        }
        rungs.extend(quiet.map(Rung::Silence));
        rungs.push(Rung::Row(row.clone(), notes.clone()));
        last = Some(row.time);
        at += 1;
    }
    rungs
}

/// `17`, or the line of a log.
pub(super) fn frame(frame: FrameNo) -> String {
    match frame.log_place() {
        Some((line, _)) => format!("l.{line}"),
        None => frame.0.to_string(),
    }
}

/// `… 27 times in 40 min 12 s: Polling-Request, empty answer …`, `… 12 min 3 s of silence …`, `… 31 rows not shown …`;
/// `None` for a row.
fn aside(rung: &Rung) -> Option<String> {
    Some(match rung {
        Rung::Row(..) => return None,
        Rung::Same { titles, times, lasted } => {
            format!("… {times} times in {}: {} …", spelt(*lasted), titles.join(", "))
        }
        Rung::Silence(lasted) => format!("… {} of silence …", spelt(*lasted)),
        Rung::LeftOut(rows) => format!("… {rows} row{} not shown …", if *rows == 1 { "" } else { "s" }),
    })
}

/// `40 min 12 s`
fn spelt(lasted: Seconds) -> String {
    duration((lasted.0.max(0.0) * 1e9) as u64)
}

/// `⚠ polling/redundant-poll #3`; `#3` where the row is only shown besides.
fn margin(notes: &[Note]) -> String {
    let told = notes.iter().map(|note| match note.rule {
        Some(rule) => format!("{} {rule} #{}", sign(note.severity), note.number),
        None => format!("#{}", note.number),
    });
    told.collect::<Vec<_>>().join(" ")
}

/// `✘`, `⚠`, `ℹ`.
fn sign(severity: Severity) -> char {
    match severity {
        Severity::Error => '✘',
        Severity::Warning => '⚠',
        Severity::Info => 'ℹ',
    }
}

#[cfg(test)]
mod tests;
