//! `test`: plays the tests of the workflows, and shows what did not come out as expected.

use std::path::{Path, PathBuf};

use botswain_core::testing::Test;
use serde_json::json;

use super::{
    Global, arguments, check, excerpt, junit,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
    table::plural,
};
use crate::{
    instance::Instance,
    rehearsal::suite::{Problem, Suite, Verdict},
    workflows::{self, Checked},
};

pub(super) fn test(global: &Global, arguments: &arguments::Test) -> Outcome {
    let instance = global.instance()?;
    let checked = checked(&instance, &arguments.paths)?;
    let Some(config) = checked.config.clone().filter(|_| checked.errors() == 0) else {
        excerpt::note_all(&instance, &checked.diagnostics);
        output::error("nothing is tested as long as the files have mistakes");
        return Ok(Code::Usage);
    };
    let tests = chosen(checked.tests, arguments.filter.as_deref())?;
    let suite = Suite::new(&instance, config, &checked.versions, arguments.update);
    let verdicts = suite.map_err(Failure::of)?.play(&tests);
    if let Some(file) = &arguments.junit {
        let failed = |error| Failure::of(format!("`{}`: {error}", file.display()));
        std::fs::write(file, junit::xml(&verdicts)).map_err(failed)?;
    }
    match global.json {
        true => output::json(&as_json(&verdicts)),
        false => show(&verdicts),
    }
    Ok(match verdicts.iter().all(Verdict::has_passed) {
        true => Code::Done,
        false => Code::Failed,
    })
}

/// The files that are meant; with a workflow also the file of tests that is called after it.
fn checked(instance: &Instance, paths: &[PathBuf]) -> Result<Checked, Failure> {
    if paths.is_empty() {
        return Ok(workflows::check(instance)?);
    }
    let mut files = check::files(instance, paths)?;
    for beside in instance.test_files()? {
        let name = beside.to_string_lossy();
        let workflow = name.strip_suffix(".test.yaml").unwrap_or_default();
        let workflow = format!("{workflow}.yaml");
        if files.iter().any(|file| *file == Path::new(&workflow)) {
            files.push(beside);
        }
    }
    files.sort();
    files.dedup();
    Ok(workflows::check_files(instance, &files)?)
}

fn chosen(tests: Vec<Test>, filter: Option<&str>) -> Result<Vec<Test>, Failure> {
    let Some(filter) = filter else {
        return Ok(tests);
    };
    let fits = |test: &Test| format!("{}: {}", test.workflow, test.name).contains(filter);
    let names: Vec<String> = tests.iter().map(|it| it.name.clone()).take(10).collect();
    let chosen: Vec<Test> = tests.into_iter().filter(fits).collect();
    match (chosen.is_empty(), names.is_empty()) {
        (false, _) | (_, true) => Ok(chosen),
        (true, false) => Err(
            Failure::usage(format!("no test has `{filter}` in its name"))
                .hint(format!("there are: {}", names.join("; "))),
        ),
    }
}

fn as_json(verdicts: &[Verdict]) -> serde_json::Value {
    let passed = verdicts.iter().filter(|it| it.has_passed()).count();
    json!({
        "passed": passed,
        "failed": verdicts.len() - passed,
        "tests": verdicts,
    })
}

fn show(verdicts: &[Verdict]) {
    let paint = Paint::of_stdout();
    for verdict in verdicts {
        output::data(&told(verdict, paint));
    }
    output::data(&count(verdicts));
}

fn told(verdict: &Verdict, paint: Paint) -> String {
    let title = tame(&format!("{}: {}", verdict.workflow, verdict.name));
    let updated = verdict.updated.iter();
    let updated = updated.map(|file| format!("        wrote {}", file.display()));
    let mut lines = vec![match verdict.has_passed() {
        true => format!("{}    {title}", paint.green("ok")),
        false => format!(
            "{}  {title} ({}:{})",
            paint.red("FAIL"),
            verdict.file,
            verdict.line
        ),
    }];
    lines.extend(updated);
    for problem in &verdict.problems {
        lines.push(indented(&tame(&of_problem(problem, paint))));
    }
    for warning in &verdict.warnings {
        let text = of_problem(warning, paint);
        lines.push(indented(&tame(&format!(
            "{} {text}",
            paint.yellow("warning:")
        ))));
    }
    if !verdict.has_passed() && !verdict.waited.is_empty() {
        let waited = verdict.waited.join("\n  ");
        lines.push(indented(&tame(&format!("what waited:\n  {waited}"))));
    }
    lines.join("\n")
}

/// A problem as people read it, in several lines.
fn of_problem(problem: &Problem, paint: Paint) -> String {
    let mut text = problem.words();
    if let Some(hint) = &problem.hint {
        text.extend(["\n", &paint.cyan("hint:"), " ", hint]);
    }
    text
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("      {line}"));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn count(verdicts: &[Verdict]) -> String {
    let failed = verdicts.iter().filter(|it| !it.has_passed()).count();
    match (verdicts.len(), failed) {
        (0, _) => "there are no tests; a workflow has them under `tests:`".to_owned(),
        (all, 0) => format!("{} passed", plural(all, "test")),
        (all, failed) => format!("{failed} of {} failed", plural(all, "test")),
    }
}
