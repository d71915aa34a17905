//! Around each route that changes something: it is in the audit before it is done.
//!
//! Every route is made by [`super::access::Route`], which puts this around it, so
//! none can be added without. Those who have signed in are recorded whatever they
//! ask for, also what they may not; of those who have not, that they try to get
//! in. What was begun is brought to its end, also when whoever asked goes away.

use std::time::Duration;

use axum::{
    body::Body,
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
    access::{Guard, address, whole},
    idempotency::REPLAYED,
    problem::Code,
    rights::wanted,
};
use crate::{
    accounts::Principal,
    audit::{Answered, Asked, Form, Said, fields, short},
    console::Visit,
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
    /// Over the socket.
    Local(Principal),
    SignedIn(Principal),
    Stranger,
}

pub(super) async fn record(
    State(recorded): State<Recorded>,
    request: Request,
    next: Next,
) -> Response {
    let asker = recorded.asker(&request);
    let gets_in = matches!(recorded.form.act, Some(Act::SignIn | Act::SetUp));
    if matches!(asker, Asker::Stranger) && !gets_in {
        // The guard turns them away before anything is read.
        return next.run(request).await;
    }
    let Some(act) = recorded.act().await else {
        return next.run(request).await;
    };
    let visit = recorded.visit(&request, &asker);
    let done = async {
        let (asked, request) = recorded.asked((act, &asker), request).await?;
        let doing = tokio::spawn(recorded.done((asked, asker), request, next));
        doing.await.map_err(Problem::internal)?
    };
    match (done.await, visit) {
        (Ok(answer), _) => answer,
        (Err(problem), Some(visit)) => visit.problem(&problem),
        (Err(problem), None) => problem.into_response(),
    }
}

impl Recorded {
    /// What it is called, as things stand: under four eyes nobody activates a text of their own.
    async fn act(&self) -> Option<Act> {
        let act = self.form.act?;
        if act != Act::Activate {
            return Some(act);
        }
        // As the function of the route sees it in a moment.
        self.handle.refresh().await;
        match self.handle.parts.config().asks_four_eyes() {
            true => Some(Act::Propose),
            false => Some(act),
        }
    }

    /// What a page needs to tell what could not be done; the API answers by itself.
    fn visit(&self, request: &Request, asker: &Asker) -> Option<Visit> {
        let principal = match asker {
            Asker::SignedIn(principal) => Some(principal.clone()),
            _ => None,
        };
        let is_page = !request.uri().path().starts_with("/api/");
        let guard = self.guard.as_ref().filter(|_| is_page)?;
        Some(Visit::of(guard, request, principal))
    }

    fn asker(&self, request: &Request) -> Asker {
        let Some(guard) = &self.guard else {
            let known = request.extensions().get::<Principal>().cloned();
            return Asker::Local(known.expect("whoever comes over the socket was introduced"));
        };
        let known = guard.principal(request).ok().flatten();
        known.map_or(Asker::Stranger, Asker::SignedIn)
    }

    async fn asked(
        &self,
        (act, asker): (Act, &Asker),
        request: Request,
    ) -> Result<(Asked, Request), Problem> {
        let (parts, body) = request.into_parts();
        let read = timeout(LONGEST, whole(&parts, body)).await;
        let body = read.map_err(|_| late())??;
        let mut said = fields(&parts.headers, &body).await;
        if self.path.contains("/workflows/") {
            // Where a new one is put stands behind the `?`.
            said.extend(wanted(&parts.uri).map(|folder| ("folder".to_owned(), folder)));
        }
        let masked = |text: String| short(&self.handle.parts.redactor.mask(&text));
        let request = Request::from_parts(parts, Body::from(body));
        let on = self.form.about((self.path, request.uri().path()), &said);
        let with = self.form.with(&said).into_iter();
        let token = match asker {
            Asker::SignedIn(principal) => principal.token.clone(),
            _ => None,
        };
        let with = with.chain(token.map(|it| ("token".to_owned(), it)));
        let asked = Asked {
            by: short(&self.by((act, asker), &said)),
            from: match (asker, address(&request)) {
                (Asker::Local(_), _) => "socket".to_owned(),
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
            (Asker::Local(principal), _) => principal.signs(given("by")),
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
    ) -> Result<Response, Problem> {
        let audit = self.handle.audit.clone();
        if matches!(asker, Asker::Stranger) {
            let Some(left_out) = audit.takes_stranger(Timestamp::now()) else {
                let answer = next.run(request).await;
                // Whoever gets in by it is recorded in any case.
                return match answer.status().is_client_error() {
                    true => Ok(answer),
                    false => {
                        let of = audit.asks(asked).await.map_err(|it| unwritten(&it))?;
                        Ok(self.told(of, answer).await)
                    }
                };
            };
            if left_out > 0 {
                let name = "left_out".to_owned();
                asked.with.insert(name, left_out.to_string());
            }
        }
        let of = audit.asks(asked).await.map_err(|it| unwritten(&it))?;
        let answer = next.run(request).await;
        Ok(self.told(of, answer).await)
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

pub(super) fn late() -> Problem {
    let title = "it took longer than a minute";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "access.timeout", title)
        .detail("see whether it was done, then try again")
}
