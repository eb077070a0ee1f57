//! The end of a report: what was found by rule, how much could be judged, what was wrong with the inputs.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Cost, Severity};
use crate::flow::Counters;
use crate::session::Doubt;
use crate::tls::{DECIPHERS, Tally};

use super::{Input, Outcome, Told};
use crate::sanitise::{MOST_COLUMNS, clip};

/// Findings up to which no table by rule is drawn: they are seen at a glance.
pub(super) const FEW_FINDINGS: u64 = 5;

/// Anomalies told of one input at most.
pub(super) const MOST_ANOMALIES: usize = 10;

/// `412 of 430 exchanges judged (95 %), 18 not: 11 missing packets, 7 open at the end`
pub(super) fn coverage(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let not: u64 = tally.not_judged.values().sum();
    match (tally.exchanges, not) {
        (0, 0) => "no IMPS exchange seen".to_owned(),
        (all, 0) => format!("{} of {} judged", tally.judged, counted(all, "exchange")),
        (all, not) => {
            format!(
                "{} of {} judged ({:.0} %), {not} not: {}",
                tally.judged,
                counted(all, "exchange"),
                tally.coverage().floor(),
                reasons(&tally.not_judged)
            )
        }
    }
}

/// `3 errors, 5 warnings, 2 notes in 1 file; 42 sessions, 812 messages`
pub(super) fn counts(outcome: &Outcome) -> String {
    let mut found = Vec::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")] {
        let count: u64 =
            outcome.by_rule().values().filter(|told| told.severity == severity).map(|told| told.count).sum();
        found.extend((count > 0).then(|| counted(count, word)));
    }
    format!(
        "{} in {}; {}, {}",
        if found.is_empty() { "no findings".to_owned() } else { found.join(", ") },
        counted(outcome.inputs.len() as u64, "file"),
        counted(outcome.tally.sessions, "session"),
        counted(outcome.tally.messages, "message"),
    )
}

/// What a reader of findings has to know besides, a line each.
pub(super) fn remarks(outcome: &Outcome) -> Vec<String> {
    let mut remarks = Vec::new();
    for input in &outcome.inputs {
        let path = clip(&input.path, MOST_COLUMNS);
        if input.truncated && input.anomalies.is_empty() {
            remarks.push(format!("{path}: ends in the middle of a record"));
        }
        let told = input.anomalies.iter().take(MOST_ANOMALIES);
        remarks.extend(told.map(|anomaly| format!("{path}: {}", clip(anomaly, MOST_COLUMNS))));
        if let Some(more) = untold(input) {
            remarks.push(format!("{path}: {more}"));
        }
    }
    remarks.extend(skipped(outcome));
    remarks.extend(known(outcome));
    let suppressed = outcome.suppressed.len() as u64;
    remarks.extend(
        (suppressed > 0).then(|| format!("{} suppressed by comments in the capture", counted(suppressed, "finding"))),
    );
    let cut = outcome.contents.flows.cut_frames;
    remarks.extend((cut > 0).then(|| format!("{} cut by snap length", counted(cut, "frame"))));
    remarks.extend(encrypted(&outcome.tls));
    let begun = [(outcome.tally.begun_before, "session"), (outcome.tally.joined_late, "connection")];
    let begun: Vec<String> = begun.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n, what)).collect();
    remarks.extend((!begun.is_empty()).then(|| format!("{} began mid-stream", begun.join(" and "))));
    if outcome.dropped_findings > 0 {
        remarks
            .push(format!("{} beyond the limit, counted but not told", counted(outcome.dropped_findings, "finding")));
    }
    if outcome.tally.relayed > 0 {
        let relayed = counted(outcome.tally.relayed, "exchange");
        remarks.push(format!("{relayed} seen on both sides of a gateway, each counted once"));
    }
    if outcome.tally.evicted > 0 {
        remarks.push(format!("{} closed early: too many were open", counted(outcome.tally.evicted, "session")));
    }
    remarks.extend(evicted(outcome));
    if outcome.tally.cut_short > 0 {
        let parts = counted(outcome.tally.cut_short, "part");
        remarks.push(format!("{parts} of sessions judged early: all that were open held too much"));
    }
    remarks.extend(outcome.internal.iter().map(|fault| format!("a rule failed: {}", clip(fault, MOST_COLUMNS))));
    remarks
}

/// Flows given up because of a limit; `None` where none was.
pub(super) fn evicted(outcome: &Outcome) -> Option<String> {
    let Counters { evicted, evicted_octets, .. } = outcome.contents.flows;
    let held = if evicted_octets > 0 {
        format!("; {} held for them given up", counted(evicted_octets, "byte"))
    } else {
        String::new()
    };
    let flows = counted(evicted, "flow");
    (evicted > 0).then(|| format!("{flows} forgotten: too many were known, or too much of them was held{held}"))
}

/// `and 3 more anomalies`, those included of which only the number is known; `None` where all are told.
pub(super) fn untold(input: &Input) -> Option<String> {
    let more = input.anomalies.len().saturating_sub(MOST_ANOMALIES) as u64 + input.further_anomalies;
    let beyond = match input.further_anomalies {
        0 => String::new(),
        further => format!(", {further} of them beyond the limit, only counted"),
    };
    let anomalies = if more == 1 { "anomaly" } else { "anomalies" };
    (more > 0).then(|| format!("and {more} more {anomalies}{beyond}"))
}

/// `3 files passed over: hidden, or no captures`; `None` when none was.
pub fn skipped(outcome: &Outcome) -> Option<String> {
    (outcome.skipped_files > 0)
        .then(|| format!("{} passed over: hidden, or no captures", counted(outcome.skipped_files, "file")))
}

/// What the baseline knows; `None` without one.
fn known(outcome: &Outcome) -> Option<String> {
    let compared = outcome.baseline.as_ref()?;
    let stale = match compared.stale.len() as u64 {
        0 => String::new(),
        stale => format!("; {} of it not found again", counted_entries(stale)),
    };
    Some(format!("{} known to the baseline{stale}", counted(compared.known, "finding")))
}

/// `1 entry`, `2 entries`.
fn counted_entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// `12 bytes in 5 TLS flows not deciphered` where something came of each of them, and otherwise
/// `2 of 5 TLS flows encrypted: 1 without keys, 1 not readable; 8192 bytes of TLS not read`; `None` where all was read.
fn encrypted(tally: &Tally) -> Option<String> {
    if tally.sealed_octets == 0 {
        return None;
    }
    let other = tally.sealed().saturating_sub(tally.without_keys);
    let reasons: Vec<String> = [(tally.without_keys, "without keys"), (other, "not readable")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, reason)| format!("{count} {reason}"))
        .collect();
    let (sealed, flows, octets) =
        (tally.sealed(), counted(tally.flows, "TLS flow"), counted(tally.sealed_octets, "byte"));
    let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    if sealed == 0 {
        return Some(format!("{octets} in {flows} not deciphered"));
    }
    let build = if DECIPHERS { "" } else { " (this build deciphers no TLS)" };
    Some(format!("{sealed} of {flows} encrypted{reasons}{build}; {octets} of TLS not read"))
}

/// `rules held back 37 times: 30 missing packets, 7 open at the end`; `None` when they never did.
pub(super) fn held_back(outcome: &Outcome) -> Option<String> {
    let mut by_reason: BTreeMap<Doubt, u64> = BTreeMap::new();
    for ((_, doubt), count) in &outcome.rule_doubts {
        *by_reason.entry(*doubt).or_default() += count;
    }
    let all: u64 = by_reason.values().sum();
    (all > 0).then(|| format!("rules held back {}: {}", counted(all, "time"), reasons(&by_reason)))
}

/// A table of the findings by rule, worst and most frequent first; empty for a few findings.
pub(super) fn table(outcome: &Outcome) -> Vec<String> {
    let mut rows: Vec<(&str, Told)> = outcome.by_rule().into_iter().collect();
    if rows.iter().map(|(_, told)| told.count).sum::<u64>() <= FEW_FINDINGS {
        return Vec::new();
    }
    rows.sort_by_key(|(rule, told)| (std::cmp::Reverse((told.severity, told.count)), *rule));
    let widest = rows.iter().map(|(rule, _)| rule.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{:<widest$}  {:<8}  {:>5}  cost", "rule", "severity", "count")];
    lines.extend(rows.into_iter().map(|(rule, Told { severity, count, cost, .. })| {
        let line =
            format!("{rule:<widest$}  {:<8}  {count:>5}  {}", severity.name(), self::cost(&cost).unwrap_or_default());
        line.trim_end().to_owned()
    }));
    lines
}

/// `2 314 bytes, 4 round trips, 12.6 s`; `None` when nothing was lost.
pub(super) fn cost(cost: &Cost) -> Option<String> {
    let parts: Vec<String> = [
        (cost.octets > 0).then(|| format!("{} byte{}", grouped(cost.octets), if cost.octets == 1 { "" } else { "s" })),
        (cost.round_trips > 0).then(|| counted(cost.round_trips, "round trip")),
        cost.seconds.filter(|s| s.0 != 0.0).map(|s| s.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Reasons and how often, most frequent first.
pub(super) fn reasons(by_reason: &BTreeMap<Doubt, u64>) -> String {
    let frequent: BTreeSet<_> = by_reason.iter().map(|(doubt, count)| (std::cmp::Reverse(*count), *doubt)).collect();
    let told: Vec<String> =
        frequent.into_iter().map(|(count, doubt)| format!("{} {}", count.0, doubt.name())).collect();
    told.join(", ")
}

/// `1 byte`, `2314 bytes`
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Thousands set apart by a narrow blank that does not break.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bare, outcome, redundant_poll};
    use super::*;
    use crate::session;
    use crate::time::Seconds;

    #[test]
    fn coverage_tells_reasons_most_frequent_first() {
        let mut outcome = outcome(vec![]);
        assert_eq!(
            coverage(&outcome),
            "412 of 430 exchanges judged (95 %), 18 not: 11 open at the end, 7 missing packets"
        );
        outcome.tally = session::Tally { exchanges: 1, judged: 1, ..session::Tally::default() };
        assert_eq!(coverage(&outcome), "1 of 1 exchange judged");
        assert_eq!(coverage(&Outcome::default()), "no IMPS exchange seen");
    }

    #[test]
    fn what_rules_could_not_judge_is_told_by_reason() {
        let mut outcome = outcome(vec![]);
        assert_eq!(held_back(&outcome), None);
        outcome.rule_doubts = [
            (("a/b", Doubt::OpenAtEnd), 7),
            (("a/c", Doubt::MissingPackets), 10),
            (("a/d", Doubt::MissingPackets), 20),
        ]
        .into();
        assert_eq!(held_back(&outcome).unwrap(), "rules held back 37 times: 30 missing packets, 7 open at the end");
    }

    #[test]
    fn what_stays_encrypted_is_told_with_the_reason() {
        assert_eq!(encrypted(&Tally { flows: 2, deciphered: 2, ..Tally::default() }), None);
        let tally = Tally { flows: 5, deciphered: 3, without_keys: 1, unreadable: 1, sealed_octets: 8192 };
        let told = encrypted(&tally).unwrap();
        let some = Tally { flows: 5, deciphered: 5, sealed_octets: 12, ..Tally::default() };
        assert_eq!(encrypted(&some).unwrap(), "12 bytes in 5 TLS flows not deciphered");
        assert!(told.starts_with("2 of 5 TLS flows encrypted: 1 without keys, 1 not readable"), "{told}");
        assert!(told.ends_with("; 8192 bytes of TLS not read"), "{told}");
    }

    #[test]
    fn nothing_found_is_said() {
        let nothing = outcome(vec![]);
        assert_eq!(counts(&nothing), "no findings in 1 file; 42 sessions, 812 messages");
    }

    #[test]
    fn a_few_findings_need_no_table() {
        let mut findings = vec![bare(); FEW_FINDINGS as usize];
        assert!(table(&outcome(findings.clone())).is_empty());
        findings.push(redundant_poll());
        findings.push(redundant_poll());
        assert_eq!(
            table(&outcome(findings)),
            [
                "rule                    severity  count  cost",
                "polling/redundant-poll  warning       2  4\u{202f}628 bytes, 8 round trips",
                "session/missing-logout  info          5",
            ]
        );
    }

    #[test]
    fn costs_are_told_where_there_are_any() {
        let of = |octets, round_trips, seconds: Option<f64>| {
            cost(&Cost { octets, round_trips, seconds: seconds.map(Seconds) })
        };
        assert_eq!(of(0, 0, None), None);
        assert_eq!(of(1, 1, Some(12.6)).unwrap(), "1 byte, 1 round trip, 12.6 s");
        assert_eq!(of(1_234_567, 0, None).unwrap(), "1\u{202f}234\u{202f}567 bytes");
    }

    #[test]
    fn remarks_tell_what_was_lost() {
        let mut outcome = outcome(vec![]);
        outcome.inputs[0].anomalies = vec!["odd".to_owned(); MOST_ANOMALIES + 3];
        outcome.dropped_findings = 1;
        outcome.tally.evicted = 2;
        outcome.contents.flows.evicted = 7;
        outcome.contents.flows.evicted_octets = 4096;
        outcome.internal = vec!["a/b".to_owned()];
        let lines = remarks(&outcome);
        assert_eq!(lines.len(), MOST_ANOMALIES + 5);
        assert_eq!(
            lines[MOST_ANOMALIES..],
            [
                "anna.pcap: and 3 more anomalies",
                "1 finding beyond the limit, counted but not told",
                "2 sessions closed early: too many were open",
                "7 flows forgotten: too many were known, or too much of them was held; 4096 bytes held for them given up",
                "a rule failed: a/b",
            ]
        );
        outcome.inputs[0].further_anomalies = 7;
        let more = "anna.pcap: and 10 more anomalies, 7 of them beyond the limit, only counted";
        assert_eq!(remarks(&outcome)[MOST_ANOMALIES], more);
        outcome.inputs[0] = Input { anomalies: Vec::new(), further_anomalies: 0, ..outcome.inputs[0].clone() };
        assert_eq!(remarks(&outcome)[0], "anna.pcap: ends in the middle of a record");
    }
}
