use fastrand::Rng;
use quorate_wire::seal::{Key, KeyId, Ring, RingError};

const KEYS: usize = KeyId::COUNT as usize;

/// Which of all keys that there ever were: each is made once, and their numbers come again.
pub(crate) type Serial = u64;

/// The keys that a machine has. They lie in a file, and outlive its processes and its disks.
pub(crate) struct Keyring {
    pub(crate) ring: Ring<KEYS>,
    /// How many numbers keys take in turn.
    numbers: u8,
    serials: [Option<Serial>; KEYS],
}

impl Keyring {
    /// With the first key of all.
    pub(crate) fn new(numbers: u8) -> Keyring {
        let mut serials = [None; KEYS];
        serials[0] = Some(0);
        Keyring { ring: Ring::new(id(0, numbers), key(0)), numbers, serials }
    }

    /// The number that this key has, or had.
    pub(crate) fn id(&self, serial: Serial) -> KeyId {
        id(serial, self.numbers)
    }

    /// Which key has this number here, if one has.
    pub(crate) fn serial(&self, number: u8) -> Option<Serial> {
        self.serials[usize::from(number)]
    }

    pub(crate) fn has(&self, serial: Serial) -> bool {
        self.serial(self.id(serial).number()) == Some(serial)
    }

    pub(crate) fn uses(&self, serial: Serial) -> bool {
        self.has(serial) && self.ring.used() == self.id(serial)
    }

    pub(crate) fn install(&mut self, serial: Serial) -> Result<(), RingError> {
        let id = self.id(serial);
        self.ring.install(id, key(serial))?;
        self.serials[usize::from(id.number())] = Some(serial);
        Ok(())
    }

    pub(crate) fn use_key(&mut self, serial: Serial) -> Result<(), RingError> {
        self.ring.use_key(self.id(serial))
    }

    pub(crate) fn remove(&mut self, serial: Serial) -> Result<(), RingError> {
        let id = self.id(serial);
        self.ring.remove(id)?;
        self.serials[usize::from(id.number())] = None;
        Ok(())
    }
}

fn id(serial: Serial, numbers: u8) -> KeyId {
    KeyId::new((serial % u64::from(numbers)) as u8).expect("there are at most 16 numbers")
}

fn key(serial: Serial) -> Key {
    let mut bytes = [0; Key::BYTES];
    Rng::with_seed(serial).fill(&mut bytes);
    Key::new(bytes)
}
