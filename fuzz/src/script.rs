//! Scripts: what two ends of a connection send, as octets.
//!
//! Octets are data of the client, until octet FF changes that: with `>` or `<` data of the client or server begins
//! anew, with `)` or `(` two octets say how many are missing before it (none: nobody knows), `]` and `[` close a
//! direction, `}` and `{` reset it, `p` lets as many seconds pass as the next octet says, and `n` begins another
//! connection. A second FF stands for itself.

use impslint::flow::{End, Way};

/// Something that happens.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Octets are sent.
    Data(Way, Vec<u8>),
    /// Octets are not in the capture.
    Gap(Way, Option<u64>),
    /// A direction ends.
    End(Way, End),
    /// Time passes, in seconds.
    Pause(u8),
    /// What follows is another connection.
    Next,
}

/// The steps of a script.
pub fn steps(octets: &[u8]) -> Vec<Step> {
    use Way::{Forward, Reverse};
    let mut steps = Vec::new();
    let mut way = Forward;
    let mut data = Vec::new();
    let mut rest = octets.iter();
    while let Some(octet) = rest.next() {
        if *octet != 0xff {
            data.push(*octet);
            continue;
        }
        let Some(what) = rest.next() else { break };
        let mut number = || rest.next().copied().unwrap_or_default();
        let step = match what {
            b'>' | b'<' => None,
            b')' | b'(' => {
                let octets = u64::from(number()) << 8 | u64::from(number());
                let way = if *what == b')' { Forward } else { Reverse };
                Some(Step::Gap(way, Some(octets).filter(|octets| *octets > 0)))
            }
            b']' => Some(Step::End(Forward, End::Closed)),
            b'[' => Some(Step::End(Reverse, End::Closed)),
            b'}' => Some(Step::End(Forward, End::Reset)),
            b'{' => Some(Step::End(Reverse, End::Reset)),
            b'p' => Some(Step::Pause(number())),
            b'n' => Some(Step::Next),
            0xff => {
                data.push(0xff);
                continue;
            }
            other => {
                data.extend([0xff, *other]);
                continue;
            }
        };
        if !data.is_empty() {
            steps.push(Step::Data(way, std::mem::take(&mut data)));
        }
        match what {
            b'>' | b')' | b'n' => way = Forward,
            b'<' | b'(' => way = Reverse,
            _ => {}
        }
        steps.extend(step);
    }
    if !data.is_empty() {
        steps.push(Step::Data(way, data));
    }
    steps
}
