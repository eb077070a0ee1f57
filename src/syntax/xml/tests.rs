use super::super::Anomaly;
use super::super::AnomalyKind::{self, *};
use super::super::{Builder, MAX_ANOMALIES, MAX_DEPTH, MAX_ELEMENTS, MAX_PAYLOAD, NameId, Parsed, Prolog, Vocabulary};
use super::{MAX_REREAD, Style, clean, odd, parse, write};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["", "a", "b", "Code"];

fn number(spelling: &[u8]) -> NameId {
    NameId(NAMES.iter().position(|n| n.as_bytes() == spelling).unwrap_or(0) as u16)
}

fn spelling(name: NameId) -> &'static str {
    NAMES.get(usize::from(name.0)).copied().unwrap_or("")
}

const VOCABULARY: Vocabulary = Vocabulary { number, spelling };

fn read(bytes: impl AsRef<[u8]>) -> Parsed {
    parse(bytes, VOCABULARY, None)
}

/// The tree in one line: `a[x=1]"text"(b"" c"")`.
fn tree(parsed: &Parsed) -> String {
    fn show(node: super::super::Node<'_>) -> String {
        let attributes: Vec<_> = node.attributes().map(|a| format!("[{}={}]", a.name, a.value)).collect();
        let children: Vec<_> = node.children().map(show).collect();
        let inside = if children.is_empty() { String::new() } else { format!("({})", children.join(" ")) };
        format!("{}{}{:?}{inside}", node.spelling(), attributes.concat(), node.text())
    }
    parsed.document.root().map(show).unwrap_or_default()
}

/// What was wrong: the kind and the octets concerned.
fn wrong(parsed: &Parsed, payload: impl AsRef<[u8]>) -> Vec<(AnomalyKind, String)> {
    let octets = |span: &std::ops::Range<u32>| payload.as_ref()[span.start as usize..span.end as usize].to_vec();
    parsed.anomalies.iter().map(|a| (a.kind, octets(&a.span).escape_ascii().to_string())).collect()
}

/// Reads, and compares tree and anomalies.
#[track_caller]
fn check(payload: impl AsRef<[u8]>, expected: &str, anomalies: &[(AnomalyKind, &str)]) {
    let parsed = read(&payload);
    assert_eq!(tree(&parsed), expected);
    let found = wrong(&parsed, &payload);
    let found: Vec<_> = found.iter().map(|(kind, octets)| (*kind, octets.as_str())).collect();
    assert_eq!(found, anomalies);
}

#[test]
fn documents_in_order() {
    check("<a/>", r#"a"""#, &[]);
    check("\n<a >x</a\t>\n", r#"a"x""#, &[]);
    check("<a x='1' xmlns = \"n\"><b/> <v:b>t</v:b></a>", r#"a[x=1][xmlns=n]""(b"" v:b"t")"#, &[]);
    check("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</a>", r#"a"<&>\"'AB""#, &[]);
    check("<a x='&lt;&#x20AC;'/>", r#"a[x=<€]"""#, &[]);
    check("<a> one <!-- c -->two<?p i?><![CDATA[ <3 &amp; ]]></a>", r#"a"one two <3 &amp;""#, &[]);
    check("<a>\n  <b>\n x y </b>\n  <b/>\n</a>", r#"a""(b"x y" b"")"#, &[]);
    check("<a>x<b>y</b> z</a>", r#"a"x z"(b"y")"#, &[]);
    check("<grüße>ß</grüße>", r#"grüße"ß""#, &[]);
}

#[test]
fn the_prolog_is_kept() {
    let text = "<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE a PUBLIC \"-//X//Y 1.0//EN\" \"http://s\"><a/>";
    let parsed = read(text);
    assert_eq!(parsed.prolog.charset.as_deref(), Some("utf-8"));
    assert_eq!(parsed.prolog.public_id.as_deref(), Some("-//X//Y 1.0//EN"));
    let parsed = read("<!DOCTYPE a PUBLIC 'p' 's' [ <!ENTITY e '>'> ]><a>&e;</a>");
    assert_eq!(parsed.prolog.public_id.as_deref(), Some("p"));
    assert_eq!(tree(&parsed), r#"a"&e;""#);
    assert_eq!(read("<!DOCTYPE a SYSTEM 's'><a/>").prolog.public_id, None);
}

#[test]
fn places_are_those_of_the_payload() {
    let text = "<?xml version='1.0'?><a><b>x &amp; y</b><b/></a>\n";
    let parsed = read(text);
    let spans: Vec<_> = parsed.document.nodes().map(|n| n.span().unwrap()).collect();
    let slices: Vec<_> = spans.iter().map(|s| &text[s.start as usize..s.end as usize]).collect();
    assert_eq!(slices, ["<a><b>x &amp; y</b><b/></a>", "<b>x &amp; y</b>", "<b/>"]);
}

#[test]
fn end_tags_that_match_an_outer_element_close_up_to_it() {
    check("<a><b>x</a>", r#"a""(b"x")"#, &[(MismatchedEnd, "</a>")]);
    check("<a><b>x</c></b></a>", r#"a""(b"x")"#, &[(MismatchedEnd, "</c>")]);
    check("</a><a/>", r#"a"""#, &[(MismatchedEnd, "</a>")]);
    let parsed = read("<a><b>x</a>");
    assert_eq!(parsed.document.nodes().last().unwrap().span(), Some(3..7));
}

#[test]
fn elements_that_are_not_closed() {
    check("<a><b>x", r#"a""(b"x")"#, &[(UnclosedElement, "<b>x")]);
    check("<a><b>x</b", r#"a""(b"x")"#, &[(UnclosedElement, "<a><b>x</b"), (BadMarkup, "</b")]);
    check(
        "<a><b x='1",
        r#"a""(b[x=1]"")"#,
        &[(BadMarkup, "<b x=\\'1"), (UnclosedElement, "<b x=\\'1"), (BadMarkup, "x=\\'1")],
    );
}

#[test]
fn unescaped_markup_characters_stay_in_the_text() {
    check("<a>1 < 2</a>", r#"a"1 < 2""#, &[(BadMarkup, "<")]);
    check("<a>I <3 you, it's <b/></a>", r#"a"I <3 you, it's"(b"")"#, &[(BadMarkup, "<")]);
    check(
        "<a>x <- y <> </> <!x></a>",
        r#"a"x <- y <> </> <!x>""#,
        &[(BadMarkup, "<"), (BadMarkup, "<"), (BadMarkup, "<"), (BadMarkup, "<")],
    );
    check("<a>AT&T & co.</a>", r#"a"AT&T & co.""#, &[(BadEntity, "&"), (BadEntity, "&")]);
    check("<a>x & y; z</a>", r#"a"x & y; z""#, &[(BadEntity, "&")]);
}

#[test]
fn entities_that_are_not_known_stay_as_they_are() {
    check(
        "<a>&nbsp;&#0;&#xD800;&#99999999999;&#+5;</a>",
        r#"a"&nbsp;&#0;&#xD800;&#99999999999;&#+5;""#,
        &[
            (BadEntity, "&nbsp;"),
            (BadEntity, "&#0;"),
            (BadEntity, "&#xD800;"),
            (BadEntity, "&#99999999999;"),
            (BadEntity, "&"),
        ],
    );
    check("<a x='&e; &amp; &'/>", r#"a[x=&e; & &]"""#, &[(BadEntity, "&"), (BadEntity, "&")]);
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'xx'><!ENTITY c '&b;&b;'>]><a>&c;</a>";
    check(bomb, r#"a"&c;""#, &[(BadEntity, "&c;")]);
}

#[test]
fn content_outside_the_root() {
    check("junk <a/>", r#"a"""#, &[(LeadingContent, "junk")]);
    check("<a/> junk ", r#"a"""#, &[(TrailingContent, "junk")]);
    check("<a/><![CDATA[x]]>&amp;", r#"a"""#, &[(TrailingContent, "x")]);
    check("<a/>&amp;", r#"a"""#, &[(TrailingContent, "&amp;")]);
    check("<a/><b>x</b><a/>", r#"a"""#, &[(SecondRoot, "<b")]);
    check("", "", &[(EndsEarly, "")]);
    check("HTTP/1.1 500", "", &[(LeadingContent, "HTTP/1.1 500"), (EndsEarly, "")]);
}

#[test]
fn tags_that_are_not_in_order() {
    check("<a x=1 y z='2'>t</a>", r#"a[x=1][y=][z=2]"t""#, &[(BadMarkup, "x=1"), (BadMarkup, "y")]);
    check("<a x='1'y='2'/>", r#"a[x=1][y=2]"""#, &[(BadMarkup, "y=\\'2\\'")]);
    check("<a x='1' x='2'/>", r#"a[x=1]"""#, &[(DuplicateAttribute, "x=\\'2\\'")]);
    check("<a x=\"1><b>t</b></a>", r#"a[x=1]""(b"t")"#, &[(BadMarkup, "x=\\\"1")]);
    check("<a x=\"1<2\">t</a>", r#"a[x=1<2]"t""#, &[(BadMarkup, "x=\\\"1<2\\\"")]);
    check("<a <b>t</b></a>", r#"a""(b"t")"#, &[(BadMarkup, "<a ")]);
    check("<a 1?>t</a>", r#"a"t""#, &[(BadMarkup, "1?")]);
    check("<a>t</a x='1'>", r#"a"t""#, &[(BadMarkup, "</a x=\\'1\\'>")]);
    check("<a>t</a/>", r#"a"t""#, &[(BadMarkup, "</a/>")]);
}

#[test]
fn sections_that_are_not_closed() {
    check("<a><![CDATA[x <b>y</b></a>", r#"a"x"(b"y")"#, &[(BadMarkup, "<![CDATA[x ")]);
    check("<a><!-- x <b>y</b></a>", r#"a""(b"y")"#, &[(BadMarkup, "<!-- x ")]);
    check("<a><? x <b>y</b></a>", r#"a""(b"y")"#, &[(BadMarkup, "<? x ")]);
    check("<!DOCTYPE a [ <a/>", r#"a"""#, &[(BadMarkup, "<!DOCTYPE a [ ")]);
    check("<!DOCTYPE><a/>", r#"a"""#, &[(BadMarkup, "<!DOCTYPE>")]);
    check("<a/><!DOCTYPE a>", r#"a"""#, &[(BadMarkup, "<!DOCTYPE a>")]);
}

#[test]
fn too_many_rescans_leave_the_rest_out() {
    // Each of them is noticed at the end only.
    let text = format!("<a>{}</a>", "<!--".repeat(MAX_REREAD / 4));
    let parsed = read(&text);
    assert_eq!(parsed.anomalies.len(), MAX_ANOMALIES.min(parsed.anomalies.len()));
    let last = parsed.anomalies.iter().map(|a| a.span.clone()).max_by_key(|s| s.len()).unwrap();
    assert_eq!(last.end as usize, text.len());
    assert_eq!(tree(&parsed), r#"a"""#);
}

#[test]
fn too_deep_and_too_many() {
    let deep = "<a>".repeat(MAX_DEPTH) + "<b>x<b/></b>" + &"</a>".repeat(MAX_DEPTH);
    let parsed = read(&deep);
    assert_eq!(wrong(&parsed, &deep), [(TooDeep, "<b".to_owned())]);
    assert_eq!(parsed.document.len(), MAX_DEPTH);
    let many = format!("<a>{}<Code>7</Code></a>", "<b/>".repeat(MAX_ELEMENTS - 1));
    let parsed = read(&many);
    assert_eq!(wrong(&parsed, &many), [(TooManyElements, "<Code".to_owned())]);
    assert_eq!(parsed.document.len(), MAX_ELEMENTS);
}

#[test]
fn a_payload_beyond_the_limit_is_cut() {
    let mut text = b"<a>".to_vec();
    text.resize(MAX_PAYLOAD, b'x');
    text.extend(b"</a>");
    let parsed = read(text);
    let end = MAX_PAYLOAD as u32;
    let found: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
    assert_eq!(found, [(UnclosedElement, 0..end), (TooMuchText, end..end)]);
    assert_eq!(parsed.document.root().unwrap().text().len(), MAX_PAYLOAD - 3);
}

#[test]
fn a_bad_octet_never_loses_the_rest() {
    check(
        b"<a>x\xFFy\xE2\x82<b>z</b></a>",
        "a\"x\u{FFFD}y\u{FFFD}\"(b\"z\")",
        &[(BadCharacter, "\\xff"), (BadCharacter, "\\xe2\\x82")],
    );
    let parsed = read(b"<a>x\xFF<b>z</b></a>");
    assert_eq!(parsed.document.nodes().last().unwrap().span(), Some(5..13));
    check(
        b"<a>x\x00\x01y\x1F</a>",
        "a\"x\\0\\u{1}y\\u{1f}\"",
        &[(BadCharacter, "\\x00\\x01"), (BadCharacter, "\\x1f")],
    );
}

#[test]
fn byte_order_marks() {
    check("\u{FEFF}<a>x</a>", r#"a"x""#, &[]);
    check("\u{FEFF}<a>x&</a>", r#"a"x&""#, &[(BadEntity, "&")]);
}

fn utf16(text: &str, octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(octets).collect()
}

#[test]
fn utf_16_with_and_without_a_mark() {
    let text = "<?xml version='1.0' encoding='UTF-16'?><a>é𝄞<b>ß&amp;</b></a>";
    for (octets, mark) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], 0xFEFF), (u16::to_be_bytes, 0xFEFF)] {
        for marked in [true, false] {
            let mut payload = if marked { octets(mark).to_vec() } else { Vec::new() };
            payload.extend(utf16(text, octets));
            let parsed = read(&payload);
            assert_eq!(tree(&parsed), "a\"é𝄞\"(b\"ß&\")");
            assert_eq!(parsed.anomalies, []);
            assert_eq!(parsed.prolog.charset.as_deref(), Some("UTF-16"));
            let span = parsed.document.nodes().last().unwrap().span().unwrap();
            assert_eq!(payload[span.start as usize..span.end as usize], utf16("<b>ß&amp;</b>", octets)[..]);
        }
    }
    let mut half = utf16("<a>x</a>", u16::to_le_bytes);
    half.splice(6..8, [0x00, 0xD8]);
    half.push(0);
    let parsed = read(&half);
    assert_eq!(tree(&parsed), "a\"\u{FFFD}\"");
    let spans: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
    assert_eq!(spans, [(BadCharacter, 6..8), (TrailingContent, 16..17), (BadCharacter, 16..17)]);
}

#[test]
fn eight_bit_character_sets() {
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>gr\xFC\xDFe<b>\x80</b></a>";
    check(latin, "a\"grüße\"(b\"€\")", &[]);
    let span = read(latin).document.nodes().last().unwrap().span().unwrap();
    assert_eq!(&latin[span.start as usize..span.end as usize], b"<b>\x80</b>");
    let carried = |bytes: &[u8], charset| parse(bytes, VOCABULARY, Some(charset));
    assert_eq!(tree(&carried(b"<a>\xFC</a>", "ISO-8859-1")), "a\"ü\"");
    // The carrier counts more than the declaration, a byte order mark more than both.
    assert_eq!(tree(&carried("<?xml encoding='iso-8859-1'?><a>ü</a>".as_bytes(), "utf-8")), "a\"ü\"");
    assert_eq!(tree(&carried("\u{FEFF}<a>ü</a>".as_bytes(), "iso-8859-1")), "a\"ü\"");
    let sjis = carried(b"<a>\x83\x41\x83<b/></a>", "Shift_JIS");
    assert_eq!(tree(&sjis), "a\"ア\u{FFFD}\"(b\"\")");
    assert_eq!(sjis.anomalies, [Anomaly { kind: BadCharacter, span: 5..6 }]);
    assert_eq!(sjis.document.nodes().last().unwrap().span(), Some(6..10));
    assert_eq!(tree(&carried("<a>ü</a>".as_bytes(), "utf-16")), "a\"ü\"");
}

#[test]
fn ascii_tells_what_is_beyond_it_and_keeps_it() {
    let text = "<?xml version='1.0' encoding='us-ascii'?><a>grüß dich ü</a>";
    check(text, "a\"grüß dich ü\"", &[(BadCharacter, "\\xc3\\xbc\\xc3\\x9f"), (BadCharacter, "\\xc3\\xbc")]);
}

#[test]
fn unknown_character_sets_are_read_as_utf_8() {
    check("<?xml version='1.0' encoding='klingon'?><a>ü</a>", "a\"ü\"", &[(UnknownCharset, "klingon")]);
    let parsed = parse(b"<a>\xFC</a>", VOCABULARY, Some("klingon"));
    assert_eq!(wrong(&parsed, "x"), [(UnknownCharset, String::new())]);
}

#[test]
fn writing_pretty_and_plain() {
    let parsed = read("<a x='&lt;\"'>t<b/><b>&amp;]]&gt;</b></a>");
    let mut plain = String::new();
    write(&parsed.document, Style::default(), &mut plain);
    assert_eq!(plain, "<a x=\"&lt;&quot;\">t<b/><b>&amp;]]&gt;</b></a>");
    let mut pretty = String::new();
    let style = Style { indent: Some(2), declaration: true, doctype: Some(("p", "s")) };
    write(&parsed.document, style, &mut pretty);
    let lines: Vec<_> = pretty.lines().collect();
    assert_eq!(
        lines,
        [
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<!DOCTYPE a PUBLIC "p" "s">"#,
            r#"<a x="&lt;&quot;">t"#,
            "  <b/>",
            "  <b>&amp;]]&gt;</b>",
            "</a>",
        ]
    );
}

/// A generated element.
#[derive(Clone, Debug)]
struct Made {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Made>,
}

fn made() -> impl Strategy<Value = Made> {
    let name = || prop::sample::select(vec!["a", "b", "Code", "v:b", "x-1", "grüße"]);
    let text = || "[a-c <>&\"'\\]\r\n\t\u{1}é€𝄞;#x]{0,12}";
    let attributes = move || prop::collection::vec((prop::sample::select(vec!["xmlns", "p:q", "r"]), text()), 0..3);
    let one = move |children: Vec<Made>| {
        (name(), attributes(), text(), Just(children)).prop_map(|(name, mut attributes, text, children)| {
            attributes.sort_by_key(|(name, _)| *name);
            attributes.dedup_by_key(|(name, _)| *name);
            Made { name, attributes, text, children }
        })
    };
    one(Vec::new()).prop_recursive(5, 40, 5, move |inner| {
        let name = prop::sample::select(vec!["a", "b", "Code", "v:b", "x-1", "grüße"]);
        (name, prop::collection::vec(inner, 0..5), "[a-c &é]{0,6}").prop_map(|(name, children, text)| Made {
            name,
            attributes: Vec::new(),
            text,
            children,
        })
    })
}

fn build(made: &Made, builder: &mut Builder<'_>) {
    builder.open(made.name, 0..0);
    for (name, value) in &made.attributes {
        builder.attribute(name, value, 0..0);
    }
    builder.text(&made.text);
    for child in &made.children {
        build(child, builder);
    }
    builder.close(0);
}

fn document(made: &Made) -> super::super::Document {
    let mut builder = Builder::new(VOCABULARY, "");
    build(made, &mut builder);
    builder.finish(Prolog::default(), 0).with_source(String::new()).document
}

fn by(reader: impl for<'s> FnOnce(&'s str, &mut Builder<'s>, &mut Prolog), text: &str) -> Parsed {
    let mut builder = Builder::new(VOCABULARY, text);
    let mut prolog = Prolog::default();
    reader(text, &mut builder, &mut prolog);
    builder.finish(prolog, text.len() as u32).with_source(text.to_owned())
}

fn spans(parsed: &Parsed) -> Vec<Option<std::ops::Range<u32>>> {
    parsed.document.nodes().map(|n| n.span()).collect()
}

/// Text that looks like XML, more or less.
fn nearly_xml() -> impl Strategy<Value = String> {
    let pieces = vec![
        "<a>",
        "</a>",
        "<b>",
        "</b>",
        "<b/>",
        "<v:b x='1'>",
        "</v:b>",
        "<a ",
        "x=\"1\" ",
        "y='",
        "\"",
        "'",
        ">",
        "<",
        "&",
        ";",
        "&amp;",
        "&#65;",
        "&x;",
        "text",
        " ",
        "\n",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?p",
        "?>",
        "<!DOCTYPE a",
        "[",
        "]",
        "=",
        "/",
        "é",
        "\u{FEFF}",
        "</",
        "<1>",
        "\u{0}",
        "<Code>200</Code>",
        "<b>text of more than eight</b>",
        "<b>eightfold</b >",
        "<a>é &lt;</a>",
        "<b> x</b>",
        "<a>x\n</a>",
        "<b></b>",
        "<other>x</other>",
        "<a>x<b/>y</a>",
        "<v:a>",
        "</v:a>",
        "<odd>",
        "</odd>",
        "<b xmlns=\"n\">",
        "<b xmlns=\"&amp;\">",
        "<b xmlns=\"n\" x=\"1\">",
        "<odd xmlns=\"n\">",
        "<b xmlns=\"n\"/>",
    ];
    let heads = vec![
        "",
        "<a>",
        "<a>",
        "<v:a>",
        "<?xml version='1.0'?><!DOCTYPE a PUBLIC \"p\" \"s\"><a>",
        "<!DOCTYPE a PUBLIC \"p\" ' \"s\"><a>",
        "<!DOCTYPE a PUBLIC \"p\"  \"s\" ><odd>",
    ];
    let ends = vec!["", "</a>", "</v:a>", "</odd>"];
    let parts = (prop::sample::select(heads), prop::collection::vec(prop::sample::select(pieces), 0..40));
    (parts, prop::sample::select(ends)).prop_map(|((head, pieces), end)| [head, &pieces.concat(), end].concat())
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_same(made in made(), pretty in prop::option::of(0_usize..3)) {
        let document = document(&made);
        let mut text = String::new();
        write(&document, Style { indent: pretty, declaration: true, doctype: Some(("p", "s")) }, &mut text);
        prop_assert_eq!(read(&text).document, document);
    }

    #[test]
    fn both_readers_agree_on_documents_in_order(made in made(), pretty in prop::option::of(0_usize..3)) {
        let mut text = String::new();
        write(&document(&made), Style { indent: pretty, declaration: true, doctype: None }, &mut text);
        let clean = by(|t, b, p| clean::read(t, b, p).unwrap(), &text);
        let odd = by(odd::read, &text);
        prop_assert_eq!(spans(&clean), spans(&odd));
        prop_assert_eq!(clean, odd);
    }

    #[test]
    fn what_the_clean_reader_takes_the_other_takes_alike(text in nearly_xml()) {
        let mut taken = None;
        let clean = by(|t, b, p| taken = clean::read(t, b, p), &text);
        let odd = by(odd::read, &text);
        if taken.is_some() {
            prop_assert_eq!(spans(&clean), spans(&odd));
            prop_assert_eq!(clean, odd);
        } else {
            prop_assert!(!odd.anomalies.is_empty() || text.contains("<!DOCTYPE"));
        }
    }

    #[test]
    fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200), charset in prop::option::of("[a-z0-9-]{0,12}")) {
        let len = octets.len() as u32;
        let parsed = parse(octets, VOCABULARY, charset.as_deref());
        for span in parsed.document.nodes().filter_map(|n| n.span()).chain(parsed.anomalies.iter().map(|a| a.span.clone())) {
            prop_assert!(span.start <= span.end && span.end <= len);
        }
    }

    #[test]
    fn nearly_xml_in_any_character_set(text in nearly_xml(), which in 0..4) {
        let (octets, charset) = match which {
            0 => (utf16(&text, u16::to_le_bytes), None),
            1 => (utf16(&text, u16::to_be_bytes), Some("utf-16")),
            2 => (encoding_rs::SHIFT_JIS.encode(&text).0.into_owned(), Some("shift_jis")),
            _ => (encoding_rs::ISO_2022_JP.encode(&text).0.into_owned(), Some("iso-2022-jp")),
        };
        let len = octets.len() as u32;
        let parsed = parse(octets, VOCABULARY, charset);
        for span in parsed.document.nodes().filter_map(|n| n.span()).chain(parsed.anomalies.iter().map(|a| a.span.clone())) {
            prop_assert!(span.start <= span.end && span.end <= len);
        }
    }
}
