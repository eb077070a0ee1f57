//! `impslint check`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::arguments::{Check, Colour, FailOn, Format, When};
use super::{
    FOUND, Fault, INTERNAL, NOT_RECOGNISED, TOO_POOR, UNREADABLE, complain, config, inputs, inputs::Inputs,
    inputs::Source,
};
use crate::capture::Capture;
use crate::capture::annotate::{self, AnnotateError};
use crate::config::{Config, suppress};
use crate::engine::Engine;
use crate::report::baseline::Baseline;
use crate::report::{self, Filed, Outcome, Telling, human};

pub(super) fn run(arguments: &Check) -> Result<u8, Fault> {
    let wanted = Wanted::of(arguments)?;
    let rulebook = config::rulebook(&wanted.config)?;
    // Times of several threads at once would add up to more than the run took.
    let (rulebook, threads) =
        if arguments.timings { (rulebook.metered(), 1) } else { (rulebook, arguments.reading.threads) };
    let engine = Engine::new(rulebook, inputs::threads(threads));
    let engine = engine.with_keys(inputs::keys(arguments.reading.keylog.as_deref())?);
    let outputs = Outputs::of(arguments, &wanted)?;
    let mut outcome = Outcome::default();
    let mut out = BufWriter::new(io::stdout().lock());
    // What a pipe brings is told as it comes; of several inputs all are told together.
    let mut telling = match arguments.paths.as_slice() {
        [path] if path == Path::new("-") && outputs.is_told() && wanted.baseline.is_none() => {
            Telling::new(outputs.first, &mut out)
        }
        _ => None,
    };
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading, &wanted.config.profiles)?;
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
    for complaint in suppress(&mut outcome, today()) {
        complain(&complaint);
    }
    if let Some(baseline) = &wanted.baseline {
        baseline.apply(&mut outcome, inputs.unreadable())?;
    }
    let began = Instant::now();
    match telling {
        _ if outcome.inputs.is_empty() => {}
        Some(telling) => telling.finish(&outcome)?,
        None => outputs.write(&outcome, &mut out)?,
    }
    if let Some(target) = &outputs.annotated {
        annotate(target, arguments, &outputs, &outcome)?;
    }
    if let Some(timings) = &outcome.timings {
        timings.write(began.elapsed(), &mut io::stderr().lock())?;
    }
    tell_apart(&outcome, outputs.first);
    if wanted.is_too_poor(&outcome) {
        complain(&wanted.poverty(&outcome));
    }
    Ok(wanted.status(&outcome, inputs.unreadable()))
}

/// The day of the run, in UTC; of builds that are to be the same at any time, the day that they are said to be of.
fn today() -> Date {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let moment = said.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(Timestamp::now);
    moment.to_zoned(TimeZone::UTC).date()
}

/// What is wanted of a run: what the command line says, and what it leaves open as the configuration says.
struct Wanted {
    config: Config,
    fail_on: FailOn,
    min_coverage: Option<f64>,
    /// Whether users have pseudonyms, where the format does not decide it.
    redact: Option<bool>,
    baseline: Option<Known>,
}

impl Wanted {
    fn of(arguments: &Check) -> Result<Self, Fault> {
        let mut config = config::load(&arguments.reading.configured)?;
        if !arguments.select.is_empty() {
            config.policy.selection.select = Some(config::selectors("--select", &arguments.select)?);
        }
        config.policy.selection.ignore.extend(config::selectors("--ignore", &arguments.ignore)?);
        let configured = config.fail_on.as_deref().and_then(|word| FailOn::from_str(word, false).ok());
        let baseline = arguments.baseline.as_ref().or(config.baseline.as_ref());
        let baseline = baseline.map(|file| Known::of(file, arguments.update_baseline)).transpose()?;
        if arguments.update_baseline && baseline.is_none() {
            return Err(Fault::Usage("--update-baseline: no --baseline names the file".to_owned()));
        }
        let redact = match (arguments.redact, arguments.no_redact) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => config.redact,
        };
        Ok(Self {
            fail_on: arguments.fail_on.or(configured).unwrap_or(FailOn::Warning),
            min_coverage: arguments.min_coverage.or(config.min_coverage),
            redact,
            baseline,
            config,
        })
    }

    fn status(&self, outcome: &Outcome, unreadable: bool) -> u8 {
        let failed = outcome.worst().is_some_and(|severity| self.fail_on.fails(severity));
        if !outcome.internal.is_empty() {
            INTERNAL
        } else if unreadable {
            UNREADABLE
        } else if self.is_too_poor(outcome) {
            TOO_POOR
        } else if failed {
            FOUND
        } else if !outcome.tally.has_imps() {
            NOT_RECOGNISED
        } else {
            0
        }
    }

    /// Whether less could be judged than was asked for. Where no IMPS was recognised in a capture that lost nothing, it
    /// was not the capture's fault.
    fn is_too_poor(&self, outcome: &Outcome) -> bool {
        let read = !outcome.inputs.is_empty() && (outcome.tally.exchanges > 0 || outcome.lost > 0);
        read && self.min_coverage.is_some_and(|least| outcome.tally.coverage() < least)
    }

    /// Why a capture does not do.
    fn poverty(&self, outcome: &Outcome) -> String {
        let tally = &outcome.tally;
        format!(
            "too poor to judge: {} of {} exchanges could be judged, {:.1} %, and --min-coverage asks for {} %",
            tally.judged,
            tally.exchanges,
            // Never rounded up to what was asked for.
            (tally.coverage() * 10.0).floor() / 10.0,
            self.min_coverage.unwrap_or_default()
        )
    }
}

/// A baseline, and whether it is to be written anew.
struct Known {
    file: PathBuf,
    baseline: Baseline,
    update: bool,
}

impl Known {
    fn of(file: &Path, update: bool) -> Result<Self, Fault> {
        let wrong = |what: &dyn Display| Fault::Usage(format!("cannot read the baseline {}: {what}", file.display()));
        let baseline = match std::fs::read_to_string(file) {
            Ok(text) => Baseline::read(&text).map_err(|error| wrong(&error))?,
            Err(error) if update && error.kind() == io::ErrorKind::NotFound => Baseline::default(),
            Err(error) => return Err(wrong(&error)),
        };
        Ok(Self { file: file.to_owned(), baseline, update })
    }

    /// Takes what is known out of an outcome; before that, where it is wanted, makes all of it known.
    fn apply(&self, outcome: &mut Outcome, unreadable: bool) -> Result<(), Fault> {
        let name = self.file.display();
        if !self.update {
            self.baseline.apply(outcome);
            let stale = outcome.baseline.iter().flat_map(|compared| &compared.stale);
            for entry in stale {
                complain(&format!("{name}: not found again: {}, {}: {}", entry.rule, entry.side, entry.fact));
            }
            return Ok(());
        }
        if unreadable || outcome.dropped_findings > 0 || !outcome.internal.is_empty() {
            complain(&format!("{name} stays as it is: not everything was read, or told"));
            self.baseline.apply(outcome);
            return Ok(());
        }
        let baseline = Baseline::of(outcome);
        baseline.apply(outcome);
        let mut text = Vec::new();
        baseline.write(&mut text)?;
        let mut file = create(&self.file)?;
        Ok(file.write_all(&text)?)
    }
}

/// What a JSON report has no field for is said on standard error.
fn tell_apart(outcome: &Outcome, format: report::Format) {
    if !outcome.tally.has_imps() && !outcome.inputs.is_empty() {
        complain("no IMPS traffic recognised");
    }
    if matches!(format, report::Format::Json | report::Format::Jsonl | report::Format::Csv) {
        outcome.internal.iter().for_each(|fault| complain(fault));
        if outcome.dropped_findings > 0 {
            complain(&format!("{} further findings are not listed", outcome.dropped_findings));
        }
        report::skipped(outcome).iter().for_each(|remark| complain(remark));
    }
}

/// The reports of a run.
struct Outputs {
    /// What goes to standard output.
    first: report::Format,
    /// Where the capture goes once more, with comments.
    annotated: Option<PathBuf>,
    files: Vec<(report::Format, PathBuf)>,
    /// Whether users have pseudonyms, where the format does not decide it.
    redact: Option<bool>,
}

impl Outputs {
    fn of(arguments: &Check, wanted: &Wanted) -> Result<Self, Fault> {
        let (to_stdout, files): (Vec<_>, Vec<_>) =
            arguments.output.iter().partition(|output| output.file == Path::new("-"));
        let (annotated, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|output| output.format == Format::Pcapng);
        if arguments.format == Format::Pcapng || to_stdout.iter().any(|output| output.format == Format::Pcapng) {
            return Err(Fault::Usage("pcapng goes to a file: --output pcapng=FILE".to_owned()));
        }
        if annotated.len() > 1 {
            return Err(Fault::Usage("only one file can be the capture with comments".to_owned()));
        }
        if to_stdout.len() > 1 {
            return Err(Fault::Usage("only one report can go to standard output".to_owned()));
        }
        let annotated = annotated.first().map(|output| output.file.clone());
        let first = to_stdout.first().map_or(arguments.format, |output| output.format);
        // What goes to a file has no colours and a fixed width.
        let plain = human::Options { width: WIDTH, color: false, full: arguments.full };
        let files = files.iter().map(|output| {
            let format = format(arguments, wanted, output.format);
            let format = if let report::Format::Human(_) = format { report::Format::Human(plain) } else { format };
            (format, output.file.clone())
        });
        Ok(Self { first: format(arguments, wanted, first), annotated, files: files.collect(), redact: wanted.redact })
    }

    /// Whether findings may be told one by one: where nothing of them is to be written besides, and they are told as
    /// they are.
    fn is_told(&self) -> bool {
        self.files.is_empty() && self.annotated.is_none() && self.redact != Some(true)
    }

    fn write(&self, outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
        let is_redacted = |format: report::Format| self.redact.unwrap_or(format.is_passed_on());
        let formats = self.files.iter().map(|(format, _)| *format).chain([self.first]);
        let redacted = formats.into_iter().any(is_redacted).then(|| report::redacted(outcome));
        let given = |format| redacted.as_ref().filter(|_| is_redacted(format)).unwrap_or(outcome);
        for (format, file) in &self.files {
            let mut file = BufWriter::new(create(file)?);
            report::write(given(*format), *format, &mut file)?;
            file.flush()?;
        }
        if self.first == report::Format::Github
            && let Some(page) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|page| !page.is_empty())
        {
            let page = File::options().append(true).create(true).open(page)?;
            report::github::summary(given(self.first), &mut BufWriter::new(page))?;
        }
        report::write(given(self.first), self.first, out)?;
        out.flush()
    }
}

/// Writes the capture once more, with comments; to a file beside the target, which it replaces when all is written.
fn annotate(target: &Path, arguments: &Check, outputs: &Outputs, outcome: &Outcome) -> Result<(), Fault> {
    let refuse = |why: &str| Err(Fault::Usage(format!("--output pcapng={}: {why}", target.display())));
    let input = match (outcome.inputs.as_slice(), arguments.paths.as_slice()) {
        ([input], _) if input.is_log => return refuse("a log has no packets"),
        ([_], [path]) if path == Path::new("-") => return refuse("what a pipe brought cannot be read once more"),
        ([input], _) => input,
        _ => return refuse("only a single capture can be written once more"),
    };
    let source = Path::new(&input.path);
    let real = |path: &Path| path.canonicalize().ok();
    if real(target).is_some_and(|target| real(source) == Some(target)) {
        return refuse("this is the capture itself");
    }
    let mut capture = Capture::open(source)?;
    let redacted = (outputs.redact == Some(true)).then(|| report::redacted(outcome));
    let comments = report::annotations::comments(redacted.as_ref().unwrap_or(outcome), &input.path);
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut write = || {
        let mut out = BufWriter::new(create(&part)?);
        let told = annotate::annotate(&mut capture, &comments, &mut out)?;
        out.flush()?;
        std::fs::rename(&part, target)?;
        Ok(told)
    };
    match write() {
        Ok(told) if told.without > 0 => {
            complain(&format!("{}: {} frames cannot have comments", target.display(), told.without));
        }
        Ok(_) => {}
        Err(AnnotateError::Write(error)) => {
            let _ = std::fs::remove_file(&part);
            return Err(Fault::Io(error));
        }
        Err(AnnotateError::Read(error)) => {
            let _ = std::fs::remove_file(&part);
            return refuse(&error.to_string());
        }
    }
    Ok(())
}

/// A file to write a report to; an error names it.
fn create(file: &Path) -> io::Result<File> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display()));
    File::create(file).map_err(named)
}

fn format(arguments: &Check, wanted: &Wanted, format: Format) -> report::Format {
    match format {
        Format::Concise => report::Format::Concise,
        Format::Json => report::Format::Json,
        Format::Jsonl => report::Format::Jsonl,
        Format::Sarif => report::Format::Sarif,
        Format::Junit => report::Format::Junit(wanted.fail_on.least()),
        Format::Github => report::Format::Github,
        Format::Gitlab => report::Format::Gitlab,
        Format::Checkstyle => report::Format::Checkstyle,
        Format::Csv => report::Format::Csv,
        // Where it goes to a file it is no report.
        Format::Html | Format::Pcapng => report::Format::Html,
        Format::Human if arguments.narrate => report::Format::Narrated(arguments.full),
        Format::Human => {
            let (width, color, full) = (width(), colour(&arguments.colour), arguments.full);
            report::Format::Human(human::Options { width, color, full })
        }
    }
}

/// Columns to draw in where nothing is known.
const WIDTH: usize = 100;

/// Columns to draw in: those of the terminal where `COLUMNS` tells, else 100.
fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(WIDTH)
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
