//! The faults that a bot can give, as its manual lists them.
//!
//! Each bot lists its own under [`Bot::FAULTS`](crate::Bot::FAULTS), in groups that several bots
//! share. A test holds the lists against the sources, so an author finds every code to which
//! `on_fault` can refer.

use botswain_core::Category;

/// A code, the category that it comes with, and what has happened then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFault {
    pub code: &'static str,
    pub category: Category,
    /// Goes on from "when": a lower-case fragment.
    pub when: &'static str,
}

impl KnownFault {
    /// Of the category that only a person can mend.
    pub const fn business(code: &'static str, when: &'static str) -> KnownFault {
        KnownFault {
            code,
            category: Category::Business,
            when,
        }
    }

    /// Of the category that may pass by itself.
    pub const fn system(code: &'static str, when: &'static str) -> KnownFault {
        KnownFault {
            code,
            category: Category::System,
            when,
        }
    }
}

/// What every step can fail by, whatever its bot.
pub const EVERY_STEP: &[KnownFault] = &[
    KnownFault::business(
        "step.parameters",
        "the parameters, as the templates made them, do not fit the bot",
    ),
    KnownFault::system(
        "step.timeout",
        "one attempt took longer than the `timeout` of the step, 5 minutes when it has none",
    ),
    KnownFault::system(
        "step.cancelled",
        "the attempt was stopped before it was done",
    ),
    KnownFault::business(
        "template.missing",
        "a template reads a name that is not in the data",
    ),
    KnownFault::business(
        "template.null",
        "a template reads null where a value is needed",
    ),
    KnownFault::business("template.type", "a value in a template is of a wrong type"),
    KnownFault::business(
        "template.argument",
        "a helper is given a value that makes no sense there",
    ),
    KnownFault::business(
        "template.empty",
        "a template takes the first or last of an empty list",
    ),
    KnownFault::business(
        "template.too_large",
        "what a template makes grows too large",
    ),
    KnownFault::business("template.too_long", "a template needs too many steps"),
    KnownFault::system(
        "template.table",
        "a table that a template reads cannot be read",
    ),
    KnownFault::system(
        "artifact.store",
        "a file of an earlier step cannot be read, or a new one not be kept",
    ),
    KnownFault::system(
        "artifact.damaged",
        "what an earlier step has left is no longer what it was",
    ),
    KnownFault::business("bot.defect", "the bot itself has a defect"),
];

/// What every step with a connection can fail by, beside that.
pub const EVERY_CONNECTION: &[KnownFault] = &[
    KnownFault::business(
        "step.connection",
        "the step names no connection, or one of another kind",
    ),
    KnownFault::business(
        "connection.settings",
        "the settings of the connection make no sense together",
    ),
    KnownFault::business(
        "connection.secret",
        "a secret of the connection is not set or cannot be read",
    ),
    KnownFault::business(
        "connection.unknown",
        "`botswain.yaml` has no connection of this name any more",
    ),
    KnownFault::system("connection.closed", "the daemon is stopping"),
    KnownFault::system(
        "connection.scratch",
        "the connection's private folder cannot be made",
    ),
];

/// Of bots that read a file by its path.
pub const READS_FILES: &[KnownFault] = &[
    KnownFault::business("file.missing", "there is no file of that path"),
    KnownFault::business("file.path", "the path does not lead to a file"),
    KnownFault::business(
        "file.forbidden",
        "the path leads outside the allowed folders, or to what is Botswain's own",
    ),
    KnownFault::system("file.unreadable", "the file is there but cannot be read"),
];
