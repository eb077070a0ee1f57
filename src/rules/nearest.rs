//! Names that were misspelt.

/// The rule whose name takes the fewest changes to become, when they are few enough to be a slip.
pub fn nearest(wanted: &str) -> Option<&'static str> {
    let distance_to = |name: &str| {
        let bare = name.split_once('/').map_or(name, |(_, bare)| bare);
        distance(wanted, name).min(distance(wanted, bare))
    };
    let (least, name) = super::all().map(|rule| (distance_to(rule.name), rule.name)).min()?;
    (least <= wanted.chars().count().div_ceil(2)).then_some(name)
}

/// Insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != *y)).min(*above + 1).min(left + 1);
            diagonal = *above;
            *above = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("flaw", "lawn"), 2);
        assert_eq!(distance("same", "same"), 0);
    }
}
