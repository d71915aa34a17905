//! What changes something is in the audit: who, what, how it ended, and no password.

use botswain_views::{Act, Outcome};

use super::*;
use crate::audit::ACTS;

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
