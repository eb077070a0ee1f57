//! `impslint config`, and which configuration holds.

use std::io::{self, Write};
use std::path::Path;

use super::Fault;
use super::arguments::{Config as Arguments, ConfigWhat, Configured};
use crate::config::{Config, Selector, schema};
use crate::engine::Rulebook;
use crate::rules;

pub(super) fn run(arguments: &Arguments) -> Result<u8, Fault> {
    let mut out = io::stdout().lock();
    match &arguments.what {
        ConfigWhat::Schema => {
            serde_json::to_writer_pretty(&mut out, &schema()).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        ConfigWhat::Show(configured) => show(&load(configured)?, &mut out)?,
    }
    Ok(0)
}

/// The configuration that holds.
pub(super) fn load(configured: &Configured) -> Result<Config, Fault> {
    let found = || Config::find(&std::env::current_dir().ok()?);
    let Some(file) = configured.config.clone().or_else(|| if configured.isolated { None } else { found() }) else {
        return Ok(Config::default());
    };
    let name = file.display().to_string();
    let text = std::fs::read_to_string(&file).map_err(|error| Fault::Usage(format!("cannot read {name}: {error}")))?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let config = Config::read(&text, &folder).map_err(|error| Fault::Config { file: name, error })?;
    Ok(Config { file: Some(file), ..config })
}

/// The selectors that an option names.
pub(super) fn selectors(option: &str, words: &[String]) -> Result<Vec<Selector>, Fault> {
    let read = |word: &String| Selector::read(word.trim()).map_err(|what| Fault::Usage(format!("{option}: {what}")));
    words.iter().map(read).collect()
}

/// A book of the rules that a configuration selects.
pub(super) fn rulebook(config: &Config) -> Result<Rulebook, Fault> {
    Rulebook::with_policy(rules::all(), config.policy.clone())
        .map_err(|(rule, error)| Fault::Usage(format!("the page of {rule} cannot be read: {error}")))
}

/// Writes what holds, in the form of a configuration: what is said in none stands as a remark.
fn show(config: &Config, out: &mut impl Write) -> Result<(), Fault> {
    let Config { file, policy, fail_on, min_coverage, redact, baseline, profiles } = config;
    match file {
        Some(file) => writeln!(out, "# {}", file.display())?,
        None => writeln!(out, "# no impslint.toml here, nor in a folder above")?,
    }
    let quoted = |selectors: &[Selector]| {
        let quoted: Vec<String> = selectors.iter().map(|selector| format!("\"{selector}\"")).collect();
        quoted.join(", ")
    };
    if let Some(select) = &policy.selection.select {
        writeln!(out, "select = [{}]", quoted(select))?;
    }
    if !policy.selection.ignore.is_empty() {
        writeln!(out, "ignore = [{}]", quoted(&policy.selection.ignore))?;
    }
    writeln!(out, "fail-on = \"{}\"", fail_on.as_deref().unwrap_or("warning"))?;
    if let Some(share) = min_coverage {
        writeln!(out, "min-coverage = {share}")?;
    }
    if let Some(redact) = redact {
        writeln!(out, "redact = {redact}")?;
    }
    if let Some(baseline) = baseline {
        writeln!(out, "# baseline: {}", baseline.display())?;
    }
    for profile in profiles {
        writeln!(out, "# log profile: {}", profile.name)?;
    }
    if !policy.overrides.is_empty() {
        writeln!(out, "# overrides: {}", policy.overrides.len())?;
    }
    let held = rulebook(config)?;
    for (rule, page) in held.entries() {
        writeln!(out, "\n[rule.\"{}\"]\nseverity = \"{}\"", rule.name, page.severity.name())?;
        for parameter in &page.parameters {
            let unit = if parameter.unit.is_empty() { String::new() } else { format!("  # {}", parameter.unit) };
            writeln!(out, "{} = {}{unit}", parameter.name, parameter.value)?;
        }
    }
    let left: Vec<&str> = rules::all()
        .map(|rule| rule.name)
        .filter(|name| held.entries().iter().all(|(held, _)| held.name != *name))
        .collect();
    if !left.is_empty() {
        writeln!(out, "\n# not selected: {}", left.join(", "))?;
    }
    Ok(())
}
