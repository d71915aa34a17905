//! What stands around a step that is checked: a catalogue of the real bots, and
//! a workflow with an input, rows and a loop over them.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use botswain_bots::ALL;
use botswain_core::{
    catalogue::Catalogue,
    diagnostic::{Diagnostic, Severity},
    language::{Loaded, load},
};

/// The real bots, the connections and one secret; without any template.
pub(crate) fn catalogue(connections: &[(&str, &str)]) -> Catalogue {
    let connections = connections.iter();
    Catalogue {
        bots: ALL.iter().map(|bot| (bot.name, bot.schema())).collect(),
        connections: connections
            .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
            .collect(),
        secrets: [String::from("shop")].into(),
        webhooks: true,
        timezone: "Europe/Berlin".to_owned(),
        ..Catalogue::default()
    }
}

/// As an instance has it: the templates of the repository, a back office, a mail server.
pub(crate) fn instance() -> Catalogue {
    Catalogue {
        templates: texts("templates"),
        ..catalogue(&[
            ("backoffice", "web"),
            ("office-mail", "smtp"),
            ("orders-mail", "imap"),
        ])
    }
}

/// The files in a folder of the repository.
pub(crate) fn texts(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries = std::fs::read_dir(&folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("a text");
        (name.into_owned(), text)
    });
    files.collect()
}

/// A loop over rows of known columns, and before it a text; `line` is the item.
const LOOP: &str = r#"inputs:
  file: { type: file, default: inbox/orders.csv }
  ceiling: { type: decimal, default: "10000.00" }
steps:
  - id: csv
    bot: document.render
    with: { template: lines.csv.hbs }
  - id: rows
    bot: sheet.read
    with:
      file: "{{inputs.file}}"
      columns: { order: text, sku: text, customer: text, quantity: integer, amount: decimal, day: date, open: boolean }
  - id: enter
    for_each: "{{steps.rows.rows}}"
    as: line
    key: "{{line.order}}"
    steps:
"#;

/// A workflow in which a step, or a list of them, is done for each row.
pub(crate) fn in_loop(steps: &str) -> String {
    let steps = steps.trim_matches('\n');
    let is_list = steps.starts_with("- ");
    let mut text = LOOP.to_owned();
    for (number, line) in steps.lines().enumerate() {
        text += match number {
            _ if is_list => "      ",
            0 => "      - ",
            _ => "        ",
        };
        text += line;
        text.push('\n');
    }
    text
}

/// The line at which the step of [`in_loop`] begins.
pub(crate) fn first_line() -> usize {
    LOOP.lines().count() + 1
}

pub(crate) fn check(text: &str, catalogue: &Catalogue) -> Loaded {
    load("workflows/checked.yaml", text, catalogue)
}

/// One line for each finding; `line` counts from the beginning of the step.
pub(crate) fn listed(diagnostics: &[Diagnostic]) -> String {
    let mut list = String::new();
    for found in diagnostics {
        let mark = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let line = (found.line + 1).saturating_sub(first_line());
        let (column, message) = (found.column, &found.message);
        let hint = found.hint.as_ref();
        let hint = hint.map_or_else(String::new, |hint| format!(" (hint: {hint})"));
        writeln!(list, "{line}:{column} {mark}: {message}{hint}").expect("a text takes all");
    }
    list
}

/// What is found in a step of an instance's workflow.
pub(crate) fn found(step: &str) -> String {
    let mut catalogue = instance();
    let lines = "{{run.id}}".to_owned();
    catalogue
        .templates
        .insert("lines.csv.hbs".to_owned(), lines);
    listed(&check(&in_loop(step), &catalogue).diagnostics)
}
