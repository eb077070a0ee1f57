//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::Severity;
use crate::trace::generate::Spec;

/// A linter for IMPS (Wireless Village CSP) traffic captures.
///
/// Reads pcap and pcapng files, and logs in which other programs wrote messages down, rebuilds the IMPS sessions in them and holds every exchange against best common
/// practice. Start with: impslint check capture.pcap
#[derive(Parser, Debug)]
#[command(name = "impslint", version, arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    Check(Check),
    Info(Info),
    Decode(Decode),
    Ladder(Ladder),
    Craft(Craft),
    Rules(Rules),
    Explain(Explain),
    Config(Config),
    Completions(Completions),
    Man(Man),
}

/// Check captures and show what is wrong in them.
///
/// Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage or unreadable input, 3 no IMPS
/// traffic recognised, 4 less could be judged than --min-coverage asks for, 70 a fault of our own. It is the same in
/// every format. Where several apply, the first of 70, 2, 3, 4, 1 counts.
#[derive(Args, Debug)]
pub(super) struct Check {
    /// Captures (pcap, pcapng) and logs (HAR, tshark's JSON and PDML, logcat, texts with messages in them), also as .gz,
    /// .zst, .xz, .bz2; folders of them, or quoted patterns such as 'traces/**/*.pcap*'; `-` reads standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to show the findings on standard output.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// Draw each finding; else one of a kind where there are more than 20.
    #[arg(long)]
    pub(super) full: bool,
    /// Tell findings in sentences instead of drawing them, for screen readers.
    #[arg(long)]
    pub(super) narrate: bool,
    /// Write a report in a format to a file besides, such as sarif=found.sarif; any number of times. `-` is standard
    /// output, in place of what --format says.
    #[arg(short, long, value_name = "FORMAT=FILE", value_parser = output)]
    pub(super) output: Vec<Output>,
    /// Replace users and phone numbers by pseudonyms and what people wrote by its length, in every report. Reports in
    /// sarif, junit, github, gitlab and html are so anyway.
    #[arg(long)]
    pub(super) redact: bool,
    /// Name users in every report.
    #[arg(long, conflicts_with = "redact")]
    pub(super) no_redact: bool,
    /// Rules to select, instead of what the configuration selects: all, a family, a rule, severity:warning,
    /// basis:guideline, use-case:6, version:1.1, side:client; several with commas between.
    #[arg(long, value_name = "SELECTOR", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Rules to ignore, besides what the configuration ignores; selectors as for --select. The closest selector counts.
    #[arg(long, value_name = "SELECTOR", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// The mildest severity that makes the exit status 1 [default: warning].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// The least share of exchanges, in percent, that must be whole enough to judge; below it the exit status is 4.
    /// Where nothing could be judged the share is 0.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(super) min_coverage: Option<f64>,
    /// Tell only what this file does not know: findings are known by rule, side, place and fact, not by frame or time.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write into the baseline all that is found, and nothing else; it need not be there before.
    #[arg(long)]
    pub(super) update_baseline: bool,
    /// Tell on standard error, and in JSON, how long each stage and rule took; the run uses one thread.
    #[arg(long)]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) colour: Colour,
}

/// Which configuration holds.
#[derive(Args, Debug)]
pub(super) struct Configured {
    /// Use this configuration instead of the nearest impslint.toml, upwards from the working folder.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Use no configuration.
    #[arg(long, conflicts_with = "config")]
    pub(super) isolated: bool,
}

/// Show what is configured, or how it can be.
#[derive(Args, Debug)]
pub(super) struct Config {
    #[command(subcommand)]
    pub(super) what: ConfigWhat,
}

#[derive(Subcommand, Debug)]
pub(super) enum ConfigWhat {
    /// Show the configuration that holds here: its file, and each rule as it will be held.
    Show(Configured),
    /// Print the JSON Schema of impslint.toml, for editors.
    Schema,
}

/// Show what captures hold, before linting them.
///
/// Files, link types, tunnels, what was lost, flows by kind, and the IMPS among them; no rules are run. Exit status:
/// 0 there is IMPS, 2 wrong usage or unreadable input, 3 no IMPS traffic recognised, 70 a fault of our own.
#[derive(Args, Debug)]
pub(super) struct Info {
    /// Captures (pcap, pcapng) and logs (HAR, tshark's JSON and PDML, logcat, texts with messages in them), also as .gz,
    /// .zst, .xz, .bz2; folders of them, or quoted patterns such as 'traces/**/*.pcap*'; `-` reads standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to show it.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: InfoFormat,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// Print the conversation in captures, readable.
///
/// The trace notation it prints is described in docs/trace.md; craft turns it back into a capture. Passwords and
/// digests, and what users wrote, are left out unless asked for.
#[derive(Args, Debug)]
pub(super) struct Decode {
    /// Captures (pcap, pcapng) and logs (HAR, tshark's JSON and PDML, logcat, texts with messages in them), also as .gz,
    /// .zst, .xz, .bz2; folders of them, or quoted patterns such as 'traces/**/*.pcap*'; `-` reads standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "trace")]
    pub(super) format: DecodeFormat,
    /// Show passwords and digests.
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// Show what users wrote to each other.
    #[arg(long)]
    pub(super) show_content: bool,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// Draw the sequence diagram of sessions, findings in the margin.
///
/// What was said over and over is folded, silences are told, and what is missing has a dashed arrow. What users wrote,
/// passwords and digests are never in it.
#[derive(Args, Debug)]
pub(super) struct Ladder {
    /// Captures (pcap, pcapng) and logs (HAR, tshark's JSON and PDML, logcat, texts with messages in them), also as .gz,
    /// .zst, .xz, .bz2; folders of them, or quoted patterns such as 'traces/**/*.pcap*'; `-` reads standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Only sessions with this SessionID, or of this user.
    #[arg(long, value_name = "SESSION")]
    pub(super) session: Option<String>,
    /// Only what is around this finding, by its number in the report of check, from 1.
    #[arg(long, value_name = "N")]
    pub(super) finding: Option<usize>,
    /// How to draw it.
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: LadderFormat,
    /// Name no users.
    #[arg(long)]
    pub(super) redact: bool,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// Turn a trace into a capture (pcapng), or generate one whose content is known.
///
/// With --generate, what the capture holds is counted in FILE.truth.json beside it.
#[derive(Args, Debug)]
pub(super) struct Craft {
    /// The trace; `-` reads standard input.
    #[arg(required_unless_present = "generate", conflicts_with = "generate")]
    pub(super) trace: Option<PathBuf>,
    /// What to generate: KEY=VALUE with commas between, such as size=100M,encoding=wbxml,seed=1. Keys are sessions or
    /// size, exchanges (of a session), encoding and csp (or mix), noise (share of other traffic), open (sessions at
    /// once), loss, reorder, retransmit (shares of packets), early (share of polls that are findings), odd (share of
    /// messages that are), format (pcap or pcapng), seed.
    #[arg(long, value_name = "SPEC")]
    pub(super) generate: Option<Spec>,
    /// Where to write the capture; `-` writes to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
}

/// A report besides that on standard output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) file: PathBuf,
}

/// A format and a file.
fn output(text: &str) -> Result<Output, String> {
    let (format, file) = text.split_once('=').ok_or("not FORMAT=FILE, such as sarif=found.sarif")?;
    if file.is_empty() {
        return Err("names no file".to_owned());
    }
    Ok(Output { format: Format::from_str(format, false).map_err(|_| formats(format))?, file: file.into() })
}

/// What formats there are.
fn formats(given: &str) -> String {
    let all: Vec<String> = Format::value_variants()
        .iter()
        .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
        .collect();
    format!("{given} is no format; there are {}", all.join(", "))
}

/// A share in percent.
fn percent(text: &str) -> Result<f64, String> {
    let share: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=100.0).contains(&share) { Ok(share) } else { Err("not from 0 to 100".to_owned()) }
}

/// How input is read.
#[derive(Args, Debug)]
pub(super) struct Reading {
    /// Decipher TLS with the keys of this log (the format of NSS, as SSLKEYLOGFILE names it).
    #[arg(long, value_name = "FILE")]
    pub(super) keylog: Option<PathBuf>,
    /// Threads to use; 0 means as many as the machine has.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) threads: usize,
    /// Read all files as one timeline, ordered by time: for rotated files, whose sessions run on from one to the next,
    /// and for interfaces captured apart.
    #[arg(long)]
    pub(super) merge: bool,
    /// Read logs by the profiles of this file (TOML): patterns for their lines, where no known format fits.
    #[arg(long, value_name = "FILE")]
    pub(super) log_profile: Option<PathBuf>,
    #[command(flatten)]
    pub(super) configured: Configured,
}

/// How output looks.
#[derive(Args, Debug)]
pub(super) struct Colour {
    /// Whether to use colour; `auto` does on a terminal unless NO_COLOR is set.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(super) color: When,
}

/// List the rules.
#[derive(Args, Debug)]
pub(super) struct Rules {
    /// How to list them.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: ListFormat,
}

/// Explain a rule, a status code or a primitive: print the guideline page, or what is known and which pages are about it.
#[derive(Args, Debug)]
pub(super) struct Explain {
    /// A rule (polling/redundant-poll), a status code (604) or a primitive (Polling-Request).
    pub(super) what: String,
}

/// Print completions for a shell.
///
/// For bash: impslint completions bash > ~/.local/share/bash-completion/completions/impslint
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// Print the manual page, or write those of all commands.
#[derive(Args, Debug)]
pub(super) struct Man {
    /// The folder to write the pages of all commands into.
    #[arg(short, long, value_name = "FOLDER")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Format {
    /// Each finding drawn on the messages it is about.
    Human,
    /// A line a finding.
    Concise,
    /// One JSON object; its schema is docs/report.schema.json.
    Json,
    /// A JSON object a finding, one a line, and one for the summary at the end.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit, for test reports of CI.
    Junit,
    /// Annotations of a GitHub workflow; the page of $GITHUB_STEP_SUMMARY besides.
    Github,
    /// The code quality report of GitLab.
    Gitlab,
    /// Checkstyle.
    Checkstyle,
    /// A row a finding.
    Csv,
    /// One page that stands by itself, for a browser.
    Html,
    /// The capture once more, each finding a comment on its frames; only to a file.
    Pcapng,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum InfoFormat {
    /// A row a subject.
    Human,
    /// One JSON object; its schema is docs/info.schema.json.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum DecodeFormat {
    /// Trace notation.
    Trace,
    /// A JSON object a message, one a line, the message as XML in it.
    Jsonl,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum LadderFormat {
    /// Text of at most 100 columns.
    Text,
    /// A sequence diagram of Mermaid.
    Mermaid,
    /// SVG, of one session.
    Svg,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum ListFormat {
    /// A line a rule.
    Human,
    /// A JSON array.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    /// The mildest severity that fails the run; `None` where none does.
    pub(super) fn least(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }

    /// Whether a finding of this severity fails the run.
    pub(super) fn fails(self, severity: Severity) -> bool {
        self.least().is_some_and(|least| severity >= least)
    }
}
