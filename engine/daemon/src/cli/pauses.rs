//! `workflows pause` and `workflows resume`: whether one starts by itself.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Global,
    arguments::{Said, Workflows},
    outcome::{Code, Outcome},
    output::{self, tame},
    times, versions, workflows,
};
use crate::{
    api::Pausing,
    views::{PauseView, WorkflowDetail},
};

pub(super) async fn workflows(global: &Global, command: Option<Workflows>) -> Outcome {
    let (name, said, act) = match command.unwrap_or(Workflows::List) {
        Workflows::List => return workflows::list(global),
        Workflows::Versions { workflow } => return versions::list(global, &workflow).await,
        Workflows::Diff(difference) => return versions::diff(global, difference).await,
        Workflows::Pause { workflow, said } => (workflow, said, "pause"),
        Workflows::Resume { workflow, said } => (workflow, said, "resumption"),
    };
    turn(global, &name, said, act).await
}

async fn turn(global: &Global, name: &str, said: Said, act: &str) -> Outcome {
    let Said { by, note } = said;
    let escaped = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let path = format!("/api/v1/workflows/{escaped}/{act}");
    let detail: WorkflowDetail = global
        .with_client(async |client| Ok(client.post(&path, &Pausing { by, note }).await?))
        .await?;
    match (global.json, &detail.workflow.paused) {
        (true, _) => output::json(&detail.workflow),
        (false, Some(pause)) => output::data(&format!(
            "`{name}` starts nothing by itself since {}{}; see `botswain workflows resume {name}`",
            times::clock(pause.at),
            why(pause),
        )),
        (false, None) => output::data(&format!("`{name}` starts by itself, if it has a trigger")),
    }
    Ok(Code::Done)
}

/// ` (anna: the shop is down)`
fn why(pause: &PauseView) -> String {
    match &pause.note {
        Some(note) => format!(" ({}: {})", tame(&pause.by), tame(note)),
        None => format!(" ({})", tame(&pause.by)),
    }
}
