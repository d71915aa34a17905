//! One decision for many open exceptions: shown first, then taken one by one.
//!
//! In go those of one cause, or that one person has taken on, at this moment; out comes what
//! became of each. Those that open meanwhile are not among them: nothing is
//! decided that was not shown.

use std::{
    collections::BTreeSet,
    io::{BufRead, IsTerminal},
};

use botswain_core::{ExceptionId, RunId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    Global,
    arguments::{Decided, Said},
    exceptions,
    follow::{self, Followed, Following},
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    resolve,
    signals::Signals,
    table, users,
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
pub(super) async fn of_cause(
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
        let which = format!(
            "of one cause ({}, step {})",
            first.exception.code, first.exception.step
        );
        if !is_meant(&which, &decision, &all, decided.yes)? {
            return Ok(Code::Failed);
        }
        let mut following = Following::begin(client).await?;
        following.know(&all);
        let follows = decision.lets_go_on() && (!client.is_lasting() || decided.wait);
        let before = match follows {
            true => seen(client, &all).await?,
            false => Vec::new(),
        };
        let results = take_all(global, client, &all, (&wanted, &decided.said, &decision)).await?;
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
        if let Decision::Assign { to: Some(to) } = &decision {
            users::tell_stranger(client, to).await;
        }
        Ok(told(global, &results, &decision))
    };
    global.with_client(work).await
}

/// Gives all that one person has taken on to another.
pub(super) async fn hand_over(
    global: &Global,
    (from, to): (&str, String),
    said: Said,
    yes: bool,
) -> Outcome {
    if from == to {
        return Err(Failure::usage(format!("what is {from}'s stays so")).hint("name another one"));
    }
    let wanted = resolve::Wanted::HandOver { from, to: &to };
    let work = async |client: &mut Client| {
        let all = exceptions::assigned_to(client, from).await?;
        let decision = Decision::Assign {
            to: Some(to.clone()),
        };
        if all.is_empty() {
            output::note(&format!("nothing that waits is {}'s", tame(from)));
            return Ok(told(global, &[], &decision));
        }
        let which = format!("that {} has taken on", tame(from));
        if !is_meant(&which, &decision, &all, yes)? {
            return Ok(Code::Failed);
        }
        let results = take_all(global, client, &all, (&wanted, &said, &decision)).await?;
        users::tell_stranger(client, &to).await;
        Ok(told(global, &results, &decision))
    };
    global.with_client(work).await
}

/// Decides each; what was decided until something fails stays decided, and is told.
async fn take_all(
    global: &Global,
    client: &Client,
    all: &[ExceptionView],
    (wanted, said, decision): (&resolve::Wanted<'_>, &Said, &Decision),
) -> Result<Vec<Decisive>, Failure> {
    let mut results = Vec::new();
    for it in all {
        match take(client, it, wanted, said).await {
            Ok(result) => results.push(result),
            Err(failure) => {
                told(global, &results, decision);
                return Err(failure);
            }
        }
    }
    Ok(results)
}

/// Decides one of them; what the daemon refuses is a result too.
async fn take(
    client: &Client,
    it: &ExceptionView,
    wanted: &resolve::Wanted<'_>,
    said: &Said,
) -> Result<Decisive, Failure> {
    let path = format!("/api/v1/exceptions/{}", it.id);
    let resolved = async {
        let detail: ExceptionDetail = client.get(&path).await?;
        let resolving = Resolving {
            decision: wanted.of(&detail)?,
            by: said.by.clone(),
            note: said.note.clone(),
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

/// Shows them, and asks unless that was answered before.
fn is_meant(
    which: &str,
    decision: &Decision,
    all: &[ExceptionView],
    yes: bool,
) -> Result<bool, Failure> {
    output::note(&preview(which, decision, all));
    let is_meant = yes || is_confirmed(all.len())?;
    if !is_meant {
        output::note("nothing was decided");
    }
    Ok(is_meant)
}

fn preview(which: &str, decision: &Decision, all: &[ExceptionView]) -> String {
    let count = table::plural(all.len(), "exception");
    let now = Timestamp::now();
    let put_off = all.iter().filter(|it| exceptions::is_snoozed(it, now));
    let put_off = match put_off.count() {
        0 => String::new(),
        count => format!(", {count} of them put off"),
    };
    let title = format!("{count} {which}{put_off}: {}", resolve::in_words(decision));
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

fn told(global: &Global, results: &[Decisive], decision: &Decision) -> Code {
    let done = match decision {
        Decision::Assign { to: Some(to) } => format!("given to {to}"),
        Decision::Assign { to: None } => "given back".to_owned(),
        Decision::Remark => "said".to_owned(),
        Decision::Snooze { .. } => "put off".to_owned(),
        _ => "decided".to_owned(),
    };
    let refused = results.iter().filter(|it| !it.resolved).count();
    if global.json {
        output::json(&results);
    } else if !results.is_empty() {
        let rows = results.iter().map(|it| {
            let result = match &it.problem {
                None => done.clone(),
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
