//! How many attempts started within the last minute.
//!
//! The starts themselves are kept, so that no minute, wherever it begins, has
//! more of them than it may.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(super) struct Window {
    /// The oldest first.
    starts: VecDeque<Timestamp>,
}

impl Window {
    /// After a clock was set back nobody waits for the time that it was set back by.
    pub(super) fn see(&mut self, now: Timestamp) {
        for start in self
            .starts
            .iter_mut()
            .rev()
            .take_while(|start| **start > now)
        {
            *start = now;
        }
    }

    pub(super) fn note(&mut self, now: Timestamp) {
        while self
            .starts
            .front()
            .is_some_and(|start| !is_within(*start, now))
        {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
    }

    pub(super) fn count(&self, now: Timestamp) -> u32 {
        let within = self
            .starts
            .iter()
            .rev()
            .take_while(|start| is_within(**start, now));
        u32::try_from(within.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn has_room(&self, most: Option<u32>, now: Timestamp) -> bool {
        self.opens_at(most, now).is_none()
    }

    /// When one more may start; now when absent.
    pub(super) fn opens_at(&self, most: Option<u32>, now: Timestamp) -> Option<Timestamp> {
        let most = usize::try_from(most?).unwrap_or(usize::MAX);
        // The one that has to be a minute old first.
        let last = self.starts.iter().rev().nth(most.checked_sub(1)?)?;
        is_within(*last, now).then(|| last.saturating_add(MINUTE).unwrap_or(Timestamp::MAX))
    }
}

fn is_within(start: Timestamp, now: Timestamp) -> bool {
    now.duration_since(start) < MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1000 + second)
    }

    #[test]
    fn no_minute_has_more_than_it_may() {
        let mut window = Window::default();
        for second in [0, 30, 59] {
            assert!(window.has_room(Some(3), at(second)), "{second}");
            window.note(at(second));
        }
        assert_eq!(window.opens_at(Some(3), at(59)), Some(at(60)));
        assert_eq!(window.count(at(59)), 3);
        window.note(at(60));
        assert_eq!(window.opens_at(Some(3), at(60)), Some(at(90)));
        assert_eq!(window.opens_at(None, at(60)), None, "nothing is said");
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_up_for_longer_than_a_minute() {
        let mut window = Window::default();
        window.note(at(3600));
        window.see(at(0));
        assert_eq!(window.opens_at(Some(1), at(0)), Some(at(60)));
        window.see(at(30));
        assert_eq!(window.opens_at(Some(1), at(30)), Some(at(60)));
        assert!(window.has_room(Some(1), at(60)));
    }
}
