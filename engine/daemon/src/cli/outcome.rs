//! What a command comes to: a code, or a failure with words and a hint.

use std::{fmt::Display, process::ExitCode, str::FromStr};

use super::output;
use crate::{
    api::Problem,
    client,
    daemon::StartError,
    demo,
    instance::{self, secrets},
    starter, workflows,
};

/// The exit codes, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Done,
    Failed,
    /// Wrong usage, or a file that does not check.
    Usage,
    /// It waits for a person.
    Parked,
    /// Stopped from the keyboard, as shells say it: 128 + SIGINT.
    Interrupted,
}

pub(super) type Outcome = Result<Code, Failure>;

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(match code {
            Code::Done => 0,
            Code::Failed => 1,
            Code::Usage => 2,
            Code::Parked => 3,
            Code::Interrupted => 130,
        })
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) code: Code,
}

impl Failure {
    /// Something went wrong.
    pub(super) fn of(message: impl Display) -> Failure {
        Failure {
            message: message.to_string(),
            hint: None,
            code: Code::Failed,
        }
    }

    /// It was asked for in a wrong way.
    pub(super) fn usage(message: impl Display) -> Failure {
        Failure {
            code: Code::Usage,
            ..Failure::of(message)
        }
    }

    /// A panic got out.
    pub(super) fn defect() -> Failure {
        let hint = "nothing that was accepted is lost; run it again with `--log debug` and \
                    report what it says";
        Failure::of("botswain has met a defect of its own").hint(hint)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// As the daemon would have said it.
    pub(super) fn into_problem(self) -> Problem {
        let problem = Problem::new(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            "exception.decision",
            self.message,
        );
        Problem {
            detail: self.hint,
            ..problem
        }
    }

    pub(super) fn show(&self) {
        output::error(&self.message);
        if let Some(hint) = &self.hint {
            output::hint(hint);
        }
    }

    fn hinted(message: impl Display, hint: Option<String>) -> Failure {
        Failure {
            hint,
            ..Failure::of(message)
        }
    }
}

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Failure {
        match error {
            client::Error::Start(error) => error.into(),
            client::Error::Problem(problem) => {
                let asked_wrongly = matches!(problem.status, 404 | 410 | 422);
                let failure = Failure::hinted(&problem.title, problem.detail);
                Failure {
                    code: if asked_wrongly {
                        Code::Usage
                    } else {
                        Code::Failed
                    },
                    ..failure
                }
            }
            error => Failure::hinted(&error, error.hint()),
        }
    }
}

impl From<demo::Error> for Failure {
    fn from(error: demo::Error) -> Failure {
        Failure::hinted(&error, error.hint())
    }
}

impl From<starter::Error> for Failure {
    fn from(error: starter::Error) -> Failure {
        let code = match error {
            starter::Error::Unwritable { .. } => Code::Failed,
            _ => Code::Usage,
        };
        Failure {
            code,
            ..Failure::hinted(&error, error.hint())
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        let failure = Failure::hinted(&error, error.hint());
        let code = match error {
            StartError::Config(_) | StartError::Instance(_) => Code::Usage,
            _ => Code::Failed,
        };
        Failure { code, ..failure }
    }
}

impl From<instance::Error> for Failure {
    fn from(error: instance::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        Failure {
            code: Code::Usage,
            ..Failure::hinted(error, hint)
        }
    }
}

impl From<secrets::Error> for Failure {
    fn from(error: secrets::Error) -> Failure {
        let hint = error.hint();
        Failure::hinted(error, hint)
    }
}

impl From<workflows::Error> for Failure {
    fn from(error: workflows::Error) -> Failure {
        match error {
            workflows::Error::Instance(error) => error.into(),
            workflows::Error::Secrets(error) => error.into(),
        }
    }
}

/// Why the disk refuses, in words without the numbers of the system or a path of ours.
pub(super) fn refusal(err: &std::io::Error) -> String {
    match err.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::Other => err.to_string(),
        kind => std::io::Error::from(kind).to_string(),
    }
}

/// `name=value`, as it stands on the command line.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Pair, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Pair {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("write it as `name=value`".to_owned()),
        }
    }
}
