//! The `impslint` command: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    impslint::cli::main()
}
