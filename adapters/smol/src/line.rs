use std::collections::VecDeque;

use quorate_driver::Queue;

/// The most commands, and the most reads, that wait for their answer at a node. Beyond it they are refused.
const WAITING_MAX: usize = 4096;

/// Those who wait at a node. Memory comes as they do.
pub(crate) struct Line<T>(VecDeque<T>);

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line(VecDeque::new())
    }
}

impl<T> Queue<T> for Line<T> {
    fn capacity(&self) -> usize {
        WAITING_MAX
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn push(&mut self, last: T) {
        self.0.push_back(last);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn iter<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.0.iter()
    }

    fn iter_mut_back<'a>(&'a mut self) -> impl Iterator<Item = &'a mut T>
    where
        T: 'a,
    {
        self.0.iter_mut().rev()
    }
}
