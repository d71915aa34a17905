//! Outside systems that fail and come back, seen by the real binary and a real server.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use expect_test::expect;
use nix::sys::signal::Signal;

use crate::office::{GOOD, Office, wait_for};

const SEND: &str = "
name: send
inputs: { lines: { type: list } }
steps:
  - id: each
    for_each: \"{{inputs.lines}}\"
    as: line
    at_once: 20
    steps: [ { id: ask, bot: http.get, connection: shop, with: { path: \"/orders/{{line.n}}\" }, retry: { delay: 100ms } } ]
";

const ONE: &str = "
name: one
steps: [ { id: ask, bot: http.get, connection: shop, with: { path: /orders/1 }, retry: { delay: 100ms } } ]
";

/// A shop that answers 503 while it is closed. One thread for each call.
struct Shop {
    address: String,
    open: Arc<AtomicBool>,
    /// Requests for orders, and those that its test makes.
    orders: Arc<AtomicUsize>,
    tests: Arc<AtomicUsize>,
}

impl Shop {
    fn closed() -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shop = Shop {
            address: format!("http://{}", listener.local_addr().unwrap()),
            open: Arc::default(),
            orders: Arc::default(),
            tests: Arc::default(),
        };
        let (open, orders, tests) = (shop.open.clone(), shop.orders.clone(), shop.tests.clone());
        std::thread::spawn(move || {
            for call in listener.incoming() {
                let (open, orders, tests) = (open.clone(), orders.clone(), tests.clone());
                std::thread::spawn(move || answer(call.unwrap(), &open, &orders, &tests));
            }
        });
        shop
    }

    fn file(&self, bears: &str) -> String {
        format!(
            "name: office\nconnections:\n  shop: {{ kind: web, address: {:?}, {bears} }}\n",
            self.address
        )
    }
}

/// Answers one request and ends the connection.
fn answer(call: TcpStream, open: &AtomicBool, orders: &AtomicUsize, tests: &AtomicUsize) {
    let mut lines = BufReader::new(call.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let of = if request.contains("/orders/") {
        orders
    } else {
        tests
    };
    of.fetch_add(1, SeqCst);
    let status = if open.load(SeqCst) {
        "200 OK"
    } else {
        "503 Service Unavailable"
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    // Whoever has gone away needs no answer.
    drop((&call).write_all(answer.as_bytes()));
}

fn lines(count: u32) -> String {
    let lines: Vec<String> = (0..count).map(|n| format!("{{\"n\": {n}}}")).collect();
    format!("lines=[{}]", lines.join(","))
}

#[test]
fn an_outage_leaves_nothing_in_the_queue() {
    let (office, shop) = (Office::with(GOOD), Shop::closed());
    office.write(
        "botswain.yaml",
        &shop.file("sessions: 2, breaker: { probe: 1s }"),
    );
    office.write("workflows/send.yaml", SEND);
    let up = office.up();
    let run = office.started(&["run", "send", "--input", &lines(8)]);
    wait_for("a test in vain", || shop.tests.load(SeqCst) > 0);
    let asked = shop.orders.load(SeqCst);
    assert!(
        (3..=4).contains(&asked),
        "{asked}: two at once, and three faults open it"
    );

    let state = &office.json(&["connections"])[0];
    assert_eq!(state["waiting"], 8, "{state}");
    assert_eq!(state["breaker"]["open"]["faults"], 3, "{state}");
    assert_eq!(
        state["breaker"]["open"]["fault"]["code"], "http.busy",
        "{state}"
    );
    let why = office.json(&["runs"])[0]["why"].clone();
    let why = why.as_str().unwrap();
    let told = "8 wait for connection `shop`: its breaker is open after 3 × http.busy; ";
    assert!(why.contains(told), "{why}");
    let items = &office.json(&["runs", "show", "1"])["items"]["each"];
    let why = items[7]["why"].as_str().unwrap();
    assert!(
        why.starts_with("waits for connection `shop`: its breaker is open"),
        "{why}"
    );
    let shown = office.says(&["connections"]);
    assert!(
        shown.contains("open since CLOCK after 3 × http.busy"),
        "{shown}"
    );

    shop.open.store(true, SeqCst);
    let told = office.described(&run.wait_with_output().unwrap());
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert!(told.contains("8 items: 8 succeeded"), "{told}");
    assert_eq!(office.json(&["exceptions"]), serde_json::json!([]));
    assert_eq!(
        office.json(&["connections"])[0]["breaker"],
        serde_json::json!({ "closed": { "faults": 0 } })
    );
    assert_eq!(shop.orders.load(SeqCst), asked + 8);
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
    let log = office.read("log");
    assert!(
        log.contains("its breaker has opened") && log.contains("it answers again"),
        "{log}"
    );
}

#[test]
fn without_a_daemon_a_run_waits_for_its_connection_too() {
    let (office, shop) = (Office::with(GOOD), Shop::closed());
    office.write(
        "botswain.yaml",
        &shop.file("breaker: { after: 2, probe: 200ms }"),
    );
    office.write("workflows/one.yaml", ONE);
    let run = office.started(&["run", "one"]);
    wait_for("two tests in vain", || shop.tests.load(SeqCst) > 1);
    shop.open.store(true, SeqCst);
    let told = office.described(&run.wait_with_output().unwrap());
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert!(told.contains("again when `shop` answers"), "{told}");
    assert_eq!(shop.orders.load(SeqCst), 3);
}

#[test]
fn a_breaker_that_is_off_leaves_it_to_the_attempts() {
    let (office, shop) = (Office::with(GOOD), Shop::closed());
    office.write("botswain.yaml", &shop.file("breaker: off"));
    office.write("workflows/one.yaml", ONE);
    let told = office.says(&["run", "one"]);
    assert!(told.starts_with("exit 3\n"), "{told}");
    assert_eq!((shop.orders.load(SeqCst), shop.tests.load(SeqCst)), (3, 0));
}

#[test]
fn a_person_who_tests_it_lets_everything_go_on() {
    let (office, shop) = (Office::with(GOOD), Shop::closed());
    office.write(
        "botswain.yaml",
        &shop.file("breaker: { after: 1, probe: 1h }"),
    );
    office.write("workflows/one.yaml", ONE);
    let _up = office.up();
    let run = office.started(&["run", "one"]);
    wait_for("the breaker to open", || {
        office.json(&["connections"])[0]["breaker"]["open"].is_object()
    });
    let told = office.says(&["connections", "test"]);
    assert!(
        told.starts_with("exit 1\n--- stdout\nshop  fails"),
        "{told}"
    );
    shop.open.store(true, SeqCst);
    let told = office.says(&["connections", "test", "shop"]);
    assert!(
        told.starts_with("exit 0\n--- stdout\nshop  answers"),
        "{told}"
    );
    let told = office.described(&run.wait_with_output().unwrap());
    assert!(told.starts_with("exit 0\n"), "{told}");
}

#[test]
fn a_changed_file_is_followed_by_what_waits() {
    let (office, shop) = (Office::with(GOOD), Shop::closed());
    shop.open.store(true, SeqCst);
    office.write("botswain.yaml", &shop.file("sessions: 4, per_minute: 2"));
    office.write("workflows/send.yaml", SEND);
    let _up = office.up();
    let run = office.started(&["run", "send", "--input", &lines(6)]);
    wait_for("two to be done", || shop.orders.load(SeqCst) == 2);
    wait_for("the others to wait", || {
        office.json(&["connections"])[0]["waiting"] == 4
    });
    let view = &office.json(&["connections"])[0];
    assert_eq!(
        (&view["per_minute"], &view["started"]),
        (&2.into(), &2.into()),
        "{view}"
    );
    let why = office.json(&["runs"])[0]["why"].clone();
    let told = "4 wait for connection `shop`: 2 have started within a minute; the next one may in ";
    assert!(why.as_str().unwrap().contains(told), "{why}");
    office.write("botswain.yaml", &shop.file("sessions: 4, per_minute: 60"));
    let told = office.described(&run.wait_with_output().unwrap());
    assert!(told.starts_with("exit 0\n"), "{told}");
}

#[test]
fn they_are_listed_with_and_without_a_daemon() {
    let office = Office::with(GOOD);
    let file = "name: office\nconnections:\n  shop: { kind: web, address: \"http://127.0.0.1:1\", sessions: 4, per_minute: 60 }\n  post: { kind: smtp, host: 127.0.0.1, port: 1, tls: none, from: a@example.com, breaker: off }\nlimits:\n  forms: { sessions: 2 }\n";
    office.write("botswain.yaml", file);
    let alone = office.says(&["connections", "list"]);
    expect![[r#"
        exit 0
        --- stdout
        connection  kind  in use  per minute  breaker
        post  smtp  0 of 1  off
        shop  web  0 of 4  0 of 60  closed
        forms  limit  0 of 2
        --- stderr
    "#]]
    .assert_eq(&alone);
    let _up = office.up();
    assert_eq!(office.says(&["connections"]), alone);
}

#[test]
fn a_limit_is_checked_where_it_is_named() {
    let office = Office::with(GOOD);
    office.write(
        "botswain.yaml",
        "name: office\nlimits: { forms: { sessions: 1 } }\n",
    );
    let step = |keys: &str| {
        format!(
            "name: put\nsteps:\n  - {{ id: a, bot: file.drop, with: {{ to: a.txt, content: x }}, {keys} }}\n"
        )
    };
    office.write("workflows/put.yaml", &step("limit: form"));
    let told = office.says(&["check"]);
    assert!(
        told.contains("there is no limit `form`") && told.contains("did you mean `forms`?"),
        "{told}"
    );
    office.write("workflows/put.yaml", &step("limit: forms"));
    let told = office.says(&["run", "put"]);
    assert!(told.starts_with("exit 0\n"), "{told}");
}
