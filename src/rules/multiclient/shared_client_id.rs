use crate::csp::address::Address;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Use;

/// One client identity in two hands.
pub(super) fn check(uses: &[Use], verdict: &mut Verdict<'_>) {
    let overlap = verdict.parameter("overlap");
    let mut by_login: Vec<&Use> = uses.iter().collect();
    by_login.sort_by_key(|used| (used.login.end, used.session));
    let Some((earlier, later)) = shared(&by_login, overlap) else { return };
    let whose = if same_user(earlier, later) {
        format!("two live sessions of {} share", later.user)
    } else {
        format!("{} and {} use", earlier.user, later.user)
    };
    verdict
        .find(format!("{whose} the ClientID {}", name(later)), Exhibit::event(&later.login, "the same identity"))
        .show(Exhibit::event(&earlier.login, "in use since here"))
        .user(&later.user)
        .cause(name(later));
}

/// Two uses of one client identity, by rising login, that overlap; of two users rather than of one.
fn shared<'u>(uses: &[&'u Use], overlap: f64) -> Option<(&'u Use, &'u Use)> {
    // Of the uses before, the one used longest, and the one used longest by another user than that.
    let mut longest: Option<&Use> = None;
    let mut other: Option<&Use> = None;
    let mut of_one_user = None;
    for later in uses.iter().copied() {
        for earlier in [longest, other].into_iter().flatten() {
            let both = earlier.last_used.since(later.login.end).0 > overlap && later.last_used > later.login.end;
            match same_user(earlier, later) {
                false if both => return Some((earlier, later)),
                true if both => of_one_user = of_one_user.or(Some((earlier, later))),
                _ => {}
            }
        }
        if longest.is_none_or(|l| later.last_used > l.last_used) {
            if let Some(old) = longest.replace(later).filter(|old| !same_user(old, later)) {
                other = Some(old);
            }
        } else if longest.is_some_and(|l| !same_user(l, later)) && other.is_none_or(|o| later.last_used > o.last_used) {
            other = Some(later);
        }
    }
    of_one_user
}

fn name(used: &Use) -> &str {
    used.client.url.as_deref().or(used.client.msisdn.as_deref()).unwrap_or_default()
}

/// Whether two uses are of one user: the home domain may be left out.
fn same_user(a: &Use, b: &Use) -> bool {
    match (Address::parse(&a.user), Address::parse(&b.user)) {
        (Ok(a), Ok(b)) => a.user == b.user && (a.domain == b.domain || a.domain.is_none() || b.domain.is_none()),
        _ => a.user == b.user,
    }
}
