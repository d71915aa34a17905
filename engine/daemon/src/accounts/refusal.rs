//! Why nobody gets in, or nothing is changed, and what to do about it.

use std::path::PathBuf;

use crate::instance::secrets;

/// Why somebody is not let in, or an account is not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("name or password is wrong")]
    Wrong,
    /// The password was right, and this shows it when the code comes.
    #[error("a code of the second factor is needed too")]
    NeedsCode(String),
    #[error("the code is wrong, or was used already")]
    WrongCode,
    #[error("it has taken too long; sign in once more")]
    Late,
    #[error("there is a second factor already")]
    FactorThere,
    #[error("there is no second factor")]
    NoFactor,
    #[error("the key file does not fit the second factor")]
    Sealed,
    #[error(transparent)]
    Key(#[from] secrets::Error),
    #[error("too many attempts; try again in {0} s")]
    Throttled(u64),
    #[error(
        "this link has been used, is not the one that the daemon printed last, or somebody has an account already"
    )]
    NoSetup,
    #[error("`{0}` cannot be a name")]
    BadName(String),
    #[error("there is an account `{0}` already")]
    Taken(String),
    #[error("the token is unknown, has ended or was revoked")]
    BadToken,
    #[error("a token ends in the future, after 366 days at most")]
    Expiry,
    #[error("`{0}` has a role that may less than that")]
    TooMuch(String),
    #[error("there is a token `{0}` already")]
    TakenToken(String),
    #[error("there is no token `{0}`")]
    UnknownToken(String),
    #[error("nobody has more than 50 tokens")]
    ManyTokens,
    #[error("there is no account `{0}`")]
    Unknown(String),
    #[error("`{0}` cannot be a folder of workflows")]
    BadFolder(String),
    #[error("nobody is {0} of a folder")]
    FolderRole(&'static str),
    #[error("the account `{0}` is locked")]
    Locked(String),
    #[error("the name `{0}` belongs to another account")]
    NameTaken(String),
    #[error("password and role of `{0}` are the identity provider's")]
    ByProvider(String),
    #[error("the password {0}")]
    Weak(&'static str),
    #[error("`{0}` is the only admin, and somebody has to be")]
    LastAdmin(String),
    #[error("the accounts cannot be kept: {0}")]
    Io(#[from] std::io::Error),
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Refusal::NoSetup => {
                Some("start the daemon again: it prints a new one while nobody has an account")
            }
            Refusal::BadName(_) => Some(
                "a name has up to 63 lower-case letters, digits, `.`, `-`, `_` and `@`, and begins with a letter or digit",
            ),
            Refusal::BadToken => Some(
                "its person makes another, on the page for tokens or by `botswain user token add`",
            ),
            Refusal::TakenToken(_) => Some("give it another name, or revoke the one that is there"),
            Refusal::UnknownToken(_) => Some("`botswain user token list` shows them"),
            Refusal::ManyTokens => Some("revoke some that are not used any more"),
            Refusal::TooMuch(_) => Some("a token may no more than its person"),
            Refusal::Unknown(_) => Some("`botswain user list` shows them"),
            Refusal::BadFolder(_) => Some("name it as it lies in `workflows/`: `sales/export`"),
            Refusal::FolderRole(_) => Some(
                "in a folder somebody is viewer, handler or author; an admin is one of the instance",
            ),
            Refusal::Locked(_) => Some("ask an admin, who lets you in again on the page People"),
            Refusal::NameTaken(_) => Some(
                "ask an admin to remove that account if it is yours too (one of an identity provider twice), or for another name at the identity provider",
            ),
            Refusal::ByProvider(_) => Some(
                "put them into another of the groups that `roles` in botswain.yaml names, or lock the account",
            ),
            Refusal::WrongCode => {
                Some("wait for the next code of the app, and see whether its clock is right")
            }
            Refusal::FactorThere => Some("remove it first"),
            Refusal::Sealed => {
                Some("put the key file back, or let an admin remove the second factor")
            }
            Refusal::LastAdmin(_) => Some("make somebody else an admin first"),
            Refusal::Damaged { .. } => Some(
                "put the file back from a copy, or remove it: then the daemon prints a link for the first admin again",
            ),
            _ => None,
        }
    }
}
