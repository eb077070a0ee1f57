//! Files by path, folder or pattern.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// The files that a folder or pattern led to.
#[derive(Default, Debug)]
pub(super) struct Found {
    /// By name: see [`by_name`].
    pub(super) files: Vec<PathBuf>,
    /// Hidden files and folders, and what is neither file nor folder.
    pub(super) skipped: u64,
    /// What could not be looked into, and why.
    pub(super) faults: Vec<String>,
}

impl Found {
    /// The files in a folder and the folders in it. Links are followed, each folder is looked into once.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let mut found = Self::default();
        found.walk(folder, Path::new(""), usize::MAX, |_| true);
        found
    }

    /// The files that a pattern is of; `None` when it is none. `**` goes through folders, `*`, `?` and `[…]` do not.
    pub(super) fn by_pattern(pattern: &str) -> Option<Self> {
        const OPTIONS: MatchOptions =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
        let first = pattern.find(['*', '?', '['])?;
        // The parts before the first one with a wildcard are a folder.
        let (folder, rest) = match pattern.get(..first)?.rfind(std::path::MAIN_SEPARATOR) {
            Some(0) => (pattern.get(..1)?, pattern.get(1..)?),
            Some(at) => (pattern.get(..at)?, pattern.get(at + 1..)?),
            None => ("", pattern),
        };
        let compiled = Pattern::new(rest).ok()?;
        let depth = if rest.contains("**") { usize::MAX } else { Path::new(rest).components().count() };
        let mut found = Self::default();
        let (folder, shown) = if folder.is_empty() { (".", "") } else { (folder, folder) };
        let (folder, shown) = (Path::new(folder), Path::new(shown));
        found.walk(folder, Path::new(""), depth, |below| compiled.matches_path_with(below, OPTIONS));
        if shown.as_os_str().is_empty() {
            found.files.iter_mut().for_each(|file| {
                if let Ok(bare) = file.strip_prefix(".") {
                    *file = bare.to_owned();
                }
            });
        }
        Some(found)
    }

    fn walk(&mut self, base: &Path, below: &Path, depth: usize, wanted: impl Fn(&Path) -> bool) {
        let mut seen = BTreeSet::new();
        let mut folders = vec![(below.to_owned(), depth)];
        while let Some((below, depth)) = folders.pop() {
            let path = base.join(&below);
            if !fs::canonicalize(&path).map_or(true, |folder| seen.insert(folder)) {
                continue;
            }
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) => {
                    self.faults.push(format!("cannot read {}: {error}", path.display()));
                    continue;
                }
            };
            for name in entries.flatten().map(|entry| entry.file_name()) {
                let below = below.join(&name);
                let path = base.join(&below);
                let kind = fs::metadata(&path).map(|metadata| (metadata.is_dir(), metadata.is_file()));
                match kind {
                    _ if name.as_encoded_bytes().starts_with(b".") => self.skipped += 1,
                    Ok((true, _)) if depth > 1 => folders.push((below, depth.saturating_sub(1))),
                    Ok((false, true)) if wanted(&below) => self.files.push(path),
                    Ok((false, true)) | Ok((true, _)) => {}
                    Ok((false, false)) | Err(_) => self.skipped += 1,
                }
            }
        }
        self.files.sort_by(|a, b| by_name(a, b));
    }
}

/// The order of paths: part by part, octet by octet, but a row of digits counts as the number it is, so that `x.pcap2`
/// comes before `x.pcap10`.
pub(super) fn by_name(a: &Path, b: &Path) -> Ordering {
    let parts = |path: &Path| -> Vec<Vec<u8>> { path.iter().map(|part| part.as_encoded_bytes().to_vec()).collect() };
    let (parts_a, parts_b) = (parts(a), parts(b));
    let unequal = parts_a.iter().zip(&parts_b).map(|(a, b)| by_numbers(a, b)).find(|order| order.is_ne());
    unequal.unwrap_or(parts_a.len().cmp(&parts_b.len())).then_with(|| bytes(a).cmp(bytes(b)))
}

fn bytes(path: &Path) -> &[u8] {
    OsStr::as_encoded_bytes(path.as_os_str())
}

fn by_numbers(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (number_a, number_b) = (number(a), number(b));
        if let (Some((digits_a, rest_a)), Some((digits_b, rest_b))) = (number_a, number_b) {
            match digits_a.len().cmp(&digits_b.len()).then_with(|| digits_a.cmp(digits_b)) {
                Ordering::Equal => (a, b) = (rest_a, rest_b),
                unequal => return unequal,
            }
            continue;
        }
        match (a.split_first(), b.split_first()) {
            (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
            (x, y) => return x.map(|(x, _)| x).cmp(&y.map(|(y, _)| y)),
        }
    }
}

/// The digits at the beginning without leading zeros, and what follows them.
fn number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
    let zeros = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    Some((digits.get(zeros..)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_numbers_go_by_the_numbers() {
        let sorted =
            ["a", "b/1", "b/2.pcap", "b/10", "b.c/1", "x.pcap", "x.pcap2", "x.pcap10", "x.pcap10a", "y01", "y1", "y2"];
        let mut names: Vec<&Path> = sorted.iter().rev().map(Path::new).collect();
        names.sort_by(|a, b| by_name(a, b));
        assert_eq!(names, sorted.map(Path::new));
    }

    #[test]
    fn a_name_is_a_pattern_by_its_wildcards_only() {
        assert!(Found::by_pattern("plain/name.pcap").is_none());
        assert!(Found::by_pattern("un[closed").is_none());
        let found = Found::by_pattern("src/c*i/inputs/**/f?nd.rs").unwrap();
        assert_eq!(found.files, [Path::new("src/cli/inputs/find.rs")]);
        assert_eq!(Found::by_pattern("Cargo.[t]oml").unwrap().files, [Path::new("Cargo.toml")]);
        assert!(
            Found::by_pattern("src/*.rs").unwrap().files.iter().all(|file| file.parent() == Some(Path::new("src")))
        );
    }
}
