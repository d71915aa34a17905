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

use botswain_views::{Act, AuditEntry, AuditQuery, Outcome, Role};

use super::*;
use crate::{
    accounts::{NewToken, Rights},
    audit::ACTS,
    daemon::{Daemon, Mode},
    instance::Instance,
};

mod folders;
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
    let (token, csrf) = house.enter("ann", (Role::Admin, Vec::new())).await;
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

fn last(house: &House) -> u64 {
    since(house, 0).last().map_or(0, |it| it.number)
}

/// Those that change nothing, though they are no GET.
const UNRECORDED: [&str; 12] = [
    "POST /look",
    "POST /clusters/{cause}/preview",
    "POST /selection/preview",
    "POST /workflows/{name}/check",
    "POST /workflows/{name}/test",
    "POST /workflows/{name}/proposal/test",
    "POST /api/v1/workflows/{name}/check",
    "POST /api/v1/workflows/{name}/completion",
    "POST /api/v1/workflows/{name}/test",
    "POST /runs/{run}/replay",
    "POST /api/v1/runs/{run}/replay",
    "POST /account/factor",
];

#[tokio::test]
async fn each_route_that_changes_something_is_in_the_audit() {
    let mut house = House::open().await;
    let (token, csrf) = house.enter("ann", (Role::Admin, Vec::new())).await;
    let eve = house.enter("eve", (Role::Viewer, Vec::new())).await;
    let named: BTreeSet<String> = ACTS
        .iter()
        .map(|(verb, path, _)| format!("{verb} {path}"))
        .collect();
    let all: Vec<Route> = api::routes().into_iter().chain(routes()).collect();
    let changing = all.iter().filter(|it| !it.method.is_safe());
    let changing: BTreeSet<String> = changing
        .map(|it| format!("{} {}", it.method, it.path))
        .collect();
    assert_eq!(named, changing, "each has its act in audit/acts.rs");
    let cookie = format!("session={token}");
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let hers = format!("session={}", eve.0);
    let hers = [("cookie", hers.as_str()), ("x-csrf-token", eve.1.as_str())];
    let mut socket = api::router(house.daemon.handle.clone());
    // Signing out comes last: it would end what follows.
    let (out, rest): (Vec<_>, Vec<_>) = changing.iter().partition(|it| *it == "POST /logout");
    for route in rest.into_iter().chain(out) {
        let (method, path) = route.split_once(' ').unwrap();
        let filled = filled(path);
        let is_local = MEANT.contains(&(route.as_str(), "socket"));
        let begin = last(&house);
        let status = match is_local {
            true => {
                let Ok(answer) = socket.call(request(method, &filled, &[])).await;
                answer.status()
            }
            false => house.ask(request(method, &filled, &headers)).await.status(),
        };
        let found = since(&house, begin);
        if UNRECORDED.contains(&route.as_str()) {
            assert!(found.is_empty(), "{route}: {found:?}");
            continue;
        }
        let [entry] = &found[..] else {
            panic!("{route} is in the audit as {found:?}");
        };
        assert_eq!(entry.way, *route);
        assert_eq!(entry.status, Some(status.as_u16()), "{route}");
        assert_ne!(entry.act, Act::Other, "{route}");
        let by = match (is_local, path) {
            (true, _) => "botswain",
            // Nobody has said who they are.
            (false, "/login" | "/login/code") => "",
            _ => "ann",
        };
        assert_eq!(entry.by, by, "{route}");

        // What somebody may not do stands there too, and whoever has not signed in writes nothing.
        let meant = MEANT.iter().find(|(it, _)| it == route).unwrap().1;
        if ["anyone", "socket", "signed in"].contains(&meant) || meant.starts_with("viewer") {
            continue;
        }
        let begin = last(&house);
        house.ask(request(method, &filled, &hers)).await;
        let found = since(&house, begin);
        assert_eq!(found.len(), 1, "{route}");
        let told = (
            found[0].by.as_str(),
            found[0].outcome,
            found[0].problem.as_deref(),
        );
        assert_eq!(
            told,
            ("eve", Outcome::Refused, Some("access.role")),
            "{route}"
        );
        house.ask(request(method, &filled, &[])).await;
        assert_eq!(since(&house, begin).len(), 1, "{route} by nobody");
    }
    assert!(house.daemon.handle.audit.verify().unwrap().is_good());
}

fn form(path: &str, headers: &[(&str, &str)], fields: &str) -> Request<Body> {
    let (parts, _) = request("POST", path, headers).into_parts();
    let mut request = Request::from_parts(parts, Body::from(fields.to_owned()));
    let media = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, media);
    request
}

#[tokio::test]
async fn the_audit_knows_who_and_what_and_no_password() {
    let mut house = House::open().await;
    let (token, csrf) = house.enter("ann", (Role::Admin, Vec::new())).await;
    house.daemon.handle.parts.redactor.learn(["open sesame"]);
    let cookie = format!("session={token}");
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let begin = last(&house);
    for (path, fields) in [
        // A password in the place of the name, a wrong one, and the right one.
        ("/login", "name=correct+horse+battery&password=x"),
        ("/login", "name=ann&password=correct+donkey+battery"),
        ("/login", "name=ann&password=correct+horse+battery"),
    ] {
        house.ask(form(path, &[], fields)).await;
    }
    let fields = "name=ben&role=handler&password=correct+horse+battery&groups=";
    house.ask(form("/people", &headers, fields)).await;
    let fields = "note=open+sesame,%0a%3d1&password=y&secret=z";
    house
        .ask(form("/workflows/x/pause", &headers, fields))
        .await;
    let found = since(&house, begin);
    let told = found
        .iter()
        .map(|it| (it.by.as_str(), it.on.as_str(), it.outcome));
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            ("", "", Outcome::Refused),
            ("ann", "", Outcome::Refused),
            ("ann", "", Outcome::Done),
            ("ann", "person ben", Outcome::Done),
            ("ann", "workflow x", Outcome::Refused),
        ]
    );
    assert_eq!(found[3].with["password"], "given");
    assert_eq!(found[4].with["note"], "•••, =1");
    let folder = house.daemon.handle.parts.instance.private().audit();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for secret in [
            "correct horse",
            "correct donkey",
            "open sesame",
            &token,
            &csrf,
        ] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let mut house = House::open().await;
    let (token, csrf) = house.enter("ann", (Role::Admin, Vec::new())).await;
    let cookie = format!("session={token}");
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let folder = house.daemon.handle.parts.instance.private().audit();
    // A file stands in the place of the folder.
    std::fs::write(&folder, "").unwrap();
    let fields = "name=ben&role=handler&password=correct+horse+battery&groups=";
    let answer = house.ask(form("/people", &headers, fields)).await;
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);
    assert!(!house.daemon.handle.accounts.has("ben"));
}
