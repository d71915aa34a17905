//! What somebody is shown who has a role in one folder alone: every list and every page is walked,
//! and nothing of another folder may stand in it.

use botswain_core::{ArtifactRef, ExceptionId, RunId};
use botswain_views::FolderRoles;
use indexmap::IndexMap;
use serde_json::json;

use super::*;
use crate::{
    api::files,
    views::{ExceptionsQuery, Sight},
};

mod halls;

use self::halls::*;

/// Where the word of a folder stands for whoever sees everything. A route that is new and shows
/// something of workflows fails the test until it is named here, and is walked then.
const SHOWN: &[&str] = &[
    "GET /api/v1/artifacts/{hash}",
    "GET /api/v1/bulk/{id}",
    "GET /api/v1/exceptions",
    "GET /api/v1/exceptions/{id}",
    "GET /api/v1/inbox",
    "GET /api/v1/insights",
    "GET /api/v1/insights/export",
    "GET /api/v1/runs",
    "GET /api/v1/runs/{run}",
    "GET /api/v1/runs/{run}/evidence",
    "GET /api/v1/runs/{run}/items/{step}",
    "GET /api/v1/schedule",
    "GET /api/v1/versions/{hash}",
    "GET /api/v1/workflows",
    "GET /api/v1/workflows/{name}",
    "GET /api/v1/workflows/{name}/file",
    "GET /api/v1/workflows/{name}/versions/{number}",
    "GET /artifacts/{hash}",
    "GET /bulk/{id}",
    "GET /calendar",
    "GET /exceptions/{id}",
    "GET /inbox",
    "GET /insights",
    "GET /insights/export",
    "GET /new-workflow",
    "GET /people",
    "GET /runs",
    "GET /runs/{run}",
    "GET /runs/{run}/evidence",
    "GET /runs/{run}/items/{step}",
    "GET /tokens",
    "GET /workflows",
    "GET /workflows/{name}",
    "GET /workflows/{name}/edit",
    "GET /workflows/{name}/versions/{number}",
];

#[tokio::test]
async fn nothing_of_another_folder_stands_anywhere() {
    let mut halls = Halls::open().await;
    let admin = halls.admin().await;
    let everything = halls.told(&admin, |it| &it.hidden).await;
    assert_eq!(everything, SHOWN.iter().copied().collect());
    assert_eq!(halls.told(&admin, |it| &it.open).await, everything);
    // What is not of one workflow, and what is for authors, is left to those who may.
    let writing = |route: &&str| {
        let ends = ["/edit", "/file", "/new-workflow"];
        ends.iter().any(|it| route.ends_with(it))
    };
    let apart = |route: &&str| !route.contains("/people") && !writing(route);
    let seen: BTreeSet<&str> = everything.iter().copied().filter(apart).collect();
    for role in [Role::Viewer, Role::Handler, Role::Author] {
        let limited = halls.limited(role.name(), role).await;
        let told = halls.told(&limited, |it| &it.hidden).await;
        assert!(told.is_empty(), "{role:?}: {told:?}");
        let mut own = seen.clone();
        // In which folders they have a role.
        own.insert("GET /account");
        if role == Role::Author {
            own.extend(everything.iter().copied().filter(writing));
        }
        assert_eq!(halls.told(&limited, |it| &it.open).await, own, "{role:?}");
    }
    // A token that is limited to a folder, of somebody who may everything.
    let new = NewToken {
        person: "ann".to_owned(),
        name: "reader".to_owned(),
        role: Role::Viewer,
        folders: vec![OPEN.to_owned()],
        expires: Timestamp::now() + jiff::SignedDuration::from_hours(1),
    };
    let token = halls.house.daemon.handle.accounts.add_token(new).unwrap();
    let program = Who::Program(format!("Bearer {token}"));
    let told = halls.told(&program, |it| &it.hidden).await;
    assert!(told.is_empty(), "{told:?}");
    let mut own = seen;
    own.retain(|route| route.contains(" /api/"));
    // In which folders it may anything.
    own.insert("GET /api/v1/tokens");
    assert_eq!(halls.told(&program, |it| &it.open).await, own);
}

#[tokio::test]
async fn numbers_count_only_what_somebody_sees() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Viewer).await;
    let admin = halls.admin().await;
    // In each folder one is put off, and one is taken on.
    let handle = halls.house.daemon.handle.clone();
    let until = Timestamp::now() + jiff::SignedDuration::from_hours(9);
    for known in [&halls.hidden, &halls.open] {
        let stopped = waiting(&halls.house, &format!("{}-stops", known.word)).remove(0);
        let to = if known.word == OPEN { "mia" } else { "eve" };
        for (id, decision) in [
            (stopped.id, json!({ "snooze": { "until": until } })),
            (known.exception, json!({ "assign": { "to": to } })),
        ] {
            let resolving = serde_json::from_value(json!({ "decision": decision })).unwrap();
            let asked = (id, api::precondition::IfMatch::default());
            api::decisions::decide(&handle, &Principal::local(), asked, resolving)
                .await
                .unwrap();
        }
    }
    for (who, waiting, files) in [(&mia, 2, 3), (&admin, 4, 6)] {
        let counts: Value = serde_json::from_str(&halls.get(who, "/counts").await.1).unwrap();
        assert_eq!(counts["open"], waiting, "{counts}");
        assert_eq!(counts["approvals"], waiting / 2, "{counts}");
        assert_eq!(counts["snoozed"], waiting / 2, "{counts}");
        assert_eq!(counts["mine"], 1, "{counts}");
        let health = halls.get(who, "/api/v1/health").await.1;
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["exceptions"], waiting);
        assert_eq!(health["workflows"], files);
        let insights = halls.get(who, "/api/v1/insights").await.1;
        let insights: Value = serde_json::from_str(&insights).unwrap();
        assert_eq!(insights["figures"]["runs"], waiting);
    }
}

#[tokio::test]
async fn a_file_is_had_by_those_who_see_a_run_that_names_it() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Author).await;
    let (own, theirs) = (halls.open.file.clone(), halls.hidden.file.clone());
    let (run, other) = (halls.open.run.clone(), halls.hidden.run.clone());
    let item = format!("{run}.lines.0");
    for way in ["/artifacts", "/api/v1/artifacts"] {
        for (file, of, status) in [
            (&own, format!("?run={run}"), 200),
            // What is around a run is seen where it is.
            (&own, format!("?run={item}"), 200),
            (&own, String::new(), 404),
            (&own, format!("?run={other}"), 404),
            (&own, "?run=4711".to_owned(), 404),
            (&theirs, format!("?run={run}"), 404),
            (&theirs, format!("?run={other}"), 404),
        ] {
            let path = format!("{way}/{}{of}", file.as_str());
            let (came, body) = halls.get(&mia, &path).await;
            assert_eq!(came, status, "{path}: {body}");
        }
    }
    let admin = halls.admin().await;
    let path = format!("/artifacts/{}", theirs.as_str());
    assert_eq!(halls.get(&admin, &path).await.0, StatusCode::OK);
}

#[tokio::test]
async fn who_sees_a_run_sees_what_it_has_called_and_acts_on_nothing_there() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Author).await;
    let handle = halls.house.daemon.handle.clone();
    handle
        .run("caller", IndexMap::new(), None, "ann")
        .await
        .unwrap();
    let called = loop {
        let mut parked = waiting(&halls.house, &format!("{HIDDEN}-stops"));
        match parked.len() {
            2 => break parked.remove(1),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    for path in [
        format!("/runs/{}", called.run),
        format!("/api/v1/runs/{}", called.run),
        format!("/exceptions/{}", called.id),
        format!("/runs/{}/items/go", RunId::root(called.run.number())),
    ] {
        assert_eq!(halls.get(&mia, &path).await.0, StatusCode::OK, "{path}");
    }
    // The names of what is in a bundle stand in it as they are; the text of the called one is not there.
    let bundle = format!("/runs/{}/evidence", RunId::root(called.run.number()));
    let admin = halls.admin().await;
    for (who, is_there) in [(&mia, false), (&admin, true)] {
        let (status, bundle) = halls.get(who, &bundle).await;
        assert_eq!(status, StatusCode::OK);
        assert!(bundle.contains("workflows/caller."));
        let name = format!("workflows/{HIDDEN}-stops.");
        assert_eq!(bundle.contains(&name), is_there);
    }
    let (_, page) = halls.get(&mia, &format!("/exceptions/{}", called.id)).await;
    assert!(
        !page.contains("fingerprint="),
        "no others are told of: {page}"
    );
    let (_, inbox) = halls.get(&mia, "/inbox?show=newest").await;
    assert!(
        !inbox.contains(&format!("/exceptions/{}", called.id)),
        "{inbox}"
    );
    for path in [
        format!("/runs/{}/cancel", called.run),
        format!("/exceptions/{}/decision", called.id),
    ] {
        let answer = halls
            .house
            .ask(request("POST", &path, &mia.headers()))
            .await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn what_is_chosen_for_many_is_only_what_somebody_sees() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Handler).await;
    let (own, theirs) = (halls.open.exception, halls.hidden.exception);
    let fields = format!("decision=abandon&exception={own}&exception={theirs}");
    let answer = halls
        .house
        .ask(form("/selection/preview", &mia.headers(), &fields))
        .await;
    let page = to_bytes(answer.into_body(), FORM).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(
        page.contains(&data(OPEN)) && !page.contains(&data(HIDDEN)),
        "{page}"
    );
    assert!(!page.contains("left out"), "{page}");
    let of_cause = format!("/clusters/{}/preview", halls.hidden.cause.as_str());
    let alone = format!("decision=abandon&exception={theirs}");
    for (path, fields) in [
        (of_cause.as_str(), "decision=abandon"),
        ("/selection/preview", alone.as_str()),
    ] {
        let answer = halls.house.ask(form(path, &mia.headers(), fields)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // The form of a workflow is not filled with what a run of another was given.
    let path = format!("/workflows/{OPEN}-deals?again={}", halls.hidden.run);
    assert!(!halls.get(&mia, &path).await.1.contains(HIDDEN));
}

#[tokio::test]
async fn a_decision_about_many_of_which_some_are_closed_is_not_shown_to_who_sees_a_part() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Handler).await;
    let handle = halls.house.daemon.handle.clone();
    let ask = async |exceptions: Vec<ExceptionId>| {
        let about = json!({ "exceptions": exceptions, "decision": "remark", "note": data(HIDDEN) });
        let about = serde_json::from_value(about).unwrap();
        api::bulk::ask(&handle, &Principal::local(), about)
            .await
            .unwrap()
            .id
    };
    // One that is not there any more may have been of any folder.
    let closed = ask(vec![ExceptionId(4711)]).await;
    let some = ask(vec![halls.open.exception, ExceptionId(4711)]).await;
    let own = ask(vec![halls.open.exception]).await;
    for (id, status) in [(closed, 404), (some, 404), (own, 200)] {
        for way in ["/bulk", "/api/v1/bulk"] {
            let (came, body) = halls.get(&mia, &format!("{way}/{id}")).await;
            assert_eq!(came, status, "{way}/{id}: {body}");
        }
    }
}

#[tokio::test]
async fn who_does_not_see_everything_gives_a_file_and_no_path() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Handler).await;
    let path = format!("workflows/{HIDDEN}/{HIDDEN}-deals.yaml");
    let begin = |sheet: &Value| {
        let body = json!({ "workflow": format!("{OPEN}-deals"), "inputs": { "order": "1", "sheet": sheet } });
        let (mut head, _) = request("POST", "/api/v1/runs", &mia.headers()).into_parts();
        let json = HeaderValue::from_static("application/json");
        head.headers.insert(header::CONTENT_TYPE, json);
        Request::from_parts(head, Body::from(body.to_string()))
    };
    let answer = halls.house.ask(begin(&json!(path))).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let upload = api::form::Upload {
        name: "own.csv".to_owned(),
        media: "text/csv".to_owned(),
        content: axum::body::Bytes::from_static(b"1;2\n"),
    };
    let kept = files::keep(&halls.house.daemon.handle, upload)
        .await
        .unwrap();
    let answer = halls.house.ask(begin(&kept.to_value())).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn who_sees_a_run_that_was_called_sees_no_file_of_the_one_around_it() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Viewer).await;
    let handle = halls.house.daemon.handle.clone();
    let theirs = halls.hidden.file.clone();
    let sheet = json!({ "$artifact": theirs, "name": "a.csv", "media": "text/csv", "size": data(HIDDEN).len() + 3 });
    let inputs = IndexMap::from([("sheet".to_owned(), sheet)]);
    handle.run("outer", inputs, None, "ann").await.unwrap();
    let called = loop {
        let mut parked = waiting(&halls.house, &format!("{OPEN}-stops"));
        match parked.len() {
            2 => break parked.remove(1).run,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert_eq!(
        halls.get(&mia, &format!("/runs/{called}")).await.0,
        StatusCode::OK
    );
    let path = format!("/artifacts/{}?run={called}", theirs.as_str());
    assert_eq!(halls.get(&mia, &path).await.0, StatusCode::NOT_FOUND);
    let admin = halls.admin().await;
    assert_eq!(halls.get(&admin, &path).await.0, StatusCode::OK);
}

/// The next thing that is told to somebody who watches.
async fn told(stream: &mut axum::body::BodyDataStream) -> String {
    use futures_util::StreamExt;
    let piece = stream.next().await.unwrap().unwrap();
    String::from_utf8(piece.to_vec()).unwrap()
}

#[tokio::test]
async fn who_watches_hears_of_what_they_see() {
    let mut halls = Halls::open().await;
    let mia = halls.limited("mia", Role::Viewer).await;
    let handle = halls.house.daemon.handle.clone();
    let mut watching = Vec::new();
    for path in ["/events", "/api/v1/events"] {
        let answer = halls.house.ask(request("GET", path, &mia.headers())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        watching.push(answer.into_body().into_data_stream());
    }
    let start = async |workflow: &str| {
        let started = handle.run(workflow, IndexMap::new(), None, "ann").await;
        let botswain_core::engine::event::Reply::Started { run } = started.unwrap() else {
            panic!("it begins");
        };
        run
    };
    start(&format!("{HIDDEN}-stops")).await;
    let own = start(&format!("{OPEN}-stops")).await;
    for stream in &mut watching {
        // The first thing that is heard is about the one that is seen.
        let first = told(stream).await;
        let about = [format!("\"run\":\"{own}\""), format!("\"runs\":[{own}]")];
        assert!(about.iter().any(|it| first.contains(it)), "{first}");
        assert!(!first.contains(HIDDEN), "{first}");
    }
}

#[tokio::test]
async fn whoever_has_no_role_anywhere_sees_their_account_alone() {
    let mut halls = Halls::open().await;
    let rights = (Role::None, Vec::new());
    let (token, csrf) = halls.house.enter("zoe", rights).await;
    let zoe = Who::Person(format!("session={token}"), csrf);
    for path in [
        "/inbox",
        "/runs",
        "/workflows",
        "/counts",
        "/events",
        "/insights",
        "/api/v1/health",
    ] {
        let (status, body) = halls.get(&zoe, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert!(!body.contains(HIDDEN) && !body.contains(OPEN), "{path}");
    }
    let (_, inbox) = halls.get(&zoe, "/inbox").await;
    assert!(inbox.contains("an admin gives a role"), "{inbox}");
    assert_eq!(halls.get(&zoe, "/account").await.0, StatusCode::OK);
}
