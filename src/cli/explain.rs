//! `impslint explain`.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use super::Fault;
use super::arguments::Explain;
use crate::csp::namespace::Version;
use crate::csp::status::{self, StatusCode};
use crate::csp::transaction::{self, Initiator, TransactionType};
use crate::csp::{model, name};
use crate::rules::{self, Page, Rule};
use crate::syntax::NameId;

pub(super) fn run(arguments: &Explain) -> Result<u8, Fault> {
    let wanted = arguments.what.trim();
    let mut out = io::stdout().lock();
    if let Some(rule) = rules::all().find(|rule| rule.name == wanted) {
        of_rule(rule, &mut out)?;
    } else if let Some(code) = wanted.parse().ok().and_then(status::status) {
        of_code(code, &mut out)?;
    } else if let Some(primitive) = primitive(wanted) {
        of_primitive(primitive, &mut out)?;
    } else {
        let hint = rules::nearest(wanted).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        return Err(Fault::Usage(format!("there is no rule, status code or primitive {wanted}{hint}")));
    }
    Ok(0)
}

fn of_rule(rule: &Rule, out: &mut impl Write) -> Result<(), Fault> {
    let page = page(rule)?;
    writeln!(out, "{}\n\n{}.", rule.name, page.summary)?;
    writeln!(
        out,
        "{} on the basis of {}; CSP {}; fault of the {}",
        page.severity.name(),
        page.basis.name(),
        page.versions.iter().map(|v| v.number()).collect::<Vec<_>>().join(", "),
        page.side.map_or("sender", crate::finding::Side::name)
    )?;
    for parameter in &page.parameters {
        let unit = if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
        writeln!(out, "  {} = {}{unit}: {}", parameter.name, parameter.default, parameter.meaning)?;
    }
    Ok(writeln!(out, "{}", page.text.trim_end())?)
}

fn page(rule: &Rule) -> Result<Page, Fault> {
    Page::parse(rule.page).map_err(|error| Fault::Usage(error.to_string()))
}

fn of_code(code: &StatusCode, out: &mut impl Write) -> Result<(), Fault> {
    writeln!(out, "{}: {}\n\n{}\n\nWhat to do: {}", code.code, code.name, code.meaning, code.next)?;
    writeln!(out, "CSP {}", versions(&code.versions))?;
    let number = code.code.to_string();
    rules_about(|page| names(page, &number), out)
}

/// The number of a primitive, whatever its case.
fn primitive(wanted: &str) -> Option<NameId> {
    let all = (1..u16::MAX).map(NameId).take_while(|id| !name::spelling(*id).is_empty());
    let is_primitive = |id: &NameId| {
        transaction::of_request(*id).is_some() || transaction::is_response_name(*id) || *id == name::STATUS
    };
    all.filter(|id| name::spelling(*id).eq_ignore_ascii_case(wanted)).find(is_primitive)
}

fn of_primitive(primitive: NameId, out: &mut impl Write) -> Result<(), Fault> {
    let title = name::spelling(primitive);
    writeln!(out, "{title}\n")?;
    if let Some(of) = transaction::of_request(primitive) {
        let who = match of.initiator {
            Initiator::Client => "the client",
            Initiator::Server => "the server",
            Initiator::Both => "either side",
        };
        writeln!(out, "Sent by {who}; CSP {}", versions(&of.versions))?;
        writeln!(out, "Answered by {}", answers(of))?;
        if let Some(service) = of.service {
            writeln!(out, "Wants {} to be agreed in the service negotiation", name::spelling(service))?;
        }
    } else {
        writeln!(
            out,
            "An answer; CSP {}",
            model::versions_of(primitive).map(|v| v.number()).collect::<Vec<_>>().join(", ")
        )?;
    }
    rules_about(|page| names(page, title), out)
}

/// `Status, or LeaveGroup-Response in CSP 1.1`
fn answers(of: &TransactionType) -> String {
    let told: Vec<String> = of
        .answers
        .iter()
        .map(|answer| match answer.versions == of.versions {
            true => name::spelling(answer.name).to_owned(),
            false => format!("{} in CSP {}", name::spelling(answer.name), versions(&answer.versions)),
        })
        .collect();
    if told.is_empty() { "whatever the server has to say, or nothing".to_owned() } else { told.join(", or ") }
}

fn versions(range: &RangeInclusive<Version>) -> String {
    let all = [Version::V10, Version::V11, Version::V12, Version::V13];
    let within: Vec<&str> = all.iter().filter(|version| range.contains(version)).map(|v| v.number()).collect();
    if within.is_empty() { "of one server's making".to_owned() } else { within.join(", ") }
}

/// Whether the text of a page, or its summary, names something, as a word of its own.
fn names(page: &Page, what: &str) -> bool {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
    let within = |text: &str| {
        text.match_indices(what).any(|(at, _)| {
            let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + what.len()..).unwrap_or_default());
            apart(before.chars().next_back()) && apart(after.chars().next())
        })
    };
    within(page.summary) || within(page.help) || within(page.text)
}

/// Lists the rules whose page is about something.
fn rules_about(is_about: impl Fn(&Page) -> bool, out: &mut impl Write) -> Result<(), Fault> {
    let mut first = true;
    for rule in rules::all() {
        let page = page(rule)?;
        if is_about(&page) {
            writeln!(out, "{}  {:<42} {}", if first { "\nIn the pages of\n" } else { "" }, rule.name, page.summary)?;
            first = false;
        }
    }
    Ok(())
}
