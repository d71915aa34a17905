//! The office over real HTTP, as a browser and as a program see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;
use std::path::Path;

use botswain_demo::office::hiccup::{Kind, Unavailable};
use botswain_demo::office::{Error, Hiccups, Office, Options, read_orders};
use reqwest::header::{COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// A browser without a screen: follows no redirect by itself.
struct Visitor {
    client: Client,
    address: String,
    cookie: String,
}

impl Visitor {
    fn new(office: &Office) -> Visitor {
        // Whoever comes second finds it installed.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Visitor {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            address: office.address(),
            cookie: String::new(),
        }
    }

    async fn signed_in(office: &Office) -> Visitor {
        let mut visitor = Visitor::new(office);
        let answer = visitor.sign_in("clerk", "seaworthy").await;
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        visitor.cookie = cookie.split(';').next().unwrap().to_owned();
        visitor
    }

    async fn sign_in(&self, user: &str, password: &str) -> Response {
        let next = "/orders/new?a=1";
        let form = [("user", user), ("password", password), ("next", next)];
        let request = self.client.post(format!("{}/login", self.address));
        request.form(&form).send().await.unwrap()
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.address));
        request.header(COOKIE, &self.cookie)
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.address));
        request.header(COOKIE, &self.cookie)
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    async fn order(&self, order: [&str; 4]) -> Response {
        let [reference, customer, sku, quantity] = order;
        let form = [
            ("reference", reference),
            ("customer", customer),
            ("sku", sku),
            ("quantity", quantity),
        ];
        let request = self.post("/orders/new");
        request.form(&form).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let request = self.get(path).bearer_auth("office-token");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }
}

fn with_book(path: &Path) -> Options {
    Options {
        orders: Some(path.to_owned()),
        ..Options::default()
    }
}

const GOOD: [&str; 4] = ["10248-1", "VINET", "0011", "12"];

#[tokio::test]
async fn strangers_are_sent_to_the_login_and_come_back() {
    let office = Office::start(Options::default()).await.unwrap();
    let stranger = Visitor::new(&office);
    for path in ["/", "/orders/new?a=1", "/products", "/suppliers/7"] {
        let answer = stranger.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], format!("/login?next={path}"));
    }
    let wrong = stranger.sign_in("clerk", "wrong").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(wrong.headers().get(SET_COOKIE).is_none());
    let page = wrong.text().await.unwrap();
    assert!(page.contains("User or password is wrong") && page.contains("role=\"alert\""));

    let right = stranger.sign_in("clerk", "seaworthy").await;
    assert_eq!(right.headers()[LOCATION], "/orders/new?a=1");

    let clerk = Visitor::signed_in(&office).await;
    assert!(clerk.page("/").await.contains("Sign out"));
    clerk.post("/logout").send().await.unwrap();
    let answer = clerk.get("/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    office.shutdown().await;
}

#[tokio::test]
async fn an_order_is_saved_shown_found_and_in_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("orders.jsonl");
    let office = Office::start(with_book(&book)).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;

    let form = clerk.page("/orders/new").await;
    for label in ["Reference", "Customer", "SKU", "Quantity"] {
        assert!(form.contains(&format!(">{label}</label>")), "{label}");
    }
    assert!(form.contains("<option value=\"0011\">0011 Queso Cabrales</option>"));

    let saved = clerk.order(GOOD).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let place = saved.headers()[LOCATION].to_str().unwrap().to_owned();
    let page = clerk.page(&place).await;
    assert!(page.contains("<h1>Order saved</h1>"));
    assert!(page.contains("<span id=\"order-number\">20001</span>"));

    assert!(
        clerk
            .page("/orders?reference=10248-1")
            .await
            .contains("20001")
    );
    assert!(
        !clerk
            .page("/orders?reference=10248")
            .await
            .contains("20001")
    );

    let orders = read_orders(&book).unwrap();
    assert_eq!(orders, office.orders());
    assert_eq!(orders[0].amount.to_string(), "252.00");
    assert_eq!((orders[0].sku.as_str(), orders[0].quantity), ("0011", 12));

    // It is as careless as most offices: again is a second order.
    clerk.order(GOOD).await;
    assert_eq!(office.count("10248-1"), 2);
    office.shutdown().await;

    let office = Office::start(with_book(&book)).await.unwrap();
    assert_eq!(office.count("10248-1"), 2);
    let clerk = Visitor::signed_in(&office).await;
    clerk.order(GOOD).await;
    assert_eq!(office.orders()[2].number, "20003");
}

#[tokio::test]
async fn a_wrong_order_comes_back_with_all_that_is_wrong() {
    let office = Office::start(Options::default()).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;
    let answer = clerk.order(["<b>1</b>", "NOONE", "99", "many"]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("<div class=\"error\" role=\"alert\">"));
    assert!(page.contains("<p>Unknown customer NOONE</p><p>Unknown product 99</p>"));
    assert!(page.contains("whole number from 1 to 9999, not many"));
    assert!(page.contains("value=\"&lt;b&gt;1&lt;/b&gt;\"") && !page.contains("<b>1</b>"));

    for quantity in ["0", "-1", "1.5", "10000", ""] {
        let answer = clerk.order(["1", "VINET", "0011", quantity]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(office.orders(), []);
}

#[tokio::test]
async fn fifty_at_once_are_fifty_orders() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("orders.jsonl");
    let office = Office::start(with_book(&book)).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;
    let mut entering = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let form = [
            ("reference", "r"),
            ("customer", "VINET"),
            ("sku", "0011"),
            ("quantity", "1"),
        ];
        entering.spawn(clerk.post("/orders/new").form(&form).send());
    }
    for answer in entering.join_all().await {
        assert_eq!(answer.unwrap().status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(office.count("r"), 50);
    let numbers: BTreeSet<String> = office.orders().into_iter().map(|one| one.number).collect();
    assert_eq!(numbers.len(), 50);
    assert_eq!(read_orders(&book).unwrap(), office.orders());
}

#[tokio::test]
async fn the_customer_is_completed_from_code_or_name() {
    let office = Office::start(Options::default()).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;
    // By their code, so that the first is not always the one that is meant.
    let found = clerk.json("/customers?typed=vin").await;
    let codes = found["items"].as_array().unwrap();
    let codes: Vec<_> = codes
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(codes, ["PRINI", "VINET"]);
    let found = clerk.json("/customers?typed=K%C3%B6niglich").await;
    assert_eq!(found["items"][0]["code"], "KOENE");
    let found = clerk.json("/customers?typed=a").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn programs_need_the_token_and_get_exact_numbers() {
    let office = Office::start(Options::default()).await.unwrap();
    let program = Visitor::new(&office);
    let stranger = program.get("/api/orders").send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert!(stranger.json::<Value>().await.unwrap()["error"].is_string());
    let health = program.get("/api/health").send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);

    let suppliers = program.json("/api/suppliers").await;
    assert_eq!(suppliers["items"].as_array().unwrap().len(), 29);
    let products = program
        .get("/api/products?supplier=7")
        .bearer_auth("office-token");
    let products = products.send().await.unwrap().text().await.unwrap();
    assert!(products.contains(r#""price":17.45,"#), "{products}");
    assert!(products.contains(r#""supplier_name":"Pavlova, Ltd.""#));

    let order = json!({ "reference": "r", "customer": "VINET", "sku": "0011", "quantity": 2 });
    let post = |order: &Value| {
        let request = program.post("/api/orders").bearer_auth("office-token");
        request.json(order).send()
    };
    assert_eq!(post(&order).await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(post(&order).await.unwrap().status(), StatusCode::CREATED);
    let found = program.json("/api/orders?reference=r").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    assert_eq!(found["items"][0]["number"], "20001");
    let none = program.json("/api/orders?reference=other").await;
    assert_eq!(none, json!({ "items": [] }));

    let mut odd = order.clone();
    odd["sku"] = json!("9001");
    let refused = post(&odd).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused, json!({ "error": "Unknown product 9001" }));
}

#[tokio::test]
async fn a_product_that_was_added_can_be_ordered() {
    let office = Office::start(Options::default()).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;
    let order = ["10859-3", "FRANK", "9001", "30"];
    let refused = clerk.order(order).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("Unknown product 9001")
    );

    let product = json!({ "sku": "9001", "name": "Rye crisps", "supplier": "9", "price": 24.90 });
    let add = || clerk.post("/api/products").json(&product).send();
    let added = add().await.unwrap();
    assert_eq!(added.status(), StatusCode::CREATED);
    assert_eq!(add().await.unwrap().status(), StatusCode::CONFLICT);
    assert_eq!(clerk.order(order).await.status(), StatusCode::SEE_OTHER);
    assert!(clerk.page("/suppliers/9").await.contains("Rye crisps"));

    let form = [
        ("sku", "9002"),
        ("name", "Oat crisps"),
        ("supplier", "9"),
        ("price", "x"),
    ];
    let wrong = clerk
        .post("/products/new")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let form = [
        ("sku", "9002"),
        ("name", "Oat crisps"),
        ("supplier", "9"),
        ("price", "3.10"),
    ];
    let right = clerk
        .post("/products/new")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(right.headers()[LOCATION], "/products");
    assert!(clerk.page("/products").await.contains("Oat crisps"));
}

#[tokio::test]
async fn the_second_form_and_the_first_call_are_refused_once() {
    let nth = |kind, nth| Unavailable { kind, nth };
    let options = Options {
        hiccups: Hiccups {
            unavailable: vec![nth(Kind::Form, 2), nth(Kind::Api, 1)],
            ..Hiccups::default()
        },
        ..Options::default()
    };
    let office = Office::start(options).await.unwrap();
    let clerk = Visitor::signed_in(&office).await;
    let mut seen = Vec::new();
    for path in [
        "/orders/new",
        "/orders",
        "/orders/new",
        "/orders/new",
        "/api/orders",
        "/api/orders",
    ] {
        let answer = clerk.get(path).send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.headers()[RETRY_AFTER], "1");
        }
        seen.push(answer.status().as_u16());
    }
    assert_eq!(seen, [200, 200, 503, 200, 503, 200]);
}

#[tokio::test]
async fn what_keeps_an_office_from_opening_is_named() {
    let office = Office::start(Options::default()).await.unwrap();
    let port = office
        .address()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let taken = Options {
        port,
        ..Options::default()
    };
    assert!(matches!(
        Office::start(taken).await,
        Err(Error::Port { .. })
    ));
    let folder = tempfile::tempdir().unwrap();
    let refused = Office::start(with_book(folder.path())).await;
    assert!(matches!(refused, Err(Error::Book { .. })));
}
