//! Findings as SARIF 2.1.0 (OASIS), the format of code scanning.
//!
//! Each code is a rule with its page as help; columns are counted in characters
//! and the end of a region is the place behind it.

use botswain_core::diagnostic::{Diagnostic, Severity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::place::Place;
use crate::pages;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a path may have as it is (RFC 3986, `pchar` and `/`).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The whole log: one run of one tool.
pub(super) fn log(found: &[(&Diagnostic, Place)]) -> Value {
    let mut codes: Vec<&str> = found.iter().map(|(found, _)| found.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = found
        .iter()
        .map(|(found, place)| result(found, place, &codes));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "botswain",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: &str) -> Value {
    let Some(page) = pages::find(code) else {
        return json!({ "id": code });
    };
    let text = format!(
        "{}\n\nWhat to do: {}\n\n{}",
        page.what, page.remedy, page.example
    );
    let markdown = format!(
        "{}\n\n**What to do:** {}\n\n```{}\n{}\n```",
        page.what, page.remedy, page.language, page.example
    );
    json!({
        "id": code,
        "shortDescription": { "text": page.what.split_once(". ").map_or(page.what, |(first, _)| first) },
        "fullDescription": { "text": page.what },
        "help": { "text": text, "markdown": markdown },
    })
}

fn result(found: &Diagnostic, place: &Place, codes: &[&str]) -> Value {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let message = match &found.hint {
        Some(hint) => format!("{}\nhint: {hint}", found.message),
        None => found.message.clone(),
    };
    json!({
        "ruleId": found.code,
        "ruleIndex": codes.binary_search(&found.code).unwrap_or_default(),
        "level": level,
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": utf8_percent_encode(&place.file, PATH).to_string() },
            "region": {
                "startLine": found.line,
                "startColumn": found.column,
                "endLine": found.line,
                "endColumn": place.end_column,
            },
        } }],
    })
}
