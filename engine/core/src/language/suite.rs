//! A file of tests beside the workflow that it tests.
//!
//! In go its text, the workflows of the instance and their plans; out comes
//! what came of it. It is checked when all workflows were. Where the workflow
//! has mistakes only the shape of its tests is looked at: what they name may be
//! there once it is mended.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    Loaded, Source,
    draft::{decode, read, stem, written_in},
    model::TestFile,
    schema::tests_schema,
    suggest,
};
use crate::{
    catalogue::Catalogue,
    check::testing::{self, Tested},
    plan::Plan,
    yaml::{Node, Report, Span},
};

/// How such a file ends, beside `.yaml`.
const ENDING: &str = ".test";

/// Whether a file holds tests and no workflow, by its name.
pub fn is_tests(file: &str) -> bool {
    stem(file).ends_with(ENDING)
}

pub(super) fn load(
    source: Source<'_>,
    plans: &BTreeMap<String, Plan>,
    catalogue: &Catalogue,
) -> Loaded {
    let mut report = Report::new(source.file, source.text);
    let read = read(&mut report, source.text).and_then(|root| {
        let what = (tests_schema(), "a file of tests");
        let model: TestFile = decode(&mut report, source.text, (&root, what))?;
        Some((root, model))
    });
    let mut tests = Vec::new();
    if let Some((root, model)) = read {
        let name = workflow(&model, (&root, source.file), catalogue, &mut report);
        let plan = name.and_then(|name| plans.get(name));
        if let (Some(name), None) = (name, plan) {
            let message = format!("`{name}` has mistakes, so its tests cannot be played");
            let hint = format!("mend it first; `botswain check {name}` shows them");
            let span = place(&root);
            report.hinted("tests.workflow", &span, (message, Some(hint)));
        }
        let tested = plan.map(|plan| Tested::new(plan, []));
        let nodes = root.get("tests").map_or(&[][..], |it| it.node.items());
        let all = (&model.tests[..], nodes);
        tests = testing::check(all, tested.as_ref(), catalogue, &mut report);
    }
    if report.errors() > 0 {
        tests.clear();
    }
    Loaded {
        version: None,
        diagnostics: report.finish(),
        tests: written_in(source.file, tests),
    }
}

/// The workflow that is meant, if there is one.
fn workflow<'m>(
    model: &'m TestFile,
    (root, file): (&Rc<Node>, &'m str),
    catalogue: &Catalogue,
    report: &mut Report<'_>,
) -> Option<&'m str> {
    let own = stem(file);
    let own = own.strip_suffix(ENDING).unwrap_or(own);
    let name = model.workflow.as_deref().unwrap_or(own);
    if catalogue.workflows.contains_key(name) {
        return Some(name);
    }
    let names = catalogue.workflows.keys().map(String::as_str);
    let hint = suggest::hint(name, "the workflows are", names.collect::<Vec<_>>())
        .or_else(|| Some("write `workflow: NAME`, or call the file `NAME.test.yaml`".to_owned()));
    let message = format!("there is no workflow `{name}`");
    report.hinted("tests.workflow", &place(root), (message, hint));
    None
}

/// Where the file says which workflow it is about.
fn place(root: &Node) -> Span {
    let entry = root.get("workflow");
    entry.map_or_else(|| root.head(), |entry| entry.node.span.clone())
}
