//! The gateway: what stands between the client and the captured connection, as the headers of a request tell.

/// Digits of an MSISDN: E.164 has at most 15; fewer than 8 are no international number.
const MSISDN_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Octets of a forwarded client address that are kept; a longer one is left out.
const CLIENT_KEPT: usize = 64;

/// What gateways and proxies said in a request of themselves and of the client behind them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gateway {
    /// How many times `Via`, `Forwarded` and `X-Forwarded-For` name somebody on the way.
    pub hops: u16,
    /// Whether something other than the client wrote into the request: the connection may not be the client's.
    pub between: bool,
    /// Number of the subscriber, digits only.
    pub msisdn: Option<Box<str>>,
    /// Address of the client, as the first proxy saw it.
    pub client: Option<Box<str>>,
}

/// Headers that hold the number of a subscriber, and whether a gateway writes them; `MSISDN` is sent by clients too.
///
/// Names as in the sample configuration of an open IMPS server and in the source of an IMPS client (`MSISDN`,
/// `X-Network-MSISDN`, `X-Up-Calling-Line-ID`), the others as public sources agree on that read the number that mobile
/// networks add to requests. `X-Network-Info` is a list in which the number is one item among words and addresses.
const MSISDN_HEADERS: [(&[u8], bool); 10] = [
    (b"MSISDN", false),
    (b"X-MSISDN", true),
    (b"X-WAP-MSISDN", true),
    (b"X-H3G-MSISDN", true),
    (b"X-FH-MSISDN", true),
    (b"X-Nokia-MSISDN", true),
    (b"X-Network-MSISDN", true),
    (b"X-Up-Calling-Line-ID", true),
    (b"X-WAP-Network-Client-MSISDN", true),
    (b"X-Network-Info", true),
];

/// The headers of a gateway in a head, as slices of what was read.
#[derive(Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    hops: u16,
    between: bool,
    msisdn: Option<&'a [u8]>,
    client: Option<&'a [u8]>,
}

impl<'a> Hints<'a> {
    /// Takes a header that may be one of a gateway.
    pub(super) fn note(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.first() {
            Some(b'V' | b'v') if is(b"Via") => self.hop(value),
            Some(b'F' | b'f') if is(b"Forwarded") => {
                self.hop(value);
                self.client = self.client.or_else(|| forwarded_for(value));
            }
            Some(b'X' | b'x') if is(b"X-Forwarded-For") => {
                self.hop(value);
                self.client = self.client.or_else(|| items(value).find_map(address));
            }
            Some(b'X' | b'x' | b'M' | b'm') => {
                let Some((_, by_gateway)) = MSISDN_HEADERS.iter().find(|(known, _)| is(known)) else { return };
                if let Some(number) = items(value).find_map(number) {
                    self.msisdn = self.msisdn.or(Some(number));
                    self.between |= by_gateway;
                }
            }
            _ => {}
        }
    }

    fn hop(&mut self, value: &[u8]) {
        let hops = items(value).filter(|item| !item.is_empty()).count();
        self.hops = self.hops.saturating_add(u16::try_from(hops).unwrap_or(u16::MAX));
        self.between |= hops > 0;
    }

    /// What they say together; `None` where there was none of them.
    pub(super) fn gateway(&self) -> Option<Box<Gateway>> {
        let text = |octets: Option<&[u8]>| octets.and_then(|o| std::str::from_utf8(o).ok()).map(Into::into);
        (self.between || self.msisdn.is_some()).then(|| {
            let (msisdn, client) = (text(self.msisdn), text(self.client));
            Box::new(Gateway { hops: self.hops, between: self.between, msisdn, client })
        })
    }
}

fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(<[u8]>::trim_ascii)
}

/// A text without the quotation marks around it.
fn unquoted(text: &[u8]) -> &[u8] {
    let inside = |mark: &[u8]| text.strip_prefix(mark)?.strip_suffix(mark);
    inside(b"\"").or_else(|| inside(b"'")).unwrap_or(text)
}

/// The digits of an item that is a telephone number.
fn number(item: &[u8]) -> Option<&[u8]> {
    let item = unquoted(item);
    let item = item.strip_prefix(b"tel:").unwrap_or(item);
    let digits = item.strip_prefix(b"+").or(item.strip_prefix(b"00")).unwrap_or(item);
    (MSISDN_DIGITS.contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)).then_some(digits)
}

/// An item that is an address or stands for one; none that says that there is none to tell.
fn address(item: &[u8]) -> Option<&[u8]> {
    let item = unquoted(item);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b".:[]-_".contains(b);
    let known = !item.is_empty() && !item.eq_ignore_ascii_case(b"unknown");
    (known && item.len() <= CLIENT_KEPT && item.iter().all(plain)).then_some(item)
}

/// The address in the first element of `Forwarded`.
fn forwarded_for(value: &[u8]) -> Option<&[u8]> {
    let parameters = items(value).next()?.split(|&b| b == b';');
    let named = parameters.filter_map(|p| p.trim_ascii().split_at_checked(b"for=".len()));
    named.filter(|(name, _)| name.eq_ignore_ascii_case(b"for=")).find_map(|(_, value)| address(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(headers: &[(&str, &str)]) -> Option<Gateway> {
        let mut hints = Hints::default();
        headers.iter().for_each(|(name, value)| hints.note(name.as_bytes(), value.as_bytes()));
        hints.gateway().map(|gateway| *gateway)
    }

    #[test]
    fn numbers_under_every_name() {
        for (name, between) in MSISDN_HEADERS {
            let name = std::str::from_utf8(name).unwrap();
            for name in [name.to_owned(), name.to_lowercase()] {
                let found = gateway(&[(&name, "+447700900001")]).unwrap();
                assert_eq!((found.msisdn.as_deref(), found.between), (Some("447700900001"), between), "{name}");
            }
        }
        assert_eq!(gateway(&[("User-Agent", "447700900001"), ("X-Up-Subno", "447700900001"), ("Vary", "x")]), None);
    }

    #[test]
    fn numbers_in_every_spelling() {
        let number = |value: &str| gateway(&[("X-MSISDN", value)]).and_then(|g| g.msisdn).map(String::from);
        let usual = Some("447700900001".to_owned());
        for value in ["447700900001", "+447700900001", "00447700900001", "\"447700900001\"", "tel:+447700900001"] {
            assert_eq!(number(value), usual, "{value}");
        }
        for value in ["", "+", "unknown", "1234567", "1234567890123456", "ZGlnaXRz", "10.0.0.1", "4477\u{661}0900001"] {
            assert_eq!(number(value), None, "{value}");
        }
        let listed = gateway(&[("X-Network-Info", "GPRS, 447700900001, 10.0.0.7, unsecured")]).unwrap();
        assert_eq!(listed.msisdn.as_deref(), Some("447700900001"));
    }

    #[test]
    fn hops_are_counted_and_the_first_names_the_client() {
        let found = gateway(&[
            ("Via", "1.1 wap.example.net, 1.0 (a comment)"),
            ("X-Forwarded-For", "unknown, 10.1.2.3, 10.9.9.9"),
            ("via", "1.1 other"),
        ]);
        let told = found.unwrap();
        assert_eq!((told.hops, told.between, told.client.as_deref()), (6, true, Some("10.1.2.3")));
        let client = |value: &str| gateway(&[("Forwarded", value)]).and_then(|g| g.client).map(String::from);
        assert_eq!(
            client("proto=http; For=\"[2001:db8::1]:4711\", for=10.0.0.2").as_deref(),
            Some("[2001:db8::1]:4711")
        );
        assert_eq!(client("for=unknown;by=10.0.0.2"), None);
        assert_eq!(client("for=<script>"), None);
        assert_eq!(gateway(&[("Via", "")]), None);
    }

    #[test]
    fn an_address_beyond_the_limit_is_left_out() {
        let client = |octets: usize| gateway(&[("X-Forwarded-For", &"a".repeat(octets))]).unwrap().client;
        assert_eq!(client(CLIENT_KEPT).map(|c| c.len()), Some(CLIENT_KEPT));
        assert_eq!(client(CLIENT_KEPT + 1), None);
    }
}
