//! How a person names an element of a page.
//!
//! Bare text is what can be seen: a label, the text of a button or a link, a
//! placeholder, or the `name` of a field. `css= xpath= name= role= label=
//! placeholder= testid= text=` say more exactly what is meant, ` >>> ` looks
//! inside of what stands before it, and ` || ` gives alternatives, of which the
//! first that fits exactly one element is used. The search itself is in `page.js`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::plain;

/// Stands between alternatives.
pub(crate) const OR: &str = " || ";
/// Stands between an element and what is looked for inside of it.
const INSIDE: &str = " >>> ";

#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Value")]
pub struct Locator {
    written: String,
    /// In order; each is found inside of what the part before it finds.
    alternatives: Vec<Vec<Part>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Part {
    by: By,
    wanted: String,
}

/// What the wanted text is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Visible,
    Css,
    Xpath,
    Name,
    Role,
    Label,
    Placeholder,
    Testid,
    Text,
}

/// As `page.js` gets it.
#[derive(Serialize)]
pub(crate) struct Wanted<'a> {
    written: &'a str,
    any: &'a [Vec<Part>],
}

impl Locator {
    /// Where a page tells of a mistake, by the ARIA standard.
    pub(crate) fn alert() -> Locator {
        Locator::css("[role=alert]")
    }

    /// The page as a whole.
    pub(crate) fn page() -> Locator {
        Locator::css("html")
    }

    fn css(wanted: &str) -> Locator {
        let part = Part {
            by: By::Css,
            wanted: wanted.to_owned(),
        };
        Locator {
            written: format!("css={wanted}"),
            alternatives: vec![vec![part]],
        }
    }

    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            written: &self.written,
            any: &self.alternatives,
        }
    }

    pub(crate) fn has_alternatives(&self) -> bool {
        self.alternatives.len() > 1
    }
}

/// A template may have left a number: `click: "{{order.number}}"`.
impl TryFrom<Value> for Locator {
    type Error = String;

    fn try_from(value: Value) -> Result<Locator, String> {
        let alternatives = match &value {
            Value::Array(alternatives) => alternatives.iter().map(plain).collect(),
            other => plain(other).map(|written| vec![written]),
        };
        match alternatives {
            Some(alternatives) => Locator::try_from(alternatives.join(OR)),
            None => Err(format!("{value} names no element: write its label")),
        }
    }
}

impl TryFrom<String> for Locator {
    type Error = String;

    fn try_from(written: String) -> Result<Locator, String> {
        let chain = |chain: &str| chain.split(INSIDE).map(part).collect();
        let alternatives: Option<Vec<Vec<Part>>> = written.split(OR).map(chain).collect();
        match alternatives {
            Some(alternatives) => Ok(Locator {
                written,
                alternatives,
            }),
            None => Err(format!(
                "`{written}` names no element: write its label, or `css=` and a selector"
            )),
        }
    }
}

fn part(written: &str) -> Option<Part> {
    let (by, wanted) = match written.trim_start().split_once('=') {
        Some(("css", wanted)) => (By::Css, wanted),
        Some(("xpath", wanted)) => (By::Xpath, wanted),
        Some(("name", wanted)) => (By::Name, wanted),
        Some(("role", wanted)) => (By::Role, wanted),
        Some(("label", wanted)) => (By::Label, wanted),
        Some(("placeholder", wanted)) => (By::Placeholder, wanted),
        Some(("testid", wanted)) => (By::Testid, wanted),
        Some(("text", wanted)) => (By::Text, wanted),
        _ => (By::Visible, written),
    };
    let wanted = wanted.trim().to_owned();
    (!wanted.is_empty()).then_some(Part { by, wanted })
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl JsonSchema for Locator {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Locator".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "minLength": 1,
            "minItems": 1,
            "items": { "type": "string", "minLength": 1 },
            "description": "A visible label or name; or `css=` `xpath=` `name=` `role=` (a role, then a name) `label=` `placeholder=` `testid=` `text=`. A list, or ` || ` between them, gives alternatives; ` >>> ` looks inside of what stands before it."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<Vec<Vec<(By, String)>>, String> {
        let locator = Locator::try_from(text.to_owned())?;
        let chains = locator.alternatives.into_iter();
        let parts = |chain: Vec<Part>| {
            chain
                .into_iter()
                .map(|part| (part.by, part.wanted))
                .collect()
        };
        Ok(chains.map(parts).collect())
    }

    #[test]
    fn only_known_prefixes_are_special() {
        let one = |by: By, wanted: &str| Ok(vec![vec![(by, wanted.to_owned())]]);
        assert_eq!(parts("css=#a[b=c]"), one(By::Css, "#a[b=c]"));
        assert_eq!(parts("Price = net"), one(By::Visible, "Price = net"));
        assert_eq!(parts("role=button Save"), one(By::Role, "button Save"));
        assert!(parts("name= ").is_err());
        let number = Locator::try_from(Value::from(4711));
        assert_eq!(number.map(|it| it.written), Ok("4711".to_owned()));
    }

    #[test]
    fn alternatives_and_what_is_inside_keep_their_order() {
        let css = |wanted: &str| (By::Css, wanted.to_owned());
        let expected = vec![
            vec![(By::Visible, "Save".to_owned())],
            vec![css("#form"), css("a||b >>>c")],
        ];
        let written = "Save || css=#form >>> css=a||b >>>c";
        assert_eq!(parts(written), Ok(expected));
        let listed = serde_json::json!(["Save", "css=#form >>> css=a||b >>>c"]);
        let listed = Locator::try_from(listed).map(|it| it.written);
        assert_eq!(listed.as_deref(), Ok(written));
        for wrong in [" || css=a", "css=a >>>  || b"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
        assert!(Locator::try_from(serde_json::json!([])).is_err());
    }
}
