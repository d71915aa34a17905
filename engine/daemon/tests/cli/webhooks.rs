//! What another system hands over, seen from there: over TCP, to the real daemon.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::office::{Office, Up, wait_for};

const TOKEN: &str = "token-of-the-shop";

/// Three webhooks: one with a token, one whose body says what it is, one that is signed.
fn office() -> Office {
    let office = Office::with("order,sku,amount\n1,a,1\n");
    office.write(
        "botswain.yaml",
        "name: office\ntimezone: Europe/Berlin\nwebhooks: { listen: \"127.0.0.1:0\" }\n",
    );
    for name in ["shop", "bank"] {
        let told = office.hears(&["secret", "set", name], TOKEN);
        assert!(told.starts_with("exit 0"), "{told}");
    }
    let workflow = |name: &str, settings: &str| {
        office.write(
            &format!("workflows/{name}.yaml"),
            &format!(
                "name: {name}\ntriggers:\n  - webhook: {name}\n    {settings}\n    inputs: {{ order: \"{{{{trigger.body.order}}}}\" }}\ninputs: {{ order: {{ type: text }} }}\nsteps:\n  - {{ id: put, bot: file.drop, with: {{ to: \"{name}/{{{{run.id}}}}.txt\", content: \"{{{{inputs.order}}}}\" }} }}\n"
            ),
        );
    };
    workflow("orders", "token: shop");
    workflow("bills", "token: shop\n    key: \"{{trigger.body.order}}\"");
    workflow(
        "payments",
        "signature: { secret: bank, header: X-Signature }",
    );
    assert!(
        office.says(&["check"]).starts_with("exit 0"),
        "{}",
        office.says(&["check"])
    );
    office
}

/// Where the daemon of an office listens.
fn address(office: &Office) -> SocketAddr {
    let mut address = None;
    wait_for("the webhooks", || {
        let log = office.read("log");
        let told = log.split("listens for webhooks at ").nth(1);
        address = told.and_then(|it| it.split('"').next()?.parse().ok());
        address.is_some()
    });
    address.unwrap()
}

fn up(office: &Office) -> (Up, SocketAddr) {
    let up = office.up();
    let address = address(office);
    (up, address)
}

/// Status and body of the answer to these bytes.
fn sent(to: SocketAddr, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{answer:?}"));
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status >= 400 {
        assert!(head.contains("application/problem+json"), "{head}");
    }
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn post(path: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|it| format!("{it}\r\n")).collect();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: office\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn allowed(path: &str, headers: &[&str], body: &str) -> String {
    let token = format!("Authorization: Bearer {TOKEN}");
    post(path, &[&[token.as_str()], headers].concat(), body)
}

fn runs(office: &Office, workflow: &str) -> usize {
    let runs = office.json(&["runs", "--workflow", workflow]);
    runs.as_array().unwrap().len()
}

#[test]
fn each_delivery_is_a_run_that_outlives_the_daemon() {
    let office = office();
    let (up, to) = up(&office);
    let (status, first) = sent(
        to,
        &allowed("/webhooks/orders", &[], r#"{ "order": "1001" }"#),
    );
    // It was told that there is a run, so there is one.
    up.signal(Signal::SIGKILL);
    drop(up);
    assert_eq!((status, &first), (202, &json!({ "run": "1" })));
    let (_up, to) = self::up(&office);
    wait_for("the order", || office.path("orders/1.txt").exists());
    assert_eq!(office.read("orders/1.txt"), "1001");
    let (status, again) = sent(
        to,
        &allowed("/webhooks/orders", &[], r#"{ "order": "1001" }"#),
    );
    assert_eq!(status, 202, "nothing says that it is the same");
    assert_ne!(first, again);
    assert_eq!(runs(&office, "orders"), 2);
    let shown = office.says(&["runs", "show", "1"]);
    assert!(shown.contains("the trigger `webhook orders`"), "{shown}");
    assert!(!office.read("log").contains(TOKEN));
}

#[test]
fn a_delivery_with_a_key_is_one_run() {
    let office = office();
    let (up, to) = up(&office);
    let keyed = |order: &str| {
        let body = json!({ "order": order }).to_string();
        allowed("/webhooks/orders", &["Idempotency-Key: d-1"], &body)
    };
    let (status, first) = sent(to, &keyed("1001"));
    assert_eq!(status, 202);
    assert_eq!(sent(to, &keyed("1001")), (200, first.clone()));
    up.signal(Signal::SIGKILL);
    drop(up);
    let (_up, to) = self::up(&office);
    assert_eq!(sent(to, &keyed("1001")), (200, first));
    let (status, problem) = sent(to, &keyed("1002"));
    assert_eq!((status, &problem["type"]), (422, &json!("webhook.key")));
    assert_eq!(runs(&office, "orders"), 1);

    // Many at once, known again by what they say; the header counts for nothing then.
    let answers: Vec<_> = std::thread::scope(|scope| {
        let handing = (0..8).map(|number| {
            scope.spawn(move || {
                let key = format!("Idempotency-Key: {number}");
                sent(
                    to,
                    &allowed("/webhooks/bills", &[&key], r#"{ "order": "77" }"#),
                )
            })
        });
        let handing: Vec<_> = handing.collect();
        handing.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let new = answers.iter().filter(|(status, _)| *status == 202).count();
    assert_eq!(new, 1, "{answers:?}");
    assert!(
        answers.iter().all(|(_, run)| *run == answers[0].1),
        "{answers:?}"
    );
    assert_eq!(runs(&office, "bills"), 1);
    let (status, problem) = sent(to, &allowed("/webhooks/bills", &[], r#"{ "orders": [] }"#));
    assert_eq!((status, &problem["type"]), (400, &json!("webhook.key")));
}

#[test]
fn who_does_not_know_the_secret_learns_nothing() {
    let office = office();
    let (_up, to) = up(&office);
    let body = r#"{ "order": "1001" }"#;
    let nowhere = sent(to, &allowed("/webhooks/nowhere", &[], body));
    assert_eq!(nowhere.0, 404);
    let wrong = [
        post("/webhooks/orders", &[], body),
        post(
            "/webhooks/orders",
            &["Authorization: Bearer token-of-the-shoq"],
            body,
        ),
        post("/webhooks/orders", &["Authorization: Bearer "], body),
        post(
            "/webhooks/orders",
            &["Authorization: Bearer token"],
            "no JSON",
        ),
        allowed("/webhooks/", &[], body),
        allowed("/orders", &[], body),
        allowed("/webhooks/orders/", &[], body),
        allowed("/webhooks/payments", &[], body),
        post("/webhooks/payments", &["X-Signature: sha256=00"], body),
    ];
    for request in wrong {
        assert_eq!(sent(to, &request), nowhere, "{request}");
    }
    // By `openssl dgst -sha256 -hmac token-of-the-shop`.
    let signature =
        "X-Signature: sha256=b5128ec8fd60c43ae121a193f5d80d080ce80f538d5c5e9243e714b108745bce";
    let (status, _) = sent(to, &post("/webhooks/payments", &[signature], body));
    assert_eq!(status, 202);
    let other = post("/webhooks/payments", &[signature], r#"{ "order": "1002" }"#);
    assert_eq!(sent(to, &other), nowhere);
    assert_eq!(runs(&office, "orders"), 0);
    assert_eq!(runs(&office, "payments"), 1);
}

#[test]
fn what_is_no_delivery_is_told() {
    let office = office();
    let (_up, to) = up(&office);
    let told = |request: &str| {
        let (status, problem) = sent(to, request);
        (
            status,
            problem["type"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    let get = "GET /webhooks/orders HTTP/1.1\r\nHost: office\r\n\r\n";
    assert_eq!(told(get), is(405, "webhook.method"));
    for body in ["", "order=1", "{", r#"{ "order": { "$secret": "bank" } }"#] {
        let request = allowed("/webhooks/orders", &[], body);
        assert_eq!(told(&request), is(400, "webhook.body"), "{body}");
    }
    let form = allowed("/webhooks/orders", &[], "{}").replace("application/json", "text/plain");
    assert_eq!(told(&form), is(400, "webhook.body"));
    for path in ["orders", "nowhere"] {
        let long = format!(
            "POST /webhooks/{path} HTTP/1.1\r\nHost: office\r\nContent-Length: 1048577\r\n\r\n"
        );
        assert_eq!(told(&long), is(413, "webhook.size"));
    }
    let long = format!(
        "POST /webhooks/orders HTTP/1.1\r\nHost: office\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n{}\r\n",
        "x".repeat(0x10_0001)
    );
    assert_eq!(told(&long), is(413, "webhook.size"));
    let wide = format!("X-Wide: {}", "x".repeat(20_000));
    let (status, _) = {
        let mut stream = TcpStream::connect(to).unwrap();
        stream
            .write_all(allowed("/webhooks/orders", &[&wide], "{}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        (
            answer.split(' ').nth(1).unwrap_or_default().to_owned(),
            read,
        )
    };
    assert!(["431", ""].contains(&status.as_str()), "{status}");
    // What a run cannot be given is a run that waits for a person.
    let (status, _) = sent(to, &allowed("/webhooks/orders", &[], r#"{ "order": [1] }"#));
    assert_eq!(status, 202);
    wait_for("the exception", || {
        let open = office.json(&["exceptions", "list"]);
        open.as_array().unwrap().len() == 1
    });
    assert_eq!(runs(&office, "orders"), 1);
}

#[test]
fn who_is_slow_is_not_waited_for() {
    let office = office();
    let (_up, to) = up(&office);
    let half = "POST /webhooks/orders HTTP/1.1\r\nHost: off";
    let body = "POST /webhooks/orders HTTP/1.1\r\nHost: office\r\nContent-Length: 10\r\n\r\n{";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = TcpStream::connect(to).unwrap();
            stream.write_all(half.as_bytes()).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
        });
        let (status, problem) = sent(to, body);
        assert_eq!((status, &problem["type"]), (408, &json!("webhook.slow")));
    });
}

#[test]
fn another_address_in_the_file_is_listened_at_and_the_old_one_no_more() {
    let office = office();
    let (_up, before) = up(&office);
    let delivery = allowed("/webhooks/orders", &[], r#"{ "order": "1001" }"#);
    assert_eq!(sent(before, &delivery).0, 202);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let after = free.local_addr().unwrap();
    drop(free);
    office.write(
        "botswain.yaml",
        &format!("name: office\ntimezone: Europe/Berlin\nwebhooks: {{ listen: \"{after}\" }}\n"),
    );
    wait_for("the new address", || TcpStream::connect(after).is_ok());
    assert_eq!(sent(after, &delivery).0, 202);
    wait_for("the old one to be given up", || {
        TcpStream::connect(before).is_err()
    });
    assert_eq!(runs(&office, "orders"), 2);
}
