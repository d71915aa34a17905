//! `runs cancel`: asks for the end of a run and, without a lasting daemon, brings it about.

use botswain_core::RunId;
use serde_json::Value;

use super::{
    Global,
    arguments::Said,
    follow::{self, Followed, Following},
    outcome::{Code, Outcome},
    output, run,
    signals::Signals,
};
use crate::{api::Cancelling, client::Client, views::RunDetail};

pub(super) async fn cancel(global: &Global, id: &RunId, said: Said, wait: bool) -> Outcome {
    let mut signals = Signals::catch()?;
    let Said { by, note } = said;
    let cancelling = Cancelling { by, note };
    let work = async |client: &mut Client| {
        let detail: RunDetail = client.get(&format!("/api/v1/runs/{id}")).await?;
        let mut following = Following::begin(client).await?;
        let path = format!("/api/v1/runs/{id}/cancellation");
        let done: Value = client.post(&path, &cancelling).await?;
        if client.is_lasting() && !wait {
            match global.json {
                true => output::json(&done),
                false => output::data(&format!(
                    "run {id} is being brought to its end; see `botswain runs show {id}`"
                )),
            }
            return Ok(Code::Done);
        }
        let seen = detail.facts.len();
        match following.go_on(client, id, &mut signals, seen).await? {
            Followed::Rests(detail) if detail.run.state.has_ended() => {
                match global.json {
                    true => output::json(&detail),
                    false => output::data(&follow::summary(client, &detail).await?),
                }
                Ok(Code::Done)
            }
            followed => run::conclude(global, client, id, followed).await,
        }
    };
    global.with_client(work).await
}
