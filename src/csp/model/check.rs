//! Children in, faults out.

use std::borrow::Cow;

use super::{Element, Kind, Model, Space, element};
use crate::csp::name::canonical;
use crate::csp::namespace::Version;
use crate::syntax::NameId;

/// What is wrong with the children of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A child that has to be there is not; of a choice, its first alternative is named.
    MissingMandatory(NameId),
    /// A child that the model does not have.
    Unexpected(NameId),
    /// A child more often than the model allows, or beside an alternative that excludes it.
    Repeated(NameId),
    /// A child behind one that has to follow it. Says nothing about which of the two was moved.
    WrongOrder(NameId),
}

/// Holds children against the content model of an element.
///
/// Tolerant: which children there are and in which order they stand are judged apart, so that a message in another
/// order has order faults only. Each fault is told once, however often the child stands there. Names outside the
/// vocabulary are passed over; other spellings count as the name they stand for. A presence container without any
/// child selects an attribute and lacks nothing. Elements that hold anything, and removed ones, have no faults. A row
/// of [`Trust::Recall`](super::Trust::Recall) gives faults like any other; what they are worth is for the caller.
pub fn validate_children(element: &Element, children: &[NameId]) -> Vec<Fault> {
    let model = match element.kind {
        Kind::Container(_) if element.space == Space::Pa && children.is_empty() => return Vec::new(),
        Kind::Container(model) => model,
        Kind::Leaf(_) | Kind::Empty => Model::Seq(&[]),
        Kind::Any | Kind::Alias(_) | Kind::Removed => return Vec::new(),
    };
    let plain = children.iter().all(|&c| c != NameId::UNKNOWN && canonical(c) == c);
    let children = match plain {
        true => Cow::Borrowed(children),
        false => children.iter().map(|&c| canonical(c)).filter(|&c| c != NameId::UNKNOWN).collect(),
    };
    let mut walk = Walk { children, faults: Vec::new() };
    walk.visit(&model, false, true);
    walk.order(&model);
    walk.faults
}

/// The children an element has to have. Each inner list is one of them: several names where any one will do.
pub fn mandatory_children(version: Version, name: NameId) -> Vec<Vec<NameId>> {
    match element(version, name).map(|e| e.kind) {
        Some(Kind::Container(model)) => model.mandatory(),
        _ => Vec::new(),
    }
}

impl Model {
    /// Calls `f` with every name, in order.
    pub fn each_name(&self, f: &mut impl FnMut(NameId)) {
        match *self {
            Self::One(n) | Self::Opt(n) | Self::Star(n) | Self::Plus(n) => f(n),
            Self::Seq(parts) | Self::Choice(parts) => parts.iter().for_each(|p| p.each_name(f)),
            Self::OptGroup(m) | Self::StarGroup(m) | Self::PlusGroup(m) => m.each_name(f),
        }
    }

    /// Whether a child may follow another; `None` before the first and behind the last. A model has each name once, so
    /// children of which each may follow the one before are all as the model has them.
    pub(super) fn lets_follow(&self, last: Option<NameId>, next: Option<NameId>) -> bool {
        match (last, next) {
            (None, None) => self.nullable(),
            (None, Some(first)) => self.begins(first),
            (Some(last), None) => self.ends(last),
            (Some(last), Some(next)) => self.joins(last, next),
        }
    }

    /// Whether the second of two children may stand right behind the first, both inside the model.
    fn joins(&self, last: NameId, next: NameId) -> bool {
        match self {
            Self::One(_) | Self::Opt(_) => false,
            Self::Star(n) | Self::Plus(n) => last == *n && next == *n,
            Self::Seq(parts) => {
                let mut behind = false;
                parts.iter().any(|part| {
                    let here = part.joins(last, next) || (behind && part.begins(next));
                    behind = part.ends(last) || (behind && part.nullable());
                    here
                })
            }
            Self::Choice(parts) => parts.iter().any(|part| part.joins(last, next)),
            Self::OptGroup(m) => m.joins(last, next),
            Self::StarGroup(m) | Self::PlusGroup(m) => m.joins(last, next) || (m.ends(last) && m.begins(next)),
        }
    }

    /// Whether a child can be the last of the model.
    fn ends(&self, child: NameId) -> bool {
        match self {
            Self::One(n) | Self::Opt(n) | Self::Star(n) | Self::Plus(n) => child == *n,
            Self::Seq(parts) => {
                let behind = parts.iter().rev().take_while(|part| part.nullable()).count();
                parts.iter().rev().take(behind + 1).any(|part| part.ends(child))
            }
            Self::Choice(parts) => parts.iter().any(|part| part.ends(child)),
            Self::OptGroup(m) | Self::StarGroup(m) | Self::PlusGroup(m) => m.ends(child),
        }
    }

    /// Whether a child can be the first of the model.
    fn begins(&self, child: NameId) -> bool {
        match self {
            Self::One(n) | Self::Opt(n) | Self::Star(n) | Self::Plus(n) => child == *n,
            Self::Seq(parts) => {
                let ahead = parts.iter().take_while(|part| part.nullable()).count();
                parts.iter().take(ahead + 1).any(|part| part.begins(child))
            }
            Self::Choice(parts) => parts.iter().any(|part| part.begins(child)),
            Self::OptGroup(m) | Self::StarGroup(m) | Self::PlusGroup(m) => m.begins(child),
        }
    }

    /// Whether no child at all will do.
    fn nullable(&self) -> bool {
        match self {
            Self::One(_) | Self::Plus(_) => false,
            Self::Opt(_) | Self::Star(_) | Self::OptGroup(_) | Self::StarGroup(_) => true,
            Self::Seq(parts) => parts.iter().all(Self::nullable),
            Self::Choice(parts) => parts.iter().any(Self::nullable),
            Self::PlusGroup(m) => m.nullable(),
        }
    }

    fn mandatory(&self) -> Vec<Vec<NameId>> {
        match self {
            Self::One(n) | Self::Plus(n) => vec![vec![*n]],
            Self::Seq(parts) => parts.iter().flat_map(Self::mandatory).collect(),
            Self::Choice(parts) if !self.nullable() => {
                vec![parts.iter().filter_map(|p| p.mandatory().into_iter().next()).flatten().collect()]
            }
            Self::PlusGroup(m) => m.mandatory(),
            _ => Vec::new(),
        }
    }

    /// The place of a name in the order, or `None` when the model does not have it. The names of a group that may
    /// come again share one place. `next` is the place that the model starts at.
    fn place(&self, name: NameId, next: &mut u16) -> Option<u16> {
        match self {
            Self::One(n) | Self::Opt(n) | Self::Star(n) | Self::Plus(n) => {
                *next += 1;
                (*n == name).then_some(*next)
            }
            Self::Seq(parts) | Self::Choice(parts) => parts.iter().find_map(|p| p.place(name, next)),
            Self::OptGroup(m) => m.place(name, next),
            Self::StarGroup(m) | Self::PlusGroup(m) => {
                let here = *next + 1;
                let found = m.place(name, next).is_some();
                found.then_some(here)
            }
        }
    }
}

struct Walk<'a> {
    children: Cow<'a, [NameId]>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The first name of the model that stands among the children.
    fn begun(&self, model: &Model) -> Option<NameId> {
        let mut first = None;
        model.each_name(&mut |n| first = first.or(self.children.contains(&n).then_some(n)));
        first
    }

    /// Looks for missing and repeated children. `many`: inside a group that may come again; `needed`: the model has
    /// to be satisfied.
    fn visit(&mut self, model: &Model, many: bool, needed: bool) {
        match *model {
            Model::One(n) | Model::Opt(n) | Model::Star(n) | Model::Plus(n) => {
                let count = self.children.iter().filter(|&&c| c == n).count();
                let once = matches!(model, Model::One(_) | Model::Opt(_)) && !many;
                if count == 0 && needed && !model.nullable() {
                    self.fault(Fault::MissingMandatory(n));
                } else if count > 1 && once {
                    self.fault(Fault::Repeated(n));
                }
            }
            Model::Seq(parts) => parts.iter().for_each(|p| self.visit(p, many, needed)),
            Model::Choice(parts) => self.choose(parts, many, needed && !model.nullable()),
            Model::OptGroup(m) => self.visit(m, many, self.begun(m).is_some()),
            Model::StarGroup(m) => self.visit(m, true, self.begun(m).is_some()),
            Model::PlusGroup(m) => self.visit(m, true, needed || self.begun(m).is_some()),
        }
    }

    /// Every alternative that was begun is looked at; beyond the first it is one too many.
    fn choose(&mut self, parts: &[Model], many: bool, needed: bool) {
        let mut taken = false;
        for part in parts {
            let Some(first) = self.begun(part) else { continue };
            if taken && !many {
                self.fault(Fault::Repeated(first));
            }
            self.visit(part, many, !taken);
            taken = true;
        }
        if let (false, true, Some(first)) = (taken, needed, parts.first()) {
            self.visit(first, many, true);
        }
    }

    /// Looks for children that the model does not have and for those that stand too late.
    fn order(&mut self, model: &Model) {
        let (mut reached, mut last) = (0, (NameId::UNKNOWN, None));
        for &child in std::mem::take(&mut self.children).iter() {
            if last.0 != child {
                last = (child, model.place(child, &mut 0));
            }
            match last.1 {
                None => self.fault(Fault::Unexpected(child)),
                Some(place) if place < reached => self.fault(Fault::WrongOrder(child)),
                Some(place) => reached = place,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Fault::{MissingMandatory, Repeated, Unexpected, WrongOrder};
    use super::*;
    use crate::csp::name::*;

    /// Whether each child may follow the one before.
    fn in_order(element: &Element, children: impl Iterator<Item = NameId>) -> bool {
        let mut last = None;
        children.map(Some).chain([None]).all(|next| element.lets_follow(std::mem::replace(&mut last, next), next))
    }

    fn faults(version: Version, parent: NameId, children: &[NameId]) -> Vec<Fault> {
        validate_children(element(version, parent).unwrap(), children)
    }

    #[test]
    fn a_login_in_model_order_has_no_fault() {
        let children = [USER_ID, CLIENT_ID, PASSWORD, TIME_TO_LIVE, SESSION_COOKIE];
        assert_eq!(faults(Version::V11, LOGIN_REQUEST, &children), []);
        assert_eq!(faults(Version::V12, LOGIN_REQUEST, &children), []);
    }

    #[test]
    fn order_is_told_apart_from_lack() {
        let moved = [USER_ID, CLIENT_ID, TIME_TO_LIVE, SESSION_COOKIE, PASSWORD];
        assert_eq!(faults(Version::V12, LOGIN_REQUEST, &moved), [WrongOrder(PASSWORD)]);
        let short = [USER_ID, PASSWORD];
        let lacks = [MissingMandatory(CLIENT_ID), MissingMandatory(SESSION_COOKIE)];
        assert_eq!(faults(Version::V12, LOGIN_REQUEST, &short), lacks);
    }

    #[test]
    fn alternatives_exclude_each_other() {
        let both = [USER_ID, CLIENT_ID, PASSWORD, DIGEST_BYTES, SESSION_COOKIE];
        assert_eq!(faults(Version::V12, LOGIN_REQUEST, &both), [Repeated(DIGEST_BYTES)]);
        assert_eq!(faults(Version::V12, GROUP, &[]), [MissingMandatory(GROUP_ID)]);
        assert_eq!(faults(Version::V12, GROUP, &[SCREEN_NAME]), []);
        let mixed = [NICK_NAME, USER_ID, NICK_NAME];
        assert_eq!(faults(Version::V12, ADD_NICK_LIST, &mixed), []);
        assert_eq!(faults(Version::V12, ADD_NICK_LIST, &[]), [MissingMandatory(NICK_NAME)]);
    }

    #[test]
    fn repetition_follows_the_version() {
        let twice = [USER_ID, CLIENT_ID, DIGEST_SCHEMA, DIGEST_SCHEMA, SESSION_COOKIE];
        assert_eq!(faults(Version::V11, LOGIN_REQUEST, &twice), [Repeated(DIGEST_SCHEMA)]);
        assert_eq!(faults(Version::V12, LOGIN_REQUEST, &twice), []);
        assert_eq!(faults(Version::V12, PRESENCE_SUB_LIST, &[ONLINE_STATUS, ONLINE_STATUS]), [Repeated(ONLINE_STATUS)]);
        assert_eq!(faults(Version::V13, PRESENCE_SUB_LIST, &[ONLINE_STATUS, ONLINE_STATUS]), []);
    }

    #[test]
    fn what_the_version_does_not_have_is_unexpected() {
        assert_eq!(
            faults(Version::V12, TRANSACTION_DESCRIPTOR, &[TRANSACTION_MODE, TRANSACTION_ID, POLL]),
            [Unexpected(POLL)]
        );
        assert_eq!(faults(Version::V11, TRANSACTION_DESCRIPTOR, &[TRANSACTION_MODE, TRANSACTION_ID, POLL]), []);
        assert_eq!(faults(Version::V12, CODE, &[RESULT]), [Unexpected(RESULT)]);
        assert_eq!(faults(Version::V12, STATUS, &[RESULT, NameId::UNKNOWN]), []);
        assert_eq!(faults(Version::V12, EXT_BLOCK, &[RESULT, CODE]), []);
    }

    #[test]
    fn a_selector_lacks_nothing() {
        assert_eq!(faults(Version::V12, COMM_C, &[]), []);
        assert_eq!(faults(Version::V12, COMM_C, &[CAP]), [MissingMandatory(STATUS)]);
        assert_eq!(faults(Version::V12, RESULT, &[]), [MissingMandatory(CODE)]);
    }

    #[test]
    fn old_spellings_count() {
        assert_eq!(faults(Version::V11, STATUS_CONTENT, &[QUALIFIER, PREFERRED_CONTENT, CONTENT_TYPE]), []);
    }

    #[test]
    fn a_group_need_not_be_begun_but_must_be_finished() {
        // AgreedCapabilityList of 1.2: the port only together with the address.
        assert_eq!(faults(Version::V12, AGREED_CAPABILITY_LIST, &[SUPPORTED_BEARER]), []);
        assert_eq!(faults(Version::V12, AGREED_CAPABILITY_LIST, &[TCP_PORT]), [MissingMandatory(TCP_ADDRESS)]);
    }

    #[test]
    fn mandatory_children_keep_alternatives_together() {
        let lists = mandatory_children(Version::V12, GET_PRESENCE_REQUEST);
        assert_eq!(lists, [vec![USER, CONTACT_LIST]]);
        assert_eq!(mandatory_children(Version::V12, SCREEN_NAME), [vec![S_NAME], vec![GROUP_ID]]);
        assert_eq!(mandatory_children(Version::V12, SUBSCRIBE_PRESENCE_REQUEST), Vec::<Vec<NameId>>::new());
        assert_eq!(mandatory_children(Version::V12, CODE), Vec::<Vec<NameId>>::new());
    }

    #[test]
    fn what_stands_as_the_model_has_it_is_in_order() {
        let ordered =
            |parent, children: &[NameId]| in_order(element(Version::V12, parent).unwrap(), children.iter().copied());
        assert!(ordered(LOGIN_REQUEST, &[USER_ID, CLIENT_ID, PASSWORD, TIME_TO_LIVE, SESSION_COOKIE]));
        assert!(!ordered(LOGIN_REQUEST, &[USER_ID, CLIENT_ID, TIME_TO_LIVE, SESSION_COOKIE, PASSWORD]));
        assert!(!ordered(LOGIN_REQUEST, &[USER_ID]));
        assert!(ordered(ADD_NICK_LIST, &[NICK_NAME, USER_ID, NICK_NAME]) && !ordered(ADD_NICK_LIST, &[]));
        assert!(ordered(AGREED_CAPABILITY_LIST, &[SUPPORTED_BEARER]));
        assert!(!ordered(AGREED_CAPABILITY_LIST, &[TCP_PORT]));
        assert!(ordered(CODE, &[]) && !ordered(CODE, &[RESULT]) && ordered(EXT_BLOCK, &[RESULT, CODE]));
    }

    proptest! {
        #[test]
        fn what_is_in_order_has_no_fault(parent in 0..480_u16, picks in prop::collection::vec(0..64_usize, 0..8), sorted: bool) {
            for version in super::super::VERSIONS {
                let Some(e) = element(version, NameId(parent)) else { continue };
                let Kind::Container(model) = e.kind else { continue };
                let mut names = Vec::new();
                model.each_name(&mut |n| names.push(n));
                let mut picks = picks.clone();
                picks.iter_mut().for_each(|pick| *pick %= names.len());
                if sorted {
                    picks.sort_unstable();
                }
                let children: Vec<_> = picks.into_iter().map(|pick| names[pick]).collect();
                if in_order(e, children.iter().copied()) {
                    prop_assert_eq!(validate_children(e, &children), []);
                }
            }
        }

        #[test]
        fn any_names_are_judged_without_panic(parent: u16, children in prop::collection::vec(any::<u16>(), 0..40)) {
            let children: Vec<_> = children.into_iter().map(NameId).collect();
            for version in super::super::VERSIONS {
                if let Some(e) = element(version, NameId(parent % 480)) {
                    validate_children(e, &children);
                }
            }
        }
    }
}
