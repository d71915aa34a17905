//! Runs computed again from their facts, with the versions they follow.

use std::{collections::HashMap, sync::Arc};

use botswain_core::{
    Hash, RunId,
    engine::rebuild::{Rebuilt, rebuild},
    plan::Version,
    run::fact::{Fact, What},
};

use crate::{backend::Backend, error::ReadError, key, record, store::Entries};

/// How many versions are kept at hand.
const VERSIONS: usize = 64;

/// Reads facts and folds them.
pub(crate) struct Rebuilder<'a> {
    pub(crate) backend: &'a dyn Backend,
    versions: HashMap<Hash, Arc<Version>>,
}

impl<'a> Rebuilder<'a> {
    pub(crate) fn new(backend: &'a dyn Backend) -> Rebuilder<'a> {
        Rebuilder {
            backend,
            versions: HashMap::new(),
        }
    }

    /// The run as its facts give it; the inner error says in words why they give none.
    pub(crate) fn of(&mut self, run: &RunId) -> Result<Result<Rebuilt, String>, ReadError> {
        match self.facts(run) {
            Ok(facts) => self.fold(run, &facts),
            Err(ReadError::Damaged(why)) => Ok(Err(why)),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn fold(
        &mut self,
        run: &RunId,
        facts: &[Fact],
    ) -> Result<Result<Rebuilt, String>, ReadError> {
        let Some(What::Created(created)) = facts.first().map(|fact| &fact.what) else {
            return Ok(Err(match facts.is_empty() {
                true => "the run has no facts".to_owned(),
                false => "its first fact does not say how it was created".to_owned(),
            }));
        };
        let Some(version) = self.version(&created.version)? else {
            return Ok(Err(format!("its version {} is missing", created.version)));
        };
        let mut newer = Vec::new();
        for hash in facts.iter().filter_map(|fact| fact.what.upgrade()) {
            let Some(version) = self.version(hash)? else {
                return Ok(Err(format!("its version {hash} is missing")));
            };
            newer.push((hash.clone(), version));
        }
        let rebuilt = rebuild(run.clone(), version, &newer, facts);
        Ok(rebuilt.map_err(|illegal| format!("its facts contradict each other: {illegal}")))
    }

    fn facts(&self, run: &RunId) -> Result<Vec<Fact>, ReadError> {
        let mut facts = Vec::new();
        for entry in Entries::new(self.backend, key::below(&key::facts(run))) {
            let (key, bytes) = entry?;
            if key::seq(&key) != Some(facts.len() as u64) {
                let why = format!("fact {} of run {run} is missing", facts.len());
                return Err(ReadError::Damaged(why));
            }
            facts.push(record::decode(&key, &bytes)?);
        }
        Ok(facts)
    }

    pub(crate) fn version(&mut self, hash: &Hash) -> Result<Option<Arc<Version>>, ReadError> {
        if let Some(version) = self.versions.get(hash) {
            return Ok(Some(version.clone()));
        }
        let key = key::version(hash);
        let Some(bytes) = self.backend.get(&key)? else {
            return Ok(None);
        };
        let version: Arc<Version> = Arc::new(record::decode(&key, &bytes)?);
        if self.versions.len() >= VERSIONS {
            self.versions.clear();
        }
        self.versions.insert(hash.clone(), version.clone());
        Ok(Some(version))
    }
}
