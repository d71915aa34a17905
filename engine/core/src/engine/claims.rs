//! Keys whose claim is on its way to the disk.
//!
//! The store answers for what is durable; this answers for what is not yet.

use std::collections::BTreeMap;

use super::event::Holder;
use crate::{
    fault::Fault,
    ids::RunId,
    index::{Claim, ClaimKey},
    run::fact::Key,
    value::Payload,
};

#[derive(Default)]
pub(super) struct Claims {
    in_flight: BTreeMap<ClaimKey, Claim>,
}

/// What a run may make of a key.
pub(super) enum Right {
    /// It is its own.
    Ours,
    /// It is another's, for the same data.
    Duplicate(Holder),
    /// It is another's, for other data.
    Conflict(Fault),
}

impl Claims {
    /// Whose key it is. `durable` is what the store said when the event was handed over.
    pub(super) fn right(
        &self,
        run: &RunId,
        claim: &ClaimKey,
        key: &Key,
        durable: Option<Holder>,
    ) -> Right {
        let in_flight = self.in_flight.get(claim).cloned();
        let in_flight = in_flight.map(|claim| Holder {
            claim,
            output: Payload::NULL,
        });
        match in_flight.or(durable) {
            None => Right::Ours,
            Some(holder) if holder.claim.run == *run => Right::Ours,
            Some(holder) if holder.claim.data == key.data => Right::Duplicate(holder),
            Some(holder) => Right::Conflict(conflict(key, &holder.claim.run)),
        }
    }

    pub(super) fn begin(&mut self, claim: &ClaimKey, by: &Claim) {
        self.in_flight.insert(claim.clone(), by.clone());
    }

    /// What this run has claimed or given back is durable. Another may have claimed it since.
    pub(super) fn durable(&mut self, claim: &ClaimKey, run: &RunId) {
        if self.in_flight.get(claim).is_some_and(|by| by.run == *run) {
            self.in_flight.remove(claim);
        }
    }
}

fn conflict(key: &Key, other: &RunId) -> Fault {
    let message = format!(
        "the key `{}` was used before, by run {other}, with other data",
        key.text
    );
    Fault::business("key.conflict", message)
        .hint("compare the two; correct the data here, or skip this one")
}
