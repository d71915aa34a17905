//! What an earlier run has left, read from the daemon.

use botswain_core::{Hash, RunId, StepId, plan::Version};

use super::outcome::Failure;
use crate::{
    client::Client,
    rehearsal::past::{PAGE, Source},
    views::{RunDetail, RunView},
};

/// Files larger than this are not taken along, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

impl Source for Client {
    type Error = Failure;

    async fn run(&self, run: &RunId) -> Result<RunDetail, Failure> {
        Ok(self.get(&format!("/api/v1/runs/{run}")).await?)
    }

    async fn items(
        &self,
        (run, step): (&RunId, &StepId),
        from: u64,
    ) -> Result<Vec<RunView>, Failure> {
        let path = format!("/api/v1/runs/{run}/items/{step}?from={from}&limit={PAGE}");
        Ok(self.get(&path).await?)
    }

    async fn version(&self, hash: &Hash) -> Result<Version, Failure> {
        let path = format!("/api/v1/versions/{}", hash.as_str());
        Ok(self.get(&path).await?)
    }

    async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>, Failure> {
        let response = self.download(&format!("/api/v1/artifacts/{hash}")).await?;
        let bytes = response.bytes().await.map_err(Failure::of)?;
        Ok((bytes.len() <= LARGEST).then(|| bytes.to_vec()))
    }
}
