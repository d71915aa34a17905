//! The audit: what people have done, and whether the record of it is whole.

use std::collections::BTreeMap;

use botswain_core::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody did.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    SignIn,
    SignOut,
    SetUp,
    Start,
    AddFile,
    Cancel,
    Decide,
    DecideMany,
    WithdrawMany,
    /// A decision about many was carried out, some seconds after somebody had asked for it.
    CarryOut,
    Pause,
    GoOn,
    Activate,
    Propose,
    ApproveProposal,
    RejectProposal,
    WithdrawProposal,
    Correct,
    Revoke,
    TestConnection,
    AddPerson,
    ChangePerson,
    RemovePerson,
    AddToken,
    RevokeToken,
    AddFactor,
    RemoveFactor,
    SetSecret,
    RemoveSecret,
    Verify,
    Backup,
    Restore,
    EndQuarantine,
    Prune,
    /// Old records of the audit were removed, as `retention:` says.
    PruneAudit,
    /// The audit was found without what says where it ends.
    Damage,
    /// Something that has no name yet.
    Other,
}

impl Act {
    pub const ALL: [Act; 37] = [
        Act::SignIn,
        Act::SignOut,
        Act::SetUp,
        Act::Start,
        Act::AddFile,
        Act::Cancel,
        Act::Decide,
        Act::DecideMany,
        Act::WithdrawMany,
        Act::CarryOut,
        Act::Pause,
        Act::GoOn,
        Act::Activate,
        Act::Propose,
        Act::ApproveProposal,
        Act::RejectProposal,
        Act::WithdrawProposal,
        Act::Correct,
        Act::Revoke,
        Act::TestConnection,
        Act::AddPerson,
        Act::ChangePerson,
        Act::RemovePerson,
        Act::AddToken,
        Act::RevokeToken,
        Act::AddFactor,
        Act::RemoveFactor,
        Act::SetSecret,
        Act::RemoveSecret,
        Act::Verify,
        Act::Backup,
        Act::Restore,
        Act::EndQuarantine,
        Act::Prune,
        Act::PruneAudit,
        Act::Damage,
        Act::Other,
    ];

    /// As it is written everywhere but to people.
    pub fn name(self) -> &'static str {
        match self {
            Act::SignIn => "sign_in",
            Act::SignOut => "sign_out",
            Act::SetUp => "set_up",
            Act::Start => "start",
            Act::AddFile => "add_file",
            Act::Cancel => "cancel",
            Act::Decide => "decide",
            Act::DecideMany => "decide_many",
            Act::WithdrawMany => "withdraw_many",
            Act::CarryOut => "carry_out",
            Act::Pause => "pause",
            Act::GoOn => "go_on",
            Act::Activate => "activate",
            Act::Propose => "propose",
            Act::ApproveProposal => "approve_proposal",
            Act::RejectProposal => "reject_proposal",
            Act::WithdrawProposal => "withdraw_proposal",
            Act::Correct => "correct",
            Act::Revoke => "revoke",
            Act::TestConnection => "test_connection",
            Act::AddPerson => "add_person",
            Act::ChangePerson => "change_person",
            Act::RemovePerson => "remove_person",
            Act::AddToken => "add_token",
            Act::RevokeToken => "revoke_token",
            Act::AddFactor => "add_factor",
            Act::RemoveFactor => "remove_factor",
            Act::SetSecret => "set_secret",
            Act::RemoveSecret => "remove_secret",
            Act::Verify => "verify",
            Act::Backup => "backup",
            Act::Restore => "restore",
            Act::EndQuarantine => "end_quarantine",
            Act::Prune => "prune",
            Act::PruneAudit => "prune_audit",
            Act::Damage => "damage",
            Act::Other => "other",
        }
    }

    pub fn of_name(name: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// It was not allowed, or did not fit.
    Refused,
    /// It could not be done.
    Failed,
    /// It has not ended yet, or the daemon ended before it did.
    Unknown,
}

impl Outcome {
    /// As it is written everywhere but to people.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// One act of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditEntry {
    /// The number of its record.
    pub number: u64,
    pub at: Timestamp,
    /// Who; empty when nobody is known to have done it.
    pub by: String,
    /// An address, `socket` for the user who runs the daemon, or `desk` for a command without one.
    pub from: String,
    pub act: Act,
    /// The way it came, as in `POST /api/v1/runs`.
    pub way: String,
    /// What it is about, as in `exception 12`.
    pub on: String,
    /// What else was said, without secrets.
    pub with: BTreeMap<String, String>,
    pub outcome: Outcome,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why it was not done, as a code.
    pub problem: Option<String>,
    /// It was answered as it had been before, and not done again.
    pub again: bool,
}

/// A part of the audit, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// What `before` takes for the next page; absent when there is nothing more.
    pub next: Option<String>,
}

/// Which acts are asked for; all that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Who did it.
    pub by: Option<String>,
    pub act: Option<Act>,
    /// A part of what it is about.
    pub on: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Where the page begins: what `next` of the page before says.
    pub before: Option<String>,
    pub limit: Option<usize>,
}

/// Whether all records are there as they were written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditReport {
    /// When it was looked at.
    pub checked: Timestamp,
    pub records: u64,
    /// The number and the hash of the last record. Whoever notes them elsewhere can tell later
    /// that nothing before was changed.
    pub last: u64,
    pub hash: Hash,
    /// What is not as it was written; empty when all is well.
    pub findings: Vec<AuditFinding>,
    /// Findings beyond those that are told.
    pub more: u64,
}

/// A place at which the chain does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditFinding {
    /// The file in `.botswain/audit`, and the line.
    pub place: String,
    pub fault: AuditFault,
}

/// In which way it does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditFault {
    /// A line is no record, or a record was changed: its hash is not that of its content.
    Changed { record: Option<u64> },
    /// A record is not the one that the next one follows: it was replaced.
    Replaced { record: u64 },
    /// Records are not there, from the first to the last of these.
    Missing { from: u64, to: u64 },
    /// A record stands where it does not belong.
    OutOfOrder { record: u64 },
    /// What says where the audit ends is not there, so a cut end would not show.
    NoHead,
}

impl AuditReport {
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

impl std::fmt::Display for AuditFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AuditFault::Changed { record: None } => {
                write!(f, "it is no record any more; somebody has changed it")
            }
            AuditFault::Changed {
                record: Some(record),
            } => {
                write!(
                    f,
                    "record {record} was changed: its hash is not that of its content"
                )
            }
            AuditFault::Replaced { record } => {
                write!(
                    f,
                    "record {record} was replaced: the one after it follows another"
                )
            }
            AuditFault::Missing { from, to } if from == to => write!(f, "record {from} is missing"),
            AuditFault::Missing { from, to } => write!(f, "records {from} to {to} are missing"),
            AuditFault::OutOfOrder { record } => {
                write!(f, "record {record} stands where it does not belong")
            }
            AuditFault::NoHead => write!(f, "it is missing, so a cut end would not show"),
        }
    }
}
