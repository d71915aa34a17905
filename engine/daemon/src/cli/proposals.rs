//! `proposals`: what one author has written and another one activates, or not.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Global,
    arguments::{By, Proposals},
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    push, table, times, versions,
};
use crate::{
    api::{Approving, Rejecting, Withdrawing},
    client::Client,
    views::{Activated, ProposalDetail, ProposalState, ProposalView},
};

pub(super) async fn proposals(global: &Global, command: Option<Proposals>) -> Outcome {
    match command.unwrap_or(Proposals::List) {
        Proposals::List => list(global).await,
        Proposals::Show { workflow } => show(global, &workflow).await,
        Proposals::Approve {
            workflow,
            hash,
            by: By { by },
        } => approve(global, &workflow, (hash, by)).await,
        Proposals::Reject {
            workflow,
            note,
            by: By { by },
        } => reject(global, &workflow, (note, by)).await,
        Proposals::Withdraw {
            workflow,
            by: By { by },
        } => {
            let path = format!("{}/withdrawal", path(&workflow));
            let asked = Withdrawing { by };
            let work = async |client: &mut Client| Ok(client.post(&path, &asked).await?);
            let done: serde_json::Value = global.with_client(work).await?;
            match global.json {
                true => output::json(&done),
                false => output::data(&format!("nothing is proposed for `{workflow}` any more")),
            }
            Ok(Code::Done)
        }
    }
}

async fn list(global: &Global) -> Outcome {
    let work = async |client: &mut Client| Ok(client.get("/api/v1/proposals").await?);
    let all: Vec<ProposalView> = global.with_client(work).await?;
    match (global.json, all.is_empty()) {
        (true, _) => output::json(&all),
        (false, true) => output::data("nothing is proposed"),
        (false, false) => {
            let rows = all.iter().map(|it| {
                let note = match &it.rejection {
                    Some(rejection) => format!("{}: {}", rejection.by, rejection.note),
                    None => it.note.clone().unwrap_or_default(),
                };
                [
                    tame(&it.workflow),
                    tame(&it.by),
                    times::age(it.at),
                    state(it).to_owned(),
                    tame(&note),
                ]
            });
            output::data(&table::of(
                ["workflow", "proposed by", "since", "state", "note"],
                rows,
            ));
        }
    }
    Ok(Code::Done)
}

fn state(it: &ProposalView) -> &'static str {
    match it.state {
        ProposalState::Waiting => "waits",
        ProposalState::Outdated => "out of date",
        ProposalState::Orphaned => "without its author",
        ProposalState::Rejected => "rejected",
    }
}

async fn show(global: &Global, workflow: &str) -> Outcome {
    let path = path(workflow);
    let work = async |client: &mut Client| Ok(client.get(&path).await?);
    let detail: ProposalDetail = global.with_client(work).await?;
    if global.json {
        output::json(&detail);
        return Ok(Code::Done);
    }
    let it = &detail.proposal;
    output::data(&told(&detail));
    let folder = it.folder.as_deref().filter(|it| !it.is_empty());
    let folder = folder.map(|it| format!("{it}/")).unwrap_or_default();
    push::findings(&format!("workflows/{folder}{workflow}.yaml"), &detail.check);
    if it.state == ProposalState::Waiting {
        output::hint(&format!(
            "another than {} activates it: `botswain proposals approve {workflow} --hash {}`",
            tame(&it.by),
            it.hash.short(),
        ));
    }
    Ok(Code::Done)
}

fn told(detail: &ProposalDetail) -> String {
    let it = &detail.proposal;
    let mut lines = vec![format!(
        "proposed for `{}` by {}, {}; {}",
        it.workflow,
        tame(&it.by),
        times::age(it.at),
        match it.state {
            ProposalState::Waiting => waits_for(it),
            ProposalState::Outdated =>
                "out of date: the file was changed since, so it has to be proposed anew".to_owned(),
            ProposalState::Orphaned => format!("{} may not write workflows any more", tame(&it.by)),
            ProposalState::Rejected => "rejected".to_owned(),
        }
    )];
    lines.extend(
        it.note
            .as_deref()
            .map(|note| format!("note: {}", tame(note))),
    );
    if let Some(rejection) = &it.rejection {
        let (by, note) = (tame(&rejection.by), tame(&rejection.note));
        lines.push(format!(
            "rejected by {by}, {}: {note}",
            times::age(rejection.at)
        ));
    }
    lines.push(match detail.changes.is_empty() {
        true => "the file says so already".to_owned(),
        false => versions::changes(&detail.changes),
    });
    lines.join("\n")
}

/// `it waits for ben or carol`
pub(super) fn waits_for(it: &ProposalView) -> String {
    match it.waits_for.as_slice() {
        [] => "it waits for another author, and nobody else has an account that may".to_owned(),
        names => format!("it waits for {}", tame(&names.join(" or "))),
    }
}

async fn approve(global: &Global, workflow: &str, (hash, by): (Option<String>, String)) -> Outcome {
    let path = path(workflow);
    let work = async |client: &mut Client| {
        let detail: ProposalDetail = client.get(&path).await?;
        let it = &detail.proposal;
        if hash
            .as_ref()
            .is_some_and(|hash| !it.hash.as_str().starts_with(hash.as_str()))
        {
            let message = format!("{} proposes another text for `{workflow}` by now", it.by);
            return Err(
                Failure::of(message).hint(format!("`botswain proposals show {workflow}` shows it"))
            );
        }
        // Why it is refused is seen in what differs.
        if it.state == ProposalState::Outdated && !global.json {
            output::data(&told(&detail));
        }
        let approving = Approving {
            hash: it.hash.clone(),
            by: by.clone(),
        };
        Ok(client.post(&format!("{path}/approval"), &approving).await?)
    };
    let activated: Activated = global.with_client(work).await?;
    match global.json {
        true => output::json(&activated),
        false => output::data(&push::followed(&activated)),
    }
    Ok(Code::Done)
}

async fn reject(global: &Global, workflow: &str, (note, by): (String, String)) -> Outcome {
    let path = path(workflow);
    let work = async |client: &mut Client| {
        let detail: ProposalDetail = client.get(&path).await?;
        let rejecting = Rejecting {
            hash: detail.proposal.hash,
            note: note.clone(),
            by: by.clone(),
        };
        Ok(client
            .post(&format!("{path}/rejection"), &rejecting)
            .await?)
    };
    let rejected: ProposalView = global.with_client(work).await?;
    match global.json {
        true => output::json(&rejected),
        false => output::data(&format!(
            "what {} has proposed for `{workflow}` is rejected, and they see why",
            tame(&rejected.by)
        )),
    }
    Ok(Code::Done)
}

/// That a text waits, and for whom.
pub(super) fn proposed(it: &ProposalView) -> String {
    let name = &it.workflow;
    let waits = waits_for(it);
    format!(
        "proposed, and not followed yet: new runs of `{name}` go by the file as before; {waits}"
    )
}

fn path(workflow: &str) -> String {
    let escaped = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
    format!("/api/v1/workflows/{escaped}/proposal")
}
