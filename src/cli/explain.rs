//! `impslint explain`.

use std::io::{self, Write};

use super::Fault;
use super::arguments::Explain;
use crate::rules::{self, Page};

pub(super) fn run(arguments: &Explain) -> Result<u8, Fault> {
    let wanted = arguments.rule.trim();
    let Some(rule) = rules::all().find(|rule| rule.name == wanted) else {
        let hint = nearest(wanted).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
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

/// The rule whose name takes the fewest changes to become, when they are few enough to be a slip.
fn nearest(wanted: &str) -> Option<&'static str> {
    let distance_to = |name: &str| {
        let bare = name.split_once('/').map_or(name, |(_, bare)| bare);
        distance(wanted, name).min(distance(wanted, bare))
    };
    let (least, name) = rules::all().map(|rule| (distance_to(rule.name), rule.name)).min()?;
    (least <= wanted.chars().count().div_ceil(2)).then_some(name)
}

/// Insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != *y)).min(*above + 1).min(left + 1);
            diagonal = *above;
            *above = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("flaw", "lawn"), 2);
        assert_eq!(distance("same", "same"), 0);
    }
}
