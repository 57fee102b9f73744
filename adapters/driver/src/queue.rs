use heapless::Deque;

/// Where those stand who wait: a queue of bounded length, in memory that the host chooses.
pub trait Queue<T>: Default {
    /// The most that can stand here.
    fn capacity(&self) -> usize;

    /// How many do.
    fn len(&self) -> usize;

    /// Whether nobody does.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts one at the end, where there is room.
    fn push(&mut self, last: T);

    /// Takes the first.
    fn pop(&mut self) -> Option<T>;

    /// From the first to the last.
    fn iter<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a;

    /// From the last to the first.
    fn iter_mut_back<'a>(&'a mut self) -> impl Iterator<Item = &'a mut T>
    where
        T: 'a;
}

impl<T, const MAX: usize> Queue<T> for Deque<T, MAX> {
    fn capacity(&self) -> usize {
        MAX
    }

    fn len(&self) -> usize {
        Deque::len(self)
    }

    fn push(&mut self, last: T) {
        debug_assert!(!self.is_full(), "there is room");
        let _ = self.push_back(last);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn iter<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        Deque::iter(self)
    }

    fn iter_mut_back<'a>(&'a mut self) -> impl Iterator<Item = &'a mut T>
    where
        T: 'a,
    {
        Deque::iter_mut(self).rev()
    }
}
