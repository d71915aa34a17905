//! Who may take which route: each one is walked by everybody.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
};
use tower_service::Service;

use botswain_views::{AuditEntry, AuditQuery, Role};

use super::*;
use crate::{
    accounts::{NewToken, Rights},
    daemon::{Daemon, Mode},
    instance::Instance,
};

mod folders;
mod hostile;
mod recorded;
mod sight;

const PASSWORD: &str = "correct horse battery";

/// What each route is meant to take: to have signed in; a role everywhere; one `there`, in the folder
/// of the workflow that its path is about; or one `somewhere`, for what its function judges. A route that is not
/// here, and one that is not there any more, fails the test: whoever adds one says here too who may
/// take it.
const MEANT: &[(&str, &str)] = &[
    ("GET /login", "anyone"),
    ("POST /login", "anyone"),
    ("POST /login/code", "anyone"),
    ("GET /login/provider", "anyone"),
    ("GET /login/callback", "anyone"),
    ("GET /setup", "anyone"),
    ("POST /setup", "anyone"),
    ("POST /look", "anyone"),
    ("GET /assets/{name}", "anyone"),
    ("POST /logout", "signed in"),
    ("GET /", "signed in"),
    ("GET /inbox", "viewer somewhere"),
    ("GET /counts", "viewer somewhere"),
    ("GET /events", "viewer somewhere"),
    ("GET /exceptions/{id}", "viewer there"),
    ("POST /exceptions/{id}/decision", "handler there"),
    ("POST /clusters/{cause}/preview", "handler somewhere"),
    ("POST /selection/preview", "handler somewhere"),
    ("POST /bulk", "handler somewhere"),
    ("GET /bulk/{id}", "viewer somewhere"),
    ("POST /bulk/{id}/withdraw", "handler somewhere"),
    ("GET /artifacts/{hash}", "viewer somewhere"),
    ("GET /runs", "viewer somewhere"),
    ("GET /runs/{run}", "viewer there"),
    ("GET /runs/{run}/items/{step}", "viewer there"),
    ("GET /runs/{run}/evidence", "viewer there"),
    ("POST /runs/{run}/replay", "handler there"),
    ("POST /runs/{run}/cancel", "handler there"),
    ("GET /workflows", "viewer somewhere"),
    ("GET /workflows/{name}", "viewer there"),
    ("GET /new-workflow", "author somewhere"),
    ("GET /workflows/{name}/edit", "author there"),
    ("POST /workflows/{name}/check", "author there"),
    ("POST /workflows/{name}/test", "author there"),
    ("POST /workflows/{name}/activate", "author there"),
    ("GET /proposals", "author somewhere"),
    ("GET /workflows/{name}/proposal", "author there"),
    ("POST /workflows/{name}/proposal/test", "author there"),
    ("POST /workflows/{name}/proposal/approve", "author there"),
    ("POST /workflows/{name}/proposal/reject", "author there"),
    ("POST /workflows/{name}/proposal/withdraw", "author there"),
    ("GET /workflows/{name}/versions", "viewer there"),
    ("GET /workflows/{name}/versions/{number}", "viewer there"),
    ("POST /workflows/{name}/start", "handler there"),
    ("POST /workflows/{name}/pause", "handler there"),
    ("POST /workflows/{name}/resume", "handler there"),
    ("GET /calendar", "viewer somewhere"),
    ("GET /insights", "viewer somewhere"),
    ("GET /insights/export", "viewer somewhere"),
    ("GET /connections", "viewer"),
    ("POST /connections/{name}/test", "handler"),
    ("GET /account", "signed in"),
    ("POST /account/factor", "signed in"),
    ("POST /account/factor/confirm", "signed in"),
    ("POST /account/factor/remove", "signed in"),
    ("GET /tokens", "signed in"),
    ("POST /tokens", "signed in"),
    ("POST /tokens/{person}/{name}/revoke", "signed in"),
    ("GET /audit", "admin"),
    ("GET /audit/export", "admin"),
    ("GET /people", "admin"),
    ("POST /people", "admin"),
    ("POST /people/{name}", "admin"),
    ("POST /people/{name}/remove", "admin"),
    ("POST /people/{name}/factor/remove", "admin"),
    ("GET /api/v1/health", "viewer somewhere"),
    ("GET /api/v1/openapi.json", "signed in"),
    ("GET /api/v1/runs", "viewer somewhere"),
    ("POST /api/v1/runs", "handler somewhere"),
    ("GET /api/v1/runs/{run}", "viewer there"),
    ("POST /api/v1/runs/{run}/cancellation", "handler there"),
    ("POST /api/v1/runs/{run}/replay", "handler there"),
    ("GET /api/v1/runs/{run}/items/{step}", "viewer there"),
    ("GET /api/v1/runs/{run}/evidence", "viewer there"),
    ("GET /api/v1/versions/{hash}", "viewer somewhere"),
    ("GET /api/v1/workflows", "viewer somewhere"),
    ("GET /api/v1/workflows/{name}", "viewer there"),
    ("GET /api/v1/workflows/{name}/file", "author there"),
    ("PUT /api/v1/workflows/{name}/file", "author there"),
    ("POST /api/v1/workflows/{name}/check", "author there"),
    ("POST /api/v1/workflows/{name}/completion", "author there"),
    ("POST /api/v1/workflows/{name}/test", "author there"),
    ("GET /api/v1/proposals", "author somewhere"),
    ("GET /api/v1/workflows/{name}/proposal", "author there"),
    (
        "POST /api/v1/workflows/{name}/proposal/approval",
        "author there",
    ),
    (
        "POST /api/v1/workflows/{name}/proposal/rejection",
        "author there",
    ),
    (
        "POST /api/v1/workflows/{name}/proposal/withdrawal",
        "author there",
    ),
    ("GET /api/v1/workflows/{name}/versions", "viewer there"),
    (
        "GET /api/v1/workflows/{name}/versions/{number}",
        "viewer there",
    ),
    ("POST /api/v1/workflows/{name}/pause", "handler there"),
    ("POST /api/v1/workflows/{name}/resumption", "handler there"),
    ("GET /api/v1/inbox", "viewer somewhere"),
    ("GET /api/v1/exceptions", "viewer somewhere"),
    ("GET /api/v1/exceptions/{id}", "viewer there"),
    ("POST /api/v1/exceptions/{id}/resolution", "handler there"),
    ("POST /api/v1/bulk", "handler somewhere"),
    ("GET /api/v1/bulk/{id}", "viewer somewhere"),
    ("POST /api/v1/bulk/{id}/withdrawal", "handler somewhere"),
    ("GET /api/v1/mappings", "viewer"),
    ("PUT /api/v1/mappings/{table}/{from}", "author"),
    ("DELETE /api/v1/mappings/{table}/{from}", "author"),
    ("GET /api/v1/artifacts/{hash}", "viewer somewhere"),
    ("POST /api/v1/files/{name}", "handler somewhere"),
    ("GET /api/v1/schedule", "viewer somewhere"),
    ("GET /api/v1/insights", "viewer somewhere"),
    ("GET /api/v1/insights/export", "viewer somewhere"),
    ("GET /api/v1/connections", "viewer"),
    ("POST /api/v1/connections/{name}/test", "handler"),
    ("GET /api/v1/people", "admin"),
    ("POST /api/v1/people", "admin"),
    ("PATCH /api/v1/people/{name}", "admin"),
    ("DELETE /api/v1/people/{name}", "admin"),
    ("DELETE /api/v1/people/{name}/factor", "admin"),
    ("GET /api/v1/tokens", "signed in"),
    ("POST /api/v1/tokens", "signed in"),
    ("DELETE /api/v1/tokens/{person}/{name}", "signed in"),
    ("GET /api/v1/audit", "admin"),
    ("GET /api/v1/audit/export", "admin"),
    ("GET /api/v1/audit/verification", "admin"),
    ("POST /api/v1/verify", "socket"),
    ("POST /api/v1/backup", "socket"),
    ("POST /api/v1/resume", "socket"),
    ("POST /api/v1/prune", "socket"),
    ("GET /api/v1/quarantine", "viewer"),
    ("GET /api/v1/events", "viewer somewhere"),
];

const ROLES: [(&str, Role); 5] = [
    ("signed", Role::None),
    ("viewer", Role::Viewer),
    ("handler", Role::Handler),
    ("author", Role::Author),
    ("admin", Role::Admin),
];

/// The role that is meant.
fn least(right: &str) -> Option<Role> {
    let role = right.split(' ').next();
    let named = ROLES.iter().find(|(name, _)| Some(*name) == role);
    named.map(|(_, role)| *role)
}

struct House {
    app: Router,
    daemon: Daemon,
    folder: tempfile::TempDir,
}

impl House {
    async fn open() -> House {
        House::with(&[]).await
    }

    /// With these files.
    async fn with(files: &[(&str, &str)]) -> House {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [("botswain.yaml", "name: x\n")].iter().chain(files) {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let instance = Instance::at(folder.path()).unwrap();
        let daemon = Daemon::start(instance, Mode::Brief).await.unwrap();
        let guard = Guard {
            handle: daemon.handle.clone(),
            cookie: "session".to_owned(),
            is_encrypted: false,
            home: "http://127.0.0.1:8080".to_owned(),
            provider: None,
        };
        House {
            app: router(guard),
            daemon,
            folder,
        }
    }

    /// What somebody's cookie and forms hold.
    async fn enter(&self, name: &str, rights: impl Into<Rights>) -> (String, String) {
        let (accounts, here) = (&self.daemon.handle.accounts, IpAddr::from([127, 0, 0, 1]));
        accounts
            .add(name, PASSWORD.to_owned(), rights)
            .await
            .unwrap();
        let token = accounts
            .sign_in(name, PASSWORD.to_owned(), here)
            .await
            .unwrap();
        let csrf = accounts.principal(&token).unwrap().csrf.unwrap();
        (token, csrf)
    }

    /// A token of somebody.
    fn token(&self, person: &str, role: Role) -> String {
        let new = NewToken {
            person: person.to_owned(),
            name: "walk".to_owned(),
            role,
            folders: Vec::new(),
            expires: Timestamp::now() + jiff::SignedDuration::from_hours(1),
        };
        self.daemon.handle.accounts.add_token(new).unwrap()
    }

    async fn ask(&mut self, request: Request<Body>) -> Response<Body> {
        let Ok(answer) = self.app.call(request).await;
        answer
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers.iter().chain(&[("host", "127.0.0.1:8080")]) {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn form(path: &str, headers: &[(&str, &str)], fields: &str) -> Request<Body> {
    let (parts, _) = request("POST", path, headers).into_parts();
    let mut request = Request::from_parts(parts, Body::from(fields.to_owned()));
    let media = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, media);
    request
}

/// What the audit has since a number, the oldest first.
fn since(house: &House, number: u64) -> Vec<AuditEntry> {
    let query = AuditQuery {
        limit: Some(1000),
        ..AuditQuery::default()
    };
    let mut all = house.daemon.handle.audit.page(&query).unwrap().entries;
    all.retain(|it| it.number > number);
    all.reverse();
    all
}

/// A path with something in the place of its names.
fn filled(path: &str) -> String {
    let hash = Hash::of(b"x");
    [
        ("{id}", "1"),
        ("{run}", "1"),
        ("{step}", "a"),
        ("{hash}", hash.as_str()),
        ("{cause}", hash.as_str()),
        ("{name}", "x"),
        ("{number}", "1"),
        // Whoever is walked as last.
        ("{person}", "ann"),
        ("{table}", "t"),
        ("{from}", "f"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    })
}

/// Nobody has signed in.
fn is_shut(answer: &Response<Body>) -> bool {
    let to_login = answer.headers().get(header::LOCATION);
    let to_login = to_login.is_some_and(|it| it.as_bytes().starts_with(b"/login?next="));
    answer.status() == StatusCode::UNAUTHORIZED || to_login
}

#[tokio::test]
async fn each_route_is_taken_by_those_who_may_and_by_nobody_else() {
    let mut house = House::open().await;
    let all = api::routes().into_iter().chain(routes());
    let there: BTreeSet<String> = all.map(|it| format!("{} {}", it.method, it.path)).collect();
    let meant: BTreeSet<String> = MEANT.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(there, meant);
    let mut people = Vec::new();
    let mut tokens = BTreeMap::new();
    for (name, role) in ROLES {
        people.push((role, house.enter(name, (role, Vec::new())).await));
        tokens.insert(role, format!("Bearer {}", house.token(name, role)));
    }
    for (route, right) in MEANT {
        let (method, path) = route.split_once(' ').unwrap();
        let path = filled(path);
        let answer = house.ask(request(method, &path, &[])).await;
        match *right {
            "anyone" => assert!(!is_shut(&answer), "{route}"),
            "socket" => assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{route}"),
            _ => assert!(is_shut(&answer), "{route}: {}", answer.status()),
        }
        let least = least(right);
        // Signing out would end what follows.
        let Some(least) = least.filter(|_| *route != "POST /logout") else {
            continue;
        };
        for (role, (token, csrf)) in &people {
            let cookie = format!("session={token}");
            let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf)];
            let answer = house.ask(request(method, &path, &headers)).await;
            let is_refused = answer.status() == StatusCode::FORBIDDEN;
            assert_eq!(
                is_refused,
                *role < least,
                "{route} by {role:?}: {}",
                answer.status()
            );
            assert!(!is_shut(&answer), "{route} by {role:?}");
            // By a token of the same role the same of the API, but no page, and no further token.
            let bearer = [("authorization", tokens[role].as_str())];
            let answer = house.ask(request(method, &path, &bearer)).await;
            let makes = method != "GET" && path.starts_with("/api/v1/tokens");
            match path.starts_with("/api/") {
                false => assert!(is_shut(&answer), "{route} by a token"),
                true if makes => assert!(answer.status().is_client_error(), "{route} by a token"),
                true => {
                    let is_refused = answer.status() == StatusCode::FORBIDDEN;
                    assert_eq!(is_refused, *role < least, "{route} by a token of {role:?}");
                    assert!(!is_shut(&answer), "{route} by a token of {role:?}");
                }
            }
            if method != "GET" && *role >= least {
                let bare = house.ask(request(method, &path, &headers[..1])).await;
                assert_eq!(
                    bare.status(),
                    StatusCode::FORBIDDEN,
                    "{route} without proof"
                );
            }
        }
    }
}

#[test]
fn only_what_begins_as_a_picture_is_shown_as_one() {
    assert_eq!(picture(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
    assert_eq!(picture(b"<svg xml"), None);
    assert_eq!(picture(b"<html><b"), None);
    assert_eq!(picture(b""), None);
}
