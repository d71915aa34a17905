//! What a template says, as a tree: for the check that infers types and names,
//! and for the evaluation. Both walk this one tree, so what was checked is what
//! is rendered.
//!
//! Every path is resolved already: it says from where it is read ([`Base`]), so
//! nobody needs to know Handlebars' rules of scope a second time.

use std::collections::BTreeMap;

use serde_json::Value;

/// A template that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it reads of the outermost context, in order of appearance. A name may come twice.
    pub reads: Vec<Read>,
    /// The secret it stands for: then it is `{{secrets.NAME}}` and nothing else.
    pub secret: Option<String>,
    pub shape: Shape,
    pub nodes: Vec<Node>,
}

/// A path read from the outermost context, such as `steps.lines.rows`; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub path: Vec<String>,
    /// Bytes from the start of the template.
    pub offset: usize,
}

/// What rendering gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No expression at all; the text it always gives.
    Literal(String),
    /// Exactly one `{{expression}}`: it keeps its type.
    Value,
    /// Anything else: text.
    Text,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    Print(Expression),
    If(If),
    /// `each` and `with`: the body has a subject of its own.
    Scope(Scope),
}

/// `{{#if}}`, and `{{#unless}}` when negated. It opens no scope.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    pub negated: bool,
    pub condition: Expression,
    pub then: Vec<Node>,
    pub otherwise: Vec<Node>,
}

/// `{{#each list}}` or `{{#with value}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub kind: ScopeKind,
    pub subject: Expression,
    /// How many scopes stand around this one: the number in [`Base::Item`] of its own paths.
    pub depth: usize,
    pub body: Vec<Node>,
    /// Taken when the list is empty, or the value of `with` is null.
    pub otherwise: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Each,
    With,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Path(Path),
    Literal(Value),
    Call(Call),
}

/// Where a value is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub base: Base,
    /// From the base on; empty for the base itself (`this`, `line`).
    pub segments: Vec<String>,
    /// Bytes from the start of the template.
    pub offset: usize,
    /// As it was written.
    pub raw: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The outermost context.
    Root,
    /// The item of the scope with this depth, counted from 0 outside.
    Item(usize),
    /// `@index` of that scope: a whole number.
    Index(usize),
    /// `@key`: the key in an object, the index in a list.
    Key(usize),
    /// `@first`: true or false.
    First(usize),
    /// `@last`: true or false.
    Last(usize),
}

/// A helper with what it is given. Name and number of arguments were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub helper: &'static str,
    pub args: Vec<Expression>,
    /// `name=value`, where the helper has such.
    pub hash: BTreeMap<String, Expression>,
    /// Bytes from the start of the template.
    pub offset: usize,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    pub message: String,
    pub hint: Option<String>,
    /// Bytes from the start of the template.
    pub offset: usize,
}

impl ParseError {
    pub(super) fn at(offset: usize, message: impl Into<String>) -> ParseError {
        ParseError {
            message: message.into(),
            hint: None,
            offset,
        }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> ParseError {
        self.hint = Some(hint.into());
        self
    }
}
