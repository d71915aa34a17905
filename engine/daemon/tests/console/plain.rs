//! Without scripts the essential things can be done: get in, look, correct, decide, hand over.

use std::str::FromStr;

use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Url;
use serde_json::json;

use crate::{
    browser::Browser,
    house::{House, line, wait_for},
};

/// The pages' scripts are off; what the test asks the browser goes on.
#[derive(Debug)]
pub(crate) struct NoScripts;

impl WebDriverCompatibleCommand for NoScripts {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        let off =
            json!({ "cmd": "Emulation.setScriptExecutionDisabled", "params": { "value": true } });
        (hyper::Method::POST, Some(off.to_string()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_mended_and_the_rest_handed_over_without_scripts() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.admit("ben", "handler", &[]);
    house.park(&[line("1", "9001", "ACME"), line("2", "9002", "Nova")]);
    for id in ["1", "2"] {
        let assign = ["exceptions", "assign", id, "ann"];
        assert!(house.botswain(&assign).status.success());
    }
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();
    browser.sign_in("ann").await;
    // The script shows the button for keys: it has not run.
    assert!(browser.is_there("footer [data-keys][hidden]").await);
    browser.go("/exceptions/1").await;
    browser.write("field.sku", "0099").await;
    browser.click_text("Try again with these data").await;
    wait_for("the order to be entered", || house.entered("1"));

    browser.go("/inbox?show=mine").await;
    browser.click("[data-hand-over] summary").await;
    browser.write("assignee", "ben").await;
    browser.click("[data-hand-over] button").await;
    let told = browser.text("main").await;
    assert!(
        told.contains("exception 2") || told.contains("Exception 2"),
        "{told}"
    );
    browser.click_text("Do it").await;
    assert!(browser.is_there("[data-bulk=waiting]").await);
    wait_for("Ben to have it", || {
        let open = house.json(&["exceptions", "list", "--all"]);
        (open[0]["assignee"] == "ben").then_some(())
    });
    let acts = house.json(&["audit", "--by", "ann", "--act", "decide_many"]);
    assert_eq!(acts[0]["with"]["assignee"], "ben");
    browser.close().await;
}
