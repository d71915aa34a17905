//! Calls a helper: its arguments are evaluated, typed and handed over.
//!
//! The parser has checked names and counts; here it is types. An argument of
//! the wrong type is an error that names the helper, the argument and the
//! remedy; nothing is converted silently.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    compare, date,
    error::{ARGUMENT, MISSING, NULL, RenderError, TYPE, described},
    evaluate::{Evaluation, Found, MAX_LIST, View, called, too_large},
    list, number, suggest, text,
    tree::{Call, Expression},
};

pub(super) fn value<'s>(of: &Evaluation<'_>, call: &'s Call, view: &'s View<'s>) -> Found<'s> {
    match call.helper {
        "and" => all(of, call, view, false),
        "or" => all(of, call, view, true),
        "default" => default(of, call, view),
        "field" => field(of, call, view),
        "where" | "count" | "sum" | "sort" | "group" | "unique" | "pluck" => {
            list::over_rows(of, call, view).map(Cow::Owned)
        }
        _ => {
            let args = Args::new(of, call, view)?;
            match call.helper {
                "lookup" => lookup(&args),
                _ => plain(of, &args).map(Cow::Owned),
            }
        }
    }
}

fn plain(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    match args.call.helper {
        "eq" | "ne" | "gt" | "gte" | "lt" | "lte" => {
            let sides = [(args.at(0), args.name(0)), (args.at(1), args.name(1))];
            compare::holds(args.call.helper, sides).map(Value::Bool)
        }
        "not" => Ok(Value::Bool(!args.boolean(0)?)),
        "mapped" => mapped(of, args),
        "len" => list::len(of, args),
        "first" | "last" => list::end(of, args),
        "join" => list::join(of, args),
        "contains" => list::contains(of, args),
        "text" | "upper" | "lower" | "trim" | "replace" | "split" | "starts_with" | "ends_with"
        | "pad_left" | "pad_right" | "slice" => text::value(of, args),
        "add" | "sub" | "mul" | "div" | "mod" | "round" | "floor" | "ceil" | "abs" | "min"
        | "max" | "number" | "integer" | "decimal" | "format_number" => number::value(args),
        "date" | "add_days" | "add_workdays" | "add_months" | "month_start" | "month_end"
        | "weekday" | "days_between" | "format_date" => date::value(args),
        other => unreachable!("the parser lets no helper `{other}` through"),
    }
}

/// Stops at the first argument that decides.
fn all<'s>(of: &Evaluation<'_>, call: &'s Call, view: &'s View<'s>, decides: bool) -> Found<'s> {
    for (place, arg) in call.args.iter().enumerate() {
        let value = of.value(arg, view)?;
        let Value::Bool(yes) = *value else {
            return Err(wrong(call, place, &value, "true or false"));
        };
        if yes == decides {
            return Ok(Cow::Owned(Value::Bool(decides)));
        }
    }
    Ok(Cow::Owned(Value::Bool(!decides)))
}

fn default<'s>(of: &Evaluation<'_>, call: &'s Call, view: &'s View<'s>) -> Found<'s> {
    match of.optional(&call.args[0], view)? {
        Some(value) if !value.is_null() => Ok(value),
        Some(_) | None => of.value(&call.args[1], view),
    }
}

/// The field of the row that a list helper looks at.
fn field<'s>(of: &Evaluation<'_>, call: &'s Call, view: &'s View<'s>) -> Found<'s> {
    let name = of.value(&call.args[0], view)?;
    let Value::String(name) = &*name else {
        return Err(wrong(call, 0, &name, "the name of a field in quotes"));
    };
    let row = view.row().unwrap_or(&Value::Null);
    in_row(row, name).map(Cow::Borrowed)
}

/// By its whole name first: a column may be called `No. of pieces`.
pub(super) fn in_row<'v>(row: &'v Value, name: &str) -> Result<&'v Value, RenderError> {
    let Value::Object(map) = row else {
        let message = format!("`{name}` cannot be read of {}", described(row));
        return Err(RenderError::new(TYPE, message));
    };
    let deeper = || {
        let mut at = row;
        for part in name.split('.') {
            at = at.get(part)?;
        }
        Some(at)
    };
    map.get(name).or_else(deeper).ok_or_else(|| {
        RenderError::new(MISSING, format!("there is no field `{name}`"))
            .maybe_hint(suggest::hint(name, map.keys().map(String::as_str)))
    })
}

fn lookup<'s>(args: &Args<'s>) -> Found<'s> {
    let key = args.at(1);
    let place = match key {
        Value::Number(_) => Some(args.whole(1)?),
        _ => None,
    };
    match (args.at(0), key, place) {
        (Value::Array(items), _, Some(place)) => {
            let item = usize::try_from(place).ok().and_then(|at| items.get(at));
            match item {
                Some(item) => Ok(Cow::Owned(item.clone())),
                None => Err(RenderError::new(
                    MISSING,
                    format!(
                        "{} is a list of {} and has no item {place}",
                        args.name(0),
                        items.len()
                    ),
                )),
            }
        }
        (Value::Object(map), Value::String(key), _) if !map.contains_key("$table") => {
            match map.get(key) {
                Some(part) => Ok(Cow::Owned(part.clone())),
                None => Err(
                    RenderError::new(MISSING, format!("{} has no `{key}`", args.name(0)))
                        .maybe_hint(suggest::hint(key, map.keys().map(String::as_str))),
                ),
            }
        }
        (Value::Array(_), ..) => Err(wrong(args.call, 1, key, "a whole number for a list")),
        (Value::Object(map), ..) if !map.contains_key("$table") => {
            Err(wrong(args.call, 1, key, "text for an object"))
        }
        (other, ..) => Err(wrong(args.call, 0, other, "an object or a list")),
    }
}

/// A text that nobody has corrected stands for itself.
fn mapped(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    let (table, from) = (args.text(0)?, args.text(1)?);
    let to = of.mapped(table, from)?;
    Ok(Value::String(to.unwrap_or_else(|| from.to_owned())))
}

/// The evaluated arguments of one call.
pub(super) struct Args<'s> {
    pub(super) call: &'s Call,
    values: Vec<Cow<'s, Value>>,
    hash: Vec<(&'s str, Cow<'s, Value>)>,
}

impl<'s> Args<'s> {
    fn new(
        of: &Evaluation<'_>,
        call: &'s Call,
        view: &'s View<'s>,
    ) -> Result<Args<'s>, RenderError> {
        let values = call.args.iter().map(|arg| of.value(arg, view));
        let hash = call.hash.iter();
        let hash = hash.map(|(name, arg)| Ok((name.as_str(), of.value(arg, view)?)));
        Ok(Args {
            call,
            values: values.collect::<Result<_, _>>()?,
            hash: hash.collect::<Result<_, RenderError>>()?,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) fn at(&self, place: usize) -> &Value {
        &self.values[place]
    }

    /// As messages call it.
    pub(super) fn name(&self, place: usize) -> String {
        called(&self.call.args[place])
    }

    pub(super) fn text(&self, place: usize) -> Result<&str, RenderError> {
        match self.at(place) {
            Value::String(text) => Ok(text),
            Value::Number(_) | Value::Bool(_) => Err(self
                .wrong(place, "text")
                .hint(format!("write `(text {})`", bare(&self.call.args[place])))),
            _ => Err(self.wrong(place, "text")),
        }
    }

    pub(super) fn boolean(&self, place: usize) -> Result<bool, RenderError> {
        match self.at(place) {
            Value::Bool(yes) => Ok(*yes),
            _ => Err(self.wrong(place, "true or false")),
        }
    }

    pub(super) fn number(&self, place: usize) -> Result<Decimal, RenderError> {
        match self.at(place) {
            Value::Number(number) => number::exact(number),
            Value::String(_) => Err(self.wrong(place, "a number").hint(format!(
                "write `(number {})` if it is one",
                bare(&self.call.args[place])
            ))),
            _ => Err(self.wrong(place, "a number")),
        }
    }

    pub(super) fn whole(&self, place: usize) -> Result<i64, RenderError> {
        use rust_decimal::prelude::ToPrimitive;
        let number = self.number(place)?;
        match number.fract().is_zero().then(|| number.to_i64()) {
            Some(Some(whole)) => Ok(whole),
            Some(None) | None => Err(self.wrong(place, "a whole number")),
        }
    }

    /// `name=text`.
    pub(super) fn option(&self, name: &str) -> Result<Option<&str>, RenderError> {
        let found = self.hash.iter().find(|(key, _)| *key == name);
        match found.map(|(_, value)| &**value) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(RenderError::new(
                TYPE,
                format!(
                    "`{}` takes text for `{name}=`, not {}",
                    self.call.helper,
                    described(other)
                ),
            )),
        }
    }

    pub(super) fn wrong(&self, place: usize, wanted: &str) -> RenderError {
        wrong(self.call, place, self.at(place), wanted)
    }

    /// Right in type, but it makes no sense.
    pub(super) fn senseless(&self, why: impl std::fmt::Display) -> RenderError {
        RenderError::new(ARGUMENT, format!("`{}`: {why}", self.call.helper))
    }
}

pub(super) fn wrong(call: &Call, place: usize, value: &Value, wanted: &str) -> RenderError {
    let name = called(&call.args[place]);
    let (code, is) = match value {
        Value::Null => (NULL, "null".to_owned()),
        other => (TYPE, described(other)),
    };
    let message = format!("`{}` takes {wanted}, but {name} is {is}", call.helper);
    let error = RenderError::new(code, message);
    match value {
        Value::Null => error.hint("guard it by `if`, or use `default`"),
        _ => error,
    }
}

/// An expression as it can be written inside of another.
fn bare(it: &Expression) -> String {
    match it {
        Expression::Path(path) => path.raw.clone(),
        Expression::Literal(value) => value.to_string(),
        Expression::Call(call) => format!("({} …)", call.helper),
    }
}

/// A text that a helper made, counted and capped.
pub(super) fn made(of: &Evaluation<'_>, bytes: usize) -> Result<(), RenderError> {
    match bytes > MAX_LIST {
        true => Err(too_large(MAX_LIST)),
        false => of.made(bytes),
    }
}
