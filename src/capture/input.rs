//! What is read: a capture, or several as one timeline.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{OpenError, ReadError};
use super::merge::Merge;
use super::reader::Reader;
use super::{Anomaly, MAX_WINDOW_SIZE, Summary, Window};
use crate::wire::FrameNo;

/// A capture that is being read, window by window, from a file or a pipe; or several of them as one timeline.
#[derive(Debug)]
pub struct Capture {
    inner: Inner,
    retelling: Option<Arc<Mutex<dyn Retelling>>>,
}

/// A text that tells frames: where each of them stands in it.
pub trait Retelling: std::fmt::Debug + Send {
    /// What kind of text it is.
    fn kind(&self) -> &'static str;

    /// The place of the next frame, in the order of the frames; `None` where it is not known.
    fn next_place(&mut self) -> Option<FrameNo>;

    /// Where something is written that stands in a frame: the line of its place is that of the frame, the column one more
    /// than the offset.
    fn locate(&self, frame: FrameNo) -> FrameNo;

    /// What could not be read of the text, a line each.
    fn remarks(&self) -> Vec<String>;

    /// Octets of the text read so far.
    fn octets(&self) -> u64;
}

#[derive(Debug)]
enum Inner {
    One(Box<Reader>),
    Many(Box<Merge>),
}

/// What is known of one of the captures that are read, as far as it has been read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The path, or what the caller named the input.
    pub name: Arc<str>,
    /// What it is and holds.
    pub summary: Summary,
    /// What was wrong with the file, in file order; at most [`MAX_ANOMALIES`](super::MAX_ANOMALIES).
    pub anomalies: Vec<Anomaly>,
    /// How many anomalies were met after the last one kept.
    pub further: u64,
    /// Why it could not be read to its end.
    pub failed: Option<String>,
    /// What kind of text told the frames; `None` for a capture.
    pub retold: Option<&'static str>,
}

impl Part {
    /// What a reader knows, with so many anomalies at most.
    pub(super) fn of(reader: &Reader, most: usize) -> Self {
        let all = reader.anomalies();
        let anomalies: Vec<Anomaly> = all.iter().take(most).copied().collect();
        let further = reader.further_anomalies() + (all.len() - anomalies.len()) as u64;
        Self {
            name: Arc::clone(reader.name()),
            summary: reader.summary(),
            anomalies,
            further,
            failed: None,
            retold: None,
        }
    }
}

/// Where frames stand: in one capture, or in those of a timeline.
#[derive(Debug)]
pub enum Places<'c> {
    /// One capture of this name.
    One(Arc<str>),
    /// A text of this name that tells frames.
    Told(Arc<str>, Arc<Mutex<dyn Retelling>>),
    /// A timeline.
    Many(Timeline<'c>),
}

/// A timeline as [`Places`] knows it.
#[derive(Debug)]
pub struct Timeline<'c>(&'c Merge);

impl Places<'_> {
    /// The capture of a frame, and its number there; `None` for one of a timeline that changed from capture to capture
    /// too often since, see [`MAX_RUNS`](super::MAX_RUNS).
    pub fn locate(&self, frame: FrameNo) -> Option<(Arc<str>, FrameNo)> {
        match self {
            Self::One(name) => Some((Arc::clone(name), frame)),
            Self::Told(name, text) => {
                let text = text.lock().unwrap_or_else(PoisonError::into_inner);
                Some((Arc::clone(name), text.locate(frame)))
            }
            Self::Many(Timeline(merge)) => merge.locate(frame).map(|(name, own)| (Arc::clone(name), own)),
        }
    }

    /// The path, or what the caller named the input; that of the first one of a timeline.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::One(name) | Self::Told(name, _) => Arc::clone(name),
            Self::Many(Timeline(merge)) => merge.name(),
        }
    }
}

impl Capture {
    fn of(inner: Inner) -> Self {
        Self { inner, retelling: None }
    }

    /// With frames that stand in a text: they are numbered by their places in it.
    pub fn retelling(mut self, text: Arc<Mutex<dyn Retelling>>) -> Self {
        self.retelling = Some(text);
        self
    }

    fn text(&self) -> Option<std::sync::MutexGuard<'_, dyn Retelling + 'static>> {
        self.retelling.as_ref().map(|text| text.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::of(Inner::One(Box::new(Reader::open(path)?))))
    }

    /// Opens any input; `name` stands in error messages. Waits for the file header.
    pub fn from_reader(reader: Box<dyn Read + Send>, name: impl Into<String>) -> Result<Self, OpenError> {
        Ok(Self::of(Inner::One(Box::new(Reader::from_reader(reader, name)?))))
    }

    /// One timeline of several captures, ordered by time, at most [`MAX_MERGED`](super::MAX_MERGED); frames of one
    /// time in the order of the captures, and each capture's own order kept. Files are closed and opened again when
    /// their time has come; a timeline in a timeline is left out.
    pub fn merge(captures: impl IntoIterator<Item = Self>) -> Self {
        let readers = captures.into_iter().filter_map(|capture| match capture.inner {
            Inner::One(reader) => Some(*reader),
            Inner::Many(_) => None,
        });
        Self::of(Inner::Many(Box::new(Merge::new(readers))))
    }

    /// The same capture at its beginning; `None` where it cannot be read once more.
    pub fn reopened(&self) -> Option<Self> {
        match &self.inner {
            Inner::One(reader) => {
                let again = Self::open(reader.path()?).ok()?;
                Some(again.with_window_size(reader.window_size))
            }
            Inner::Many(merge) => {
                let all: Option<Vec<Self>> = merge.paths().map(|path| Self::open(path?).ok()).collect();
                Some(Self::merge(all?).with_window_size(merge.window_size()))
            }
        }
    }

    /// With windows of about this many octets, at most [`MAX_WINDOW_SIZE`]. A single record may exceed it.
    pub fn with_window_size(mut self, octets: usize) -> Self {
        let octets = octets.clamp(1, MAX_WINDOW_SIZE);
        match &mut self.inner {
            Inner::One(reader) => reader.set_window_size(octets),
            Inner::Many(merge) => merge.set_window_size(octets),
        }
        self
    }

    /// Fills the window with the next records, as many as one read of the input brings, up to the window size; what
    /// was in it goes. `false` when there are no more. A window may hold no frame when the input is damaged or holds
    /// other blocks. After an error there are no more records; those before it have been handed over. Of a timeline,
    /// a capture that cannot be read on says so in its [`Part`], and the others go on.
    pub fn next_window(&mut self, window: &mut Window) -> Result<bool, ReadError> {
        let more = match &mut self.inner {
            Inner::One(reader) => reader.next_window(window),
            Inner::Many(merge) => Ok(merge.next_window(window)),
        };
        if let Some(mut text) = self.text() {
            for frame in &mut window.frames {
                frame.no = text.next_place().unwrap_or(frame.no);
            }
        }
        more
    }

    /// What is known of each capture, as far as it has been read: of one, or of all that make a timeline.
    pub fn parts(&self) -> Vec<Part> {
        match &self.inner {
            Inner::One(reader) => {
                let mut part = Part::of(reader, usize::MAX);
                if let Some(text) = self.text() {
                    part.retold = Some(text.kind());
                    part.summary.octets = text.octets();
                }
                vec![part]
            }
            Inner::Many(merge) => merge.parts(),
        }
    }

    /// Where its frames stand.
    pub fn places(&self) -> Places<'_> {
        match (&self.inner, &self.retelling) {
            (Inner::One(reader), None) => Places::One(Arc::clone(reader.name())),
            (Inner::One(reader), Some(text)) => Places::Told(Arc::clone(reader.name()), Arc::clone(text)),
            (Inner::Many(merge), _) => Places::Many(Timeline(merge)),
        }
    }

    /// The capture of a frame, and its number there, as [`Places::locate`] tells it.
    pub fn locate(&self, frame: FrameNo) -> Option<(Arc<str>, FrameNo)> {
        self.places().locate(frame)
    }

    /// The name of a capture file on disk that is longer than a window and read by itself: it may be read ahead.
    pub(crate) fn long_file(&self) -> Option<Arc<str>> {
        match &self.inner {
            Inner::One(reader) if self.retelling.is_none() => reader.is_long().then(|| Arc::clone(reader.name())),
            _ => None,
        }
    }

    /// Whether its frames are told by a text.
    pub fn is_retold(&self) -> bool {
        self.retelling.is_some()
    }

    /// What there is to tell of a timeline as a whole, and of a text that tells frames.
    pub fn remarks(&self) -> Vec<String> {
        match &self.inner {
            Inner::One(_) => self.text().map(|text| text.remarks()).unwrap_or_default(),
            Inner::Many(merge) => merge.remarks(),
        }
    }

    /// The path, or what the caller named the input; that of the first one of a timeline.
    pub fn name(&self) -> Arc<str> {
        self.places().name()
    }
}
