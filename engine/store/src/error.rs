//! What can go wrong with the store, in words for the person who must mend it.
//!
//! `to_string()` says what is the matter, `hint()` what to do about it.

use std::{borrow::Cow, path::PathBuf};

use botswain_core::{RunId, index::ClaimKey};

use crate::{backend, lock::LockError};

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error("the store `{}` is damaged: {why}", dir.display())]
    Damaged {
        dir: PathBuf,
        why: String,
        /// Where its bytes are as they were found, if they could be kept.
        kept: Option<PathBuf>,
    },
    #[error(
        "the store `{}` has format {found}, written by a newer Botswain; this one reads up to format {ours}",
        dir.display()
    )]
    Newer { dir: PathBuf, found: u8, ours: u8 },
    #[error("the store `{}` cannot be opened: the disk is full", dir.display())]
    Full { dir: PathBuf },
    #[error("the store `{}` cannot be opened: {source}", dir.display())]
    Io {
        dir: PathBuf,
        source: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn new(dir: PathBuf, error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(why) | ReadError::Backend(backend::Error::Damaged(why)) => {
                OpenError::Damaged {
                    dir,
                    why,
                    kept: None,
                }
            }
            ReadError::Newer { found, ours } => OpenError::Newer { dir, found, ours },
            ReadError::Backend(backend::Error::Full) => OpenError::Full { dir },
            ReadError::Backend(backend::Error::Io(source)) => OpenError::Io { dir, source },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            OpenError::Locked(error) => error.hint(),
            OpenError::Damaged {
                dir,
                kept: Some(kept),
                ..
            } if kept != dir => {
                return Cow::Owned(format!(
                    "`{}` keeps it as it was found; restore the newest backup into the store's place",
                    kept.display()
                ));
            }
            OpenError::Damaged { .. } => {
                "keep a copy of the folder, then restore the newest backup into its place"
            }
            OpenError::Newer { .. } => {
                "start the version of Botswain that wrote it, or a newer one"
            }
            OpenError::Full { .. } => "free some space, then start again; nothing is lost",
            OpenError::Io { .. } => {
                "the folder must belong to the user who runs Botswain, on a disk that works"
            }
        })
    }
}

/// Why something in the store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the store is damaged: {0}")]
    Damaged(String),
    #[error("a record has format {found}; this Botswain reads up to format {ours}")]
    Newer { found: u8, ours: u8 },
    #[error("the store cannot be read: {0}")]
    Backend(#[from] backend::Error),
}

/// Why a batch was not written. Nothing of it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// A defect of the caller: another fact stands there, or one before it is missing.
    #[error("run {run} has {expected} facts, so the next one cannot be number {found}")]
    Sequence {
        run: RunId,
        expected: u64,
        found: u64,
    },
    /// A defect of the caller: the index would contradict the facts or itself.
    #[error("the change of run {run} does not fit: {why}")]
    Change { run: RunId, why: String },
    /// A defect of the caller: keys are claimed for ever.
    #[error("the key `{}` of workflow `{}` is claimed by run {by}", claim.text, claim.workflow)]
    Claimed { claim: Box<ClaimKey>, by: RunId },
    /// What the batch builds on could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// A write failed, now or earlier, or the store is closed: nothing is
    /// acknowledged any more, and what was not acknowledged may or may not be
    /// on the disk. The process should end and start again.
    #[error("the store takes no more facts: {0}")]
    Final(String),
}

impl From<ReadError> for AppendError {
    fn from(error: ReadError) -> AppendError {
        AppendError::Unreadable(error.to_string())
    }
}
