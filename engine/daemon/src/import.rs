//! From what a browser's recorder has written down to a workflow.
//!
//! In goes a recording of Chrome's DevTools Recorder or of Selenium IDE; out come
//! a workflow's text, what `botswain.yaml` needs for it, and what could not be
//! carried over, each with its place. Both formats are read into one [`Flow`];
//! [`plan`] decides what becomes an input, a secret and the `submit`; [`writer`]
//! puts it into words. A value that was typed into a password field is in none of
//! these texts.

mod chrome;
mod flow;
mod mask;
mod merge;
mod names;
mod place;
mod plan;
mod side;
mod writer;

use serde_json::Value;

use self::{
    place::At,
    plan::{Plan, Wishes},
};
pub use self::{place::Error, plan::Known};

/// The largest recording that is read, in bytes.
pub const LIMIT: usize = 16 * 1024 * 1024;

/// What the caller wants, and what there is.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// The workflow's name, when not made of the recording's title.
    pub name: Option<&'a str>,
    /// The connection's name, when not the one that fits.
    pub connection: Option<&'a str>,
    /// Which test, when the recording holds several.
    pub test: Option<&'a str>,
    /// The connections of the instance.
    pub known: &'a [Known],
}

/// What a recording has come to.
#[derive(Debug)]
pub struct Import {
    /// The workflow's name.
    pub name: String,
    pub connection: String,
    /// The workflow.
    pub text: String,
    /// What is to be added to `botswain.yaml`, if anything.
    pub add: Option<Addition>,
    /// The names of the inputs, with what was typed.
    pub inputs: Vec<(String, Option<String>)>,
    /// What could not be carried over, in the order of the recording.
    pub left: Vec<Left>,
    /// How many actions the workflow has.
    pub actions: usize,
    /// The locators of what was taken for the click that saves.
    pub submit: Option<String>,
}

/// A part of `botswain.yaml`.
#[derive(Debug)]
pub struct Addition {
    /// YAML, from `connections:` on.
    pub text: String,
    /// Whether the connection is there and only its login is new.
    pub login_only: bool,
    /// The secrets that it names, to be set by `botswain secret set`.
    pub secrets: Vec<String>,
}

/// Something that could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// As in `step 3`.
    pub place: String,
    pub what: String,
}

/// Makes a workflow of a recording.
pub fn import(text: &str, request: &Request<'_>) -> Result<Import, Error> {
    if text.len() > LIMIT {
        return Err(Error::Size);
    }
    let value: Value = serde_json::from_str(without_mark(text)).map_err(Error::Syntax)?;
    let root = At::root(&value);
    let flow = match (value.get("steps"), value.get("tests")) {
        (Some(_), _) => chrome::read(&root)?,
        (None, Some(_)) => side::read(&root, request.test)?,
        (None, None) => return Err(Error::Unknown),
    };
    let wishes = Wishes {
        name: request.name,
        connection: request.connection,
        known: request.known,
    };
    Ok(writer::write(&Plan::of(flow, &wishes)?))
}

/// Some editors put a byte order mark first.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
