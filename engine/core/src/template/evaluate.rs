//! Walks the tree of a template over a context.
//!
//! Nothing is cloned that is only looked at: a context may hold large lists.
//! Every node and every row costs a step and there is an end to steps, for the
//! core has no clock to stop by. Missing names, null and wrong types are errors.

use std::{borrow::Cow, cell::Cell};

use serde_json::Value;

use super::{
    Tables, call,
    error::{MISSING, NULL, RenderError, TABLE, TOO_LARGE, TOO_LONG, TYPE, described},
    output::Output,
    suggest,
    tree::{Base, Expression, If, Node, Path, Scope, ScopeKind},
};
use crate::value::TableRef;

/// Nodes and rows looked at in one rendering: a second or so.
pub const MAX_STEPS: u64 = 5_000_000;
/// Bytes of JSON in one list or text that a helper makes.
pub const MAX_LIST: usize = 16 * 1024 * 1024;
/// Bytes of JSON that all helpers of one rendering make together.
const MAX_MADE: usize = 8 * MAX_LIST;
/// Rows of a table read at a time.
const PAGE: usize = 500;

pub(super) type Found<'s> = Result<Cow<'s, Value>, RenderError>;

/// One rendering and what it has used up.
pub(super) struct Evaluation<'a> {
    tables: &'a dyn Tables,
    steps: Cell<u64>,
    made: Cell<usize>,
}

/// What names mean at one place: the innermost block, linked to those around it.
pub(super) struct View<'s> {
    pub(super) outer: Option<&'s View<'s>>,
    pub(super) subject: Subject<'s>,
}

pub(super) enum Subject<'s> {
    Root(&'s Value),
    Item(Item<'s>),
    /// The row that `(field …)` reads.
    Row(&'s Value),
}

pub(super) struct Item<'s> {
    depth: usize,
    value: &'s Value,
    index: u64,
    key: Option<&'s str>,
    last: bool,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(tables: &'a dyn Tables) -> Evaluation<'a> {
        Evaluation {
            tables,
            steps: Cell::new(0),
            made: Cell::new(0),
        }
    }

    pub(super) fn nodes(
        &self,
        nodes: &[Node],
        view: &View<'_>,
        out: &mut Output,
    ) -> Result<(), RenderError> {
        for node in nodes {
            self.step()?;
            match node {
                Node::Text(text) => out.literal(text)?,
                Node::Print(expression) => {
                    let value = self.value(expression, view)?;
                    out.value(&value, &called(expression))?;
                }
                Node::If(condition) => self.condition(condition, view, out)?,
                Node::Scope(scope) => self.scope(scope, view, out)?,
            }
        }
        Ok(())
    }

    fn condition(&self, it: &If, view: &View<'_>, out: &mut Output) -> Result<(), RenderError> {
        let value = self.value(&it.condition, view)?;
        let name = if it.negated { "unless" } else { "if" };
        let Value::Bool(yes) = *value else {
            let message = format!(
                "`{name}` takes true or false, but {} is {}",
                called(&it.condition),
                described(&value)
            );
            return Err(RenderError::new(TYPE, message).hint(
                "say what is asked, as in `{{#if (gt (len rows) 0)}}` or `{{#if (ne note null)}}`",
            ));
        };
        match yes != it.negated {
            true => self.nodes(&it.then, view, out),
            false => self.nodes(&it.otherwise, view, out),
        }
    }

    fn scope(&self, it: &Scope, view: &View<'_>, out: &mut Output) -> Result<(), RenderError> {
        let subject = self.value(&it.subject, view)?;
        match it.kind {
            ScopeKind::With if subject.is_null() => self.nodes(&it.otherwise, view, out),
            ScopeKind::With => {
                let item = Item {
                    depth: it.depth,
                    value: &subject,
                    index: 0,
                    key: None,
                    last: true,
                };
                self.body(it, item, view, out)
            }
            ScopeKind::Each => self.each(it, &subject, view, out),
        }
    }

    fn each(
        &self,
        it: &Scope,
        subject: &Value,
        view: &View<'_>,
        out: &mut Output,
    ) -> Result<(), RenderError> {
        if let (Value::Object(map), None) = (subject, subject.get("$table")) {
            let count = map.len();
            for (index, (key, value)) in map.iter().enumerate() {
                let item = Item {
                    depth: it.depth,
                    value,
                    index: index as u64,
                    key: Some(key),
                    last: index + 1 == count,
                };
                self.body(it, item, view, out)?;
            }
            return match count {
                0 => self.nodes(&it.otherwise, view, out),
                _ => Ok(()),
            };
        }
        let count = self.length(subject, "each", &called(&it.subject))?;
        if count == 0 {
            return self.nodes(&it.otherwise, view, out);
        }
        let mut index = 0;
        self.items(subject, "each", &called(&it.subject), |value| {
            let item = Item {
                depth: it.depth,
                value,
                index,
                key: None,
                last: index + 1 == count,
            };
            index += 1;
            self.body(it, item, view, out)?;
            Ok(true)
        })
    }

    fn body(
        &self,
        it: &Scope,
        item: Item<'_>,
        view: &View<'_>,
        out: &mut Output,
    ) -> Result<(), RenderError> {
        let inner = View {
            outer: Some(view),
            subject: Subject::Item(item),
        };
        self.nodes(&it.body, &inner, out)
    }

    pub(super) fn value<'s>(&self, it: &'s Expression, view: &'s View<'s>) -> Found<'s> {
        self.step()?;
        match it {
            Expression::Literal(value) => Ok(Cow::Borrowed(value)),
            Expression::Path(path) => read(path, view).map_err(|lack| lack.error(path, view)),
            Expression::Call(call) => call::value(self, call, view),
        }
    }

    /// As [`Self::value`], but `None` where something below a known name is not there.
    pub(super) fn optional<'s>(
        &self,
        it: &'s Expression,
        view: &'s View<'s>,
    ) -> Result<Option<Cow<'s, Value>>, RenderError> {
        let Expression::Path(path) = it else {
            return match self.value(it, view) {
                Ok(value) => Ok(Some(value)),
                Err(error) if [MISSING, super::error::EMPTY].contains(&error.code) => Ok(None),
                Err(error) => Err(error),
            };
        };
        self.step()?;
        match read(path, view) {
            Ok(value) => Ok(Some(value)),
            Err(lack) if path.base == Base::Root && lack.reached == 0 => {
                Err(lack.error(path, view))
            }
            Err(lack) => match lack.why {
                Why::Missing | Why::Null => Ok(None),
                Why::Table | Why::Place => Err(lack.error(path, view)),
            },
        }
    }

    /// How many items a list or a table has.
    pub(super) fn length(&self, list: &Value, by: &str, name: &str) -> Result<u64, RenderError> {
        match (list, TableRef::from_value(list)) {
            (_, Some(table)) => Ok(table.rows),
            (Value::Array(items), None) => Ok(items.len() as u64),
            _ => Err(no_list(list, by, name)),
        }
    }

    /// Calls `each` with one item after the other until it gives false; a table is read in pages.
    pub(super) fn items(
        &self,
        list: &Value,
        by: &str,
        name: &str,
        mut each: impl FnMut(&Value) -> Result<bool, RenderError>,
    ) -> Result<(), RenderError> {
        if let Some(table) = TableRef::from_value(list) {
            return self.table(&table, 0, &mut each);
        }
        let Value::Array(items) = list else {
            return Err(no_list(list, by, name));
        };
        for item in items {
            self.step()?;
            if !each(item)? {
                break;
            }
        }
        Ok(())
    }

    /// As [`Self::items`], from a row on.
    pub(super) fn table(
        &self,
        table: &TableRef,
        mut from: u64,
        each: &mut dyn FnMut(&Value) -> Result<bool, RenderError>,
    ) -> Result<(), RenderError> {
        while from < table.rows {
            let page = self.tables.rows(table, from, PAGE);
            let page = page.map_err(|why| unreadable(&why))?;
            if page.is_empty() {
                return Err(unreadable(&format!(
                    "it ends at row {from} of {}",
                    table.rows
                )));
            }
            for row in &page {
                self.step()?;
                from += 1;
                if !each(row)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What people have made of a text in a table of corrections.
    pub(super) fn mapped(&self, table: &str, from: &str) -> Result<Option<String>, RenderError> {
        let found = self.tables.mapped(table, from);
        found.map_err(|why| {
            RenderError::new(TABLE, format!("the corrections cannot be read: {why}"))
        })
    }

    fn step(&self) -> Result<(), RenderError> {
        self.work(1)
    }

    /// Counts work that is not a node: bytes copied, comparisons of a sort.
    pub(super) fn work(&self, steps: u64) -> Result<(), RenderError> {
        let steps = self.steps.get().saturating_add(steps);
        self.steps.set(steps);
        match steps > MAX_STEPS {
            true => Err(RenderError::new(
                TOO_LONG,
                format!("the template needs more than {MAX_STEPS} steps"),
            )
            .hint("is a list gone through inside of another? use `group`, or a smaller list")),
            false => Ok(()),
        }
    }

    /// Counts what a helper made, before it is kept.
    pub(super) fn made(&self, bytes: usize) -> Result<(), RenderError> {
        self.work(bytes as u64 / 64)?;
        let made = self.made.get().saturating_add(bytes);
        self.made.set(made);
        match made > MAX_MADE {
            true => Err(too_large(MAX_MADE)),
            false => Ok(()),
        }
    }
}

pub(super) fn too_large(limit: usize) -> RenderError {
    let message = format!("the result grows over {} MiB", limit / 1024 / 1024);
    RenderError::new(TOO_LARGE, message)
        .hint("keep fewer rows by `where`, or fewer fields by `pluck`")
}

fn unreadable(why: &str) -> RenderError {
    RenderError::new(TABLE, format!("the table cannot be read: {why}"))
}

fn no_list(value: &Value, by: &str, name: &str) -> RenderError {
    let message = format!("`{by}` takes a list, but {name} is {}", described(value));
    match value {
        Value::Null => RenderError::new(NULL, message).hint("guard it by `if`"),
        _ => RenderError::new(TYPE, message),
    }
}

/// An expression as a message calls it.
pub(super) fn called(it: &Expression) -> String {
    match it {
        Expression::Path(path) => format!("`{}`", path.raw),
        Expression::Literal(value) => format!("`{value}`"),
        Expression::Call(call) => format!("the result of `{}`", call.helper),
    }
}

/// Why a path leads nowhere.
struct Lack<'s> {
    /// How many of its segments were found.
    reached: usize,
    /// The value at which it ends.
    at: Option<&'s Value>,
    why: Why,
}

enum Why {
    Missing,
    Null,
    /// A table has no parts to be named.
    Table,
    /// A list takes numbers.
    Place,
}

fn read<'s>(path: &Path, view: &'s View<'s>) -> Result<Cow<'s, Value>, Lack<'s>> {
    let depth = match path.base {
        Base::Root => {
            if let [first, name] = path.segments.as_slice()
                && first == "secrets"
            {
                return Ok(Cow::Owned(serde_json::json!({ "$secret": name })));
            }
            return below(view.root(), &path.segments).map(Cow::Borrowed);
        }
        Base::Item(depth)
        | Base::Index(depth)
        | Base::Key(depth)
        | Base::First(depth)
        | Base::Last(depth) => depth,
    };
    let item = view.item(depth).ok_or(Lack {
        reached: 0,
        at: None,
        why: Why::Missing,
    })?;
    let made = match path.base {
        Base::Root | Base::Item(_) => return below(item.value, &path.segments).map(Cow::Borrowed),
        Base::Index(_) => Value::from(item.index),
        Base::Key(_) => item
            .key
            .map_or_else(|| Value::from(item.index), Value::from),
        Base::First(_) => Value::from(item.index == 0),
        Base::Last(_) => Value::from(item.last),
    };
    below_nothing(path).map(|()| Cow::Owned(made))
}

/// `as |item key|`: a key has no parts.
fn below_nothing<'s>(path: &Path) -> Result<(), Lack<'s>> {
    match path.segments.is_empty() {
        true => Ok(()),
        false => Err(Lack {
            reached: 0,
            at: None,
            why: Why::Missing,
        }),
    }
}

fn below<'s>(start: &'s Value, segments: &[String]) -> Result<&'s Value, Lack<'s>> {
    let mut at = start;
    for (reached, segment) in segments.iter().enumerate() {
        let lack = |why: Why| Lack {
            reached,
            at: Some(at),
            why,
        };
        at = match at {
            Value::Null => return Err(lack(Why::Null)),
            Value::Object(map) if map.contains_key("$table") => return Err(lack(Why::Table)),
            Value::Object(map) => map.get(segment).ok_or_else(|| lack(Why::Missing))?,
            Value::Array(items) => {
                let place = segment.parse::<usize>();
                let place = place.map_err(|_| lack(Why::Place))?;
                items.get(place).ok_or_else(|| lack(Why::Missing))?
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(lack(Why::Missing));
            }
        };
    }
    Ok(at)
}

impl Lack<'_> {
    fn error(&self, path: &Path, view: &View<'_>) -> RenderError {
        let raw = &path.raw;
        let Some(segment) = path.segments.get(self.reached) else {
            return RenderError::new(MISSING, format!("`{raw}` is not there"));
        };
        let parent = self.parent(path);
        match self.why {
            Why::Null => RenderError::new(NULL, format!("`{raw}` is not there: {parent} is null"))
                .hint("guard it by `if`, or use `default`"),
            Why::Table => RenderError::new(TYPE, format!("`{raw}` is not there: {parent} is a table"))
                .hint("take a row by `first`, `last` or `where`, or go through it by `{{#each …}}`"),
            Why::Place => {
                RenderError::new(MISSING, format!("`{raw}` is not there: {parent} is a list"))
                    .hint("take an item by its place from 0, as in `items.0`, or go through it by `{{#each …}}`")
            }
            Why::Missing => {
                let message = match self.at {
                    Some(Value::Object(_)) => format!("`{raw}` is not there: {parent} has no `{segment}`"),
                    Some(Value::Array(items)) => format!("`{raw}` is not there: {parent} is a list of {}", items.len()),
                    Some(other) => format!("`{raw}` is not there: {parent} is {}", described(other)),
                    None => format!("`{raw}` is not there"),
                };
                RenderError::new(MISSING, message)
                    .maybe_hint(self.outside(path, view).or_else(|| self.siblings(segment)))
            }
        }
    }

    fn parent(&self, path: &Path) -> String {
        let found = path.segments[..self.reached].join(".");
        match (self.reached, path.base) {
            (0, Base::Root) => "the data here".to_owned(),
            (0, _) => "the item".to_owned(),
            (_, Base::Root) => format!("`{found}`"),
            (_, _) => format!("`{found}` of the item"),
        }
    }

    /// A name that the item lacks and something around it has.
    fn outside(&self, path: &Path, view: &View<'_>) -> Option<String> {
        let Base::Item(depth) = path.base else {
            return None;
        };
        let first = path.segments.first().filter(|_| self.reached == 0)?;
        let has = |value: &Value| value.get(first).is_some();
        let around = (0..depth)
            .rev()
            .find(|at| view.item(*at).is_some_and(|item| has(item.value)));
        if let Some(around) = around {
            return Some(format!(
                "it stands outside of the block: write `{}{first}`",
                "../".repeat(depth - around)
            ));
        }
        has(view.root()).then(|| format!("it stands outside of the block: write `@root.{first}`"))
    }

    fn siblings(&self, segment: &str) -> Option<String> {
        let Some(Value::Object(map)) = self.at else {
            return None;
        };
        suggest::hint(segment, map.keys().map(String::as_str))
    }
}

impl<'s> View<'s> {
    pub(super) fn root_of(context: &'s Value) -> View<'s> {
        View {
            outer: None,
            subject: Subject::Root(context),
        }
    }

    fn outward(&'s self) -> impl Iterator<Item = &'s View<'s>> {
        std::iter::successors(Some(self), |view| view.outer)
    }

    pub(super) fn root(&'s self) -> &'s Value {
        let root = self.outward().find_map(|view| match view.subject {
            Subject::Root(value) => Some(value),
            Subject::Item(_) | Subject::Row(_) => None,
        });
        root.unwrap_or(&Value::Null)
    }

    fn item(&'s self, depth: usize) -> Option<&'s Item<'s>> {
        self.outward().find_map(|view| match &view.subject {
            Subject::Item(item) if item.depth == depth => Some(item),
            Subject::Item(_) | Subject::Root(_) | Subject::Row(_) => None,
        })
    }

    /// The row of the innermost list helper.
    pub(super) fn row(&'s self) -> Option<&'s Value> {
        self.outward().find_map(|view| match view.subject {
            Subject::Row(row) => Some(row),
            Subject::Item(_) | Subject::Root(_) => None,
        })
    }
}
