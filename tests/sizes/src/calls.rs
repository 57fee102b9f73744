use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::image::{Function, Image};

/// Who calls whom, and how much stack each takes: read from the instructions, so that the compiler's own functions
/// count.
pub struct Calls<'i> {
    image: &'i Image,
    nodes: BTreeMap<u32, Node>,
}

#[derive(Default)]
struct Node {
    frame: u32,
    calls: BTreeSet<u32>,
    /// Functions that take over, once the own frame is gone.
    tails: BTreeSet<u32>,
    is_unknown: bool,
}

impl<'i> Calls<'i> {
    pub fn of(image: &'i Image) -> Calls<'i> {
        let starts: BTreeSet<u32> = image.functions.iter().map(|function| function.address).collect();
        let nodes = image.functions.iter().map(|function| (function.address, node(function, &starts))).collect();
        Calls { image, nodes }
    }

    /// The chain of calls below a function that takes the most stack, with what each of them takes; of a generic one that
    /// was made for several types, below the deepest of these. Ways that end in a panic are left out.
    ///
    /// # Panics
    /// There is no such function, or a call whose target is not known.
    pub fn deepest(&self, root: &str) -> Vec<(u32, &'i str)> {
        let found = self.image.functions.iter().filter(|function| function.name.ends_with(root));
        let mut known = HashMap::new();
        let deepest = found.max_by_key(|function| self.depth(function.address, &mut known, &mut Vec::new()).0);
        let function = deepest.unwrap_or_else(|| panic!("no function {root}"));
        let mut chain = Vec::new();
        let mut next = Some(function.address);
        while let Some(address) = next {
            let (_, below, is_tail) = known[&address];
            let frame = if is_tail { 0 } else { self.nodes[&address].frame };
            chain.push((frame, self.name(address)));
            next = below;
        }
        chain
    }

    /// How deep a function goes, where it goes from there, and whether its own frame is gone by then.
    fn depth(
        &self,
        address: u32,
        known: &mut HashMap<u32, (u32, Option<u32>, bool)>,
        above: &mut Vec<u32>,
    ) -> (u32, Option<u32>, bool) {
        if let Some(found) = known.get(&address) {
            return *found;
        }
        assert!(!above.contains(&address), "{} calls itself", self.name(address));
        let node = &self.nodes[&address];
        assert!(!node.is_unknown, "{} calls what it is told", self.name(address));
        above.push(address);
        let mut best = (node.frame, None, false);
        let tails = node.tails.iter().map(|tail| (0, *tail, true));
        for (frame, callee, is_tail) in node.calls.iter().map(|callee| (node.frame, *callee, false)).chain(tails) {
            if !is_panic(self.name(callee)) {
                let depth = frame + self.depth(callee, known, above).0;
                if depth > best.0 {
                    best = (depth, Some(callee), is_tail);
                }
            }
        }
        above.pop();
        known.insert(address, best);
        best
    }

    /// Functions that can panic, each with what it calls to do so. Those of the language's own library, and those that
    /// the linker cut out of several, are not among them, but whoever calls them.
    pub fn panics(&self) -> Vec<(&'i str, &'i str)> {
        let mut ends: BTreeSet<u32> = self.nodes.keys().copied().filter(|at| is_panic(self.name(*at))).collect();
        loop {
            let before = ends.len();
            let passes_on =
                |at: &u32| is_passing_on(self.name(*at)) && self.callees(*at).any(|callee| ends.contains(&callee));
            ends = self.nodes.keys().copied().filter(|at| ends.contains(at) || passes_on(at)).collect();
            if ends.len() == before {
                break;
            }
        }
        let own = self.nodes.keys().filter(|at| !ends.contains(at));
        let panics =
            own.flat_map(|at| self.callees(*at).filter(|callee| ends.contains(callee)).map(|callee| (*at, callee)));
        panics.map(|(at, callee)| (self.name(at), self.name(callee))).collect()
    }

    fn callees(&self, address: u32) -> impl Iterator<Item = u32> {
        let node = &self.nodes[&address];
        node.calls.union(&node.tails).copied()
    }

    fn name(&self, address: u32) -> &'i str {
        let at = self.image.functions.binary_search_by_key(&address, |function| function.address);
        at.map_or("?", |at| &self.image.functions[at].name)
    }
}

/// Whether a function does what its caller is to blame for.
fn is_passing_on(name: &str) -> bool {
    ["core::", "<core::", "OUTLINED_FUNCTION"].iter().any(|start| name.starts_with(start))
}

/// Whether a function is one of those that end in the panic handler.
fn is_panic(name: &str) -> bool {
    const ENDS: [&str; 6] =
        ["_fail", "_failed", "_overflow", "rust_begin_unwind", "panic_bounds_check", "panic_display"];
    name.contains("core::panicking::") || (name.contains("core::") && ENDS.iter().any(|end| name.ends_with(end)))
}

fn node(function: &Function, starts: &BTreeSet<u32>) -> Node {
    let mut node = Node::default();
    let mut literals = [0; 8];
    let mut is_indirect = false;
    for (at, first, second) in function.instructions() {
        let Some(second) = second else {
            match first {
                0xb400..=0xb5ff => node.frame += 4 * (first & 0x1ff).count_ones(),
                0xb080..=0xb0ff => node.frame += 4 * u32::from(first & 0x7f),
                // A frame too large for that: its size is loaded, and added.
                0x4800..=0x4fff => {
                    let address = ((at + 4) & !3) + 4 * u32::from(first & 0xff);
                    literals[usize::from(first >> 8 & 7)] = function.word(address).unwrap_or(0);
                }
                _ if first & 0xffc7 == 0x4485 => {
                    node.frame += (literals[usize::from(first >> 3 & 7)] as i32).min(0).unsigned_abs();
                }
                _ if first & 0xff87 == 0x4780 => is_indirect = true,
                _ => {}
            }
            continue;
        };
        match (first, second) {
            (0xe92d, registers) => node.frame += 4 * registers.count_ones(),
            (0xf84d, _) if second & 0xf00 == 0xd00 => node.frame += u32::from(second & 0xff),
            (0xe96d, _) => node.frame += 4 * u32::from(second & 0xff),
            (0xed2d | 0xed6d, _) => node.frame += 4 * u32::from(second & 0xff),
            (0xf2ad | 0xf6ad, _) if second & 0xf00 == 0xd00 => node.frame += plain(first, second),
            (0xf1ad | 0xf5ad, _) if second & 0xf00 == 0xd00 => node.frame += expanded(plain(first, second)),
            _ if first & 0xf800 == 0xf000 && second & 0x8000 != 0 && second & 0x1000 != 0 => {
                let target = target(at, first, second);
                let is_call = second & 0x4000 != 0;
                // Others are jumps within the function: the smallest processors jump far by what else is a call.
                if target != function.address && starts.contains(&target) {
                    (if is_call { &mut node.calls } else { &mut node.tails }).insert(target);
                }
            }
            _ => {}
        }
    }
    // A function that is called often may be called by its address, which is a constant then.
    if is_indirect {
        let constants = function.constants().map(|word| word & !1).filter(|word| starts.contains(word));
        node.calls.extend(constants);
        node.is_unknown = node.calls.is_empty();
    }
    node
}

fn target(at: u32, first: u16, second: u16) -> u32 {
    let [first, second] = [first, second].map(u32::from);
    let sign = first >> 10 & 1;
    let near = |bit: u32| !(bit ^ sign) & 1;
    let offset = sign << 24
        | near(second >> 13 & 1) << 23
        | near(second >> 11 & 1) << 22
        | (first & 0x3ff) << 12
        | (second & 0x7ff) << 1;
    at.wrapping_add(4).wrapping_add_signed((offset << 7) as i32 >> 7)
}

/// The twelve bits of a number in an instruction.
fn plain(first: u16, second: u16) -> u32 {
    u32::from(first >> 10 & 1) << 11 | u32::from(second >> 12 & 7) << 8 | u32::from(second & 0xff)
}

/// The number that twelve bits stand for.
fn expanded(bits: u32) -> u32 {
    match bits >> 8 {
        0 => bits,
        1 => (bits & 0xff) * 0x0001_0001,
        2 => (bits & 0xff) * 0x0100_0100,
        3 => (bits & 0xff) * 0x0101_0101,
        _ => (0x80 | bits & 0x7f).rotate_right(bits >> 7),
    }
}
