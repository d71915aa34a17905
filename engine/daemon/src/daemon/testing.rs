//! A connection is tested because somebody asks: what came of it is remembered, and a breaker hears
//! of it.

use botswain_core::{Fault, engine::Event};
use botswain_views::{TestOutcome, TestView};
use jiff::Timestamp;

use super::{Handle, tasks};

impl Handle {
    /// Tries a connection and says what answered. It is brought to its end, and written down, also
    /// when whoever asked has gone away.
    pub async fn test_connection(&self, name: &str, by: String) -> Result<String, Fault> {
        let (handle, name) = (self.clone(), name.to_owned());
        let test = tokio::spawn(async move { handle.tested(name, by).await });
        let defect = |error: tokio::task::JoinError| {
            Fault::business("connection.defect", format!("its test: {error}"))
        };
        test.await.map_err(defect)?
    }

    async fn tested(&self, name: String, by: String) -> Result<String, Fault> {
        let result = tasks::test(&self.parts, &name).await;
        self.tell(Event::Probed {
            connection: name.clone(),
            result: result.as_ref().map(drop).map_err(|it| Box::new(it.clone())),
        });
        let outcome = match result.clone() {
            Ok(answer) => TestOutcome::Answered { answer },
            Err(fault) => TestOutcome::Failed {
                fault: Box::new(fault),
            },
        };
        let (tested, at) = (self.tested.clone(), Timestamp::now());
        let test = TestView { by, at, outcome };
        let kept = tokio::task::spawn_blocking(move || tested.set(&name, Some(test))).await;
        // What answered is worth more than that it is remembered.
        match kept.map_err(std::io::Error::other) {
            Ok(Ok(())) => (),
            Ok(Err(error)) | Err(error) => {
                tracing::warn!("how the test ended is not remembered: {error}");
            }
        }
        result
    }
}
