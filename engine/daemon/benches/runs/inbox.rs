//! What the console bears: 100,000 open exceptions, and 200 pages of the inbox asked for each second.
//!
//! The pages are asked for at fixed times, whether those before have come or not, and a page's
//! time counts from when it was due: a console that stalls does not look faster by being asked
//! less.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use botswain_core::{
    ExceptionId, Payload,
    run::fact::{Fact, Verdict, What},
};
use botswain_store::Store;
use indexmap::IndexMap;
use reqwest::{Client, header, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    goals::Goals,
    items,
    load::Figures,
    past::{self, Past},
    place::{self, Place},
    start,
};

const OPEN: u64 = 100_000;
/// By cause: a hundred in each.
const CAUSES: u64 = 1_000;
const RATE: u32 = 200;
const LASTS: Duration = Duration::from_secs(20);
const PASSWORD: &str = "correct horse battery";

const WORKFLOW: &str = "
inputs:
  order: { type: text }
  customer: { type: text }
  sku: { type: text }
steps:
  - id: enter
    fail: \"product {{inputs.sku}} is not known\"
";

/// What handlers look at, one after the other: one who sees everything, and one who sees a folder
/// alone, whose counts are sums over causes.
const PAGES: [(&str, &str, &str); 8] = [
    ("by cause", "ann", "/inbox"),
    ("the newest", "ann", "/inbox?show=newest"),
    ("the oldest", "ann", "/inbox?show=oldest"),
    (
        "of one workflow",
        "ann",
        "/inbox?show=newest&workflow=orders",
    ),
    ("one order", "ann", "/inbox?show=newest&q=order-77123"),
    ("a common word", "ann", "/inbox?show=newest&q=known"),
    ("by cause, in a folder", "lea", "/inbox"),
    ("the newest, in a folder", "lea", "/inbox?show=newest"),
];

pub(crate) fn inbox(goals: &mut Goals) {
    let place = Place::new(&[("sales/orders", WORKFLOW.to_owned())]);
    place.write(
        "botswain.yaml",
        "name: bench\nconsole: { listen: \"127.0.0.1:0\" }\n",
    );
    let past = Past::of(place.path(), "orders", data(1));
    let store = Store::open(&past::store(place.path())).unwrap();
    past.write(&store, 2..2 + OPEN, |number| facts_of(number, &past));
    drop(store);
    admit(&place, &["ann", "--role", "handler"]);
    admit(
        &place,
        &["lea", "--role", "none", "--folder", "sales=handler"],
    );
    let mut console = Console::open(&place);
    let runtime = place::runtime();
    let first = runtime.block_on(console.sign_in("ann"));
    runtime.block_on(console.sign_in("lea"));
    println!("  the first page, signing in included      {first:>8.2?}");
    let insights = runtime.block_on(console.insights());
    println!("  insights over all of them, alone         {insights:>8.2?}");
    let pages = runtime.block_on(console.load());
    for ((name, ..), figures) in PAGES.iter().zip(&pages) {
        let [p50, p99] = [0.5, 0.99].map(|part| figures.percentile(part));
        println!("  {name:<38} p50 {p50:>8.2?}   p99 {p99:>8.2?}");
    }
    let all = pages.iter().flat_map(|it| it.each.iter().copied());
    let all = Figures::new(LASTS, all.collect());
    let used = items::megabytes(console.daemon.id(), "VmHWM:");
    println!("  {used:.0} MB at most");
    goals.within(
        "a page of the inbox at 200/s, p99",
        all.percentile(0.99),
        Duration::from_millis(100),
    );
    goals.megabytes("the daemon with 100,000 open exceptions", used, 300.0);
    console.close();
}

fn data(number: u64) -> IndexMap<String, Value> {
    let fields = [
        ("order", format!("order-{number}")),
        ("customer", format!("customer-{}", number % 5_000)),
        ("sku", sku(number)),
    ];
    fields
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .into_iter()
        .collect()
}

/// Letters, for a number in a message makes no other cause.
fn sku(number: u64) -> String {
    let letter = |nth: u32| char::from(b'a' + ((number % CAUSES) / 10_u64.pow(nth) % 10) as u8);
    (0..3).map(letter).collect()
}

/// As the one that did run, about another order.
fn facts_of(number: u64, past: &Past) -> Vec<Fact> {
    let mut facts = past.facts().to_vec();
    for fact in &mut facts {
        match &mut fact.what {
            What::Created(created) => {
                let data = data(number).into_iter().collect();
                created.inputs = Payload::Inline(Value::Object(data)).into();
            }
            What::Failed { fault, then, .. } => {
                fault.message = format!("product {} is not known", sku(number));
                *then = Verdict::Park {
                    exception: ExceptionId(number),
                };
            }
            _ => (),
        }
    }
    facts
}

/// Lets somebody sign in.
fn admit(place: &Place, who: &[&str]) {
    let mut command = start::binary(place);
    command.args(["user", "add"]).args(who);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(PASSWORD.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// The binary at work, and who looks at it.
struct Console {
    daemon: Child,
    url: String,
    http: Client,
    /// By whose it is.
    cookies: BTreeMap<&'static str, String>,
}

impl Console {
    fn open(place: &Place) -> Console {
        let log = place.path().join("log");
        let mut command = start::binary(place);
        command.arg("up").stderr(File::create(&log).unwrap());
        let mut daemon = command.spawn().unwrap();
        let url = loop {
            let told = std::fs::read_to_string(&log).unwrap();
            if let Some((_, after)) = told.split_once("the console is at ") {
                let end = |c: char| c == '"' || c.is_whitespace();
                break after.split(end).next().unwrap().to_owned();
            }
            assert!(daemon.try_wait().unwrap().is_none(), "it has ended: {told}");
            std::thread::sleep(Duration::from_millis(20));
        };
        drop(rustls::crypto::ring::default_provider().install_default());
        Console {
            daemon,
            url,
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    async fn sign_in(&mut self, who: &'static str) -> Duration {
        let begun = Instant::now();
        let form = [("name", who), ("password", PASSWORD)];
        let login = self.http.post(format!("{}/login", self.url)).form(&form);
        let answer = login.send().await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.cookies.insert(who, cookie);
        page(self.ask(who, "/inbox"), begun).await;
        begun.elapsed()
    }

    async fn insights(&self) -> Duration {
        let begun = Instant::now();
        page(self.ask("ann", "/insights"), begun).await
    }

    fn ask(&self, who: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.get(format!("{}{path}", self.url));
        request.header(header::COOKIE, &self.cookies[who])
    }

    /// The figures of each kind of page.
    async fn load(&self) -> Vec<Figures> {
        let begun = Instant::now();
        let count = RATE * LASTS.as_secs() as u32;
        let mut asked = Vec::new();
        for nth in 0..count {
            let due = begun + Duration::from_secs(1) / RATE * nth;
            tokio::time::sleep_until(due.into()).await;
            let (_, who, path) = PAGES[nth as usize % PAGES.len()];
            asked.push(tokio::spawn(page(self.ask(who, path), due)));
        }
        let mut each = vec![Vec::new(); PAGES.len()];
        for (nth, page) in asked.into_iter().enumerate() {
            each[nth % PAGES.len()].push(page.await.unwrap());
        }
        each.into_iter()
            .map(|each| Figures::new(LASTS, each))
            .collect()
    }

    fn close(mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

/// How long after it was due a page was there, whole and with something on it.
async fn page(request: reqwest::RequestBuilder, due: Instant) -> Duration {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.contains("is not known"), "nothing is on the page");
    due.elapsed()
}
