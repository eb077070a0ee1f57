use super::super::AnomalyKind::{self, *};
use super::super::{MAX_PAYLOAD, NameId, Node, Parsed, Vocabulary};
use super::{Header, Language, MAX_TEXT, Page, PublicId, Style, parse, write};
use proptest::prelude::*;

const NAMES: [&str; 7] = ["", "a", "b", "int", "time", "data", "coding"];
const A: NameId = NameId(1);
const B: NameId = NameId(2);
const INT: NameId = NameId(3);
const TIME: NameId = NameId(4);
const DATA: NameId = NameId(5);
const CODING: NameId = NameId(6);

fn number(spelling: &[u8]) -> NameId {
    NameId(NAMES.iter().position(|n| n.as_bytes() == spelling).unwrap_or(0) as u16)
}

fn spelling(name: NameId) -> &'static str {
    NAMES.get(usize::from(name.0)).copied().unwrap_or("")
}

const VOCABULARY: Vocabulary = Vocabulary { number, spelling };

static TAGS: [Page; 2] = {
    let mut tags = [[NameId::UNKNOWN; 64]; 2];
    tags[0][5] = A;
    tags[0][6] = INT;
    tags[0][7] = TIME;
    tags[0][8] = DATA;
    tags[0][9] = CODING;
    tags[1][5] = B;
    tags
};

/// Page 0: 05 a, 06 int, 07 time, 08 data, 09 coding; page 1: 05 b.
const LANGUAGE: Language = Language {
    public_number: 0x55,
    tags: &TAGS,
    attribute_starts: &[("xmlns", "http://n/"), ("at", "")],
    attribute_values: &[(0, &["zero", "one"]), (1, &["other"])],
    values: &["http://", "T", "", "History", "BASE64"],
    values_in: &[(B, 3, "GROUP_ID")],
    integers: &[INT],
    doubtful_integers: &[],
    date_times: &[TIME],
    content: DATA,
    content_encoding: CODING,
};

fn read(payload: &[u8]) -> Parsed {
    parse(payload, &Header::read(payload), &LANGUAGE, VOCABULARY)
}

/// A payload of this body with an empty string table.
fn with_body(body: &[u8]) -> Vec<u8> {
    [b"\x03\x55\x6A\x00", body].concat()
}

/// The tree in one line: `a[x=1]"text"(b"" c"")`.
fn tree(parsed: &Parsed) -> String {
    fn show(node: Node<'_>) -> String {
        let attributes: Vec<_> = node.attributes().map(|a| format!("[{}={}]", a.name, a.value)).collect();
        let children: Vec<_> = node.children().map(show).collect();
        let inside = if children.is_empty() { String::new() } else { format!("({})", children.join(" ")) };
        format!("{}{}{:?}{inside}", node.spelling(), attributes.concat(), node.text())
    }
    parsed.document.root().map(show).unwrap_or_default()
}

/// Reads a payload, and compares tree and anomalies with their octets.
#[track_caller]
fn check_payload(payload: &[u8], expected: &str, anomalies: &[(AnomalyKind, &[u8])]) {
    let parsed = read(payload);
    assert_eq!(tree(&parsed), expected);
    let octets = |span: &std::ops::Range<u32>| &payload[span.start as usize..span.end as usize];
    let found: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, octets(&a.span))).collect();
    assert_eq!(found, anomalies);
}

#[track_caller]
fn check(body: &[u8], expected: &str, anomalies: &[(AnomalyKind, &[u8])]) {
    check_payload(&with_body(body), expected, anomalies);
}

#[test]
fn elements_pages_and_text() {
    check(b"\x05", r#"a"""#, &[]);
    check(b"\x45\x01", r#"a"""#, &[]);
    check(b"\x45\x03x\0\x01", r#"a"x""#, &[]);
    // A page stays in force over ends and nesting; the same page may be switched to again.
    check(b"\x45\x00\x01\x00\x01\x45\x05\x01\x05\x00\x00\x06\x01", r#"a""(b""(b"") b"" int"")"#, &[]);
    check(b"\x45\x80\x00\x03x\0\x02\x81\x40\x01", r#"a"http://xÀ""#, &[]);
    check(b"\x45\x03 x \0\x80\x01\xC3\x02yz\x01", r#"a"x Tyz""#, &[]);
    check(b"\x45\x03x\0\x05\x03 y\0\x01", r#"a"x y"(a"")"#, &[]);
}

#[test]
fn places_of_elements() {
    let payload = with_body(b"\x45\x00\x01\x45\x03x\0\x01\x05\x01");
    let spans: Vec<_> = read(&payload).document.nodes().map(|n| n.span().unwrap()).collect();
    assert_eq!(spans, [4..14, 7..12, 12..13]);
}

#[test]
fn attributes_of_every_kind() {
    check(b"\x85\x05\x031.2\0\x01", r#"a[xmlns=http://n/1.2]"""#, &[]);
    check(
        b"\xC5\x05\x03x\0\x06\x85\x86\x02\x21\x80\x01\xC3\x01y\x01\x03t\0\x01",
        r#"a[xmlns=http://n/x][at=zeroone!Ty]"t""#,
        &[],
    );
    // Attribute pages are apart from tag pages.
    check(b"\xC5\x06\x00\x01\x85\x01\x05\x01", r#"a[at=other]""(a"")"#, &[]);
    check(b"\x85\x06\x85\x06\x86\x01", r#"a[at=zero]"""#, &[(DuplicateAttribute, b"\x06\x86")]);
    check(b"\x85\x07\x03x\0\x01", r#"a[unknown-0007=x]"""#, &[(UnknownToken, b"\x07")]);
    check(b"\x85\x06\x90\x01", r#"a[at=unknown-0090]"""#, &[(UnknownToken, b"\x90")]);
    check(b"\x85\x03x\0\x06\x85\x01", r#"a[at=zero]"""#, &[(UnknownToken, b"\x03x\0")]);
    check(b"\x85\x06\x85\x03x", r#"a[at=zerox]"""#, &[(EndsEarly, b"\x03x"), (EndsEarly, b"")]);
}

/// A payload of this body with the string table `lit\0text\0v:b\0`.
fn with_strings(body: &[u8]) -> Vec<u8> {
    [b"\x03\x55\x6A\x0Dlit\0text\0v:b\0", body].concat()
}

#[test]
fn literals_and_the_string_table() {
    check_payload(&with_strings(b"\x44\x00\x83\x04\x01"), r#"lit"text""#, &[]);
    check_payload(&with_strings(b"\x04\x09"), r#"v:b"""#, &[]);
    let parsed = read(&with_strings(b"\x04\x09"));
    assert_eq!(parsed.document.root().unwrap().name(), B);
    check_payload(&with_strings(b"\x84\x00\x04\x06\x83\x05\x01"), r#"lit[xt=ext]"""#, &[]);
    check_payload(&with_strings(b"\xC4\x00\x06\x01\x01"), r#"lit[at=]"""#, &[]);
    check_payload(
        &with_strings(b"\x45\x83\x0D\x04\x7F\x01"),
        r#"a""(unknown-literal-127"")"#,
        &[(BadStringOffset, b"\x83\x0D"), (BadStringOffset, b"\x04\x7F")],
    );
}

#[test]
fn tokens_without_a_meaning_are_kept() {
    check(b"\x45\x00\x07\x7F\x03x\0\x01\x01", r#"a""(unknown-073F"x")"#, &[(UnknownToken, b"\x7F")]);
    check(
        b"\x45\x80\x02\x80\x81\x25\x01",
        r#"a"unknown-ext-02unknown-ext-A5""#,
        &[(UnknownValueToken, b"\x80\x02"), (UnknownValueToken, b"\x80\x81\x25")],
    );
}

#[test]
fn extensions_without_a_meaning_are_skipped_with_their_operands() {
    check(
        b"\x45\x40x\0\x41\0\x81\x85\x05\x82\x05\xC0\xC1\xC2\x05\x01",
        r#"a""(a"")"#,
        &[
            (UnknownExtension, b"\x40x\0"),
            (UnknownExtension, b"\x41\0"),
            (UnknownExtension, b"\x81\x85\x05"),
            (UnknownExtension, b"\x82\x05"),
            (UnknownExtension, b"\xC0"),
            (UnknownExtension, b"\xC1"),
            (UnknownExtension, b"\xC2"),
        ],
    );
}

#[test]
fn processing_instructions_are_skipped() {
    check(b"\x43\x06\x03x\0\x01\x45\x43\x06\x85\x01\x05\x01", r#"a""(a"")"#, &[]);
}

#[test]
fn a_value_may_depend_on_its_element() {
    check(b"\x45\x80\x03\x00\x01\x45\x80\x03\x01\x01", r#"a"History"(b"GROUP_ID")"#, &[]);
}

#[test]
fn integers() {
    for (octets, text) in [
        (&b"\x46\xC3\x02\x07\xD1\x01"[..], "2001"),
        (b"\x46\xC3\x00\x01", "0"),
        (b"\x46\xC3\x01\x00\x01", "0"),
        (b"\x46\xC3\x04\x00\x00\x00\x05\x01", "5"),
        (b"\x46\xC3\x04\xFF\xFF\xFF\xFF\x01", "4294967295"),
        (b"\x46\x0342\0\x01", "42"),
    ] {
        check(octets, &format!("int{text:?}"), &[]);
    }
    check(
        b"\x46\xC3\x05\x01\x00\x00\x00\x00\x01",
        r#"int"4294967296""#,
        &[(InvalidOpaque, b"\xC3\x05\x01\x00\x00\x00\x00")],
    );
    check(
        b"\x46\xC3\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09\x01",
        r#"int"0x010203040506070809""#,
        &[(InvalidOpaque, b"\xC3\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09")],
    );
}

#[test]
fn dates_and_times() {
    check(b"\x47\xC3\x06\x1F\x46\x73\x0E\xBB\x5A\x01", r#"time"20010925T165859Z""#, &[]);
    check(b"\x47\xC3\x06\x1F\x46\x73\x0E\xBB\x00\x01", r#"time"20010925T165859""#, &[]);
    // Seconds of zero stay, years have four digits: 0001-01-01 00:00:00 A.
    check(b"\x47\xC3\x06\x00\x04\x42\x00\x00\x41\x01", r#"time"00010101T000000A""#, &[]);
    // Month 0; and octets that are something else.
    check(
        b"\x47\xC3\x06\x1F\x44\x33\x0E\xBB\x5A\x01",
        r#"time"20010025T165859Z""#,
        &[(InvalidOpaque, b"\xC3\x06\x1F\x44\x33\x0E\xBB\x5A")],
    );
    check(b"\x47\xC3\x02\x01\xFF\x01", r#"time"0x01FF""#, &[(InvalidOpaque, b"\xC3\x02\x01\xFF")]);
    check(b"\x47\xC3\x042001\x01", r#"time"2001""#, &[(InvalidOpaque, b"\xC3\x042001")]);
}

#[test]
fn binary_content() {
    // Text that is text, octets that are not, and both said to be binary.
    check(b"\x45\x48\xC3\x02hi\x01\x01", r#"a""(data"hi")"#, &[]);
    check(b"\x45\x48\xC3\x03\x89PN\x01\x01", r#"a""(data"iVBO")"#, &[]);
    check(b"\x45\x48\xC3\x01\x00\x01\x01", r#"a""(data"AA==")"#, &[]);
    check(
        b"\x45\x49\x80\x04\x01\x48\xC3\x02hi\x01\x48\xC3\x02hi\x01\x01",
        r#"a""(coding"BASE64" data"aGk=" data"hi")"#,
        &[],
    );
    check(b"\x45\x49\x03base64\0\x01\x48\xC3\x04aGk=\x01\x01", r#"a""(coding"base64" data"aGk=")"#, &[]);
}

#[test]
fn bodies_that_end_early() {
    check(b"", "", &[(EndsEarly, b"")]);
    check(b"\x45\x03x", r#"a"x""#, &[(UnclosedElement, b"\x45\x03x"), (EndsEarly, b"\x03x")]);
    check(b"\x45\xC3\x05x", r#"a"x""#, &[(UnclosedElement, b"\x45\xC3\x05x"), (EndsEarly, b"\xC3\x05x")]);
    check(b"\x45\x05", r#"a""(a"")"#, &[(UnclosedElement, b"\x45\x05")]);
    check(b"\x45\x05\x00", r#"a""(a"")"#, &[(UnclosedElement, b"\x45\x05\x00"), (EndsEarly, b"\x00")]);
    check(b"\x45\x80\x81", r#"a"""#, &[(UnclosedElement, b"\x45\x80\x81"), (EndsEarly, b"\x80\x81")]);
}

#[test]
fn octets_outside_the_root() {
    check(b"\x05\x00\x00", r#"a"""#, &[(TrailingContent, b"\x00\x00")]);
    check(b"\x45\x01\x05", r#"a"""#, &[(TrailingContent, b"\x05")]);
    check(b"\x01\x03x\0\x05", r#"a"""#, &[(LeadingContent, b"\x01"), (LeadingContent, b"\x03x\0")]);
}

#[test]
fn the_head() {
    let header = Header::read(b"\x03\x55\x6A\x03ab\0\x05");
    assert_eq!((header.version, header.public_number, header.charset), (Some(3), Some(0x55), 106));
    assert_eq!((header.strings, header.body), (4..7, 7));
    let header = Header::read(b"\x01\x00\x01\x6A\x04x-Y\0\x05");
    assert_eq!((header.public_number, header.public_id.as_deref()), (None, Some("-Y")));
    let anomalies =
        |payload: &[u8]| Header::read(payload).anomalies.into_iter().map(|a| (a.kind, a.span)).collect::<Vec<_>>();
    assert_eq!(anomalies(b"\x03\x00\x09\x6A\x01\0"), [(BadStringOffset, 2..3)]);
    assert_eq!(anomalies(b"\x03\x55\x8F\x7F\x00"), [(UnknownCharset, 2..4)]);
    assert_eq!(anomalies(b"\x03\x55\x6A\x09x"), [(EndsEarly, 5..5)]);
    assert_eq!(anomalies(b"\x03\x55"), [(EndsEarly, 2..2)]);
    assert_eq!(anomalies(b"\x03\x81\x82\x83\x84\x85\x6A\x00"), [(BadNumber, 1..6)]);
    assert_eq!(anomalies(b"\x03\x9F\xFF\xFF\xFF\x7F\x6A\x00"), [(BadNumber, 1..6)]);
    assert_eq!(anomalies(b""), [(EndsEarly, 0..0)]);
    assert_eq!(Header::read(b"").version, None);
}

#[test]
fn the_prolog_is_kept() {
    let prolog = read(&with_body(b"\x05")).prolog;
    assert_eq!(prolog.public_number, Some(0x55));
    assert_eq!(prolog.charset.as_deref(), Some("MIBenum 106"));
    assert_eq!(prolog.wbxml_version, Some(3));
    assert_eq!(read(b"").prolog.charset, None);
}

#[test]
fn the_namespace_of_the_root_is_known_before_the_body_is_read() {
    let namespace = |body: &[u8]| {
        let payload = with_body(body);
        Header::read(&payload).root_namespace(&payload, &LANGUAGE)
    };
    assert_eq!(namespace(b"\x00\x09\xFF\x06\x85\x05\x03x\0\x01\x05\x01").as_deref(), Some("http://n/x"));
    assert_eq!(namespace(b"\x85\x05\x03x").as_deref(), Some("http://n/x"));
    assert_eq!(namespace(b"\x45\x85\x05\x01\x01"), None);
    assert_eq!(namespace(b""), None);
}

#[test]
fn character_sets() {
    check_payload(b"\x03\x55\x04\x00\x45\x03\xFC\0\x01", r#"a"ü""#, &[]);
    check_payload(b"\x03\x55\x11\x00\x45\x03\x83\x41\0\x01", r#"a"ア""#, &[]);
    // Left to the carrier; and one that is not known, read as UTF-8.
    check_payload("\x03\x55\x00\x00\x45\x03ü\0\x01".as_bytes(), r#"a"ü""#, &[]);
    check_payload(b"\x03\x55\x7F\x00\x45\x03\xC3\xBC\0\x01", r#"a"ü""#, &[(UnknownCharset, b"\x7F")]);
}

#[test]
fn sixteen_bit_strings_end_at_two_zero_octets() {
    // 1015 is UTF-16, of which the octets come most significant first.
    check_payload(b"\x03\x55\x87\x77\x00\x45\x03\0x\x01\x00\0\0\x01", "a\"x\u{100}\"", &[]);
}

#[test]
fn characters_that_may_not_be() {
    check(b"\x45\x03x\xFFy\0\x01", "a\"x\u{FFFD}y\"", &[(BadCharacter, b"\xFF")]);
    check(b"\x45\x03x\x01y\0\x01", r#"a"x\u{1}y""#, &[(BadCharacter, b"\x01")]);
    check_payload(b"\x03\x55\x03\x00\x45\x03\xC3\xBC\0\x01", r#"a"ü""#, &[(BadCharacter, b"\xC3")]);
    check_payload(b"\x03\x55\x6A\x02\xFF\0\x45\x83\x00\x01", "a\"\u{FFFD}\"", &[(BadCharacter, b"\x83\x00")]);
    check(
        b"\x45\x02\x00\x02\x83\xB0\x00\x01",
        r#"a"\0&#55296;""#,
        &[(BadEntity, b"\x02\x00"), (BadEntity, b"\x02\x83\xB0\x00")],
    );
}

#[test]
fn text_that_refers_to_long_strings_over_and_over_is_cut() {
    const LONG: usize = 1 << 20;
    let mut payload = b"\x03\x55\x6A\xC0\x80\x01".to_vec();
    payload.resize(payload.len() + LONG, b'x');
    payload.push(0);
    payload.push(0x45);
    for _ in 0..20 {
        payload.extend(b"\x83\x00");
    }
    payload.push(0x01);
    let parsed = read(&payload);
    assert_eq!(parsed.document.root().unwrap().text().len(), MAX_TEXT);
    let first = (payload.len() - 1 - 2 * (20 - MAX_TEXT / LONG)) as u32;
    let found: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
    assert_eq!(found, [(TooMuchText, first..first + 2)]);
}

#[test]
fn a_payload_beyond_the_limit_is_cut() {
    let mut payload = with_body(b"\x45\x01");
    payload.resize(MAX_PAYLOAD + 1, 0);
    let found: Vec<_> = read(&payload).anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
    let end = MAX_PAYLOAD as u32;
    assert_eq!(found, [(TrailingContent, 6..end), (TooMuchText, end..end + 1)]);
}

#[test]
fn what_is_written() {
    let text =
        b"<a xmlns='http://n/1.2' q='z'><b>GROUP_ID</b><int>2001</int><int>007</int><time>20010925T165859Z</time>\
        <data>http://x</data><v:b>T</v:b><new/></a>";
    let document = super::super::xml::parse(text, VOCABULARY, None).document;
    let expected = [
        &b"\x03\x55\x6A\x0Aq\0v:b\0new\0"[..],
        b"\xC5\x05\x031.2\0\x04\x00\x03z\0\x01",
        b"\x00\x01\x45\x80\x03\x01\x00\x00\x46\xC3\x02\x07\xD1\x01\x46\x03007\0\x01",
        b"\x47\xC3\x06\x1F\x46\x73\x0E\xBB\x5A\x01\x48\x80\x00\x03x\0\x01\x44\x02\x80\x01\x01\x04\x06\x01",
    ];
    assert_eq!(
        write(&document, &LANGUAGE, Style::default()).escape_ascii().to_string(),
        expected.concat().escape_ascii().to_string()
    );
    let style = Style { public_id: PublicId::Literal("x"), prefixes: false };
    let written = write(&document, &LANGUAGE, style);
    assert!(written.starts_with(b"\x03\x00\x00\x6A\x0Cx\0q\0"));
    assert_eq!(read(&written).document, document);
    assert!(
        write(&document, &LANGUAGE, Style { public_id: PublicId::Unknown, prefixes: true }).starts_with(b"\x03\x01")
    );
}

proptest! {
    #[test]
    fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let parsed = read(&octets);
        for span in parsed.document.nodes().filter_map(Node::span).chain(parsed.anomalies.iter().map(|a| a.span.clone())) {
            prop_assert!(span.start <= span.end && span.end <= octets.len() as u32);
        }
    }

    #[test]
    fn any_tokens_are_read(pieces in prop::collection::vec(prop::sample::select(vec![
        &b"\x45"[..], b"\x05", b"\xC5", b"\x85", b"\x01", b"\x00\x01", b"\x03x\0", b"\x83\x00", b"\x44\x00", b"\xC4\x02",
        b"\x80\x01", b"\x81\x90\x01", b"\xC3\x03abc", b"\x43", b"\x06", b"\x46\xC3\x01\x07", b"\x02\x41", b"\x90", b"\x00",
        b"\x46\xC3\x02\x03\xE7\x01", b"\x46\xC3\x02\x03\xE8\x01", b"\x45\x03word and word\0\x01", b"\x45\x03 x\0\x01",
        b"\x45\x03\xC3\xA9\0\x01", b"\x45\x80\x01\x01", b"\x45\x83\x00\x01", b"\x48\x03QQ==\0\x01", b"\x49\x80\x04\x01",
        b"\x48\xC3\x02\x01\x02\x01", b"\xC5\x05\x031\0\x01", b"\xC5\x05\x031\0\x06\x01", b"\x45\x80\x05\x01", b"\x45\x01",
    ]), 0..60)) {
        let payload = with_strings(&[b"\x45", &pieces.concat()[..]].concat());
        let parsed = read(&payload);
        let each = super::read::read(&payload, &Header::read(&payload), &LANGUAGE, VOCABULARY, false);
        let spans = |parsed: &Parsed| parsed.document.nodes().map(Node::span).collect::<Vec<_>>();
        prop_assert_eq!(spans(&parsed), spans(&each));
        prop_assert_eq!(&parsed, &each);
        for span in parsed.document.nodes().filter_map(Node::span).chain(parsed.anomalies.iter().map(|a| a.span.clone())) {
            prop_assert!(span.start <= span.end && span.end <= payload.len() as u32);
        }
        if parsed.anomalies.is_empty() {
            prop_assert_eq!(read(&write(&parsed.document, &LANGUAGE, Style::default())).document, parsed.document);
        }
    }
}
