//! What a draft writes of a run: its summary, the lists it stands in, and its parent's tally.
//!
//! In goes a run's new summary, out come the records that it moves. What is known of the run from
//! one append to the next (its head) says what lies under their keys, so that little is read.

use botswain_core::index::{State, Summary, Tally};

use super::{
    Before, Draft, NOTHING, Written, encoded,
    head::{Head, Listed, Standing, check_run},
    newest,
};
use crate::{
    error::{AppendError, ReadError},
    key::{self, Key},
    record::{self, Trace, Unnumbered},
};

impl Draft<'_> {
    pub(super) fn run(
        &mut self,
        before: Option<State>,
        after: &Summary,
        (records, place): (&Unnumbered, record::Place),
    ) -> Result<(), AppendError> {
        let key = key::summary(&after.id);
        let mut head = self.head(&after.id)?.clone();
        let (stored, lies) = self.standing(&head, &key)?;
        check_run((before, stored.as_ref()), after, head.facts)?;
        let state = stored.as_ref().map(|stored| stored.state);
        if let Some((parent, step, _)) = &after.parent {
            self.count(key::tally(parent, step), state, after.state)?;
        }
        // Its workflow and its parent stay, so only its state moves it.
        let listed = match &stored {
            Some(stored) if stored.state == after.state => stored.listed.clone(),
            _ => self.list(stored.as_ref(), after, head.is_new),
        };
        let bytes = records.numbered(place, &key, newest(self.next));
        let trace = Trace::of(&key, &bytes);
        head.stands = Some(match stored {
            Some(stored) => Standing {
                state: after.state,
                trace,
                listed,
                ..stored
            },
            None => Standing::of(after, trace, listed),
        });
        head.is_new = false;
        let written = Written {
            before: lies,
            after: Some(bytes),
        };
        self.writes.push((key, written));
        self.know(&after.id, head);
        if after.state.has_ended() {
            self.ended.push(after.id.clone());
        }
        Ok(())
    }

    /// How a run stands, and what lies under the key of its summary.
    fn standing(&self, head: &Head, key: &[u8]) -> Result<(Option<Standing>, Before), ReadError> {
        if head.is_new {
            return Ok((None, NOTHING));
        }
        if let Some(stands) = &head.stands {
            let lies = Before::Known(Some(stands.trace));
            return Ok((Some(stands.clone()), lies));
        }
        let (found, lies) = self.find(key)?;
        let Some(bytes) = found else {
            return Ok((None, lies));
        };
        let summary: Summary = record::decode(key, &bytes)?;
        let trace = Trace::of(key, &bytes);
        Ok((Some(Standing::of(&summary, trace, None)), lies))
    }

    /// Moves a run from list to list. What then stands in those of its state is known if all
    /// that ever stood there is.
    fn list(&mut self, stored: Option<&Standing>, after: &Summary, is_new: bool) -> Option<Listed> {
        let known: Option<&[_]> = match stored {
            None if is_new => Some(&[]),
            None => None,
            Some(stored) => stored.listed.as_deref(),
        };
        // A store may list what an older Botswain has listed.
        let lies = known.map_or(Before::Unread, |_| NOTHING);
        if stored.is_none() {
            for list in key::lasting_lists(after) {
                self.put(list, lies, &after.id);
            }
        }
        let old = stored.map(|stored| key::lists_by_state(after, stored.state));
        let old = old.unwrap_or_default();
        let new = key::lists_by_state(after, after.state);
        for left in old.iter().filter(|list| !new.contains(list)) {
            let listed = known.and_then(|known| known.iter().find(|(list, _)| list == left));
            let lies = listed.map_or(Before::Unread, |(_, trace)| Before::Known(Some(*trace)));
            self.remove(left.clone(), lies);
        }
        let kept = known.unwrap_or_default().iter();
        let mut listed: Vec<(Key, Trace)> = kept
            .filter(|(list, _)| new.contains(list))
            .cloned()
            .collect();
        for joined in new.into_iter().filter(|list| !old.contains(list)) {
            let bytes = encoded(&joined, self.next, &after.id);
            listed.push((joined.clone(), Trace::of(&joined, &bytes)));
            let after = Some(bytes);
            let before = lies;
            self.writes.push((joined, Written { before, after }));
        }
        known.map(|_| listed.into())
    }

    fn count(&mut self, key: Key, before: Option<State>, after: State) -> Result<(), AppendError> {
        if before == Some(after) {
            return Ok(());
        }
        let (tally, lies) = self.get(&key)?;
        let mut tally: Tally = tally.unwrap_or_default();
        if before.is_some_and(|before| counted(&tally, before) == 0) {
            return Err(record::damaged(&key, "counts less than there is").into());
        }
        tally.shift(before, after);
        self.put(key, lies, &tally);
        Ok(())
    }
}

fn counted(tally: &Tally, state: State) -> u64 {
    match state {
        State::Succeeded => tally.succeeded,
        State::Skipped => tally.skipped,
        State::Failed => tally.failed,
        State::Cancelled => tally.cancelled,
        State::Parked => tally.parked,
        State::Queued | State::Running | State::Waiting => tally.active,
    }
}
