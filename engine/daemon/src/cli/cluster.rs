//! One decision for all open exceptions of the same cause: shown first, then taken one by one.
//!
//! In go the exceptions that share a fingerprint at this moment, out comes what
//! became of each. Those that open meanwhile are not among them: nothing is
//! decided that was not shown.

use std::{
    collections::BTreeSet,
    io::{BufRead, IsTerminal},
};

use botswain_core::{ExceptionId, RunId};
use serde::Serialize;
use serde_json::Value;

use super::{
    Global,
    arguments::Decided,
    exceptions,
    follow::{self, Followed, Following},
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    resolve,
    signals::Signals,
    table,
};
use crate::{
    api::{Decision, Problem, Resolving},
    client::{self, Client},
    views::{ExceptionDetail, ExceptionView, RunDetail},
};

/// So many are listed before the question.
const SHOWN: usize = 10;

/// What became of one of them.
#[derive(Debug, Serialize)]
struct Decisive {
    exception: ExceptionId,
    run: RunId,
    key: Option<String>,
    resolved: bool,
    problem: Option<Problem>,
}

/// Makes the same of each exception that has the same cause as this one.
pub(super) async fn decide(
    global: &Global,
    id: ExceptionId,
    wanted: resolve::Wanted<'_>,
    decided: Decided,
) -> Outcome {
    let mut signals = Signals::catch()?;
    let work = async |client: &mut Client| {
        let first: ExceptionDetail = client.get(&format!("/api/v1/exceptions/{id}")).await?;
        let decision = wanted.of(&first)?;
        let all = exceptions::of_cause(client, &first.exception).await?;
        output::note(&preview(&decision, &first.exception, &all));
        if !decided.yes && !is_confirmed(all.len())? {
            output::note("nothing was decided");
            return Ok(Code::Failed);
        }
        let mut following = Following::begin(client).await?;
        following.know(&all);
        let follows = decision.lets_go_on() && (!client.is_lasting() || decided.wait);
        let before = match follows {
            true => seen(client, &all).await?,
            false => Vec::new(),
        };
        let mut results = Vec::new();
        for it in &all {
            match take(client, it, &wanted, &decided).await {
                Ok(result) => results.push(result),
                // What was decided until then stays decided.
                Err(failure) => {
                    told(global, &results);
                    return Err(failure);
                }
            }
        }
        for (run, seen) in before {
            output::note(&format!("run {run}"));
            let followed = following.go_on(client, &run, &mut signals, seen).await?;
            match followed {
                Followed::Left => break,
                Followed::Rests(detail) if run.parent().is_none() => {
                    output::note(&follow::summary(client, &detail).await?);
                }
                Followed::Rests(_) => (),
            }
        }
        Ok(told(global, &results))
    };
    global.with_client(work).await
}

/// Decides one of them; what the daemon refuses is a result too.
async fn take(
    client: &Client,
    it: &ExceptionView,
    wanted: &resolve::Wanted<'_>,
    decided: &Decided,
) -> Result<Decisive, Failure> {
    let path = format!("/api/v1/exceptions/{}", it.id);
    let resolved = async {
        let detail: ExceptionDetail = client.get(&path).await?;
        let resolving = Resolving {
            decision: wanted.of(&detail)?,
            by: decided.said.by.clone(),
            note: decided.said.note.clone(),
            remember: wanted.remember(),
        };
        let path = format!("{path}/resolution");
        let done: Result<Value, client::Error> = client.post(&path, &resolving).await;
        match done {
            Err(client::Error::Problem(problem)) => Ok(Some(*problem)),
            done => done.map(|_| None).map_err(Failure::from),
        }
    };
    let problem = match resolved.await {
        Ok(problem) => problem,
        // Decided meanwhile, or its data are of other types.
        Err(failure) if failure.code == Code::Usage => Some(failure.into_problem()),
        Err(failure) => return Err(failure),
    };
    Ok(Decisive {
        exception: it.id,
        run: it.run.clone(),
        key: it.key.clone(),
        resolved: problem.is_none(),
        problem,
    })
}

/// The runs that go on with how many facts each has: those of the exceptions, then the runs
/// around them, unless those have more to do than only a lasting daemon takes up.
async fn seen(client: &Client, all: &[ExceptionView]) -> Result<Vec<(RunId, usize)>, Failure> {
    let own: BTreeSet<RunId> = all.iter().map(|it| it.run.clone()).collect();
    let roots: BTreeSet<RunId> = own.iter().map(|run| RunId::root(run.number())).collect();
    let mut seen = Vec::new();
    for run in own.iter().chain(roots.difference(&own)) {
        let detail: RunDetail = client.get(&format!("/api/v1/runs/{run}")).await?;
        if own.contains(run) || client.is_lasting() || follow::rests(&detail) {
            seen.push((run.clone(), detail.facts.len()));
        }
    }
    Ok(seen)
}

fn preview(decision: &Decision, first: &ExceptionView, all: &[ExceptionView]) -> String {
    let count = table::plural(all.len(), "exception");
    let title = format!(
        "{count} of one cause ({}, step {}): {}",
        first.code,
        first.step,
        resolve::in_words(decision)
    );
    let rows = all.iter().take(SHOWN).map(|it| {
        [
            format!("  {}", it.id),
            it.run.to_string(),
            it.key.clone().unwrap_or_default(),
            tame(&it.message),
        ]
    });
    let mut lines = vec![title, table::of_parts(rows)];
    if all.len() > SHOWN {
        lines.push(format!("  and {} more", all.len() - SHOWN));
    }
    lines.join("\n")
}

/// Asks on the terminal; without one nobody can answer.
fn is_confirmed(count: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::usage("nobody is there to say whether all of them are meant")
                .hint("add `--yes` to decide without being asked"),
        );
    }
    let all = table::plural(count, "exception");
    output::note(&format!("decide {all} like this? [y/N]"));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(Failure::of)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn told(global: &Global, results: &[Decisive]) -> Code {
    let refused = results.iter().filter(|it| !it.resolved).count();
    if global.json {
        output::json(&results);
    } else {
        let rows = results.iter().map(|it| {
            let result = match &it.problem {
                None => "decided".to_owned(),
                Some(problem) => format!("refused: {}", tame(&problem.title)),
            };
            [
                it.exception.to_string(),
                it.run.to_string(),
                it.key.clone().unwrap_or_default(),
                result,
            ]
        });
        output::data(&table::of(["id", "run", "key", "result"], rows));
    }
    match refused {
        0 => Code::Done,
        _ => Code::Failed,
    }
}
