//! The laws of every store, on a flash, with the power cut in every word and every erasure, and every changed byte.

mod common;

use common::{SCRATCH, layout, members, owner};
use quorate::founding::Record;
use quorate::{Position, Snapshot};
use quorate_disk::conformance::{Subject, Write, check};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout, Recovered};

/// A flash with pages so small that the laws' scripts fill several.
struct Chip<const WORD: usize, const PAGE: usize> {
    layout: Layout,
}

impl<const WORD: usize, const PAGE: usize> Chip<WORD, PAGE> {
    /// Opens the log, lets `work` run, and takes the flash back.
    fn with<T>(
        &self,
        image: &mut Double<WORD, PAGE>,
        work: impl FnOnce(&mut Flash<&mut Double<WORD, PAGE>>) -> T,
    ) -> T {
        let (layout, nothing) = (self.layout.clone(), |_: Recovered<'_>| Ok::<(), FlashError>(()));
        let (mut flash, _) = Flash::open(image, layout, owner(), &mut [0; SCRATCH], nothing).unwrap();
        work(&mut flash)
    }
}

impl<const WORD: usize, const PAGE: usize> Subject for Chip<WORD, PAGE> {
    type Image = Double<WORD, PAGE>;

    fn blank(&self) -> Self::Image {
        Double::new(self.layout.snapshots.end as usize / PAGE).recording()
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
        let image = image.clone().quiet();
        let places = (0..image.bytes().len()).filter({
            let image = image.clone();
            // In a page that is erased, one byte in each 64 stands for all.
            move |at| at % 64 == 0 || image.bytes()[at / PAGE * PAGE..][..PAGE].iter().any(|byte| *byte != 0xff)
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

/// A layout for as many seats as the laws' scripts ask for.
fn of_four(layout: Layout) -> Layout {
    Layout { seats: 4, ..layout }
}

#[test]
fn a_flash_with_words_of_4_bytes_obeys_the_laws_of_every_store() {
    check(&Chip::<4, 512> { layout: of_four(layout::<4, 512>(20, 1)) });
}

#[test]
fn a_flash_with_words_of_8_bytes_obeys_the_laws_of_every_store() {
    check(&Chip::<8, 512> { layout: of_four(layout::<8, 512>(20, 1)) });
}

#[test]
fn a_flash_with_words_of_32_bytes_obeys_the_laws_of_every_store() {
    check(&Chip::<32, 1024> { layout: of_four(layout::<32, 1024>(11, 1)) });
}
