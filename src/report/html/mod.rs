//! The report as one HTML page that stands by itself.
//!
//! Page, style and script are files beside this one. What was found is JSON in the page, every text made safe first; the
//! script puts it in as text, never as markup, so that nothing from the wire is read as HTML. A policy in the page forbids
//! everything from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::excerpt::Excerpt;
use super::filter::filter;
use super::human::version_name;
use super::ladder::frame;
use super::summary::{self, counted};
use super::{Filed, Outcome, Told};
use crate::carrier::Direction;
use crate::finding::Exhibit;
use crate::rules::{self, Page};
use crate::sanitise::{MOST_COLUMNS, clip};

/// The frame of the page, in which what follows has its places.
const FRAME: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Columns of the messages shown with a finding.
const WIDTH: usize = 100;

/// Names of the eleven use cases of the guideline, by number.
pub const USE_CASES: [&str; 11] = [
    "Auto-registration",
    "Password on another device",
    "PC and mobile together",
    "Same contacts everywhere",
    "File sharing",
    "Invisible log-on",
    "Nudges",
    "Can Bob take the picture?",
    "Chat rooms alike",
    "Bob and Clare at once",
    "Contacts reached by SMS",
];

#[derive(Serialize)]
struct Data<'o> {
    verdict: String,
    coverage: String,
    held_back: Option<String>,
    remarks: Vec<String>,
    inputs: Vec<String>,
    rules: Vec<Row>,
    cases: Vec<Case>,
    findings: &'o [Shown],
}

/// A rule, or a family, with what was found of it.
#[derive(Serialize)]
struct Row {
    rule: &'static str,
    summary: &'static str,
    severity: &'static str,
    count: u64,
    repeats: u64,
    octets: u64,
    round_trips: u64,
    cost: Option<String>,
}

/// A use case, and how many rules that judge it found something.
#[derive(Serialize)]
struct Case {
    number: usize,
    name: &'static str,
    rules: usize,
    found: Vec<&'static str>,
}

#[derive(Serialize)]
struct Shown {
    rule: &'static str,
    severity: &'static str,
    basis: &'static str,
    side: &'static str,
    message: String,
    help: &'static str,
    cost: Option<String>,
    repeats: u64,
    session: Option<String>,
    user: Option<String>,
    whence: Vec<String>,
    place: String,
    filter: Option<String>,
    ladder: Vec<Rung>,
    excerpt: String,
    labels: Vec<(usize, usize, String)>,
}

/// A message of a finding in its ladder.
#[derive(Serialize)]
struct Rung {
    time: String,
    frame: String,
    up: bool,
    title: String,
    label: String,
}

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let findings: Vec<Shown> = outcome.findings.iter().map(shown).collect();
    let safe = |text: &String| clip(text, MOST_COLUMNS);
    let data = Data {
        verdict: summary::counts(outcome),
        coverage: summary::coverage(outcome),
        held_back: summary::held_back(outcome),
        remarks: summary::remarks(outcome).iter().map(safe).collect(),
        inputs: outcome.inputs.iter().map(|input| safe(&input.path)).collect(),
        rules: rows(outcome),
        cases: cases(outcome),
        findings: &findings,
    };
    // In a script element only `<` could end it, or begin a comment.
    let json = serde_json::to_string(&data).map_err(io::Error::from)?.replace('<', "\\u003c");
    let mut rest = FRAME;
    for (place, text) in [("/*style*/", STYLE), ("/*data*/", &json), ("/*script*/", SCRIPT)] {
        let Some((before, after)) = rest.split_once(place) else { continue };
        out.write_all(before.as_bytes())?;
        out.write_all(text.as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

fn rows(outcome: &Outcome) -> Vec<Row> {
    let summaries: BTreeMap<&str, &str> =
        rules::all().filter_map(|rule| Some((rule.name, Page::parse(rule.page).ok()?.summary))).collect();
    let mut rules: Vec<(&'static str, Told)> = outcome.by_rule().into_iter().collect();
    rules.sort_by_key(|(rule, told)| (std::cmp::Reverse((told.severity, told.count)), *rule));
    let row = |(rule, told): (&'static str, Told)| Row {
        rule,
        summary: summaries.get(rule).copied().unwrap_or_default(),
        severity: told.severity.name(),
        count: told.count,
        repeats: told.repeats,
        octets: told.cost.octets,
        round_trips: told.cost.round_trips,
        cost: summary::cost(&told.cost),
    };
    rules.into_iter().map(row).collect()
}

fn cases(outcome: &Outcome) -> Vec<Case> {
    let pages = rules::all().filter_map(|rule| Some((rule.name, Page::parse(rule.page).ok()?.use_cases)));
    let pages: Vec<(&'static str, Vec<u8>)> = pages.collect();
    let found: BTreeSet<&str> = outcome.by_rule().into_keys().collect();
    let case = |(number, name): (usize, &'static str)| {
        let judging = || pages.iter().filter(move |(_, cases)| cases.iter().any(|case| usize::from(*case) == number));
        let found = judging().map(|(rule, _)| *rule).filter(|rule| found.contains(rule)).collect();
        Case { number, name, rules: judging().count(), found }
    };
    (1..).zip(USE_CASES).map(case).collect()
}

fn shown(Filed { file, frames, elsewhere, finding }: &Filed) -> Shown {
    let safe = |text: &str| clip(text, MOST_COLUMNS);
    let scene = &finding.scene;
    let whence = [
        scene.peers.map(|(client, server)| format!("{client} ⇄ {server}")),
        scene.version.map(|version| format!("CSP {}", version_name(version))),
        scene.encoding.map(|encoding| encoding.name().to_owned()),
        scene.carrier.map(|carrier| format!("over {}", carrier.name())),
        scene.forwarded.as_deref().map(|client| format!("on behalf of {}", safe(client))),
        (!elsewhere.is_empty()).then(|| format!("also in {}", counted(elsewhere.len() as u64, "other capture"))),
    ];
    let Excerpt { text, labels } = Excerpt::of(finding, WIDTH);
    // Places in the page are counted in UTF-16, as its script does.
    let units = |at: usize| text.get(..at).map_or(0, |before| before.encode_utf16().count());
    let labels = labels.into_iter().map(|label| (units(label.span.start), units(label.span.end), label.text)).collect();
    let mut exhibits: Vec<&Exhibit> = finding.exhibits.iter().collect();
    exhibits.sort_by_key(|exhibit| exhibit.time);
    let first = finding.place().and_then(|place| place.frames.first()).map(|no| frame(*no));
    Shown {
        rule: finding.rule,
        severity: finding.severity.name(),
        basis: finding.basis.name(),
        side: finding.side.name(),
        message: safe(&finding.message),
        help: finding.help,
        cost: finding.cost.as_ref().and_then(summary::cost),
        repeats: finding.repeats,
        session: scene.session.as_deref().map(safe),
        user: scene.user.as_deref().map(safe),
        whence: whence.into_iter().flatten().collect(),
        place: first.map_or_else(|| safe(file), |first| format!("{}:{first}", safe(file))),
        filter: filter(frames),
        ladder: exhibits.into_iter().map(rung).collect(),
        labels,
        excerpt: text,
    }
}

fn rung(exhibit: &Exhibit) -> Rung {
    let id = exhibit.transaction.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
    Rung {
        time: if exhibit.time.is_order() { String::new() } else { exhibit.time.to_string() },
        frame: exhibit.frames.first().map(|no| frame(*no)).unwrap_or_default(),
        up: exhibit.direction == Direction::ClientToServer,
        title: clip(&format!("{}{id}", exhibit.title), MOST_COLUMNS),
        label: clip(&exhibit.label, MOST_COLUMNS),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;

    /// What would be markup, a script's end, a terminal's command, or turned around.
    const HOSTILE: &str = "</script><!--<img src=x onerror=alert(1)>\u{1b}[31m\u{202e}\u{2028}&amp;\"'";

    fn page(outcome: &Outcome) -> String {
        let mut page = Vec::new();
        write(outcome, &mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    fn outcome(hostile: bool) -> Outcome {
        let mut finding = redundant_poll();
        if hostile {
            finding.message = HOSTILE.to_owned();
            finding.scene.user = Some(HOSTILE.to_owned());
            finding.scene.session = Some(HOSTILE.to_owned());
            finding.exhibits.iter_mut().for_each(|exhibit| {
                (exhibit.title, exhibit.label) = (HOSTILE.to_owned(), HOSTILE.to_owned());
                exhibit.transaction = Some(HOSTILE.to_owned());
            });
        }
        let file = if hostile { HOSTILE } else { "a.pcap" };
        let filed = Filed { file: file.to_owned(), frames: Vec::new(), elsewhere: Vec::new(), finding };
        Outcome { findings: vec![filed], ..Outcome::default() }
    }

    #[test]
    fn the_page_holds_its_data_and_nothing_from_elsewhere() {
        let page = page(&outcome(false));
        for place in ["/*style*/", "/*data*/", "/*script*/"] {
            assert!(!page.contains(place), "{place} is filled");
        }
        assert!(page.contains("polling/redundant-poll"));
        assert!(page.contains("default-src 'none'"));
        for call in ["http://", "https://", "src=", "@import", "url(", "fetch(", "innerHTML", "document.write", "eval("]
        {
            let frame = [FRAME, STYLE, SCRIPT].concat();
            assert!(!frame.contains(call), "{call}");
        }
    }

    #[test]
    fn nothing_from_the_wire_is_markup() {
        let (plain, hostile) = (page(&outcome(false)), page(&outcome(true)));
        assert_eq!(hostile.matches('<').count(), plain.matches('<').count());
        assert!(!hostile.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)));
    }

    #[test]
    fn use_cases_are_told_with_the_rules_that_judge_them() {
        let cases = cases(&outcome(false));
        assert_eq!(cases.len(), 11);
        assert!(cases.iter().all(|case| case.rules > 0), "every use case has rules");
        assert!(cases.iter().all(|case| case.found.len() <= 1));
    }
}
