//! `impslint craft`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use super::Fault;
use super::arguments::Craft;
use crate::trace::generate::{Spec, generate};
use crate::trace::{craft, parse};

pub(super) fn run(arguments: &Craft) -> Result<u8, Fault> {
    match (&arguments.generate, &arguments.trace) {
        (Some(spec), _) => make(spec, &arguments.output),
        (None, Some(trace)) => turn(trace, &arguments.output),
        (None, None) => Err(Fault::Usage("craft wants a trace or --generate".to_owned())),
    }
}

/// Turns a trace into a capture.
fn turn(trace: &Path, output: &Path) -> Result<u8, Fault> {
    let mut text = String::new();
    let name = trace.display();
    let unreadable = |error: io::Error| Fault::Usage(format!("cannot read {name}: {error}"));
    if trace == Path::new("-") {
        io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    } else {
        File::open(trace).and_then(|mut file| file.read_to_string(&mut text)).map_err(unreadable)?;
    }
    let trace = parse(&text).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    let mut capture = Vec::new();
    craft(&trace, &mut capture).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    if output == Path::new("-") {
        io::stdout().lock().write_all(&capture)?;
    } else {
        let mut out = BufWriter::new(create(output)?);
        out.write_all(&capture)?;
        out.flush()?;
    }
    Ok(0)
}

/// Generates a capture, and beside it what is true of it.
fn make(spec: &Spec, output: &Path) -> Result<u8, Fault> {
    if output == Path::new("-") {
        generate(spec, BufWriter::new(io::stdout().lock()))?;
        return Ok(0);
    }
    let truth = generate(spec, BufWriter::with_capacity(1 << 18, create(output)?))?;
    let mut name = output.as_os_str().to_owned();
    name.push(".truth.json");
    let mut out = create(Path::new(&name))?;
    serde_json::to_writer_pretty(&mut out, &truth).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(0)
}

fn create(path: &Path) -> Result<File, Fault> {
    File::create(path).map_err(|error| Fault::Usage(format!("cannot write {}: {error}", path.display())))
}
