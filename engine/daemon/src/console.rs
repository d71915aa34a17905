//! The console: pages for people, and the API for whoever has signed in, over TCP.
//!
//! It listens where `console:` of botswain.yaml says, on this machine alone
//! unless it is encrypted. What is drawn is `botswain-console`'s, what is decided
//! the API's; here is only who asks, what a form says, and what a browser is
//! told: never to run what is not ours, never to be framed, never to guess.

mod account;
mod audit;
mod authoring;
mod connections;
mod exceptions;
mod forms;
mod insights;
mod listener;
mod many;
mod people;
mod proposals;
mod provider;
mod runs;
mod session;
mod tokens;
mod versions;
mod visit;
mod workflows;

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Redirect, Response, Sse, sse},
};
use botswain_console::ASSETS;
use botswain_core::{Hash, RunId};
use botswain_views::Counts;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

pub(crate) use self::{listener::listen, visit::Visit};
use crate::{
    accounts::Principal,
    api::{
        self, Problem,
        access::{Guard, Right, Route},
        extract,
        rights::Reach,
        routes::{ArtifactQuery, reading},
        watching::Watcher,
    },
    daemon::{Handle, Notice},
    views::Sight,
};

/// The longest form.
const FORM: usize = 1024 * 1024;

/// How many runs are told of at once.
const TOLD: usize = 100;

/// What every answer tells a browser.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Without any referrer a browser would not say that a form is from here.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The pages, each with what it takes.
pub(crate) fn routes() -> Vec<Route> {
    let (get, post) = (|path| (Method::GET, path), |path| (Method::POST, path));
    vec![
        Route::new(Right::Anyone, get("/login"), session::login),
        Route::new(Right::Anyone, post("/login"), session::sign_in),
        Route::new(Right::Anyone, post("/login/code"), account::sign_in),
        Route::new(Right::Anyone, get("/login/provider"), provider::begin),
        Route::new(Right::Anyone, get("/login/callback"), provider::come_back),
        Route::new(Right::Anyone, get("/setup"), session::setup),
        Route::new(Right::Anyone, post("/setup"), session::set_up),
        Route::new(Right::Anyone, post("/look"), session::look),
        Route::new(Right::Anyone, get("/assets/{name}"), asset),
        Route::new(Right::SIGNED_IN, post("/logout"), session::sign_out),
        Route::new(Right::SIGNED_IN, get("/"), || async {
            Redirect::to("/inbox")
        }),
        Route::new(Right::SEE_ANY, get("/inbox"), exceptions::inbox),
        Route::new(Right::SEE_ANY, get("/counts"), counts),
        Route::new(Right::SEE_ANY, get("/events"), events),
        Route::new(
            Right::SEE_EXCEPTION,
            get("/exceptions/{id}"),
            exceptions::show,
        ),
        Route::new(
            Right::HANDLE_EXCEPTION,
            post("/exceptions/{id}/decision"),
            exceptions::decide,
        ),
        Route::new(
            Right::HANDLE_ANY,
            post("/clusters/{cause}/preview"),
            many::of_cause,
        ),
        Route::new(
            Right::HANDLE_ANY,
            post("/selection/preview"),
            many::of_selection,
        ),
        Route::new(Right::HANDLE_ANY, post("/bulk"), many::start),
        Route::new(Right::SEE_ANY, get("/bulk/{id}"), many::show),
        Route::new(
            Right::HANDLE_ANY,
            post("/bulk/{id}/withdraw"),
            many::withdraw,
        ),
        Route::new(Right::SEE_ANY, get("/artifacts/{hash}"), artifact),
        Route::new(Right::SEE_ANY, get("/runs"), runs::list),
        Route::new(Right::SEE_RUN, get("/runs/{run}"), runs::show),
        Route::new(Right::SEE_RUN, get("/runs/{run}/items/{step}"), runs::items),
        Route::new(Right::SEE_RUN, get("/runs/{run}/evidence"), runs::evidence),
        Route::new(Right::HANDLE_RUN, post("/runs/{run}/replay"), runs::replay),
        Route::new(Right::HANDLE_RUN, post("/runs/{run}/cancel"), runs::cancel),
        Route::new(Right::SEE_ANY, get("/workflows"), workflows::list),
        Route::new(Right::SEE_IT, get("/workflows/{name}"), workflows::show),
        Route::new(Right::WRITE_ANY, get("/new-workflow"), authoring::begin),
        Route::new(Right::WRITE, get("/workflows/{name}/edit"), authoring::open),
        Route::new(
            Right::WRITE,
            post("/workflows/{name}/check"),
            authoring::check,
        ),
        Route::new(
            Right::WRITE,
            post("/workflows/{name}/test"),
            authoring::test,
        ),
        Route::new(
            Right::WRITE,
            post("/workflows/{name}/activate"),
            authoring::activate,
        ),
        Route::new(Right::WRITE_ANY, get("/proposals"), proposals::list),
        Route::new(
            Right::WRITE_PROPOSAL,
            get("/workflows/{name}/proposal"),
            proposals::show,
        ),
        Route::new(
            Right::WRITE_PROPOSAL,
            post("/workflows/{name}/proposal/test"),
            proposals::test,
        ),
        Route::new(
            Right::WRITE_PROPOSAL,
            post("/workflows/{name}/proposal/approve"),
            proposals::approve,
        ),
        Route::new(
            Right::WRITE_PROPOSAL,
            post("/workflows/{name}/proposal/reject"),
            proposals::reject,
        ),
        Route::new(
            Right::WRITE_PROPOSAL,
            post("/workflows/{name}/proposal/withdraw"),
            proposals::withdraw,
        ),
        Route::new(
            Right::SEE_IT,
            get("/workflows/{name}/versions"),
            versions::list,
        ),
        Route::new(
            Right::SEE_IT,
            get("/workflows/{name}/versions/{number}"),
            versions::show,
        ),
        Route::new(
            Right::HANDLE_IT,
            post("/workflows/{name}/start"),
            workflows::start,
        )
        .bearing(api::files::REQUEST),
        Route::new(
            Right::HANDLE_IT,
            post("/workflows/{name}/pause"),
            workflows::pause,
        ),
        Route::new(
            Right::HANDLE_IT,
            post("/workflows/{name}/resume"),
            workflows::resume,
        ),
        Route::new(Right::SEE_ANY, get("/calendar"), workflows::calendar),
        Route::new(Right::SEE_ANY, get("/insights"), insights::show),
        Route::new(Right::SEE_ANY, get("/insights/export"), insights::export),
        Route::new(Right::SEE, get("/connections"), connections::list),
        Route::new(
            Right::HANDLE,
            post("/connections/{name}/test"),
            connections::test,
        ),
        Route::new(Right::SIGNED_IN, get("/account"), account::show),
        Route::new(Right::SIGNED_IN, post("/account/factor"), account::begin),
        Route::new(
            Right::SIGNED_IN,
            post("/account/factor/confirm"),
            account::confirm,
        ),
        Route::new(
            Right::SIGNED_IN,
            post("/account/factor/remove"),
            account::remove,
        ),
        Route::new(Right::SIGNED_IN, get("/tokens"), tokens::list),
        Route::new(Right::SIGNED_IN, post("/tokens"), tokens::add),
        Route::new(
            Right::SIGNED_IN,
            post("/tokens/{person}/{name}/revoke"),
            tokens::revoke,
        ),
        Route::new(Right::ADMIN, get("/audit"), audit::list),
        Route::new(Right::ADMIN, get("/audit/export"), audit::export),
        Route::new(Right::ADMIN, get("/people"), people::list),
        Route::new(Right::ADMIN, post("/people"), people::add),
        Route::new(Right::ADMIN, post("/people/{name}"), people::alter),
        Route::new(Right::ADMIN, post("/people/{name}/remove"), people::remove),
        Route::new(
            Right::ADMIN,
            post("/people/{name}/factor/remove"),
            account::take,
        ),
    ]
}

/// All that is served over TCP; what is not in a table is not there.
fn router(guard: Guard) -> Router {
    let served = |route: &Route| route.right != Right::Local;
    let all = api::routes().into_iter().chain(routes()).filter(served);
    let add = |router: Router<Handle>, route: Route| {
        let path = route.path;
        router.route(path, route.guarded(&guard))
    };
    let handle = guard.handle.clone();
    let is_encrypted = guard.is_encrypted;
    all.fold(Router::new(), add)
        .fallback(|| async { Problem::not_found("there is nothing here") })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(DefaultBodyLimit::max(FORM))
        .layer(map_response(move |answer: Response| async move {
            told(answer, is_encrypted)
        }))
        .with_state(handle)
}

fn told(mut answer: Response, is_encrypted: bool) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        // What shows a file of somebody else's is told more.
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if is_encrypted {
        let always = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, always);
    }
    answer
}

async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let path = format!("/assets/{name}");
    let asset = ASSETS.iter().find(|it| it.path == path);
    let asset = asset.ok_or_else(|| Problem::not_found("there is no such file"))?;
    let headers = [
        (header::CONTENT_TYPE, asset.media),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, asset.body).into_response())
}

/// A file that a step left. A picture is shown, anything else is a download: its content may come
/// from anywhere, so nothing in it may run.
async fn artifact(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(hash): Path<Hash>,
    extract::Query(query): extract::Query<ArtifactQuery>,
) -> Result<Response, Problem> {
    api::routes::is_of(&handle, &principal, (&hash, query.run)).await?;
    let opened = reading(&handle, move |parts| {
        let file = parts.kept.0.open_hash(&hash)?;
        let mut first = [0; 8];
        // A shorter one is no picture.
        let read = std::os::unix::fs::FileExt::read_at(&file, &mut first, 0).unwrap_or(0);
        Ok::<_, botswain_store::artifacts::Error>((file, first[..read].to_vec()))
    });
    let Json((file, first)) = opened.await?;
    let (media, disposition) = match picture(&first) {
        Some(media) => (media, "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, disposition),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ),
        // Its name is the hash of its content.
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        ),
    ];
    let file = tokio::fs::File::from_std(file);
    let body = Body::from_stream(tokio_util::io::ReaderStream::new(file));
    Ok((headers, body).into_response())
}

/// By how it begins, whatever it is called.
fn picture(first: &[u8]) -> Option<&'static str> {
    match first {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        _ => None,
    }
}

async fn counts(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Counts>, Problem> {
    let reach = Reach::of(&handle, &principal).await?;
    let proposals = api::proposals::waiting_for(&handle, &reach);
    let reader = reach.reader();
    let read = reading(&handle, move |parts| {
        parts.counts(&reader, Timestamp::now())
    });
    let Json(counts) = read.await?;
    Ok(Json(Counts {
        proposals,
        ..counts
    }))
}

/// In which of the runs that were started something has happened, not what: a page asks for what
/// it shows. Null where that is not known, or they are many.
async fn events(State(handle): State<Handle>, Extension(visit): Extension<Visit>) -> Response {
    let notices = handle.watch();
    let watcher = Watcher::new(handle, Some(visit));
    let stream = futures_util::stream::unfold(
        (notices, watcher),
        |(mut notices, mut watcher)| async move {
            loop {
                let first = notices.recv().await;
                // It ends with the session.
                let mut news = News::of(&watcher.sight().await?);
                match first {
                    Ok(notice) => news.add(&notice),
                    Err(RecvError::Lagged(_)) => news.is_much = true,
                    Err(RecvError::Closed) => return None,
                }
                // What comes at once is told once.
                tokio::time::sleep(Duration::from_millis(500)).await;
                loop {
                    match notices.try_recv() {
                        Ok(notice) => news.add(&notice),
                        Err(TryRecvError::Lagged(_)) => news.is_much = true,
                        Err(_) => break,
                    }
                }
                let sight = watcher.sight().await?;
                if let Some(told) = news.told(&watcher, &sight).await {
                    let event = sse::Event::default().data(told.to_string());
                    return Some((Ok::<_, Infallible>(event), (notices, watcher)));
                }
            }
        },
    );
    let alive = sse::KeepAlive::new().interval(Duration::from_secs(15));
    Sse::new(stream).keep_alive(alive).into_response()
}

/// What has happened since something was told last.
#[derive(Default)]
struct News {
    /// Those in which something has happened; for whoever sees everything, the ones that were
    /// started.
    runs: BTreeSet<RunId>,
    is_for_all: bool,
    /// It is not known in which runs, or they are many.
    is_much: bool,
    /// Counts may be others, though nothing has happened in a run.
    is_proposed: bool,
}

impl News {
    fn of(sight: &Sight) -> News {
        News {
            is_for_all: *sight == Sight::All,
            ..News::default()
        }
    }

    fn add(&mut self, notice: &Notice) {
        let run = match notice {
            Notice::Committed { run, .. } | Notice::Rested { run } => run,
            Notice::Opened(exception) => &exception.run,
            Notice::Proposed { .. } => {
                self.is_proposed = true;
                return;
            }
        };
        self.runs.insert(match self.is_for_all {
            true => RunId::root(run.number()),
            false => run.clone(),
        });
        if self.runs.len() > TOLD {
            self.is_much = true;
            self.runs.clear();
        }
    }

    /// As a page hears it; none when nothing has happened that they see.
    async fn told(self, watcher: &Watcher, sight: &Sight) -> Option<Value> {
        if self.is_much {
            return Some(json!({ "runs": null }));
        }
        let runs = self.runs.into_iter().collect();
        let runs = match sight {
            Sight::All => runs,
            Sight::Those(_) => watcher.shown(sight, runs).await,
        };
        let numbers: BTreeSet<u64> = runs.iter().map(RunId::number).collect();
        (self.is_proposed || !numbers.is_empty()).then(|| json!({ "runs": numbers }))
    }
}

/// A page.
fn html(page: String) -> Response {
    axum::response::Html(page).into_response()
}

/// A page that says what is wrong with the form before it.
fn again(page: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::response::Html(page)).into_response()
}

#[cfg(test)]
mod tests;
