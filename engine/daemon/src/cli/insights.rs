//! `insights`: what became of runs over a time.

use botswain_views::{CauseView, Comparison, Figures, Insights, Spread, StepFigures};
use jiff::SignedDuration;

use super::{
    Global, arguments,
    keeping::moment,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    table, times, workflows,
};
use crate::client::Client;

/// How many causes and steps are listed.
const ROWS: usize = 10;

pub(super) async fn insights(global: &Global, asked: arguments::Insights) -> Outcome {
    let query = query(&asked)?;
    let is_known = async |client: &Client| match &asked.workflow {
        Some(name) => workflows::known(&global.instance()?, client, name).await,
        None => Ok(()),
    };
    if let Some(table) = &asked.csv {
        let path = format!("/api/v1/insights/export?table={table}&{query}");
        let file = global
            .with_client(async |client| {
                is_known(client).await?;
                let answer = client.download(&path).await?;
                answer.text().await.map_err(Failure::of)
            })
            .await?;
        output::data(file.trim_end());
        return Ok(Code::Done);
    }
    let path = format!("/api/v1/insights?{query}");
    let found: Insights = global
        .with_client(async |client| {
            is_known(client).await?;
            Ok(client.get(&path).await?)
        })
        .await?;
    match global.json {
        true => output::json(&found),
        false => show(&found),
    }
    Ok(Code::Done)
}

fn query(asked: &arguments::Insights) -> Result<String, Failure> {
    let time = |text: &Option<String>| match text {
        Some(text) => moment(text, jiff::tz::TimeZone::system()).map(|it| Some(it.to_string())),
        None => Ok(None),
    };
    let fields = [
        ("workflow", asked.workflow.clone()),
        ("since", time(&asked.since)?),
        ("until", time(&asked.until)?),
        ("split", time(&asked.split)?),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, it)| Some((name, it?)));
    let given: Vec<(&str, String)> = given.collect();
    serde_urlencoded::to_string(given).map_err(Failure::of)
}

fn show(found: &Insights) {
    let (since, until) = (times::local(found.since), times::local(found.until));
    if found.looked.counted == 0 {
        output::data(&format!("no run began between {since} and {until}"));
        return output::hint("`botswain run WORKFLOW` starts one; `--since` looks further back");
    }
    let mut parts = vec![format!("{since} to {until}"), table::pairs(told(found))];
    if !found.causes.is_empty() {
        parts.push(causes(&found.causes));
    }
    if !found.steps.is_empty() {
        parts.push(steps(&found.steps));
    }
    parts.extend(found.comparison.as_ref().map(compared));
    output::data(&parts.join("\n\n"));
    if found.looked.cut {
        output::hint("there are more runs than are counted at once: narrow it with `--since`");
    }
    if found.looked.sample {
        let (read, counted) = (found.looked.read, found.looked.counted);
        output::hint(&format!(
            "what is said of exceptions and steps is from a sample: {read} of {counted} runs"
        ));
    }
}

fn told(found: &Insights) -> Vec<(String, String)> {
    let figures = &found.figures;
    let mut rows = vec![
        ("runs".to_owned(), figures.runs.to_string()),
        ("succeeded".to_owned(), share(figures)),
        ("failed".to_owned(), figures.failed.to_string()),
        ("at work or waiting".to_owned(), figures.open.to_string()),
        ("a run takes".to_owned(), spread(figures.lasted.as_ref())),
        (
            "exceptions".to_owned(),
            format!(
                "{}, {} of them waiting",
                figures.exceptions, figures.waiting
            ),
        ),
        ("handled in".to_owned(), spread(figures.handled.as_ref())),
    ];
    if figures.saved_ms > 0 {
        rows.push(("work saved".to_owned(), length(figures.saved_ms)));
    }
    rows
}

fn causes(causes: &[CauseView]) -> String {
    let rows = causes.iter().take(ROWS).map(|it| {
        [
            tame(&it.workflow),
            it.step.to_string(),
            tame(&it.code),
            it.count.to_string(),
            it.waiting.to_string(),
            spread(it.handled.as_ref()),
        ]
    });
    let head = [
        "workflow",
        "step",
        "cause",
        "times",
        "waiting",
        "handled in",
    ];
    table::of(head, rows)
}

fn steps(steps: &[StepFigures]) -> String {
    let rows = steps.iter().take(ROWS).map(|it| {
        [
            tame(&it.workflow),
            it.step.to_string(),
            it.working.count.to_string(),
            length(it.working.median_ms),
            length(it.working.p90_ms),
            length(it.worked_ms),
        ]
    });
    let head = ["workflow", "step", "runs", "median", "9 of 10", "in all"];
    table::of(head, rows)
}

fn compared(it: &Comparison) -> String {
    let row = |name: &str, of: &dyn Fn(&Figures) -> String| {
        [name.to_owned(), of(&it.before), of(&it.after)]
    };
    let rows = [
        row("runs", &|it| it.runs.to_string()),
        row("succeeded", &share),
        row("a run takes", &|it| spread(it.lasted.as_ref())),
        row("exceptions of 100 runs", &of_hundred),
        row("handled in", &|it| spread(it.handled.as_ref())),
        row("work saved", &|it| length(it.saved_ms)),
    ];
    let at = times::local(it.at);
    table::of(["", &format!("before {at}"), "after"], rows)
}

fn share(figures: &Figures) -> String {
    match figures.succeeded_percent() {
        None => "-".to_owned(),
        Some(percent) => format!("{} ({percent} % of those that ended)", figures.succeeded),
    }
}

fn of_hundred(figures: &Figures) -> String {
    match figures.read {
        0 => "-".to_owned(),
        read => (100 * figures.exceptions / read).to_string(),
    }
}

fn spread(it: Option<&Spread>) -> String {
    it.map_or_else(
        || "-".to_owned(),
        |it| match it.count {
            1 => length(it.median_ms),
            _ => format!("{}, 9 of 10 in {}", length(it.median_ms), length(it.p90_ms)),
        },
    )
}

fn length(millis: u64) -> String {
    times::length(SignedDuration::from_millis(
        i64::try_from(millis).unwrap_or(i64::MAX),
    ))
}
