//! `exceptions …`: which of them, and what is decided.

use std::path::PathBuf;

use botswain_core::{StepId, index::ExceptionCategory};
use clap::{Args, Subcommand, ValueEnum};

use super::{Pair, Said, at_least_one};
use crate::cli::times::{self, Moment};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Exceptions {
    /// What waits for a person, the oldest first.
    List(ExceptionsList),
    /// Everything that helps to decide about one.
    Show {
        #[arg(value_parser = exception)]
        id: u64,
        /// Save its artifacts into this folder, under their names.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
    },
    /// Try again, now that the cause is gone.
    Retry {
        #[arg(value_parser = exception)]
        id: u64,
        /// By the workflow as its file is now, not as it was when the run began.
        #[arg(long)]
        current: bool,
        #[command(flatten)]
        decided: Decided,
    },
    /// Correct the data, then try again.
    Edit {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        corrections: Corrections,
        /// Remember the correction in this table, for `{{mapped "TABLE" …}}` to make it from now on.
        #[arg(long, value_name = "TABLE", conflicts_with = "with")]
        remember: Option<String>,
        #[command(flatten)]
        decided: Decided,
    },
    /// It has taken place already, or was done by hand: go on after it.
    Happened {
        #[arg(value_parser = exception)]
        id: u64,
        /// What the step would have given, as a JSON object.
        #[arg(long, value_name = "JSON")]
        output: Option<String>,
        #[command(flatten)]
        decided: Decided,
    },
    /// Go on without this step.
    Skip {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// Go back to an earlier step, and do it and all after it again.
    ///
    /// What may happen only once and has happened keeps its outcome, unless `--again` names it.
    Back {
        #[arg(value_parser = exception)]
        id: u64,
        /// The step to go back to.
        #[arg(value_parser = step)]
        step: StepId,
        /// Do this step once more, although it has happened; may be given several times.
        #[arg(long, value_name = "STEP", value_parser = step)]
        again: Vec<StepId>,
        #[command(flatten)]
        decided: Decided,
    },
    /// Give the item up, or the run if it is none.
    Abandon {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// What was asked may be done: go on.
    Approve {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// What was asked may not be done. The note says why.
    Reject {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// Put it off: it is not listed before then.
    Snooze {
        #[arg(value_parser = exception)]
        id: u64,
        /// How long, or until when: `2h`, `17:00`, `2026-03-29`, `2026-03-29T10:00`.
        #[arg(value_parser = times::moment)]
        until: Moment,
        #[command(flatten)]
        decided: Decided,
    },
    /// Somebody takes it on; without a name, it is given back.
    Assign {
        #[arg(value_parser = exception)]
        id: u64,
        /// Who.
        #[arg(value_parser = person)]
        to: Option<String>,
        #[command(flatten)]
        decided: Decided,
    },
    /// Give all that one person has taken on to another, after a look at it.
    HandOver {
        /// Whose it is.
        #[arg(value_parser = person)]
        from: String,
        /// Who takes it on.
        #[arg(value_parser = person)]
        to: String,
        #[command(flatten)]
        said: Said,
        /// Do not ask before it is handed over.
        #[arg(long)]
        yes: bool,
    },
    /// Say something about it for others to read, with `--note`.
    Remark {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// Let what is overdue take so much longer, from now on.
    MoreTime {
        #[arg(value_parser = exception)]
        id: u64,
        /// As in `30m` or `1h 30m`.
        #[arg(value_parser = times::span)]
        duration: u64,
        #[command(flatten)]
        decided: Decided,
    },
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ExceptionsList {
    /// Only this workflow's.
    #[arg(long)]
    pub(in crate::cli) workflow: Option<String>,
    /// Only those of this category.
    #[arg(long, value_enum)]
    pub(in crate::cli) category: Option<CategoryName>,
    /// Only those that this person has taken on.
    #[arg(long, value_name = "NAME", value_parser = person)]
    pub(in crate::cli) assignee: Option<String>,
    /// One line for all that have the same cause.
    #[arg(long)]
    pub(in crate::cli) cluster: bool,
    /// Those that were put off, too.
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// How many at most.
    #[arg(long, default_value_t = 100, value_parser = at_least_one)]
    pub(in crate::cli) limit: usize,
}

impl Default for ExceptionsList {
    fn default() -> ExceptionsList {
        ExceptionsList {
            workflow: None,
            category: None,
            assignee: None,
            cluster: false,
            all: false,
            limit: 100,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum CategoryName {
    Business,
    System,
    InDoubt,
    Approval,
    Overdue,
}

impl From<CategoryName> for ExceptionCategory {
    fn from(name: CategoryName) -> ExceptionCategory {
        match name {
            CategoryName::Business => ExceptionCategory::Business,
            CategoryName::System => ExceptionCategory::System,
            CategoryName::InDoubt => ExceptionCategory::InDoubt,
            CategoryName::Approval => ExceptionCategory::Approval,
            CategoryName::Overdue => ExceptionCategory::Overdue,
        }
    }
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Corrections {
    /// A correction of the item's data (of the run's inputs when it is no item), which all
    /// later steps see; text stays text.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) set: Vec<Pair>,
    /// The same with the value in JSON, whatever type it had before.
    #[arg(long, value_name = "NAME=JSON")]
    pub(in crate::cli) set_json: Vec<Pair>,
    /// A correction of this step's parameters alone.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["set", "set_json"])]
    pub(in crate::cli) with: Vec<Pair>,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Decided {
    #[command(flatten)]
    pub(in crate::cli) said: Said,
    /// Decide all open exceptions of the same cause alike, after a look at them.
    #[arg(long)]
    pub(in crate::cli) cluster: bool,
    /// Do not ask before a whole cluster is decided.
    #[arg(long, requires = "cluster")]
    pub(in crate::cli) yes: bool,
    /// Follow the run until it rests, also when a daemon goes on with it.
    #[arg(long)]
    pub(in crate::cli) wait: bool,
}

fn exception(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not the number of an exception"))
}

fn person(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the name is empty".to_owned()),
        name => Ok(name.to_owned()),
    }
}

pub(super) fn step(text: &str) -> Result<StepId, String> {
    match StepId::is_valid(text) {
        true => Ok(StepId::new(text)),
        false => Err(format!("`{text}` is not the name of a step")),
    }
}
