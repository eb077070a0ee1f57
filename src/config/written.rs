//! A configuration as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use glob::Pattern;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::selector::{self, Selection, Selector};
use super::{Config, ConfigError, Override, Policy, Setting};
use crate::log::{Profile, WrittenProfile};
use crate::rules::{self, Page, Rule};

type Words = Vec<Spanned<String>>;
type Rules = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<Value>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    select: Option<Words>,
    #[serde(default)]
    ignore: Words,
    fail_on: Option<Spanned<String>>,
    min_coverage: Option<Spanned<f64>>,
    redact: Option<bool>,
    baseline: Option<String>,
    #[serde(default)]
    rule: Rules,
    #[serde(default, rename = "override")]
    overrides: Vec<Spanned<Special>>,
    #[serde(default)]
    log_profile: BTreeMap<String, Spanned<WrittenProfile>>,
}

/// What is said of some conversations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Special {
    path: Option<Spanned<OneOrMore>>,
    host: Option<Spanned<OneOrMore>>,
    user_agent: Option<Spanned<OneOrMore>>,
    session: Option<Spanned<OneOrMore>>,
    select: Option<Words>,
    #[serde(default)]
    ignore: Words,
    #[serde(default)]
    rule: Rules,
}

/// A pattern or a list of them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a pattern or a list of patterns")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads the text of a configuration.
pub(super) fn read(text: &str, folder: &Path) -> Result<Config, ConfigError> {
    let file: File = toml::from_str(text)
        .map_err(|error| ConfigError::at(text, error.span().unwrap_or_default(), error.message().trim()))?;
    let reading = Reading { text };
    let fail_on = file.fail_on.map(|word| {
        let known = ["error", "warning", "info", "never"].contains(&word.get_ref().as_str());
        let bad = || reading.wrong(&word, format!("{} is none of error, warning, info, never", word.get_ref()));
        if known { Ok(word.get_ref().clone()) } else { Err(bad()) }
    });
    let min_coverage = file.min_coverage.map(|share| {
        let bad = || reading.wrong(&share, "not from 0 to 100".to_owned());
        if (0.0..=100.0).contains(share.get_ref()) { Ok(*share.get_ref()) } else { Err(bad()) }
    });
    let profiles = file.log_profile.into_iter().map(|(name, profile)| {
        Profile::of(name, profile.into_inner(), text).map_err(|error| {
            let line_start: usize = text.split_inclusive('\n').take(error.line - 1).map(str::len).sum();
            let at = line_start + error.column - 1;
            ConfigError::at(text, at..at, error.what)
        })
    });
    Ok(Config {
        file: None,
        policy: Policy::new(
            reading.selection(file.select, file.ignore)?,
            reading.settings(file.rule, true)?,
            file.overrides.into_iter().map(|o| reading.special(o)).collect::<Result<_, _>>()?,
        ),
        fail_on: fail_on.transpose()?,
        min_coverage: min_coverage.transpose()?,
        redact: file.redact,
        baseline: file.baseline.map(|path| folder.join(path)),
        profiles: profiles.collect::<Result<_, _>>()?,
    })
}

/// Reads what the types leave open.
struct Reading<'t> {
    text: &'t str,
}

impl Reading<'_> {
    fn wrong<T>(&self, place: &Spanned<T>, what: String) -> ConfigError {
        ConfigError::at(self.text, place.span(), what)
    }

    fn selection(&self, select: Option<Words>, ignore: Words) -> Result<Selection, ConfigError> {
        let read = |words: Words| {
            let read = |word: &Spanned<String>| Selector::read(word.get_ref()).map_err(|what| self.wrong(word, what));
            words.iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        Ok(Selection { select: select.map(read).transpose()?, ignore: read(ignore)? })
    }

    /// What is said of rules; `parameters` says whether of their parameters too.
    fn settings(&self, written: Rules, parameters: bool) -> Result<BTreeMap<&'static str, Setting>, ConfigError> {
        let mut settings = BTreeMap::new();
        for (name, values) in written {
            let rule = rules::all().find(|rule| rule.name == name.get_ref());
            let rule = rule.ok_or_else(|| self.wrong(&name, selector::unknown(name.get_ref())))?;
            let page = page(rule);
            let mut setting = Setting::default();
            for (key, value) in values {
                if key.get_ref() == "severity" {
                    let word = value.get_ref().as_str().ok_or("not a text, such as \"info\"".to_owned());
                    let severity = word.and_then(selector::severity);
                    setting.severity = Some(severity.map_err(|what| self.wrong(&value, what))?);
                    continue;
                }
                let known = page.as_ref().map(|page| page.parameters.as_slice()).unwrap_or_default();
                let Some(parameter) = known.iter().find(|p| p.name == key.get_ref()) else {
                    let known: Vec<&str> = ["severity"].into_iter().chain(known.iter().map(|p| p.name)).collect();
                    let what = format!("{} has no {}; it has {}", rule.name, key.get_ref(), known.join(", "));
                    return Err(self.wrong(&key, what));
                };
                if !parameters {
                    let what = "parameters hold everywhere; here only severity can be said".to_owned();
                    return Err(self.wrong(&key, what));
                }
                let number = match value.get_ref() {
                    Value::Integer(number) => Some(*number as f64),
                    Value::Float(number) => Some(*number),
                    _ => None,
                };
                let number = number.filter(|number| number.is_finite() && *number >= 0.0);
                let bad = || self.wrong(&value, "not a number of 0 or more".to_owned());
                setting.parameters.insert(parameter.name, number.ok_or_else(bad)?);
            }
            settings.insert(rule.name, setting);
        }
        Ok(settings)
    }

    fn special(&self, written: Spanned<Special>) -> Result<Override, ConfigError> {
        let place = written.span();
        let Special { path, host, user_agent, session, select, ignore, rule } = written.into_inner();
        if path.is_none() && host.is_none() && user_agent.is_none() && session.is_none() {
            let what = "an override needs a condition: path, host, user-agent or session";
            return Err(ConfigError::at(self.text, place.start..place.start, what));
        }
        let severities = self.settings(rule, false)?;
        Ok(Override {
            path: self.patterns(path)?,
            host: self.patterns(host)?,
            user_agent: self.patterns(user_agent)?,
            session: self.patterns(session)?,
            selection: self.selection(select, ignore)?,
            severities: severities.into_iter().filter_map(|(rule, of)| Some((rule, of.severity?))).collect(),
        })
    }

    fn patterns(&self, written: Option<Spanned<OneOrMore>>) -> Result<Vec<Pattern>, ConfigError> {
        let Some(written) = written else { return Ok(Vec::new()) };
        let words = match written.get_ref() {
            OneOrMore::One(word) => std::slice::from_ref(word),
            OneOrMore::More(words) => words,
        };
        let read = |word: &String| Pattern::new(word).map_err(|error| self.wrong(&written, error.to_string()));
        words.iter().map(read).collect()
    }
}

/// The page of a rule; a test holds that every page can be read.
fn page(rule: &Rule) -> Option<Page> {
    Page::parse(rule.page).ok()
}
