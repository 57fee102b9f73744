use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;

use super::files::{Files, Image, Names, overwrite};

/// What a device is taken to write as a whole or not at all.
const SECTOR: usize = 512;
/// How many choices of changes of names are looked at.
const NAMINGS: u64 = 16;

/// How many crash states of one moment are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most bytes at which one write is cut, beside those around the borders of its sectors.
    pub cuts: usize,
    /// The most choices of which sectors arrived, and in which version. If there are more, so many are drawn.
    pub mixes: usize,
    /// One of so many recoveries is cut off as well.
    pub recoveries: usize,
    /// Of one of so many crash states, a bit of a snapshot flips.
    pub rots: usize,
}

impl Bounds {
    /// Enough to go through a run in seconds.
    pub const QUICK: Bounds = Bounds { cuts: 6, mixes: 16, recoveries: 50, rots: 8 };
}

/// What one power cut left.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    pub(crate) image: Image,
    /// In words.
    pub(crate) story: String,
}

/// Shows every state that a power cut may leave at this moment, within the bounds, and each once.
///
/// What is synced is there. Of the writes that are not, the first few are, and perhaps a part from the front of the
/// next one; or else each sector on its own is as it was before any of them, or after one of them. Of the changes of
/// names, any are there.
pub(crate) fn visit<E>(
    files: &Files,
    bounds: Bounds,
    rng: &mut Rng,
    mut show: impl FnMut(Crash) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = HashSet::new();
    let namings = namings(files, rng);
    let is_pending = |file: usize| files.pending.iter().any(|write| write.file == file);
    let (changing, settled): (Vec<usize>, Vec<usize>) = (0..files.durable.len()).partition(|file| is_pending(*file));
    let mut digests = vec![0; files.durable.len()];
    settled.into_iter().for_each(|file| digests[file] = digest(&files.durable[file]));
    let mut show = |contents: &[Vec<u8>], story: &dyn Fn() -> String| {
        changing.iter().for_each(|file| digests[*file] = digest(&contents[*file]));
        for (chosen, names) in &namings {
            let files_there: Vec<_> = names.iter().map(|(name, file)| (name, digests[*file])).collect();
            if seen.insert(digest(&files_there)) {
                let changes = files.pending_names.len();
                let story = format!("{}, of {changes} changes of names those in {chosen:#b}", story());
                show(Crash { image: image(contents, names), story })?;
            }
        }
        Ok(())
    };
    fronts(files, bounds, rng, &mut show)?;
    mixes(files, bounds, rng, &mut show)
}

/// One state, drawn at random.
pub(crate) fn any(files: &Files, rng: &mut Rng) -> Crash {
    let mut states = Vec::new();
    let bounds = Bounds { cuts: 4, mixes: 8, recoveries: 1, rots: 1 };
    let Ok(()) = visit(files, bounds, rng, |crash| {
        states.push(crash);
        Ok::<(), std::convert::Infallible>(())
    });
    states.swap_remove(rng.usize(..states.len()))
}

type Show<'a, E> = &'a mut dyn FnMut(&[Vec<u8>], &dyn Fn() -> String) -> Result<(), E>;

/// The writes arrived in their order, up to some byte.
fn fronts<E>(files: &Files, bounds: Bounds, rng: &mut Rng, show: Show<'_, E>) -> Result<(), E> {
    let mut contents = files.durable.clone();
    show(&contents, &|| "nothing that was not synced".into())?;
    for (number, write) in files.pending.iter().enumerate() {
        for cut in cuts(write.bytes.len(), bounds.cuts, rng) {
            let mut torn = contents.clone();
            write.apply_front(cut, &mut torn);
            show(&torn, &|| format!("{number} writes that were not synced, and {cut} bytes of the next"))?;
        }
        write.apply(&mut contents);
        show(&contents, &|| format!("{} writes that were not synced", number + 1))?;
    }
    Ok(())
}

/// Where a write of this length is cut: around each sector's border, and in so many other places.
fn cuts(length: usize, places: usize, rng: &mut Rng) -> Vec<usize> {
    if places >= length {
        return (1..length).collect();
    }
    let borders = (0..=length).step_by(SECTOR).flat_map(|border| border.saturating_sub(1)..=border + 1);
    let mut cuts: Vec<usize> = borders.chain((0..places).map(|_| rng.usize(..length))).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.retain(|cut| (1..length).contains(cut));
    cuts
}

/// A sector of a file that some writes have changed.
struct Sector {
    file: usize,
    offset: usize,
    /// What stood or stands there: before any of the writes, and after each that touched it.
    versions: Vec<Vec<u8>>,
}

/// Each sector arrived in some version, whatever the others did.
fn mixes<E>(files: &Files, bounds: Bounds, rng: &mut Rng, show: Show<'_, E>) -> Result<(), E> {
    let sectors = sectors(files);
    let count = sectors.iter().try_fold(1_usize, |count, sector| count.checked_mul(sector.versions.len()));
    let is_all = count.is_some_and(|count| count <= bounds.mixes);
    for number in 0..count.filter(|_| is_all).unwrap_or(bounds.mixes) {
        let mut rest = number;
        let mut contents = files.durable.clone();
        for sector in &sectors {
            let versions = sector.versions.len();
            let version = if is_all { rest % versions } else { rng.usize(..versions) };
            rest /= versions;
            if version > 0 {
                overwrite(&mut contents[sector.file], sector.offset, &sector.versions[version]);
            }
        }
        show(&contents, &|| format!("mix {number} of the {} sectors that were not synced", sectors.len()))?;
    }
    Ok(())
}

fn sectors(files: &Files) -> Vec<Sector> {
    let mut sectors: Vec<Sector> = Vec::new();
    let mut contents = files.durable.clone();
    for write in &files.pending {
        write.apply(&mut contents);
        for offset in (write.offset / SECTOR * SECTOR..write.end()).step_by(SECTOR) {
            let read = |contents: &[Vec<u8>]| {
                let file = &contents[write.file];
                file[offset.min(file.len())..(offset + SECTOR).min(file.len())].to_vec()
            };
            let known = sectors.iter().position(|sector| (sector.file, sector.offset) == (write.file, offset));
            let place = known.unwrap_or_else(|| {
                sectors.push(Sector { file: write.file, offset, versions: vec![read(&files.durable)] });
                sectors.len() - 1
            });
            sectors[place].versions.push(read(&contents));
        }
    }
    sectors
}

/// The names as they may be: each of the changes that were not synced is there or not, whatever the others are. If
/// there are too many choices, all that are there in their order, and some that are drawn. Which were chosen is told by
/// bits.
fn namings(files: &Files, rng: &mut Rng) -> Vec<(u64, Names)> {
    let changes = &files.pending_names;
    let all = 1_u64 << changes.len();
    let chosen: BTreeSet<u64> = match all <= NAMINGS {
        true => (0..all).collect(),
        false => {
            (0..=changes.len()).map(|first| (1 << first) - 1).chain((0..NAMINGS).map(|_| rng.u64(..all))).collect()
        }
    };
    let names = |chosen: u64| {
        let mut names = files.names.clone();
        let arrived = changes.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
        arrived.for_each(|(_, change)| change.apply(&mut names));
        names
    };
    chosen.into_iter().map(|chosen| (chosen, names(chosen))).collect()
}

fn image(contents: &[Vec<u8>], names: &Names) -> Image {
    names.iter().map(|(name, file)| (name.clone(), contents[*file].clone())).collect()
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
