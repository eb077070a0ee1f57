//! The position of a finding in its file: what an editor jumps to and a report without drawings says.

use std::fmt;

use super::Filed;
use crate::wire::FrameNo;

/// Where in its file the first message of a finding stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Position {
    /// The number of a frame in a capture.
    Frame(u64),
    /// Line and column of a log, both from 1, the column in octets; without column the line as a whole.
    Line(u64, Option<u32>),
}

impl Position {
    /// The position of a finding, where it has one.
    pub fn of(filed: &Filed) -> Option<Self> {
        filed.finding.place()?.frames.first().map(|frame| Self::at(*frame))
    }

    /// The position of a frame.
    pub fn at(frame: FrameNo) -> Self {
        match frame.log_place() {
            Some((line, column)) => Self::Line(line, Some(column).filter(|column| *column > 0)),
            None => Self::Frame(frame.0),
        }
    }

    /// Whether it is a line of a text.
    pub fn is_line(self) -> bool {
        matches!(self, Self::Line(..))
    }

    /// `frame 812`, `line 12`.
    pub fn words(self) -> String {
        match self {
            Self::Frame(frame) => format!("frame {frame}"),
            Self::Line(line, _) => format!("line {line}"),
        }
    }

    /// For what knows lines and columns alone: a frame counts as the line of its number.
    pub fn line_and_column(self) -> (u64, Option<u32>) {
        match self {
            Self::Frame(frame) => (frame, None),
            Self::Line(line, column) => (line, column),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "{frame}"),
            Self::Line(line, column) => write!(f, "{line}:{}", column.unwrap_or(1)),
        }
    }
}
