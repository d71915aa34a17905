//! Around each route that changes something: it is in the audit before it is done.
//!
//! Every route is made by [`super::access::Route`], which puts this around it, so
//! none can be added without. Those who have signed in are recorded whatever they
//! ask for, also what they may not; of those who have not, that they try to get
//! in. What was begun is brought to its end, also when whoever asked goes away.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use botswain_views::Act;
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    Problem,
    access::{BODY, Guard, address},
    idempotency::REPLAYED,
    problem::Code,
};
use crate::{
    accounts::Principal,
    audit::{Answered, Asked, Form, Said, fields},
    daemon::Handle,
};

/// How long a body may take.
const LONGEST: Duration = Duration::from_secs(60);

/// Which route it is, and who may be behind a request.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(super) form: &'static Form,
    /// As the table has it, with names in braces.
    pub(super) path: &'static str,
    pub(super) handle: Handle,
    /// Absent for the socket.
    pub(super) guard: Option<Guard>,
}

/// Who asks.
enum Asker {
    Local,
    SignedIn(Principal),
    Stranger,
}

pub(super) async fn record(
    State(recorded): State<Recorded>,
    request: Request,
    next: Next,
) -> Response {
    let Some(act) = recorded.form.act else {
        return next.run(request).await;
    };
    let asker = recorded.asker(&request);
    let gets_in = matches!(act, Act::SignIn | Act::SetUp);
    if matches!(asker, Asker::Stranger) && !gets_in {
        // The guard turns them away before anything is read.
        return next.run(request).await;
    }
    match recorded.asked((act, &asker), request).await {
        Ok((asked, request)) => {
            let doing = tokio::spawn(recorded.done((asked, asker), request, next));
            let done = doing.await.map_err(Problem::internal);
            done.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

impl Recorded {
    fn asker(&self, request: &Request) -> Asker {
        let Some(guard) = &self.guard else {
            return Asker::Local;
        };
        let token = guard.token(request.headers());
        let known = token.and_then(|token| self.handle.accounts.principal(&token));
        known.map_or(Asker::Stranger, Asker::SignedIn)
    }

    async fn asked(
        &self,
        (act, asker): (Act, &Asker),
        request: Request,
    ) -> Result<(Asked, Request), Problem> {
        let (parts, body) = request.into_parts();
        let read = timeout(LONGEST, to_bytes(body, BODY)).await;
        let body: Bytes = match read {
            Ok(read) => read.map_err(|_| Problem::too_large())?,
            Err(_) => return Err(late()),
        };
        let said = fields(&parts.headers, &body);
        let masked = |text: String| self.handle.parts.redactor.mask(&text).into_owned();
        let request = Request::from_parts(parts, Body::from(body));
        let on = self.form.about((self.path, request.uri().path()), &said);
        let with = self.form.with(&said).into_iter();
        let asked = Asked {
            by: self.by((act, asker), &said),
            from: match (asker, address(&request)) {
                (Asker::Local, _) => "socket".to_owned(),
                (_, from) => from.map(|it| it.to_string()).unwrap_or_default(),
            },
            act,
            way: format!("{} {}", request.method(), self.path),
            on: masked(on),
            with: with.map(|(name, text)| (name, masked(text))).collect(),
        };
        Ok((asked, request))
    }

    /// A name that nobody has may be a password that was typed in its place.
    fn by(&self, (act, asker): (Act, &Asker), said: &Said) -> String {
        let given = |name| said.get(name).cloned().unwrap_or_default();
        match (asker, act) {
            (Asker::Local, _) => Principal::local().signs(given("by")),
            (_, Act::SignIn) => {
                let name = given("name");
                let is_known = self.handle.accounts.has(&name);
                if is_known { name } else { String::new() }
            }
            (Asker::SignedIn(principal), _) => principal.name.clone(),
            (Asker::Stranger, _) => String::new(),
        }
    }

    /// Writes it down, does it, and writes down how it ended.
    async fn done(
        self,
        (mut asked, asker): (Asked, Asker),
        request: Request,
        next: Next,
    ) -> Response {
        let audit = self.handle.audit.clone();
        if matches!(asker, Asker::Stranger) {
            match audit.takes_stranger(Timestamp::now()) {
                Some(0) => (),
                Some(left_out) => {
                    asked
                        .with
                        .insert("left_out".to_owned(), left_out.to_string());
                }
                // Whoever gets in by it is recorded in any case.
                None => {
                    let answer = next.run(request).await;
                    if answer.status().is_client_error() {
                        return answer;
                    }
                    let of = audit.asks(asked).await;
                    return match of {
                        Ok(of) => self.told(of, answer).await,
                        Err(error) => unwritten(&error).into_response(),
                    };
                }
            }
        }
        match audit.asks(asked).await {
            Ok(of) => {
                let answer = next.run(request).await;
                self.told(of, answer).await
            }
            Err(error) => unwritten(&error).into_response(),
        }
    }

    async fn told(&self, of: u64, answer: Response) -> Response {
        let code = answer.extensions().get::<Code>();
        let answered = Answered {
            of,
            status: answer.status().as_u16(),
            problem: code.map(|it| it.0.clone()),
            again: answer.headers().contains_key(REPLAYED),
        };
        if let Err(error) = self.handle.audit.ended(answered).await {
            tracing::error!(
                record = of,
                "the audit does not know how this ended: {error}"
            );
        }
        answer
    }
}

fn unwritten(error: &std::io::Error) -> Problem {
    let title = format!("the audit cannot be written: {error}");
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "audit.unwritten", title)
        .detail("nothing was done; free some space, and ask again")
}

fn late() -> Problem {
    let title = "it took longer than a minute";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "access.timeout", title)
        .detail("see whether it was done, then try again")
}
