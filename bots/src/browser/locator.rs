//! How a person names an element of a page.
//!
//! Bare text is what can be seen: a label, the text of a button or a link, a
//! placeholder, or the `name` of a field. `css= xpath= name= role= label=
//! placeholder= testid= text=` say more exactly what is meant. The search itself
//! is in `page.js`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::plain;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Value")]
pub struct Locator {
    written: String,
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
    by: By,
    wanted: &'a str,
}

impl Locator {
    /// Where a page tells of a mistake, by the ARIA standard.
    pub(crate) fn alert() -> Locator {
        Locator {
            written: "css=[role=alert]".to_owned(),
            by: By::Css,
            wanted: "[role=alert]".to_owned(),
        }
    }

    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            by: self.by,
            wanted: &self.wanted,
        }
    }
}

/// A template may have left a number: `click: "{{order.number}}"`.
impl TryFrom<Value> for Locator {
    type Error = String;

    fn try_from(value: Value) -> Result<Locator, String> {
        match plain(&value) {
            Some(written) => Locator::try_from(written),
            None => Err(format!("{value} names no element: write its label")),
        }
    }
}

impl TryFrom<String> for Locator {
    type Error = String;

    fn try_from(written: String) -> Result<Locator, String> {
        let (by, wanted) = match written.split_once('=') {
            Some(("css", wanted)) => (By::Css, wanted),
            Some(("xpath", wanted)) => (By::Xpath, wanted),
            Some(("name", wanted)) => (By::Name, wanted),
            Some(("role", wanted)) => (By::Role, wanted),
            Some(("label", wanted)) => (By::Label, wanted),
            Some(("placeholder", wanted)) => (By::Placeholder, wanted),
            Some(("testid", wanted)) => (By::Testid, wanted),
            Some(("text", wanted)) => (By::Text, wanted),
            _ => (By::Visible, written.as_str()),
        };
        match wanted.trim() {
            "" => Err(format!(
                "`{written}` names no element: write its label, or `css=` and a selector"
            )),
            wanted => Ok(Locator {
                by,
                wanted: wanted.to_owned(),
                written,
            }),
        }
    }
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
            "type": "string",
            "minLength": 1,
            "description": "A visible label or name; or `css=` `xpath=` `name=` `role=` (a role, then a name) `label=` `placeholder=` `testid=` `text=`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_prefixes_are_special() {
        let by = |text: &str| Locator::try_from(text.to_owned()).map(|it| (it.by, it.wanted));
        assert_eq!(by("css=#a[b=c]"), Ok((By::Css, "#a[b=c]".to_owned())));
        assert_eq!(
            by("Price = net"),
            Ok((By::Visible, "Price = net".to_owned()))
        );
        assert_eq!(
            by("role=button Save"),
            Ok((By::Role, "button Save".to_owned()))
        );
        assert!(by("name= ").is_err());
        let number = Locator::try_from(Value::from(4711));
        assert_eq!(number.map(|it| it.wanted), Ok("4711".to_owned()));
    }
}
