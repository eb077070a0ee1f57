//! `impslint check`.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::arguments::{Check, Colour, Format, When};
use super::{
    FOUND, Fault, INTERNAL, NOT_RECOGNISED, TOO_POOR, UNREADABLE, complain, inputs, inputs::Inputs, inputs::Source,
};
use crate::engine::{Engine, Rulebook};
use crate::report::{self, Filed, Outcome, Telling, human};
use crate::rules;

pub(super) fn run(arguments: &Check) -> Result<u8, Fault> {
    let rulebook = Rulebook::new(rules::all())
        .map_err(|(rule, error)| Fault::Usage(format!("the page of {rule} cannot be read: {error}")))?;
    let engine = Engine::new(rulebook, inputs::threads(arguments.reading.threads));
    let engine = engine.with_keys(inputs::keys(arguments.reading.keylog.as_deref())?);
    let mut outcome = Outcome::default();
    let mut out = BufWriter::new(io::stdout().lock());
    // What a pipe brings is told as it comes; of several inputs all are told together.
    let mut telling = match arguments.paths.as_slice() {
        [path] if path == Path::new("-") => Telling::new(format(arguments), &mut out),
        _ => None,
    };
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading)?;
    while let Some(source) = inputs.next() {
        match (source, &mut telling) {
            (Source::Capture(mut capture), None) => engine.check(&mut capture, &mut outcome),
            (Source::Log(mut log), None) => engine.check_log(&mut log, &mut outcome),
            (source, Some(telling)) => {
                let file: Arc<str> = "-".into();
                let mut tell =
                    |finding| telling.tell(&Filed::new(finding, &file, |frame| Some((Arc::clone(&file), frame))));
                match source {
                    // Where its frames stand in a text is known when it has been read.
                    Source::Capture(mut capture) if capture.is_retold() => engine.check(&mut capture, &mut outcome),
                    Source::Capture(mut capture) => engine.watch(&mut capture, &mut outcome, &mut tell),
                    Source::Log(mut log) => engine.watch_log(&mut log, &mut outcome, &mut tell),
                }
            }
        }
    }
    outcome.skipped_files = inputs.skipped();
    match telling {
        _ if outcome.inputs.is_empty() => {}
        Some(telling) => telling.finish(&outcome)?,
        None => {
            report::write(&outcome, format(arguments), &mut out)?;
            out.flush()?;
        }
    }
    tell_apart(&outcome, arguments.format);
    if is_too_poor(arguments, &outcome) {
        complain(&poverty(arguments, &outcome));
    }
    Ok(status(arguments, &outcome, inputs.unreadable()))
}

fn status(arguments: &Check, outcome: &Outcome, unreadable: bool) -> u8 {
    let failed = outcome.worst().is_some_and(|severity| arguments.fail_on.fails(severity));
    if !outcome.internal.is_empty() {
        INTERNAL
    } else if unreadable {
        UNREADABLE
    } else if is_too_poor(arguments, outcome) {
        TOO_POOR
    } else if failed {
        FOUND
    } else if outcome.tally.exchanges == 0 {
        NOT_RECOGNISED
    } else {
        0
    }
}

/// Whether less could be judged than was asked for. Where no IMPS was recognised in a capture that lost nothing, it was
/// not the capture's fault.
fn is_too_poor(arguments: &Check, outcome: &Outcome) -> bool {
    let read = !outcome.inputs.is_empty() && (outcome.tally.exchanges > 0 || outcome.lost > 0);
    read && arguments.min_coverage.is_some_and(|least| outcome.tally.coverage() < least)
}

/// Why a capture does not do.
fn poverty(arguments: &Check, outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    format!(
        "too poor to judge: {} of {} exchanges could be judged, {:.1} %, and --min-coverage asks for {} %",
        tally.judged,
        tally.exchanges,
        // Never rounded up to what was asked for.
        (tally.coverage() * 10.0).floor() / 10.0,
        arguments.min_coverage.unwrap_or_default()
    )
}

/// What a JSON report has no field for is said on standard error.
fn tell_apart(outcome: &Outcome, format: Format) {
    if outcome.tally.exchanges == 0 && !outcome.inputs.is_empty() {
        complain("no IMPS traffic recognised");
    }
    if format == Format::Json {
        outcome.internal.iter().for_each(|fault| complain(fault));
        if outcome.dropped_findings > 0 {
            complain(&format!("{} further findings are not listed", outcome.dropped_findings));
        }
        report::skipped(outcome).iter().for_each(|remark| complain(remark));
    }
}

fn format(arguments: &Check) -> report::Format {
    match arguments.format {
        Format::Concise => report::Format::Concise,
        Format::Json => report::Format::Json,
        Format::Human => report::Format::Human(human::Options { width: width(), color: colour(&arguments.colour) }),
    }
}

/// Columns to draw in: those of the terminal where `COLUMNS` tells, else 100.
fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(100)
}

pub(super) fn colour(arguments: &Colour) -> bool {
    match arguments.color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            wanted && std::env::var("TERM").as_deref() != Ok("dumb") && io::stdout().is_terminal()
        }
    }
}
