//! A change that is asked for again under the same key is done once.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    house::{House, line, wait_for},
    session::Session,
};

const RUNS: &str = "/api/v1/runs";

fn start(order: &str) -> Value {
    json!({ "workflow": "lines", "inputs": { "lines": [line(order, "0001", "ACME")] } })
}

async fn asked(session: &Session, key: &str, body: &Value) -> Response {
    let request = session.post(RUNS, body).header("Idempotency-Key", key);
    request.send().await.unwrap()
}

async fn problem(response: Response) -> (StatusCode, String) {
    let status = response.status();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem: Value = response.json().await.unwrap();
    (status, problem["type"].as_str().unwrap().to_owned())
}

async fn runs(session: &Session) -> usize {
    let runs: Vec<Value> = session.get(RUNS).await.json().await.unwrap();
    runs.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_done_once_and_answered_again_also_by_the_next_daemon() {
    let mut house = House::open();
    house.admit("ann", "handler", &[]);
    house.admit("ben", "handler", &[]);
    let mut ann = Session::open(&house, "ann").await;
    let first = asked(&ann, "a", &start("1")).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    assert!(!first.headers().contains_key("idempotency-replayed"));
    let first: Value = first.json().await.unwrap();

    let again = asked(&ann, "a", &start("1")).await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.headers()["content-type"], "application/json");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(runs(&ann).await, 1);

    // Another request under the key, and a key that is none.
    let reused = problem(asked(&ann, "a", &start("2")).await).await;
    let unfit = problem(asked(&ann, "not a key", &start("2")).await).await;
    assert_eq!(
        reused,
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency.reused".to_owned()
        )
    );
    assert_eq!(
        unfit,
        (StatusCode::BAD_REQUEST, "idempotency.key".to_owned())
    );
    // Whoever has looked again since, and says so, asks for something else.
    let request = ann.post(RUNS, &start("1")).header("Idempotency-Key", "a");
    let looked = request.header("If-Match", "\"2\"").send().await.unwrap();
    assert_eq!(problem(looked).await.1, "idempotency.reused");
    assert_eq!(runs(&ann).await, 1);

    // What was refused is refused again, and the key of somebody else is another.
    let refused = json!({ "workflow": "none" });
    let refusals = [
        asked(&ann, "b", &refused).await,
        asked(&ann, "b", &refused).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let ben = Session::open(&house, "ben").await;
    assert_eq!(
        asked(&ben, "a", &start("3")).await.status(),
        StatusCode::CREATED
    );
    assert_eq!(runs(&ann).await, 2);

    house.start();
    ann.follow(&house);
    let later = asked(&ann, "a", &start("1")).await;
    assert_eq!(later.headers()["idempotency-replayed"], "true");
    assert_eq!(later.json::<Value>().await.unwrap(), first);
    assert_eq!(runs(&ann).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_at_once_one_is_served() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    let ann = Session::open(&house, "ann").await;
    let body = start("1");
    let all = (0..20).map(|_| asked(&ann, "a", &body));
    let answers = futures_util::future::join_all(all).await;
    let mut first = 0;
    for answer in answers {
        match answer.status() {
            StatusCode::CREATED if !answer.headers().contains_key("idempotency-replayed") => {
                first += 1
            }
            StatusCode::CREATED => (),
            _ => assert_eq!(
                problem(answer).await,
                (StatusCode::CONFLICT, "idempotency.busy".to_owned())
            ),
        }
    }
    assert_eq!(first, 1);
    assert_eq!(runs(&ann).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_is_told_later() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    let ann = Session::open(&house, "ann").await;
    for key in ["a", "b", "c", "d"] {
        let body = start(key);
        let request = ann.post(RUNS, &body).header("Idempotency-Key", key);
        let hung_up = tokio::time::timeout(Duration::from_millis(1), request.send());
        drop(hung_up.await);
        let mut later = asked(&ann, key, &body).await;
        while later.status() == StatusCode::CONFLICT {
            assert_eq!(problem(later).await.1, "idempotency.busy");
            later = asked(&ann, key, &body).await;
        }
        assert_eq!(later.status(), StatusCode::CREATED);
    }
    assert_eq!(runs(&ann).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_and_not_answered_is_not_done_again() {
    let mut house = House::open();
    house.admit("ann", "handler", &[]);
    let mut ann = Session::open(&house, "ann").await;
    asked(&ann, "a", &start("1")).await;
    // As a kill between the two lines of the key leaves it.
    let path = house.path(".botswain/answers");
    let lines = std::fs::read_to_string(&path).unwrap();
    let begun = lines.lines().next().unwrap();
    assert!(begun.contains("\"answer\":null"), "{begun}");
    house.write(".botswain/answers", &format!("{begun}\n{{\"at\":\"2026"));
    house.start();
    ann.follow(&house);
    let unknown = problem(asked(&ann, "a", &start("1")).await).await;
    assert_eq!(
        unknown,
        (StatusCode::CONFLICT, "idempotency.unknown".to_owned())
    );
    assert_eq!(runs(&ann).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_leaves_a_trace() {
    let house = House::open();
    house.admit("ann", "admin", &[]);
    let ann = Session::open(&house, "ann").await;
    let body = json!({ "name": "eve", "password": "correct battery horse", "role": "viewer" });
    let add = || {
        ann.post("/api/v1/people", &body)
            .header("Idempotency-Key", "p")
            .send()
    };
    assert_eq!(add().await.unwrap().status(), StatusCode::CREATED);
    let again = add().await.unwrap();
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    asked(&ann, "r", &start("1")).await;
    let kept = std::fs::read_to_string(house.path(".botswain/answers")).unwrap();
    assert!(
        kept.contains("\"key\":\"r\"") && !kept.contains("\"key\":\"p\""),
        "{kept}"
    );
}

#[test]
fn the_command_line_gives_each_change_a_key() {
    let house = House::open();
    house.park(&[line("1", "4711", "ACME")]);
    let id = house.open_exceptions()[0].to_string();
    assert!(
        house
            .botswain(&["exceptions", "skip", &id])
            .status
            .success()
    );
    let kept = wait_for("the answers", || {
        let kept = std::fs::read_to_string(house.path(".botswain/answers")).ok()?;
        (kept.lines().count() >= 4).then_some(kept)
    });
    let line = |it: &str| serde_json::from_str::<Value>(it).unwrap();
    let keys: Vec<Value> = kept.lines().map(|it| line(it)["key"].clone()).collect();
    assert!(
        keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2],
        "{kept}"
    );
}
