//! `impslint craft`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use super::Fault;
use super::arguments::Craft;
use crate::trace::{craft, parse};

pub(super) fn run(arguments: &Craft) -> Result<u8, Fault> {
    let mut text = String::new();
    let name = arguments.trace.display();
    let unreadable = |error: io::Error| Fault::Usage(format!("cannot read {name}: {error}"));
    if arguments.trace == Path::new("-") {
        io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    } else {
        File::open(&arguments.trace).and_then(|mut file| file.read_to_string(&mut text)).map_err(unreadable)?;
    }
    let trace = parse(&text).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    let mut capture = Vec::new();
    craft(&trace, &mut capture).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    if arguments.output == Path::new("-") {
        io::stdout().lock().write_all(&capture)?;
    } else {
        let file = File::create(&arguments.output)
            .map_err(|error| Fault::Usage(format!("cannot write {}: {error}", arguments.output.display())))?;
        let mut out = BufWriter::new(file);
        out.write_all(&capture)?;
        out.flush()?;
    }
    Ok(0)
}
