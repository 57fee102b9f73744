use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use super::mix::digest;
use super::names::{Digests, Names};

/// Values by number.
pub(crate) struct Known<T> {
    numbers: HashMap<Rc<T>, u32>,
    values: Vec<Rc<T>>,
    pub(crate) digests: Vec<Digests>,
}

impl<T: Hash + Eq> Known<T> {
    pub(crate) fn new() -> Known<T> {
        Known { numbers: HashMap::new(), values: Vec::new(), digests: Vec::new() }
    }

    /// Its number, and whether it is new. `named` gives it another name.
    pub(crate) fn add(&mut self, value: T, names: &[Names], named: impl Fn(&T, &Names) -> T) -> (u32, bool) {
        if let Some(number) = self.numbers.get(&value) {
            return (*number, false);
        }
        let mut digests = Digests::default();
        digests.iter_mut().zip(names).for_each(|(place, names)| *place = digest(&named(&value, names)));
        let (number, value) = (self.values.len() as u32, Rc::new(value));
        self.numbers.insert(Rc::clone(&value), number);
        self.values.push(value);
        self.digests.push(digests);
        (number, true)
    }

    pub(crate) fn get(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}
