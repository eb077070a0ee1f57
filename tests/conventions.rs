//! The conventions of the tree, held as tests: stages import only from earlier ones, every rule is a page and a file,
//! pages are whole, names are legal, and what the README promises exists.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use impslint::rules::{self, Page};

/// The stages, earliest first.
const STAGES: [&str; 18] = [
    "time", "sanitise", "wire", "capture", "flow", "tls", "carrier", "syntax", "csp", "session", "trace", "log",
    "finding", "rules", "report", "config", "engine", "cli",
];

/// How no rule's name may begin: names say the defect, and read well after "allow".
const ILLEGAL: [&str; 5] = ["avoid-", "no-", "must-", "check-", "use-"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with this extension, path from the root and text, sorted.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// A source text without comments, and without what is for tests: everything from `#[cfg(test)]` on where an inline
/// module follows.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.trim_end().ends_with('{')) {
            break;
        }
        let code = line.split_once("//").filter(|(before, _)| !before.ends_with(':')).map_or(line, |(code, _)| code);
        out.push_str(code);
        out.push('\n');
    }
    out
}

fn is_for_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path == "src/report/samples.rs"
}

/// Stages named behind `crate::`, braces of a `use` included.
fn imported(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(word(rest));
            }
            Some(group) => {
                let (mut depth, mut fresh) = (0, true);
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => fresh = true,
                        c if fresh && c.is_alphabetic() => {
                            found.insert(word(&group[i..]));
                            fresh = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn imports_are_found_in_every_form() {
    let names = |code: &str| imported(code).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names("use crate::wire::{A, B}; fn f() -> crate::csp::X { crate::flow::g() }"), "csp flow wire");
    assert_eq!(names("use crate::{\n  wire::{Wire, Pieces},\n  time::Time,\n};"), "time wire");
}

#[test]
fn stages_import_only_from_earlier_stages() {
    let order = |stage: &str| STAGES.iter().position(|s| *s == stage);
    let mut breaches = Vec::new();
    for (path, text) in files("src", "rs") {
        let stage = path["src/".len()..].split(['/', '.']).next().unwrap();
        if stage == "lib" || stage == "main" || is_for_tests(&path) {
            continue;
        }
        let Some(own) = order(stage) else {
            breaches.push(format!("{path}: the stage {stage} has no place in the order"));
            continue;
        };
        for other in imported(&code(&text)) {
            match order(&other) {
                Some(theirs) if theirs > own => breaches.push(format!("{path} ({stage}) imports {other}")),
                Some(_) => {}
                None => breaches.push(format!("{path} names crate::{other}, which is no stage")),
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// `family/name` of every file of two levels below a folder.
fn named_by_files(folder: &str, extension: &str) -> BTreeSet<String> {
    let stem = |path: &str| path[folder.len() + 1..].trim_end_matches(&format!(".{extension}")).to_owned();
    files(folder, extension).iter().map(|(path, _)| stem(path)).filter(|name| name.contains('/')).collect()
}

#[test]
fn every_rule_is_a_page_and_a_file() {
    let listed: BTreeSet<String> = rules::all().map(|rule| rule.name.to_owned()).collect();
    let mut pages = named_by_files("rules", "md");
    pages.retain(|page| !page.starts_with("use-cases/"));
    let mut sources = named_by_files("src/rules", "rs");
    sources.retain(|source| !source.ends_with("/mod"));
    let sources: BTreeSet<String> = sources.iter().map(|source| source.replace('_', "-")).collect();
    assert_eq!(listed, pages, "rules listed in src/rules and pages in rules/");
    let helpers: Vec<&String> = sources.difference(&listed).collect();
    assert!(helpers.is_empty(), "files in src/rules that are no rule: {helpers:?}");
    assert!(listed.is_subset(&sources), "every rule has its file: {:?}", listed.difference(&sources));
}

#[test]
fn names_of_rules_are_legal_and_sorted() {
    let names: Vec<&str> = rules::all().map(|rule| rule.name).collect();
    assert!(names.is_sorted(), "rules are listed in the order of their names");
    for name in names {
        let (family, bare) = name.split_once('/').unwrap();
        // A use after something is a defect, as in "use after free"; here the word is a noun.
        let ordered = ILLEGAL.iter().any(|prefix| bare.starts_with(prefix)) && !bare.starts_with("use-after-");
        assert!(!ordered, "{name} says what to do, not what is wrong");
        let legal = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !part.contains("--")
        };
        assert!(legal(family) && legal(bare), "{name} is in lower case with single hyphens");
    }
}

/// The complaints of all rules in one list: whoever writes pages wants to see them together.
fn complain(of: impl Fn(&'static str, &'static str) -> Vec<String>) {
    let complaints: Vec<String> = rules::all()
        .flat_map(|rule| of(rule.name, rule.page).into_iter().map(|complaint| format!("{}: {complaint}", rule.name)))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn pages_are_whole() {
    complain(|_, text| {
        let mut complaints = Vec::new();
        let mut want = |holds: bool, what: &str| {
            if !holds {
                complaints.push(what.to_owned());
            }
        };
        match Page::parse(text) {
            Err(error) => want(false, &error.to_string()),
            Ok(page) => {
                want(!page.summary.ends_with('.'), "the summary has no full stop");
                want(!page.help.trim().is_empty(), "there is a remedy");
                for parameter in &page.parameters {
                    want(!parameter.meaning.trim().is_empty(), "a parameter says what it means");
                }
            }
        }
        want(text.contains("```trace bad\n"), "no bad example");
        want(text.contains("```trace good\n"), "no good example");
        want(text.contains("\n## Limits\n"), "no heading Limits");
        want(text.lines().any(|line| line.starts_with("# ")), "no title");
        want(!text.contains("TODO"), "something is still to do");
        complaints
    });
}

#[test]
fn parameters_of_a_page_are_those_its_rule_reads() {
    complain(|name, text| {
        let source = root().join("src/rules").join(name.replace('-', "_")).with_extension("rs");
        let Ok(source) = fs::read_to_string(&source) else { return vec!["has no file".to_owned()] };
        let (family, _) = name.split_once('/').unwrap();
        let family = fs::read_to_string(root().join("src/rules").join(family).join("mod.rs")).unwrap();
        let Ok(page) = Page::parse(text) else { return vec!["the page cannot be read".to_owned()] };
        let declared: BTreeSet<&str> = page.parameters.iter().map(|p| p.name).collect();
        let read = read_parameters(&source);
        let shared = read_parameters(&family);
        let unread = declared.iter().filter(|p| !read.contains(*p) && !shared.contains(*p));
        let undeclared = read.iter().filter(|p| !declared.contains(*p));
        unread
            .map(|p| format!("nothing reads the parameter {p}"))
            .chain(undeclared.map(|p| format!("reads the parameter {p}, which the page does not declare")))
            .collect()
    });
}

#[test]
fn rules_that_may_doubt_say_what_evidence_they_ask_for() {
    const ASKED: [(&str, &str); 12] = [
        ("message", "Doubt::of("),
        ("message", "decided("),
        ("message", "oddities: &[Oddity]"),
        ("span", ".intact("),
        ("span", "losses("),
        ("span", ".unheard"),
        ("wait", ".watched("),
        ("wait", ".watched_to("),
        ("opening", "new_session("),
        ("opening", "Opening::MidStream =>"),
        ("opening", ".opened()"),
        ("session", ".complete()"),
    ];
    complain(|name, text| {
        let source = root().join("src/rules").join(name.replace('-', "_")).with_extension("rs");
        let source = code(&fs::read_to_string(&source).unwrap());
        let Ok(page) = Page::parse(text) else { return vec!["the page cannot be read".to_owned()] };
        // What a log may leave out is asked by the rulebook, for every rule whose page says that it rests on it.
        let (by_rulebook, said): (BTreeSet<&str>, BTreeSet<&str>) = page
            .evidence
            .iter()
            .map(|evidence| evidence.name())
            .partition(|w| ["times", "writing", "head"].contains(w));
        let asks: BTreeSet<&str> =
            ASKED.iter().filter(|(_, call)| source.contains(call)).map(|(word, _)| *word).collect();
        let doubts = [".doubt(", ".trusts(", "decided(", "oddities: &[Oddity]", "new_session("]
            .iter()
            .any(|call| source.contains(call));
        let mut complaints: Vec<String> =
            asks.symmetric_difference(&said).map(|word| format!("evidence {word}: page and source differ")).collect();
        if doubts == said.is_empty() {
            complaints.push(format!("files doubts: {doubts}, and states evidence: {said:?}"));
        }
        if page.parameters.iter().any(|p| p.unit == "s") && !by_rulebook.contains("times") {
            complaints.push("has a parameter in seconds, and does not state evidence times".to_owned());
        }
        complaints
    });
}

/// The names in `parameter("…")` and `count("…")` of a source.
fn read_parameters(source: &str) -> BTreeSet<&str> {
    ["parameter(\"", "count(\""]
        .iter()
        .flat_map(|call| source.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn nothing_outside_tests_can_panic_on_purpose() {
    let mut breaches = Vec::new();
    for (path, text) in files("src", "rs") {
        if is_for_tests(&path) {
            continue;
        }
        let code = code(&text);
        let lines: Vec<&str> = code.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let panics = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
            let excused = lines[i.saturating_sub(12)..i].iter().any(|before| before.contains("#[expect(clippy::"));
            if panics.iter().any(|p| line.contains(p)) && !excused {
                breaches.push(format!("{path}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// The lines of shell blocks in a text that begin with a command of ours, arguments split at blanks.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut shell = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            shell = matches!(language, "sh" | "console");
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let command = line.strip_prefix("impslint ").or_else(|| line.strip_prefix("cargo run --release -- "));
        if let Some(arguments) = command.filter(|_| shell) {
            let arguments = arguments.split([';', '|', '#', '>']).next().unwrap();
            found.push(arguments.split_whitespace().map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn commands_of_the_readme_run() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let commands = commands(&readme);
    assert!(commands.len() >= 5, "the README shows commands: {commands:?}");
    for arguments in commands {
        let missing = |path: &&String| path.contains('.') && path.contains('/') && !root().join(path).exists();
        let named: Vec<&String> = arguments.iter().filter(missing).filter(|path| !path.contains("/tmp/")).collect();
        assert!(named.is_empty(), "the README names files that are not there: {named:?}");
        if arguments.contains(&"-".to_owned()) {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_impslint"))
            .current_dir(root())
            .args(&arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let status = output.status.code();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(status, Some(0 | 1)), "impslint {} ends with {status:?}: {said}", arguments.join(" "));
    }
}

#[test]
fn output_shown_in_the_readme_is_what_comes_out() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (mut shown, mut said, mut shell) = (0, String::new(), false);
    for line in readme.lines() {
        if line.starts_with("```") {
            shell = line == "```console";
            said.clear();
        } else if let Some(arguments) = line.strip_prefix("$ impslint ").filter(|_| shell) {
            let output = Command::new(env!("CARGO_BIN_EXE_impslint"))
                .current_dir(root())
                .args(arguments.split_whitespace())
                .env("COLUMNS", "100")
                .output()
                .unwrap();
            said = String::from_utf8(output.stdout).unwrap();
        } else if shell && line.trim() != "…" {
            let after = said.split_once(line).map(|(_, after)| after.to_owned());
            said = after.unwrap_or_else(|| panic!("the README shows, and impslint does not say: {line}"));
            shown += 1;
        }
    }
    assert!(shown > 20, "the README shows output: {shown} lines");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut texts = files("docs", "md");
    texts.extend(files("samples", "md"));
    for name in ["README.md", "CHANGELOG.md"] {
        texts.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    for (path, text) in texts {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = Path::new(&path).parent().unwrap();
            assert!(root().join(folder).join(target).exists(), "{path} links to {target}, which is not there");
        }
    }
}
