//! Files with mistakes, and what is said about them.
//!
//! One snapshot for each rule, over a small catalogue made by hand.

mod bots;
mod calls;
mod complete;
mod faults;
mod hostile;
mod kinds;
mod names;
mod rules;
mod schema;
mod sight;
mod slips;
mod testing;
mod triggers;
mod whole;

use std::{collections::BTreeMap, fmt::Write};

use expect_test::Expect;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{Loaded, load};
use crate::{
    catalogue::{BotSchema, Catalogue},
    diagnostic::{Diagnostic, Severity},
    fault::Effect,
    plan::Version,
};

/// As bots declare their parameters.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Mail {
    to: String,
    subject: Option<String>,
    #[schemars(extend("format" = "template"))]
    template: Option<String>,
    data: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    #[schemars(schema_with = "secret")]
    password: Option<String>,
    #[serde(default)]
    copies: u32,
    #[serde(default)]
    urgent: bool,
    #[serde(default)]
    cc: Vec<String>,
    #[serde(default)]
    #[schemars(extend("format" = "duration"))]
    within: String,
}

fn secret(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "null"], "format": "secret" })
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Form {
    actions: Vec<Action>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
enum Action {
    Open(String),
    Fill(BTreeMap<String, String>),
    Expect {
        text: String,
        r#else: Option<Otherwise>,
    },
    Screenshot,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Otherwise {
    Business,
    System,
}

/// Rows with the columns that the file declares.
fn rows(with: &Value) -> Value {
    let columns = with["columns"].as_object().cloned().unwrap_or_default();
    let columns = columns
        .iter()
        .map(|(name, _)| (name.clone(), json!({ "type": "string" })));
    let columns: serde_json::Map<_, _> = columns.collect();
    json!({
        "type": "object",
        "properties": {
            "rows": { "type": "array", "items": { "$ref": "#/$defs/Row" } },
            "count": { "type": "integer" }
        },
        "$defs": { "Row": { "type": "object", "properties": columns, "additionalProperties": false } }
    })
}

fn bot(name: &'static str, parameters: schemars::Schema) -> (&'static str, BotSchema) {
    let schema = BotSchema {
        name,
        parameters: parameters.to_value(),
        output: |_| json!({ "type": "object", "properties": { "id": { "type": "string" }, "body": true } }),
        connections: &[],
        needs_connection: false,
        exactly_one: &[],
        of_connection: &[],
        effect: |_| Ok(Effect::Once),
    };
    (name, schema)
}

fn catalogue() -> Catalogue {
    let mut mail = bot("mail.send", schemars::schema_for!(Mail));
    mail.1.connections = &["smtp"];
    mail.1.needs_connection = true;
    let form = bot("browser.do", schemars::schema_for!(Form));
    let mut sheet = bot(
        "sheet.read",
        schemars::json_schema!({
            "type": "object",
            "properties": { "file": { "type": "string" }, "columns": { "type": "object" } },
            "required": ["file"],
            "additionalProperties": false
        }),
    );
    sheet.1.output = rows;
    sheet.1.effect = |_| Ok(Effect::None);
    let texts = [
        ("po.txt.hbs", "Order {{run.id}}"),
        ("broken.hbs", "a\nb {{#if x}}"),
    ];
    Catalogue {
        bots: [mail, form, sheet].into(),
        connections: [("office", "smtp"), ("orders", "imap"), ("shop", "browser")]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .into(),
        more_connections: false,
        webhooks: true,
        secrets: ["shop".to_owned(), "mail".to_owned()].into(),
        groups: ["supervisors".to_owned(), "managers".to_owned()].into(),
        limits: ["forms".to_owned(), "slow".to_owned()].into(),
        calendars: [
            (
                "holidays.ics",
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nEND:VEVENT\nEND:VCALENDAR\n",
            ),
            ("odd.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:FREQ=WEEKLY\n"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into(),
        templates: texts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        timezone: "Europe/Berlin".to_owned(),
        ..Catalogue::default()
    }
}

fn loaded(text: &str) -> Loaded {
    load("workflows/demo.yaml", text, &catalogue())
}

fn words(diagnostic: &Diagnostic) -> String {
    let Diagnostic {
        line,
        column,
        code,
        message,
        ..
    } = diagnostic;
    let severity = match diagnostic.severity {
        Severity::Error => "",
        Severity::Warning => "warning: ",
    };
    let mut words = format!("{line}:{column} {severity}{code}: {message}\n");
    if let Some(hint) = &diagnostic.hint {
        writeln!(words, "    hint: {hint}").expect("a text");
    }
    words
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let loaded = loaded(text);
    let found: String = loaded.diagnostics.iter().map(words).collect();
    let errors = loaded
        .diagnostics
        .iter()
        .any(|one| one.severity == Severity::Error);
    assert_eq!(loaded.version.is_none(), errors);
    expected.assert_eq(&found);
}

/// One bot step with these lines in it.
#[track_caller]
fn check_step(lines: &str, expected: Expect) {
    let step = lines.replace('\n', "\n    ");
    check(&format!("steps:\n  - id: a\n    {step}\n"), expected);
}

#[track_caller]
fn version(text: &str) -> Version {
    let loaded = loaded(text);
    let found: String = loaded.diagnostics.iter().map(words).collect();
    loaded.version.unwrap_or_else(|| panic!("{found}"))
}
