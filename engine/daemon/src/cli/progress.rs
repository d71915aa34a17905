//! What happens to a run, line by line, on stderr.
//!
//! Lines are made of the run's facts, so each is shown once, whatever was
//! missed. On a terminal one more line below them says what is under way and is
//! drawn again in its place.

use std::io::{IsTerminal, Write};

use botswain_core::{
    StepId,
    index::Tally,
    run::fact::{Fact, Resolution, Skip, Verdict, Verification, What},
};
use jiff::Timestamp;

use super::{
    follow::counts,
    output::{Paint, note, tame},
    table, times,
};
use crate::views::{RunDetail, StepState, StepView};

pub(super) struct Progress {
    /// How many facts were shown already.
    seen: usize,
    is_terminal: bool,
    /// Whether the line below is there.
    drawn: bool,
    /// What was drawn last where nothing can be drawn again.
    paint: Paint,
}

impl Progress {
    pub(super) fn from(seen: usize) -> Progress {
        Progress {
            seen,
            is_terminal: std::io::stderr().is_terminal(),
            drawn: false,
            paint: Paint::of_stderr(),
        }
    }

    /// Shows what is new.
    pub(super) fn show(&mut self, detail: &RunDetail) {
        let from = self.seen.min(detail.facts.len());
        for at in from..detail.facts.len() {
            if let Some(line) = self.of_fact(detail, at) {
                self.line(&line);
            }
        }
        self.seen = detail.facts.len();
        self.draw(detail);
    }

    /// A line of its own.
    pub(super) fn line(&mut self, text: &str) {
        self.wipe();
        note(&format!("  {text}"));
    }

    /// Leaves the terminal tidy.
    pub(super) fn end(&mut self) {
        self.wipe();
    }

    fn draw(&mut self, detail: &RunDetail) {
        if !self.is_terminal {
            return;
        }
        let now = detail.steps.iter().find_map(|step| under_way(detail, step));
        self.wipe();
        if let Some(text) = now {
            let text: String = format!("  {text}")
                .chars()
                .take(table::width().saturating_sub(1))
                .collect();
            let mut terminal = std::io::stderr().lock();
            drop(write!(terminal, "{text}").and_then(|()| terminal.flush()));
            self.drawn = true;
        }
    }

    fn wipe(&mut self) {
        if std::mem::take(&mut self.drawn) {
            // To the first column, and clear to the end of the line (ECMA-48, EL).
            drop(write!(std::io::stderr().lock(), "\r\x1b[2K"));
        }
    }

    fn of_fact(&self, detail: &RunDetail, at: usize) -> Option<String> {
        let fact = &detail.facts[at];
        let (step, text) = match &fact.what {
            // On a terminal the line below says it, for as long as it is so.
            What::Started { step, .. } if self.is_terminal => return None,
            What::Started { step, attempt: 1 } => (step, bot(detail, step)),
            What::Started { step, attempt } => {
                (step, format!("{} (attempt {attempt})", bot(detail, step)))
            }
            What::Warned { step, warnings, .. } => {
                let words = tame(&warnings.join("; "));
                (step, format!("{}: {words}", self.paint.yellow("warning")))
            }
            What::Succeeded { step, .. } => (step, self.done(detail, step, at)),
            What::Failed {
                step,
                attempt,
                fault,
                then,
            } => (step, self.failed(*attempt, &fault.message, then)),
            What::Interrupted {
                step,
                attempt,
                then,
            } => (step, self.failed(*attempt, "it was cut short", then)),
            What::Skipped { step, why } => (step, skipped(why)),
            What::Opened { step, count, .. } => (step, format!("{count} items")),
            What::Closed { step, .. } => (step, self.closed(detail, step, at)),
            What::Resolved {
                step,
                resolution,
                by,
                ..
            } => (step, format!("{}, by {}", decided(resolution), tame(by))),
            What::Chose { step, case } => (step, chosen(case.as_deref())),
            What::Called { step, .. } => (step, "calls another workflow".to_owned()),
            What::Asked {
                step,
                exception,
                approval,
            } => (step, self.asked(exception.0, &approval.question)),
            What::Escalated { step } => {
                (step, "nobody has answered: others are asked too".to_owned())
            }
            What::Waits { step, until } => (step, format!("waits until {}", times::clock(*until))),
            What::Verified { step, answer, then } => (step, self.verified(answer, then.as_ref())),
            What::Overdue { step, exception } => (
                step,
                format!("{} as exception {exception}", self.paint.yellow("overdue")),
            ),
            What::Blocked {
                step,
                exception,
                fault,
            } => (step, self.parked(exception.0, &tame(&fault.message))),
            What::Stopped { step } | What::Withdrawn { step, .. } => (step, "stopped".to_owned()),
            What::Cancelled { by, .. } => return Some(format!("cancelled by {}", tame(by))),
            What::Forked { .. }
            | What::Acting { .. }
            | What::Paused
            | What::Resumed
            | What::Created(_)
            | What::Claimed { .. }
            | What::Duplicate { .. }
            | What::Admitted
            | What::Entered { .. }
            | What::Ended { .. } => return None,
        };
        Some(aligned(detail, step, &text))
    }

    fn done(&self, detail: &RunDetail, step: &StepId, at: usize) -> String {
        let took = since(
            &detail.facts[..at],
            detail.facts[at].at,
            |what| matches!(what, What::Started { step: it, .. } if it == step),
        );
        let done = self.paint.green("done");
        match self.is_terminal {
            true => format!("{}  {done}{took}", bot(detail, step)),
            false => format!("{done}{took}"),
        }
    }

    fn closed(&self, detail: &RunDetail, step: &StepId, at: usize) -> String {
        let took = since(
            &detail.facts[..at],
            detail.facts[at].at,
            |what| matches!(what, What::Opened { step: it, .. } if it == step),
        );
        let tally = detail
            .steps
            .iter()
            .find(|it| it.id == *step)
            .and_then(|it| it.items.as_ref());
        let counts = tally.map(|tally| format!("; {}", counts(tally)));
        let done = self.paint.green("done");
        format!("{done}{took}{}", counts.unwrap_or_default())
    }

    fn failed(&self, attempt: u32, message: &str, then: &Verdict) -> String {
        let message = tame(message);
        match then {
            Verdict::Retry { at } => {
                format!(
                    "attempt {attempt}: {message}; again at {}",
                    times::clock(*at)
                )
            }
            Verdict::Wait { connection } => {
                format!("attempt {attempt}: {message}; again when `{connection}` answers")
            }
            Verdict::Park { exception } => self.parked(exception.0, &message),
            Verdict::Doubt { exception } => {
                format!(
                    "{}, exception {exception}: {message}",
                    self.paint.yellow("in doubt")
                )
            }
            Verdict::Verify { at } => {
                let doubt = self.paint.yellow("in doubt");
                format!("{doubt}: {message}; asks at {}", times::clock(*at))
            }
            Verdict::Continue => format!("failed: {message}; goes on"),
            Verdict::Fail => format!("{}: {message}", self.paint.red("failed")),
            Verdict::Handle { .. } => format!("failed: {message}; does what `on_fault` says"),
            Verdict::Cancel => format!("stopped: {message}"),
        }
    }

    fn parked(&self, exception: u64, message: &str) -> String {
        let parked = self.paint.yellow("parked");
        format!("{parked} as exception {exception}: {message}")
    }

    fn asked(&self, exception: u64, question: &str) -> String {
        let asks = self.paint.yellow("asks for approval");
        format!("{asks}, exception {exception}: {}", tame(question))
    }

    fn verified(&self, answer: &Verification, then: Option<&Verdict>) -> String {
        let said = match answer {
            Verification::Happened { .. } => {
                return format!("{}: it has happened", self.paint.green("done"));
            }
            Verification::DidNotHappen { .. } => "it has not happened".to_owned(),
            Verification::Unclear { fault } => tame(&fault.message),
        };
        match then {
            Some(Verdict::Verify { at }) => format!("{said}; asks again at {}", times::clock(*at)),
            Some(Verdict::Retry { at }) => format!("{said}; again at {}", times::clock(*at)),
            Some(then) => self.failed(0, &said, then),
            None => said,
        }
    }
}

/// ` in 0.3 s`, from the last fact of some kind.
fn since(before: &[Fact], end: Timestamp, is_begin: impl Fn(&What) -> bool) -> String {
    let begin = before.iter().rev().find(|fact| is_begin(&fact.what));
    let length = begin.map(|begin| times::length(end.duration_since(begin.at)));
    length
        .map(|length| format!(" in {length}"))
        .unwrap_or_default()
}

fn bot(detail: &RunDetail, step: &StepId) -> String {
    let step = detail.steps.iter().find(|it| it.id == *step);
    step.and_then(|step| step.bot.clone()).unwrap_or_default()
}

fn skipped(why: &Skip) -> String {
    match why {
        Skip::Condition => "skipped: its condition does not hold".to_owned(),
        Skip::Duplicate { of, .. } => format!("skipped: run {of} has done it already"),
        Skip::Resolution => "skipped, as it was decided".to_owned(),
    }
}

fn chosen(case: Option<&str>) -> String {
    match case {
        Some(case) => format!("takes the case {}", tame(case)),
        None => "takes the default".to_owned(),
    }
}

/// A decision in words.
pub(super) fn decided(resolution: &Resolution) -> String {
    let words = match resolution {
        Resolution::Retry => "to be tried again",
        Resolution::Edit(_) => "to be tried again with corrections",
        Resolution::Happened { .. } => "it has happened",
        Resolution::Skip => "to be skipped",
        Resolution::Abandon => "abandoned",
        Resolution::Upgrade { .. } => "to be tried again by the current version",
        Resolution::Back { to, .. } => return format!("back to {to}"),
        Resolution::Approve => "approved",
        Resolution::Reject => "rejected",
        Resolution::Snooze { .. } => "put off",
        Resolution::MoreTime { .. } => "has more time",
        Resolution::Assign { to: Some(to) } => return format!("given to {}", tame(to)),
        Resolution::Assign { to: None } => "given back",
        Resolution::Remark => "remarked on",
    };
    words.to_owned()
}

/// The step's name and what there is to say, under each other.
fn aligned(detail: &RunDetail, step: &StepId, text: &str) -> String {
    let width = detail
        .steps
        .iter()
        .map(|it| it.id.as_str().len())
        .max()
        .unwrap_or(0);
    format!("{:width$}  {text}", step.as_str())
}

fn under_way(detail: &RunDetail, step: &StepView) -> Option<String> {
    let text = match &step.state {
        StepState::Running { since } => {
            let length = times::length(Timestamp::now().duration_since(*since));
            format!("{} … {length}", bot(detail, &step.id))
        }
        StepState::Waiting { until: Some(until) } => format!("again at {}", times::clock(*until)),
        StepState::Asleep { until } => format!("waits until {}", times::clock(*until)),
        StepState::InDoubt {
            asked: Some(asked), ..
        } => format!("in doubt, asks at {}", times::clock(*asked)),
        StepState::Open { count } => open(*count, step.items.as_ref()?),
        _ => return None,
    };
    Some(aligned(detail, &step.id, &text))
}

/// `12 of 33, 1 parked`
fn open(count: u64, items: &Tally) -> String {
    let parked = match items.parked {
        0 => String::new(),
        parked => format!(", {parked} parked"),
    };
    format!("{} of {count}{parked}", items.ended())
}
