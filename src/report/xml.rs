//! Reports in XML, for machines that read nothing else: JUnit and Checkstyle.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Filed, Outcome, Position};
use crate::finding::Severity;
use crate::rules;
use crate::sanitise::sanitise;

/// What an element of a report is made of.
type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A writer of elements.
struct Elements<W: Write>(Writer<W>);

impl<W: Write> Elements<W> {
    fn new(out: W) -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(out, b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self(writer))
    }

    fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
        let mut start = BytesStart::new(name);
        attributes.iter().for_each(|(name, value)| start.push_attribute((*name, &*sanitise(value))));
        start
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.0.write_event(Event::Start(Self::start(name, attributes)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.0.write_event(Event::Empty(Self::start(name, attributes)))
    }

    /// An element with lines of text in it.
    fn lines(&mut self, name: &str, attributes: Attributes<'_>, lines: &[String]) -> io::Result<()> {
        self.open(name, attributes)?;
        let safe: Vec<_> = lines.iter().map(|line| sanitise(line)).collect();
        self.0.write_event(Event::Text(BytesText::new(&safe.join("\n"))))?;
        self.close(name)
    }

    fn end(self) -> io::Result<()> {
        writeln!(self.0.into_inner())
    }
}

/// The findings of each capture, captures without any included, in the order of captures.
fn by_file(outcome: &Outcome) -> impl Iterator<Item = (&str, Vec<&Filed>)> {
    outcome.inputs.iter().map(|input| {
        let path = input.path.as_str();
        (path, outcome.findings.iter().filter(|filed| filed.file == path).collect())
    })
}

/// Writes a JUnit report: a suite a capture, in it a case for each rule that found nothing and one for each finding.
/// What was found is a failure where `fails` says so; else the case passes and says it in its output.
///
/// # Errors
/// Those of the writer.
pub fn junit(outcome: &Outcome, fails: impl Fn(Severity) -> bool, out: &mut impl Write) -> io::Result<()> {
    let mut xml = Elements::new(out)?;
    let suites: Vec<(&str, Vec<&Filed>)> = by_file(outcome).collect();
    let failed = |found: &[&Filed]| found.iter().filter(|filed| fails(filed.finding.severity)).count();
    let cases = |found: &[&Filed]| found.len() + silent(found).count();
    let all: usize = suites.iter().map(|(_, found)| cases(found)).sum();
    let failures: usize = suites.iter().map(|(_, found)| failed(found)).sum();
    let (all, failures) = (all.to_string(), failures.to_string());
    xml.open("testsuites", &[("name", "impslint"), ("tests", &all), ("failures", &failures), ("errors", "0")])?;
    for (path, found) in &suites {
        let (tests, failures) = (cases(found).to_string(), failed(found).to_string());
        let counts = [("tests", tests.as_str()), ("failures", &failures), ("errors", "0"), ("skipped", "0")];
        xml.open("testsuite", &[&[("name", *path)][..], &counts[..]].concat())?;
        for filed in found {
            case(&mut xml, path, filed, fails(filed.finding.severity))?;
        }
        for rule in silent(found) {
            xml.empty("testcase", &[("classname", path), ("name", rule)])?;
        }
        xml.close("testsuite")?;
    }
    xml.close("testsuites")?;
    xml.end()
}

/// The rules that found nothing.
fn silent<'f>(found: &'f [&Filed]) -> impl Iterator<Item = &'static str> + 'f {
    rules::all().map(|rule| rule.name).filter(|rule| !found.iter().any(|filed| filed.finding.rule == *rule))
}

fn case(xml: &mut Elements<impl Write>, path: &str, filed: &Filed, fails: bool) -> io::Result<()> {
    let finding = &filed.finding;
    let place = Position::of(filed).map(|place| format!(" at {}", place.words())).unwrap_or_default();
    xml.open("testcase", &[("classname", path), ("name", &format!("{}{place}", finding.rule))])?;
    let lines = [
        format!("{}[{}] {}", finding.severity.name(), finding.rule, finding.message),
        format!("help: {}", finding.help),
        format!("{path}{place}"),
    ];
    if fails {
        xml.lines("failure", &[("type", finding.severity.name()), ("message", &finding.message)], &lines)?;
    } else {
        xml.lines("system-out", &[], &lines)?;
    }
    xml.close("testcase")
}

/// Writes a Checkstyle report: a `file` a capture, an `error` a finding, whose line is the frame number in a capture
/// and the line in a log.
///
/// # Errors
/// Those of the writer.
pub fn checkstyle(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let mut xml = Elements::new(out)?;
    xml.open("checkstyle", &[("version", "4.3")])?;
    for (path, found) in by_file(outcome) {
        xml.open("file", &[("name", path)])?;
        for filed in found {
            let finding = &filed.finding;
            let place = Position::of(filed);
            let (line, column) = place.map_or((1, None), |place| place.line_and_column());
            let (line, column) = (line.to_string(), column.unwrap_or(1).to_string());
            xml.empty(
                "error",
                &[
                    ("line", &line),
                    ("column", &column),
                    ("severity", finding.severity.name()),
                    ("message", &format!("{}. {}", finding.message, finding.help)),
                    ("source", &format!("impslint.{}", finding.rule.replace('/', "."))),
                ],
            )?;
        }
        xml.close("file")?;
    }
    xml.close("checkstyle")?;
    xml.end()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::super::samples::{bare, hostile_outcome, outcome, redundant_poll};
    use super::*;

    /// Every start tag of a report: its name and its attributes, which must be well-formed.
    fn tags(report: &[u8]) -> Vec<(String, Vec<(String, String)>)> {
        let text = std::str::from_utf8(report).unwrap();
        assert!(!text.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)), "{text}");
        let mut reader = Reader::from_str(text);
        let mut tags = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => {
                    let attributes = tag.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let value =
                            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned();
                        (attribute.key.as_ref().to_owned(), value)
                    });
                    tags.push((tag.name().as_ref().to_owned(), attributes.collect()));
                }
                Event::Eof => return tags,
                _ => {}
            }
        }
    }

    fn value<'t>(tag: &'t (String, Vec<(String, String)>), name: &str) -> &'t str {
        &tag.1.iter().find(|(key, _)| key == name).unwrap().1
    }

    #[test]
    fn junit_has_a_case_a_finding_and_one_for_each_rule_that_was_silent() {
        let mut out = Vec::new();
        junit(&outcome(vec![redundant_poll(), bare()]), |severity| severity >= Severity::Warning, &mut out).unwrap();
        let tags = tags(&out);
        let cases = tags.iter().filter(|tag| tag.0 == "testcase").count();
        assert_eq!(cases, rules::all().count());
        let suite = tags.iter().find(|tag| tag.0 == "testsuite").unwrap();
        assert_eq!((value(suite, "tests"), value(suite, "failures")), (&*cases.to_string(), "1"));
        let failure: Vec<_> = tags.iter().filter(|tag| tag.0 == "failure").collect();
        assert_eq!(failure.len(), 1);
        assert_eq!(value(failure[0], "type"), "warning");
        assert_eq!(value(&tags[2], "name"), "polling/redundant-poll at frame 815");
        assert!(tags.iter().any(|tag| tag.0 == "system-out"));
    }

    #[test]
    fn checkstyle_has_an_error_a_finding() {
        let mut out = Vec::new();
        checkstyle(&outcome(vec![redundant_poll()]), &mut out).unwrap();
        let tags = tags(&out);
        let names: Vec<&str> = tags.iter().map(|tag| tag.0.as_str()).collect();
        assert_eq!(names, ["checkstyle", "file", "error"]);
        assert_eq!((value(&tags[2], "line"), value(&tags[2], "severity")), ("815", "warning"));
        assert_eq!(value(&tags[2], "source"), "impslint.polling.redundant-poll");
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut out = Vec::new();
        junit(&hostile_outcome(), |_| true, &mut out).unwrap();
        assert!(tags(&out).iter().any(|tag| tag.0 == "failure"));
        out.clear();
        checkstyle(&hostile_outcome(), &mut out).unwrap();
        assert!(tags(&out).iter().any(|tag| tag.0 == "error"));
    }
}
