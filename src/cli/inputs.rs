//! Inputs: the captures that the arguments name.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use crate::capture::Capture;
use crate::tls::{self, KeyLog};

use super::{Fault, complain};

/// Opens a capture; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Capture, Fault> {
    if path == Path::new("-") {
        return Ok(Capture::from_reader(Box::new(io::stdin()), "-")?);
    }
    Ok(Capture::open(path)?)
}

/// The keys of the log that the arguments name; lines of it that cannot be read are told.
pub(super) fn keys(log: Option<&Path>) -> Result<Arc<KeyLog>, Fault> {
    let Some(path) = log else { return Ok(Arc::default()) };
    if !tls::DECIPHERS {
        return Err(Fault::Usage(
            "--keylog: this build deciphers no TLS (it was built without the feature tls)".into(),
        ));
    }
    let open = || KeyLog::read(&mut BufReader::new(File::open(path)?));
    let keys = open().map_err(|error| Fault::Usage(format!("{}: cannot read the key log: {error}", path.display())))?;
    let (broken, beyond) = keys.faults();
    for (count, what) in [(broken, "lines that are none of a key log"), (beyond, "secrets beyond the limit")] {
        if count > 0 {
            complain(&format!("{}: {count} {what}", path.display()));
        }
    }
    Ok(Arc::new(keys))
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
