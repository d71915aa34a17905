//! Connections: one that fails is seen to, tested from its page, and what came of it outlives the daemon.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use serde_json::Value;

use crate::{
    browser::Browser,
    house::{House, wait_for},
};

const ASK: &str = "
name: ask
steps: [ { id: ask, bot: http.get, connection: shop, with: { path: /orders/1 }, retry: { delay: 100ms } } ]
";

/// A shop that answers 503 until it is opened.
struct Shop {
    address: String,
    is_open: Arc<AtomicBool>,
}

impl Shop {
    fn closed() -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let is_open: Arc<AtomicBool> = Arc::default();
        let shop = Shop {
            address,
            is_open: is_open.clone(),
        };
        std::thread::spawn(move || {
            for call in listener.incoming() {
                let is_open = is_open.clone();
                std::thread::spawn(move || answer(&call.unwrap(), is_open.load(SeqCst)));
            }
        });
        shop
    }
}

fn answer(call: &TcpStream, is_open: bool) {
    let mut lines = BufReader::new(call).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|it| !it.is_empty()))
    {}
    let status = match is_open {
        true => "200 OK",
        false => "503 Service Unavailable",
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    let mut call = call;
    // Whoever has gone away needs no answer.
    drop(call.write_all(answer.as_bytes()));
}

fn shop(house: &House) -> Value {
    let all = house.json(&["connections"]);
    all[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_on_when_a_person_has_tested_it() {
    let (mut house, server) = (House::open(), Shop::closed());
    house.admit("ann", "handler", &[]);
    house.admit("eve", "viewer", &[]);
    house.write(
        "botswain.yaml",
        &format!(
            "name: office\nconsole: {{ listen: \"127.0.0.1:0\" }}\ngroups: {{ buyers: [buyers@example.com] }}\nconnections:\n  shop: {{ kind: web, address: {:?}, breaker: {{ after: 1, probe: 1h }} }}\nlimits: {{ forms: {{ sessions: 2 }} }}\n",
            server.address
        ),
    );
    house.write("workflows/ask.yaml", ASK);
    house.start();
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.click("nav a[href='/connections']").await;
    let told = browser.text(".connection").await;
    assert!(
        told.contains("Nobody has tested it yet") && told.contains("Steps use it"),
        "{told}"
    );
    assert!(browser.text("main").await.contains("forms"));

    let run = house.begin(&["run", "ask"]);
    wait_for("the breaker to open", || {
        shop(&house)["breaker"]["open"].is_object().then_some(())
    });
    wait_for("the step to wait", || {
        (shop(&house)["waiting"] == 1).then_some(())
    });
    browser.go("/connections").await;
    let told = browser.text(".connection").await;
    for words in [
        "left alone",
        "http.busy",
        "1 step waits",
        "It is tried again",
    ] {
        assert!(told.contains(words), "`{words}` in {told}");
    }
    browser
        .click("[action='/connections/shop/test'] button")
        .await;
    assert_eq!(browser.path().await, "/connections");
    let told = browser.text(".connection").await;
    assert!(
        told.contains("Failed when ann tested it") && told.contains("left alone"),
        "{told}"
    );

    server.is_open.store(true, SeqCst);
    browser
        .click("[action='/connections/shop/test'] button")
        .await;
    let told = browser.text(".connection").await;
    assert!(
        told.contains("Answered when ann tested it") && !told.contains("left alone"),
        "{told}"
    );
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));

    // Who may only look sees what came of it, from the next daemon too.
    house.start();
    let mut later = Browser::open(&house).await;
    later.sign_in("eve").await;
    later.go("/connections").await;
    let told = later.text(".connection").await;
    assert!(told.contains("Answered when ann tested it"), "{told}");
    assert!(!later.is_there("main form").await);
    assert_eq!(shop(&house)["tested"]["by"], "ann");
    let listed = house.botswain(&["connections"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("answered"), "{listed}");
    later.close().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_not_there_is_not_tested() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/connections").await;
    assert!(browser.text(".empty").await.contains("No connections yet"));
    let csrf = browser.find("[name=csrf]").await.prop("value").await;
    let ask = format!(
        "const done = arguments[0]; fetch('/connections/shop/test', {{ method: 'POST', body: new URLSearchParams({{ csrf: '{}' }}) }}).then(it => done(it.status))",
        csrf.unwrap().unwrap()
    );
    let status = browser.client.execute_async(&ask, Vec::new()).await;
    assert_eq!(status.unwrap(), 404);
    browser.close().await;
}
