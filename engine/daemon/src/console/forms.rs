//! What a form says: fields by name, and the decision that they make.
//!
//! In go the fields as a browser sends them and the exception that they are
//! about; out comes the decision with corrections of the types of the values
//! they correct, or what is wrong, at its field.

use axum::http::StatusCode;
use botswain_core::StepId;
use botswain_views::{Decision, ExceptionDetail};
use indexmap::IndexMap;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Number, Value};

use crate::api::{Problem, Resolving};

/// The fields of a form, in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn new(fields: Vec<(String, String)>) -> Fields {
        Fields(fields)
    }

    /// The last value: a box that is ticked comes after the hidden field that says it is not.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().rev().filter(|(it, _)| it == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// What is not empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(it, _)| it == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The decision that it makes about an exception.
    pub(crate) fn resolving(
        &self,
        detail: &ExceptionDetail,
        zone: &TimeZone,
    ) -> Result<Resolving, Problem> {
        let decision = match self.get("decision").unwrap_or_default() {
            "edit" => self.corrected(
                detail.item.as_ref().unwrap_or(&detail.inputs),
                Decision::Edit,
            )?,
            "edit_with" => self.corrected(
                detail.with.as_ref().unwrap_or(&Value::Null),
                Decision::EditWith,
            )?,
            _ => self.plain(zone)?,
        };
        Ok(Resolving {
            decision,
            by: String::new(),
            note: self.note(),
            remember: self.given("remember").map(str::to_owned),
        })
    }

    pub(crate) fn note(&self) -> Option<String> {
        self.given("note").map(str::to_owned)
    }

    /// A decision that needs to know nothing of what it is about.
    pub(crate) fn plain(&self, zone: &TimeZone) -> Result<Decision, Problem> {
        Ok(match self.get("decision").unwrap_or_default() {
            "retry" | "did_not" => Decision::Retry,
            "retry_current" => Decision::RetryCurrent,
            "happened" => Decision::Happened(self.output()?),
            "skip" => Decision::Skip,
            "abandon" => Decision::Abandon,
            "approve" => Decision::Approve,
            "reject" => Decision::Reject,
            "remark" => Decision::Remark,
            "snooze" => Decision::Snooze {
                until: self.until(zone)?,
            },
            "more_time" => Decision::MoreTime {
                millis: self.millis()?,
            },
            "assign" => Decision::Assign {
                to: self.given("assignee").map(str::to_owned),
            },
            "back" => Decision::Back {
                to: self
                    .given("to")
                    .map(StepId::new)
                    .ok_or_else(|| wrong("no step is chosen to go back to"))?,
                again: self.all("again").map(StepId::new).collect(),
            },
            other => return Err(wrong(format!("`{other}` is no decision"))),
        })
    }

    /// What differs from the data, with the types of the data; when nothing does, it is tried as
    /// it is.
    fn corrected(
        &self,
        data: &Value,
        decision: fn(IndexMap<String, Value>) -> Decision,
    ) -> Result<Decision, Problem> {
        let mut edits = IndexMap::new();
        for (name, old) in data.as_object().into_iter().flatten() {
            let Some(text) = self.get(&format!("field.{name}")) else {
                continue;
            };
            let new = typed(text, old).map_err(|why| wrong(format!("`{name}` {why}")))?;
            if new != *old {
                edits.insert(name.clone(), new);
            }
        }
        Ok(match edits.is_empty() {
            true => Decision::Retry,
            false => decision(edits),
        })
    }

    /// One correction for many, with the type that the value has in one of them.
    pub(crate) fn correction(&self, data: &Value) -> Result<Decision, Problem> {
        let name = self.given("edit_name").unwrap_or_default();
        let old = data
            .get(name)
            .ok_or_else(|| wrong(format!("there is no `{name}` to correct")))?;
        let text = self.get("edit_value").unwrap_or_default();
        let new = typed(text, old).map_err(|why| wrong(format!("`{name}` {why}")))?;
        Ok(Decision::Edit(
            [(name.to_owned(), new)].into_iter().collect(),
        ))
    }

    fn output(&self) -> Result<Value, Problem> {
        match self.given("output") {
            None => Ok(Value::Null),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| wrong(format!("the result is no JSON: {error}"))),
        }
    }

    fn until(&self, zone: &TimeZone) -> Result<Timestamp, Problem> {
        let text = self.given("until").unwrap_or_default();
        let moment = text.parse::<civil::DateTime>().ok();
        let moment = moment.and_then(|moment| moment.to_zoned(zone.clone()).ok());
        let moment = moment.ok_or_else(|| wrong("choose a day and a time"))?;
        Ok(moment.timestamp())
    }

    fn millis(&self) -> Result<u64, Problem> {
        let text = self.given("hours").unwrap_or_default();
        let hours: Option<f64> = text.replace(',', ".").parse().ok();
        let fitting = hours.filter(|hours| *hours > 0.0 && *hours <= 24.0 * 365.0);
        let hours = fitting.ok_or_else(|| wrong("say how many hours, as in `2` or `0.5`"))?;
        Ok((hours * 3_600_000.0).round() as u64)
    }
}

/// A text as a value of the type of another.
fn typed(text: &str, old: &Value) -> Result<Value, &'static str> {
    Ok(match old {
        Value::String(_) => Value::from(lines(text)),
        Value::Null if text.is_empty() => Value::Null,
        Value::Null => Value::from(lines(text)),
        Value::Bool(_) => match text {
            "true" | "on" => Value::Bool(true),
            "false" | "" => Value::Bool(false),
            _ => return Err("is yes or no"),
        },
        // Its digits stay as they were written.
        Value::Number(_) => {
            Value::Number(text.trim().parse::<Number>().map_err(|_| "is no number")?)
        }
        Value::Array(_) | Value::Object(_) => {
            serde_json::from_str(text).map_err(|_| "is no JSON")?
        }
    })
}

/// Browsers send the ends of lines as mails have them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn wrong(title: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "exception.form", title)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Fields::new(pairs.iter().map(owned).collect())
    }

    #[test]
    fn corrections_have_the_types_of_what_they_correct() {
        let data = json!({ "sku": "0099", "amount": 10, "gift": false, "note": null, "tags": ["a"], "same": "x" });
        let form = fields(&[
            ("field.sku", "0100"),
            ("field.amount", "10.50"),
            ("field.gift", "false"),
            ("field.gift", "on"),
            ("field.note", "two\r\nlines"),
            ("field.tags", "[\"a\", \"b\"]"),
            ("field.same", "x"),
            ("field.unknown", "1"),
        ]);
        let decision = form.corrected(&data, Decision::Edit).unwrap();
        let Decision::Edit(edits) = decision else {
            panic!("{decision:?}")
        };
        let expected = json!({ "sku": "0100", "amount": serde_json::from_str::<Value>("10.50").unwrap(), "gift": true, "note": "two\nlines", "tags": ["a", "b"] });
        assert_eq!(json!(edits), expected);
        let wrong = fields(&[("field.amount", "ten")]).corrected(&data, Decision::Edit);
        assert_eq!(wrong.unwrap_err().title, "`amount` is no number");
        let nothing = fields(&[("field.sku", "0099")]).corrected(&data, Decision::Edit);
        assert_eq!(nothing.unwrap(), Decision::Retry);
    }

    #[test]
    fn a_time_is_meant_in_the_readers_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let form = fields(&[("decision", "snooze"), ("until", "2026-11-30T09:00")]);
        let Decision::Snooze { until } = form.plain(&zone).unwrap() else {
            panic!()
        };
        assert_eq!(until.to_string(), "2026-11-30T01:00:00Z");
        let form = fields(&[("decision", "more_time"), ("hours", "0,5")]);
        assert_eq!(
            form.plain(&zone).unwrap(),
            Decision::MoreTime { millis: 1_800_000 }
        );
        for (name, value) in [
            ("hours", "-1"),
            ("hours", "NaN"),
            ("hours", "1e9"),
            ("hours", ""),
        ] {
            assert!(
                fields(&[("decision", "more_time"), (name, value)])
                    .plain(&zone)
                    .is_err()
            );
        }
        assert!(fields(&[("decision", "drop")]).plain(&zone).is_err());
    }
}
