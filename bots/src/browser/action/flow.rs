//! Actions that hold others, and the shapes of those that take more than a locator.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Action, Key, Wait, WaitFor};
use crate::browser::locator::Locator;

/// Rows, and what to do for each; where a value is `{ column: sku }` it is taken from the row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub struct Each<V> {
    /// The rows, each a map of columns.
    pub rows: Vec<Map<String, Value>>,
    /// What is done for each of them.
    #[serde(rename = "do")]
    pub actions: Vec<Action<V>>,
}

/// A frame, and what to do within it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub struct Frame<V> {
    /// The frame: its title or name, or a `css=` or `xpath=`.
    #[serde(rename = "in")]
    pub locator: Locator,
    /// What is done within it.
    #[serde(rename = "do")]
    pub actions: Vec<Action<V>>,
}

/// Where to scroll to; an element alone is brought into view.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scroll {
    /// What is scrolled, when not the page.
    pub element: Option<Locator>,
    /// How far from the left, in CSS pixels.
    pub x: Option<u32>,
    /// How far from the top, in CSS pixels.
    pub y: Option<u32>,
}

/// What saves or sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Submit {
    Click(Locator),
    /// Where the focus is.
    Press(Key),
}

impl TryFrom<Value> for Submit {
    type Error = String;

    fn try_from(value: Value) -> Result<Submit, String> {
        let pressed = value.as_object().filter(|map| map.len() == 1);
        match pressed.and_then(|map| map.get("press")) {
            Some(Value::String(key)) => Key::try_from(key.clone()).map(Submit::Press),
            _ => Locator::try_from(value).map(Submit::Click),
        }
    }
}

impl JsonSchema for Submit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Submit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let locator = generator.subschema_for::<Locator>();
        let mut key = Key::json_schema(generator);
        key.insert("description".to_owned(), "Which one, as in `Enter`.".into());
        json_schema!({ "anyOf": [
            locator,
            {
                "type": "object",
                "description": "A key, pressed where the focus is.",
                "properties": { "press": key },
                "required": ["press"],
                "additionalProperties": false
            },
        ] })
    }
}

/// What is done again and again, as for a list of many pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub struct Repeat<V> {
    /// What is done each time; what it reads becomes lists.
    #[serde(rename = "do")]
    pub actions: Vec<Action<V>>,
    /// Looked at once after each time; when the page shows it, that was the last.
    pub until: WaitFor,
    /// What leads on to the next time, as a click on `Next`.
    #[serde(default)]
    pub next: Vec<Action<V>>,
    /// So many times at most; then it is a fault. 100 when absent.
    #[serde(default = "many")]
    pub at_most: u32,
}

fn many() -> u32 {
    100
}

/// What is done only when the page shows something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub struct If<V> {
    /// What the page must show; it is looked at once, or for as long as its own `wait` says.
    pub when: WaitFor,
    /// What is done when it does.
    #[serde(rename = "do")]
    pub actions: Vec<Action<V>>,
    /// What is done when it does not.
    #[serde(default, rename = "else")]
    pub otherwise: Vec<Action<V>>,
}

/// Another window or tab; without `title` and `url` the one that was opened last.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub struct InWindow<V> {
    /// A part of its title.
    pub title: Option<String>,
    /// A part of its address.
    pub url: Option<String>,
    /// What is done within it.
    #[serde(rename = "do")]
    pub actions: Vec<Action<V>>,
    /// Whether it is closed afterwards.
    #[serde(default)]
    pub close: bool,
}

/// What is drawn with the pointer, and where it is let go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drag {
    /// What is taken.
    pub from: Locator,
    /// Where it is let go.
    pub to: Locator,
}

/// A click that leads to a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// What is clicked.
    pub click: Locator,
    /// The name in the output of the step under which the file is kept.
    #[serde(rename = "as")]
    pub name: String,
    /// How long the file may take, when not as long as the step says.
    pub wait: Option<Wait>,
}

/// JavaScript that the page runs, as the body of a function.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The code; what it returns is the result.
    pub run: String,
    /// What the code finds in `arguments`.
    #[serde(default)]
    pub arguments: Vec<Value>,
    /// The name in the output of the step under which the result is kept.
    #[serde(rename = "as")]
    pub name: Option<String>,
}

/// How a dialog of the page is answered: `accept`, `dismiss`, or with what it must say or gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Dialog {
    pub accept: bool,
    /// What is typed into it.
    pub text: Option<String>,
    /// A part of what it must say.
    pub says: Option<String>,
}

impl TryFrom<Value> for Dialog {
    type Error = String;

    fn try_from(value: Value) -> Result<Dialog, String> {
        let wrong = || {
            format!(
                "{value} is no answer: `accept`, `dismiss`, or a map of `answer`, `text` and `says`"
            )
        };
        let map = match &value {
            Value::String(_) => {
                let mut map = Map::new();
                map.insert("answer".to_owned(), value.clone());
                map
            }
            Value::Object(map) => map.clone(),
            _ => return Err(wrong()),
        };
        if map
            .keys()
            .any(|key| !matches!(&**key, "answer" | "text" | "says"))
        {
            return Err(wrong());
        }
        let text = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => super::plain(value).map(Some).ok_or_else(wrong),
        };
        let accept = match text("answer")?.as_deref() {
            None | Some("accept") => true,
            Some("dismiss") => false,
            Some(_) => return Err(wrong()),
        };
        Ok(Dialog {
            accept,
            text: text("text")?,
            says: text("says")?,
        })
    }
}

impl JsonSchema for Dialog {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Dialog".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let answer = Value::from(vec!["accept", "dismiss"]);
        json_schema!({ "anyOf": [
            { "type": "string", "enum": answer },
            {
                "type": "object",
                "description": "How it is answered, and what it must say.",
                "properties": {
                    "answer": { "type": "string", "enum": answer, "description": "`accept` when absent." },
                    "text": { "type": ["string", "number"], "description": "What is typed into it." },
                    "says": { "type": "string", "description": "A part of what it must say; otherwise it is a fault, and the dialog is dismissed." }
                },
                "additionalProperties": false
            },
        ] })
    }
}

/// A picture of the page or of an element.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Picture {
    pub name: String,
    pub of: Option<Locator>,
}

impl TryFrom<Value> for Picture {
    type Error = String;

    fn try_from(value: Value) -> Result<Picture, String> {
        let wrong = || format!("{value} is no picture: a name, or a map of `as` and `of`");
        match &value {
            Value::String(name) => Ok(Picture {
                name: name.clone(),
                of: None,
            }),
            Value::Object(map) if map.keys().all(|key| key == "as" || key == "of") => {
                let name = map.get("as").and_then(Value::as_str).ok_or_else(wrong)?;
                let of = map.get("of").cloned().map(Locator::try_from).transpose()?;
                Ok(Picture {
                    name: name.to_owned(),
                    of,
                })
            }
            _ => Err(wrong()),
        }
    }
}

impl JsonSchema for Picture {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Picture".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "description": "A picture of one element.",
                "properties": {
                    "as": { "type": "string", "description": "The name of the picture." },
                    "of": generator.subschema_for::<Locator>()
                },
                "required": ["as"],
                "additionalProperties": false
            },
        ] })
    }
}
