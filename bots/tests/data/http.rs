//! `http.get`, `http.request` and the connection `web`, against a real server.

use std::sync::atomic::Ordering;

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{
    shop::{connected, get_path, kind, nobody, request, rude, serve, served},
    support::Instance,
};

#[tokio::test]
async fn an_answer_is_json_with_its_digits_or_text_or_a_file() {
    let (instance, _) = served().await;
    let json = get_path(&instance, "/json").await.expect("answered");
    assert_eq!(json["status"], 200);
    assert_eq!(
        json["body"].to_string(),
        r#"{"amount":10.10,"big":12345678901234567890.5}"#
    );
    assert_eq!(json["headers"]["content-type"], "application/json");
    assert!(json["headers"].get("set-cookie").is_none());

    let text = get_path(&instance, "latin").await.expect("answered");
    assert_eq!(text["body"], "Käse");

    let pdf = get_path(&instance, "/pdf").await.expect("answered");
    assert_eq!(
        (&pdf["body"], &pdf["file"]["name"]),
        (&Value::Null, &json!("response.pdf"))
    );
    assert_eq!(instance.artifact(&pdf["file"]), b"%PDF\x80");

    let empty = get_path(&instance, "/empty").await.expect("answered");
    assert_eq!(
        (&empty["status"], &empty["body"]),
        (&json!(204), &Value::Null)
    );

    let fault = get_path(&instance, "/broken").await.expect_err("no JSON");
    assert_eq!(kind(&fault), "Business None http.body");
    let fault = request(&instance, "POST", "/broken")
        .await
        .expect_err("no JSON");
    assert_eq!(kind(&fault), "Business Unknown http.body");
}

#[tokio::test]
async fn a_request_carries_what_the_step_says() {
    let (instance, _) = served().await;
    let with = json!({
        "method": "POST",
        "path": "/echo?fixed=1",
        "query": { "reference": "a b", "tag": ["x", "ü"], "page": 2, "none": null },
        "headers": { "X-Shop": "7" },
        "json": serde_json::from_str::<Value>(r#"{"amount":10.10}"#).expect("JSON"),
    });
    let echo = &instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect("answered")["body"];
    assert_eq!(echo["method"], "POST");
    assert_eq!(
        echo["query"],
        "fixed=1&reference=a+b&tag=x&tag=%C3%BC&page=2"
    );
    assert_eq!(echo["body"], r#"{"amount":10.10}"#);
    assert_eq!(echo["headers"]["x-shop"], "7");
    assert_eq!(echo["headers"]["content-type"], "application/json");
    assert_eq!(echo["headers"]["idempotency-key"], "1.step.1");

    let with = json!({ "method": "PUT", "path": "/echo", "form": { "a": "1 & 2", "b": true } });
    let echo = &instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect("answered")["body"];
    assert_eq!(echo["body"], "a=1+%26+2&b=true");
    assert_eq!(
        echo["headers"]["content-type"],
        "application/x-www-form-urlencoded"
    );

    let with = json!({ "method": "PATCH", "path": "/echo", "text": "<a/>", "headers": { "content-type": "text/xml" } });
    let echo = &instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect("answered")["body"];
    assert_eq!(
        (&echo["body"], &echo["headers"]["content-type"]),
        (&json!("<a/>"), &json!("text/xml"))
    );

    let read = get_path(&instance, "/echo").await.expect("answered");
    assert!(read["body"]["headers"].get("idempotency-key").is_none());
}

#[tokio::test]
async fn what_makes_no_request_is_refused() {
    let (instance, _) = served().await;
    for (with, code) in [
        (json!({}), "step.parameters"),
        (
            json!({ "path": "/a", "url": "http://example.com" }),
            "step.parameters",
        ),
        (
            json!({ "path": "/a", "query": { "q": {} } }),
            "step.parameters",
        ),
        (json!({ "url": "file:///etc/passwd" }), "http.url"),
        (json!({ "url": "http://me:secret@example.com" }), "http.url"),
        (
            json!({ "path": "/a", "headers": { "Host": "example.com" } }),
            "http.header",
        ),
        (
            json!({ "path": "/a", "headers": { "X": "a\r\nHost: b" } }),
            "http.header",
        ),
        (
            json!({ "path": "/a", "timeout": "soon" }),
            "step.parameters",
        ),
    ] {
        let fault = instance
            .run_on(Some("web"), "http.get", with.clone())
            .await
            .expect_err("refused");
        assert_eq!(fault.code, code, "{with}");
        assert!(!fault.message.contains("secret"), "{fault}");
    }
    let with = json!({ "method": "POST", "path": "/a", "text": "a", "json": 1 });
    let fault = instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect_err("two bodies");
    assert_eq!(fault.code, "step.parameters");
    let fault = instance
        .run("http.get", json!({ "path": "/a" }))
        .await
        .expect_err("no connection");
    assert_eq!(fault.code, "http.url");
}

#[tokio::test]
async fn a_path_stays_below_the_address() {
    let address = serve().await;
    let instance = connected(&format!("{address}/api/"));
    for path in ["../echo", "/../echo", "%2e%2e/echo", "x/../../echo"] {
        let fault = get_path(&instance, path).await.expect_err(path);
        assert_eq!(fault.code, "http.url", "{path}");
    }
    let fault = get_path(&instance, "//example.com/echo")
        .await
        .expect_err("not there");
    assert!(
        fault
            .message
            .contains("/api/example.com/echo` was answered 404"),
        "{fault}"
    );
}

#[tokio::test]
async fn each_status_says_what_has_happened() {
    let (instance, _) = served().await;
    for (status, read, once) in [
        (
            400,
            "Business None http.status",
            "Business None http.status",
        ),
        (
            401,
            "Business None http.status",
            "Business None http.status",
        ),
        (
            422,
            "Business None http.status",
            "Business None http.status",
        ),
        (408, "System None http.busy", "System None http.busy"),
        (429, "System None http.busy", "System None http.busy"),
        (503, "System None http.busy", "System None http.busy"),
        (500, "System None http.server", "System Unknown http.server"),
        (502, "System None http.server", "System Unknown http.server"),
        (504, "System None http.server", "System Unknown http.server"),
        (
            501,
            "Business None http.status",
            "Business None http.status",
        ),
        (
            304,
            "Business None http.status",
            "Business Unknown http.status",
        ),
    ] {
        let path = format!("/status/{status}");
        let fault = get_path(&instance, &path).await.expect_err("a fault");
        assert_eq!(kind(&fault), read, "GET {status}");
        let fault = request(&instance, "POST", &path)
            .await
            .expect_err("a fault");
        assert_eq!(kind(&fault), once, "POST {status}");
    }
}

#[tokio::test]
async fn a_refusal_shows_and_keeps_the_answer() {
    let (instance, address) = served().await;
    let fault = get_path(&instance, "/status/422")
        .await
        .expect_err("a fault");
    assert_eq!(
        fault.message,
        format!(
            "`GET {address}/status/422` was answered 422 Unprocessable Entity: {{\"error\":\"so it is\"}}"
        )
    );
    assert_eq!(
        instance.artifact(&fault.artifacts[0].to_value()),
        br#"{"error":"so it is"}"#
    );
}

#[tokio::test]
async fn expected_statuses_are_good() {
    let (instance, _) = served().await;
    let with = json!({ "path": "/status/404", "expect": [200, 404] });
    let answer = instance
        .run_on(Some("web"), "http.get", with)
        .await
        .expect("answered");
    assert_eq!(
        (&answer["status"], &answer["body"]["error"]),
        (&json!(404), &json!("so it is"))
    );

    let with = json!({ "method": "POST", "path": "/echo", "expect": [201] });
    let fault = instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect_err("200");
    assert_eq!(kind(&fault), "Business Unknown http.status");
}

#[tokio::test]
async fn retry_after_is_heeded_in_both_forms() {
    let (instance, _) = served().await;
    for (after, millis) in [
        ("7", Some(7000)),
        ("Fri,+31+Dec+1999+23:59:30+GMT", Some(30_000)),
        ("soon", None),
    ] {
        for status in [429, 503] {
            let fault = request(&instance, "POST", &format!("/status/{status}?{after}"))
                .await
                .expect_err("busy");
            assert_eq!(kind(&fault), "System None http.busy");
            assert_eq!(fault.retry_after, millis, "{after}");
        }
    }
}

#[tokio::test]
async fn who_cannot_be_reached_has_done_nothing() {
    let instance = connected(&nobody().await);
    let fault = request(&instance, "POST", "/").await.expect_err("refused");
    assert_eq!(kind(&fault), "System None http.unreachable");

    let plain = serve().await;
    let instance = connected(&plain.replace("http:", "https:"));
    let fault = request(&instance, "POST", "/echo")
        .await
        .expect_err("no TLS");
    assert_eq!(kind(&fault), "System None http.unreachable");

    let instance = connected("http://no-such-host.invalid");
    let fault = request(&instance, "POST", "/")
        .await
        .expect_err("no such host");
    assert_eq!(kind(&fault), "System None http.unreachable");
}

#[tokio::test]
async fn a_reset_after_sending_leaves_it_open_and_nothing_is_sent_twice() {
    for answer in [
        b"".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
    ] {
        let (address, requests) = rude(answer).await;
        let instance = connected(&address);
        let fault = request(&instance, "POST", "/").await.expect_err("reset");
        assert_eq!(kind(&fault), "System Unknown http.broken");
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        let fault = get_path(&instance, "/").await.expect_err("reset");
        assert_eq!(kind(&fault), "System None http.broken");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let (instance, _) = served().await;
    let with = json!({ "method": "POST", "path": "/never", "timeout": "100ms" });
    let fault = instance
        .run_on(Some("web"), "http.request", with)
        .await
        .expect_err("late");
    assert_eq!(kind(&fault), "System Unknown http.timeout");
    let with = json!({ "path": "/never", "timeout": "100ms" });
    let fault = instance
        .run_on(Some("web"), "http.get", with)
        .await
        .expect_err("late");
    assert_eq!(kind(&fault), "System None http.timeout");
    assert!(
        fault.message.ends_with("did not answer within 100ms"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_cancelled_request_stops() {
    let (instance, _) = served().await;
    let context = instance.context(Some("web"));
    context.canceller().cancel();
    let bot = botswain_bots::find("http.request").expect("a bot");
    let with = json!({ "method": "DELETE", "path": "/never" });
    let fault = (bot.run)(with, &context).await.expect_err("cancelled");
    assert_eq!(fault.code, "step.cancelled");
}

#[tokio::test]
async fn large_answers_are_kept_as_files_when_told() {
    let (instance, _) = served().await;
    let size = 20 * 1024 * 1024;
    let path = format!("/large/{size}");
    let fault = get_path(&instance, &path).await.expect_err("too large");
    assert_eq!(kind(&fault), "Business None http.too_large");
    assert_eq!(
        fault.hint.as_deref(),
        Some("write `save: true` to keep it as a file")
    );

    let with = json!({ "path": path, "save": true });
    let answer = instance
        .run_on(Some("web"), "http.get", with)
        .await
        .expect("saved");
    assert_eq!(answer["file"]["size"], size);
    assert_eq!(instance.artifact(&answer["file"]).len(), size);

    let ten = get_path(&instance, "/large/10485760")
        .await
        .expect("answered");
    assert_eq!(ten["body"].as_str().map(str::len), Some(10_485_760));
}

#[tokio::test]
async fn a_small_answer_cannot_become_a_large_one() {
    let (instance, _) = served().await;
    let fault = get_path(&instance, "/bomb").await.expect_err("a bomb");
    assert_eq!(kind(&fault), "Business None http.too_large");
}

#[tokio::test]
async fn redirects_are_followed_for_reading_only() {
    let (instance, address) = served().await;
    let answer = get_path(&instance, "/to?/echo?x=1")
        .await
        .expect("followed");
    assert_eq!(answer["body"]["query"], "x=1");
    let fault = get_path(&instance, "/loop").await.expect_err("a loop");
    assert_eq!(kind(&fault), "Business None http.redirects");
    let fault = request(&instance, "POST", "/to?/echo")
        .await
        .expect_err("not followed");
    assert_eq!(kind(&fault), "Business Unknown http.status");
    let with = json!({ "path": format!("/to?{address}/echo"), "expect": [303] });
    let answer = instance
        .run_on(Some("web"), "http.get", with)
        .await
        .expect("expected");
    assert_eq!(answer["headers"]["location"], format!("{address}/echo"));
}

#[tokio::test]
async fn a_login_goes_home_and_nowhere_else() {
    let (home, away) = (serve().await, serve().await);
    for (auth, header, value) in [
        (
            json!({ "basic": { "username": "me", "password": "secret" } }),
            "authorization",
            "Basic bWU6c2VjcmV0",
        ),
        (
            json!({ "bearer": "secret" }),
            "authorization",
            "Bearer secret",
        ),
        (
            json!({ "header": { "name": "X-Api-Key", "value": "secret" } }),
            "x-api-key",
            "secret",
        ),
    ] {
        let instance = Instance::new();
        let settings = json!({ "address": home, "auth": auth, "headers": { "X-Shop": "7" } });
        instance.connect("web", "web", settings);
        let at_home = get_path(&instance, "/to?/echo").await.expect("answered");
        assert_eq!(at_home["body"]["headers"][header], value);
        assert_eq!(at_home["body"]["headers"]["x-shop"], "7");

        let redirected = get_path(&instance, &format!("/to?{away}/echo"))
            .await
            .expect("answered");
        let with = json!({ "url": format!("{away}/echo") });
        let direct = instance
            .run_on(Some("web"), "http.get", with)
            .await
            .expect("answered");
        for answer in [redirected, direct] {
            assert!(!answer.to_string().contains("secret"), "{answer}");
            assert!(answer["body"]["headers"].get("x-shop").is_none());
        }
    }
    let instance = connected(&home);
    let with = json!({ "path": format!("/to?{away}/echo"), "headers": { "Authorization": "Bearer mine" } });
    let answer = instance
        .run_on(Some("web"), "http.get", with)
        .await
        .expect("answered");
    assert!(answer["body"]["headers"].get("authorization").is_none());
}

#[tokio::test]
async fn nothing_private_is_reached_but_the_connection() {
    let (instance, address) = served().await;
    let port = address.rsplit(':').next().expect("a port");
    for url in [
        address.clone(),
        format!("http://localhost:{port}/json"),
        format!("http://[::ffff:127.0.0.1]:{port}/json"),
        format!("http://2130706433:{port}/json"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let fault = instance
            .run("http.get", json!({ "url": url }))
            .await
            .expect_err(&url);
        assert_eq!(kind(&fault), "Business None http.forbidden", "{url}");
    }
    for target in [
        format!("http://localhost:{port}/json"),
        "http://169.254.169.254/".to_owned(),
    ] {
        let fault = get_path(&instance, &format!("/to?{target}"))
            .await
            .expect_err(&target);
        assert_eq!(kind(&fault), "Business None http.forbidden", "{target}");
    }
}

#[tokio::test]
async fn a_connection_says_who_answered() {
    let (instance, address) = served().await;
    let words = instance.connection("web").test().await.expect("somebody");
    assert_eq!(words, format!("`{address}/` answered 404 Not Found"));

    let instance = connected(&format!("{address}/status/401"));
    let fault = instance
        .connection("web")
        .test()
        .await
        .expect_err("no login");
    assert_eq!(
        (fault.category, fault.effect),
        (Category::Business, Reach::None)
    );
    let instance = connected(&nobody().await);
    let fault = instance.connection("web").test().await.expect_err("nobody");
    assert_eq!(fault.code, "http.unreachable");
}

#[test]
fn wrong_settings_are_refused_without_showing_secrets() {
    let kind = botswain_bots::find_connection("web").expect("a kind");
    let house = botswain_bot::House {
        name: "shop".to_owned(),
        sessions: 1,
        scratch: std::env::temp_dir(),
    };
    for settings in [
        json!({ "address": "shop.example.com" }),
        json!({ "address": "ftp://shop.example.com" }),
        json!({ "address": "https://me:secret@shop.example.com" }),
        json!({ "address": "https://shop.example.com?a=1" }),
        json!({ "address": "https://shop.example.com", "auth": { "bearer": "secret\n" } }),
        json!({ "address": "https://shop.example.com", "auth": { "bearer": "a", "basic": {} } }),
        json!({ "address": "https://shop.example.com", "login": 1 }),
    ] {
        let fault = (kind.open)(settings.clone(), &house)
            .map(drop)
            .expect_err("refused");
        assert_eq!(fault.code, "connection.settings", "{settings}");
        assert!(
            fault.message.contains("shop") && !fault.message.contains("secret"),
            "{fault}"
        );
    }
}
