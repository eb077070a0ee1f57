//! The service tree: features, the functions in them, and the tokens of functions that a client asks for.

use std::ops::RangeInclusive;

use super::name::*;
use super::namespace::Version;
use super::namespace::Version::{V11, V12, V13};
use crate::syntax::NameId;

/// How deep in the service tree a name stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// `WVCSPFeat`, the root.
    Root,
    /// One of the four features.
    Feature,
    /// A group of transactions.
    Function,
    /// What stands for a transaction, or for the mandatory part of a feature.
    Token,
}

/// A branch of the service tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Its name.
    pub name: NameId,
    /// What it stands in: [`NameId::UNKNOWN`] for the root.
    pub parent: NameId,
    /// How deep it stands.
    pub level: Level,
    /// The versions that have it.
    pub versions: RangeInclusive<Version>,
}

/// The row of a name; `None` for names outside the tree.
pub fn branch(name: NameId) -> Option<&'static Branch> {
    TREE.iter().find(|b| b.name == name)
}

/// What stands directly in a branch in a version.
pub fn children(version: Version, name: NameId) -> impl Iterator<Item = &'static Branch> {
    TREE.iter().filter(move |b| b.parent == name && b.versions.contains(&version))
}

/// Whether `name` stands in `of`, at any depth, or is it.
pub fn is_under(name: NameId, of: NameId) -> bool {
    let up = |b: &&'static Branch| branch(b.parent);
    std::iter::successors(branch(name), up).any(|b| b.name == of)
}

const fn at(level: Level, name: NameId, parent: NameId, versions: RangeInclusive<Version>) -> Branch {
    Branch { name, parent, level, versions }
}

const fn feature(name: NameId) -> Branch {
    at(Level::Feature, name, WV_CSP_FEAT, V11..=V13)
}

const fn function(name: NameId, parent: NameId, versions: RangeInclusive<Version>) -> Branch {
    at(Level::Function, name, parent, versions)
}

const fn token(name: NameId, parent: NameId, versions: RangeInclusive<Version>) -> Branch {
    at(Level::Token, name, parent, versions)
}

/// The tree in the order of its models; the tokens of a version as the token tables of WBXML and the negotiation code
/// of two clients and a server have them.
#[rustfmt::skip]
static TREE: &[Branch] = &[
    at(Level::Root, WV_CSP_FEAT, NameId::UNKNOWN, V11..=V13),
    feature(FUNDAMENTAL_FEAT),
    token(MF, FUNDAMENTAL_FEAT, V12..=V13),
    function(SERVICE_FUNC, FUNDAMENTAL_FEAT, V11..=V13),
    token(GETSPI, SERVICE_FUNC, V11..=V13),
    token(GETMAP, SERVICE_FUNC, V13..=V13),
    token(SGMNT, SERVICE_FUNC, V13..=V13),
    function(SEARCH_FUNC, FUNDAMENTAL_FEAT, V11..=V13),
    token(SRCH, SEARCH_FUNC, V11..=V13),
    token(ADVSR, SEARCH_FUNC, V13..=V13),
    token(STSRC, SEARCH_FUNC, V11..=V13),
    function(INVITE_FUNC, FUNDAMENTAL_FEAT, V11..=V13),
    token(INVIT, INVITE_FUNC, V11..=V13),
    token(CAINV, INVITE_FUNC, V11..=V13),
    function(VERIFY_ID_FUNC, FUNDAMENTAL_FEAT, V12..=V13),
    token(VRID, VERIFY_ID_FUNC, V12..=V13),
    feature(PRESENCE_FEAT),
    token(MP, PRESENCE_FEAT, V12..=V13),
    function(CONT_LIST_FUNC, PRESENCE_FEAT, V11..=V13),
    token(GCLI, CONT_LIST_FUNC, V11..=V13),
    token(CCLI, CONT_LIST_FUNC, V11..=V13),
    token(DCLI, CONT_LIST_FUNC, V11..=V13),
    token(MCLS, CONT_LIST_FUNC, V11..=V13),
    function(PRESENCE_AUTH_FUNC, PRESENCE_FEAT, V11..=V13),
    token(GETWL, PRESENCE_AUTH_FUNC, V11..=V13),
    token(REACT, PRESENCE_AUTH_FUNC, V11..=V12),
    token(CAAUT, PRESENCE_AUTH_FUNC, V11..=V12),
    token(GETAUT, PRESENCE_AUTH_FUNC, V12..=V12),
    function(PRESENCE_DELIVER_FUNC, PRESENCE_FEAT, V11..=V13),
    token(GETPR, PRESENCE_DELIVER_FUNC, V11..=V13),
    token(UPDPR, PRESENCE_DELIVER_FUNC, V11..=V13),
    function(ATT_LIST_FUNC, PRESENCE_FEAT, V11..=V12),
    token(CALI, ATT_LIST_FUNC, V11..=V12),
    token(DALI, ATT_LIST_FUNC, V11..=V12),
    token(GALS, ATT_LIST_FUNC, V11..=V12),
    feature(IM_FEAT),
    token(MM, IM_FEAT, V12..=V13),
    function(IM_SEND_FUNC, IM_FEAT, V11..=V13),
    token(MDELIV, IM_SEND_FUNC, V11..=V13),
    token(FWMSG, IM_SEND_FUNC, V11..=V13),
    function(IM_RECEIVE_FUNC, IM_FEAT, V11..=V13),
    token(SETD, IM_RECEIVE_FUNC, V11..=V13),
    token(GETLM, IM_RECEIVE_FUNC, V11..=V13),
    token(GETM, IM_RECEIVE_FUNC, V11..=V13),
    token(REJCM, IM_RECEIVE_FUNC, V11..=V13),
    token(NOTIF, IM_RECEIVE_FUNC, V11..=V13),
    token(NEWM, IM_RECEIVE_FUNC, V11..=V13),
    token(OFFNOTIF, IM_RECEIVE_FUNC, V13..=V13),
    function(IM_AUTH_FUNC, IM_FEAT, V11..=V13),
    token(GLBLU, IM_AUTH_FUNC, V11..=V13),
    token(BLENT, IM_AUTH_FUNC, V11..=V13),
    feature(GROUP_FEAT),
    token(MG, GROUP_FEAT, V12..=V13),
    function(GROUP_MGMT_FUNC, GROUP_FEAT, V11..=V13),
    token(CREAG, GROUP_MGMT_FUNC, V11..=V13),
    token(DELGR, GROUP_MGMT_FUNC, V11..=V13),
    token(GETGP, GROUP_MGMT_FUNC, V11..=V13),
    token(SETGP, GROUP_MGMT_FUNC, V11..=V13),
    function(GROUP_USE_FUNC, GROUP_FEAT, V11..=V13),
    token(SUBGCN, GROUP_USE_FUNC, V11..=V13),
    token(GRCHN, GROUP_USE_FUNC, V11..=V13),
    token(EXCON, GROUP_USE_FUNC, V13..=V13),
    function(GROUP_AUTH_FUNC, GROUP_FEAT, V11..=V13),
    token(GETGM, GROUP_AUTH_FUNC, V11..=V13),
    token(ADDGM, GROUP_AUTH_FUNC, V11..=V13),
    token(RMVGM, GROUP_AUTH_FUNC, V11..=V13),
    token(MBRAC, GROUP_AUTH_FUNC, V11..=V13),
    token(REJEC, GROUP_AUTH_FUNC, V11..=V13),
    token(GETJU, GROUP_AUTH_FUNC, V12..=V13),
];

#[cfg(test)]
mod tests {
    use super::super::model::{Kind, element};
    use super::*;

    #[test]
    fn names_are_unique_and_stand_in_the_level_above() {
        for (i, b) in TREE.iter().enumerate() {
            assert!(TREE.iter().skip(i + 1).all(|c| c.name != b.name));
            if b.level != Level::Root {
                let above = branch(b.parent).unwrap().level;
                assert!(above < b.level);
            }
        }
    }

    #[test]
    fn tree_and_content_model_agree() {
        for version in super::super::model::VERSIONS {
            for b in TREE.iter().filter(|b| b.level != Level::Token && b.versions.contains(&version)) {
                let Kind::Container(model) = element(version, b.name).unwrap().kind else { panic!("{:?}", b.name) };
                let mut modelled = Vec::new();
                model.each_name(&mut |n| modelled.push(n));
                let mut here: Vec<_> = children(version, b.name).map(|c| c.name).collect();
                modelled.sort_unstable();
                here.sort_unstable();
                assert_eq!(here, modelled, "{version:?} {}", spelling(b.name));
            }
        }
    }

    #[test]
    fn under_reaches_through_functions() {
        assert!(
            is_under(GETPR, PRESENCE_FEAT) && is_under(GETPR, PRESENCE_DELIVER_FUNC) && is_under(GETPR, WV_CSP_FEAT)
        );
        assert!(is_under(MM, IM_FEAT) && is_under(IM_FEAT, IM_FEAT));
        assert!(
            !is_under(GETPR, IM_FEAT) && !is_under(USER_ID, WV_CSP_FEAT) && !is_under(NameId::UNKNOWN, WV_CSP_FEAT)
        );
        assert!(!is_under(PRESENCE_FEAT, GETPR));
    }
}
