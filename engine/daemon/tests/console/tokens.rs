//! Programs act for people by tokens: made on a page, shown once, worth nothing once revoked.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    house::{House, line},
    session::Session,
};

async fn made(session: &Session, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = session
        .ask(Method::POST, "/tokens")
        .form(fields)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let page = answer.text().await.unwrap();
    let token = page
        .split_once("class=\"token\">")
        .map_or(page.as_str(), |(_, it)| it);
    (status, token.split('<').next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_what_its_token_says_until_it_is_revoked() {
    let mut house = House::open();
    house.admit("ann", "handler", &[]);
    house.park(&[line("1", "4711", "ACME")]);
    let mut ann = Session::open(&house, "ann").await;
    let (status, reads) = made(
        &ann,
        &[("name", "report"), ("role", "viewer"), ("days", "30")],
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert!(reads.starts_with("bots_"), "{reads}");
    let (_, acts) = made(
        &ann,
        &[("name", "shop"), ("role", "handler"), ("days", "7")],
    )
    .await;
    // Not more than she may, not twice, and not for ever.
    for fields in [
        [("name", "big"), ("role", "admin"), ("days", "30")],
        [("name", "shop"), ("role", "viewer"), ("days", "30")],
        [("name", "long"), ("role", "viewer"), ("days", "400")],
    ] {
        let (status, _) = made(&ann, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
    }
    let page = ann.get("/tokens").await.text().await.unwrap();
    assert!(page.contains("report") && !page.contains(&reads), "{page}");

    let http = Client::new();
    let url = house.url.clone();
    let ask = |method: Method, path: &str, token: &str| {
        http.request(method, format!("{url}{path}"))
            .bearer_auth(token)
    };
    let resolution = format!(
        "/api/v1/exceptions/{}/resolution",
        house.open_exceptions()[0]
    );
    let remark = json!({ "decision": "remark", "note": "seen", "by": "mallory" });
    let status = async |token: &str| {
        let post = ask(Method::POST, &resolution, token).json(&remark);
        post.send().await.unwrap().status()
    };
    let runs = ask(Method::GET, "/api/v1/runs", &reads)
        .send()
        .await
        .unwrap();
    assert_eq!(runs.status(), StatusCode::OK);
    assert_eq!(status(&reads).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&acts).await, StatusCode::OK);
    assert_eq!(status("bots_no").await, StatusCode::UNAUTHORIZED);
    // It opens no page, and makes no other token.
    let inbox = ask(Method::GET, "/inbox", &acts).send().await.unwrap();
    assert!(inbox.url().path().starts_with("/login"), "{}", inbox.url());
    let another = json!({ "name": "other", "role": "viewer" });
    let another = ask(Method::POST, "/api/v1/tokens", &acts).json(&another);
    assert_eq!(
        another.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );

    let audit = house.json(&["audit", "--by", "ann", "--act", "decide"]);
    let told: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["outcome"], &it["with"]["token"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("done"), &json!("shop")),
            (&json!("refused"), &json!("report"))
        ]
    );
    let detail = house.json(&["exceptions", "show", "1"]);
    assert!(
        detail.to_string().contains("\"by\":\"ann\"") && !detail.to_string().contains("mallory")
    );

    // It outlives the daemon, is nowhere on the disk, and ends when it is revoked.
    house.start();
    ann.follow(&house);
    for file in ["accounts.json", "answers", "audit"] {
        let path = house.path(".botswain").join(file);
        let files = match path.is_dir() {
            true => std::fs::read_dir(path)
                .unwrap()
                .map(|it| it.unwrap().path())
                .collect(),
            false => vec![path],
        };
        for file in files {
            let kept = std::fs::read_to_string(file).unwrap_or_default();
            assert!(!kept.contains(&acts) && !kept.contains(&reads));
        }
    }
    let listed = house.json(&["user", "token", "list"]);
    let used: Vec<(&Value, bool)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["name"], it["used"].is_string()))
        .collect();
    assert_eq!(used, [(&json!("report"), true), (&json!("shop"), true)]);
    let url = house.url.clone();
    let get = |token: &str| http.get(format!("{url}/api/v1/runs")).bearer_auth(token);
    assert_eq!(get(&acts).send().await.unwrap().status(), StatusCode::OK);
    let revoke = ann.ask(Method::POST, "/tokens/ann/shop/revoke");
    assert_eq!(revoke.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(
        get(&acts).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert!(
        house
            .botswain(&["user", "token", "remove", "ann", "report"])
            .status
            .success()
    );
    assert_eq!(
        get(&reads).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    // At a desk one is made for anybody, and goes with the account.
    let made = house.json(&[
        "user", "token", "add", "ann", "desk", "--role", "handler", "--days", "1",
    ]);
    let desk = made["token"].as_str().unwrap();
    assert_eq!(get(desk).send().await.unwrap().status(), StatusCode::OK);
    house.admit("cid", "admin", &[]);
    assert!(house.botswain(&["user", "remove", "ann"]).status.success());
    assert_eq!(
        get(desk).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}
