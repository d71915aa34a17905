//! The helpers on lists and tables.
//!
//! Rows come one at a time, a table's in pages; only what is kept is held. What
//! a helper keeps is capped, so no table is pulled into memory whole.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    call::{Args, in_row, made, wrong},
    compare::{self, Key, OPERATORS},
    error::{ARGUMENT, EMPTY, RenderError, TYPE, described},
    evaluate::{Evaluation, MAX_LIST, Subject, View, called, too_large},
    number,
    output::printed,
    tree::{Call, Expression},
};
use crate::value::TableRef;

/// The helpers that look at a row at a time.
pub(super) fn over_rows(
    of: &Evaluation<'_>,
    call: &Call,
    view: &View<'_>,
) -> Result<Value, RenderError> {
    let list = of.value(&call.args[0], view)?;
    let rows = Rows {
        of,
        call,
        view,
        list: &list,
    };
    match call.helper {
        "where" => rows.filtered(),
        "count" => rows.counted(),
        "sum" => rows.summed(),
        "sort" => rows.sorted(),
        "group" => rows.grouped(),
        "unique" => rows.unique(),
        _ => rows.plucked(),
    }
}

struct Rows<'s, 'a> {
    of: &'s Evaluation<'a>,
    call: &'s Call,
    view: &'s View<'s>,
    list: &'s Value,
}

/// An argument that is the same for each row is computed once.
enum PerRow<'s> {
    Fixed(Value),
    Computed(&'s Expression),
    Field(String),
}

/// A list being made.
#[derive(Default)]
struct Kept {
    items: Vec<Value>,
    bytes: usize,
}

impl Kept {
    fn push(&mut self, of: &Evaluation<'_>, value: Value) -> Result<(), RenderError> {
        let weight = weight(&value);
        self.bytes += weight;
        if self.bytes > MAX_LIST {
            return Err(too_large(MAX_LIST));
        }
        of.made(weight)?;
        self.items.push(value);
        Ok(())
    }
}

/// About how many bytes of JSON it is, never less than half of it.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(number) => number.as_str().len() + 1,
        Value::String(text) => text.len() + 3,
        Value::Array(items) => 2 + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            let parts = map.iter().map(|(key, value)| key.len() + 4 + weight(value));
            2 + parts.sum::<usize>()
        }
    }
}

impl<'s> Rows<'s, '_> {
    /// Calls `each` with each row; what goes wrong in it names the row, from 1.
    fn each(
        &self,
        mut each: impl FnMut(&Value) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        let mut number = 0_u64;
        let name = called(&self.call.args[0]);
        self.of.items(self.list, self.call.helper, &name, |row| {
            number += 1;
            each(row).map_err(|error| error.within(&format!("row {number}")))?;
            Ok(true)
        })
    }

    fn filtered(&self) -> Result<Value, RenderError> {
        let condition = self.condition()?;
        let mut kept = Kept::default();
        self.each(|row| match self.fits(&condition, row)? {
            true => kept.push(self.of, row.clone()),
            false => Ok(()),
        })?;
        Ok(Value::Array(kept.items))
    }

    fn counted(&self) -> Result<Value, RenderError> {
        if self.call.args.len() == 1 {
            let name = called(&self.call.args[0]);
            return self.of.length(self.list, "count", &name).map(Value::from);
        }
        let condition = self.condition()?;
        let mut count = 0_u64;
        self.each(|row| {
            count += u64::from(self.fits(&condition, row)?);
            Ok(())
        })?;
        Ok(Value::from(count))
    }

    fn summed(&self) -> Result<Value, RenderError> {
        let key = self.key()?;
        let mut sum = Decimal::ZERO;
        self.each(|row| {
            let found = self.of_row(key.as_ref(), row)?;
            let Value::Number(found) = &found else {
                let message = format!("`sum` takes numbers, but there is {}", described(&found));
                let error = RenderError::new(TYPE, message);
                return Err(match found {
                    Value::String(_) => error.hint("write `(sum rows (number (field \"…\")))`"),
                    _ => error,
                });
            };
            let found = number::exact(found)?;
            sum = number::add(sum, found).ok_or_else(|| number::overflow("sum"))?;
            Ok(())
        })?;
        Ok(number::json(sum))
    }

    fn sorted(&self) -> Result<Value, RenderError> {
        let descending = self.descending()?;
        let key = self.key()?;
        let mut kept = Kept::default();
        let mut keys: Vec<Key> = Vec::new();
        self.each(|row| {
            let found = Key::of(&self.of_row(key.as_ref(), row)?)?;
            if keys.first().is_some_and(|first| !first.same_kind(&found)) {
                let message = "the list has both numbers and texts, which have no common order";
                return Err(RenderError::new(TYPE, message)
                    .hint("make them one by `(number …)` or `(text …)`"));
            }
            keys.push(found);
            kept.push(self.of, row.clone())
        })?;
        // A sort compares about n log n times.
        self.of
            .work(keys.len() as u64 * u64::from(usize::BITS - keys.len().leading_zeros()))?;
        let mut pairs: Vec<(Key, Value)> = keys.into_iter().zip(kept.items).collect();
        pairs.sort_by(|(a, _), (b, _)| match descending {
            true => b.order(a),
            false => a.order(b),
        });
        Ok(pairs.into_iter().map(|(_, row)| row).collect())
    }

    fn grouped(&self) -> Result<Value, RenderError> {
        let key = self.key()?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        let mut kept = Kept::default();
        self.each(|row| {
            let value = self.of_row(key.as_ref(), row)?;
            if value.is_array() || value.is_object() {
                let message = format!(
                    "`group` takes a text or a number, but there is {}",
                    described(&value)
                );
                return Err(RenderError::new(TYPE, message));
            }
            let place = *places
                .entry(compare::identity(&value)?)
                .or_insert(groups.len());
            if place == groups.len() {
                groups.push((value, Vec::new()));
            }
            kept.push(self.of, row.clone())?;
            groups[place].1.extend(kept.items.pop());
            Ok(())
        })?;
        let groups = groups.into_iter();
        Ok(groups
            .map(|(key, rows)| json!({ "key": key, "rows": rows }))
            .collect())
    }

    fn unique(&self) -> Result<Value, RenderError> {
        let key = self.key()?;
        let mut seen = std::collections::HashSet::new();
        let mut kept = Kept::default();
        self.each(|row| {
            let identity = compare::identity(&self.of_row(key.as_ref(), row)?)?;
            self.of.made(identity.len())?;
            match seen.insert(identity) {
                true => kept.push(self.of, row.clone()),
                false => Ok(()),
            }
        })?;
        Ok(Value::Array(kept.items))
    }

    fn plucked(&self) -> Result<Value, RenderError> {
        let key = self.key()?;
        let mut kept = Kept::default();
        self.each(|row| kept.push(self.of, self.of_row(key.as_ref(), row)?))?;
        Ok(Value::Array(kept.items))
    }

    /// What the second argument says of a row; without one it is the row itself.
    fn key(&self) -> Result<Option<PerRow<'s>>, RenderError> {
        let Some(arg) = self.call.args.get(1) else {
            return Ok(None);
        };
        self.field_or_computed(arg, 1).map(Some)
    }

    fn field_or_computed(
        &self,
        arg: &'s Expression,
        place: usize,
    ) -> Result<PerRow<'s>, RenderError> {
        match self.per_row(arg)? {
            PerRow::Fixed(Value::String(name)) => Ok(PerRow::Field(name)),
            PerRow::Fixed(other) => Err(wrong(
                self.call,
                place,
                &other,
                "the name of a field in quotes",
            )),
            computed => Ok(computed),
        }
    }

    fn per_row(&self, arg: &'s Expression) -> Result<PerRow<'s>, RenderError> {
        match reads_row(arg) {
            true => Ok(PerRow::Computed(arg)),
            false => Ok(PerRow::Fixed(self.of.value(arg, self.view)?.into_owned())),
        }
    }

    fn of_row(&self, what: Option<&PerRow<'_>>, row: &Value) -> Result<Value, RenderError> {
        match what {
            None => Ok(row.clone()),
            Some(PerRow::Fixed(value)) => Ok(value.clone()),
            Some(PerRow::Field(name)) => in_row(row, name).cloned(),
            Some(PerRow::Computed(expression)) => {
                let view = View {
                    outer: Some(self.view),
                    subject: Subject::Row(row),
                };
                Ok(self.of.value(expression, &view)?.into_owned())
            }
        }
    }

    fn condition(&self) -> Result<Condition<'s>, RenderError> {
        let args = &self.call.args;
        if args.len() == 2 {
            return Ok(Condition::Holds(self.per_row(&args[1])?));
        }
        let op = match args.get(3) {
            None => "eq".to_owned(),
            Some(_) => self.operator(&args[2])?,
        };
        Ok(Condition::Compares {
            field: self.field_or_computed(&args[1], 1)?,
            field_name: called(&args[1]),
            op,
            with: self.per_row(&args[args.len() - 1])?,
            with_name: called(&args[args.len() - 1]),
        })
    }

    fn operator(&self, arg: &Expression) -> Result<String, RenderError> {
        let op = self.of.value(arg, self.view)?;
        match op.as_str() {
            Some(op) if OPERATORS.contains(&op) => Ok(op.to_owned()),
            Some(other) => Err(compare::no_operator(other)),
            None => Err(wrong(self.call, 2, &op, "a comparison such as \"lt\"")),
        }
    }

    fn fits(&self, condition: &Condition<'_>, row: &Value) -> Result<bool, RenderError> {
        match condition {
            Condition::Holds(what) => match self.of_row(Some(what), row)? {
                Value::Bool(yes) => Ok(yes),
                other => Err(
                    wrong(self.call, 1, &other, "a condition that is true or false")
                        .hint("as in `(where rows (gt (field \"amount\") 0))`"),
                ),
            },
            Condition::Compares {
                field,
                field_name,
                op,
                with,
                with_name,
            } => {
                let left = self.of_row(Some(field), row)?;
                let right = self.of_row(Some(with), row)?;
                let sides = [(&left, field_name.clone()), (&right, with_name.clone())];
                compare::holds(op, sides)
            }
        }
    }

    fn descending(&self) -> Result<bool, RenderError> {
        let Some(order) = self.call.hash.get("order") else {
            return Ok(false);
        };
        match self.of.value(order, self.view)?.as_str() {
            Some("asc") => Ok(false),
            Some("desc") => Ok(true),
            _ => Err(RenderError::new(
                ARGUMENT,
                "`sort`: `order=` is \"asc\" or \"desc\"",
            )),
        }
    }
}

enum Condition<'s> {
    Holds(PerRow<'s>),
    Compares {
        field: PerRow<'s>,
        field_name: String,
        op: String,
        with: PerRow<'s>,
        with_name: String,
    },
}

/// Whether it must be computed for each row.
fn reads_row(it: &Expression) -> bool {
    match it {
        Expression::Call(call) if call.helper == "field" => true,
        Expression::Call(call) => call.args.iter().chain(call.hash.values()).any(reads_row),
        Expression::Path(_) | Expression::Literal(_) => false,
    }
}

pub(super) fn len(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    match args.at(0) {
        Value::String(text) => Ok(Value::from(text.chars().count())),
        Value::Object(map) if !map.contains_key("$table") => Ok(Value::from(map.len())),
        list => of.length(list, "len", &args.name(0)).map(Value::from),
    }
}

/// `first` and `last`: of a table that one row is read.
pub(super) fn end(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    let list = args.at(0);
    let helper = args.call.helper;
    let count = of.length(list, helper, &args.name(0))?;
    let Some(last) = count.checked_sub(1) else {
        return Err(
            RenderError::new(EMPTY, format!("`{helper}`: {} is empty", args.name(0)))
                .hint("guard it by `{{#if (gt (len …) 0)}}`, or use `default`"),
        );
    };
    let place = if helper == "first" { 0 } else { last };
    let mut found = Value::Null;
    let mut take = |row: &Value| {
        found = row.clone();
        Ok(false)
    };
    match (list, TableRef::from_value(list)) {
        (_, Some(table)) => of.table(&table, place, &mut take)?,
        (list, None) => found = list[usize::try_from(place).unwrap_or(0)].clone(),
    }
    Ok(found)
}

pub(super) fn join(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    let separator = args.text(1)?;
    let mut text = String::new();
    let mut number = 0_u64;
    of.items(args.at(0), "join", &args.name(0), |item| {
        number += 1;
        if number > 1 {
            text.push_str(separator);
        }
        let before = text.len();
        text.push_str(&printed(
            item,
            &format!("item {number} of {}", args.name(0)),
        )?);
        made(of, text.len() - before + separator.len())?;
        match text.len() > MAX_LIST {
            true => Err(too_large(MAX_LIST)),
            false => Ok(true),
        }
    })?;
    Ok(Value::from(text))
}

/// Of a text a part, of a list an item.
pub(super) fn contains(of: &Evaluation<'_>, args: &Args<'_>) -> Result<Value, RenderError> {
    if let Value::String(text) = args.at(0) {
        return Ok(Value::from(text.contains(args.text(1)?)));
    }
    let mut found = false;
    of.items(args.at(0), "contains", &args.name(0), |item| {
        let sides = [
            (item, format!("an item of {}", args.name(0))),
            (args.at(1), args.name(1)),
        ];
        found = compare::holds("eq", sides)?;
        Ok(!found)
    })?;
    Ok(Value::from(found))
}
