//! One line of the audit: a record behind its hash.
//!
//! `HASH JSON`, where HASH is the SHA-256 of JSON as it stands there, and JSON has
//! the number of the record and the hash of the one before.

use std::collections::BTreeMap;

use botswain_core::Hash;
use botswain_views::Act;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the first record follows.
pub(super) fn nothing() -> Hash {
    Hash::from_digest(&[0; 32])
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) n: u64,
    pub(super) at: Timestamp,
    /// The hash of the record before.
    pub(super) prev: Hash,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Asked(Asked),
    Answered(Answered),
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) by: String,
    pub(crate) from: String,
    pub(crate) act: Act,
    pub(crate) way: String,
    pub(crate) on: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) with: BTreeMap<String, String>,
}

/// How what was asked for in the record `of` ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) of: u64,
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
}

impl Answered {
    pub(super) fn done(of: u64) -> Answered {
        Answered {
            of,
            status: 200,
            problem: None,
            again: false,
        }
    }
}

impl Record {
    /// The line, without its end, and the hash in it.
    pub(super) fn line(&self) -> serde_json::Result<(String, Hash)> {
        let json = serde_json::to_string(self)?;
        let hash = Hash::of(json.as_bytes());
        Ok((format!("{hash} {json}"), hash))
    }

    /// The record of a line, and the hash that stands before it; whether it is its own, see
    /// [`is_whole`].
    pub(super) fn of_line(line: &[u8]) -> Option<(Record, Hash)> {
        let (hash, json) = split(line)?;
        Some((serde_json::from_slice(json).ok()?, hash))
    }
}

/// Whether the hash in a line is that of the record in it.
pub(super) fn is_whole(line: &[u8]) -> bool {
    split(line).is_some_and(|(hash, json)| Hash::of(json) == hash)
}

fn split(line: &[u8]) -> Option<(Hash, &[u8])> {
    let (hash, json) = line.split_at_checked(64)?;
    let hash = Hash::try_from(str::from_utf8(hash).ok()?.to_owned()).ok()?;
    Some((hash, json.strip_prefix(b" ")?))
}
