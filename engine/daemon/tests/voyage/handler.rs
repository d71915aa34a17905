//! What the exception handler does, against the real office.

use botswain_demo::master::Product;
use serde_json::{Value, json};

use crate::place::Place;

const ORDERS: &str = "\
order,line,customer,sku,quantity,amount
2001,1,BLAUS,0018,10,625.00
2001,2,BLAUS,9001,5,50.00
2001,3,BLAUS,0011,2,42.00
";

/// A step after the form, so that it can be seen what later steps see.
const WITH_A_NOTE: &str = r#"
      - id: note
        bot: file.drop
        with:
          to: "notes/{{item.key}}.txt"
          content: "{{line.sku}} is order {{steps.form.number}}"
"#;

/// The second of three lines is parked for its unknown product.
fn parked() -> (Place, Value) {
    let place = Place::with_orders(ORDERS);
    let file = place.path("workflows/order-entry.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (steps, rest) = text.split_once("\n  - id: tell").unwrap();
    place.write(
        "workflows/order-entry.yaml",
        &format!("{steps}{WITH_A_NOTE}\n  - id: tell{rest}"),
    );
    let output = place.botswain(&["run", "order-entry"]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let exceptions = place.exceptions();
    assert_eq!(exceptions.len(), 1);
    assert_eq!(exceptions[0]["key"], "2001-2");
    (place, exceptions[0].clone())
}

fn note(place: &Place, key: &str) -> String {
    std::fs::read_to_string(place.path(&format!("notes/{key}.txt"))).unwrap_or_default()
}

fn id(exception: &Value) -> String {
    exception["id"].to_string()
}

#[test]
fn a_retry_after_the_product_was_added_goes_on_from_the_failed_step() {
    let (place, exception) = parked();
    let like = place.office.products().into_iter().next().unwrap();
    place
        .office
        .add_product(Product {
            sku: "9001".to_owned(),
            name: "Sea biscuits".to_owned(),
            ..like
        })
        .unwrap();
    let output = place.botswain(&["exceptions", "retry", &id(&exception)]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let detail = place.rested("1");
    assert_eq!(detail["run"]["state"], "succeeded");
    assert!(place.exceptions().is_empty());
    for key in ["2001-1", "2001-2", "2001-3"] {
        assert_eq!(place.office.count(key), 1, "{key}");
    }
    assert!(note(&place, "2001-2").starts_with("9001 is order 2"));
    assert_eq!(
        place.sink.count().unwrap(),
        1,
        "the report went out when the last line was done"
    );
}

#[test]
fn a_corrected_sku_is_seen_by_later_steps() {
    let (place, exception) = parked();
    let output = place.botswain(&[
        "exceptions",
        "edit",
        &id(&exception),
        "--set",
        "sku=0064",
        "--note",
        "a typing error",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(place.rested("1")["run"]["state"], "succeeded");
    let order = place
        .office
        .orders()
        .into_iter()
        .find(|order| order.reference == "2001-2")
        .unwrap();
    assert_eq!(order.sku, "0064");
    assert_eq!(
        note(&place, "2001-2"),
        format!("0064 is order {}", order.number)
    );
    let facts = place.json(&["runs", "show", "1.enter.1"])["facts"].to_string();
    assert!(
        facts.contains("a typing error") && facts.contains("\"sku\":\"0064\""),
        "{facts}"
    );
}

#[test]
fn a_parked_line_does_not_stop_the_next_run_and_nothing_is_entered_twice() {
    let (place, _) = parked();
    let up = place.up();
    let more = format!("{ORDERS}2002,1,ERNSH,0010,1,31.00\n");
    place.write("samples/orders/next.csv", &more);
    let output = place.botswain(&[
        "run",
        "order-entry",
        "--input",
        "file=samples/orders/next.csv",
    ]);
    // Line 2001-2 belongs to the first run, which still waits with it.
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tally = &place.json(&["runs", "show", "2"])["steps"][1]["items"];
    assert_eq!(
        (&tally["succeeded"], &tally["skipped"]),
        (&json!(1), &json!(3))
    );
    for key in ["2001-1", "2001-3", "2002-1"] {
        assert_eq!(place.office.count(key), 1, "{key}");
    }
    assert_eq!(place.exceptions().len(), 1);
    up.terminate();
    assert_eq!(
        place.processes(),
        Vec::<String>::new(),
        "no driver and no browser is left behind"
    );
}

#[test]
fn the_evidence_shows_the_page() {
    let (place, exception) = parked();
    let saved = place.path("evidence");
    let output = place.botswain(&[
        "exceptions",
        "show",
        &id(&exception),
        "--save",
        saved.to_str().unwrap(),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let page = std::fs::read(saved.join("page.png")).unwrap();
    assert!(page.starts_with(b"\x89PNG") && page.len() > 10_000);
    let source = std::fs::read_to_string(saved.join("page.html")).unwrap();
    assert!(
        source.contains("New order") && !source.contains("seaworthy"),
        "the page, without the password"
    );
}
