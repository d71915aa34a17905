//! The names of `pages/`: one edit mends a redesign, and a run keeps what it had.

use serde_json::Value;

use crate::place::Place;

const ORDERS: &str = "\
order,line,customer,sku,quantity,amount
2001,1,BLAUS,0018,10,625.00
";

/// An order line whose form names a field that the page does not have any more.
fn place() -> Place {
    let place = Place::with_orders(ORDERS);
    let file = place.path("workflows/order-entry.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let named = text
        .replace("Quantity: \"", "page=office.quantity: \"")
        .replace("attempts: 3, delay: 2s", "attempts: 1")
        .replace(
            "          actions:\n",
            "          wait: 1s\n          actions:\n",
        );
    place.write("workflows/order-entry.yaml", &named);
    place.write("pages/office.yaml", "quantity: css=#menge\n");
    place
}

fn only(exceptions: &[Value]) -> String {
    assert_eq!(exceptions.len(), 1, "{exceptions:?}");
    assert_eq!(exceptions[0]["code"], "browser.not_found");
    exceptions[0]["id"].to_string()
}

#[test]
fn a_redesign_is_one_edit_and_a_parked_run_keeps_what_it_had_until_it_is_moved() {
    let place = place();
    let output = place.botswain(&["run", "order-entry"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let exception = only(&place.exceptions());
    let before = place.json(&["runs", "show", "1.enter.0"])["run"]["version"].clone();
    place.write("pages/office.yaml", "quantity: [css=#menge, Quantity]\n");
    // The run goes on with the page that it knows.
    place.botswain(&["exceptions", "retry", &exception]);
    assert_eq!(place.rested("1")["run"]["state"], "parked");
    let exception = only(&place.exceptions());
    let current = place.botswain(&["exceptions", "retry", &exception, "--current"]);
    let said = String::from_utf8_lossy(&current.stderr);
    assert!(current.status.success(), "{said}");
    let detail = place.rested("1");
    assert_eq!(detail["run"]["state"], "succeeded");
    let moved = place.json(&["runs", "show", "1.enter.0"]);
    assert_ne!(moved["run"]["version"], before);
    assert_eq!(
        detail["warnings"][0]["message"],
        "the page has changed: `css=#menge` was not found, `Quantity` was"
    );
    assert_eq!(place.office.count("2001-1"), 1);
}

#[test]
fn a_broken_page_is_told_at_its_line_and_where_it_is_named() {
    let place = place();
    place.write(
        "pages/office.yaml",
        "customer: Customer\nquantity: { find: Quantity }\n",
    );
    let told = place.json(&["check"]);
    let told: Vec<(String, u64, String)> = told["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            (text("file"), it["line"].as_u64().unwrap(), text("code"))
        })
        .collect();
    let file = std::fs::read_to_string(place.path("workflows/order-entry.yaml")).unwrap();
    let line = 1 + file
        .lines()
        .position(|line| line.contains("page=office"))
        .unwrap();
    let expected = [
        ("pages/office.yaml", 2, "language.type"),
        ("workflows/order-entry.yaml", line as u64, "pages.broken"),
    ];
    let expected = expected.map(|(file, line, code)| (file.to_owned(), line, code.to_owned()));
    assert_eq!(told, expected);
}

#[test]
fn a_name_is_tried_on_a_page() {
    let place = place();
    place.write("pages/office.yaml", "user: [User, css=#nobody]\n");
    let url = format!("{}/login", place.office.address());
    let found = place.json(&["browser", "try", &url, "page=office.user"]);
    assert_eq!(found[0]["locator"], "User");
    assert!(
        found[0]["uses"][0][1]
            .as_str()
            .unwrap()
            .starts_with("<input"),
        "{found}"
    );
    assert_eq!(found[1]["locator"], "css=#nobody");
    let output = place.botswain(&["browser", "try", &url, "page=office.usr"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("has no `usr`") && said.contains("did you mean `user`?"),
        "{said}"
    );
}
