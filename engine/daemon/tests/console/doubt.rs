//! What may have taken place is not done again because it stood among others.

use std::{
    io::Read,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, line, wait_for},
};

const SEND: &str = r#"
name: send
inputs:
  order: { type: text }
steps:
  - id: post
    bot: http.request
    connection: shop
    with: { method: POST, path: /orders, json: { order: "{{inputs.order}}" } }
"#;

/// Takes orders and never answers; counts them.
fn shop() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // The whole of a small request comes at once.
            let read = stream.unwrap().read(&mut [0; 4096]).unwrap();
            counted.fetch_add(usize::from(read > 0), Ordering::SeqCst);
        }
    });
    (address, count)
}

/// One decision about many, over the socket; what came of it.
async fn decided(house: &House, request: Value) -> Value {
    let socket = house.path(".botswain/api.sock");
    let client = reqwest::Client::builder()
        .unix_socket(socket)
        .build()
        .unwrap();
    let bulk = "http://botswain/api/v1/bulk";
    let asked = client.post(bulk).json(&request).send().await.unwrap();
    let asked: Value = asked.json().await.unwrap();
    loop {
        let shown = client
            .get(format!("{bulk}/{}", asked["id"]))
            .send()
            .await
            .unwrap();
        let shown: Value = shown.json().await.unwrap();
        if shown["state"] == "done" {
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_in_doubt_is_not_repeated_with_others() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (address, orders) = shop();
    let mut house = House::open();
    let settings = std::fs::read_to_string(house.path("botswain.yaml")).unwrap();
    let shop = format!("connections: {{ shop: {{ kind: web, address: \"http://{address}\" }} }}\n");
    house.write("botswain.yaml", &(settings + &shop));
    house.write("workflows/send.yaml", SEND);
    house.start();
    house.admit("ann", "handler", &[]);
    for order in ["order=1", "order=2"] {
        let run = house.botswain(&["run", "send", "--input", order]);
        assert_eq!(
            run.status.code(),
            Some(3),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
    }
    house.park(&[line("3", "9001", "ACME Ltd")]);
    let open = house.json(&["exceptions", "list"]);
    let of = |category: &str| {
        let all = open.as_array().unwrap().iter();
        all.filter(|it| it["category"] == category).count()
    };
    assert_eq!((of("in_doubt"), of("business")), (2, 1));
    let sent = orders.load(Ordering::SeqCst);

    // Among others it is not offered; alone, under its own name.
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/inbox?show=oldest").await;
    assert!(!browser.is_there("[data-chosen] option[value=retry]").await);
    assert!(
        !browser
            .is_there("[data-chosen] option[value=did_not]")
            .await
    );
    browser.go("/inbox?show=oldest&category=in_doubt").await;
    assert!(!browser.is_there("[data-chosen] option[value=retry]").await);
    assert!(
        browser
            .is_there("[data-chosen] option[value=did_not]")
            .await
    );
    browser.go("/exceptions/1").await;
    assert!(
        browser
            .text(".doubt h2")
            .await
            .contains("Did it take place?")
    );
    assert!(!browser.is_there("[data-way=edit_with]").await);
    browser.close().await;

    let all = json!({ "exceptions": [1, 2, 3], "decision": "retry" });
    let done = decided(&house, all).await;
    assert_eq!(
        (&done["done"], done["refused"].as_array().unwrap().len()),
        (&json!(1), 2)
    );
    assert_eq!(orders.load(Ordering::SeqCst), sent);

    let looked = json!({ "exceptions": [1, 2], "decision": "retry", "did_not_happen": true });
    let done = decided(&house, looked).await;
    assert_eq!(done["done"], 2);
    wait_for("both to be sent once more", || {
        (orders.load(Ordering::SeqCst) == sent + 2).then_some(())
    });
}
