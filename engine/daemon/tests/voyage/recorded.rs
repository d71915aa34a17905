//! A recording of an order that was entered by hand is imported and played: the order stands in
//! the office, once.

use serde_json::{Value, json};

use crate::place::Place;

/// As Chrome's DevTools Recorder writes it, from the login to the saved order.
fn recording(office: &str) -> Value {
    let arrives = |path: &str, title: &str| {
        json!([{
            "type": "navigation",
            "url": format!("{office}{path}"),
            "title": format!("{title} · Northwind back office"),
        }])
    };
    let change = |label: &str, id: &str, value: &str| {
        json!({
            "type": "change", "target": "main", "value": value,
            "selectors": [[format!("aria/{label}")], [id], [format!("xpath///*[@id=\"{}\"]", &id[1..])], [format!("pierce/{id}")]],
        })
    };
    let click = |label: &str, css: &str, events: Value| {
        json!({
            "type": "click", "target": "main", "offsetX": 20, "offsetY": 10,
            "selectors": [[format!("aria/{label}")], [css], [format!("text/{label}")]],
            "assertedEvents": events,
        })
    };
    json!({ "title": "Enter an order", "steps": [
        { "type": "setViewport", "width": 1280, "height": 1000, "deviceScaleFactor": 1,
          "isMobile": false, "hasTouch": false, "isLandscape": false },
        { "type": "navigate", "url": format!("{office}/orders/new"),
          "assertedEvents": arrives("/login?next=/orders/new", "Sign in") },
        click("User", "#user", json!([])),
        change("User", "#user", "clerk"),
        { "type": "keyDown", "target": "main", "key": "Tab" },
        { "type": "keyUp", "target": "main", "key": "Tab" },
        change("Password", "#password", "seaworthy"),
        click("Sign in", "div.actions > button", arrives("/orders/new", "New order")),
        // The page has been redesigned since: this id is gone.
        { "type": "change", "target": "main", "value": "R-1",
          "selectors": [["#order-reference"], ["aria/Reference"]] },
        change("Customer", "#customer", "ALFKI"),
        change("SKU", "#sku", "0011"),
        click("Quantity", "#quantity", json!([])),
        change("Quantity", "#quantity", "3"),
        click("Save", "div.actions > button", arrives("/orders/20001?saved=yes", "Order saved")),
    ] })
}

#[test]
fn a_recorded_order_is_entered_again() {
    let place = Place::with_orders("order,line,customer,sku,quantity,amount\n");
    place.write("botswain.yaml", "name: voyage\n");
    let recorded = recording(&place.office.address());
    place.write("recording.json", &recorded.to_string());
    let file = place.path("recording.json");
    let report = place.json(&["import", file.to_str().unwrap(), "--connection", "office"]);
    assert_eq!(report["file"], "workflows/enter-an-order.yaml");
    let add = report["add"]["text"].as_str().unwrap();
    place.write("botswain.yaml", &format!("name: voyage\n{add}"));
    for (name, value) in [("office_user", "clerk"), ("office_password", "seaworthy")] {
        place.set_secret(name, value);
    }
    let secrets = &report["add"]["secrets"];
    assert_eq!(secrets, &json!(["office_user", "office_password"]));
    assert!(!report.to_string().contains("seaworthy"));
    let checked = place.json(&[
        "check",
        place
            .path("workflows/enter-an-order.yaml")
            .to_str()
            .unwrap(),
    ]);
    assert_eq!(checked["diagnostics"], json!([]), "{checked:#}");

    // Once as it was recorded, once with another reference.
    for args in [
        vec![],
        vec!["--input", "reference=R-2", "--input", "quantity=7"],
    ] {
        let args = [vec!["run", "enter-an-order"], args].concat();
        let output = place.botswain(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    let orders = place.office.orders();
    let orders: Vec<_> = orders
        .iter()
        .map(|it| (&*it.reference, &*it.customer, &*it.sku, it.quantity))
        .collect();
    assert_eq!(
        orders,
        [("R-1", "ALFKI", "0011", 3), ("R-2", "ALFKI", "0011", 7)]
    );
    // What the recording called the field first is gone; somebody is told.
    let shown = place.botswain(&["runs", "show", "1"]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    let warning = "the page has changed: `css=#order-reference` was not found, `Reference` was";
    assert!(
        shown.contains(&format!("\nwarnings\nenter-an-order  {warning}\n")),
        "{shown}"
    );
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// The run of all lines tells what its items were warned of, once.
#[test]
fn what_the_items_were_warned_of_stands_in_their_run() {
    let place = Place::with_orders(
        "order,line,customer,sku,quantity,amount\n\
         2001,1,BLAUS,0018,10,625.00\n2001,2,BLAUS,0011,2,42.00\n",
    );
    let file = place.path("workflows/order-entry.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let drifted = text.replace("Quantity: \"", "\"css=#menge || Quantity\": \"");
    assert_ne!(text, drifted);
    place.write("workflows/order-entry.yaml", &drifted);
    let output = place.botswain(&["run", "order-entry"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(
        place.json(&["runs", "show", "1"])["warnings"],
        json!([{
            "step": "form",
            "message": "the page has changed: `css=#menge` was not found, `Quantity` was",
            "run": "1.enter.0",
            "runs": 2,
        }])
    );
}
