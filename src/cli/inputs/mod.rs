//! Inputs: the arguments in, the captures and logs that they name out.
//!
//! An argument is a file, `-` for standard input, a folder, or a pattern that the shell left as it is. What was named
//! itself has to be a capture; what a folder or pattern led to may be something else, which is passed over and counted.

mod find;

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::find::Found;
use super::arguments::Reading;
use super::{Fault, complain};
use crate::capture::{Capture, MAX_MERGED, OpenError};
use crate::log::{self, Log, Opened, Profile};
use crate::tls::{self, KeyLog};

/// Something to be read.
#[derive(Debug)]
pub(super) enum Source {
    Capture(Capture),
    Log(Box<Log>),
}

/// The captures and logs that the arguments name, each once, in their order.
#[derive(Default, Debug)]
pub(super) struct Inputs {
    waiting: VecDeque<Named>,
    groups: Vec<Group>,
    /// Files in folders that were passed over: hidden ones, and what is no capture.
    skipped: u64,
    unreadable: bool,
    /// Whether all captures are to be one timeline.
    merge: bool,
    /// What was met while they were put together and is no part of a timeline: logs.
    apart: VecDeque<Source>,
    /// How the lines of logs are read.
    profiles: Vec<Profile>,
}

/// A file, and the folder or pattern that led to it.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    group: Option<usize>,
}

/// A folder or pattern.
#[derive(Debug)]
struct Group {
    name: String,
    /// Whether there was a capture in it.
    served: bool,
}

impl Inputs {
    /// Finds what the arguments name; complains about what is not there. Logs are read by the profiles that the arguments
    /// name, then by those configured.
    pub(super) fn find(arguments: &[PathBuf], reading: &Reading, configured: &[Profile]) -> Result<Self, Fault> {
        let mut profiles = profiles(reading.log_profile.as_deref())?;
        profiles.extend_from_slice(configured);
        let mut inputs = Self { merge: reading.merge, profiles, ..Self::default() };
        let mut seen = BTreeSet::new();
        for argument in arguments {
            let found = if argument.is_dir() {
                Found::in_folder(argument)
            } else {
                let is_there = argument.symlink_metadata().is_ok() || argument == Path::new("-");
                match argument.to_str().filter(|_| !is_there).and_then(Found::by_pattern) {
                    Some(found) => found,
                    None => {
                        inputs.add(argument.clone(), None, &mut seen);
                        continue;
                    }
                }
            };
            inputs.groups.push(Group { name: argument.display().to_string(), served: false });
            inputs.skipped += found.skipped;
            found.faults.iter().for_each(|fault| inputs.refuse(fault));
            let group = Some(inputs.groups.len() - 1);
            found.files.into_iter().for_each(|file| inputs.add(file, group, &mut seen));
        }
        Ok(inputs)
    }

    fn add(&mut self, path: PathBuf, group: Option<usize>, seen: &mut BTreeSet<PathBuf>) {
        let is_new = seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone()));
        if is_new {
            self.waiting.push_back(Named { path, group });
        } else {
            self.serve(group);
        }
    }

    fn serve(&mut self, group: Option<usize>) {
        if let Some(group) = group.and_then(|group| self.groups.get_mut(group)) {
            group.served = true;
        }
    }

    /// Whether it is more than one file that is read.
    pub(super) fn are_several(&self) -> bool {
        self.waiting.len() > 1
    }

    /// The next capture or log; first the timeline of all captures, where that is asked for.
    pub(super) fn next(&mut self) -> Option<Source> {
        if !std::mem::take(&mut self.merge) {
            return self.apart.pop_front().or_else(|| self.next_file());
        }
        let Some(first) = self.next_capture() else { return self.next() };
        let timeline = Capture::merge(std::iter::once(first).chain(std::iter::from_fn(|| self.next_capture())));
        if !self.waiting.is_empty() {
            self.waiting.clear();
            self.refuse(&format!("more than {MAX_MERGED} captures: the others are not read"));
        }
        Some(Source::Capture(timeline))
    }

    /// The next capture; logs before it are put aside.
    fn next_capture(&mut self) -> Option<Capture> {
        loop {
            match self.next_file()? {
                Source::Capture(capture) if !capture.is_retold() => return Some(capture),
                other => self.apart.push_back(other),
            }
        }
    }

    /// The next file. Complains about what cannot be opened, and at the end about folders and patterns without any.
    fn next_file(&mut self) -> Option<Source> {
        while let Some(Named { path, group }) = self.waiting.pop_front() {
            match open(&path, &self.profiles) {
                Ok(source) => {
                    self.serve(group);
                    return Some(source);
                }
                Err(OpenError::NotACapture { .. } | OpenError::Empty { .. }) if group.is_some() => self.skipped += 1,
                Err(error) => self.refuse(&error.to_string()),
            }
        }
        for Group { name, .. } in std::mem::take(&mut self.groups).into_iter().filter(|group| !group.served) {
            self.refuse(&format!("{name}: no capture there"));
        }
        None
    }

    fn refuse(&mut self, why: &str) {
        complain(why);
        self.unreadable = true;
    }

    /// Whether something that was named could not be read.
    pub(super) fn unreadable(&self) -> bool {
        self.unreadable
    }

    /// How many files in folders were passed over.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// Opens a capture or a log; `-` is standard input.
fn open(path: &Path, profiles: &[Profile]) -> Result<Source, OpenError> {
    let capture =
        if path == Path::new("-") { Capture::from_reader(Box::new(io::stdin()), "-") } else { Capture::open(path) };
    match capture {
        Ok(capture) => Ok(Source::Capture(capture)),
        Err(OpenError::NotACapture { name, octets }) => Ok(match log::open(&name, octets, profiles)? {
            Opened::Log(log) => Source::Log(log),
            Opened::Capture(capture) => Source::Capture(*capture),
        }),
        Err(error) => Err(error),
    }
}

/// The profiles of logs that the arguments name.
fn profiles(file: Option<&Path>) -> Result<Vec<Profile>, Fault> {
    let Some(path) = file else { return Ok(Vec::new()) };
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Fault::Usage(format!("cannot read {name}: {error}")))?;
    Profile::read(&text).map_err(|error| Fault::Usage(format!("{name}:{error}")))
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

/// Threads that are used at most, whatever was asked for.
const MAX_THREADS: usize = 256;

/// How many threads to use for what was asked for; the global pool is made that large.
pub(super) fn threads(asked: usize) -> usize {
    let there = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = if asked == 0 { there() } else { asked.min(MAX_THREADS) };
    if wanted > 1 {
        // An error says that there is a pool already: then that one serves.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(wanted).build_global();
    }
    wanted
}
