//! What an earlier run has left, read from the daemon.

use botswain_core::{Hash, RunId, StepId, plan::Version};

use crate::{
    client::{Client, Error},
    rehearsal::past::{PAGE, Source},
    views::{RunDetail, RunView},
};

/// Files larger than this are not taken along, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

impl Source for Client {
    type Error = Error;

    async fn run(&self, run: &RunId) -> Result<RunDetail, Error> {
        self.get(&format!("/api/v1/runs/{run}")).await
    }

    async fn items(
        &self,
        (run, step): (&RunId, &StepId),
        from: u64,
    ) -> Result<Vec<RunView>, Error> {
        let path = format!("/api/v1/runs/{run}/items/{step}?from={from}&limit={PAGE}");
        self.get(&path).await
    }

    async fn version(&self, hash: &Hash) -> Result<Version, Error> {
        let path = format!("/api/v1/versions/{}", hash.as_str());
        self.get(&path).await
    }

    async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>, Error> {
        let response = self.download(&format!("/api/v1/artifacts/{hash}")).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        Ok((bytes.len() <= LARGEST).then(|| bytes.to_vec()))
    }
}
