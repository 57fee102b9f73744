//! The laws of every store, on a flash, with the power cut in every word and every erasure, and every changed byte.

mod common;

use std::marker::PhantomData;

use common::{SCRATCH, layout, members, owner};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use embedded_storage::{ReadStorage, Storage};
use quorate::founding::Record;
use quorate::{Position, Snapshot};
use quorate_disk::conformance::{Subject, Write, check};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout, Recovered, Rewritable, RewritableError};

/// What a flash holds.
trait Image: NorFlash + Clone {
    /// One that is erased.
    fn blank(bytes: usize) -> Self;

    /// Every one that a power cut may leave behind while this becomes `after`.
    fn crashes(&self, after: &Self) -> impl Iterator<Item = Self>;

    fn bytes(&self) -> &[u8];

    /// The same, with another byte at a place.
    fn rot(&mut self, at: usize, byte: u8);
}

impl<const WORD: usize, const PAGE: usize> Image for Double<WORD, PAGE> {
    fn blank(bytes: usize) -> Self {
        Double::new(bytes / PAGE).recording()
    }

    fn crashes(&self, after: &Self) -> impl Iterator<Item = Self> {
        self.crashes(after)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes()
    }

    fn rot(&mut self, at: usize, byte: u8) {
        self.rot(at, byte);
    }
}

/// Memory whose bytes can be written at any time, and what was written to it.
#[derive(Clone, Debug)]
struct Ram {
    bytes: Vec<u8>,
    journal: Vec<(usize, Vec<u8>)>,
}

impl ReadStorage for Ram {
    type Error = ();

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), ()> {
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl Storage for Ram {
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), ()> {
        self.bytes[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        self.journal.push((offset as usize, bytes.into()));
        Ok(())
    }
}

impl<const WORD: usize, const PAGE: usize> Image for Rewritable<Ram, WORD, PAGE> {
    fn blank(bytes: usize) -> Self {
        Rewritable::new(Ram { bytes: vec![0xff; bytes], journal: Vec::new() })
    }

    /// Within a word, so many of its first bytes are as they are to be, and the others as they were, or garbled.
    fn crashes(&self, after: &Self) -> impl Iterator<Item = Self> {
        let (mut now, after) = (self.clone().release(), after.clone().release());
        after.journal.into_iter().skip(now.journal.len()).flat_map(move |(at, word)| {
            let torn = [(0, 0x00), (0, 0xa5), (1, 0x00), (word.len() / 2, 0x00), (word.len() - 1, 0xff)];
            let torn = torn.map(|(written, garbles)| {
                let mut torn = now.clone();
                torn.bytes[at..][..written].copy_from_slice(&word[..written]);
                torn.bytes[at + written..at + word.len()].iter_mut().for_each(|byte| *byte ^= garbles);
                Rewritable::new(torn)
            });
            now.bytes[at..][..word.len()].copy_from_slice(&word);
            torn
        })
    }

    fn bytes(&self) -> &[u8] {
        &self.storage().bytes
    }

    fn rot(&mut self, at: usize, byte: u8) {
        self.storage_mut().bytes[at] = byte;
    }
}

/// A store on a flash with pages so small that the laws' scripts fill several.
struct Store<F> {
    layout: Layout,
    image: PhantomData<F>,
}

impl<F: Image> Store<F> {
    /// With room for as many seats as the laws' scripts ask for.
    fn new(layout: Layout) -> Self {
        Store { layout: Layout { seats: 4, ..layout }, image: PhantomData }
    }

    /// Opens the log, lets `work` run, and takes the flash back.
    fn with<T>(&self, image: &mut F, work: impl FnOnce(&mut Flash<&mut F>) -> T) -> T {
        let (layout, nothing) = (self.layout.clone(), |_: Recovered<'_>| Ok::<(), FlashError>(()));
        let (mut flash, _) = Flash::open(image, layout, owner(), &mut [0; SCRATCH], nothing).unwrap();
        work(&mut flash)
    }
}

impl<F: Image> Subject for Store<F> {
    type Image = F;

    fn blank(&self) -> Self::Image {
        F::blank(self.layout.snapshots.end as usize)
    }

    fn open(&self, image: &mut Self::Image, visit: &mut dyn FnMut(Recovered<'_>)) -> Result<(), String> {
        let visit = |item: Recovered<'_>| {
            visit(item);
            Ok::<(), FlashError>(())
        };
        let opened = Flash::open(image, self.layout.clone(), owner(), &mut [0; SCRATCH], visit);
        opened.map(drop).map_err(|error| error.to_string())
    }

    fn write(&self, image: &mut Self::Image, Write { hard_state, entries, settled, mark }: Write<'_>) {
        self.with(image, |flash| flash.write(hard_state, None, entries, settled, mark).unwrap());
    }

    fn record(&self, image: &mut Self::Image, record: Record) {
        self.with(image, |flash| flash.record(record).unwrap());
    }

    fn take(&self, image: &mut Self::Image, position: Position, state: &[u8]) {
        self.with(image, |flash| flash.take(position, members(), state).unwrap());
    }

    fn install(&self, image: &mut Self::Image, snapshot: Snapshot, state: &[u8], write: Write<'_>) {
        let Write { hard_state, entries, settled, mark } = write;
        self.with(image, |flash| {
            for (piece, offset) in state.chunks(7).zip((0..).step_by(7)) {
                flash.store(snapshot, members(), offset, piece).unwrap();
            }
            flash.write(hard_state, Some(snapshot), entries, settled, mark).unwrap();
        });
    }

    fn state(&self, image: &mut Self::Image, snapshot: Snapshot) -> Vec<u8> {
        let mut state = vec![0; snapshot.bytes as usize];
        self.with(image, |flash| flash.read(snapshot, 0, &mut state).unwrap());
        state
    }

    fn crashes(&self, before: &Self::Image, after: &Self::Image) -> impl Iterator<Item = Self::Image> {
        before.crashes(after)
    }

    fn flips(&self, image: &Self::Image) -> impl Iterator<Item = Self::Image> {
        let image = image.clone();
        let places = (0..image.bytes().len()).filter({
            let image = image.clone();
            // In a page that is erased, one byte in each 64 stands for all.
            let page = F::ERASE_SIZE;
            move |at| at % 64 == 0 || image.bytes()[at / page * page..][..page].iter().any(|byte| *byte != 0xff)
        });
        places.flat_map(move |at| {
            let byte = image.bytes()[at];
            let image = image.clone();
            let changed = [byte ^ 1 << (at % 8), 0].into_iter().filter(move |new| *new != byte);
            changed.map(move |new| {
                let mut image = image.clone();
                image.rot(at, new);
                image
            })
        })
    }
}

#[test]
fn a_flash_with_words_of_4_bytes_obeys_the_laws_of_every_store() {
    check(&Store::<Double<4, 512>>::new(layout::<4, 512>(20, 1)));
}

#[test]
fn a_flash_with_words_of_8_bytes_obeys_the_laws_of_every_store() {
    check(&Store::<Double<8, 512>>::new(layout::<8, 512>(20, 1)));
}

#[test]
fn a_flash_with_words_of_32_bytes_obeys_the_laws_of_every_store() {
    check(&Store::<Double<32, 1024>>::new(layout::<32, 1024>(11, 1)));
}

#[test]
fn memory_that_writes_single_bytes_obeys_the_laws_of_every_store() {
    check(&Store::<Rewritable<Ram, 4, 512>>::new(layout::<4, 512>(20, 1)));
}

#[test]
fn an_eeprom_with_pages_of_32_bytes_obeys_the_laws_of_every_store() {
    check(&Store::<Rewritable<Ram, 32, 1024>>::new(layout::<32, 1024>(11, 1)));
}

#[test]
fn memory_that_writes_single_bytes_refuses_what_a_flash_refuses() {
    let mut memory = Rewritable::<Ram, 4, 512>::blank(1024);
    let before = memory.bytes().to_vec();
    assert_eq!(memory.write(2, &[0; 4]), Err(RewritableError::NotAligned));
    assert_eq!(memory.write(4, &[0; 6]), Err(RewritableError::NotAligned));
    assert_eq!(memory.write(1024, &[0; 4]), Err(RewritableError::OutOfBounds));
    assert_eq!(memory.erase(0, 256), Err(RewritableError::NotAligned));
    assert_eq!(memory.erase(512, 0), Err(RewritableError::OutOfBounds));
    assert_eq!(memory.erase(512, 1536), Err(RewritableError::OutOfBounds));
    assert_eq!(memory.read(1020, &mut [0; 8]), Err(RewritableError::OutOfBounds));
    assert_eq!(memory.bytes(), before, "nothing was done");
    memory.write(508, &[1; 8]).unwrap();
    memory.erase(512, 1024).unwrap();
    let mut bytes = [0; 8];
    memory.read(508, &mut bytes).unwrap();
    assert_eq!(bytes, [1, 1, 1, 1, 0xff, 0xff, 0xff, 0xff]);
}
