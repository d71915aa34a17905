//! `botswain user …`

use botswain_views::Role;
use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum User {
    /// Who may sign in, and what they may.
    List,
    /// Let somebody sign in; the password is asked for, or comes from a pipe.
    Add {
        /// What they sign in with; it stands under their decisions.
        name: String,
        #[arg(long, value_enum, default_value = "handler")]
        role: RoleName,
        /// A folder of workflows in which they may more, as in `sales/export=author`; may be given
        /// several times. It holds for what is below it too. With `--role none` they see nothing
        /// else.
        #[arg(long, value_name = "FOLDER=ROLE")]
        folder: Vec<FolderRole>,
        /// A group of botswain.yaml that they answer for; may be given several times.
        #[arg(long)]
        group: Vec<String>,
    },
    /// Give somebody another role, other roles in folders, or other groups.
    Change {
        name: String,
        #[arg(long, value_enum)]
        role: Option<RoleName>,
        /// All that they may in folders of workflows from now on, as in `sales/export=author`; may
        /// be given several times.
        #[arg(long, value_name = "FOLDER=ROLE")]
        folder: Vec<FolderRole>,
        /// They have no role of their own in any folder any more.
        #[arg(long, conflicts_with = "folder")]
        no_folders: bool,
        /// All the groups that they answer for from now on; may be given several times.
        #[arg(long)]
        group: Vec<String>,
        /// They answer for no group any more.
        #[arg(long, conflicts_with = "group")]
        no_groups: bool,
    },
    /// Give somebody another password.
    Password { name: String },
    /// Take the second factor from somebody whose phone is gone; they sign in by their password,
    /// and can set up another.
    RemoveFactor { name: String },
    /// Keep somebody out, with their tokens, until they are let in again.
    Lock { name: String },
    /// Let somebody in again who was kept out.
    Unlock { name: String },
    /// Let somebody sign in no more; whom an identity provider vouches for is locked, for they would
    /// come again, and gone when they are removed once more.
    Remove { name: String },
    /// Tokens by which programs act for people, with `Authorization: Bearer`.
    Token {
        #[command(subcommand)]
        command: Tokens,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Tokens {
    /// What tokens there are, and when each was used last.
    List,
    /// Make a token; it is shown once.
    Add {
        /// For whom the program acts.
        person: String,
        /// What the token is called.
        name: String,
        /// What it may at most, and never more than its person; a viewer only reads.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleName,
        /// A folder of workflows in which alone it may and sees anything, as in `sales/export`; may be
        /// given several times.
        #[arg(long)]
        folder: Vec<String>,
        /// After how many days it ends, 366 at most.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// Let a token be worth nothing any more.
    Remove { person: String, name: String },
}

/// Each may all that those before it may.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum RoleName {
    /// Nothing by itself: sees and may what roles in folders say.
    None,
    /// Sees what runs and what waits.
    Viewer,
    /// Starts and cancels runs, decides what is parked.
    Handler,
    /// Changes workflows and corrections.
    Author,
    /// Changes who may what.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::None => Role::None,
            RoleName::Viewer => Role::Viewer,
            RoleName::Handler => Role::Handler,
            RoleName::Author => Role::Author,
            RoleName::Admin => Role::Admin,
        }
    }
}

/// A role in a folder of workflows.
#[derive(Clone, Debug)]
pub(in crate::cli) struct FolderRole(pub(in crate::cli) String, pub(in crate::cli) Role);

impl std::str::FromStr for FolderRole {
    type Err = String;

    fn from_str(text: &str) -> Result<FolderRole, String> {
        let (folder, role) = text
            .rsplit_once('=')
            .ok_or("it is a folder and a role, as in `sales/export=author`")?;
        let role = match role {
            "viewer" => Role::Viewer,
            "handler" => Role::Handler,
            "author" => Role::Author,
            _ => {
                return Err(format!(
                    "in a folder somebody is viewer, handler or author, not `{role}`"
                ));
            }
        };
        Ok(FolderRole(folder.trim_end_matches('/').to_owned(), role))
    }
}
