//! `impslint info`.

use std::io::{self, BufWriter, Write};

use super::arguments::{Info, InfoFormat};
use super::{Fault, INTERNAL, NOT_RECOGNISED, UNREADABLE, complain, config, inputs, inputs::Inputs, inputs::Source};
use crate::engine::{Engine, Rulebook};
use crate::report::Outcome;
use crate::report::info::{self, Format};

pub(super) fn run(arguments: &Info) -> Result<u8, Fault> {
    let engine = Engine::new(Rulebook::default(), inputs::threads(arguments.reading.threads));
    let engine = engine.with_keys(inputs::keys(arguments.reading.keylog.as_deref())?);
    let mut outcome = Outcome::default();
    let profiles = config::load(&arguments.reading.configured)?.profiles;
    let mut inputs = Inputs::find(&arguments.paths, &arguments.reading, &profiles)?;
    while let Some(source) = inputs.next() {
        match source {
            Source::Capture(mut capture) => engine.check(&mut capture, &mut outcome),
            Source::Log(mut log) => engine.check_log(&mut log, &mut outcome),
        }
    }
    outcome.skipped_files = inputs.skipped();
    let is_none = !outcome.tally.has_imps();
    if !outcome.inputs.is_empty() {
        let format = match arguments.format {
            InfoFormat::Human => Format::Human,
            InfoFormat::Json => Format::Json,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        info::write(&outcome, format, &mut out)?;
        out.flush()?;
        if is_none {
            complain("no IMPS traffic recognised");
        }
    }
    Ok(if !outcome.internal.is_empty() {
        INTERNAL
    } else if inputs.unreadable() {
        UNREADABLE
    } else if is_none {
        NOT_RECOGNISED
    } else {
        0
    })
}
