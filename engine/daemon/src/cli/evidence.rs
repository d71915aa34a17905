//! `runs evidence`: all that happened in a run, as a file to be kept or handed on.

use std::path::{Path, PathBuf};

use botswain_core::RunId;
use futures_util::StreamExt;
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::{
    Global,
    outcome::{Code, Failure, Outcome, refusal},
    output,
};
use crate::client::Client;

pub(super) async fn save(global: &Global, run: &RunId, to: Option<PathBuf>) -> Outcome {
    let to = to.unwrap_or_else(|| PathBuf::from(format!("evidence-{run}.zip")));
    let work = async |client: &mut Client| whole(client, run, &to).await;
    global.with_client(work).await?;
    let file = to.display().to_string();
    match global.json {
        true => output::json(&json!({ "run": run, "file": file })),
        false => output::data(&format!("saved {file}")),
    }
    Ok(Code::Done)
}

/// It has its name when it is whole, so that what broke off is never taken for it.
async fn whole(client: &Client, run: &RunId, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return Err(taken(to));
    }
    let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
        let failure = Failure::usage(format!("there is no folder `{}`", folder.display()));
        return Err(failure.hint("make it first, or name a file elsewhere with `--output`"));
    }
    let begun = NamedTempFile::new_in(folder);
    let begun = begun.map_err(|err| unwritable(to, &err))?;
    let file = begun.reopen().map_err(|err| unwritable(to, &err))?;
    let mut file = tokio::fs::File::from_std(file);
    let path = format!("/api/v1/runs/{run}/evidence");
    let mut content = client.download(&path).await?.bytes_stream();
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(|err| Failure::of(format!("the evidence broke off: {err}")))?;
        let written = file.write_all(&piece).await;
        written.map_err(|err| unwritable(to, &err))?;
    }
    file.flush().await.map_err(|err| unwritable(to, &err))?;
    let synced = file.sync_all().await;
    synced.map_err(|err| unwritable(to, &err))?;
    begun.persist_noclobber(to).map(drop).map_err(|err| {
        match err.error.kind() == std::io::ErrorKind::AlreadyExists {
            true => taken(to),
            false => unwritable(to, &err.error),
        }
    })
}

fn taken(to: &Path) -> Failure {
    let failure = Failure::usage(format!("`{}` is there already", to.display()));
    failure.hint("give it another name with `--output`")
}

fn unwritable(to: &Path, err: &std::io::Error) -> Failure {
    let reason = refusal(err);
    Failure::of(format!("`{}` cannot be written: {reason}", to.display()))
        .hint("name a file elsewhere with `--output`")
}
