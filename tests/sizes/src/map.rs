use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use crate::image::Image;
use crate::table::grouped;

/// Where the bytes of an image go: by crate, by module, and the largest of what has a name.
pub struct Map<'i> {
    image: &'i Image,
    crates: BTreeMap<&'i str, Share<'i>>,
    /// Bytes that belong to nothing with a name: most are constants.
    nameless: u64,
}

/// What a crate takes.
#[derive(Default)]
struct Share<'i> {
    bytes: u64,
    modules: BTreeMap<&'i str, u64>,
}

/// How many functions are named.
const LARGEST: usize = 40;
/// What symbols are counted for that have no crate in their name: the compiler's copies and fills, and its outlined
/// functions.
const COMPILER: &str = "(compiler)";

impl<'i> Map<'i> {
    pub fn of(image: &'i Image) -> Map<'i> {
        let mut crates: BTreeMap<&str, Share<'_>> = BTreeMap::new();
        let mut named = 0;
        for (bytes, name) in image.in_flash().into_iter().filter(|(_, name)| *name != "_start") {
            let (owner, module) = home(name);
            let share = crates.entry(owner).or_default();
            share.bytes += bytes;
            *share.modules.entry(module).or_default() += bytes;
            named += bytes;
        }
        Map { image, crates, nameless: image.flash().saturating_sub(named) }
    }
}

impl fmt::Display for Map<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut crates: Vec<_> = self.crates.iter().collect();
        crates.sort_by_key(|(_, share)| Reverse(share.bytes));
        for (name, share) in crates {
            writeln!(f, "{:>7} {name}", grouped(share.bytes))?;
            let mut modules: Vec<_> = share.modules.iter().filter(|_| share.modules.len() > 1).collect();
            modules.sort_by_key(|(_, bytes)| Reverse(**bytes));
            modules.iter().try_for_each(|(module, bytes)| writeln!(f, "{:>15} {name}::{module}", grouped(**bytes)))?;
        }
        writeln!(f, "{:>7} constants without a name", grouped(self.nameless))?;
        writeln!(f, "{:>7} in all\n", grouped(self.image.flash()))?;
        let largest = self.image.in_flash();
        largest.iter().take(LARGEST).try_for_each(|(bytes, name)| writeln!(f, "{:>7} {name}", grouped(*bytes)))
    }
}

/// The crate and the module that a symbol belongs to: those of the first path in its name.
fn home(name: &str) -> (&str, &str) {
    let path = name.trim_start_matches(['<', '&', '[', '(', '*']);
    let path = ["mut ", "const ", "dyn "].iter().fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    let end = path.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':'));
    let mut parts = path.get(..end.unwrap_or(path.len())).unwrap_or(path).split("::");
    match (parts.next(), parts.next()) {
        (Some(owner), Some(module)) if !module.is_empty() => (owner, module),
        (Some("u8" | "u16" | "u32" | "u64" | "usize"), _) => ("core", "number"),
        _ => (COMPILER, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_belongs_to_the_first_path_in_its_name() {
        assert_eq!(home("quorate_flash::page::Page::each"), ("quorate_flash", "page"));
        assert_eq!(home("quorate_flash::show::<impl quorate_flash::log::Log>::show"), ("quorate_flash", "show"));
        assert_eq!(home("<&mut quorate::draw::Effects<V,A> as core::iter::Iterator>::next"), ("quorate", "draw"));
        assert_eq!(home("<usize as core::fmt::Display>::fmt"), ("core", "number"));
        assert_eq!(home("__aeabi_memcpy4"), (COMPILER, ""));
    }
}
