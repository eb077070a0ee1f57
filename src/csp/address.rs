//! Addresses: `wv:[user][/resource][@domain]`.
//!
//! A user, a contact list or group of a user (`wv:user/resource`), or one of nobody in particular (`wv:/resource`).
//! The whole address is compared without regard to case.

/// The scheme of an address, as it is on the wire.
pub const SCHEME: &str = "wv:";

/// A `wv:` address, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address<'a> {
    /// Whether it starts with `wv:`; logins and lists of some clients leave it out.
    pub scheme: bool,
    /// The user; `None` for a resource of nobody in particular.
    pub user: Option<&'a str>,
    /// The contact list or group.
    pub resource: Option<&'a str>,
    /// The domain; `None` for the home domain.
    pub domain: Option<&'a str>,
}

/// Why a text is no address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AddressFault {
    /// White space in it.
    WhiteSpace,
    /// More than one `@`.
    TwoDomains,
    /// A `/` or `+` inside a name; a `+` may only start a phone number.
    Reserved,
    /// Neither user nor resource, or an empty resource or domain.
    EmptyName,
}

impl<'a> Address<'a> {
    /// Takes an address apart. A missing scheme is tolerated, see [`Address::scheme`].
    pub fn parse(text: &'a str) -> Result<Self, AddressFault> {
        let (scheme, rest) = split_scheme(text);
        if rest.contains(char::is_whitespace) {
            return Err(AddressFault::WhiteSpace);
        }
        let (local, domain) = match rest.split_once('@') {
            Some((local, domain)) => (local, Some(domain)),
            None => (rest, None),
        };
        if domain.is_some_and(|d| d.contains('@')) {
            return Err(AddressFault::TwoDomains);
        }
        let (user, resource) = match local.split_once('/') {
            Some((user, resource)) => (user, Some(resource)),
            None => (local, None),
        };
        let user = Some(user).filter(|u| !u.is_empty());
        if (user.is_none() && resource.is_none()) || resource == Some("") || domain == Some("") {
            return Err(AddressFault::EmptyName);
        }
        let bare_user = user.map(|u| u.strip_prefix('+').unwrap_or(u));
        let phone = |u: &str| !u.is_empty() && u.bytes().all(|b| b.is_ascii_digit());
        let strayed = user.is_some_and(|u| u.starts_with('+')) && !bare_user.is_some_and(phone);
        if strayed || [bare_user, resource, domain].into_iter().flatten().any(|n| n.contains(['/', '+'])) {
            return Err(AddressFault::Reserved);
        }
        Ok(Self { scheme, user, resource, domain })
    }

    /// Takes the address of a list or group apart, which some write behind the domain: `wv:anna@example.com/friends`.
    pub fn parse_list(text: &'a str) -> Result<Self, AddressFault> {
        let Some((front, resource)) = text.rsplit_once('/').filter(|(front, _)| front.contains('@')) else {
            return Self::parse(text);
        };
        Self::parse(front).map(|owner| Self { resource: Some(resource), ..owner })
    }

    /// The phone number that the user is: digits, after a `+` when international.
    pub fn phone(&self) -> Option<&'a str> {
        let digits = |u: &&str| {
            let bare = u.strip_prefix('+').unwrap_or(u);
            !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit())
        };
        self.user.filter(digits)
    }
}

/// Whether two texts are the same address: case and a missing scheme do not count. A missing domain does, since which
/// domain is home is not written.
pub fn same(a: &str, b: &str) -> bool {
    let (a, b) = (split_scheme(a.trim()).1, split_scheme(b.trim()).1);
    if a.is_ascii() && b.is_ascii() {
        a.eq_ignore_ascii_case(b)
    } else {
        a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
    }
}

/// The one spelling of an address, as a key: equal for what [`same`] takes for the same.
pub fn folded(text: &str) -> String {
    split_scheme(text.trim()).1.chars().flat_map(char::to_lowercase).collect()
}

/// Fingerprint of [`folded`], without making it.
pub fn folded_fingerprint(text: &str) -> u64 {
    let signs = split_scheme(text.trim()).1.chars().flat_map(char::to_lowercase);
    signs.fold(0, |state: u64, sign| (state.rotate_left(5) ^ u64::from(sign)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn split_scheme(text: &str) -> (bool, &str) {
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => (true, rest),
        _ => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::AddressFault::*;
    use super::*;

    fn parts(text: &str) -> (bool, Option<&str>, Option<&str>, Option<&str>) {
        let a = Address::parse(text).unwrap();
        (a.scheme, a.user, a.resource, a.domain)
    }

    #[test]
    fn parts_are_optional() {
        assert_eq!(parts("wv:ann@example.com"), (true, Some("ann"), None, Some("example.com")));
        assert_eq!(parts("WV:ann/friends@example.com"), (true, Some("ann"), Some("friends"), Some("example.com")));
        assert_eq!(parts("wv:/chat@example.com"), (true, None, Some("chat"), Some("example.com")));
        assert_eq!(parts("ann"), (false, Some("ann"), None, None));
        assert_eq!(parts("wv:ann/~pep1.0_subscriptions"), (true, Some("ann"), Some("~pep1.0_subscriptions"), None));
    }

    #[test]
    fn phone_numbers_are_users() {
        assert_eq!(Address::parse("wv:+15550100@example.com").unwrap().phone(), Some("+15550100"));
        assert_eq!(Address::parse("wv:05550100").unwrap().phone(), Some("05550100"));
        assert_eq!(Address::parse("wv:ann").unwrap().phone(), None);
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |text| Address::parse(text).unwrap_err();
        assert_eq!(fault("wv:ann smith@example.com"), WhiteSpace);
        assert_eq!(fault("wv:ann@home@example.com"), TwoDomains);
        assert_eq!(fault("wv:ann/a/b"), Reserved);
        assert_eq!(fault("wv:ann+bob"), Reserved);
        assert_eq!(fault("wv:+ann"), Reserved);
        assert_eq!(fault("wv:ann@exa/mple"), Reserved);
        for empty in ["", "wv:", "wv:@example.com", "wv:ann/", "wv:ann@"] {
            assert_eq!(fault(empty), EmptyName, "{empty}");
        }
    }

    #[test]
    fn case_and_scheme_do_not_count() {
        assert!(same("wv:Ann@Example.com", "ann@example.COM"));
        assert!(same("wv:ÄNN", "WV:änn"));
        assert!(!same("wv:ann", "wv:ann@example.com"));
        assert_eq!(folded("WV:Ann@Example.com"), "ann@example.com");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(a: String, b in "[wvWV:+a@/ ]{0,12}") {
            let _ = (Address::parse(&a), Address::parse(&b));
            prop_assert_eq!(same(&a, &b), folded(&a) == folded(&b));
            prop_assert!(same(&b, &b.to_uppercase()));
        }
    }
}
