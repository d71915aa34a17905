//! Who may take which route: each one is walked by everybody.

use std::{collections::BTreeSet, net::IpAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
};
use tower_service::Service;

use super::*;
use crate::{
    daemon::{Daemon, Mode},
    instance::Instance,
};

const PASSWORD: &str = "correct horse battery";

/// What each route is meant to take. A route that is not here, and one that is not there any
/// more, fails the test: whoever adds one says here too who may take it.
const MEANT: &[(&str, &str)] = &[
    ("GET /login", "anyone"),
    ("POST /login", "anyone"),
    ("GET /setup", "anyone"),
    ("POST /setup", "anyone"),
    ("POST /look", "anyone"),
    ("GET /assets/{name}", "anyone"),
    ("POST /logout", "viewer"),
    ("GET /", "viewer"),
    ("GET /inbox", "viewer"),
    ("GET /counts", "viewer"),
    ("GET /events", "viewer"),
    ("GET /exceptions/{id}", "viewer"),
    ("POST /exceptions/{id}/decision", "handler"),
    ("POST /clusters/{cause}/preview", "handler"),
    ("POST /selection/preview", "handler"),
    ("POST /bulk", "handler"),
    ("GET /bulk/{id}", "viewer"),
    ("POST /bulk/{id}/withdraw", "handler"),
    ("GET /artifacts/{hash}", "viewer"),
    ("GET /runs", "viewer"),
    ("GET /runs/{run}", "viewer"),
    ("GET /runs/{run}/items/{step}", "viewer"),
    ("GET /runs/{run}/evidence", "viewer"),
    ("POST /runs/{run}/cancel", "handler"),
    ("GET /workflows", "viewer"),
    ("GET /workflows/{name}", "viewer"),
    ("POST /workflows/{name}/start", "handler"),
    ("POST /workflows/{name}/pause", "handler"),
    ("POST /workflows/{name}/resume", "handler"),
    ("GET /calendar", "viewer"),
    ("GET /connections", "viewer"),
    ("POST /connections/{name}/test", "handler"),
    ("GET /people", "admin"),
    ("POST /people", "admin"),
    ("POST /people/{name}", "admin"),
    ("POST /people/{name}/remove", "admin"),
    ("GET /api/v1/health", "viewer"),
    ("GET /api/v1/openapi.json", "viewer"),
    ("GET /api/v1/runs", "viewer"),
    ("POST /api/v1/runs", "handler"),
    ("GET /api/v1/runs/{run}", "viewer"),
    ("POST /api/v1/runs/{run}/cancellation", "handler"),
    ("GET /api/v1/runs/{run}/items/{step}", "viewer"),
    ("GET /api/v1/runs/{run}/evidence", "viewer"),
    ("GET /api/v1/versions/{hash}", "viewer"),
    ("GET /api/v1/workflows", "viewer"),
    ("GET /api/v1/workflows/{name}", "viewer"),
    ("POST /api/v1/workflows/{name}/pause", "handler"),
    ("POST /api/v1/workflows/{name}/resumption", "handler"),
    ("GET /api/v1/inbox", "viewer"),
    ("GET /api/v1/exceptions", "viewer"),
    ("GET /api/v1/exceptions/{id}", "viewer"),
    ("POST /api/v1/exceptions/{id}/resolution", "handler"),
    ("POST /api/v1/bulk", "handler"),
    ("GET /api/v1/bulk/{id}", "viewer"),
    ("POST /api/v1/bulk/{id}/withdrawal", "handler"),
    ("GET /api/v1/mappings", "viewer"),
    ("PUT /api/v1/mappings/{table}/{from}", "author"),
    ("DELETE /api/v1/mappings/{table}/{from}", "author"),
    ("GET /api/v1/artifacts/{hash}", "viewer"),
    ("GET /api/v1/schedule", "viewer"),
    ("GET /api/v1/connections", "viewer"),
    ("POST /api/v1/connections/{name}/test", "handler"),
    ("GET /api/v1/people", "admin"),
    ("POST /api/v1/people", "admin"),
    ("PATCH /api/v1/people/{name}", "admin"),
    ("DELETE /api/v1/people/{name}", "admin"),
    ("POST /api/v1/verify", "socket"),
    ("POST /api/v1/backup", "socket"),
    ("POST /api/v1/resume", "socket"),
    ("POST /api/v1/prune", "socket"),
    ("GET /api/v1/quarantine", "viewer"),
    ("GET /api/v1/events", "viewer"),
];

const ROLES: [(&str, Role); 4] = [
    ("viewer", Role::Viewer),
    ("handler", Role::Handler),
    ("author", Role::Author),
    ("admin", Role::Admin),
];

struct House {
    app: Router,
    daemon: Daemon,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("botswain.yaml"), "name: x\n").unwrap();
        let instance = Instance::at(folder.path()).unwrap();
        let daemon = Daemon::start(instance, Mode::Brief).await.unwrap();
        let guard = Guard {
            handle: daemon.handle.clone(),
            cookie: "session".to_owned(),
            is_encrypted: false,
        };
        House {
            app: router(guard),
            daemon,
            _folder: folder,
        }
    }

    /// What somebody's cookie and forms hold.
    async fn enter(&self, name: &str, role: Role) -> (String, String) {
        let (accounts, here) = (&self.daemon.handle.accounts, IpAddr::from([127, 0, 0, 1]));
        let rights = (role, Vec::new());
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
    for (name, role) in ROLES {
        people.push((role, house.enter(name, role).await));
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
        let least = ROLES.iter().find(|(name, _)| name == right);
        // Signing out would end what follows.
        let Some((_, least)) = least.filter(|_| *route != "POST /logout") else {
            continue;
        };
        for (role, (token, csrf)) in &people {
            let cookie = format!("session={token}");
            let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf)];
            let answer = house.ask(request(method, &path, &headers)).await;
            let is_refused = answer.status() == StatusCode::FORBIDDEN;
            assert_eq!(
                is_refused,
                role < least,
                "{route} by {role:?}: {}",
                answer.status()
            );
            assert!(!is_shut(&answer), "{route} by {role:?}");
            if method != "GET" && role >= least {
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

#[tokio::test]
async fn no_other_spelling_of_a_path_leads_past_the_guard() {
    let mut house = House::open().await;
    for path in [
        "/api/v1/runs/",
        "//api/v1/runs",
        "/api//v1/runs",
        "/api/v1/runs;x",
        "/api/v1/runs/configs",
        "/api/v1/runs%2f1",
        "/api/v1/people/../health",
        "/login/../api/v1/runs",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%252e%252e%252fbotswain.yaml",
        "/assets/..%5cbotswain.yaml",
        "/artifacts/..%2fkey",
        "/API/v1/runs",
        "/inbox.json",
    ] {
        let answer = house.ask(request("GET", path, &[])).await;
        let is_closed = is_shut(&answer) || answer.status() == StatusCode::NOT_FOUND;
        assert!(is_closed, "{path}: {}", answer.status());
    }
}

#[tokio::test]
async fn what_comes_from_another_site_changes_nothing() {
    let mut house = House::open().await;
    let (token, csrf) = house.enter("ann", Role::Admin).await;
    let cookie = format!("session={token}");
    let proof = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    for strange in [
        ("origin", "null"),
        ("origin", "https://127.0.0.1:8080"),
        ("origin", "http://127.0.0.1:8080.evil.example"),
        ("origin", "http://evil-127.0.0.1:8080"),
        ("origin", "HTTP://127.0.0.1:8080"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for path in ["/logout", "/login", "/look"] {
            let headers = [proof[0], proof[1], strange];
            let answer = house.ask(request("POST", path, &headers)).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {strange:?}");
        }
    }
    let here = [proof[0], proof[1], ("origin", "http://127.0.0.1:8080")];
    let answer = house.ask(request("POST", "/logout", &here)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let after = house.ask(request("GET", "/inbox", &proof)).await;
    assert!(is_shut(&after));
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_nothing_else() {
    let mut house = House::open().await;
    for path in ["/login", "/nowhere", "/assets/console.css", "/api/v1/runs"] {
        let answer = house.ask(request("GET", path, &[])).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    let page = house.ask(request("GET", "/login", &[])).await;
    let page = to_bytes(page.into_body(), FORM).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(
        !page.contains("style=") && !page.contains("onclick"),
        "{page}"
    );
}

#[test]
fn only_what_begins_as_a_picture_is_shown_as_one() {
    assert_eq!(picture(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
    assert_eq!(picture(b"<svg xml"), None);
    assert_eq!(picture(b"<html><b"), None);
    assert_eq!(picture(b""), None);
}
