//! The audit as a file for others: CSV for a spreadsheet, JSON for a program.

use std::io::{self, Write};

use botswain_views::{AuditEntry, AuditQuery};

use super::{
    Audit,
    page::{Acts, Error},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    Csv,
    #[default]
    Json,
}

const COLUMNS: [&str; 12] = [
    "number", "time", "person", "from", "act", "about", "said", "outcome", "status", "problem",
    "again", "way",
];

/// Writes all that fits, the newest first, in the memory of one act.
pub(crate) fn write(
    audit: &Audit,
    query: &AuditQuery,
    format: Format,
    to: &mut impl Write,
) -> io::Result<()> {
    let wrong = |error: Error| io::Error::other(error.to_string());
    let mut acts = Acts::new(&audit.log, query).map_err(wrong)?;
    let mut is_first = true;
    match format {
        Format::Csv => writeln!(to, "{}\r", COLUMNS.join(","))?,
        Format::Json => write!(to, "[")?,
    }
    loop {
        match (acts.next()?, format) {
            (Some(entry), Format::Csv) => writeln!(to, "{}\r", row(&entry))?,
            (Some(entry), Format::Json) => {
                writeln!(to, "{}", if is_first { "" } else { "," })?;
                serde_json::to_writer(&mut *to, &entry)?;
                is_first = false;
            }
            (None, _) if acts.is_over() => break,
            (None, _) => (),
        }
    }
    match format {
        Format::Csv => Ok(()),
        Format::Json => writeln!(to, "\n]"),
    }
}

fn row(entry: &AuditEntry) -> String {
    let said = entry
        .with
        .iter()
        .map(|(name, text)| format!("{name}: {text}"));
    let said: Vec<String> = said.collect();
    let cells = [
        entry.number.to_string(),
        entry.at.to_string(),
        entry.by.clone(),
        entry.from.clone(),
        entry.act.name().to_owned(),
        entry.on.clone(),
        said.join("; "),
        entry.outcome.name().to_owned(),
        entry.status.map(|it| it.to_string()).unwrap_or_default(),
        entry.problem.clone().unwrap_or_default(),
        if entry.again { "yes" } else { "" }.to_owned(),
        entry.way.clone(),
    ];
    cells.map(|it| cell(&it)).join(",")
}

/// In quotes as RFC 4180 has it, and never a formula: a spreadsheet would run it (OWASP, CSV
/// injection).
pub(crate) fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let quote = if is_formula { "'" } else { "" };
    format!("\"{quote}{}\"", text.replace('"', "\"\""))
}
