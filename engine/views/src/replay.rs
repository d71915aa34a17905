//! A run that was played again against its recording: what would be done now, and what differs.

use botswain_core::{RunId, StepId, index::State};
use serde::{Deserialize, Serialize};

use crate::LineView;

/// By which version a run is played again.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReplayVersion {
    /// That of its file as it is now.
    #[default]
    Current,
    /// The one that the run follows.
    Pinned,
}

/// How a run is to be played again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    #[serde(default)]
    pub version: ReplayVersion,
}

/// How it came out. Nothing outside was asked or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReplayView {
    pub run: RunId,
    pub workflow: String,
    pub version: ReplayVersion,
    /// Its number among the versions of the workflow; absent when they do not have it.
    pub number: Option<u64>,
    /// How the run stands.
    pub then: State,
    /// How it would stand now.
    pub now: State,
    /// In the order in which they came; last those that are sent no more.
    pub steps: Vec<ReplayStep>,
    /// What would wait for a person.
    pub waits: Vec<String>,
    /// It was played to its end; otherwise it was cut off, and what would follow is not known.
    pub is_whole: bool,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReplayStep {
    /// Where it is, the same then and now: `enter[1001-1].form`.
    pub place: String,
    pub step: StepId,
    /// Absent where a person is asked.
    pub bot: Option<String>,
    pub connection: Option<String>,
    pub did: ReplayDid,
    pub change: ReplayChange,
    /// In its run a person had put other data in the place of some, which is not done again.
    pub is_corrected: bool,
    /// What it would send, or has asked for; a long one is cut.
    pub text: String,
    /// What differs, of a long one its beginning.
    pub lines: Vec<LineView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayDid {
    /// It has read what is on this machine.
    Read,
    /// What it was given then was taken.
    Recorded,
    /// It would act, and has not.
    Shown,
    /// A person would be asked.
    Asked,
    /// It did not come.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayChange {
    Same,
    Different,
    /// The run had not sent it.
    New,
    /// The run had sent it; now it would not be sent.
    Gone,
}
