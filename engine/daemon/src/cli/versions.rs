//! `workflows versions` and `workflows diff`: which versions there have been, and what differs.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Global,
    arguments::Difference,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
    table, times,
};
use crate::views::{Against, LineKind, TextChange, VersionDetail, VersionView};

pub(super) async fn list(global: &Global, workflow: &str) -> Outcome {
    let path = path(workflow);
    let versions: Vec<VersionView> = global
        .with_client(async |client| Ok(client.get(&path).await?))
        .await?;
    match (global.json, versions.is_empty()) {
        (true, _) => output::json(&versions),
        (false, true) => output::data(&format!(
            "`{workflow}` has no version yet; `botswain check {workflow}` shows its mistakes"
        )),
        (false, false) => output::data(&listed(&versions)),
    }
    Ok(Code::Done)
}

pub(super) async fn diff(global: &Global, arguments: Difference) -> Outcome {
    let Difference {
        workflow,
        number,
        against,
        file,
    } = arguments;
    let path = path(&workflow);
    let detail: VersionDetail = global
        .with_client(async |client| {
            let number = match number {
                Some(number) => number,
                None => newest(client.get(&path).await?, &workflow)?,
            };
            let query = match (file, against) {
                (true, _) => "?file=true".to_owned(),
                (false, Some(other)) => format!("?against={other}"),
                (false, None) => String::new(),
            };
            Ok(client.get(&format!("{path}/{number}{query}")).await?)
        })
        .await?;
    match global.json {
        true => output::json(&detail),
        false => output::data(&compared(&detail, file)),
    }
    Ok(Code::Done)
}

fn newest(versions: Vec<VersionView>, workflow: &str) -> Result<u64, Failure> {
    let newest = versions.first().map(|it| it.number);
    newest.ok_or_else(|| Failure::usage(format!("`{workflow}` has no version yet")))
}

fn path(workflow: &str) -> String {
    let escaped = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
    format!("/api/v1/workflows/{escaped}/versions")
}

fn listed(versions: &[VersionView]) -> String {
    let rows = versions.iter().map(|it| {
        [
            it.number.to_string(),
            times::clock(it.at),
            it.proposed_by.as_deref().map(tame).unwrap_or_default(),
            it.by.as_deref().map(tame).unwrap_or_default(),
            if it.is_current { "current" } else { "" }.to_owned(),
            it.hash.short().to_owned(),
            it.note.as_deref().map(tame).unwrap_or_default(),
        ]
    });
    table::of(
        [
            "version",
            "since",
            "proposed by",
            "activated by",
            "",
            "hash",
            "note",
        ],
        rows,
    )
}

fn compared(detail: &VersionDetail, file: bool) -> String {
    let (name, number) = (&detail.workflow, detail.version.number);
    let other = match detail.against {
        None if file => return format!("`{name}` has no file that is without mistakes"),
        None => {
            return format!(
                "version {number} of `{name}` is the first one; \
                 `--file` compares it with the file as it is now"
            );
        }
        Some(Against::Version(other)) => format!("version {other}"),
        Some(Against::File) => "the file as it is now".to_owned(),
    };
    let head = format!("version {number} of `{name}`, compared with {other}:");
    match detail.changes.is_empty() {
        true => format!("{head} nothing is different"),
        false => format!("{head}\n{}", changes(&detail.changes)),
    }
}

/// What differs, file by file.
pub(super) fn changes(changes: &[TextChange]) -> String {
    let paint = Paint::of_stdout();
    let mut lines = Vec::new();
    for change in changes {
        lines.push(tame(&change.file));
        if change.lines.is_empty() {
            let why = match change.is_called {
                true => "is called, and follows another version of its own",
                false => "only the ends of lines are different",
            };
            lines.push(format!("  {why}"));
        }
        lines.extend(change.lines.iter().map(|line| {
            let text = format!("  {} {}", line.kind.sign(), tame(&line.text));
            let text = text.trim_end();
            match line.kind {
                LineKind::Removed => paint.red(text),
                LineKind::Added => paint.green(text),
                LineKind::Same | LineKind::Gap => text.to_owned(),
            }
        }));
    }
    lines.join("\n")
}
