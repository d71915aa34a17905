//! What each helper of a template takes and gives, as far as types go.
//!
//! It says before a run what the helpers themselves say in it; a test holds the
//! two together.

/// The types of JSON that the helper takes at a place; `None` where any will do.
pub(super) fn takes(helper: &str, place: usize) -> Option<&'static [&'static str]> {
    const TEXT: &[&str] = &["string"];
    const NUMBER: &[&str] = &["number"];
    const SAID: &[&str] = &["string", "number"];
    Some(match (helper, place) {
        ("and" | "or" | "not", _) => &["boolean"],
        ("upper" | "lower" | "trim" | "replace" | "split", _)
        | ("starts_with" | "ends_with" | "mapped", _)
        | ("date" | "weekday" | "days_between" | "format_date" | "month_start" | "month_end", _)
        | ("add_days" | "add_workdays" | "add_months" | "slice", 0)
        | ("pad_left" | "pad_right", 0 | 2)
        | ("round", 2)
        | ("div", 3)
        | ("join", 1) => TEXT,
        ("add" | "sub" | "mul" | "div" | "mod" | "round" | "floor" | "ceil" | "abs", _)
        | ("min" | "max" | "format_number", _)
        | ("add_days" | "add_workdays" | "add_months" | "pad_left" | "pad_right" | "decimal", 1)
        | ("slice", 1 | 2) => NUMBER,
        ("number" | "integer" | "decimal", 0) => SAID,
        ("text", 0) => &["string", "number", "boolean"],
        ("len" | "contains", 0) => &["array", "object", "string"],
        _ => return None,
    })
}

/// Whether its first argument is a list or a table.
pub(super) fn takes_list(helper: &str) -> bool {
    over_rows(helper) || ["first", "last", "join"].contains(&helper)
}

/// Whether its arguments from the second on are about a row.
pub(super) fn over_rows(helper: &str) -> bool {
    ["where", "count", "sum", "sort", "group", "unique", "pluck"].contains(&helper)
}

/// Whether it compares two values.
pub(super) fn compares(helper: &str) -> bool {
    ["eq", "ne", "gt", "gte", "lt", "lte"].contains(&helper)
}

/// The type of what it gives, where that is the same whatever it is given.
pub(super) fn gives(helper: &str) -> Option<&'static str> {
    Some(match helper {
        "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "and" | "or" | "not" | "contains"
        | "starts_with" | "ends_with" => "boolean",
        "text" | "mapped" | "upper" | "lower" | "trim" | "replace" | "pad_left" | "pad_right"
        | "slice" | "format_number" | "join" | "date" | "add_days" | "add_workdays"
        | "add_months" | "month_start" | "month_end" | "weekday" | "format_date" => "string",
        "len" | "count" | "integer" | "floor" | "ceil" | "days_between" => "integer",
        "number" | "decimal" | "div" => "number",
        _ => return None,
    })
}

/// Whether it gives a whole number when all it is given are such.
pub(super) fn keeps_whole(helper: &str) -> bool {
    ["add", "sub", "mul", "mod", "abs", "min", "max"].contains(&helper)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        template::{HELPERS, Renderer, Tables},
        value::TableRef,
    };

    struct NoTables;

    impl Tables for NoTables {
        fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, String> {
            Err("there is none".to_owned())
        }
    }

    fn is(value: &Value, kind: &str) -> bool {
        match kind {
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            other => unreachable!("{other}"),
        }
    }

    #[test]
    fn helpers_give_what_is_said_of_them() {
        let renderer = Renderer::new(Arc::new(NoTables));
        let mut seen = 0;
        for helper in HELPERS {
            let context: Value = serde_json::from_str(helper.example.context).expect(helper.name);
            let value = renderer.render_value(helper.example.source, &context);
            if let (Some(kind), Ok(value)) = (gives(helper.name), value) {
                seen += 1;
                assert!(is(&value, kind), "{} gives {value}", helper.name);
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn helpers_refuse_what_they_are_said_to_refuse() {
        let renderer = Renderer::new(Arc::new(NoTables));
        let samples = json!({ "string": "x", "number": 5, "boolean": true, "array": [1], "object": { "a": 1 } });
        for helper in ["upper", "not", "floor", "text", "len", "weekday", "integer"] {
            let taken = takes(helper, 0).expect(helper);
            for (kind, sample) in samples.as_object().expect("samples") {
                let value =
                    renderer.render_value(&format!("{{{{{helper} x}}}}"), &json!({ "x": sample }));
                if !taken.contains(&kind.as_str()) {
                    assert!(value.is_err(), "{helper} takes {kind}: {value:?}");
                }
            }
        }
    }
}
