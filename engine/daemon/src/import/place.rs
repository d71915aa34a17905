//! JSON of which each value knows its place, and what is wrong with a recording.
//!
//! In goes a parsed document; out come texts, numbers and lists, or an [`Error`]
//! that names the place, as in `steps[3].selectors`.

use serde_json::Value;

/// How many steps a recording may have.
pub(super) const MOST: usize = 5_000;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the recording is larger than {} MiB", super::LIMIT / 1024 / 1024)]
    Size,
    #[error("the recording is not JSON: {0}")]
    Syntax(serde_json::Error),
    #[error(
        "this is neither a recording of Chrome's DevTools Recorder (it would have `steps`) nor of Selenium IDE (it would have `tests`)"
    )]
    Unknown,
    #[error("`{place}` is {found}, not {expected}")]
    Shape {
        place: String,
        found: &'static str,
        expected: &'static str,
    },
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{place}` has {count} entries, more than {MOST}")]
    TooMany { place: String, count: usize },
    #[error("the recording holds several tests: {}", quoted(.0))]
    Several(Vec<String>),
    #[error("the recording has no test `{asked}`; it has {}", quoted(.tests))]
    NoTest { asked: String, tests: Vec<String> },
    #[error("`{0}` cannot be the name of a workflow")]
    Name(String),
    #[error("`{0}` cannot be the name of a connection")]
    Connection(String),
    #[error("the recording opens no page")]
    NoPage,
    #[error("connection `{name}` is at {there}, the recording begins at {here}")]
    Elsewhere {
        name: String,
        there: String,
        here: String,
    },
}

impl Error {
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Syntax(_) | Error::Unknown => {
                Some("export it as JSON from the Recorder, or save the project of Selenium IDE")
            }
            Error::Several(_) => Some("say which by `--test NAME`"),
            Error::Name(_) | Error::Connection(_) => {
                Some("use letters, digits, `-` and `_`, beginning with a letter")
            }
            Error::NoPage => Some("record from the moment at which the page is opened"),
            Error::Elsewhere { .. } => Some("leave `--connection` out, or name another"),
            _ => None,
        }
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct At<'a> {
    value: &'a Value,
    place: String,
}

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> At<'a> {
        let place = String::new();
        At { value, place }
    }

    /// What stands under a key; null is nothing.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let place = match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        Some(At { value, place })
    }

    pub(super) fn needed(&self, key: &str) -> Result<At<'a>, Error> {
        let place = &self.place;
        let missing =
            || Error::Missing(format!("{place}.{key}").trim_start_matches('.').to_owned());
        self.get(key).ok_or_else(missing)
    }

    /// The text under a key; empty when there is none.
    pub(super) fn text(&self, key: &str) -> Result<&'a str, Error> {
        self.get(key).map_or(Ok(""), |at| at.as_text())
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, Error> {
        let Some(at) = self.get(key) else {
            return Ok(None);
        };
        let number = at.value.as_f64().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| at.not("a number"))
    }

    /// A size or a time, never less than nothing.
    pub(super) fn whole(&self, key: &str) -> Result<Option<u64>, Error> {
        let number = self.number(key)?;
        Ok(number.map(|number| number.clamp(0.0, 1e9).round() as u64))
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.value[key] == true
    }

    pub(super) fn is_false(&self, key: &str) -> bool {
        self.value[key] == false
    }

    /// The entries of the list under a key; none when it is not there.
    pub(super) fn list(&self, key: &str) -> Result<Vec<At<'a>>, Error> {
        self.get(key).map_or(Ok(Vec::new()), |at| at.entries())
    }

    pub(super) fn entries(&self) -> Result<Vec<At<'a>>, Error> {
        let entries = self.value.as_array().ok_or_else(|| self.not("a list"))?;
        if entries.len() > MOST {
            return Err(Error::TooMany {
                place: self.place.clone(),
                count: entries.len(),
            });
        }
        let entries = entries.iter().enumerate();
        Ok(entries
            .map(|(index, value)| At {
                value,
                place: format!("{}[{index}]", self.place),
            })
            .collect())
    }

    pub(super) fn as_text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.not("text"))
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// A number that counts from 0.
    pub(super) fn as_index(&self) -> Result<u64, Error> {
        let index = self.value.as_u64();
        index.ok_or_else(|| self.not("a whole number"))
    }

    pub(super) fn must_be_map(&self) -> Result<(), Error> {
        match self.value.is_object() {
            true => Ok(()),
            false => Err(self.not("a map")),
        }
    }

    pub(super) fn not(&self, expected: &'static str) -> Error {
        let found = match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "a map",
        };
        let place = match self.place.as_str() {
            "" => "the recording".to_owned(),
            place => place.to_owned(),
        };
        Error::Shape {
            place,
            found,
            expected,
        }
    }
}
