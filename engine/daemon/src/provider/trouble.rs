//! Why nobody can say who has come back, in words for them and in words for the log.

use axum::http::StatusCode;
use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, StandardErrorResponse,
    core::CoreErrorResponseType,
};

use super::fetch;
use crate::{api::Problem, audit::short};

#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("it does not answer: {0}")]
    Down(String),
    #[error("it answers with something else than OpenID Connect: {0}")]
    Nonsense(String),
    #[error("it does not take Botswain for its client: {0}")]
    Client(String),
    #[error("botswain.yaml does not do: {0}")]
    Settings(String),
    #[error("it sent somebody back: {0}")]
    SentBack(String),
    #[error("the code had ended or was used already")]
    Code,
    #[error("the attempt was not begun in this browser, had ended or was used already")]
    Attempt,
    #[error("its token is not believed: {0}")]
    Token(String),
    #[error("its token is not of now: {0}")]
    Clock(String),
    #[error("{who} has no role: {why}")]
    Role { who: String, why: String },
}

impl Trouble {
    /// What people are told who wanted to sign in by the provider of this name.
    pub(crate) fn told(&self, provider: &str) -> Problem {
        let problem = |status, code: &str, title: String| Problem::new(status, code, title);
        match self {
            Trouble::Down(_) => problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "provider.down",
                format!("{provider} does not answer"),
            )
            .detail("try again in a minute; if it goes on, tell an admin. Passwords still work"),
            Trouble::Nonsense(_) => problem(
                StatusCode::BAD_GATEWAY,
                "provider.answer",
                format!("{provider} has answered with something that cannot be understood"),
            )
            .detail("tell an admin, who finds the reason in the log. Passwords still work"),
            Trouble::Client(_) | Trouble::Settings(_) => problem(
                StatusCode::BAD_GATEWAY,
                "provider.client",
                format!("{provider} does not know this Botswain"),
            )
            .detail("tell an admin, who finds the reason in the log. Passwords still work"),
            Trouble::SentBack(_) => problem(
                StatusCode::UNAUTHORIZED,
                "provider.denied",
                format!("{provider} has not let you in"),
            )
            .detail("try again; if you did not stop it yourself, ask whoever looks after your account there"),
            Trouble::Code | Trouble::Attempt => problem(
                StatusCode::UNAUTHORIZED,
                "provider.attempt",
                "this sign-in has ended, was used already, or was begun in another browser".to_owned(),
            )
            .detail("begin again with the button; the browser has to take cookies"),
            Trouble::Token(_) => problem(
                StatusCode::UNAUTHORIZED,
                "provider.token",
                format!("what {provider} says about you cannot be believed"),
            )
            .detail("tell an admin, who finds the reason in the log. Nobody was let in"),
            Trouble::Clock(_) => problem(
                StatusCode::UNAUTHORIZED,
                "provider.clock",
                format!("the clocks of {provider} and of this machine are too far apart"),
            )
            .detail("tell an admin, who sets the clock right"),
            Trouble::Role { who, .. } => problem(
                StatusCode::FORBIDDEN,
                "provider.role",
                format!("`{who}` is in no group of {provider} that may use Botswain"),
            )
            .detail("ask whoever looks after your account there to put you into one, then sign in again"),
        }
    }

    /// Whether whoever has come with an attempt of theirs tries something, so that they are to wait
    /// longer and longer. What is no attempt costs nothing, and any page can send browsers here.
    pub(crate) fn is_theirs(&self) -> bool {
        matches!(
            self,
            Trouble::SentBack(_) | Trouble::Code | Trouble::Token(_)
        )
    }
}

/// By the error that the browser brought: anybody can write one, so it is told only when it could
/// be one.
pub(super) fn sent_back(error: &str) -> Trouble {
    let is_one = error.len() <= 64 && error.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    match error {
        "server_error" | "temporarily_unavailable" => Trouble::Down(error.to_owned()),
        _ if is_one => Trouble::SentBack(error.to_owned()),
        _ => Trouble::SentBack("for no reason that could be read".to_owned()),
    }
}

pub(super) fn discovery(error: DiscoveryError<fetch::Error>) -> Trouble {
    match error {
        DiscoveryError::Request(error) => fetched(&error),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            Trouble::Down(format!("it answers {status}"))
        }
        DiscoveryError::Response(_, _, reason) => Trouble::Nonsense(short(&reason)),
        DiscoveryError::Parse(error) => {
            Trouble::Nonsense(format!("it describes itself wrongly at `{}`", error.path()))
        }
        other => Trouble::Nonsense(short(&other.to_string())),
    }
}

/// The answer itself is told nowhere: it may hold tokens.
pub(super) fn exchange(
    error: RequestTokenError<fetch::Error, StandardErrorResponse<CoreErrorResponseType>>,
) -> Trouble {
    match error {
        RequestTokenError::Request(error) => fetched(&error),
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::InvalidGrant => Trouble::Code,
            other => Trouble::Client(short(other.as_ref())),
        },
        RequestTokenError::Parse(error, _) => {
            Trouble::Nonsense(format!("its tokens cannot be read at `{}`", error.path()))
        }
        RequestTokenError::Other(_) => Trouble::Nonsense("it gave no tokens".to_owned()),
    }
}

pub(super) fn token(error: ClaimsVerificationError) -> Trouble {
    match error {
        ClaimsVerificationError::Expired(reason) => Trouble::Clock(short(&reason)),
        ClaimsVerificationError::SignatureVerification(reason) => {
            Trouble::Token(short(&reason.to_string()))
        }
        other => Trouble::Token(short(&other.to_string())),
    }
}

fn fetched(error: &fetch::Error) -> Trouble {
    match error {
        fetch::Error::Io(reason) => Trouble::Down(reason.clone()),
        fetch::Error::Open(_) | fetch::Error::Large => Trouble::Nonsense(error.to_string()),
    }
}
