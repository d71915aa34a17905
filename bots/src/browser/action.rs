//! The actions of `browser.do`, as they are written in YAML.
//!
//! Each is a map of one key, the action's name. An action is the same whether a
//! step does it or a connection's `login:`; only the type of the values typed
//! differs: [`Text`] for a step, [`Secret`] for a login, which is why [`Action`]
//! has a parameter.

use botswain_bot::{Effect, Secret};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Wait, locator::Locator};

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub enum Action<V> {
    /// Opens a page: a path below the connection's address, or a whole address on the same host.
    Open(String),
    /// Enters values into fields, each named by its locator, in this order. In a list the entry of
    /// this text or value is chosen.
    Fill(IndexMap<Locator, V>),
    /// Enters values key by key, for fields that listen to the keyboard.
    Type(IndexMap<Locator, V>),
    /// Chooses an entry, by its exact visible text, from a list or from the completions of a field.
    Select(IndexMap<Locator, V>),
    /// Ticks a box or chooses a radio button.
    Tick(Locator),
    /// Takes the tick out of a box.
    Untick(Locator),
    /// Clicks a button, a link or anything else.
    Click(Locator),
    /// Clicks twice in quick succession.
    DoubleClick(Locator),
    /// Clicks with the right button.
    RightClick(Locator),
    /// Moves the pointer over an element, as for a menu that opens by itself.
    Hover(Locator),
    /// Scrolls the page or an element, as for a list that grows as one reads on.
    Scroll(Scroll),
    /// Clicks what saves or sends, or presses a key that does, as in `{ press: Enter }`. From here
    /// on the effect may have taken place.
    Submit(Submit),
    /// Presses a key where the focus is, as in `Enter`, `Tab`, `Escape` or `Control+s`.
    Press(Key),
    /// Waits until the page is as described.
    WaitFor(WaitFor),
    /// Says how the page must be now; a fault when it does not become so.
    Expect(Expect),
    /// Reads texts or values from the page into the output of the step.
    Read(IndexMap<String, Locator>),
    /// Keeps a picture of the page under this name, in `screenshots` of the output.
    Screenshot(String),
    /// Does the same actions for each of several rows.
    Each(Each<V>),
    /// Does actions within a frame of the page. What they `open` takes the place of the whole page.
    Frame(Frame<V>),
}

/// What a page must show; all that is given must hold at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// A text that is visible somewhere on the page.
    pub text: Option<Text>,
    /// An element that is visible.
    pub element: Option<Locator>,
    /// An element that is not visible, or no longer.
    pub gone: Option<Locator>,
    /// A part of the page's address.
    pub url: Option<String>,
    /// A part of the page's title.
    pub title: Option<String>,
    /// How long to wait, when not as long as the step says.
    pub wait: Option<Wait>,
}

/// What a page must show, and what it means when it does not.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// A text that is visible somewhere on the page.
    pub text: Option<Text>,
    /// An element that is visible.
    pub element: Option<Locator>,
    /// An element that is not visible.
    pub gone: Option<Locator>,
    /// A part of the page's address.
    pub url: Option<String>,
    /// A part of the page's title.
    pub title: Option<String>,
    /// Where the page says that it refused. When it becomes visible after `submit:`, the effect
    /// is known not to have taken place, and its text is the fault's message. Without it, an
    /// element with the role `alert` counts as one, unless it was there before.
    pub refused: Option<Locator>,
    /// Whether a person has to mend it (`business`), or it may pass by itself (`system`).
    #[serde(default, rename = "else")]
    pub otherwise: Otherwise,
    /// How long to wait, when not as long as the step says.
    pub wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    Business,
    #[default]
    System,
}

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
        let locator = Locator::json_schema(generator);
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

/// A value for a field: text, a number, or the column of a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Text {
    Given(String),
    Column(String),
}

/// What an action enters, and whether it may be seen.
pub(crate) trait Entry: Send + Sync {
    /// The text to enter, or why there is none.
    fn text(&self, row: Option<&Map<String, Value>>) -> Result<String, String>;
}

impl Entry for Text {
    fn text(&self, row: Option<&Map<String, Value>>) -> Result<String, String> {
        match self {
            Text::Given(text) => Ok(text.clone()),
            Text::Column(column) => {
                let row = row.ok_or("`{ column: … }` stands outside of an `each`")?;
                let value = row
                    .get(column)
                    .ok_or_else(|| format!("the row has no column `{column}`"))?;
                plain(value).ok_or_else(|| {
                    format!("column `{column}` holds {value}, which is neither text nor a number")
                })
            }
        }
    }
}

impl Entry for Secret {
    fn text(&self, _row: Option<&Map<String, Value>>) -> Result<String, String> {
        Ok(self.reveal().to_owned())
    }
}

impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Text, String> {
        let column = value.as_object().filter(|map| map.len() == 1);
        if let Some(Value::String(column)) = column.and_then(|map| map.get("column")) {
            return Ok(Text::Column(column.clone()));
        }
        plain(&value).map(Text::Given).ok_or_else(|| {
            format!(
                "{value} cannot be entered into a field: text, a number or `{{ column: name }}` can"
            )
        })
    }
}

/// Text, or a number with the digits it was written with.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "number"] },
            {
                "type": "object",
                "description": "The column of the row of an `each`.",
                "properties": { "column": { "type": "string", "description": "The name of the column." } },
                "required": ["column"],
                "additionalProperties": false
            },
        ] })
    }
}

/// A key with its modifiers, as the WebDriver standard numbers them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    written: String,
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

impl<V> Action<V> {
    /// The action in a few words, without any value that is entered.
    pub(crate) fn words(&self) -> String {
        let names = |map: &IndexMap<Locator, V>| {
            let names: Vec<&str> = map.keys().map(Locator::written).collect();
            names.join(", ")
        };
        match self {
            Action::Open(path) => format!("open {path}"),
            Action::Fill(fields) => format!("fill {}", names(fields)),
            Action::Type(fields) => format!("type {}", names(fields)),
            Action::Select(fields) => format!("select {}", names(fields)),
            Action::Tick(locator) => format!("tick {locator}"),
            Action::Untick(locator) => format!("untick {locator}"),
            Action::Click(locator) => format!("click {locator}"),
            Action::DoubleClick(locator) => format!("double_click {locator}"),
            Action::RightClick(locator) => format!("right_click {locator}"),
            Action::Hover(locator) => format!("hover {locator}"),
            Action::Scroll(Scroll { element, .. }) => match element {
                Some(locator) => format!("scroll {locator}"),
                None => "scroll".to_owned(),
            },
            Action::Submit(Submit::Click(locator)) => format!("submit {locator}"),
            Action::Submit(Submit::Press(key)) => format!("submit by {}", key.written),
            Action::Press(key) => format!("press {}", key.written),
            Action::WaitFor(_) => "wait_for".to_owned(),
            Action::Expect(_) => "expect".to_owned(),
            Action::Read(reads) => {
                let names: Vec<&str> = reads.keys().map(String::as_str).collect();
                format!("read {}", names.join(", "))
            }
            Action::Screenshot(name) => format!("screenshot {name}"),
            Action::Each(each) => format!("each of {} rows", each.rows.len()),
            Action::Frame(frame) => format!("frame {}", frame.locator),
        }
    }

    /// The actions that it holds.
    pub(crate) fn inner(&self) -> &[Action<V>] {
        match self {
            Action::Each(each) => &each.actions,
            Action::Frame(frame) => &frame.actions,
            _ => &[],
        }
    }

    /// The elements that it acts on or reads.
    pub(crate) fn locators(&self) -> Vec<&Locator> {
        match self {
            Action::Fill(fields) | Action::Type(fields) | Action::Select(fields) => {
                fields.keys().collect()
            }
            Action::Tick(locator)
            | Action::Untick(locator)
            | Action::Click(locator)
            | Action::DoubleClick(locator)
            | Action::RightClick(locator)
            | Action::Hover(locator)
            | Action::Submit(Submit::Click(locator)) => vec![locator],
            Action::Scroll(scroll) => scroll.element.iter().collect(),
            Action::Read(reads) => reads.values().collect(),
            Action::Frame(frame) => vec![&frame.locator],
            Action::Open(_)
            | Action::Submit(Submit::Press(_))
            | Action::Press(_)
            | Action::WaitFor(_)
            | Action::Expect(_)
            | Action::Screenshot(_)
            | Action::Each(_) => Vec::new(),
        }
    }
}

/// Every name under which something is read.
pub(crate) fn read_names<V>(actions: &[Action<V>]) -> Vec<&str> {
    let names = actions.iter().flat_map(|action| match action {
        Action::Read(reads) => reads.keys().map(String::as_str).collect(),
        other => read_names(other.inner()),
    });
    names.collect()
}

/// Whether an element may be found by another alternative than the first.
pub(crate) fn offers_alternatives<V>(actions: &[Action<V>]) -> bool {
    actions.iter().any(|action| {
        let mut locators = action.locators().into_iter();
        locators.any(Locator::has_alternatives) || offers_alternatives(action.inner())
    })
}

/// From which action on the world may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// From the first `submit`.
    Submit,
    /// No `submit` says where, so from the first click or key.
    Click,
    Never,
}

impl Changes {
    pub(crate) fn of<V>(actions: &[Action<V>]) -> Changes {
        let of = |action: &Action<V>| match action {
            Action::Submit(_) => Changes::Submit,
            Action::Click(_)
            | Action::DoubleClick(_)
            | Action::RightClick(_)
            | Action::Press(_) => Changes::Click,
            other => Changes::of(other.inner()),
        };
        actions
            .iter()
            .map(of)
            .fold(Changes::Never, |so_far, next| match (so_far, next) {
                (Changes::Submit, _) | (_, Changes::Submit) => Changes::Submit,
                (Changes::Click, _) | (_, Changes::Click) => Changes::Click,
                (Changes::Never, Changes::Never) => Changes::Never,
            })
    }

    pub(crate) fn effect(self) -> Effect {
        match self {
            Changes::Submit | Changes::Click => Effect::Once,
            Changes::Never => Effect::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn actions(value: Value) -> Result<Vec<Action<Text>>, String> {
        serde_json::from_value(value).map_err(|err| err.to_string())
    }

    #[test]
    fn fields_keep_their_order_and_numbers_their_digits() {
        let actions =
            actions(json!([{ "fill": { "B": "x", "A": 10.50, "C": { "column": "sku" } } }]));
        let Ok([Action::Fill(fields)]) = actions.as_deref() else {
            panic!("one fill: {actions:?}");
        };
        let names: Vec<_> = fields.keys().map(Locator::written).collect();
        assert_eq!(names, ["B", "A", "C"]);
        assert_eq!(fields[2], Text::Column("sku".to_owned()));
        let exact: Text = serde_json::from_str::<Value>("10.50")
            .map_err(|err| err.to_string())
            .and_then(Text::try_from)
            .expect("a number");
        assert_eq!(exact, Text::Given("10.50".to_owned()));
    }

    #[test]
    fn nothing_is_entered_for_null() {
        let err = actions(json!([{ "fill": { "A": null } }])).expect_err("null is no value");
        assert!(err.contains("null cannot be entered into a field"), "{err}");
    }

    #[test]
    fn a_submit_hidden_in_each_counts() {
        let actions = actions(json!([
            { "open": "/" },
            { "click": "New" },
            { "each": { "rows": [], "do": [{ "submit": "Save" }] } },
        ]));
        assert_eq!(Changes::of(&actions.expect("actions")), Changes::Submit);
    }

    #[test]
    fn a_key_can_submit_and_a_frame_hides_nothing() {
        let actions = actions(json!([
            { "frame": { "in": "Editor", "do": [{ "submit": { "press": "Enter" } }] } },
        ]));
        assert_eq!(Changes::of(&actions.expect("actions")), Changes::Submit);
        let submit = |given: Value| Submit::try_from(given);
        assert!(matches!(
            submit(json!(["Save", "css=b"])),
            Ok(Submit::Click(_))
        ));
        assert!(submit(json!({ "press": "Return" })).is_err());
        assert!(submit(json!({ "click": "Save" })).is_err());
    }

    #[test]
    fn keys_have_names_and_modifiers() {
        let key = |name: &str| Key::try_from(name.to_owned()).map(|key| key.codes);
        assert_eq!(key("Control+s").as_deref(), Ok("\u{E009}s"));
        assert_eq!(key("F5").as_deref(), Ok("\u{E035}"));
        assert!(key("Return").is_err_and(|err| err.contains("`Return` is no key")));
    }
}
