//! `exceptions show`: everything that helps to decide about one exception.

use std::path::{Path, PathBuf};

use botswain_core::{
    ArtifactRef, ExceptionId,
    index::ExceptionCategory,
    run::fact::{Fact, Verification, What},
    value::{ArtifactRef as Artifact, TableRef, secret_name},
};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::{
    Global, decide, decisions, exceptions,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
    runs::{section, steps},
    table, times,
};
use crate::{
    client::Client,
    views::{ExceptionDetail, ExceptionView, RunDetail},
};

pub(super) async fn exception(global: &Global, id: u64, save: Option<PathBuf>) -> Outcome {
    let id = ExceptionId(id);
    let (detail, run, alike, saved) = global
        .with_client(async |client| {
            let detail: ExceptionDetail = client.get(&format!("/api/v1/exceptions/{id}")).await?;
            let run: RunDetail = client
                .get(&format!("/api/v1/runs/{}", detail.exception.run))
                .await?;
            let alike = exceptions::of_cause(client, &detail.exception).await?;
            let saved = match &save {
                Some(folder) => save_all(client, &detail.exception.artifacts, folder).await?,
                None => Vec::new(),
            };
            Ok((detail, run, alike.len(), saved))
        })
        .await?;
    match global.json {
        true => output::json(&detail),
        false => output::data(&shown(&detail, &run, alike)),
    }
    for path in saved {
        output::note(&format!("saved {}", path.display()));
    }
    Ok(Code::Done)
}

fn shown(detail: &ExceptionDetail, run: &RunDetail, alike: usize) -> String {
    let it = &detail.exception;
    let mut lines = vec![
        Paint::of_stdout().bold(&title(it)),
        format!("  {}", table::prose(&tame(&it.message), 2)),
    ];
    lines.extend(it.hint.as_deref().map(|text| format!("  {}", hint(text))));
    lines.extend([String::new(), table::pairs(about(it, alike))]);
    let show = detail.show.as_ref().map(fields).unwrap_or_default();
    lines.extend(section("what it is about", show));
    match &detail.item {
        Some(item) => lines.extend(section("the item", fields(item))),
        None => lines.extend(section("inputs", fields(&detail.inputs))),
    }
    lines.extend(section(
        "the step was given",
        detail.with.as_ref().map(fields).unwrap_or_default(),
    ));
    lines.extend(section("attempts", attempts(&run.facts, detail)));
    lines.extend(section(
        "what people said and did",
        decisions::history(&detail.history),
    ));
    lines.extend(section("artifacts", artifacts(it)));
    lines.extend(section("steps", steps(&detail.steps)));
    let ways: Vec<(String, String)> = decide::ways(detail)
        .into_iter()
        .map(|(command, means)| (command, means.to_owned()))
        .collect();
    lines.extend(section("what can be done", table::copied(&ways)));
    lines.join("\n")
}

fn title(it: &ExceptionView) -> String {
    let category = category(it.category);
    match it.category {
        // The code of a question says no more.
        ExceptionCategory::Approval => format!("exception {}: {category}", it.id),
        _ => format!("exception {}: {category}, {}", it.id, it.code),
    }
}

/// Where it is, since when, until when, and for whom.
fn about(it: &ExceptionView, alike: usize) -> Vec<(String, String)> {
    let now = Timestamp::now();
    let row = |name: &str, value: String| (name.to_owned(), value);
    let at = |at: Timestamp, relative: String| format!("{}, {relative}", times::local(at));
    let bot = it
        .bot
        .as_deref()
        .map(|bot| format!(" ({bot})"))
        .unwrap_or_default();
    let mut facts = vec![
        row("workflow", it.workflow.clone()),
        row("run", it.run.to_string()),
        row("step", format!("{}{bot}", it.step)),
        row("waits since", at(it.opened, times::age(it.opened))),
    ];
    facts.extend(it.due.map(|due| row("due", at(due, times::due(due, now)))));
    let snoozed = it.snoozed.filter(|until| *until > now);
    facts.extend(snoozed.map(|until| row("put off until", at(until, times::age(until)))));
    if !it.assigned.is_empty() {
        facts.push(row("for", it.assigned.join(", ")));
    }
    facts.extend(it.assignee.clone().map(|name| row("taken on by", name)));
    facts.extend(it.key.clone().map(|key| row("key", key)));
    if alike > 1 {
        let others = table::plural(alike - 1, "other");
        let of_all = format!("{others} of the same cause; `--cluster` decides all alike");
        facts.push(row("and", of_all));
    }
    facts
}

/// `hint: …`; of a long list only as much as a person reads.
pub(super) fn hint(text: &str) -> String {
    table::prose(&format!("hint: {}", cut(&tame(text))), 2)
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    let Some((end, _)) = text.char_indices().nth(LONGEST) else {
        return text.to_owned();
    };
    match text[..end].rfind(", ") {
        Some(at) => {
            let (rest, further) = uncounted(&text[at + 2..]);
            let more = rest.split(", ").filter(|it| !it.is_empty()).count() + further;
            format!("{}, … and {more} more", &text[..at])
        }
        None => text.to_owned(),
    }
}

/// A list without the `and 63 more` at its end, and that number.
fn uncounted(list: &str) -> (&str, usize) {
    let counted = list
        .strip_suffix(" more")
        .and_then(|list| list.rsplit_once("and "))
        .and_then(|(rest, count)| Some((rest.trim_end_matches([',', ' ']), count.parse().ok()?)));
    counted.unwrap_or((list, 0))
}

fn category(category: ExceptionCategory) -> &'static str {
    match category {
        ExceptionCategory::Business => "business",
        ExceptionCategory::System => "system",
        ExceptionCategory::InDoubt => "in doubt",
        ExceptionCategory::Approval => "asks for approval",
        ExceptionCategory::Overdue => "overdue",
    }
}

/// The entries of an object, one a line; other values as they are.
pub(super) fn fields(value: &Value) -> String {
    match value {
        Value::Object(map) if Artifact::from_value(value).is_none() => {
            table::pairs(map.iter().map(|(name, value)| (name.clone(), short(value))))
        }
        Value::Null => String::new(),
        other => short(other),
    }
}

/// A value in one line; a text without quotes, what is kept elsewhere by its name.
pub(super) fn short(value: &Value) -> String {
    const LONGEST: usize = 200;
    let text = match value {
        Value::String(text) => text.clone(),
        value if secret_name(value).is_some() => "•••".to_owned(),
        value => match (Artifact::from_value(value), TableRef::from_value(value)) {
            (Some(artifact), _) => format!("{} ({})", artifact.name, size(artifact.size)),
            (_, Some(table)) => format!("a table of {} rows", table.rows),
            _ => value.to_string(),
        },
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What came of each attempt at this step.
fn attempts(facts: &[Fact], detail: &ExceptionDetail) -> String {
    let of_step = facts.iter().filter_map(|fact| {
        let (attempt, text) = match &fact.what {
            What::Failed {
                step,
                attempt,
                fault,
                ..
            } if *step == detail.exception.step => {
                (attempt, format!("{}: {}", fault.code, fault.message))
            }
            What::Interrupted { step, attempt, .. } if *step == detail.exception.step => {
                (attempt, "it was cut short".to_owned())
            }
            What::Verified { step, answer, .. } if *step == detail.exception.step => {
                return Some((format!("?  {}", times::clock(fact.at)), verified(answer)));
            }
            _ => return None,
        };
        // What could not even be begun is no attempt.
        (*attempt > 0).then(|| (format!("{attempt}  {}", times::clock(fact.at)), text))
    });
    table::pairs(of_step)
}

/// What the world said when it was asked whether the effect took place.
fn verified(answer: &Verification) -> String {
    match answer {
        Verification::Happened { .. } => "asked whether it has happened: yes".to_owned(),
        Verification::DidNotHappen { settled: true } => {
            "asked whether it has happened: no".to_owned()
        }
        Verification::DidNotHappen { settled: false } => {
            "asked whether it has happened: no, but too early to be believed".to_owned()
        }
        Verification::Unclear { fault } => format!(
            "asked whether it has happened: nobody could say ({}: {})",
            fault.code, fault.message
        ),
    }
}

fn artifacts(exception: &ExceptionView) -> String {
    let mut lines = Vec::new();
    for it in &exception.artifacts {
        let (name, hash) = (tame(&it.name), it.hash.as_str());
        lines.push(format!("{name}  {}, {}", tame(&it.media), size(it.size)));
        lines.push(format!("  .botswain/artifacts/{}/{hash}", &hash[..2]));
    }
    if !lines.is_empty() {
        let id = exception.id;
        lines.push(format!(
            "to save them: botswain exceptions show {id} --save FOLDER"
        ));
    }
    lines.join("\n")
}

/// `34 KiB`
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

async fn save_all(
    client: &Client,
    artifacts: &[ArtifactRef],
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|err| Failure::of(format!("`{}` cannot be made: {err}", folder.display())))?;
    let mut saved = Vec::new();
    for artifact in artifacts {
        saved.push(save(client, artifact, folder).await?);
    }
    Ok(saved)
}

/// Never over a file that is there already.
async fn save(client: &Client, artifact: &ArtifactRef, folder: &Path) -> Result<PathBuf, Failure> {
    let mut number = 1;
    let (path, mut file) = loop {
        let path = folder.join(file_name(&artifact.name, number));
        match tokio::fs::File::create_new(&path).await {
            Ok(file) => break (path, file),
            Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(err) => return Err(unwritable(&path, &err)),
        }
    };
    let response = client
        .download(&format!("/api/v1/artifacts/{}", artifact.hash))
        .await?;
    let mut content = response.bytes_stream();
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(|err| Failure::of(format!("the artifact broke off: {err}")))?;
        file.write_all(&piece)
            .await
            .map_err(|err| unwritable(&path, &err))?;
    }
    file.flush().await.map_err(|err| unwritable(&path, &err))?;
    Ok(path)
}

fn unwritable(path: &Path, err: &std::io::Error) -> Failure {
    Failure::of(format!("`{}` cannot be written: {err}", path.display()))
}

/// A name that stays in its folder, whatever the artifact is called.
fn file_name(name: &str, number: u32) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c == '/' || c == '\\' || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect();
    let plain = match plain.trim_start_matches('.') {
        "" => "artifact",
        name => name,
    };
    match (number, plain.rsplit_once('.')) {
        (1, _) => plain.to_owned(),
        (_, Some((stem, end))) => format!("{stem}-{number}.{end}"),
        (_, None) => format!("{plain}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_stays_in_its_folder() {
        for (name, safe) in [
            ("page.png", "page.png"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "artifact"),
            (".bashrc", "bashrc"),
            ("a\0b", "a_b"),
        ] {
            assert_eq!(file_name(name, 1), safe);
        }
        assert_eq!(file_name("page.png", 2), "page-2.png");
    }

    #[test]
    fn a_long_list_in_a_hint_is_cut_between_its_words() {
        let names: Vec<String> = (0..60).map(|at| format!("name-{at:02}")).collect();
        let text = format!("there are: {}", names.join(", "));
        let cut = cut(&text);
        assert!(cut.ends_with("name-20, … and 39 more"), "{cut}");
        for end in [", and 63 more", " and 63 more"] {
            let cut = super::cut(&format!("{text}{end}"));
            assert!(cut.ends_with("name-20, … and 102 more"), "{cut}");
        }
        assert_eq!(super::cut("there are: a, b"), "there are: a, b");
    }
}
