//! `impslint completions` and `impslint man`: what shells and `man` want to know of the command.

use std::io;
use std::path::Path;

use clap::CommandFactory;

use super::Fault;
use super::arguments::{Arguments, Completions, Man};

/// Prints the completions of a shell.
pub(super) fn completions(arguments: &Completions) -> u8 {
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "impslint", &mut io::stdout().lock());
    0
}

/// Writes a page for the command and one for each of its commands into a folder; without one prints the first.
pub(super) fn man(arguments: &Man) -> Result<u8, Fault> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &arguments.output else {
        clap_mangen::Man::new(command).render(&mut io::stdout().lock())?;
        return Ok(0);
    };
    std::fs::create_dir_all(folder)?;
    write(&command, folder)?;
    Ok(0)
}

/// Writes the page of a command, and those of its commands.
fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    std::fs::write(folder.join(page.get_filename()), text)?;
    command.get_subcommands().try_for_each(|command| write(command, folder))
}
