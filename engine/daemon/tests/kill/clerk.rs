//! The person at the exception queue, who only says what is true.
//!
//! What is in doubt is looked up in the supplier's ledger, after everything that
//! was sent before has been dealt with: it happened, with the number it got, or
//! it did not. Whatever else is parked is tried again.

use std::{sync::Arc, time::Duration};

use botswain::{
    api::{Decision, Resolving},
    views::{ExceptionDetail, ExceptionView},
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{house::House, supplier::Supplier};

/// Between two looks at the queue.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(crate) struct Clerk {
    pub(crate) house: Arc<House>,
    pub(crate) supplier: Arc<Supplier>,
}

/// How a decision is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Api,
    CommandLine,
}

impl Clerk {
    /// Looks again and again, also while daemons die.
    pub(crate) async fn work(self) {
        loop {
            // A daemon that has just died is no reason to stop; what is open stays open.
            drop(self.look(By::Api, 1000).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Decides what is open, so many at most; gives how many were.
    pub(crate) async fn look(&self, by: By, limit: usize) -> Result<usize, String> {
        let path = format!("/api/v1/exceptions?limit={limit}");
        let open: Vec<ExceptionView> = self.house.get(&path).await?;
        // Only now, for what is in doubt may still be on its way to the supplier.
        self.supplier.settled().await;
        for exception in &open {
            self.decide(exception, by).await?;
        }
        Ok(open.len())
    }

    async fn decide(&self, exception: &ExceptionView, by: By) -> Result<(), String> {
        let path = format!("/api/v1/exceptions/{}", exception.id);
        let detail: ExceptionDetail = self.house.get(&path).await?;
        let happened = self.happened(&detail);
        match by {
            By::Api => {
                let resolving = Resolving {
                    decision: happened.map_or(Decision::Retry, Decision::Happened),
                    by: "clerk".to_owned(),
                    note: None,
                    remember: None,
                };
                let path = format!("{path}/resolution");
                self.house.post::<Value>(&path, &resolving).await.map(drop)
            }
            By::CommandLine => self.command(&exception.id.to_string(), happened).await,
        }
    }

    /// What came of the order that a step was to place; none when nothing did.
    fn happened(&self, detail: &ExceptionDetail) -> Option<Value> {
        let reference = detail.with.as_ref()?["json"]["reference"].as_str()?;
        let number = self.supplier.ledger().numbers(reference).first().copied()?;
        let body = json!({ "number": number });
        Some(json!({ "status": 201, "headers": {}, "body": body, "file": null }))
    }

    async fn command(&self, id: &str, happened: Option<Value>) -> Result<(), String> {
        let output = happened.map(|output| output.to_string());
        let args = match &output {
            Some(output) => vec!["exceptions", "happened", id, "--output", output],
            None => vec!["exceptions", "retry", id],
        };
        let said = Command::from(self.house.command(&args)).output().await;
        let said = said.map_err(|err| err.to_string())?;
        match said.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&said.stderr).into_owned()),
        }
    }
}
