//! Pairs of WBXML and the XML it stands for: decoding the one gives the tree of the other.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::path::{Path, PathBuf};

use impslint::csp::name::VOCABULARY;
use impslint::csp::namespace::Version;
use impslint::csp::tokens;
use impslint::syntax::wbxml::{Style, write};
use impslint::syntax::{Document, Parsed, xml};

fn vectors() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wbxml-vectors");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wbxml = paths.filter(|path| path.extension().is_some_and(|e| e == "wbxml"));
    let mut all: Vec<_> = wbxml.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path)).collect();
    all.sort();
    assert!(all.len() > 70);
    all
}

fn read_xml(path: &Path) -> Parsed {
    xml::parse(std::fs::read(path.with_extension("xml")).unwrap(), VOCABULARY, None)
}

/// A line for each element: depth, name, text, and the attributes if wanted.
fn lines(document: &Document, attributes: bool) -> Vec<String> {
    let line = |node: impslint::syntax::Node<'_>| {
        let own: Vec<_> = node.attributes().filter(|_| attributes).map(|a| (a.name, a.value)).collect();
        format!("{} {} {:?} {own:?}", node.depth(), node.spelling(), node.text())
    };
    document.nodes().map(line).collect()
}

#[test]
fn every_vector_decodes_to_its_xml() {
    for (name, path) in vectors() {
        let (parsed, version) = tokens::read(&std::fs::read(&path).unwrap(), None);
        let expected = read_xml(&path);
        // Those without a suffix were made by an encoder that drops namespaces.
        let with_attributes = name.ends_with("-ns") || name.starts_with("edge-");
        assert_eq!(lines(&parsed.document, with_attributes), lines(&expected.document, with_attributes), "{name}");
        assert_eq!(parsed.anomalies, [], "{name}");
        assert_eq!(expected.anomalies, [], "{name}");
        if let Some(number) = ["11", "12", "13"].into_iter().find(|number| name.starts_with(number)) {
            assert_eq!(version.number().replace('.', ""), number, "{name}");
        }
    }
}

#[test]
fn conflicting_versions_are_read_by_the_public_identifier() {
    let path = vectors().into_iter().find(|(name, _)| name == "edge-version-conflict").unwrap().1;
    let (parsed, version) = tokens::read(&std::fs::read(path).unwrap(), None);
    assert_eq!(version, Version::V12);
    let namespace = parsed.document.root().unwrap().attribute("xmlns");
    assert_eq!(namespace, Some("http://www.wireless-village.org/CSP1.1"));
}

#[test]
fn encoding_gives_the_very_octets_of_the_vectors_with_namespaces() {
    for (name, path) in vectors().into_iter().filter(|(name, _)| name.ends_with("-ns")) {
        let octets = std::fs::read(&path).unwrap();
        let version = tokens::read(&octets, None).1;
        let written = write(&read_xml(&path).document, tokens::language(version), Style::default());
        assert!(written == octets, "{name}: {written:02X?} {octets:02X?}");
    }
}
