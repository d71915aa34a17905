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
    let mut ways = match it.category {
        ExceptionCategory::InDoubt => doubted(detail),
        ExceptionCategory::Business | ExceptionCategory::System => failed(detail),
        ExceptionCategory::Approval => vec![
            way(detail, "approve", "", "it may be done: go on"),
            way(detail, "reject", " --note …", "it may not"),
        ],
        ExceptionCategory::Overdue => {
            vec![way(detail, "more-time", " 1h", "let it go on for longer")]
        }
    };
    let is_step = detail.steps.iter().any(|step| step.id == it.step);
    if is_step && it.category != ExceptionCategory::Overdue {
        ways.push(way(detail, "skip", "", "go on without this step"));
    }
    let abandon = match it.run.parent() {
        Some(_) => "give this item up",
        None => "give the run up",
    };
    ways.push(way(detail, "abandon", "", abandon));
    ways
}

fn doubted(detail: &ExceptionDetail) -> Vec<(String, &'static str)> {
    let mut ways = Vec::from_iter(happened(detail));
    let again = "it did not happen: do it (again)";
    ways.push(way(detail, "retry", "", again));
    ways.extend(edit(detail));
    ways
}

fn failed(detail: &ExceptionDetail) -> Vec<(String, &'static str)> {
    let mut ways = vec![way(detail, "retry", "", "the cause is gone: try again")];
    if detail.newer.is_some() {
        let newer = "the workflow was mended: try again by its file as it is now";
        ways.push(way(detail, "retry", " --current", newer));
    }
    ways.extend(edit(detail));
    ways.extend(happened(detail));
    if let Some(step) = detail.back.last() {
        let step = format!(" {step}");
        ways.push(way(
            detail,
            "back",
            &step,
            "go on from an earlier step; `--again` does it once more",
        ));
    }
    ways
}

fn edit(detail: &ExceptionDetail) -> Option<(String, &'static str)> {
    let correction = format!(" {}", correction(detail)?);
    let means = "correct the data and try again";
    Some(way(detail, "edit", &correction, means))
}

fn happened(detail: &ExceptionDetail) -> Option<(String, &'static str)> {
    detail.exception.bot.as_ref()?;
    let output = shape(detail).map_or_else(String::new, |shape| format!(" --output {shape}"));
    let means = "it has happened, or was done by hand";
    Some(way(detail, "happened", &output, means))
}

fn way(
    detail: &ExceptionDetail,
    name: &str,
    rest: &str,
    means: &'static str,
) -> (String, &'static str) {
    let id = detail.exception.id;
    (format!("botswain exceptions {name} {id}{rest}"), means)
}

/// `--set sku=…`, or `--with to=…` when there is no other data.
fn correction(detail: &ExceptionDetail) -> Option<String> {
    let message = &detail.exception.message;
    let data = detail.item.as_ref().unwrap_or(&detail.inputs);
    let named = |option: &str, data: &Value| {
        let name = likeliest(data, message, detail.with.as_ref())?;
        Some(format!("{option} {}", quoted(&format!("{name}=…"))))
    };
    named("--set", data).or_else(|| named("--with", detail.with.as_ref()?))
}

/// The field whose value the message speaks of, else one that the step was given, else the first.
fn likeliest<'a>(data: &'a Value, message: &str, with: Option<&Value>) -> Option<&'a str> {
    let fields = data.as_object()?;
    let texts = || {
        let text = |(name, value): (&'a String, &'a Value)| Some((name, value.as_str()?));
        fields.iter().filter_map(text)
    };
    let spoken_of = texts().filter(|(_, text)| speaks_of(message, text));
    // Of two, the longer one is less likely to stand there by chance.
    let spoken_of = spoken_of.rev().max_by_key(|(_, text)| text.len());
    spoken_of
        .or_else(|| texts().find(|(_, text)| with.is_some_and(|with| is_given(with, text))))
        .map(|(name, _)| name)
        .or_else(|| fields.keys().next())
        .map(String::as_str)
}

/// Whether the text stands in the message, and not only within a word or number.
fn speaks_of(message: &str, text: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (first, last) = (text.chars().next(), text.chars().next_back());
    !text.is_empty()
        && message.match_indices(text).any(|(at, found)| {
            let (before, after) = (&message[..at], &message[at + found.len()..]);
            let joined = is_word(first) && is_word(before.chars().next_back());
            !(joined || is_word(last) && is_word(after.chars().next()))
        })
}

/// Whether the text is a value of the parameters.
fn is_given(with: &Value, text: &str) -> bool {
    match with {
        Value::String(given) => given == text,
        Value::Array(values) => values.iter().any(|it| is_given(it, text)),
        Value::Object(fields) => fields.values().any(|it| is_given(it, text)),
        _ => false,
    }
}

/// `'{"number": …}'`: what the step would have given.
fn shape(detail: &ExceptionDetail) -> Option<String> {
    let bot = botswain_bots::find(detail.exception.bot.as_deref()?)?;
    let with = detail.with.clone().unwrap_or_else(|| json!({}));
    let schema = (bot.output)(&with);
    let names: Vec<&String> = match detail.read.is_empty() {
        true => schema["properties"].as_object()?.keys().collect(),
        // Nothing else is asked for.
        false => detail.read.iter().collect(),
    };
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
        let of = |message| likeliest(&line, message, None);
        assert_eq!(of("there is no product 9001"), Some("sku"));
        assert_eq!(of("the office is closed"), Some("order"));
        assert_eq!(of("order 21002 has no place 90010"), Some("order"));
        let with = json!({ "method": "GET", "path": "/orders" });
        let path = likeliest(&with, "`GET http://shop/orders/1` was refused", None);
        assert_eq!(path, Some("path"));
        assert_eq!(likeliest(&json!({}), "anything", None), None);
        assert_eq!(likeliest(&json!("text"), "anything", None), None);
    }

    #[test]
    fn else_a_field_that_the_step_was_given() {
        let line = json!({ "order": "1002", "line": "2", "sku": "bad" });
        let with = json!({ "path": "/orders", "json": [{ "key": "1002-2", "sku": "bad" }] });
        let of = |message| likeliest(&line, message, Some(&with));
        assert_eq!(of("it was answered 422"), Some("sku"));
        assert_eq!(of("there is no line 2 of 1002"), Some("order"));
    }

    #[test]
    fn what_is_offered_can_be_copied() {
        assert_eq!(quoted("sku=…"), "sku=…");
        assert_eq!(quoted("Order No=…"), "'Order No=…'");
        assert_eq!(quoted("it's=…"), r"'it'\''s=…'");
    }
}
