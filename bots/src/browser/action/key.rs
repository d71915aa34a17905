//! The names of keys.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A key with its modifiers, as the WebDriver standard numbers them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    pub(crate) written: String,
    pub(crate) codes: String,
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(written: String) -> Result<Key, String> {
        let codes: Result<String, String> = written.split('+').map(code).collect();
        Ok(Key {
            codes: codes?,
            written,
        })
    }
}

/// Code points of <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
fn code(name: &str) -> Result<char, String> {
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return Ok(letter);
    }
    let named = match name {
        "Enter" => '\u{E007}',
        "Tab" => '\u{E004}',
        "Escape" => '\u{E00C}',
        "Space" => ' ',
        "Backspace" => '\u{E003}',
        "Delete" => '\u{E017}',
        "Up" => '\u{E013}',
        "Down" => '\u{E015}',
        "Left" => '\u{E012}',
        "Right" => '\u{E014}',
        "Home" => '\u{E011}',
        "End" => '\u{E010}',
        "PageUp" => '\u{E00E}',
        "PageDown" => '\u{E00F}',
        "Shift" => '\u{E008}',
        "Control" => '\u{E009}',
        "Alt" => '\u{E00A}',
        name => return function_key(name),
    };
    Ok(named)
}

fn function_key(name: &str) -> Result<char, String> {
    let number = name.strip_prefix('F').and_then(|n| n.parse::<u32>().ok());
    let number = number.filter(|number| (1..=12).contains(number));
    let code = number.and_then(|number| char::from_u32(0xE030 + number));
    code.ok_or_else(|| {
        format!("`{name}` is no key: keys are single characters, Enter, Tab, Escape, Space, Backspace, Delete, Up, Down, Left, Right, Home, End, PageUp, PageDown, F1 to F12, with Shift+, Control+ or Alt+ before")
    })
}

impl JsonSchema for Key {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Key".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
