//! The language: from the text of a workflow file to a checked version of it.
//!
//! In go the file's name, its text and a [`Catalogue`]; out come every problem
//! at its place and, if there is no error, the [`Version`] that runs follow.
//! The text is read twice: as a tree whose nodes know their places, which is
//! held against the JSON Schema, and by serde into the model. Where a file has
//! mistakes, the parts that do not fit are left out and the check goes on.
//! No text makes it panic, and none takes long.

pub(crate) mod model;
mod schema;
pub(crate) mod suggest;

#[cfg(test)]
mod tests;

use std::{collections::HashSet, rc::Rc};

use serde::de::Deserialize;
use serde_path_to_error::Segment;

use self::model::Workflow;
pub use self::schema::schema;
use crate::{
    catalogue::Catalogue,
    check::{
        self, Document,
        shape::{At, Found, Shape},
    },
    diagnostic::Diagnostic,
    plan::Version,
    yaml::{self, Node, Report, Scalar, Span, What, without_bom},
};

/// What came of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Only when no diagnostic is an error.
    pub version: Option<Version>,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a workflow. `file_name` is its path as people should see it; the last
/// part without its ending is the workflow's name.
pub fn load(file_name: &str, text: &str, catalogue: &Catalogue) -> Loaded {
    let mut report = Report::new(file_name, text);
    let checked = read(&mut report, text)
        .and_then(|root| decode(&mut report, text, &root).map(|model| (root, model)))
        .map(|(root, model)| {
            let document = Document {
                model: &model,
                root: &root,
                stem: stem(file_name),
            };
            check::check(&document, catalogue, &mut report)
        });
    let version = checked
        .filter(|_| report.errors() == 0)
        .map(|checked| Version {
            plan: checked.plan,
            source: text.to_owned(),
            templates: checked.templates,
        });
    Loaded {
        version,
        diagnostics: report.finish(),
    }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .unwrap_or(name)
}

/// The tree of the text; a file in which nothing stands is no workflow.
fn read(report: &mut Report<'_>, text: &str) -> Option<Rc<Node>> {
    let root = yaml::read(report, text);
    if root.is_none() && report.errors() == 0 {
        report.error("language.empty", &(0..0), "the file is empty");
    }
    root
}

/// Holds the tree against the schema, then decodes it; what does not fit is left out.
fn decode(report: &mut Report<'_>, text: &str, root: &Rc<Node>) -> Option<Workflow> {
    if matches!(root.scalar(), Some(Scalar::Null)) {
        report.error("language.empty", &(0..0), "the file is empty");
        return None;
    }
    let schema = schema::workflow();
    let shape = Shape {
        root: schema,
        templates: false,
    };
    let (mut found, span) = (Found::default(), root.head());
    let at = At {
        name: "a workflow",
        span: &(span.start..span.start),
    };
    shape.check(schema, (root, at), report, &mut found);
    root.map()?;
    let decoded = match report.errors() {
        // What a run follows is always what serde_yaml read from the text itself.
        0 => model(serde_yaml::Deserializer::from_str(without_bom(text))),
        _ => model(fitting(root, &found.bad)),
    };
    decoded
        .map_err(|(path, err)| undecoded(report, root, (&path, &err)))
        .ok()
}

/// What serde_yaml refuses although tree and schema let it pass.
fn undecoded(
    report: &mut Report<'_>,
    root: &Node,
    (path, err): (&serde_path_to_error::Path, &serde_yaml::Error),
) {
    let message = err.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (code, span) = match (path.iter().next(), err.location()) {
        (None, Some(at)) => ("yaml.syntax", at.index()..at.index() + 1),
        _ => ("language.value", place(root, path)),
    };
    report.error(code, &span, message);
}

fn model<'de, D>(source: D) -> Result<Workflow, (serde_path_to_error::Path, D::Error)>
where
    D: serde::Deserializer<'de>,
{
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(source, &mut track);
    let decoded = Workflow::deserialize(tracked);
    decoded.map_err(|err| (track.path(), err))
}

/// Where an error of the decoder stands.
fn place(root: &Node, path: &serde_path_to_error::Path) -> Span {
    let mut node = root;
    for segment in path.iter() {
        let next = match segment {
            Segment::Map { key } => node.get(key).map(|entry| &entry.node),
            Segment::Seq { index } => node.items().get(*index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.head()
}

/// The tree as serde_yaml's value, without what does not fit. In a list nothing takes the
/// place of what was left out, so that the others keep theirs.
fn fitting(node: &Node, bad: &HashSet<u32>) -> serde_yaml::Value {
    match &node.what {
        What::List(items) => {
            let items = items.iter().map(|item| match bad.contains(&item.id) {
                true => serde_yaml::Value::Null,
                false => fitting(item, bad),
            });
            serde_yaml::Value::Sequence(items.collect())
        }
        What::Map(map) => {
            let fit = map
                .iter()
                .filter(|(_, entry)| !bad.contains(&entry.node.id));
            let entries = fit.map(|(key, entry)| (key.as_str().into(), fitting(&entry.node, bad)));
            serde_yaml::Value::Mapping(entries.collect())
        }
        What::Scalar { .. } => match node.scalar() {
            None | Some(Scalar::Null) => serde_yaml::Value::Null,
            Some(Scalar::Boolean(value)) => value.into(),
            Some(Scalar::Text(text)) => text.into(),
            Some(Scalar::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => value.into(),
                (None, Some(value)) => value.into(),
                (None, None) => number.as_f64().unwrap_or_default().into(),
            },
        },
    }
}
