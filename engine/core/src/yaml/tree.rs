//! A YAML text as a tree in which everything knows its place.
//!
//! In go characters; out come nodes with byte ranges, the words of each scalar
//! as they were written (so that no digit is lost) and everything that is wrong
//! with the text as YAML. Depth and size are bounded, also with aliases, before
//! anything else looks at the tree.

use std::{collections::HashMap, rc::Rc};

use indexmap::IndexMap;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use super::{report::Span, syntax};

/// Deeper than any workflow, shallower than the limit of the parsers below.
const DEPTH: usize = 100;
/// Nodes in one file, those that aliases repeat included.
const NODES: usize = 1_000_000;

/// A value with its place, and everything below it.
pub struct Node {
    /// Different for each node of a file.
    pub id: u32,
    /// From its first to its last byte; for a map in lines, from its first key.
    pub span: Span,
    pub what: What,
    /// How many nodes it is, with everything below.
    weight: usize,
}

/// What a node is.
pub enum What {
    /// Its words without quotes and escapes; `plain` when it stood in no quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(IndexMap<String, Entry>),
}

/// A value of a map, and where its key stands.
#[derive(Clone)]
pub struct Entry {
    pub key: Span,
    pub node: Rc<Node>,
}

/// A scalar as YAML's core schema understands it.
#[derive(Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(&'a str),
}

/// A mistake in the text itself.
pub(crate) struct Flaw {
    pub(crate) code: &'static str,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// What could be read; without a root nothing could.
pub(crate) struct Tree {
    pub(crate) root: Option<Rc<Node>>,
    pub(crate) flaws: Vec<Flaw>,
}

impl Node {
    /// The entry of a map; `None` for everything else.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.map()?.get(key)
    }

    /// The entries of a map; `None` for everything else.
    pub fn map(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.what {
            What::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list; none for everything else.
    pub fn items(&self) -> &[Rc<Node>] {
        match &self.what {
            What::List(items) => items,
            _ => &[],
        }
    }

    /// What YAML takes a scalar for; `None` for lists and maps.
    pub fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.what {
            What::Scalar { text, plain: true } => Some(plain(text)),
            What::Scalar { text, .. } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    /// The words of a scalar, whatever its type.
    pub fn words(&self) -> Option<&str> {
        match &self.what {
            What::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The words of a scalar that is text.
    pub fn text(&self) -> Option<&str> {
        match self.scalar()? {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Where to point for this node as a whole: a map is shown by its first key.
    pub fn head(&self) -> Span {
        match &self.what {
            What::Map(map) => match map.first() {
                Some((_, entry)) => entry.key.clone(),
                None => self.span.clone(),
            },
            What::List(items) => match items.first() {
                Some(first) => first.head(),
                None => self.span.clone(),
            },
            What::Scalar { .. } => self.span.clone(),
        }
    }

    /// The JSON it stands for, numbers digit by digit as they were written.
    pub fn to_json(&self) -> Value {
        self.to_json_with(&|_| None)
    }

    /// The same where some texts and keys, by their places, stand for others.
    pub(crate) fn to_json_with(&self, meant: &dyn Fn(&Span) -> Option<String>) -> Value {
        match &self.what {
            What::List(items) => {
                let items = items.iter().map(|item| item.to_json_with(meant));
                Value::Array(items.collect())
            }
            What::Map(map) => {
                let entries = map.iter().map(|(key, entry)| {
                    let key = meant(&entry.key).unwrap_or_else(|| key.clone());
                    (key, entry.node.to_json_with(meant))
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
            What::Scalar { .. } => match self.scalar() {
                None | Some(Scalar::Null) => Value::Null,
                Some(Scalar::Boolean(value)) => Value::Bool(value),
                Some(Scalar::Number(number)) => Value::Number(number),
                Some(Scalar::Text(text)) => {
                    Value::String(meant(&self.span).unwrap_or_else(|| text.to_owned()))
                }
            },
        }
    }
}

/// The core schema of YAML 1.2, as serde_yaml reads it too.
fn plain(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Boolean(true),
        "false" | "False" | "FALSE" => Scalar::Boolean(false),
        _ => number(text).map_or(Scalar::Text(text), Scalar::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            let value = i64::from_str_radix(digits, radix).ok()?;
            let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
            let signed = if text.starts_with('-') { -value } else { value };
            return plain.then(|| signed.into());
        }
    }
    let negative = if text.starts_with('-') { "-" } else { "" };
    // `007` is a name with digits, not a number; so is `1_000`.
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned);
    let known = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if name || !known || text.parse::<f64>().is_err() {
        return None;
    }
    // JSON wants digits on both sides of the point; all others stay as they were written.
    let whole = match whole.trim_start_matches('0') {
        rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        rest => format!("0{rest}"),
    };
    let written = match unsigned.contains('.') {
        true if fraction.is_empty() => format!("{negative}{whole}.0"),
        true if fraction.starts_with(['e', 'E']) => format!("{negative}{whole}.0{fraction}"),
        true => format!("{negative}{whole}.{fraction}"),
        false => format!("{negative}{whole}"),
    };
    serde_json::from_str(&written).ok()
}

/// Reads one document. `place` maps a byte of `text` to the byte of the file it came from.
pub(crate) fn read(text: &str, place: impl Fn(usize) -> usize) -> Tree {
    let bytes: Vec<u32> = text
        .char_indices()
        .map(|(byte, _)| byte as u32)
        .chain([text.len() as u32])
        .collect();
    let locate = |mark: Marker| {
        let byte = bytes.get(mark.index()).copied();
        place(byte.map_or(text.len(), |byte| byte as usize))
    };
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.take(event, locate(span.start)..locate(span.end)),
            Err(err) => Err(scan_error(&err, locate(*err.marker()))),
        };
        if let Err(flaw) = step {
            builder.flaws.push(flaw);
            return Tree {
                root: None,
                flaws: builder.flaws,
            };
        }
    }
    Tree {
        root: builder.root,
        flaws: builder.flaws,
    }
}

fn scan_error(err: &saphyr_parser::ScanError, at: usize) -> Flaw {
    // The scanner reads ahead and has a limit of its own, for lists within lists on one line.
    if err.info().contains("recursion limit") {
        return too_deep(at..at + 1);
    }
    let (message, hint) = syntax::explain(err.info());
    Flaw {
        code: "yaml.syntax",
        span: at..at + 1,
        message,
        hint,
    }
}

#[derive(Default)]
struct Builder {
    root: Option<Rc<Node>>,
    flaws: Vec<Flaw>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    documents: usize,
    next_id: u32,
}

/// A list or a map whose end has not been seen.
struct Open {
    anchor: usize,
    start: usize,
    inside: Inside,
    weight: usize,
}

enum Inside {
    List(Vec<Rc<Node>>),
    /// The key that waits for its value.
    Map(IndexMap<String, Entry>, Option<Rc<Node>>),
}

type Step = Result<(), Flaw>;

fn fatal(code: &'static str, span: Span, message: &str, hint: &str) -> Flaw {
    Flaw {
        code,
        span,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

fn too_deep(span: Span) -> Flaw {
    fatal(
        "yaml.depth",
        span,
        "the file is nested too deeply",
        "a few levels are enough for what is written by hand",
    )
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::DocumentStart(_) => self.document(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.tag(tag.is_some(), &span);
                // A tag was most probably meant as text, so nothing is missing behind it.
                let text = match &tag {
                    Some(tag) if text.is_empty() => tag.suffix.clone(),
                    _ => text.into_owned(),
                };
                let what = What::Scalar {
                    text,
                    plain: style == ScalarStyle::Plain,
                };
                self.close(what, anchor, span, 1)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.is_some(), &span);
                self.enter(anchor, span, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.is_some(), &span);
                self.enter(anchor, span, Inside::Map(IndexMap::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        match self.documents {
            1 => Ok(()),
            _ => Err(fatal(
                "yaml.documents",
                span,
                "a file holds one document",
                "put what follows `---` into a file of its own",
            )),
        }
    }

    fn tag(&mut self, there: bool, span: &Span) {
        if there {
            self.flaws.push(fatal(
                "yaml.tag",
                span.clone(),
                "tags such as `!name` are no part of the language",
                "put text that begins with `!` in quotes",
            ));
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(fatal(
                "yaml.alias",
                span,
                "an alias stands inside of what it repeats",
                "write out what is meant",
            ));
        };
        self.count(node.weight, &span)?;
        self.add(node, span)
    }

    fn count(&mut self, weight: usize, span: &Span) -> Step {
        self.nodes += weight;
        match self.nodes > NODES {
            true => Err(fatal(
                "yaml.size",
                span.clone(),
                "with everything that its aliases repeat the file is too large",
                "repeat less of it by aliases",
            )),
            false => Ok(()),
        }
    }

    fn enter(&mut self, anchor: usize, span: Span, inside: Inside) -> Step {
        if self.open.len() >= DEPTH {
            return Err(too_deep(span));
        }
        self.open.push(Open {
            anchor,
            start: span.start,
            inside,
            weight: 1,
        });
        Ok(())
    }

    fn leave(&mut self, span: Span) -> Step {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let what = match open.inside {
            Inside::List(items) => What::List(items),
            Inside::Map(map, _) => What::Map(map),
        };
        let span = open.start..span.end.max(open.start);
        self.close(what, open.anchor, span, open.weight)
    }

    /// A node is whole.
    fn close(&mut self, what: What, anchor: usize, span: Span, weight: usize) -> Step {
        self.count(1, &span)?;
        self.next_id += 1;
        let node = Rc::new(Node {
            id: self.next_id,
            span: span.clone(),
            what,
            weight,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.add(node, span)
    }

    /// Puts a node where it belongs; `span` is where it is mentioned.
    fn add(&mut self, node: Rc<Node>, span: Span) -> Step {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight += node.weight;
        match &mut open.inside {
            Inside::List(items) => items.push(node),
            Inside::Map(_, waiting @ None) => *waiting = Some(node),
            Inside::Map(map, waiting) => {
                if let Some(key) = waiting.take() {
                    let flaw = insert(map, &key, Entry { key: span, node });
                    self.flaws.extend(flaw);
                }
            }
        }
        Ok(())
    }
}

fn insert(map: &mut IndexMap<String, Entry>, key: &Node, entry: Entry) -> Option<Flaw> {
    let span = key.span.clone();
    let Some(name) = key.words() else {
        return Some(fatal(
            "yaml.key",
            key.span.clone(),
            "a key is one word or text, not a list or map",
            "put templates in quotes, as in `to: \"{{inputs.to}}\"`",
        ));
    };
    if map.contains_key(name) {
        return Some(fatal(
            "yaml.duplicate_key",
            span,
            &format!("`{name}` is given twice"),
            "keep one of them",
        ));
    }
    let node = entry.node;
    map.insert(name.to_owned(), Entry { key: span, node });
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> Value {
        let tree = read(text, |byte| byte);
        tree.root.expect("a scalar").to_json()
    }

    #[test]
    fn numbers_keep_every_digit() {
        for (yaml, json) in [
            ("0.10", "0.10"),
            ("12345678901234567890.50", "12345678901234567890.50"),
            ("-4711", "-4711"),
            ("+5", "5"),
            ("5.", "5.0"),
            (".5", "0.5"),
            ("1e3", "1e+3"),
            ("0x1F", "31"),
            ("007", "\"007\""),
            ("1_000", "\"1_000\""),
            ("1.2.3", "\"1.2.3\""),
            ("'5'", "\"5\""),
            ("yes", "\"yes\""),
            ("2026-01-02", "\"2026-01-02\""),
            ("True", "true"),
            ("~", "null"),
        ] {
            assert_eq!(scalar(yaml).to_string(), json, "{yaml}");
        }
    }

    #[test]
    fn scalars_are_read_as_serde_yaml_reads_them() {
        for text in [
            "1",
            "007",
            "0",
            "-0",
            "0.10",
            "1e3",
            "1.e2",
            ".5",
            "5.",
            "+1",
            "0x1f",
            "0o17",
            "0b11",
            "1_000",
            "yes",
            "True",
            "tRUE",
            "~",
            "null",
            "''",
            "2026-01-02",
            "1.2.3",
            "e5",
            "-",
            "--1",
            "+-1",
            "00.5",
            "0x",
            "1e",
            "-.5",
            ".",
            "-x",
        ] {
            let theirs: serde_yaml::Value = serde_yaml::from_str(text).expect(text);
            let tree = read(text, |byte| byte);
            let root = tree.root.expect(text);
            let same = match root.scalar() {
                Some(Scalar::Null) => theirs.is_null(),
                Some(Scalar::Boolean(value)) => theirs.as_bool() == Some(value),
                Some(Scalar::Number(_)) => theirs.is_number(),
                Some(Scalar::Text(text)) => theirs.as_str() == Some(text),
                None => !theirs.is_string(),
            };
            assert!(same, "{text} is {theirs:?}");
        }
    }
}
