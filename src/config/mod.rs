//! The configuration: what a user wants to be told, written down in `impslint.toml`.
//!
//! In: the text of a file, found upwards from the working folder. Out: a [`Config`], whose [`Policy`] the engine asks which
//! rules run and which findings are told. What is wrong in it is an error with its place.

mod policy;
mod schema;
mod selector;
mod suppression;
mod written;

use std::path::{Path, PathBuf};

use crate::log::Profile;

pub use policy::{Head, Override, Policy, Setting};
pub use schema::schema;
pub use selector::{Selection, Selector, Subject};
pub use suppression::suppress;

/// Name of the file of a configuration.
pub const FILE_NAME: &str = "impslint.toml";

/// What a user wants to be told.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file it was read from.
    pub file: Option<PathBuf>,
    /// Which rules run, and which findings are told.
    pub policy: Policy,
    /// The mildest severity that fails a run, as on the command line.
    pub fail_on: Option<String>,
    /// The least share of exchanges that must be judged, in percent.
    pub min_coverage: Option<f64>,
    /// Whether users have pseudonyms in every report, or in none.
    pub redact: Option<bool>,
    /// File of the baseline.
    pub baseline: Option<PathBuf>,
    /// How the lines of logs are read.
    pub profiles: Vec<Profile>,
}

impl Config {
    /// Finds the file of the configuration that holds in a folder: in it, or in the nearest folder above it.
    pub fn find(folder: &Path) -> Option<PathBuf> {
        folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|file| file.is_file())
    }

    /// Reads the text of a configuration. Paths in it are meant from `folder`, that of the file.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        written::read(text, folder)
    }
}

/// What is wrong in a configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What it is.
    pub what: String,
    /// The line itself, and below it carets at the place.
    pub excerpt: String,
}

impl ConfigError {
    /// What is wrong at a span of octets in a text.
    fn at(text: &str, span: std::ops::Range<usize>, what: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let shown = text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let (line, indent) = (before.matches('\n').count() + 1, before.len() - begin);
        let column = shown.get(..indent).unwrap_or(shown).chars().count() + 1;
        let within = shown.get(indent..).unwrap_or_default();
        let marked = within.get(..span.len()).unwrap_or(within).chars().count().max(1);
        let number = line.to_string();
        let (gutter, space) = (" ".repeat(number.len()), " ".repeat(column - 1));
        // A tab is one column here, so that carets stand below what they mean.
        let shown = shown.replace('\t', " ");
        let excerpt = format!("{gutter} |\n{number} | {shown}\n{gutter} | {space}{}", "^".repeat(marked));
        Self { line, column, what: what.into(), excerpt }
    }
}

#[cfg(test)]
mod tests;
