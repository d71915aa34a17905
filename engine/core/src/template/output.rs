//! The text being rendered: escaped for the kind of file it is, and capped.

use serde_json::Value;

use super::error::{ARGUMENT, NULL, RenderError, TOO_LARGE, TYPE, described};

/// How values become part of a text. What the author wrote is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// `*.html.hbs`: `&`, `<`, quotes and the like become entities.
    Html,
    /// `*.csv.hbs`: quoted where needed, and no text is taken for a formula.
    Csv,
}

impl Style {
    pub(super) fn of_file(name: &str) -> Style {
        if name.ends_with(".html.hbs") {
            Style::Html
        } else if name.ends_with(".csv.hbs") {
            Style::Csv
        } else {
            Style::Plain
        }
    }
}

pub(super) struct Output {
    text: String,
    style: Style,
    limit: usize,
    /// In CSV: the author has opened a quoted cell and not closed it.
    quoted: bool,
}

impl Output {
    pub(super) fn new(style: Style, limit: usize) -> Output {
        Output {
            text: String::new(),
            style,
            limit,
            quoted: false,
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// What stands in the template itself.
    pub(super) fn literal(&mut self, text: &str) -> Result<(), RenderError> {
        if self.style == Style::Csv && text.matches('"').count() % 2 == 1 {
            self.quoted = !self.quoted;
        }
        self.push(text)
    }

    /// What an expression gave; `name` is the expression, for the message.
    pub(super) fn value(&mut self, value: &Value, name: &str) -> Result<(), RenderError> {
        let text = printed(value, name)?;
        match self.style {
            Style::Plain => self.push(&text),
            Style::Html => self.push(&handlebars::html_escape(&text)),
            Style::Csv => {
                let cell = self.cell(text, value.is_string(), name)?;
                self.push(&cell)
            }
        }
    }

    fn cell(&self, text: String, is_text: bool, name: &str) -> Result<String, RenderError> {
        let last = self.text.chars().next_back();
        let begins = match (last, self.quoted) {
            (None | Some(',' | ';' | '\t' | '\n' | '\r'), false) => true,
            (last, quoted) => quoted && last == Some('"'),
        };
        // Spreadsheets run what begins so (OWASP, "CSV injection"); a number cannot.
        let formula = begins && is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if formula { format!("'{text}") } else { text };
        let special = |c: char| matches!(c, ',' | ';' | '"' | '\n' | '\r' | '\t');
        if self.quoted {
            return Ok(text.replace('"', "\"\""));
        }
        if !text.contains(special) {
            return Ok(text);
        }
        match begins {
            // RFC 4180: quotes around the cell, those inside doubled.
            true => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
            false => Err(RenderError::new(
                ARGUMENT,
                format!("{name} contains a separator or a quote and is only part of a cell"),
            )
            .hint("write double quotes around the whole cell in the template")),
        }
    }

    fn push(&mut self, text: &str) -> Result<(), RenderError> {
        if self.text.len() + text.len() > self.limit {
            let message = format!("the text grows over {} KiB", self.limit / 1024);
            return Err(RenderError::new(TOO_LARGE, message)
                .hint("print less of it, or drop the data as a file of its own"));
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// A value as text; only what has one plain reading.
pub(super) fn printed(value: &Value, name: &str) -> Result<String, RenderError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(yes) => Ok(yes.to_string()),
        Value::Null => Err(RenderError::new(NULL, format!("{name} is null"))
            .hint("guard it by `if`, or use `default`, as in `{{default line.note \"\"}}`")),
        Value::Array(_) | Value::Object(_) => {
            let message = format!("{name} is {}, which is no text", described(value));
            Err(RenderError::new(TYPE, message).hint(print_hint(value)))
        }
    }
}

fn print_hint(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => {
            "print its items by `{{#each …}}` or `{{join … \", \"}}`, or how many there are by `{{len …}}`"
        }
        _ if value.get("$table").is_some() => {
            "go through it by `{{#each …}}`, or use `len`, `sum`, `where` or `group`"
        }
        _ if value.get("$artifact").is_some() => "name a part of it: `.name`, `.media` or `.size`",
        _ if value.get("$secret").is_some() => "a secret can only be the whole value of a field",
        _ => "name the part of it that is meant",
    }
}
