//! What starts the runs of a workflow by itself, and what it promises.
//!
//! These are the words of the file; [`crate::schedule`] gives the times, and
//! what listens to folders and the like is a source outside of the core. Runs
//! never look at them: what is current is what the files say now.

use std::{collections::BTreeSet, fmt};

use indexmap::IndexMap;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Template;
use crate::{duration::Duration, index::State, run::fact::Outcome};

/// What starts a run by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Stored")]
pub struct Trigger {
    pub on: On,
    /// Templates over `today`, `now` and `trigger`.
    pub inputs: IndexMap<String, Template>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum On {
    Schedule(Schedule),
    Every(Every),
    Files(Files),
    Mail(Mail),
    Webhook(Webhook),
    Finished(Finished),
}

/// At times of a calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Schedule {
    /// Five or six fields, or `@daily` and the like.
    pub cron: String,
    /// An IANA zone; the instance's when absent.
    pub timezone: Option<String>,
    pub missed: Missed,
    /// The days on which it does not fire.
    #[serde(default)]
    pub calendar: Option<Calendar>,
}

/// Again and again, at the multiples of a time in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Every {
    /// Milliseconds.
    pub period: u64,
    pub missed: Missed,
}

/// For each file that comes into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Files {
    /// A folder of the instance and a pattern for names, as in `inbox/orders/*.csv`.
    pub pattern: String,
    /// Milliseconds for which it must not have changed.
    pub settle: u64,
}

/// For each mail that comes into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mail {
    /// The connection of kind `imap`.
    pub connection: String,
    /// The folder, as its server calls it.
    pub folder: String,
    /// A pattern for the address that it comes from, in any case of letters.
    pub from: Option<String>,
    /// A pattern for its subject, likewise.
    pub subject: Option<String>,
    /// Milliseconds between two looks.
    pub poll: u64,
}

/// For each delivery of another system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Webhook {
    /// Where it is handed over, as in `orders`.
    pub path: String,
    pub proof: Proof,
    /// The headers that the run may see, in lower case.
    pub headers: Vec<String>,
    /// By what a delivery is known again: a template like those of the inputs.
    pub key: Option<Template>,
}

/// How a delivery shows that it may be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It brings this secret as its bearer token.
    Token(String),
    Signature(Signature),
}

/// A signature of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Signature {
    /// The secret that it is made with.
    pub secret: String,
    /// The header that it stands in, in lower case.
    pub header: String,
    pub kind: SignatureKind,
}

/// How a signature is made.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// HMAC with SHA-256 over the body, in hexadecimal digits; `sha256=` may stand before them.
    #[default]
    Sha256,
}

/// For each run of another workflow that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finished {
    pub workflow: String,
    /// How it must have ended.
    pub states: Vec<Outcome>,
}

/// Days that are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Calendar {
    /// The file that names them.
    pub skip: String,
    /// Where a firing on one of them goes; it is left out when absent.
    pub shift: Option<Shift>,
    /// The days in the file.
    pub days: BTreeSet<Date>,
}

/// Where a firing goes that falls on a day that is left out: to the nearest day that is neither
/// in the calendar nor a Saturday or Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// To the next working day.
    Next,
    /// To the one before.
    Previous,
}

/// Which of the firings that fell due while the daemon was down are made up for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    None,
    /// The newest one only.
    #[default]
    Last,
    All,
}

/// So many runs have succeeded by a time of the day; otherwise a person is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Promise {
    pub succeeded: u64,
    /// When that is looked at.
    pub by: Schedule,
}

impl On {
    /// What an event of this kind is, when it is no time: the same words are the same trigger.
    pub fn event(&self) -> Option<String> {
        match self {
            On::Schedule(_) | On::Every(_) => None,
            On::Files(files) => Some(format!("files {}", files.pattern)),
            On::Mail(_) => Some(self.to_string()),
            On::Webhook(webhook) => Some(format!("webhook {}", webhook.path)),
            On::Finished(finished) => Some(format!("finished {}", finished.workflow)),
        }
    }
}

impl Finished {
    pub fn takes(&self, state: State) -> bool {
        self.states
            .iter()
            .any(|wanted| State::from(*wanted) == state)
    }
}

/// As people read it in a list.
impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            On::Schedule(schedule) => f.write_str(&schedule.cron),
            On::Every(every) => write!(f, "every {}", Duration(every.period)),
            On::Files(files) => write!(f, "files {}", files.pattern),
            On::Mail(mail) => mail.fmt(f),
            On::Webhook(webhook) => write!(f, "webhook {}", webhook.path),
            On::Finished(finished) => write!(f, "finished {}", finished.workflow),
        }
    }
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place())?;
        let patterns = [("from", &self.from), ("subject", &self.subject)];
        for (name, pattern) in patterns {
            if let Some(pattern) = pattern {
                write!(f, " {name} {pattern}")?;
            }
        }
        Ok(())
    }
}

impl Mail {
    /// The folder that is looked at, whatever is wanted of it.
    pub fn place(&self) -> String {
        format!("mail {} {}", self.connection, self.folder)
    }
}

/// A trigger as plans hold it; before there were others, each was a schedule.
#[derive(Deserialize, schemars::JsonSchema)]
struct Stored {
    on: Option<On>,
    schedule: Option<Schedule>,
    inputs: IndexMap<String, Template>,
}

impl TryFrom<Stored> for Trigger {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Trigger, &'static str> {
        let on = stored.on.or_else(|| stored.schedule.map(On::Schedule));
        Ok(Trigger {
            on: on.ok_or("a trigger says what starts it")?,
            inputs: stored.inputs,
        })
    }
}
