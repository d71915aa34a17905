//! Data of any shape as a person reads them: names and values, lists as tables.

use botswain_core::{
    ArtifactRef, Hash, RunId,
    value::{TableRef, secret_name},
};
use maud::{Markup, html};
use serde_json::Value;

use crate::frame::{Frame, grouped};

/// Rows and columns beyond are not shown.
const ROWS: usize = 100;
const COLUMNS: usize = 12;

/// How deep data are taken apart; what is deeper stands there as JSON.
const DEPTH: usize = 3;

/// How long a text may be, in characters, before it is cut.
const LONGEST: usize = 2_000;

impl Frame {
    /// A value that this run names.
    pub(crate) fn data(&self, value: &Value, run: Option<&RunId>) -> Markup {
        self.nested(value, (run, 0))
    }

    fn nested(&self, value: &Value, (run, depth): (Option<&RunId>, usize)) -> Markup {
        match value {
            _ if depth > DEPTH => html! { code { (cut(&value.to_string())) } },
            Value::Object(map) if map.is_empty() => self.nothing(),
            Value::Object(map) => match (
                secret_name(value),
                ArtifactRef::from_value(value),
                TableRef::from_value(value),
            ) {
                (Some(name), ..) => html! { span class="secret" title=(name) { "•••" } },
                (_, Some(artifact), _) => file(&artifact, run),
                (.., Some(table)) => {
                    html! { a href=(address(&table.hash, run)) download { (grouped(table.rows)) " × …" } }
                }
                _ => html! {
                    dl class="data" {
                        @for (name, value) in map {
                            dt { (name) }
                            dd { (self.nested(value, (run, depth + 1))) }
                        }
                    }
                },
            },
            Value::Array(items) if items.is_empty() => self.nothing(),
            Value::Array(items) => match columns(items) {
                Some(columns) => self.table(&columns, items, (run, depth)),
                None => html! {
                    ul class="plain" {
                        @for item in items.iter().take(ROWS) {
                            li { (self.nested(item, (run, depth + 1))) }
                        }
                    }
                    (self.more(items.len()))
                },
            },
            Value::Null => self.nothing(),
            Value::Bool(true) => html! { (self.words().yes) },
            Value::Bool(false) => html! { (self.words().no) },
            Value::Number(number) => html! { span class="number" { (number) } },
            Value::String(text) => html! { span class="text" { (cut(text)) } },
        }
    }

    fn table(
        &self,
        columns: &[&str],
        items: &[Value],
        (run, depth): (Option<&RunId>, usize),
    ) -> Markup {
        html! {
            div class="scroll" tabindex="0" {
                table {
                    thead { tr { @for name in columns { th scope="col" { (name) } } } }
                    tbody {
                        @for item in items.iter().take(ROWS) {
                            tr { @for name in columns {
                                td { (self.nested(item.get(*name).unwrap_or(&Value::Null), (run, depth + 2))) }
                            } }
                        }
                    }
                }
            }
            (self.more(items.len()))
        }
    }

    fn more(&self, count: usize) -> Markup {
        let more = count.saturating_sub(ROWS) as u64;
        html! {
            @if more > 0 { p class="muted" { ((self.words().and_more)(more)) } }
        }
    }

    fn nothing(&self) -> Markup {
        html! { span class="muted" { (self.words().no_value) } }
    }
}

/// A file that a run names, to be loaded.
pub(crate) fn file(artifact: &ArtifactRef, run: Option<&RunId>) -> Markup {
    html! {
        a class="file" href=(address(&artifact.hash, run)) download=(artifact.name) {
            (artifact.name) " " span class="muted" { (size(artifact.size)) }
        }
    }
}

/// Where a file is served; whoever does not see everything gets those of a run that they see.
pub(crate) fn address(hash: &Hash, run: Option<&RunId>) -> String {
    let of = run.map_or_else(String::new, |run| format!("?run={run}"));
    format!("/artifacts/{}{of}", hash.as_str())
}

pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        ..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// The columns of a list whose items are all objects, and alike enough to stand in a table.
fn columns(items: &[Value]) -> Option<Vec<&str>> {
    let (mut names, mut cells) = (Vec::<&str>::new(), 0);
    for item in items.iter().take(ROWS) {
        for name in item.as_object()?.keys() {
            cells += 1;
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let is_full = 2 * cells >= names.len() * items.len().min(ROWS);
    (!names.is_empty() && names.len() <= COLUMNS && is_full).then_some(names)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
