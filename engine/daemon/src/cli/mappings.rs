//! `mappings`: what people have remembered of corrections, and may revoke.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    Global,
    arguments::{Mappings, Said},
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    table, times,
};
use crate::api::Correcting;
use botswain_store::Mapped;

pub(super) async fn mappings(global: &Global, command: Option<Mappings>) -> Outcome {
    match command.unwrap_or(Mappings::List { table: None }) {
        Mappings::List { table } => list(global, table).await,
        Mappings::Set {
            table,
            from,
            to,
            said,
        } => set(global, (&table, &from, to), said).await,
        Mappings::Remove { table, from } => remove(global, &table, &from).await,
    }
}

async fn list(global: &Global, table: Option<String>) -> Outcome {
    let query = table
        .as_deref()
        .map(|name| format!("?table={}", escaped(name)));
    let path = format!("/api/v1/mappings{}", query.unwrap_or_default());
    let found: Vec<Mapped> = global
        .with_client(async |client| Ok(client.get(&path).await?))
        .await?;
    match (global.json, found.is_empty(), table) {
        (true, ..) => output::json(&found),
        (false, true, None) => output::data(
            "no corrections are remembered; see `botswain exceptions edit --help`, `--remember`",
        ),
        (false, true, Some(name)) => {
            output::data(&format!("no corrections are remembered in `{name}`"));
        }
        (false, false, _) => output::data(&listed(&found)),
    }
    Ok(Code::Done)
}

fn listed(found: &[Mapped]) -> String {
    let rows = found.iter().map(|it| {
        let of = it.mapping.exception;
        [
            it.table.clone(),
            tame(&it.from),
            tame(&it.mapping.to),
            tame(&it.mapping.by),
            format!(
                "{}, {}",
                times::local(it.mapping.at),
                times::age(it.mapping.at)
            ),
            of.map(|id| format!("exception {id}")).unwrap_or_default(),
            tame(it.mapping.note.as_deref().unwrap_or_default()),
        ]
    });
    table::of(
        [
            "mapping",
            "text",
            "stands for",
            "by",
            "since",
            "from",
            "note",
        ],
        rows,
    )
}

async fn set(global: &Global, (table, from, to): (&str, &str, String), said: Said) -> Outcome {
    let path = path(table, from)?;
    let Said { by, note } = said;
    let correcting = Correcting { to, by, note };
    let done: Mapped = global
        .with_client(async |client| Ok(client.put(&path, &correcting).await?))
        .await?;
    match global.json {
        true => output::json(&done),
        false => output::note(&format!(
            "`{}` stands for `{}` in `{table}`",
            tame(from),
            tame(&done.mapping.to)
        )),
    }
    Ok(Code::Done)
}

async fn remove(global: &Global, table: &str, from: &str) -> Outcome {
    let path = path(table, from)?;
    let done: Value = global
        .with_client(async |client| Ok(client.delete(&path).await?))
        .await?;
    match global.json {
        true => output::json(&done),
        false => output::note(&format!(
            "`{}` stands for itself again in `{table}`",
            tame(from)
        )),
    }
    Ok(Code::Done)
}

fn path(table: &str, from: &str) -> Result<String, Failure> {
    match table.is_empty() || from.is_empty() {
        true => Err(Failure::usage(
            "a mapping has a name, and what stands for something else is a text",
        )),
        false => Ok(format!(
            "/api/v1/mappings/{}/{}",
            escaped(table),
            escaped(from)
        )),
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
