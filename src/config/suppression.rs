//! Suppression: comments in a capture that say which findings on their frame are known.
//!
//! `impslint: ignore[polling/redundant-poll, privacy] the test phone cannot do better until 2027-01-01`

use jiff::civil::Date;

use super::selector::Selector;
use crate::report::{Filed, IGNORE, Noted, Outcome, Suppressed};

/// A comment that was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Suppression {
    selectors: Vec<Selector>,
    reason: String,
    /// The first day on which it does not hold any more.
    until: Option<Date>,
}

/// Reads what a comment says.
fn read(text: &str) -> Result<Suppression, String> {
    let rest = text.strip_prefix(IGNORE).unwrap_or(text).trim_start();
    let (rules, rest) =
        rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or("no rules in [ ] are named")?;
    let selectors: Vec<Selector> = rules
        .split(',')
        .map(|word| match Selector::read(word.trim())? {
            selector @ (Selector::Rule(_) | Selector::Family(_)) => Ok(selector),
            other => Err(format!("{other} names no rule or family")),
        })
        .collect::<Result<_, String>>()?;
    let rest = rest.trim();
    let (reason, until) = match rest.rsplit_once("until ") {
        Some((reason, date)) => {
            let date = date.trim();
            (reason.trim(), Some(date.parse::<Date>().map_err(|_| format!("{date} is no date, such as 2027-01-01"))?))
        }
        None => (rest, None),
    };
    if reason.is_empty() {
        return Err("no reason is given".to_owned());
    }
    Ok(Suppression { selectors, reason: reason.to_owned(), until })
}

/// Takes findings out of an outcome that comments on their frames say are known. Returns what is to be said of comments: that
/// one cannot be read, holds no longer, or is about nothing that was found.
pub fn suppress(outcome: &mut Outcome, today: Date) -> Vec<String> {
    let mut said = Vec::new();
    for Noted { file, frame, text } in std::mem::take(&mut outcome.notes) {
        let place = format!("{file}: the comment on frame {}", frame.0);
        let suppression = match read(&text) {
            Ok(suppression) => suppression,
            Err(why) => {
                said.push(format!("{place} suppresses nothing: {why}"));
                continue;
            }
        };
        if let Some(until) = suppression.until.filter(|until| *until <= today) {
            said.push(format!("{place} suppresses nothing since {until}"));
            continue;
        }
        let is_meant = |filed: &Filed| {
            let own = filed.file == file && filed.frames.contains(&frame);
            let other = || filed.elsewhere.iter().any(|of| of.file == file && of.frames.contains(&frame));
            let named = |selector: &Selector| match selector {
                Selector::Rule(name) => filed.finding.rule == *name,
                Selector::Family(name) => filed.finding.rule.split_once('/').is_some_and(|(family, _)| family == *name),
                _ => false,
            };
            (own || other()) && suppression.selectors.iter().any(named)
        };
        let (meant, left): (Vec<Filed>, Vec<Filed>) =
            std::mem::take(&mut outcome.findings).into_iter().partition(is_meant);
        outcome.findings = left;
        if meant.is_empty() {
            said.push(format!("{place} suppresses nothing: nothing of it was found there"));
        }
        let reason = suppression.reason;
        outcome.suppressed.extend(meant.into_iter().map(|filed| Suppressed { filed, reason: reason.clone() }));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::redundant_poll;
    use crate::wire::FrameNo;

    fn outcome(text: &str) -> Outcome {
        let filed = |frame| Filed {
            file: "a.pcapng".to_owned(),
            frames: vec![FrameNo(frame)],
            elsewhere: Vec::new(),
            finding: redundant_poll(),
        };
        let note = Noted { file: "a.pcapng".to_owned(), frame: FrameNo(7), text: text.to_owned() };
        Outcome { findings: vec![filed(7), filed(8)], notes: vec![note], ..Outcome::default() }
    }

    /// How many findings stay, how many are suppressed, and what is said.
    fn left(text: &str) -> (usize, usize, Vec<String>) {
        let mut outcome = outcome(text);
        let said = suppress(&mut outcome, Date::constant(2026, 11, 25));
        (outcome.findings.len(), outcome.suppressed.len(), said)
    }

    #[test]
    fn what_a_comment_names_is_suppressed_on_its_frame() {
        for text in [
            "impslint: ignore[polling/redundant-poll] known",
            "impslint: ignore[session, polling] known until 2027-01-01",
            "impslint: ignore[polling/*] known",
        ] {
            assert_eq!(left(text), (1, 1, Vec::new()), "{text}");
        }
        let mut outcome = outcome("impslint: ignore[polling] known until the end until 2027-01-01");
        suppress(&mut outcome, Date::constant(2026, 11, 25));
        assert_eq!(outcome.suppressed[0].reason, "known until the end");
    }

    #[test]
    fn what_suppresses_nothing_is_told() {
        for (text, why) in [
            ("impslint: ignore[polling] known until 2026-11-25", "since 2026-11-25"),
            ("impslint: ignore[session] known", "nothing of it was found"),
            ("impslint: ignore[polling]", "no reason"),
            ("impslint: ignore polling", "no rules in [ ]"),
            ("impslint: ignore[poling] known", "there is no rule or family poling"),
            ("impslint: ignore[severity:info] known", "names no rule"),
            ("impslint: ignore[polling] known until tomorrow", "is no date"),
        ] {
            let (stay, suppressed, said) = left(text);
            assert_eq!((stay, suppressed, said.len()), (2, 0, 1), "{text}");
            assert!(said[0].starts_with("a.pcapng: the comment on frame 7 ") && said[0].contains(why), "{}", said[0]);
        }
    }
}
