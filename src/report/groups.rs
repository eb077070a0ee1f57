//! Groups: findings of one rule, party and fact, whatever its values, so that many are told as few.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Cost, Severity, Side};

use super::Filed;
use super::identity::evened;
use super::summary::{self, counted};

/// Findings up to which each is told.
pub(super) const FEW: usize = 20;

/// Findings of one rule, party and fact, the values of the fact aside.
#[derive(Clone, Debug)]
pub(super) struct Group<'o> {
    /// The first of the worst.
    pub(super) first: &'o Filed,
    /// How many they are.
    pub(super) count: u64,
    /// How many more there were of their causes.
    pub(super) repeats: u64,
    /// In how many sessions that have an identifier.
    pub(super) sessions: u64,
    /// What they cost.
    pub(super) cost: Cost,
}

impl<'o> Group<'o> {
    /// The groups of findings, the worst and largest first.
    pub(super) fn all(findings: &'o [Filed]) -> Vec<Self> {
        let mut groups: BTreeMap<(&str, Side, String), (Self, BTreeSet<&str>)> = BTreeMap::new();
        for filed in findings {
            let finding = &filed.finding;
            let key = (finding.rule, finding.side, evened(&finding.message));
            let none = || {
                let cost = Cost::default();
                (Self { first: filed, count: 0, repeats: 0, sessions: 0, cost }, BTreeSet::new())
            };
            let (group, sessions) = groups.entry(key).or_insert_with(none);
            if finding.severity > group.severity() {
                group.first = filed;
            }
            group.count += 1;
            group.repeats += finding.repeats;
            group.cost += finding.cost.unwrap_or_default();
            sessions.extend(finding.scene.session.as_deref());
        }
        let mut groups: Vec<Self> =
            groups.into_values().map(|(group, sessions)| Self { sessions: sessions.len() as u64, ..group }).collect();
        // Those as bad and as large stay in the order of their rules.
        groups.sort_by_key(|group| std::cmp::Reverse((group.severity(), group.count)));
        groups
    }

    /// How bad the worst is.
    pub(super) fn severity(&self) -> Severity {
        self.first.finding.severity
    }

    /// `38 findings in 21 sessions, fault of client, cost 2 314 bytes`
    pub(super) fn extent(&self) -> String {
        let sessions =
            if self.sessions > 1 { format!(" in {}", counted(self.sessions, "session")) } else { String::new() };
        let cost = summary::cost(&self.cost).map(|cost| format!(", cost {cost}")).unwrap_or_default();
        let side = self.first.finding.side.name();
        format!("{}{sessions}, fault of {side}{cost}", counted(self.count, "finding"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;
    use crate::finding::Finding;

    #[test]
    fn findings_that_differ_in_values_are_one_group_and_the_worst_groups_come_first() {
        let file = |finding| Filed { file: "a.pcap".to_owned(), frames: Vec::new(), elsewhere: Vec::new(), finding };
        let mut other = redundant_poll();
        other.message = other.message.replace("4.2", "17");
        other.scene.session = Some("another".to_owned());
        let error = Finding { severity: Severity::Error, message: "polled in vain".to_owned(), ..redundant_poll() };
        let all = [file(redundant_poll()), file(other), file(error)];
        let groups = Group::all(&all);
        let told: Vec<(Severity, u64, u64)> = groups.iter().map(|g| (g.severity(), g.count, g.sessions)).collect();
        let sessions = 1 + u64::from(redundant_poll().scene.session.is_some());
        assert_eq!(told, [(Severity::Error, 1, sessions - 1), (Severity::Warning, 2, sessions)]);
    }
}
