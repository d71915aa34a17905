//! The requests of one group, as they arrive.
//!
//! Each is drafted while the next ones come in. Whoever was answered a moment ago comes back
//! with the next request soon: a group that waits a little for them spares a sync of its own.
//! It does so until half as many are there as were answered last, so that while they are
//! written the others are prepared; and whoever comes alone waits for nobody.

use std::{
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use super::Request;

/// How many requests one group takes.
const GROUP: usize = 1024;
/// How many facts and changes, roughly: it bounds the memory of a group.
const WEIGHT: usize = 8192;
/// So many were answered together that they are likely to come back together.
const MANY: usize = 16;
/// How long a group waits for them, in all: less than most syncs take.
const LINGER: Duration = Duration::from_micros(300);

pub(super) struct Arriving<'a> {
    first: Option<Request>,
    requests: &'a Receiver<Request>,
    /// How many were answered last.
    expected: usize,
    count: usize,
    weight: usize,
    /// Until when the group waits, once nobody was there.
    until: Option<Instant>,
}

impl<'a> Arriving<'a> {
    pub(super) fn new(
        first: Request,
        requests: &'a Receiver<Request>,
        expected: usize,
    ) -> Arriving<'a> {
        Arriving {
            first: Some(first),
            requests,
            expected,
            count: 0,
            weight: 0,
            until: None,
        }
    }

    /// How many there were.
    pub(super) fn size(&self) -> usize {
        self.count
    }

    fn linger(&mut self) -> Option<Request> {
        if self.expected < MANY || self.count >= self.expected / 2 {
            return None;
        }
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + LINGER);
        let left = until.checked_duration_since(now)?;
        self.requests.recv_timeout(left).ok()
    }
}

impl Iterator for Arriving<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        if self.count >= GROUP || self.weight >= WEIGHT {
            return None;
        }
        let there = self.first.take().or_else(|| self.requests.try_recv().ok());
        let next = there.or_else(|| self.linger())?;
        self.count += 1;
        self.weight += weight(&next);
        Some(next)
    }
}

fn weight(request: &Request) -> usize {
    match request {
        Request::Append { batch, .. } => batch.facts.len() + batch.changes.len(),
        // Its texts may be a mebibyte.
        Request::Version { .. } => WEIGHT / 4,
        Request::Raw { writes, .. } => writes.len(),
        Request::Index { .. } => 8,
        Request::Check { .. } | Request::Inspect(_) => WEIGHT,
    }
}
