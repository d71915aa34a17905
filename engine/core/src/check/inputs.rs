//! What a run is given: whether each input's name and default fit its type.

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::{Checker, secrets};
use crate::{
    catalogue::Way,
    ids::StepId,
    language::model,
    plan::{Input, InputKind},
    yaml::{Node, Scalar},
};

impl Checker<'_, '_, '_> {
    pub(super) fn inputs(
        &mut self,
        inputs: &IndexMap<String, Option<model::Input>>,
        root: &Node,
    ) -> IndexMap<String, Input> {
        let mut plan = IndexMap::new();
        let node = root.get("inputs").map(|entry| &entry.node);
        for (name, input) in inputs {
            let Some(entry) = node.and_then(|node| node.get(name)) else {
                continue;
            };
            if !StepId::is_valid(name) {
                self.report.hinted(
                    "language.name",
                    &entry.key,
                    (
                        format!("`{name}` cannot be the name of an input"),
                        Some(
                            "use letters, digits, `-` and `_`, beginning with a letter".to_owned(),
                        ),
                    ),
                );
            }
            let kind = input.as_ref().and_then(|input| input.r#type);
            self.scope.inputs.insert(name.clone(), kind);
            if let (Some(input), Some(kind)) = (input, kind) {
                let default = entry.node.get("default");
                if let Some(entry) = default
                    && secrets::is_name(name)
                    && secrets::is_value(&entry.node)
                {
                    self.plain_secret(name, &entry.node.span);
                }
                if let (Some(entry), InputKind::File) = (default, kind) {
                    self.file_path(&entry.node, Way::Read);
                }
                let default = default.map(|entry| self.default(name, kind, &entry.node));
                let description = input.description.clone();
                let input = Input {
                    kind,
                    description,
                    default,
                };
                plan.insert(name.clone(), input);
            }
        }
        plan
    }

    fn default(&mut self, name: &str, kind: InputKind, node: &Node) -> Value {
        typed(kind, node).unwrap_or_else(|(expected, hint)| {
            let computed = node.words().is_some_and(|words| words.contains("{{"));
            let hint = match computed {
                true => Some(format!(
                    "a default is a fixed value; a trigger can give a computed one, as in `inputs: {{ {name}: … }}`"
                )),
                false => hint,
            };
            let message = format!("the default of `{name}` is not {expected}");
            self.report
                .hinted("inputs.default", &node.head(), (message, hint));
            Value::Null
        })
    }
}

/// The value of an input as the file has it; `Err` says what it should be, with a hint.
pub(super) fn typed(kind: InputKind, node: &Node) -> Result<Value, (String, Option<String>)> {
    let words = node.words().unwrap_or_default();
    let refused = |what: &str, hint: Option<String>| Err((what.to_owned(), hint));
    let json = node.to_json();
    match (kind, node.scalar()) {
        (InputKind::Text | InputKind::File, Some(Scalar::Text(_))) => Ok(json),
        (InputKind::Text | InputKind::File, Some(Scalar::Number(_) | Scalar::Boolean(_))) => {
            refused("text", Some(format!("write `\"{words}\"`")))
        }
        (InputKind::Text | InputKind::File, _) => refused("text", None),
        (InputKind::Integer, Some(Scalar::Number(number))) if is_whole(&number) => Ok(json),
        (InputKind::Integer, _) => refused("a whole number", unquote(words)),
        // A decimal may stand in quotes, as people do to keep its digits.
        (InputKind::Decimal, Some(Scalar::Number(_))) => Ok(json),
        (InputKind::Decimal, Some(Scalar::Text(text))) => match text.parse::<Number>() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => refused("a decimal such as `10000.00`", None),
        },
        (InputKind::Decimal, _) => refused("a decimal such as `10000.00`", None),
        (InputKind::Boolean, Some(Scalar::Boolean(_))) => Ok(json),
        (InputKind::Boolean, _) => {
            refused("true or false", Some("write `true` or `false`".to_owned()))
        }
        (InputKind::Date, Some(Scalar::Text(text)))
            if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() =>
        {
            Ok(json)
        }
        (InputKind::Date, _) => refused("a day such as `2026-03-29`", day(words)),
        (InputKind::List, _) if json.is_array() => Ok(json),
        (InputKind::List, Some(_)) => refused("a list", Some(format!("write `[{words}]`"))),
        (InputKind::List, None) => refused("a list", None),
        (InputKind::Object, _) if json.is_object() => Ok(json),
        (InputKind::Object, _) => refused("a map", None),
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

fn unquote(words: &str) -> Option<String> {
    let whole = words.parse::<i64>().is_ok();
    whole.then(|| format!("write `{words}` without quotes"))
}

/// A day written as in Germany, as it is written here.
pub(super) fn day(words: &str) -> Option<String> {
    let parts: Vec<i16> = words
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    let [day, month, year] = parts[..] else {
        return None;
    };
    let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    (year >= 1000).then(|| format!("write `{date}`"))
}
