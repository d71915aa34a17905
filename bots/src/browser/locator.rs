//! How a person names an element of a page.
//!
//! Bare text is what can be seen: a label, the text of a button or a link, a
//! placeholder, or the `name` of a field. `css= xpath= name= role= label=
//! placeholder= testid= text= title= alt=` say more exactly what is meant, ` >>> `
//! looks inside of what stands before it, ` & near=`, ` & nth=`, ` & exact` and
//! ` & hidden` narrow it, and ` || ` gives alternatives, of which the first that
//! fits exactly one element is used. The same can be written as a map. The search
//! itself is in `page.js`.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::action::plain;

/// Stands between alternatives.
pub(crate) const OR: &str = " || ";
/// Stands before what narrows it.
const AND: &str = " & ";
/// Stands between an element and what is looked for inside of it.
const INSIDE: &str = " >>> ";

/// By this the check knows where a name of `pages/` may stand.
pub(crate) const FORMAT: &str = "locator";
/// What such a name begins with; the check has put in its place what it stands for.
const NAMED: &str = "page=";

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
    /// Of several that fit, the one closest to this.
    near: Option<Near>,
    /// Of several that fit, the first is 1 and the last is -1.
    nth: Option<i64>,
    /// Capital letters count.
    exact: bool,
    /// It need not be visible.
    hidden: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Near {
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
    Title,
    Alt,
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
        let part = Part::plain(By::Css, wanted.to_owned());
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
        let wrong = || format!("{value} names no element: write its label");
        match &value {
            Value::Object(map) => Locator::try_from(spelled(map).ok_or_else(wrong)??),
            other => Locator::try_from(alternatives(other).ok_or_else(wrong)?.join(OR)),
        }
    }
}

fn alternatives(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(alternatives) => alternatives.iter().map(plain).collect(),
        other => plain(other).map(|written| vec![written]),
    }
}

/// A map as one text: `{ find: Save, within: Order 7 }` is `Order 7 >>> Save`.
fn spelled(map: &Map<String, Value>) -> Option<Result<String, String>> {
    let found = alternatives(map.get("find")?)?;
    let (mut before, mut behind) = (String::new(), Vec::new());
    for (key, value) in map {
        match (key.as_str(), value) {
            ("find", _) | (_, Value::Null) => (),
            ("within", within) => before = format!("{}{INSIDE}", plain(within)?),
            ("near", near) => behind.push(format!("{AND}near={}", plain(near)?)),
            ("nth", nth) => behind.push(format!("{AND}nth={}", plain(nth)?)),
            ("exact", Value::Bool(true)) => behind.push(format!("{AND}exact")),
            ("visible", Value::Bool(false)) => behind.push(format!("{AND}hidden")),
            ("exact" | "visible", Value::Bool(_)) => (),
            (key, value) => {
                return Some(Err(format!(
                    "`{key}: {value}` says nothing of an element: `find`, `within`, `near`, `nth`, `exact` and `visible` do"
                )));
            }
        }
    }
    let behind = behind.concat();
    let each = found.iter().map(|one| format!("{before}{one}{behind}"));
    Some(Ok(each.collect::<Vec<_>>().join(OR)))
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
            None if written.contains(NAMED) => Err(format!(
                "`{written}`: a name of `pages/` stands as it is in the actions of a workflow, and nowhere else"
            )),
            None => Err(format!(
                "`{written}` names no element: write its label, or `css=` and a selector"
            )),
        }
    }
}

fn part(written: &str) -> Option<Part> {
    let mut rest = written;
    let mut narrowed = Vec::new();
    while let Some((before, last)) = rest.rsplit_once(AND) {
        let Some(narrowing) = narrowing(last.trim()) else {
            break;
        };
        narrowed.push(narrowing?);
        rest = before;
    }
    let (by, wanted) = named(rest)?;
    let mut part = Part::plain(by, wanted);
    for one in narrowed {
        match one {
            Narrowing::Near(near) => part.near = Some(near),
            Narrowing::Nth(nth) => part.nth = Some(nth),
            Narrowing::Exact => part.exact = true,
            Narrowing::Hidden => part.hidden = true,
        }
    }
    Some(part)
}

enum Narrowing {
    Near(Near),
    Nth(i64),
    Exact,
    Hidden,
}

/// None for what is part of a text, as in `Terms & conditions`; none within for what is wrong.
fn narrowing(written: &str) -> Option<Option<Narrowing>> {
    match written.split_once('=') {
        Some(("near", near)) => {
            let near = named(near).map(|(by, wanted)| Narrowing::Near(Near { by, wanted }));
            Some(near)
        }
        Some(("nth", nth)) => {
            let nth = nth.trim().parse().ok().filter(|nth| *nth != 0);
            Some(nth.map(Narrowing::Nth))
        }
        None if written == "exact" => Some(Some(Narrowing::Exact)),
        None if written == "hidden" => Some(Some(Narrowing::Hidden)),
        _ => None,
    }
}

fn named(written: &str) -> Option<(By, String)> {
    let (by, wanted) = match written.trim_start().split_once('=') {
        Some(("page", _)) => return None,
        Some(("css", wanted)) => (By::Css, wanted),
        Some(("xpath", wanted)) => (By::Xpath, wanted),
        Some(("name", wanted)) => (By::Name, wanted),
        Some(("role", wanted)) => (By::Role, wanted),
        Some(("label", wanted)) => (By::Label, wanted),
        Some(("placeholder", wanted)) => (By::Placeholder, wanted),
        Some(("testid", wanted)) => (By::Testid, wanted),
        Some(("text", wanted)) => (By::Text, wanted),
        Some(("title", wanted)) => (By::Title, wanted),
        Some(("alt", wanted)) => (By::Alt, wanted),
        _ => (By::Visible, written),
    };
    let wanted = wanted.trim().to_owned();
    (!wanted.is_empty()).then_some((by, wanted))
}

impl Part {
    fn plain(by: By, wanted: String) -> Part {
        Part {
            by,
            wanted,
            near: None,
            nth: None,
            exact: false,
            hidden: false,
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The schema of a map whose keys are locators.
pub(crate) fn by_locator<V: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = <IndexMap<String, V>>::json_schema(generator);
    schema.insert("propertyNames".to_owned(), json!({ "format": FORMAT }));
    schema
}

impl JsonSchema for Locator {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Locator".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let texts = json!({ "type": "string", "minLength": 1, "format": FORMAT });
        json_schema!({
            "description": "A visible label or name; or `css=` `xpath=` `name=` `role=` (a role, then a name) `label=` `placeholder=` `testid=` `text=` `title=` `alt=`; or `page=NAME.FIELD`, a name of `pages/NAME.yaml`. A list, or ` || ` between them, gives alternatives; ` >>> ` looks inside of what stands before it; ` & near=`, ` & nth=`, ` & exact` and ` & hidden` narrow it, as the map does.",
            "anyOf": [
                { "type": ["string", "array"], "minLength": 1, "minItems": 1, "items": texts, "format": FORMAT },
                {
                    "type": "object",
                    "description": "An element, and which of those that fit.",
                    "properties": {
                        "find": { "type": ["string", "array"], "minLength": 1, "minItems": 1, "items": texts, "format": FORMAT, "description": "What is looked for, or alternatives." },
                        "within": { "type": "string", "format": FORMAT, "description": "What it stands in: a form, a row of a table, a part with this heading." },
                        "near": { "type": "string", "format": FORMAT, "description": "Of several, the one closest to this." },
                        "nth": { "type": "integer", "description": "Of several, the first is 1 and the last is -1." },
                        "exact": { "type": "boolean", "description": "Whether capital letters count." },
                        "visible": { "type": "boolean", "description": "Whether it must be visible; true when absent." }
                    },
                    "required": ["find"],
                    "additionalProperties": false
                }
            ]
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

    #[test]
    fn what_narrows_is_told_from_a_text() {
        let of = |text: &str| {
            let locator = Locator::try_from(text.to_owned()).ok()?;
            let part = locator.alternatives.first()?.last()?;
            let near = part.near.as_ref().map(|near| near.wanted.clone());
            Some((part.wanted.clone(), near, part.nth, part.exact, part.hidden))
        };
        let near = |text: &str| Some(text.to_owned());
        let plain = ("Terms & conditions".to_owned(), None, None, false, false);
        assert_eq!(of("Terms & conditions"), Some(plain));
        let all = ("Delete".to_owned(), near("Order 7"), Some(-1), true, true);
        assert_eq!(
            of("Row >>> Delete & near=Order 7 & exact & hidden & nth=-1"),
            Some(all)
        );
        for wrong in ["Delete & nth=0", "Delete & nth=x", "Delete & near="] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_map_says_the_same() {
        let map = serde_json::json!({
            "find": ["Delete", "css=.del"], "within": "Order 7", "nth": 2, "visible": false,
        });
        let written = Locator::try_from(map).map(|it| it.written);
        let expected =
            "Order 7 >>> Delete & nth=2 & hidden || Order 7 >>> css=.del & nth=2 & hidden";
        assert_eq!(written.as_deref(), Ok(expected));
        for wrong in [
            serde_json::json!({ "within": "Order 7" }),
            serde_json::json!({ "find": "Delete", "close": "Order 7" }),
        ] {
            assert!(Locator::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
