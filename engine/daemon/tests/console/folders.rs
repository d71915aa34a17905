//! Somebody may more in one folder: an admin says so without scripts, and pages and API know it.

use fantoccini::Locator;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, line},
    plain::NoScripts,
};

const PO: &str = "name: po\nsteps: [{ id: stop, fail: look at it }]\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_author_of_one_folder_writes_and_decides_there_and_nowhere_else() {
    let house = House::open();
    house.write("workflows/purchasing/po.yaml", PO);
    house.admit("ann", "admin", &[]);
    house.admit("mia", "viewer", &[]);
    assert_eq!(house.botswain(&["run", "po"]).status.code(), Some(3));
    house.ask("ACME");
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();
    browser.sign_in("ann").await;
    browser.go("/people").await;
    // Each row of somebody's form is one folder; one is empty.
    let of_mia = "//li[.//strong[text()='mia']]";
    let path = |rest: &str| format!("{of_mia}{rest}");
    let find = async |browser: &Browser, path: String| {
        let found = browser.client.wait().for_element(Locator::XPath(&path));
        found.await.unwrap_or_else(|err| panic!("{path}: {err}"))
    };
    let form = find(&browser, path("//summary")).await;
    browser.press(form).await;
    let folder = find(&browser, path("//input[@name='folder']")).await;
    folder.send_keys("purchasing").await.unwrap();
    let role = find(&browser, path("//select[@name='folder_role']")).await;
    role.select_by_value("author").await.unwrap();
    let button = find(&browser, path("//form[@class='stack']//button")).await;
    browser.press(button).await;
    let told = find(&browser, path("//summary")).await;
    let told = told.text().await.unwrap();
    assert!(told.contains("purchasing: author"), "{told}");
    let people = house.json(&["user", "list"]);
    assert_eq!(people[1]["folders"]["purchasing"], "author");
    browser.close().await;

    let mut browser = Browser::open(&house).await;
    browser.sign_in("mia").await;
    browser.go("/account").await;
    let told = browser.text("#rights").await;
    assert!(
        told.contains("purchasing") && told.contains("author"),
        "{told}"
    );
    browser.go("/workflows").await;
    assert!(browser.text("main").await.contains("purchasing"));
    // What one may not is not there.
    for (page, button, is_there) in [
        ("/workflows/po", "[href='/workflows/po/edit']", true),
        ("/workflows/po", "[action='/workflows/po/start']", true),
        ("/workflows/buy", "[href='/workflows/buy/edit']", false),
        ("/workflows/buy", "[action='/workflows/buy/start']", false),
        ("/runs/1", "[action='/runs/1/cancel']", true),
        ("/runs/2", "[action='/runs/2/cancel']", false),
        ("/exceptions/1", "[action='/exceptions/1/decision']", true),
        ("/exceptions/1", "[name=remember]", false),
        ("/exceptions/2", "[action='/exceptions/2/decision']", false),
    ] {
        browser.go(page).await;
        browser.find("h1").await;
        assert_eq!(browser.is_there(button).await, is_there, "{page} {button}");
    }
    browser.go("/inbox?show=oldest").await;
    let boxes = Locator::Css("[name=exception]");
    assert_eq!(browser.client.find_all(boxes).await.unwrap().len(), 1);

    browser.go("/new-workflow").await;
    browser.write("name", "invoice").await;
    browser.write("folder", "purchasing/new").await;
    browser.click("main .primary").await;
    browser.write("source", &PO.replace("po", "invoice")).await;
    browser.click_text("Activate").await;
    assert_eq!(browser.path().await, "/workflows/invoice/versions/1");
    assert!(house.path("workflows/purchasing/new/invoice.yaml").exists());
    browser.go("/workflows/strange/edit?folder=sales").await;
    assert!(
        browser
            .text("main")
            .await
            .contains("it takes the role author in `sales`")
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_role_in_a_folder_alone_sees_that_folder_and_a_token_too() {
    let house = House::open();
    house.write("workflows/purchasing/po.yaml", PO);
    house.admit("ann", "admin", &[]);
    house.admit("mia", "none", &[]);
    let change = ["user", "change", "mia", "--folder", "purchasing=handler"];
    assert!(house.botswain(&change).status.success());
    assert_eq!(house.botswain(&["run", "po"]).status.code(), Some(3));
    house.park(&[line("1", "4711", "ACME")]);

    let mut browser = Browser::open(&house).await;
    browser.sign_in("mia").await;
    for (page, word, is_there) in [
        ("/inbox?show=newest", "look at it", true),
        ("/inbox?show=newest", "ACME", false),
        ("/inbox?q=4711", "4711", false),
        ("/workflows", "po", true),
        ("/workflows", "lines", false),
        ("/runs", "lines", false),
        ("/insights", "lines", false),
        ("/runs/2", "it takes the role viewer", true),
        ("/connections", "it takes the role viewer", true),
    ] {
        browser.go(page).await;
        let told = browser.text("main").await;
        assert_eq!(told.contains(word), is_there, "{page} {word}: {told}");
    }
    browser.go("/inbox").await;
    assert_eq!(browser.text("[data-count=open]").await, "1");
    assert!(!browser.is_there("nav [href='/connections']").await);
    // What is seen is decided as ever.
    browser.go("/exceptions/1").await;
    browser.find("[action='/exceptions/1/decision']").await;
    browser.close().await;

    // A program of somebody who may everything, for one folder.
    let add = [
        "user",
        "token",
        "add",
        "ann",
        "shop",
        "--role",
        "handler",
        "--folder",
        "purchasing",
    ];
    let made = house.json(&add);
    let listed = house.json(&["user", "token", "list"]);
    assert_eq!(listed[0]["folders"], json!(["purchasing"]));
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = Client::new();
    let get = async |path: &str| {
        let ask = http.get(format!("{}/api/v1{path}", house.url));
        let ask = ask.bearer_auth(made["token"].as_str().unwrap());
        let answer = ask.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    for path in ["/runs", "/exceptions", "/workflows"] {
        let (_, list) = get(path).await;
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), 1, "{path}: {list:?}");
        let text = list[0].to_string();
        assert!(text.contains("\"po\"") && !text.contains("lines"), "{text}");
    }
    for path in [
        "/runs/2",
        "/workflows/lines",
        "/exceptions/2",
        "/people",
        "/audit",
    ] {
        assert_eq!(get(path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
}
