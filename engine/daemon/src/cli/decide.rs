//! The ways out of an exception: commands that apply to it, with the names that stand in it.
//!
//! In goes the exception with its data, out come commands to copy, the likeliest
//! first, each with what it means. Nothing is offered that the API would refuse.

use botswain_core::index::ExceptionCategory;
use serde_json::{Value, json};

use crate::views::ExceptionDetail;

/// An output with more names than these is not spelled out.
const NAMED: usize = 4;

/// What can be done about an exception: commands, and what each means.
pub(super) fn ways(detail: &ExceptionDetail) -> Vec<(String, &'static str)> {
    let it = &detail.exception;
    let id = it.id;
    let command = |rest: String| format!("botswain exceptions {rest}");
    let is_bots = it.bot.is_some();
    let happened = is_bots.then(|| {
        let shape = shape(detail).map_or_else(String::new, |shape| format!(" --output {shape}"));
        (
            command(format!("happened {id}{shape}")),
            "it has happened, or was done by hand",
        )
    });
    let retry = |means| (command(format!("retry {id}")), means);
    let edit = correction(detail).map(|correction| {
        (
            command(format!("edit {id} {correction}")),
            "correct the data and try again",
        )
    });
    let mut ways = Vec::new();
    match it.category {
        ExceptionCategory::InDoubt => {
            ways.extend(happened);
            ways.push(retry("it did not happen: do it (again)"));
            ways.extend(edit);
        }
        ExceptionCategory::Business | ExceptionCategory::System => {
            ways.push(retry("the cause is gone: try again"));
            ways.extend(edit);
            ways.extend(happened);
        }
    }
    ways.extend(is_bots.then(|| (command(format!("skip {id}")), "go on without this step")));
    let abandon = match it.run.parent() {
        Some(_) => "give this item up",
        None => "give the run up",
    };
    ways.push((command(format!("abandon {id}")), abandon));
    ways
}

/// `--set sku=…`, or `--with to=…` when there is no other data.
fn correction(detail: &ExceptionDetail) -> Option<String> {
    let message = &detail.exception.message;
    let data = detail.item.as_ref().unwrap_or(&detail.inputs);
    let named = |option: &str, data: &Value| {
        let name = likeliest(data, message)?;
        Some(format!("{option} {}", quoted(&format!("{name}=…"))))
    };
    named("--set", data).or_else(|| named("--with", detail.with.as_ref()?))
}

/// The field whose value the message speaks of, else the first.
fn likeliest<'a>(data: &'a Value, message: &str) -> Option<&'a str> {
    let fields = data.as_object()?;
    let spoken_of = |value: &Value| match value {
        Value::String(text) => !text.is_empty() && message.contains(text.as_str()),
        _ => false,
    };
    let found = fields.iter().find(|(_, value)| spoken_of(value));
    found
        .or_else(|| fields.iter().next())
        .map(|(name, _)| name.as_str())
}

/// `'{"number": …}'`: what the step would have given.
fn shape(detail: &ExceptionDetail) -> Option<String> {
    let bot = botswain_bots::find(detail.exception.bot.as_deref()?)?;
    let with = detail.with.clone().unwrap_or_else(|| json!({}));
    let schema = (bot.output)(&with);
    let names: Vec<&String> = schema["properties"].as_object()?.keys().collect();
    let mut parts: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("\"{name}\": …"))
        .collect();
    if names.len() > NAMED {
        parts.push("…".to_owned());
    }
    match parts.is_empty() {
        true => None,
        false => Some(quoted(&format!("{{{}}}", parts.join(", ")))),
    }
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-.=…".contains(c);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_the_message_speaks_of_is_offered() {
        let line = json!({ "order": "1002", "sku": "9001", "note": "" });
        assert_eq!(likeliest(&line, "there is no product 9001"), Some("sku"));
        assert_eq!(likeliest(&line, "the office is closed"), Some("order"));
        assert_eq!(likeliest(&json!({}), "anything"), None);
        assert_eq!(likeliest(&json!("text"), "anything"), None);
    }

    #[test]
    fn what_is_offered_can_be_copied() {
        assert_eq!(quoted("sku=…"), "sku=…");
        assert_eq!(quoted("Order No=…"), "'Order No=…'");
        assert_eq!(quoted("it's=…"), r"'it'\''s=…'");
    }
}
