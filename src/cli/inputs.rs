//! Inputs: the captures that the arguments name.

use std::io;
use std::path::Path;

use crate::capture::Capture;

use super::Fault;

/// Opens a capture; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Capture, Fault> {
    if path == Path::new("-") {
        return Ok(Capture::from_reader(Box::new(io::stdin()), "-")?);
    }
    Ok(Capture::open(path)?)
}

/// How many threads to use for what was asked for; the global pool is made that large.
pub(super) fn threads(asked: usize) -> usize {
    let wanted =
        if asked == 0 { std::thread::available_parallelism().map_or(1, std::num::NonZero::get) } else { asked };
    if wanted > 1 {
        // An error says that there is a pool already: then that one serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(wanted).build_global();
    }
    wanted
}
