//! Which seeds to run, as they are asked for.

use std::ops::Range;

/// The seeds of FROM..TO, without TO.
///
/// # Errors
/// The text is something else, or says of no seed at all: nothing would have been looked at.
pub fn range(text: &str) -> Result<Range<u64>, String> {
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range
        .filter(|range: &Range<u64>| !range.is_empty())
        .ok_or_else(|| "give seeds as FROM..TO, for example 0..1000".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_go_from_one_number_to_another() {
        assert_eq!(range("3..5"), Ok(3..5));
        assert!(["", "7", "..", "5..5", "5..3", "a..b", "-1..2"].into_iter().all(|text| range(text).is_err()));
    }
}
