//! Nobody decides on what somebody else has changed meanwhile.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    house::{House, line},
    session::Session,
};

async fn tag(session: &Session, path: &str) -> String {
    let answer = session.get(path).await;
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

async fn decided(session: &Session, path: &str, tag: Option<&str>, decision: Value) -> Response {
    let body = json!({ "decision": decision, "note": "seen" });
    let mut request = session.post(&format!("{path}/resolution"), &body);
    if let Some(tag) = tag {
        request = request.header("If-Match", tag);
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_what_was_changed_meanwhile_says_who_acted() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.admit("ben", "handler", &[]);
    house.park(&[line("1", "4711", "ACME")]);
    let path = format!("/api/v1/exceptions/{}", house.open_exceptions()[0]);
    let (ann, ben) = (
        Session::open(&house, "ann").await,
        Session::open(&house, "ben").await,
    );
    let seen = tag(&ann, &path).await;

    // Ben takes it on, and Ann, who has not seen that, does nothing to it.
    let assign = json!({ "assign": { "to": "ben" } });
    assert_eq!(
        decided(&ben, &path, Some(&seen), assign).await.status(),
        StatusCode::OK
    );
    let stale = decided(&ann, &path, Some(&seen), json!("skip")).await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    let problem: Value = stale.json().await.unwrap();
    assert_eq!(problem["type"], "exception.changed");
    let title = problem["title"].as_str().unwrap();
    assert!(title.starts_with("ben has acted on exception"), "{title}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("assign by ben at "),
        "{problem}"
    );
    assert_eq!(house.open_exceptions().len(), 1);

    // A remark, without a look at anything, changes it too; what names no state never fits.
    assert_eq!(
        decided(&ben, &path, None, json!("remark")).await.status(),
        StatusCode::OK
    );
    for tag in ["\"1\"", "W/\"2\"", "\"99\"", "2"] {
        let stale = decided(&ann, &path, Some(tag), json!("skip")).await;
        assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED, "{tag}");
    }

    let seen = tag(&ann, &path).await;
    assert_eq!(seen, "\"2\"");
    let both = format!("\"0\", {seen}");
    assert_eq!(
        decided(&ann, &path, Some(&both), json!("skip"))
            .await
            .status(),
        StatusCode::OK
    );
    let closed = decided(&ben, &path, Some(&seen), json!("retry")).await;
    assert_eq!(closed.status(), StatusCode::PRECONDITION_FAILED);
    let problem: Value = closed.json().await.unwrap();
    assert!(
        problem["title"]
            .as_str()
            .unwrap()
            .ends_with("was decided by ann"),
        "{problem}"
    );
    assert_eq!(
        decided(&ben, &path, None, json!("retry")).await.status(),
        StatusCode::NOT_FOUND
    );
}

/// What the forms on the page of an exception say that they have seen.
async fn page(session: &Session, path: &str) -> (String, String) {
    let page = session.get(path).await.text().await.unwrap();
    let (_, seen) = page.split_once("name=\"seen\" value=\"").unwrap();
    let seen = seen.split('"').next().unwrap().to_owned();
    (page, seen)
}

async fn sent(session: &Session, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let form = session.ask(Method::POST, &format!("{path}/decision"));
    let answer = form.form(fields).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_whoever_comes_second_does_nothing_and_keeps_what_was_written() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.admit("ben", "handler", &[]);
    house.park(&[line("1", "4711", "ACME")]);
    let path = format!("/exceptions/{}", house.open_exceptions()[0]);
    let (ann, ben) = (
        Session::open(&house, "ann").await,
        Session::open(&house, "ben").await,
    );
    let (_, seen) = page(&ann, &path).await;
    assert_eq!(seen, page(&ben, &path).await.1);

    let takes = [
        ("decision", "assign"),
        ("assignee", "ben"),
        ("seen", seen.as_str()),
    ];
    assert_eq!(sent(&ben, &path, &takes).await.0, StatusCode::SEE_OTHER);
    let skips = |seen| {
        [
            ("decision", "skip"),
            ("note", "only a trial order"),
            ("seen", seen),
        ]
    };
    let (status, told) = sent(&ann, &path, &skips(&seen)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.contains("ben has acted on exception"), "{told}");
    assert!(told.contains("only a trial order"), "{told}");
    assert_eq!(house.open_exceptions().len(), 1);

    // The page that says so shows what Ben did, and its forms have seen it.
    let (shown, now) = page(&ann, &path).await;
    assert!(shown.contains("ben") && now != seen, "{shown}");
    assert!(told.contains(&format!("name=\"seen\" value=\"{now}\"")));
    assert_eq!(
        sent(&ann, &path, &skips(&now)).await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.open_exceptions().len(), 0);

    // Whoever comes after the end is told who was first.
    let retries = [("decision", "retry"), ("seen", now.as_str())];
    let (status, told) = sent(&ben, &path, &retries).await;
    assert_eq!(status, StatusCode::OK);
    assert!(told.contains("ann"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_have_seen_the_same_one_decides() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.park(&[line("1", "4711", "ACME")]);
    let path = format!("/api/v1/exceptions/{}", house.open_exceptions()[0]);
    let ann = Session::open(&house, "ann").await;
    let seen = tag(&ann, &path).await;
    let all = (0..20).map(|_| decided(&ann, &path, Some(&seen), json!("remark")));
    let answers = futures_util::future::join_all(all).await;
    let done = answers
        .iter()
        .filter(|it| it.status() == StatusCode::OK)
        .count();
    let stale = answers
        .iter()
        .filter(|it| it.status() == StatusCode::PRECONDITION_FAILED)
        .count();
    assert_eq!((done, stale), (1, 19));
    assert_eq!(tag(&ann, &path).await, "\"1\"");
}
