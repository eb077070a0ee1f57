//! Findings as comments on the frames of their capture.

use std::collections::BTreeSet;

use crate::capture::annotate::Comments;
use crate::sanitise::{MOST_COLUMNS, clip};
use crate::wire::FrameNo;

use super::{Filed, Outcome};

/// Comments that a frame gets at most; what more was found is counted in the last one.
pub const MOST_COMMENTS: usize = 20;

/// What is found on each frame of the capture of a path, in the order of the report: a comment a finding.
pub fn comments(outcome: &Outcome, path: &str) -> Comments {
    let mut comments = Comments::new();
    for Filed { file, frames, elsewhere, finding } in &outcome.findings {
        let own = frames.iter().filter(|_| file == path);
        let other = elsewhere.iter().filter(|other| other.file == path).flat_map(|other| &other.frames);
        let frames: BTreeSet<FrameNo> = own.chain(other).copied().collect();
        let (message, help) = (clip(&finding.message, MOST_COLUMNS), clip(finding.help, MOST_COLUMNS));
        let comment = format!("impslint: {} {}: {message}. {help}", finding.severity.name(), finding.rule);
        for frame in frames {
            comments.entry(frame).or_default().push(comment.clone());
        }
    }
    for comments in comments.values_mut().filter(|comments| comments.len() > MOST_COMMENTS) {
        let more = comments.len() - MOST_COMMENTS + 1;
        comments.truncate(MOST_COMMENTS - 1);
        comments.push(format!("impslint: {more} more findings"));
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;
    use crate::finding::Finding;

    fn outcome(findings: usize, message: &str) -> Outcome {
        let finding = Finding { message: message.to_owned(), ..redundant_poll() };
        let filed = Filed { file: "a.pcap".to_owned(), frames: vec![FrameNo(7)], elsewhere: Vec::new(), finding };
        Outcome { findings: vec![filed; findings], ..Outcome::default() }
    }

    #[test]
    fn a_frame_has_a_comment_a_finding_and_not_too_many() {
        let few = comments(&outcome(2, "polled"), "a.pcap");
        assert_eq!(few.keys().copied().collect::<Vec<_>>(), [FrameNo(7)]);
        assert!(few[&FrameNo(7)][0].starts_with("impslint: warning polling/redundant-poll: polled. "));
        let many = &comments(&outcome(30, "polled"), "a.pcap")[&FrameNo(7)];
        assert_eq!((many.len(), many[19].as_str()), (MOST_COMMENTS, "impslint: 11 more findings"));
        assert!(comments(&outcome(2, "polled"), "b.pcap").is_empty());
    }

    #[test]
    fn no_control_character_gets_into_a_comment() {
        let hostile = comments(&outcome(1, "a\u{1b}[31m\n\u{202e}b\0"), "a.pcap");
        assert!(!hostile[&FrameNo(7)][0].chars().any(crate::sanitise::is_hidden));
    }
}
