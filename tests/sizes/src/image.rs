use std::cmp::Reverse;
use std::error::Error;
use std::fs;
use std::path::Path;

use object::{File, Object, ObjectSection, ObjectSymbol, SymbolKind};

/// A linked image, as far as it is looked at.
pub struct Image {
    pub functions: Vec<Function>,
    objects: Vec<(u64, String)>,
    /// Those among them that are constants, or what variables start with.
    constants: Vec<(u64, String)>,
    flash: u64,
}

/// A function, as it stands in the image.
pub struct Function {
    pub name: String,
    pub address: u32,
    /// Its instructions, and the constants between them.
    pub code: Vec<u8>,
    /// Where constants begin, and where instructions begin again.
    marks: Vec<(u32, bool)>,
}

impl Image {
    pub fn open(path: &Path) -> Result<Image, Box<dyn Error>> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = File::parse(&*bytes)?;
        let mut image = Image { functions: Vec::new(), objects: Vec::new(), constants: Vec::new(), flash: 0 };
        for section in
            file.sections().filter(|section| [".text", ".rodata", ".data"].contains(&section.name().unwrap_or("")))
        {
            image.flash += section.size();
        }
        let mut marks: Vec<(u32, bool)> = file
            .symbols()
            .filter_map(|symbol| {
                let name = symbol.name().ok()?;
                let is_data = name.starts_with("$d");
                (is_data || name.starts_with("$t")).then_some((symbol.address() as u32, is_data))
            })
            .collect();
        marks.sort_unstable();
        for symbol in file.symbols().filter(|symbol| symbol.size() > 0) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            match symbol.kind() {
                SymbolKind::Text => {
                    let address = symbol.address() as u32 & !1;
                    let section = file.section_by_index(symbol.section_index().ok_or("a function in no section")?)?;
                    let start = (u64::from(address) - section.address()) as usize;
                    let code = section.data()?[start..start + symbol.size() as usize].to_vec();
                    let end = address + code.len() as u32;
                    let marks = marks.iter().copied().filter(|(at, _)| (address..end).contains(at)).collect();
                    image.functions.push(Function { name, address, code, marks });
                }
                _ => {
                    let index = symbol.section_index().ok_or("a variable in no section")?;
                    if [".rodata", ".data"].contains(&file.section_by_index(index)?.name()?) {
                        image.constants.push((symbol.size(), name.clone()));
                    }
                    image.objects.push((symbol.size(), name));
                }
            }
        }
        image.functions.sort_by_key(|function| function.address);
        image.functions.dedup_by_key(|function| function.address);
        Ok(image)
    }

    /// Bytes of flash: instructions, constants, and what variables start with. Not what the image itself adds, its
    /// entry.
    pub fn flash(&self) -> u64 {
        let entry = self.functions.iter().find(|function| function.name == "_start");
        self.flash - entry.map_or(0, |entry| entry.code.len() as u64)
    }

    /// The size of the variable of this name.
    pub fn object(&self, name: &str) -> Option<u64> {
        self.objects.iter().find(|(_, other)| other.ends_with(name)).map(|(size, _)| *size)
    }

    /// Everything with a name, the largest first.
    pub fn symbols(&self) -> Vec<(u64, &str)> {
        self.functions_and(&self.objects)
    }

    /// The same, without what takes memory alone.
    pub fn in_flash(&self) -> Vec<(u64, &str)> {
        self.functions_and(&self.constants)
    }

    fn functions_and<'i>(&'i self, objects: &'i [(u64, String)]) -> Vec<(u64, &'i str)> {
        let functions = self.functions.iter().map(|function| (function.code.len() as u64, function.name.as_str()));
        let objects = objects.iter().map(|(size, name)| (*size, name.as_str()));
        let mut all: Vec<_> = functions.chain(objects).collect();
        all.sort_by_key(|symbol| Reverse(symbol.0));
        all
    }
}

impl Function {
    /// The instructions: address, first half, and second half if there is one.
    pub fn instructions(&self) -> impl Iterator<Item = (u32, u16, Option<u16>)> {
        let mut at = self.address;
        std::iter::from_fn(move || {
            while self.is_constant(at) && self.half(at).is_some() {
                at += 2;
            }
            let (here, first) = (at, self.half(at)?);
            let is_long = first >> 11 >= 0b11101;
            at += if is_long { 4 } else { 2 };
            Some((here, first, if is_long { self.half(here + 2) } else { None }))
        })
    }

    /// The words among the instructions.
    pub fn constants(&self) -> impl Iterator<Item = u32> {
        let addresses = (self.address.next_multiple_of(4)..).step_by(4).take(self.code.len() / 4);
        addresses.filter(|at| self.is_constant(*at)).filter_map(|at| self.word(at))
    }

    /// The word at an address within the function.
    pub fn word(&self, address: u32) -> Option<u32> {
        let at = address.checked_sub(self.address)? as usize;
        self.code.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn half(&self, address: u32) -> Option<u16> {
        let at = (address - self.address) as usize;
        self.code.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn is_constant(&self, address: u32) -> bool {
        let behind = self.marks.partition_point(|(mark, _)| *mark <= address);
        behind > 0 && self.marks[behind - 1].1
    }
}
