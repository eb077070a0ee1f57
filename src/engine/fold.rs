//! Folding: findings of one rule, session and cause are one finding with a count.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use super::admission::Admission;
use crate::finding::Finding;
use crate::report::Told;
use crate::rules::{Again, cause_fingerprint};
use crate::session::SessionNo;

/// Findings kept of a run; further ones are counted.
pub const FINDINGS_KEPT: usize = 50_000;

/// Causes outside of sessions remembered; when there are as many, all are forgotten, and what comes again is told again.
pub const CAUSES_KEPT: usize = 50_000;

/// Who is told of a finding at once, and may break off.
pub type Tell<'t> = dyn FnMut(Finding) -> ControlFlow<()> + 't;

/// Which findings of a session, or of none, are of one cause: a fingerprint of the rule, the side and the cause; where there
/// is no session, also of the user, or of the ends where there is no user either.
fn fingerprint(finding: &Finding, cause: &str, in_session: bool) -> u64 {
    let cause = cause_fingerprint(finding.rule, finding.side, cause);
    if in_session {
        return cause;
    }
    let mut hasher = DefaultHasher::new();
    let scene = &finding.scene;
    (cause, &scene.user, scene.peers.filter(|_| scene.user.is_none())).hash(&mut hasher);
    hasher.finish()
}

/// What became of a finding.
#[derive(Clone, Copy, Debug)]
enum Kept {
    /// It is kept at this place.
    At(usize),
    /// It was told.
    Told,
    /// The user does not want it.
    Left,
}

/// Collects the findings of a run; or tells them at once and keeps only their count.
#[derive(Default)]
pub struct Collection<'t> {
    tell: Option<&'t mut Tell<'t>>,
    findings: Vec<Finding>,
    /// What became of the first finding of a cause.
    causes: HashMap<Option<SessionNo>, HashMap<u64, Kept>>,
    admission: Option<Admission<'t>>,
    told: BTreeMap<&'static str, Told>,
    dropped: u64,
    broken_off: bool,
}

impl<'t> Collection<'t> {
    /// A collection that tells each finding, but for further ones of the same cause, and then lets it go.
    pub fn telling(tell: &'t mut Tell<'t>) -> Self {
        Self { tell: Some(tell), ..Self::default() }
    }

    /// With an admission that says which findings are wanted.
    pub fn admitting(self, admission: Option<Admission<'t>>) -> Self {
        Self { admission, ..self }
    }

    /// Says which findings are wanted, where not all are.
    pub fn admission(&mut self) -> Option<&mut Admission<'t>> {
        self.admission.as_mut()
    }

    /// Adds a finding that belongs to `session`.
    pub fn add(&mut self, mut finding: Finding, session: Option<SessionNo>) {
        let wanted = self.admission.as_ref().is_none_or(|admission| admission.admits(&mut finding, session));
        let Some(cause) = &finding.cause else {
            if wanted {
                self.keep(finding);
            }
            return;
        };
        let key = fingerprint(&finding, cause, session.is_some());
        let first = self.causes.get(&session).and_then(|causes| causes.get(&key)).copied();
        match first {
            Some(first) => {
                let Finding { rule, severity, repeats, cost, .. } = finding;
                self.repeat(first, Again { rule, severity, cause: key, cost }, repeats);
            }
            None => {
                let kept = if wanted { self.keep(finding) } else { Some(Kept::Left) };
                if let Some(kept) = kept {
                    let causes = self.causes.entry(session).or_default();
                    if session.is_none() && causes.len() >= CAUSES_KEPT {
                        causes.clear();
                    }
                    causes.insert(key, kept);
                }
            }
        }
    }

    /// Counts what was found again in a session; `false` where it is news, and has to be added as a finding.
    pub fn add_again(&mut self, again: Again, session: Option<SessionNo>) -> bool {
        // Outside of sessions a cause says too little.
        let causes = session.and_then(|_| self.causes.get(&session));
        let Some(first) = causes.and_then(|causes| causes.get(&again.cause)).copied() else { return false };
        self.repeat(first, again, 0);
        true
    }

    /// Counts a finding that is not kept, nor told.
    pub fn drop_one(&mut self) {
        self.dropped += 1;
    }

    /// Counts a further occurrence, folded findings of its own included, of what is kept, or was told.
    fn repeat(&mut self, first: Kept, again: Again, repeats: u64) {
        match first {
            Kept::At(place) => {
                let first = self.findings.get_mut(place);
                first.into_iter().for_each(|first| first.repeat(again.cost, repeats));
            }
            Kept::Told => self.told.entry(again.rule).or_default().repeat(again.severity, again.cost, repeats),
            Kept::Left => {}
        }
    }

    /// A session is over: no further finding comes of it.
    pub fn close(&mut self, session: SessionNo) {
        self.causes.remove(&Some(session));
        if let Some(admission) = &mut self.admission {
            admission.close(session);
        }
    }

    /// Keeps a finding, or tells it; `None` where it is beyond the limit.
    fn keep(&mut self, finding: Finding) -> Option<Kept> {
        if let Some(tell) = &mut self.tell {
            self.told.entry(finding.rule).or_default().add(&finding);
            self.broken_off |= tell(finding).is_break();
            return Some(Kept::Told);
        }
        if self.findings.len() >= FINDINGS_KEPT {
            self.dropped += 1;
            return None;
        }
        self.findings.push(finding);
        Some(Kept::At(self.findings.len() - 1))
    }

    /// Whether to go on: not when whoever is told broke off.
    pub fn flow(&self) -> ControlFlow<()> {
        if self.broken_off { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The findings by their first frame and their rule's name, what was told already, and how many were dropped.
    pub fn finish(mut self) -> (Vec<Finding>, BTreeMap<&'static str, Told>, u64) {
        self.findings.sort_by(|a, b| {
            let frame = |f: &Finding| f.place().and_then(|p| p.frames.first().copied());
            (frame(a), a.rule, a.place().map(|p| p.focus)).cmp(&(frame(b), b.rule, b.place().map(|p| p.focus)))
        });
        (self.findings, self.told, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Basis, Cost, Scene, Severity, Side};

    fn finding(rule: &'static str, side: Side, cause: Option<&str>) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            basis: Basis::Guideline,
            side,
            message: String::new(),
            help: "",
            exhibits: Vec::new(),
            cost: Some(Cost { octets: 10, round_trips: 1, seconds: None }),
            scene: Scene::default(),
            repeats: 0,
            cause: cause.map(str::to_owned),
        }
    }

    #[test]
    fn one_cause_in_one_session_is_one_finding_and_its_cost_adds_up() {
        let mut all = Collection::default();
        for _ in 0..3 {
            all.add(finding("a/b", Side::Client, Some("x")), Some(SessionNo(1)));
        }
        all.add(finding("a/b", Side::Client, Some("x")), Some(SessionNo(2)));
        all.add(finding("a/b", Side::Server, Some("x")), Some(SessionNo(1)));
        all.add(finding("a/b", Side::Client, Some("y")), Some(SessionNo(1)));
        all.add(finding("a/c", Side::Client, Some("x")), Some(SessionNo(1)));
        let (findings, _, dropped) = all.finish();
        let counts: Vec<(&str, u64, u64)> =
            findings.iter().map(|f| (f.rule, f.repeats, f.cost.map_or(0, |c| c.octets))).collect();
        assert_eq!(counts, [("a/b", 2, 30), ("a/b", 0, 10), ("a/b", 0, 10), ("a/b", 0, 10), ("a/c", 0, 10)]);
        assert_eq!(dropped, 0);
    }

    #[test]
    fn findings_without_a_cause_stay_apart() {
        let mut all = Collection::default();
        (0..3).for_each(|_| all.add(finding("a/b", Side::Client, None), Some(SessionNo(1))));
        assert_eq!(all.finish().0.len(), 3);
    }

    #[test]
    fn findings_beyond_the_limit_are_counted_and_repeats_still_fold() {
        let mut all = Collection::default();
        all.add(finding("a/b", Side::Client, Some("x")), None);
        (0..FINDINGS_KEPT + 6).for_each(|_| all.add(finding("a/b", Side::Client, None), None));
        all.add(finding("a/b", Side::Client, Some("x")), None);
        let (findings, _, dropped) = all.finish();
        assert_eq!((findings.len(), dropped), (FINDINGS_KEPT, 7));
        assert_eq!(findings.first().map(|f| f.repeats), Some(1));
    }

    #[test]
    fn what_is_told_at_once_is_told_once_a_cause_and_only_counted() {
        let mut told = Vec::new();
        let mut tell = |finding: Finding| {
            told.push((finding.rule, finding.cause));
            ControlFlow::Continue(())
        };
        let mut all = Collection::telling(&mut tell);
        for _ in 0..3 {
            all.add(finding("a/b", Side::Client, Some("x")), Some(SessionNo(1)));
        }
        all.add(finding("a/c", Side::Client, None), Some(SessionNo(1)));
        all.close(SessionNo(1));
        let (findings, counted, dropped) = all.finish();
        assert_eq!((findings.len(), dropped), (0, 0));
        let of = |rule| counted.get(rule).map(|t| (t.count, t.repeats, t.cost.octets));
        assert_eq!((of("a/b"), of("a/c")), (Some((1, 2, 30)), Some((1, 0, 10))));
        assert_eq!(told, [("a/b", Some("x".to_owned())), ("a/c", None)]);
    }
}
