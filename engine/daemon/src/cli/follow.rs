//! Follows a run until it rests, showing what happens to it.
//!
//! The daemon's events say when to look, the run's view what is so: a missed
//! event delays by a second at most, and nothing is ever concluded from one.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use botswain_core::{
    ExceptionId, RunId,
    index::{ExceptionCategory, State, Tally},
    run::fact::{Resolution, Verdict, What},
};
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{
    exceptions, outcome::Failure, output::tame, progress::Progress, signals::Signals, times,
};
use crate::{
    client::{self, Client},
    views::{ExceptionDetail, ExceptionView, RunDetail, RunView, StepState, StepView},
};

/// The longest time without a look.
const PATIENCE: Duration = Duration::from_secs(1);

/// The shortest time between two looks, however much happens.
const BREATH: Duration = Duration::from_millis(100);

/// A summary shows so many exceptions with all they say.
const SHOWN: usize = 5;

/// How following ended.
pub(super) enum Followed {
    /// The run has ended, or waits for people.
    Rests(Box<RunDetail>),
    /// Somebody wanted to stop looking.
    Left,
}

/// What is told from now on.
pub(super) struct Following {
    events: Pin<Box<dyn Stream<Item = Value> + Send>>,
    /// Whether there will be more.
    listening: bool,
    /// The exceptions that were told, or were there before.
    known: BTreeSet<ExceptionId>,
}

impl Following {
    pub(super) async fn begin(client: &Client) -> Result<Following, Failure> {
        Ok(Following {
            events: Box::pin(client.events().await?),
            listening: true,
            known: BTreeSet::new(),
        })
    }

    /// These are not worth telling again.
    pub(super) fn know(&mut self, open: &[ExceptionView]) {
        self.known.extend(open.iter().map(|it| it.id));
    }

    /// Shows what happens to `run` from the beginning, until it rests.
    pub(super) async fn until_rest(
        &mut self,
        client: &mut Client,
        run: &RunId,
        signals: &mut Signals,
    ) -> Result<Followed, Failure> {
        self.go_on(client, run, signals, 0).await
    }

    /// The same from a later fact on.
    pub(super) async fn go_on(
        &mut self,
        client: &mut Client,
        run: &RunId,
        signals: &mut Signals,
        seen: usize,
    ) -> Result<Followed, Failure> {
        let followed = self.watch(client, run, signals, seen).await;
        match followed {
            Err(_) if client.is_lasting() && is_gone(client).await => Err(Failure::of(format!(
                "the daemon ended while run {run} was followed; the run is kept: `botswain up` \
                 goes on with it"
            ))),
            followed => followed,
        }
    }

    async fn watch(
        &mut self,
        client: &mut Client,
        run: &RunId,
        signals: &mut Signals,
        seen: usize,
    ) -> Result<Followed, Failure> {
        let (mut progress, mut opened) = (Progress::from(seen), Vec::new());
        loop {
            let detail = look(client, run).await?;
            progress.show(&detail);
            // What led to an exception is shown by now.
            let found = look_up(client, std::mem::take(&mut opened)).await;
            let found = found.into_iter().map(|detail| detail.exception).collect();
            self.tell(&mut progress, run, found);
            if rests(&detail) {
                // The last event may still be on its way.
                self.tell(&mut progress, run, exceptions::of_run(client, run).await?);
                progress.end();
                return Ok(Followed::Rests(Box::new(detail)));
            }
            let left = tokio::select! {
                news = self.news(run) => {
                    opened = news;
                    continue;
                }
                reason = client.failed() => Err(failed(&reason)),
                () = signals.next() => Ok(Followed::Left),
            };
            progress.end();
            return left;
        }
    }

    /// Exceptions of the run itself show in its facts; those of its items are told here.
    fn tell(&mut self, progress: &mut Progress, run: &RunId, opened: Vec<ExceptionView>) {
        for it in opened {
            if self.known.insert(it.id) && it.run != *run {
                let about = exceptions::about(&it);
                let message = tame(&it.message);
                let parked = match it.category {
                    ExceptionCategory::InDoubt => "in doubt,",
                    ExceptionCategory::Approval => "asks for approval,",
                    ExceptionCategory::Overdue => "is overdue,",
                    ExceptionCategory::Business | ExceptionCategory::System => "parked as",
                };
                progress.line(&format!("{about}: {parked} exception {}: {message}", it.id));
            }
        }
    }

    /// Waits until something has happened to the run, or long enough; gives the exceptions of
    /// its items that were opened.
    async fn news(&mut self, run: &RunId) -> Vec<ExceptionId> {
        let (mut opened, begun) = (Vec::new(), Instant::now());
        let mut until = begun + PATIENCE;
        loop {
            let event = tokio::select! {
                event = self.events.next(), if self.listening => event,
                () = sleep_until(until) => return opened,
            };
            let Some(event) = event else {
                self.listening = false;
                continue;
            };
            if concerns(&event, run) {
                opened.extend(event["opened"].as_u64().map(ExceptionId));
                until = until.min(begun + BREATH);
            }
        }
    }
}

/// Whether the daemon answers no more.
async fn is_gone(client: &Client) -> bool {
    let health: Result<Value, _> = client.get("/api/v1/health").await;
    matches!(health, Err(client::Error::Unreachable(_)))
}

async fn look(client: &Client, run: &RunId) -> Result<RunDetail, client::Error> {
    client.get(&format!("/api/v1/runs/{run}")).await
}

fn failed(reason: &str) -> Failure {
    Failure::of(format!("the work cannot go on: {reason}")).hint(
        "see to the disk; nothing that was accepted is lost, and `botswain up` goes on with it",
    )
}

/// Without those that somebody who was quicker has decided already.
async fn look_up(client: &Client, opened: Vec<ExceptionId>) -> Vec<ExceptionDetail> {
    let mut found = Vec::new();
    for id in opened {
        let path = format!("/api/v1/exceptions/{id}");
        let detail: Result<ExceptionDetail, _> = client.get(&path).await;
        found.extend(detail.ok());
    }
    found
}

/// Whether an event is about this run or something in it.
fn concerns(event: &Value, run: &RunId) -> bool {
    if event.get("missed").is_some() {
        return true;
    }
    let about = event.get("run").or_else(|| event.get("rested"));
    let about = about
        .and_then(Value::as_str)
        .and_then(|text| text.parse::<RunId>().ok());
    about.is_some_and(|about| about.number() == run.number())
}

/// Whether it has ended, or nothing in it is running or due.
pub(super) fn rests(detail: &RunDetail) -> bool {
    match detail.run.state {
        State::Parked => detail.steps.iter().all(is_complete),
        state => state.has_ended(),
    }
}

/// A loop that has not made all of its items yet goes on by itself.
fn is_complete(step: &StepView) -> bool {
    match (&step.state, &step.items) {
        (StepState::Open { count }, Some(items)) => items.created() >= *count,
        _ => true,
    }
}

/// How it stands with a run that rests, and what can be done.
pub(super) async fn summary(client: &Client, detail: &RunDetail) -> Result<String, Failure> {
    let RunView {
        id,
        workflow,
        state,
        ..
    } = &detail.run;
    let took = detail.run.ended.unwrap_or_else(Timestamp::now);
    let took = times::length(took.duration_since(detail.run.created));
    let what = format!("run {id} of {workflow}");
    Ok(match state {
        State::Succeeded => {
            let text = format!("{what} succeeded in {took}{}", items(detail));
            waiting_too(client, detail, text).await?
        }
        State::Skipped => format!("{what} was skipped: {}", why_skipped(detail)),
        State::Failed => format!("{what} failed{}", why_failed(detail)),
        State::Cancelled => format!("{what} was cancelled"),
        State::Parked | State::Queued | State::Running | State::Waiting => {
            let waiting = waiting(client, id).await?;
            format!("{what} is parked{}\n{waiting}", items(detail))
        }
    })
}

/// `; enter: 32 of 33 succeeded, 1 parked`
fn items(detail: &RunDetail) -> String {
    let loops = detail
        .steps
        .iter()
        .filter_map(|step| Some((&step.id, step.items.as_ref()?)));
    let loops = loops.filter(|(_, tally)| tally.created() > 0);
    loops
        .map(|(step, tally)| format!("; {step}: {}", counts(tally)))
        .collect()
}

/// `33 items: 32 succeeded, 1 parked`
pub(super) fn counts(tally: &Tally) -> String {
    let Tally {
        succeeded,
        skipped,
        failed,
        cancelled,
        parked,
        active,
    } = *tally;
    let named = [
        (succeeded, "succeeded"),
        (skipped, "skipped"),
        (failed, "failed"),
        (cancelled, "cancelled"),
        (parked, "parked"),
        (active, "at work"),
    ];
    let parts = named.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    match (tally.created(), parts.is_empty()) {
        (_, true) => "no items".to_owned(),
        (1, _) => format!("1 item: {}", parts.join(", ")),
        (count, _) => format!("{count} items: {}", parts.join(", ")),
    }
}

fn why_skipped(detail: &RunDetail) -> String {
    let of = detail.facts.iter().find_map(|fact| match &fact.what {
        What::Duplicate { key, of } => Some((key, of)),
        _ => None,
    });
    match of {
        Some((key, of)) => format!("run {of} has done `{}` already", tame(&key.text)),
        None => "so it was decided".to_owned(),
    }
}

fn why_failed(detail: &RunDetail) -> String {
    let abandoned = detail.facts.iter().rev().find_map(|fact| match &fact.what {
        What::Resolved {
            resolution: Resolution::Abandon,
            by,
            ..
        } => Some(by),
        _ => None,
    });
    if let Some(by) = abandoned {
        return format!(": it was abandoned by {}", tame(by));
    }
    let failed = detail.facts.iter().rev().find_map(|fact| match &fact.what {
        What::Failed {
            fault,
            then: Verdict::Fail,
            ..
        } => Some(format!(": {}", tame(&fault.message))),
        _ => None,
    });
    failed.unwrap_or_default()
}

/// A run may have ended before all of its items have: they wait for people as before.
async fn waiting_too(client: &Client, detail: &RunDetail, text: String) -> Result<String, Failure> {
    let tallies = detail.steps.iter().filter_map(|step| step.items.as_ref());
    let parked: u64 = tallies.map(|tally| tally.parked).sum();
    Ok(match parked {
        0 => text,
        _ => format!("{text}\n{}", waiting(client, &detail.run.id).await?),
    })
}

/// What waits for people in a run, with the commands to go on.
async fn waiting(client: &Client, run: &RunId) -> Result<String, Failure> {
    let open = exceptions::of_run(client, run).await?;
    let shown = open.iter().take(SHOWN).map(|it| it.id).collect();
    let shown = look_up(client, shown).await;
    let mut lines: Vec<String> = shown.iter().flat_map(exceptions::brief).collect();
    let more = open.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more: see `botswain exceptions list`"));
    }
    Ok(lines.join("\n"))
}
