//! Reading: texts, values, numbers, attributes, lists, tables, cookies.

use serde_json::{Value, json};

use crate::{Outcome, play, world::scenario};

fn read(given: Value) -> Value {
    json!([{ "read": { "it": given } }])
}

fn it(value: Value) -> Outcome {
    Ok(json!({ "it": value }))
}

#[test]
fn what_is_read_has_the_kind_that_is_asked_for() {
    scenario(async |world| {
        let exact = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
        play(
            world,
            "/p/table",
            vec![
                ("a text", read(json!("css=#number")), it(json!("004711"))),
                (
                    "a text of a field",
                    read(json!("Amount")),
                    it(json!("12.50")),
                ),
                ("a description", read(json!("Number")), it(json!("004711"))),
                (
                    "the text alone",
                    read(json!({ "text": "css=#link" })),
                    it(json!("Invoice")),
                ),
                (
                    "a value",
                    read(json!({ "value": "Amount" })),
                    it(json!("12.50")),
                ),
                (
                    "a value of a list",
                    read(json!({ "value": "css=#country" })),
                    it(json!("Germany")),
                ),
                (
                    "a value of what has none",
                    read(json!({ "value": "css=#number" })),
                    Err(("browser.kind", "css=#number")),
                ),
                (
                    "an attribute",
                    read(json!({ "attribute": "data-key", "of": "Invoice" })),
                    it(json!("K7")),
                ),
                (
                    "a link as a whole",
                    read(json!({ "attribute": "href", "of": "Invoice" })),
                    it(json!(format!("{}/file", world.site.address))),
                ),
                (
                    "an attribute that is not there",
                    read(json!({ "attribute": "data-no", "of": "Invoice" })),
                    Err(("browser.value", "no attribute `data-no`")),
                ),
                (
                    "a number",
                    read(json!({ "number": "css=#sum" })),
                    it(exact("1244.50")),
                ),
                (
                    "a number of a field",
                    read(json!({ "number": "Amount" })),
                    it(exact("12.50")),
                ),
                (
                    "a negative number",
                    read(json!({ "number": "css=#minus" })),
                    it(exact("-10.00")),
                ),
                (
                    "a number of two readings",
                    read(json!({ "number": "css=#odd" })),
                    Err(("browser.value", "two ways")),
                ),
                (
                    "its reading is said",
                    read(json!({ "number": "css=#odd", "point": "." })),
                    it(exact("1234")),
                ),
                (
                    "no number",
                    read(json!({ "number": "css=#none" })),
                    Err(("browser.value", "`none`")),
                ),
                (
                    "a list",
                    read(json!({ "list": "css=.entry" })),
                    it(json!(["one", "two"])),
                ),
                (
                    "a list of nothing",
                    read(json!({ "list": "css=.nowhere" })),
                    it(json!([])),
                ),
                (
                    "a count",
                    read(json!({ "count": "css=.entry" })),
                    it(json!(2)),
                ),
                (
                    "a cookie",
                    read(json!({ "cookie": "basket" })),
                    it(json!("b7")),
                ),
                (
                    "no cookie",
                    read(json!({ "cookie": "nowhere" })),
                    Err(("browser.not_found", "it has basket")),
                ),
                (
                    "the address",
                    read(json!({ "url": true })),
                    it(json!(format!("{}/p/table", world.site.address))),
                ),
                (
                    "nothing that can be read",
                    read(json!({ "colour": "css=#number" })),
                    Err(("step.parameters", "cannot be read")),
                ),
            ],
        )
        .await;
    });
}

#[test]
fn a_table_becomes_rows() {
    scenario(async |world| {
        let orders = json!([
            { "Order": "0007", "Customer": "ACME Ltd", "Total": "1.234,50", "column 4": "Delete", "Total 2": "EUR" },
            { "Order": "0008", "Customer": "Northwind", "Total": "10,00", "column 4": "Delete", "Total 2": "EUR" },
        ]);
        play(
            world,
            "/p/table",
            vec![
                (
                    "by a selector",
                    read(json!({ "table": "css=#orders" })),
                    it(orders.clone()),
                ),
                (
                    "by what stands in it",
                    read(json!({ "table": "text=Orders" })),
                    it(orders),
                ),
                (
                    "without heads",
                    read(json!({ "table": "css=#bare" })),
                    it(json!([{ "Key": "a", "Value": "1" }])),
                ),
                (
                    "without rows",
                    read(json!({ "table": "css=#empty" })),
                    it(json!([])),
                ),
                (
                    "of what is none",
                    read(json!({ "table": "css=#logo" })),
                    Err(("browser.kind", "css=#logo")),
                ),
            ],
        )
        .await;
    });
}
