//! The position of a finding in its file: what an editor jumps to and a report without drawings says.

use std::fmt;

use super::Filed;
use crate::wire::FrameNo;

/// Where in its file the first message of a finding stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Position {
    /// The number of a frame in a capture.
    Frame(u64),
}

impl Position {
    /// The position of a finding, where it has one.
    pub fn of(filed: &Filed) -> Option<Self> {
        filed.finding.place()?.frames.first().map(|frame| Self::at(*frame))
    }

    /// The position of a frame.
    pub fn at(FrameNo(frame): FrameNo) -> Self {
        Self::Frame(frame)
    }

    /// Whether it is a line of a text.
    pub fn is_line(self) -> bool {
        match self {
            Self::Frame(_) => false,
        }
    }

    /// `frame 812`, `line 12`.
    pub fn words(self) -> String {
        match self {
            Self::Frame(frame) => format!("frame {frame}"),
        }
    }

    /// For what knows lines and columns alone: a frame counts as the line of its number.
    pub fn line_and_column(self) -> (u64, Option<u32>) {
        match self {
            Self::Frame(frame) => (frame, None),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "{frame}"),
        }
    }
}
