//! Every bot and every kind of connection, as a page in Markdown.

use std::fmt::Write as _;

use botswain_bot::{BotSpec, ConnectionSpec, KnownFault, faults};
use serde_json::{Value, json};

use super::words::{self, Field};
use crate::instance::Config;

const INTRODUCTION: &str = "\
# The bots

<!-- Made from the bots themselves. After a change: UPDATE_EXPECT=1 cargo test -p botswain --test author manual -->

A bot is what a step calls: `bot: sheet.read`. What stands under `with:` are its parameters, what it gives is
`{{steps.ID.…}}` for the steps below. `botswain bots NAME` shows the same in the terminal.

- A **duration** is written with its units: `250ms`, `10s`, `5m`, `4h`, `2d`, `1h30m`. Sizes are in bytes.
- A **path** is relative to the instance's folder.
- A **file** is what an earlier step has left, as in `\"{{steps.document.file}}\"`.
- A template may stand for every value, unless it says *name of a template file*.
- The **effect** says what the step does to the world. It decides what happens when an attempt is cut short: what only
  reads or may be repeated is simply done again, what acts *once* is in doubt, and a person is asked or `verify:` looks.
- A **fault** is why an attempt failed. `on_fault` answers to its code; *system* faults are tried again by themselves,
  *business* faults wait for a person.
";

pub fn page(bots: &[BotSpec], connections: &[ConnectionSpec]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let rows = bots.iter().map(|bot| {
        let anchor = bot.name.replace('.', "");
        let purpose = words::purpose(&(bot.parameters)().to_value());
        [format!("[`{}`](#{anchor})", bot.name), purpose]
    });
    page += &table(["bot", "what it does"], rows);
    for bot in bots {
        page += &section(bot);
    }
    page += "\n## Faults of every step\n\nWhatever its bot:\n";
    page += &fault_table(faults::EVERY_STEP.iter());
    page += "\nWith a connection also:\n";
    page += &fault_table(faults::EVERY_CONNECTION.iter());
    page += "\n# The kinds of connection\n\nA connection is an outside system, named under `connections:` in \
             `botswain.yaml`. Beside the settings of its kind each has:\n";
    page += &field_table(&common_settings());
    for connection in connections {
        page += &connection_section(connection);
    }
    page
}

fn section(bot: &BotSpec) -> String {
    let parameters = (bot.parameters)().to_value();
    let mut text = format!("\n## `{}`\n\n{}\n\n", bot.name, prose(&parameters));
    for line in facts(bot) {
        _ = writeln!(text, "- {line}");
    }
    text += "\n**Parameters**\n";
    text += &field_table(&words::fields(&parameters));
    for (name, fields) in words::inner(&parameters) {
        _ = write!(text, "\n**Each of `{name}`**\n");
        text += &field_table(&fields);
    }
    text += "\n**Output**\n";
    text += &output(bot);
    text += "\n**Faults**, beside [those of every step](#faults-of-every-step)\n";
    text += &fault_table(bot.faults());
    _ = write!(
        text,
        "\n**Example**\n\n```yaml\n{}```\n",
        listed(bot.example)
    );
    text
}

/// What goes with every example: effect, connection, and which parameters exclude each other.
pub fn facts(bot: &BotSpec) -> Vec<String> {
    let effects = bot.effects.iter().map(|(effect, when)| {
        let [word, sense] = words::effect(*effect);
        match *when {
            "" => format!("{word} ({sense})"),
            when => format!("{word} ({when})"),
        }
    });
    let effects = effects.collect::<Vec<_>>().join(", ");
    let mut facts = vec![format!("Effect: {effects}.")];
    if !bot.connections.is_empty() {
        let must = if bot.needs_connection {
            "needed"
        } else {
            "possible"
        };
        let kinds: Vec<String> = bot.connections.iter().map(|it| format!("`{it}`")).collect();
        facts.push(format!(
            "Connection: {must}, of the kind {}.",
            kinds.join(" or ")
        ));
    }
    for group in bot.exactly_one {
        let names: Vec<String> = group.iter().map(|it| format!("`{it}`")).collect();
        facts.push(format!("Exactly one of {} is given.", names.join(" and ")));
    }
    facts
}

fn output(bot: &BotSpec) -> String {
    let schema = (bot.output)(&json!({}));
    let fields = words::given(&schema);
    match (fields.as_slice(), schema["description"].as_str()) {
        ([], Some(text)) => format!("\n{}\n", words::one_line(text)),
        ([], None) => "\nWhat there is depends on the parameters.\n".to_owned(),
        _ => field_table(&fields),
    }
}

fn connection_section(connection: &ConnectionSpec) -> String {
    let settings = (connection.settings)().to_value();
    let mut text = format!("\n## `{}`\n\n{}\n", connection.kind, prose(&settings));
    if !connection.has_test {
        text += "\nIt has no test of its own: after an outage one attempt of a step finds out whether it answers.\n";
    }
    text += "\n**Settings**\n";
    text += &field_table(&words::fields(&settings));
    for (name, fields) in words::inner(&settings) {
        _ = write!(text, "\n**Each of `{name}`**\n");
        text += &field_table(&fields);
    }
    let example = listed(connection.example);
    _ = write!(
        text,
        "\n**Example**\n\n```yaml\n# botswain.yaml\nname: my-office\nconnections:\n{}```\n",
        indented(&example)
    );
    text
}

/// The settings that every connection has, whatever its kind.
fn common_settings() -> Vec<Field> {
    let schema = Config::schema(&[]);
    let bearing = crate::instance::config::bearing::schemas();
    let whole = json!({ "properties": bearing, "$defs": schema["$defs"] });
    words::fields(&whole)
}

fn prose(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn listed(example: &str) -> String {
    format!("{}\n", example.trim_matches('\n'))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn field_table(fields: &[Field]) -> String {
    let rows = fields.iter().map(|field| {
        let must = if field.required { ", required" } else { "" };
        let name = format!("`{}`", field.name);
        [name, format!("{}{must}", field.kind), field.text.clone()]
    });
    table(["name", "type", "what it is"], rows)
}

fn fault_table(faults: impl Iterator<Item = &'static KnownFault>) -> String {
    let rows = faults.map(|fault| {
        let code = format!("`{}`", fault.code);
        [
            code,
            words::category(fault.category).to_owned(),
            fault.when.to_owned(),
        ]
    });
    table(["code", "category", "when"], rows)
}

/// A table in Markdown, with an empty line before it.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut table = format!("\n{}", line(header.map(str::to_owned).into()));
    table += "|";
    table += &"---|".repeat(N);
    table += "\n";
    for row in rows {
        table += &line(row.map(|cell| cell.replace('|', "\\|")).into());
    }
    table
}
