//! `new`: what a workflow is begun from.

use clap::{Args, ValueEnum};

use crate::starter::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// What it is called, as in `order-entry`; small letters, digits and dashes.
    pub(in crate::cli) name: String,
    /// The folder in `workflows/` that it is put into, as in `sales/export`.
    #[arg(long)]
    pub(in crate::cli) folder: Option<String>,
    /// What it does; asked for on a terminal.
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<Kind>,
    /// What it does, for people.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) description: Option<String>,
    /// When it runs, as in `"0 7 * * MON-FRI"` or `@daily`; otherwise what is usual for the kind:
    /// a time, or each mail or file that comes.
    #[arg(long, value_name = "LINE")]
    pub(in crate::cli) cron: Option<String>,
    /// The connection that is the mailbox; otherwise the first of the kind `imap`.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) mailbox: Option<String>,
    /// The connection to the web application or API; otherwise the first of the kind `web`.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) web: Option<String>,
    /// The connection that sends mail; otherwise the first of the kind `smtp`.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) mail: Option<String>,
    /// The address that gets its mail.
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) to: Option<String>,
    /// Ask nothing: take what is usual for everything that is not given.
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Kind] {
        &Kind::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.word()).help(self.purpose()))
    }
}
