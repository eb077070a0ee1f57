//! The command line: arguments in, exit status out; nothing else.
//!
//! Exit statuses are the same in every format: 0 nothing found, 1 findings at or above `--fail-on`, 2 wrong usage or
//! unreadable input, 3 no IMPS traffic recognised, 4 too little of it could
//! be judged for `--min-coverage`, 70 a fault of our own.

mod arguments;
mod check;
mod config;
mod craft;
mod decode;
mod explain;
mod info;
mod inputs;
mod ladder;
mod rules;
mod shell;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command};

/// Findings at or above the severity that fails a run.
const FOUND: u8 = 1;
/// Wrong usage, or an input that cannot be read.
const UNREADABLE: u8 = 2;
/// No IMPS traffic in any input.
const NOT_RECOGNISED: u8 = 3;
/// A smaller share of the exchanges could be judged than `--min-coverage` asks for.
const TOO_POOR: u8 = 4;
/// A fault of our own.
const INTERNAL: u8 = 70;

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    // What a panic says comes as an internal fault in our own words.
    std::panic::set_hook(Box::new(|_| {}));
    let run = std::panic::catch_unwind(|| {
        let arguments = Arguments::parse();
        match &arguments.command {
            Command::Check(check) => check::run(check),
            Command::Info(info) => info::run(info),
            Command::Decode(decode) => decode::run(decode),
            Command::Ladder(ladder) => ladder::run(ladder),
            Command::Craft(craft) => craft::run(craft),
            Command::Rules(list) => rules::run(list),
            Command::Explain(explain) => explain::run(explain),
            Command::Config(config) => config::run(config),
            Command::Completions(wanted) => Ok(shell::completions(wanted)),
            Command::Man(wanted) => shell::man(wanted),
        }
    });
    match run {
        Ok(Ok(status)) => ExitCode::from(status),
        Ok(Err(fault)) if fault.is_broken_pipe() => ExitCode::SUCCESS,
        Ok(Err(fault)) => {
            complain(&fault.to_string());
            if let Fault::Config { error, .. } = &fault {
                error
                    .excerpt
                    .lines()
                    .for_each(|line| _ = writeln!(io::stderr(), "{}", crate::sanitise::sanitise(line)));
            }
            ExitCode::from(UNREADABLE)
        }
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
            complain(&format!("internal error: {}; please report it", said.unwrap_or("a panic")));
            ExitCode::from(INTERNAL)
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// An input that is no capture, or not there.
    #[error("{0}")]
    Open(#[from] crate::capture::OpenError),
    /// Writing the report failed.
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
    /// Something is wrong in a configuration.
    #[error("{file}:{error}")]
    Config { file: String, error: crate::config::ConfigError },
    /// Something the user asked for does not exist.
    #[error("{0}")]
    Usage(String),
}

impl Fault {
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Says something on standard error; wire data in it is made harmless.
fn complain(what: &str) {
    let text = crate::sanitise::sanitise(what);
    let _ = writeln!(io::stderr(), "impslint: {text}");
}
