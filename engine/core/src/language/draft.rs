//! One file between reading and checking.
//!
//! What it is called and what it calls is known once it is read; what it comes
//! to, when all that it calls was checked.

use std::{
    collections::{BTreeMap, HashSet},
    rc::Rc,
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::{Loaded, Source, model::Workflow, schema};
use crate::{
    catalogue::Catalogue,
    check::{
        self, Document,
        shape::{At, Found, Shape},
    },
    plan::Version,
    testing::Test,
    yaml::{self, Node, Report, Scalar, Span, What, without_bom},
};

/// A file as far as it could be read.
pub(super) struct Draft<'a> {
    source: Source<'a>,
    report: Report<'a>,
    read: Option<(Rc<Node>, Workflow)>,
}

/// What came of it, and what its outputs are.
pub(super) struct Done {
    pub(super) loaded: Loaded,
    /// JSON Schema of each.
    pub(super) outputs: BTreeMap<String, Value>,
}

impl<'a> Draft<'a> {
    pub(super) fn read(source: Source<'a>) -> Draft<'a> {
        let mut report = Report::new(source.file, source.text);
        let read = read(&mut report, source.text).and_then(|root| {
            let what = (schema::workflow(), "a workflow");
            let model = decode(&mut report, source.text, (&root, what))?;
            Some((root, model))
        });
        Draft {
            source,
            report,
            read,
        }
    }

    /// What the workflow is called.
    pub(super) fn stem(&self) -> &'a str {
        stem(self.source.file)
    }

    /// Its path as people should see it.
    pub(super) fn file(&self) -> &'a str {
        self.source.file
    }

    /// It is told where the other file lies that is called the same.
    pub(super) fn has_namesake(&mut self, other: &str) {
        let message = format!("`{other}` is called the same, and neither is followed");
        let hint = "a name is there once in all folders: rename one of them".to_owned();
        self.report
            .hinted("workflow.twice", &(0..0), (message, Some(hint)));
    }

    pub(super) fn model(&self) -> Option<&Workflow> {
        self.read.as_ref().map(|(_, model)| model)
    }

    /// Checks it; the catalogue knows the workflows that it calls.
    pub(super) fn check(mut self, catalogue: &Catalogue) -> Done {
        let stem = self.stem();
        let checked = self.read.as_ref().map(|(root, model)| {
            let document = Document { model, root, stem };
            check::check(&document, catalogue, &mut self.report)
        });
        let (mut outputs, mut version, mut tests) = (BTreeMap::new(), None, Vec::new());
        if let Some(checked) = checked.filter(|_| self.report.errors() == 0) {
            outputs = checked.outputs;
            tests = written_in(self.source.file, checked.tests);
            version = Some(Version {
                plan: checked.plan,
                source: self.source.text.to_owned(),
                templates: checked.templates,
                calls: checked.calls,
                pages: checked.pages,
            });
        }
        let diagnostics = self.report.finish();
        let loaded = Loaded {
            version,
            diagnostics,
            tests,
        };
        Done { loaded, outputs }
    }
}

/// The tests with the file in which they stand.
pub(super) fn written_in(file: &str, mut tests: Vec<Test>) -> Vec<Test> {
    for test in &mut tests {
        file.clone_into(&mut test.file);
    }
    tests
}

pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .unwrap_or(name)
}

/// The tree of the text; a file in which nothing stands is no workflow.
pub(super) fn read(report: &mut Report<'_>, text: &str) -> Option<Rc<Node>> {
    let root = yaml::read(report, text);
    if root.is_none() && report.errors() == 0 {
        report.error("language.empty", &(0..0), "the file is empty");
    }
    root
}

/// Holds the tree against the schema, then decodes it; what does not fit is left out.
pub(super) fn decode<T: DeserializeOwned>(
    report: &mut Report<'_>,
    text: &str,
    (root, (schema, name)): (&Rc<Node>, (&Value, &str)),
) -> Option<T> {
    if matches!(root.scalar(), Some(Scalar::Null)) {
        report.error("language.empty", &(0..0), "the file is empty");
        return None;
    }
    let shape = Shape {
        root: schema,
        templates: false,
    };
    let (mut found, span) = (Found::default(), root.head());
    let at = At {
        name,
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

fn model<'de, T, D>(source: D) -> Result<T, (serde_path_to_error::Path, D::Error)>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(source, &mut track);
    let decoded = T::deserialize(tracked);
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
