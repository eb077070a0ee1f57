//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::Severity;

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
    Craft(Craft),
    Rules(Rules),
    Explain(Explain),
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
    /// How to show the findings.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// The mildest severity that makes the exit status 1.
    #[arg(long, value_enum, default_value = "warning", value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,
    /// The least share of exchanges, in percent, that must be whole enough to judge; below it the exit status is 4.
    /// Where nothing could be judged the share is 0.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(super) min_coverage: Option<f64>,
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) colour: Colour,
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

/// Turn a trace into a capture (pcapng).
#[derive(Args, Debug)]
pub(super) struct Craft {
    /// The trace; `-` reads standard input.
    pub(super) trace: PathBuf,
    /// Where to write the capture; `-` writes to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
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

/// Explain a rule: print its guideline page.
#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The rule, family and name: polling/redundant-poll.
    pub(super) rule: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Format {
    /// Each finding drawn on the messages it is about.
    Human,
    /// A line a finding.
    Concise,
    /// One JSON object; its schema is docs/report.schema.json.
    Json,
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
    /// Whether a finding of this severity fails the run.
    pub(super) fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}
