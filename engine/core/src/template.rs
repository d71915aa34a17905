//! Strict, typed templates in the syntax of Handlebars.
//!
//! In go the text of a template and a context (JSON); out come typed values or
//! text. Handlebars reads the text; names, helpers and rendering are ours,
//! because its own are neither typed nor strict: a name that is missing, a
//! value of the wrong type, a null in a text are errors here, each with its
//! place and the remedy. Pure: no file, no network, no clock; depth, size,
//! output and work are capped. Rendered text is never rendered again.

mod call;
mod compare;
mod date;
pub mod error;
mod evaluate;
mod list;
mod names;
mod number;
mod output;
mod parse;
mod plain;
pub mod reference;
mod scan;
pub mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value};

pub use error::RenderError;
pub use evaluate::{MAX_LIST, MAX_STEPS};
pub use parse::parse;
pub use reference::{About, Example, HELPERS, Helper};
pub(crate) use scan::is_symbol;
pub use scan::{MAX_DEPTH, MAX_SOURCE, MAX_TAGS};
pub use tree::{
    Base, Call, Expression, If, Node, ParseError, Parsed, Path, Read, Scope, ScopeKind, Shape,
};

use crate::value::TableRef;
use evaluate::{Evaluation, View};
use output::{Output, Style};

/// Bytes of text that one field may become.
pub const MAX_VALUE: usize = 1024 * 1024;
/// Bytes of text that one file may become.
pub const MAX_FILE: usize = 16 * 1024 * 1024;
/// Bytes of source that are kept with their trees.
const MAX_CACHED: usize = 4 * 1024 * 1024;

/// Reads the rows of tables and what people have corrected; the daemon's is over its store.
pub trait Tables: Send + Sync {
    /// Up to `limit` rows from row `from` (counted from 0) on; fewer only at the table's end.
    /// The error is a lower-case fragment that says why.
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, String>;

    /// What a text stands for in a table of corrections; `None` when nobody has corrected it.
    fn mapped(&self, table: &str, from: &str) -> Result<Option<String>, String> {
        let _ = (table, from);
        Ok(None)
    }
}

/// Renders templates; cheap to share, and safe to share between threads.
pub struct Renderer {
    tables: Arc<dyn Tables>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    trees: HashMap<Arc<str>, Arc<Parsed>>,
    bytes: usize,
}

impl Renderer {
    pub fn new(tables: Arc<dyn Tables>) -> Renderer {
        Renderer {
            tables,
            cache: Mutex::default(),
        }
    }

    /// Exactly one `{{expression}}` keeps its type, `{{secrets.shop}}` becomes
    /// `{"$secret": "shop"}`, anything else becomes text.
    pub fn render_value(&self, source: &str, context: &Value) -> Result<Value, RenderError> {
        let parsed = self.parsed(source)?;
        match (&parsed.shape, parsed.nodes.as_slice()) {
            (Shape::Literal(text), _) => Ok(Value::String(text.clone())),
            (Shape::Value, [Node::Print(expression)]) => {
                let evaluation = Evaluation::new(&*self.tables);
                let view = View::root_of(context);
                Ok(evaluation.value(expression, &view)?.into_owned())
            }
            _ => {
                let out = Output::new(Style::Plain, MAX_VALUE);
                self.render_text(&parsed, context, out).map(Value::String)
            }
        }
    }

    /// Renders every text in a tree of parameters; the error names the place in it.
    pub fn render_with(&self, with: &Value, context: &Value) -> Result<Value, RenderError> {
        match with {
            Value::String(source) => self.render_value(source, context),
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let rendered = self.render_with(item, context);
                    rendered.map_err(|error| placed(error, &format!("[{index}]")))
                });
                items.collect()
            }
            Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| {
                    let rendered = self.render_with(value, context);
                    let rendered = rendered.map_err(|error| placed(error, &format!(".{key}")))?;
                    Ok((key.clone(), rendered))
                });
                entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(with.clone()),
        }
    }

    /// A whole file: escaped if it is called `*.html.hbs`, quoted if `*.csv.hbs`, else as it is.
    pub fn render_file(
        &self,
        name: &str,
        source: &str,
        context: &Value,
    ) -> Result<String, RenderError> {
        let out = Output::new(Style::of_file(name), MAX_FILE);
        let rendered = self
            .parsed(source)
            .and_then(|parsed| self.render_text(&parsed, context, out));
        rendered.map_err(|error| error.within(&format!("`{name}`")))
    }

    fn render_text(
        &self,
        parsed: &Parsed,
        context: &Value,
        mut out: Output,
    ) -> Result<String, RenderError> {
        let evaluation = Evaluation::new(&*self.tables);
        evaluation.nodes(&parsed.nodes, &View::root_of(context), &mut out)?;
        Ok(out.into_text())
    }

    fn parsed(&self, source: &str) -> Result<Arc<Parsed>, RenderError> {
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = cache().trees.get(source) {
            return Ok(parsed.clone());
        }
        let parsed = Arc::new(parse(source)?);
        cache().keep(source, parsed.clone());
        Ok(parsed)
    }
}

impl Cache {
    fn keep(&mut self, source: &str, parsed: Arc<Parsed>) {
        // Each entry costs something, even an empty one.
        let cost = source.len() + 256;
        if self.bytes + cost > MAX_CACHED {
            *self = Cache::default();
        }
        if self.trees.insert(source.into(), parsed).is_none() {
            self.bytes += cost;
        }
    }
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").finish_non_exhaustive()
    }
}

/// Puts one more step before the place that the message begins with.
fn placed(mut error: RenderError, step: &str) -> RenderError {
    error.place.insert_str(0, step);
    error
}

impl From<ParseError> for RenderError {
    fn from(error: ParseError) -> RenderError {
        RenderError::new(error::SYNTAX, error.message).maybe_hint(error.hint)
    }
}
