//! What GitHub shows of a run: annotations on its standard output, and a summary of the job as a page.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Filed, Outcome, Position, summary};
use crate::finding::Severity;
use crate::sanitise::sanitise;

/// Annotations of one kind that GitHub shows of a step; what lies beyond is in the summary and the log alone.
const ANNOTATIONS_SHOWN: usize = 10;

/// Findings in the summary of a job at most, so that it stays far below the mebibyte that GitHub takes.
const SUMMARISED: usize = 200;

/// Writes an annotation for each finding, errors first, and a last line that says what was found.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for filed in outcome.findings.iter().filter(|filed| filed.finding.severity == severity) {
            annotation(filed, out)?;
        }
    }
    let beyond = [Severity::Error, Severity::Warning, Severity::Info].map(|severity| {
        let all = outcome.findings.iter().filter(|filed| filed.finding.severity == severity).count();
        all.saturating_sub(ANNOTATIONS_SHOWN)
    });
    for remark in summary::remarks(outcome) {
        writeln!(out, "{}", data(&remark))?;
    }
    match beyond.iter().sum::<usize>() {
        0 => {}
        beyond => writeln!(
            out,
            "GitHub shows {ANNOTATIONS_SHOWN} annotations of a kind and step: {beyond} more are in this log"
        )?,
    }
    writeln!(out, "{}; {}", summary::counts(outcome), summary::coverage(outcome))
}

fn annotation(filed: &Filed, out: &mut impl Write) -> io::Result<()> {
    let Filed { file, finding, .. } = filed;
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    // Nothing is where a line would be in a capture; its frame is told in words.
    let place = Position::of(filed);
    let (line, column) = place.filter(|place| place.is_line()).map_or((1, None), |place| place.line_and_column());
    let column = column.map(|column| format!(",col={column}")).unwrap_or_default();
    let place = place.map(|place| format!("{}: ", place.words())).unwrap_or_default();
    writeln!(
        out,
        "::{kind} file={},line={line}{column},title={}::{}",
        property(file),
        property(finding.rule),
        data(&format!("{place}{}. {}", finding.message, finding.help))
    )
}

/// A value of a workflow command. Source: the escapes of GitHub's toolkit.
fn data(text: &str) -> Cow<'_, str> {
    let safe = sanitise(text);
    if safe.contains('%') { Cow::Owned(safe.replace('%', "%25")) } else { safe }
}

/// A value of a property of a workflow command, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Writes the summary of a job, in Markdown.
///
/// # Errors
/// Those of the writer.
pub fn summary(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "## impslint: {}\n", cell(&summary::counts(outcome)))?;
    writeln!(out, "{}\n", cell(&summary::coverage(outcome)))?;
    let rules = outcome.by_rule();
    if !rules.is_empty() {
        writeln!(out, "| rule | severity | findings | bytes | round trips |")?;
        writeln!(out, "| --- | --- | ---: | ---: | ---: |")?;
        for (rule, told) in &rules {
            let (octets, trips) = (told.cost.octets, told.cost.round_trips);
            writeln!(out, "| {rule} | {} | {} | {octets} | {trips} |", told.severity.name(), told.count)?;
        }
        writeln!(out, "\n| place | finding | what to do |\n| --- | --- | --- |")?;
    }
    for filed in outcome.findings.iter().take(SUMMARISED) {
        let Filed { file, finding, .. } = filed;
        let place = Position::of(filed).map(|place| format!(", {}", place.words())).unwrap_or_default();
        let (file, fact) = (cell(file), cell(&finding.message));
        writeln!(out, "| {file}{place} | **{}** {fact} | {} |", finding.rule, cell(finding.help))?;
    }
    match outcome.findings.len().saturating_sub(SUMMARISED) {
        0 => {}
        more => writeln!(out, "\n… and {more} more")?,
    }
    for remark in summary::remarks(outcome) {
        writeln!(out, "\n{}", cell(&remark))?;
    }
    Ok(())
}

/// A text that is nothing but text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in sanitise(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' | ':' => {
                // A character reference makes neither markup nor a mention nor an address out of what is around it.
                safe.push_str(&format!("&#{};", u32::from(c)));
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bare, hostile_outcome, outcome, redundant_poll};
    use super::*;

    fn written(outcome: &Outcome) -> String {
        let mut out = Vec::new();
        write(outcome, &mut out).unwrap();
        summary(outcome, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_annotation_a_finding_then_the_summary() {
        let text = written(&outcome(vec![bare(), redundant_poll()]));
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "::warning file=anna.pcap,line=1,title=polling/redundant-poll::frame 815: polled again 4.2 s after the \
             server had said that nothing is waiting. Take Poll=F as the end of the queue."
        );
        assert!(text.lines().nth(1).unwrap().starts_with("::notice file=anna.pcap,line=1,"));
        assert!(text.contains("\n| polling/redundant-poll | warning | 1 | 2314 | 4 |\n"), "{text}");
    }

    #[test]
    fn values_end_no_command_and_make_no_markup() {
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
        assert_eq!(data("50 %\n::error::x"), "50 %25\\n::error::x");
        assert_eq!(cell("<img> [a](http://b) @all|"), "&lt;img&gt; &#91;a&#93;(http&#58;//b) &#64;all&#124;");
        let text = written(&hostile_outcome());
        assert!(!text.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)), "{text}");
    }
}
