//! `push`: a workflow from a desk becomes what the instance follows.

use std::{io::Read, path::Path};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Global,
    arguments::Push,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
    proposals,
    table::plural,
    versions,
};
use crate::{
    api::{Activating, answer::DoneOr},
    client::{self, Client},
    instance::TEXT_LIMIT,
    views::{Activated, CheckView, DraftView, FileView, ProposalView},
};

pub(super) async fn push(global: &Global, arguments: Push) -> Outcome {
    let (name, source) = read(&arguments.file)?;
    let escaped = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let path = format!("/api/v1/workflows/{escaped}");
    global
        .with_client(async |client| {
            let draft = DraftView {
                source: source.clone(),
            };
            let within = arguments
                .folder
                .as_deref()
                .map(|folder| format!("?folder={}", utf8_percent_encode(folder, NON_ALPHANUMERIC)));
            let within = within.unwrap_or_default();
            let check = format!("{path}/check{within}");
            let check: CheckView = client.post(&check, &draft).await?;
            findings(&arguments.file.display().to_string(), &check);
            if check.mistakes > 0 {
                output::error("nothing is pushed as long as the file has mistakes");
                return Ok(Code::Usage);
            }
            let file = format!("{path}/file{within}");
            let there = there(client, &file).await?;
            let activating = Activating {
                source: source.clone(),
                note: arguments.said.note.clone(),
                by: arguments.said.by.clone(),
            };
            let seen = there.as_ref().map(|it| it.hash.as_str());
            match client.put_over(&file, &activating, seen).await? {
                DoneOr::Done(activated) => {
                    match global.json {
                        true => output::json(&activated),
                        false => output::data(&told(&activated, there.as_ref(), &source)),
                    }
                    Ok(Code::Done)
                }
                DoneOr::Accepted(proposal) => {
                    waits(global, &proposal);
                    Ok(Code::Parked)
                }
            }
        })
        .await
}

/// Another author has to agree.
fn waits(global: &Global, proposal: &ProposalView) {
    match global.json {
        true => output::json(proposal),
        false => {
            let name = &proposal.workflow;
            output::data(&proposals::proposed(proposal));
            output::hint(&format!(
                "`botswain proposals show {name}` shows what differs"
            ));
        }
    }
}

/// The name and the text of a file.
fn read(file: &Path) -> Result<(String, String), Failure> {
    let shown = file.display();
    let name = file
        .file_name()
        .and_then(|it| it.to_str())
        .and_then(|it| it.strip_suffix(".yaml"));
    let name = name.ok_or_else(|| {
        Failure::usage(format!("`{shown}` is not called as a workflow is"))
            .hint("a workflow is a file `NAME.yaml`")
    })?;
    let unread = |why: String| Failure::usage(format!("`{shown}` cannot be read: {why}"));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| unread(error.to_string()))?;
    let read = opened.take(TEXT_LIMIT).read_to_string(&mut text);
    read.map_err(|error| unread(error.to_string()))?;
    Ok((name.to_owned(), text))
}

/// The file that the instance has, if it has one.
async fn there(client: &Client, path: &str) -> Result<Option<FileView>, Failure> {
    match client.get(path).await {
        Ok(file) => Ok(Some(file)),
        Err(client::Error::Problem(problem)) if problem.status == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the check says, at the lines of a file.
pub(super) fn findings(file: &str, check: &CheckView) {
    let paint = Paint::of_stderr();
    for it in &check.findings {
        let kind = match it.is_mistake {
            true => paint.red("error:"),
            false => paint.yellow("warning:"),
        };
        let place = format!("{file}:{}", it.line);
        output::note(&format!("{kind} {place}: {}", tame(&it.message)));
        if let Some(hint) = &it.hint {
            output::hint(&tame(hint));
        }
    }
}

fn told(activated: &Activated, there: Option<&FileView>, source: &str) -> String {
    match there {
        Some(file) if file.source == source => {
            let (name, number) = (&activated.workflow, activated.version.number);
            let head = format!("`{name}` is so already: new runs follow version {number}");
            with_more(head, activated)
        }
        _ => followed(activated),
    }
}

/// What new runs follow from now on.
pub(super) fn followed(activated: &Activated) -> String {
    let (name, number) = (&activated.workflow, activated.version.number);
    let head = format!("new runs of `{name}` follow version {number} from now on");
    with_more(head, activated)
}

fn with_more(head: String, activated: &Activated) -> String {
    let mut lines = vec![head];
    if !activated.changes.is_empty() {
        lines.push(versions::changes(&activated.changes));
    }
    if let Some(first) = activated.mended.first() {
        let count = plural(activated.mended.len(), "open exception");
        lines.push(format!("{count} can be tried again by it, as in:"));
        lines.push(format!("  botswain exceptions retry {first} --current"));
    }
    lines.join("\n")
}
