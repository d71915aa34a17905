//! The actions of `browser.do`, as they are written in YAML.
//!
//! Each is a map of one key, the action's name. An action is the same whether a
//! step does it or a connection's `login:`; only the type of the values typed
//! differs: [`Text`] for a step, `Secret` for a login, which is why [`Action`]
//! has a parameter.

mod flow;
mod key;
mod reading;
mod seen;
mod value;

use botswain_bot::Effect;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub use self::{
    flow::{
        Dialog, Download, Drag, Each, Frame, If, InWindow, Picture, Repeat, Script, Scroll, Submit,
    },
    key::Key,
    reading::Reading,
    seen::{Expect, Otherwise, WaitFor},
    value::Text,
};
pub(crate) use self::{
    reading::output_of,
    value::{Entry, plain},
};
use super::{
    Wait,
    locator::{Locator, by_locator},
};
use crate::input_file::InputFile;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "V: serde::de::DeserializeOwned")]
#[schemars(bound = "V: JsonSchema")]
pub enum Action<V> {
    /// Opens a page: a path below the connection's address, or a whole address on the same host.
    Open(String),
    /// Goes back to the page before, as in `back: true`.
    Back(bool),
    /// Loads the page once more, as in `reload: true`.
    Reload(bool),
    /// Enters values into fields, each named by its locator, in this order. In a list the entry of
    /// this text or value is chosen.
    Fill(#[schemars(schema_with = "by_locator::<V>")] IndexMap<Locator, V>),
    /// Enters values key by key, for fields that listen to the keyboard.
    Type(#[schemars(schema_with = "by_locator::<V>")] IndexMap<Locator, V>),
    /// Empties a field.
    Clear(Locator),
    /// Chooses an entry, by its exact visible text, from a list or from the completions of a field.
    Select(#[schemars(schema_with = "by_locator::<V>")] IndexMap<Locator, V>),
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
    /// Takes an element with the pointer and lets it go over another.
    Drag(Drag),
    /// Hands files over to fields that take one, each named by its locator.
    Upload(#[schemars(schema_with = "by_locator::<InputFile>")] IndexMap<Locator, InputFile>),
    /// Clicks what leads to a file, waits until all of it is there, and keeps it in the output.
    Download(Download),
    /// Answers the dialog that the page has opened, or is about to: `accept`, `dismiss`, or a map.
    Dialog(Dialog),
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
    /// Reads texts, values, numbers, lists or tables from the page into the output of the step.
    Read(IndexMap<String, Reading>),
    /// Keeps a picture of the page or of an element under this name, in `screenshots` of the output.
    Screenshot(Picture),
    /// Keeps the page as a PDF, under this name in the output.
    Pdf(String),
    /// Lets the page run JavaScript.
    Script(Script),
    /// Does the same actions for each of several rows.
    Each(Each<V>),
    /// Does actions within a frame of the page. What they `open` takes the place of the whole page.
    Frame(Frame<V>),
    /// Does actions within another window or tab.
    Window(InWindow<V>),
    /// Does actions again and again until the page shows something.
    Repeat(Repeat<V>),
    /// Does actions only when the page shows something.
    If(If<V>),
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
            Action::Back(_) => "back".to_owned(),
            Action::Reload(_) => "reload".to_owned(),
            Action::Clear(locator) => format!("clear {locator}"),
            Action::Drag(drag) => format!("drag {} to {}", drag.from, drag.to),
            Action::Upload(files) => {
                let names: Vec<&str> = files.keys().map(Locator::written).collect();
                format!("upload {}", names.join(", "))
            }
            Action::Download(download) => format!("download {}", download.click),
            Action::Dialog(Dialog { accept: true, .. }) => "dialog accept".to_owned(),
            Action::Dialog(_) => "dialog dismiss".to_owned(),
            Action::Pdf(name) => format!("pdf {name}"),
            Action::Script(_) => "script".to_owned(),
            Action::Window(_) => "window".to_owned(),
            Action::Repeat(_) => "repeat".to_owned(),
            Action::If(_) => "if".to_owned(),
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
            Action::Screenshot(picture) => format!("screenshot {}", picture.name),
            Action::Each(each) => format!("each of {} rows", each.rows.len()),
            Action::Frame(frame) => format!("frame {}", frame.locator),
        }
    }

    /// The actions that it holds, in one list or two.
    pub(crate) fn inner(&self) -> [&[Action<V>]; 2] {
        match self {
            Action::Each(each) => [&each.actions, &[]],
            Action::Frame(frame) => [&frame.actions, &[]],
            Action::Window(window) => [&window.actions, &[]],
            Action::Repeat(repeat) => [&repeat.actions, &repeat.next],
            Action::If(branches) => [&branches.actions, &branches.otherwise],
            _ => [&[], &[]],
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
            | Action::Clear(locator)
            | Action::Click(locator)
            | Action::DoubleClick(locator)
            | Action::RightClick(locator)
            | Action::Hover(locator)
            | Action::Submit(Submit::Click(locator)) => vec![locator],
            Action::Drag(drag) => vec![&drag.from, &drag.to],
            Action::Upload(files) => files.keys().collect(),
            Action::Download(download) => vec![&download.click],
            Action::Screenshot(picture) => picture.of.iter().collect(),
            Action::Scroll(scroll) => scroll.element.iter().collect(),
            Action::Read(reads) => reads.values().filter_map(Reading::locator).collect(),
            Action::Frame(frame) => vec![&frame.locator],
            _ => Vec::new(),
        }
    }
}

/// Every name in the output that the actions give, beside the pictures.
pub(crate) fn read_names<V>(actions: &[Action<V>]) -> Vec<&str> {
    let names = actions.iter().flat_map(|action| match action {
        Action::Read(reads) => reads.keys().map(String::as_str).collect(),
        Action::Download(download) => vec![&*download.name],
        Action::Pdf(name) => vec![&**name],
        Action::Script(script) => script.name.as_deref().into_iter().collect(),
        other => other.inner().into_iter().flat_map(read_names).collect(),
    });
    names.collect()
}

/// Whether an action waits until the network is idle, so that it has to be watched.
pub(crate) fn waits_for_idle<V>(actions: &[Action<V>]) -> bool {
    actions.iter().any(|action| match action {
        Action::WaitFor(wait) => wait.idle,
        Action::Repeat(repeat) if repeat.until.idle => true,
        Action::If(branches) if branches.when.idle => true,
        other => other.inner().into_iter().any(waits_for_idle),
    })
}

/// Whether an element may be found by another alternative than the first.
pub(crate) fn offers_alternatives<V>(actions: &[Action<V>]) -> bool {
    actions.iter().any(|action| {
        let mut locators = action.locators().into_iter();
        locators.any(Locator::has_alternatives)
            || action.inner().into_iter().any(offers_alternatives)
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
            | Action::Drag(_)
            | Action::Dialog(Dialog { accept: true, .. })
            | Action::Script(_)
            | Action::Press(_) => Changes::Click,
            other => other
                .inner()
                .map(Changes::of)
                .into_iter()
                .fold(Changes::Never, Changes::and),
        };
        actions.iter().map(of).fold(Changes::Never, Changes::and)
    }

    fn and(self, other: Changes) -> Changes {
        match (self, other) {
            (Changes::Submit, _) | (_, Changes::Submit) => Changes::Submit,
            (Changes::Click, _) | (_, Changes::Click) => Changes::Click,
            (Changes::Never, Changes::Never) => Changes::Never,
        }
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
    use serde_json::{Value, json};

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
