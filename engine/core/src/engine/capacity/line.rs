//! Who waits for a place: runs take turns, and within a run first come is first served.
//!
//! A run is here what somebody started, with all its items: one that wants a
//! thousand places does not keep another waiting that wants one.

use std::collections::{BTreeMap, VecDeque};

use super::Place;

/// Whether somebody who waits can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Standing {
    /// It wants to start.
    Ready,
    /// Something of it is on its way to the disk: it keeps its place in the line.
    Busy,
    /// It does not want to start any more.
    Gone,
}

/// Invariant: each run in `turns` has somebody in `places`, and the other way round.
#[derive(Default)]
pub(super) struct Line {
    /// The numbers of the runs, the next one first.
    turns: VecDeque<u64>,
    places: BTreeMap<u64, VecDeque<Place>>,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values().flatten()
    }

    pub(super) fn push(&mut self, place: Place) {
        let run = place.0.number();
        let places = self.places.entry(run).or_default();
        if places.is_empty() {
            self.turns.push_back(run);
        }
        places.push_back(place);
    }

    pub(super) fn remove(&mut self, place: &Place) {
        let run = place.0.number();
        if let Some(places) = self.places.get_mut(&run) {
            places.retain(|waiting| waiting != place);
            self.forget_if_empty(run);
        }
    }

    /// Takes the next one out that is ready, and those before it that are gone.
    pub(super) fn take(
        &mut self,
        standing: &mut impl FnMut(&Place) -> Standing,
    ) -> (Option<Place>, Vec<Place>) {
        let mut gone = Vec::new();
        for run in self.turns.clone() {
            let next = self.take_of(run, standing, &mut gone);
            if next.is_some() {
                // Its next turn comes after everybody else's.
                self.turns.retain(|turn| *turn != run);
                self.turns.push_back(run);
            }
            self.forget_if_empty(run);
            if next.is_some() {
                return (next, gone);
            }
        }
        (None, gone)
    }

    fn take_of(
        &mut self,
        run: u64,
        standing: &mut impl FnMut(&Place) -> Standing,
        gone: &mut Vec<Place>,
    ) -> Option<Place> {
        let places = self.places.get_mut(&run)?;
        let mut at = 0;
        while let Some(place) = places.get(at) {
            match standing(place) {
                Standing::Ready => return places.remove(at),
                Standing::Busy => at += 1,
                Standing::Gone => gone.extend(places.remove(at)),
            }
        }
        None
    }

    fn forget_if_empty(&mut self, run: u64) {
        if self.places.get(&run).is_some_and(VecDeque::is_empty) {
            self.places.remove(&run);
            self.turns.retain(|turn| *turn != run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RunId;

    fn place(run: u64, item: u64) -> Place {
        (
            RunId::root(run).item(&"enter".into(), item),
            "form".into(),
            1,
        )
    }

    fn taken(line: &mut Line, mut standing: impl FnMut(&Place) -> Standing) -> Option<Place> {
        line.take(&mut standing).0
    }

    #[test]
    fn runs_take_turns() {
        let mut line = Line::default();
        for (run, item) in [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (2, 1)] {
            line.push(place(run, item));
        }
        let order: Vec<Place> =
            std::iter::from_fn(|| taken(&mut line, |_| Standing::Ready)).collect();
        let expected = [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)];
        assert_eq!(order, expected.map(|(run, item)| place(run, item)));
        assert!(line.is_empty());
    }

    #[test]
    fn who_is_busy_keeps_its_place_and_who_is_gone_loses_it() {
        let mut line = Line::default();
        for (run, item) in [(1, 0), (1, 1), (2, 0)] {
            line.push(place(run, item));
        }
        let first_is_busy = |it: &Place| match *it == place(1, 0) {
            true => Standing::Busy,
            false => Standing::Ready,
        };
        assert_eq!(taken(&mut line, first_is_busy), Some(place(1, 1)));
        let first_is_gone = |it: &Place| match *it == place(1, 0) {
            true => Standing::Gone,
            false => Standing::Ready,
        };
        assert_eq!(taken(&mut line, first_is_gone), Some(place(2, 0)));
        assert_eq!(line.take(&mut { first_is_gone }), (None, vec![place(1, 0)]));
        assert!(line.is_empty());
    }
}
