//! Why a template could not be rendered: the data did not fit it.

use serde_json::Value;

use crate::{
    fault::Fault,
    value::{ArtifactRef, TableRef, secret_name},
};

/// What went wrong, for a person; it becomes a fault of the step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(place))]
pub struct RenderError {
    /// `template.reason`, stable.
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// Which of several templates: `fill.SKU`, `to[1]`; empty for a single one.
    pub place: String,
}

fn prefix(place: &str) -> String {
    match place.trim_start_matches('.') {
        "" => String::new(),
        place => format!("`{place}`: "),
    }
}

/// The source cannot be read at all.
pub const SYNTAX: &str = "template.syntax";
/// A name that is not in the data.
pub const MISSING: &str = "template.missing";
/// Null where a value is needed.
pub const NULL: &str = "template.null";
/// A value of the wrong type.
pub const TYPE: &str = "template.type";
/// A value of the right type that makes no sense there.
pub const ARGUMENT: &str = "template.argument";
/// The first or last of nothing.
pub const EMPTY: &str = "template.empty";
/// More output, or a longer list, than is allowed.
pub const TOO_LARGE: &str = "template.too_large";
/// More work than is allowed.
pub const TOO_LONG: &str = "template.too_long";
/// A table could not be read; the one code that is a system fault.
pub const TABLE: &str = "template.table";

impl RenderError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> RenderError {
        RenderError {
            code,
            message: message.into(),
            hint: None,
            place: String::new(),
        }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> RenderError {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> RenderError {
        self.hint = hint.or(self.hint);
        self
    }

    /// Says where: `row 3: …`.
    #[must_use]
    pub(super) fn within(mut self, place: &str) -> RenderError {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl From<RenderError> for Fault {
    fn from(error: RenderError) -> Fault {
        let fault = match error.code {
            TABLE => Fault::system(error.code, error.to_string()),
            code => Fault::business(code, error.to_string()),
        };
        match error.hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }
}

/// What a value is, as a message says it: short, and never a whole record.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => {
            format!("the text `{}…`", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) if TableRef::from_value(value).is_some() => "a table".to_owned(),
        Value::Object(_) if ArtifactRef::from_value(value).is_some() => "a file".to_owned(),
        Value::Object(_) if secret_name(value).is_some() => "a secret".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
