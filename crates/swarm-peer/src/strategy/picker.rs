//! Which piece to begin next: the rarest, ties at random.

use bit_vec::BitVec;
use fastrand::Rng;

/// Stands for "not among the pieces to begin".
const NOWHERE: u32 = u32::MAX;

/// The pieces that are wanted and not begun, in the order of how many peers have them.
///
/// One array sorted by that number, with the borders between equal numbers; a piece whose number changes by one moves by one
/// exchange across one border. Peers that have everything are not counted: they change no order.
#[derive(Debug)]
pub(crate) struct Picker {
    order: Vec<u32>,
    /// Where each piece stands in `order`.
    place: Vec<u32>,
    /// How many peers have each piece.
    count: Vec<u32>,
    /// `ends[c]` is where the pieces that `c` peers have end. The last is the length of `order`.
    ends: Vec<u32>,
}

impl Picker {
    /// Nobody has anything; the pieces in `have` need not be begun.
    pub(crate) fn new(have: &BitVec, rng: &mut Rng) -> Self {
        let pieces = u32::try_from(have.len()).unwrap_or(NOWHERE);
        let mut order: Vec<u32> = (0..pieces).zip(have).filter(|(_, have)| !have).map(|(p, _)| p).collect();
        // Equally rare pieces keep this order, so that a cyclic search from a random place takes any of them.
        rng.shuffle(&mut order);
        let mut picker = Self {
            place: vec![NOWHERE; have.len()],
            count: vec![0; have.len()],
            ends: vec![u32::try_from(order.len()).unwrap_or(NOWHERE)],
            order,
        };
        for at in 0..picker.order.len() {
            picker.settle(at);
        }
        picker
    }

    /// Whether no piece is left to begin.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether this piece is wanted and not begun.
    pub(crate) fn holds(&self, piece: u32) -> bool {
        self.place_of(piece) != NOWHERE
    }

    /// How many peers have it, those that have everything apart.
    pub(crate) fn count(&self, piece: u32) -> u32 {
        self.count.get(piece as usize).copied().unwrap_or_default()
    }

    /// One more peer has it.
    pub(crate) fn more(&mut self, piece: u32) {
        let count = self.count(piece) as usize;
        self.set_count(piece, count + 1);
        if self.ends.len() <= count + 1 {
            self.ends.resize(count + 2, u32::try_from(self.order.len()).unwrap_or(NOWHERE));
        }
        if self.holds(piece) {
            self.up(piece, count);
        }
    }

    /// One peer fewer has it.
    pub(crate) fn fewer(&mut self, piece: u32) {
        let Some(count) = (self.count(piece) as usize).checked_sub(1) else { return };
        self.set_count(piece, count);
        if self.holds(piece) {
            self.down(piece, count);
        }
    }

    /// It is begun.
    pub(crate) fn take(&mut self, piece: u32) {
        if !self.holds(piece) {
            return;
        }
        for count in self.count(piece) as usize..self.ends.len() {
            self.up(piece, count);
        }
        self.order.pop();
        self.set_place(piece, NOWHERE);
    }

    /// It has to be begun again.
    pub(crate) fn give_back(&mut self, piece: u32) {
        if self.holds(piece) {
            return;
        }
        self.order.push(piece);
        self.settle(self.order.len() - 1);
        for count in (self.count(piece) as usize..self.ends.len()).rev() {
            self.down(piece, count);
        }
    }

    /// The rarest of the `wanted` pieces.
    pub(crate) fn rarest(&self, wanted: impl Fn(u32) -> bool, rng: &mut Rng) -> Option<u32> {
        let mut start = 0;
        for &end in &self.ends {
            let equal = self.order.get(start as usize..end as usize).unwrap_or_default();
            if !equal.is_empty() {
                let (before, after) = equal.split_at(rng.usize(..equal.len()));
                let found = after.iter().chain(before).find(|piece| wanted(**piece));
                if found.is_some() {
                    return found.copied();
                }
            }
            start = end;
        }
        None
    }

    /// Moves a piece from the pieces that `count` peers have to the next ones: it changes places with the last of its own.
    fn up(&mut self, piece: u32, count: usize) {
        let Some(end) = self.ends.get_mut(count) else { return };
        *end -= 1;
        let to = *end as usize;
        self.exchange(piece, to);
    }

    /// Moves a piece down to the pieces that `count` peers have.
    fn down(&mut self, piece: u32, count: usize) {
        let Some(end) = self.ends.get_mut(count) else { return };
        let to = *end as usize;
        *end += 1;
        self.exchange(piece, to);
    }

    fn exchange(&mut self, piece: u32, to: usize) {
        let from = self.place_of(piece) as usize;
        if from < self.order.len() && to < self.order.len() {
            self.order.swap(from, to);
            self.settle(from);
            self.settle(to);
        }
    }

    /// Notes where the piece that stands there stands.
    fn settle(&mut self, at: usize) {
        if let Some(piece) = self.order.get(at).copied() {
            self.set_place(piece, u32::try_from(at).unwrap_or(NOWHERE));
        }
    }

    fn place_of(&self, piece: u32) -> u32 {
        self.place.get(piece as usize).copied().unwrap_or(NOWHERE)
    }

    fn set_place(&mut self, piece: u32, at: u32) {
        if let Some(place) = self.place.get_mut(piece as usize) {
            *place = at;
        }
    }

    fn set_count(&mut self, piece: u32, to: usize) {
        if let Some(count) = self.count.get_mut(piece as usize) {
            *count = u32::try_from(to).unwrap_or(NOWHERE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;
    use proptest::prelude::*;

    /// Against a model that counts and sorts.
    fn agrees(picker: &Picker, counts: &[u32], open: &[bool]) {
        let sorted = picker.order.iter().map(|piece| counts[*piece as usize]);
        assert!(sorted.clone().is_sorted(), "{picker:?}");
        assert_eq!(picker.order.len(), open.iter().filter(|open| **open).count());
        assert!(picker.order.iter().all(|piece| open[*piece as usize]));
        for (at, piece) in picker.order.iter().enumerate() {
            assert_eq!(picker.place[*piece as usize] as usize, at);
        }
        for (count, end) in picker.ends.iter().enumerate() {
            assert_eq!(*end as usize, sorted.clone().filter(|found| *found as usize <= count).count());
        }
    }

    proptest! {
        #[test]
        fn stays_sorted_whatever_comes(steps in prop::collection::vec((0_u32..12, 0..4), 0..200)) {
            let mut rng = Rng::with_seed(1);
            let mut picker = Picker::new(&BitVec::from_elem(12, false), &mut rng);
            let (mut counts, mut open) = ([0_u32; 12], [true; 12]);
            for (piece, step) in steps {
                let at = piece as usize;
                match step {
                    0 => { picker.more(piece); counts[at] += 1; }
                    1 => { picker.fewer(piece); counts[at] = counts[at].saturating_sub(1); }
                    2 => { picker.take(piece); open[at] = false; }
                    _ => { picker.give_back(piece); open[at] = true; }
                }
                agrees(&picker, &counts, &open);
                let rarest = picker.rarest(|_| true, &mut rng).map(|piece| counts[piece as usize]);
                prop_assert_eq!(rarest, (0..12).filter(|at| open[*at]).map(|at| counts[at]).min());
            }
        }
    }

    #[test]
    fn ties_are_broken_at_random_and_only_what_the_peer_has_is_taken() {
        let mut rng = Rng::with_seed(7);
        let picker = Picker::new(&BitVec::from_elem(100, false), &mut rng);
        let mut seen: Vec<u32> = (0..400).filter_map(|_| picker.rarest(|_| true, &mut rng)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 80, "only {} different pieces", seen.len());
        assert_eq!(picker.rarest(|_| false, &mut rng), None);
        assert_eq!(picker.rarest(|piece| piece == 42, &mut rng), Some(42));
    }
}
