//! Whether a part of a file has the shape that a JSON Schema wants.
//!
//! In go a node with its places and a schema as schemars writes them; out come
//! a finding for each thing that does not fit, the nodes that are to be left
//! out so that the check can go on, and the strings that are templates. Only
//! what schemars produces is understood; anything else in a schema is no
//! demand.

mod branches;
mod header;
mod special;
mod words;

use std::{collections::HashSet, rc::Rc};

use serde_json::Value;

use self::words::{duration_hint, expected, kind, purpose, single_braces, type_hint};
pub(crate) use self::{
    branches::branches,
    words::{is_duration, word},
};
use crate::{
    catalogue::Way,
    duration::{self, Duration},
    language::{pages, suggest},
    yaml::{Node, Report, Scalar, Span, What},
};

/// A schema, and the document in which its references are looked up.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'s> {
    pub(crate) root: &'s Value,
    /// Whether a template may stand for any value.
    pub(crate) templates: bool,
}

/// What a walk over a part of the file found beside problems.
#[derive(Default)]
pub(crate) struct Found<'s> {
    /// The nodes that do not fit.
    pub(crate) bad: HashSet<u32>,
    pub(crate) leaves: Vec<Leaf<'s>>,
    /// The locators in which a name of a page stands.
    pub(crate) named: Vec<Named>,
    /// The paths in the instance that stand there as they are.
    pub(crate) paths: Vec<Literal>,
}

/// A path without a template, and what is done with the file.
pub(crate) struct Literal {
    pub(crate) node: Rc<Node>,
    pub(crate) way: Way,
}

/// A text or a key in which a name of a page stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) span: Span,
    pub(crate) written: String,
}

/// A string that is more than itself.
pub(crate) struct Leaf<'s> {
    pub(crate) node: Rc<Node>,
    pub(crate) kind: LeafKind,
    /// What is wanted where it stands, and what that place is called.
    pub(crate) wanted: &'s Value,
    pub(crate) name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    /// Text that may hold templates.
    Text,
    /// The place of a secret.
    Secret,
    /// The name of a template file.
    File,
}

/// Where a value stands: what to call it, and where to point when something is missing in it.
#[derive(Clone, Copy)]
pub(crate) struct At<'n> {
    pub(crate) name: &'n str,
    pub(crate) span: &'n Span,
}

impl<'s> Shape<'s> {
    pub(crate) fn check(
        self,
        schema: &'s Value,
        (node, at): (&Rc<Node>, At<'_>),
        report: &mut Report<'_>,
        found: &mut Found<'s>,
    ) {
        let mut walk = Walk {
            shape: self,
            report,
            found,
        };
        walk.node(schema, node, at);
    }
}

/// A key, and what its schema says of it.
fn described<'s>((key, schema): (&'s String, &'s Value)) -> (&'s str, Option<&'s str>) {
    (key, schema.get("description").and_then(Value::as_str))
}

/// Follows `$ref`, and `allOf` of one.
pub(crate) fn resolve<'s>(root: &'s Value, mut schema: &'s Value) -> &'s Value {
    for _ in 0..32 {
        let next = match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => match reference.strip_prefix("#/$defs/") {
                Some(name) => root.get("$defs").and_then(|all| all.get(name)),
                None => reference
                    .strip_prefix('#')
                    .and_then(|pointer| root.pointer(pointer)),
            },
            None => match schema.get("allOf").and_then(Value::as_array) {
                Some(all) if all.len() == 1 => all.first(),
                _ => return schema,
            },
        };
        match next {
            Some(next) => schema = next,
            None => return &Value::Bool(true),
        }
    }
    &Value::Bool(true)
}

struct Walk<'w, 's, 'a> {
    shape: Shape<'s>,
    report: &'w mut Report<'a>,
    found: &'w mut Found<'s>,
}

impl<'s> Walk<'_, 's, '_> {
    fn node(&mut self, schema: &'s Value, node: &Rc<Node>, at: At<'_>) {
        let schema = resolve(self.shape.root, schema);
        if let (Some(text), true) = (node.text(), self.shape.templates && self.is_locator(schema)) {
            self.named(text, &node.span);
        }
        if self.shape.templates && self.template(schema, node, at) {
            return;
        }
        if let Some(branches) = branches(schema) {
            return match self.branch(branches, node) {
                Some(branch) => self.node(branch, node, at),
                None => self.no_branch(branches, node, at),
            };
        }
        if !self.fits(schema, node) {
            return self.wrong_type(schema, node, at);
        }
        match &node.what {
            What::Scalar { .. } => self.scalar(schema, node, at),
            What::List(items) => self.list(schema, items, node, at),
            What::Map(_) => self.map(schema, node, at),
        }
    }

    /// Takes a string with a template in it, whatever the schema wants there.
    fn template(&mut self, schema: &'s Value, node: &Rc<Node>, at: At<'_>) -> bool {
        let kind = self.leaf_kind(schema);
        let Some(text) = node.text() else {
            return false;
        };
        let is_template = text.contains("{{");
        if is_template || kind == LeafKind::File {
            self.found.leaves.push(Leaf {
                node: Rc::clone(node),
                kind,
                wanted: schema,
                name: at.name.to_owned(),
            });
        }
        if is_template && !is_whole(text) && !self.takes_text(schema) {
            self.bad(
                node,
                (
                    "language.type",
                    format!(
                        "{} expects {}, but text around a template makes text",
                        at.name,
                        expected(schema)
                    ),
                ),
                Some("let the value be one `{{…}}` and nothing else".to_owned()),
            );
        }
        is_template
    }

    /// Whether a text there says how an element of a page is found.
    fn is_locator(&self, schema: &Value) -> bool {
        let all = branches(schema).map_or_else(|| std::slice::from_ref(schema), Vec::as_slice);
        let mut all = all.iter().map(|one| resolve(self.shape.root, one));
        all.any(|one| one.get("format").is_some_and(|format| format == "locator"))
    }

    fn named(&mut self, written: &str, span: &Span) {
        // What has alternatives is met before one of them is chosen, and again after.
        let is_known = self.found.named.last().is_some_and(|it| it.span == *span);
        if !is_known && pages::names_any(written) {
            self.found.named.push(Named {
                span: span.clone(),
                written: written.to_owned(),
            });
        }
    }

    fn leaf_kind(&self, schema: &'s Value) -> LeafKind {
        let format = |schema: &Value| schema.get("format")?.as_str().map(str::to_owned);
        let all = branches(schema).map_or_else(|| std::slice::from_ref(schema), Vec::as_slice);
        let formats = all
            .iter()
            .filter_map(|one| format(resolve(self.shape.root, one)));
        formats.fold(LeafKind::Text, |kind, format| match format.as_str() {
            "secret" => LeafKind::Secret,
            "template" => LeafKind::File,
            _ => kind,
        })
    }

    fn takes_text(&self, schema: &'s Value) -> bool {
        match branches(schema) {
            Some(branches) => branches
                .iter()
                .any(|branch| self.takes_text(resolve(self.shape.root, branch))),
            None => types(schema).is_none_or(|types| types.contains(&"string")),
        }
    }

    fn bad(&mut self, node: &Node, words: (&'static str, String), hint: Option<String>) {
        self.found.bad.insert(node.id);
        self.report.hinted(words.0, &node.head(), (words.1, hint));
    }

    fn fits(&self, schema: &Value, node: &Node) -> bool {
        match types(schema) {
            None => *schema != Value::Bool(false),
            Some(types) => {
                let kind = kind(node);
                types.contains(&kind) || kind == "integer" && types.contains(&"number")
            }
        }
    }

    fn wrong_type(&mut self, schema: &Value, node: &Node, at: At<'_>) {
        let message = match kind(node) {
            "null" => format!("{} has no value", at.name),
            kind => format!(
                "{} expects {}, found {}",
                at.name,
                expected(schema),
                word(kind)
            ),
        };
        let hint = type_hint(schema, node, at.name);
        self.found.bad.insert(node.id);
        let span = match kind(node) {
            "null" => at.span.clone(),
            _ => node.head(),
        };
        self.report.hinted("language.type", &span, (message, hint));
    }

    fn scalar(&mut self, schema: &'s Value, node: &Rc<Node>, at: At<'_>) {
        let Some(scalar) = node.scalar() else { return };
        let allowed: Vec<&Value> = match (schema.get("const"), schema.get("enum")) {
            (Some(one), _) => vec![one],
            (None, Some(Value::Array(all))) => all.iter().collect(),
            _ => Vec::new(),
        };
        if !allowed.is_empty() && !allowed.contains(&&node.to_json()) {
            return self.not_one_of(&allowed, node, at);
        }
        match scalar {
            Scalar::Text(text) => self.text(schema, text, node, at),
            Scalar::Number(number) => self.range(schema, number.as_f64(), node, at),
            Scalar::Null | Scalar::Boolean(_) => (),
        }
    }

    fn not_one_of(&mut self, allowed: &[&Value], node: &Rc<Node>, at: At<'_>) {
        let words = node.words().unwrap_or_default();
        let names = allowed.iter().filter_map(|value| value.as_str());
        let hint = suggest::hint(words, "it is one of", names.collect::<Vec<_>>());
        let message = format!("{} cannot be `{words}`", at.name);
        self.bad(node, ("language.value", message), hint);
    }

    fn text(&mut self, schema: &Value, text: &str, node: &Rc<Node>, at: At<'_>) {
        match schema.get("format").and_then(Value::as_str) {
            Some("duration") => {
                let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
                let least = Duration(bound("x-least").unwrap_or(0));
                let most = Duration(bound("x-most").unwrap_or(duration::LONGEST));
                if let Err(message) = Duration::within(text, least, most) {
                    let hint = match text.contains("{{") {
                        true => Some("a template cannot stand here".to_owned()),
                        false => instead(schema, text, most).or_else(|| duration_hint(text)),
                    };
                    self.bad(node, ("language.duration", message), hint);
                }
            }
            Some("secret") if self.shape.templates => self.bad(
                node,
                (
                    "secrets.plain",
                    format!("{} is a secret and does not belong in a file", at.name),
                ),
                Some(
                    "keep it with `botswain secret set NAME`, and write `\"{{secrets.NAME}}\"`"
                        .to_owned(),
                ),
            ),
            Some("file") => self.path(Way::Read, node),
            Some("target") => self.path(Way::Write, node),
            Some("uri") if self.shape.templates => self.address(text, node, at),
            Some(_) => (),
            None => self.unquoted(schema, text, node),
        }
        if let Some(found) = single_braces(text).filter(|_| self.shape.templates) {
            let message = format!("`{found}` is plain text, a template has two braces");
            let hint = format!("write `{{{found}}}`");
            self.report
                .warning("template.braces", &node.head(), (message, Some(hint)));
        }
        let least = schema.get("minLength").and_then(Value::as_u64);
        if least.is_some_and(|least| (text.chars().count() as u64) < least) && text.is_empty() {
            self.bad(
                node,
                ("language.value", format!("{} is empty", at.name)),
                None,
            );
        }
    }

    fn range(&mut self, schema: &Value, value: Option<f64>, node: &Rc<Node>, at: At<'_>) {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let Some(value) = value else { return };
        let problem = match (bound("minimum"), bound("maximum")) {
            (Some(least), _) if value < least => format!("{} is at least {least}", at.name),
            (_, Some(most)) if value > most => format!("{} is at most {most}", at.name),
            _ => return,
        };
        self.bad(node, ("language.range", problem), None);
    }

    fn list(&mut self, schema: &'s Value, items: &[Rc<Node>], node: &Rc<Node>, at: At<'_>) {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            let message = format!("{} needs at least {least} in its list", at.name);
            self.bad(node, ("language.value", message), None);
        }
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let name = format!("an item of {}", at.name);
        for (place, item) in items.iter().enumerate() {
            let own = first.and_then(|first| first.get(place));
            let span = &item.head();
            let schema = own.or_else(|| schema.get("items"));
            self.node(
                schema.unwrap_or(&Value::Bool(true)),
                item,
                At { name: &name, span },
            );
        }
    }

    fn map(&mut self, schema: &'s Value, node: &Rc<Node>, at: At<'_>) {
        let Some(map) = node.map() else { return };
        let of = at.name;
        // Keys that are there, only misspelt: they are not missing as well.
        let mut meant = Vec::new();
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let by_locator = schema
            .get("propertyNames")
            .is_some_and(|keys| self.is_locator(keys));
        for (key, entry) in map {
            if by_locator && self.shape.templates {
                self.named(key, &entry.key);
            }
            let name = format!("`{key}`");
            let at = At {
                name: &name,
                span: &entry.key,
            };
            if schema.get("format").is_some_and(|it| it == "headers") {
                self.header(key, &entry.node);
            }
            match known.and_then(|known| known.get(key)).or(others) {
                Some(Value::Bool(false)) => {
                    meant.extend(self.unknown_key(schema, (key, of), (&entry.node, at)));
                }
                Some(schema) => self.node(schema, &entry.node, at),
                None => self.node(&Value::Bool(true), &entry.node, at),
            }
        }
        self.missing_keys(schema, &meant, (node, at));
    }

    fn missing_keys(&mut self, schema: &Value, meant: &[&str], (node, at): (&Node, At<'_>)) {
        for key in words(schema, "required") {
            if node.get(key).is_none() && !meant.contains(&key) {
                let what = schema.get("x-what").and_then(Value::as_str);
                let what = what.unwrap_or(at.name);
                let about = schema
                    .pointer(&format!("/properties/{key}"))
                    .and_then(purpose);
                let hint = match about {
                    Some(about) => format!("add `{key}: …`, {about}"),
                    None => format!("add `{key}: …`"),
                };
                self.report.hinted(
                    "language.missing_key",
                    at.span,
                    (format!("{what} needs `{key}`"), Some(hint)),
                );
            }
        }
    }

    /// Gives the key that was probably meant.
    fn unknown_key(
        &mut self,
        schema: &'s Value,
        (key, of): (&str, &str),
        (node, at): (&Node, At<'_>),
    ) -> Option<&'s str> {
        self.found.bad.insert(node.id);
        let decimals = key.bytes().all(|byte| byte.is_ascii_digit());
        if decimals && matches!(node.scalar(), Some(Scalar::Null)) {
            let message = format!("the `,` before {} ends the value in front of it", at.name);
            let hint =
                "a number has a `.` and no other marks, as in `10000.00`; put text in quotes";
            let words = (message, Some(hint.to_owned()));
            self.report.hinted("language.unknown_key", at.span, words);
            return None;
        }
        let known = schema.get("properties").and_then(Value::as_object);
        suggest::know(key, known.into_iter().flatten().map(described));
        let names: Vec<&str> = known
            .filter(|_| !self.report.is_full())
            .map(|known| known.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let meant = suggest::nearest(key, names.iter().copied());
        let words = match (schema.get("x-what").and_then(Value::as_str), &names[..]) {
            // One of several things that an item can be, with a second one in it.
            (None, [only]) if meant.is_none() => (
                format!("{} cannot stand beside `{only}`", at.name),
                Some(format!("begin an item of its own with `- {key}:`")),
            ),
            (None, _) => (
                format!("{of} has no key {}", at.name),
                suggest::hint(key, "its keys are", names),
            ),
            (Some(what), _) => (
                format!("{what} has no key {}", at.name),
                suggest::hint(key, "its keys are", names),
            ),
        };
        self.report.hinted("language.unknown_key", at.span, words);
        meant
    }
}

/// Exactly one expression and nothing around it, so that its type is kept.
pub(crate) fn is_whole(text: &str) -> bool {
    let inner = text
        .strip_prefix("{{")
        .and_then(|text| text.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains("{{") && !inner.contains("}}"))
}

/// What to write where a length of time is too long, also in other words than it should be.
fn instead(schema: &Value, text: &str, most: Duration) -> Option<String> {
    let instead = schema.get("x-instead").and_then(Value::as_str)?;
    let meant = duration_hint(text).and_then(|hint| Some(hint.split('`').nth(1)?.to_owned()));
    let meant = Duration::parse(meant.as_deref().unwrap_or(text));
    meant
        .is_ok_and(|found| found > most)
        .then(|| instead.to_owned())
}

/// The words of a list in a schema.
fn words<'s>(schema: &'s Value, key: &str) -> impl Iterator<Item = &'s str> {
    let list = schema.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

fn required(schema: &Value) -> Vec<&str> {
    words(schema, "required").collect()
}

fn constants(schema: &Value) -> Vec<&Value> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => vec![one],
        (None, Some(Value::Array(all))) => all.iter().collect(),
        _ => Vec::new(),
    }
}

/// What `type` allows; `None` when it allows everything.
pub(crate) fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one.as_str()]),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}
