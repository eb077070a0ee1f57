//! `impslint explain`.

use std::io::{self, Write};

use super::Fault;
use super::arguments::Explain;
use crate::rules::{self, Page};

pub(super) fn run(arguments: &Explain) -> Result<u8, Fault> {
    let wanted = arguments.rule.trim();
    let Some(rule) = rules::all().find(|rule| rule.name == wanted) else {
        let hint = rules::nearest(wanted).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        return Err(Fault::Usage(format!("there is no rule {wanted}{hint}")));
    };
    let page = Page::parse(rule.page).map_err(|error| Fault::Usage(error.to_string()))?;
    let mut out = io::stdout().lock();
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
    writeln!(out, "{}", page.text.trim_end())?;
    Ok(0)
}
