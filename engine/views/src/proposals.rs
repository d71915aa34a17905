//! Proposals: texts that become the file of a workflow when somebody else agrees.

use botswain_core::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CheckView, TextChange};

/// A text that somebody has proposed, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposalView {
    pub workflow: String,
    /// Where its file lies, or will.
    pub folder: Option<String>,
    pub by: String,
    pub at: Timestamp,
    pub note: Option<String>,
    /// The hash of the text: whoever agrees or refuses names it, so that it is known which text they
    /// have looked at.
    pub hash: Hash,
    pub state: ProposalState,
    /// Who has refused it, and why.
    pub rejection: Option<RejectionView>,
    /// Who may activate it; nobody when there is no other author.
    pub waits_for: Vec<String>,
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Somebody else may activate it.
    Waiting,
    /// The file was changed since; it has to be proposed anew.
    Outdated,
    /// Whoever has proposed it may not change workflows any more; it has to be proposed by somebody
    /// who may.
    Orphaned,
    Rejected,
}

/// That somebody has refused a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RejectionView {
    pub by: String,
    pub at: Timestamp,
    pub note: String,
}

/// A proposal with what a decision about it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposalDetail {
    pub proposal: ProposalView,
    pub source: String,
    /// The hash of the file as it is now; none when there is none.
    pub file: Option<Hash>,
    /// What is different from the file as it is now; nothing when it says the same.
    pub changes: Vec<TextChange>,
    /// What the check says of the text now.
    pub check: CheckView,
}
