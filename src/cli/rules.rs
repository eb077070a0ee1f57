//! `impslint rules`.

use std::io::{self, Write};

use serde::Serialize;

use super::Fault;
use super::arguments::{ListFormat, Rules};
use crate::engine::Rulebook;
use crate::rules;

/// A rule as listed in JSON.
#[derive(Serialize)]
struct Listed<'r> {
    name: &'static str,
    summary: &'r str,
    severity: &'static str,
    basis: &'static str,
    versions: Vec<&'static str>,
    carriers: Vec<&'r str>,
    scope: &'static str,
    side: &'static str,
    use_cases: &'r [u8],
    needs: &'r str,
    evidence: Vec<&'static str>,
    parameters: Vec<ListedParameter<'r>>,
}

/// A parameter as listed in JSON.
#[derive(Serialize)]
struct ListedParameter<'r> {
    name: &'r str,
    default: f64,
    unit: &'r str,
    meaning: &'r str,
}

pub(super) fn run(arguments: &Rules) -> Result<u8, Fault> {
    let book = Rulebook::new(rules::all())
        .map_err(|(rule, error)| Fault::Usage(format!("the page of {rule} cannot be read: {error}")))?;
    let mut out = io::stdout().lock();
    match arguments.format {
        ListFormat::Human => {
            for (rule, page) in book.entries() {
                writeln!(out, "{:<42} {:<8} {}", rule.name, page.severity.name(), page.summary)?;
            }
        }
        ListFormat::Json => {
            let listed: Vec<Listed<'_>> = book
                .entries()
                .iter()
                .map(|(rule, page)| Listed {
                    name: rule.name,
                    summary: page.summary,
                    severity: page.severity.name(),
                    basis: page.basis.name(),
                    versions: page.versions.iter().map(|v| v.number()).collect(),
                    carriers: if page.carriers.is_empty() { vec!["any"] } else { page.carriers.clone() },
                    scope: page.scope.name(),
                    side: page.side.map_or("sender", crate::finding::Side::name),
                    use_cases: &page.use_cases,
                    needs: page.needs,
                    evidence: page.evidence.iter().map(|e| e.name()).collect(),
                    parameters: page
                        .parameters
                        .iter()
                        .map(|p| ListedParameter { name: p.name, default: p.default, unit: p.unit, meaning: p.meaning })
                        .collect(),
                })
                .collect();
            serde_json::to_writer_pretty(&mut out, &listed).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(0)
}
