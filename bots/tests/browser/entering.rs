//! Entering and choosing, and what is a fault before anything has happened.

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{plain, told, world::scenario};

#[tokio::test]
async fn a_nasty_form_is_filled() {
    let world = plain().await;
    let output = world
        .act(json!([
            { "open": "/form" },
            { "fill": {
                "SKU": "00412",
                "Reference": "1001-1",
                "Ship to": "Harbour Street 1\nHamburg",
                "Discount": serde_json::from_str::<Value>("2.50").expect("a number"),
                "Quantity": 12,
                "Unit price": "1234.5",
                "Contact": "Maria Müller",
                "Phone": "+49 40 123",
            } },
            { "select": { "Country": "Germany", "Customer": "ACME Ltd" } },
            { "tick": "Urgent" },
            { "tick": "Sea" },
            { "screenshot": "filled" },
            { "submit": "Save" },
            { "expect": { "text": "Order saved", "title": "Order", "url": "/orders", "else": "business" } },
            { "read": { "number": "css=#order-number" } },
        ]))
        .await
        .expect("it is saved");
    assert_eq!(output["number"], "004711");
    assert_eq!(output["screenshots"]["filled"]["media"], "image/png");
    let orders = world.site.orders();
    let [order] = orders.as_slice() else {
        panic!("one order: {orders:?}");
    };
    let expected = [
        ("by", "sea"),
        ("contact", "Maria Müller"),
        ("country", "D"),
        ("customer", "ACME Ltd"),
        ("discount", "2.50"),
        ("old_sku", ""),
        ("phone", "+49 40 123"),
        ("price", "1,234.50"),
        ("quantity", "12"),
        ("reference_field", "1001-1"),
        ("ship_to", "Harbour Street 1\r\nHamburg"),
        ("sku", "00412"),
        ("urgent", "yes"),
    ];
    for (name, value) in expected {
        let entered = order.get(name).map_or("", String::as_str);
        assert_eq!(entered, value, "{name}");
    }
    world.close().await;
}

#[test]
fn what_is_not_clear_is_a_fault_before_the_effect() {
    scenario(async |world| {
        for (actions, code, words) in [
            (
                json!([{ "fill": { "Name": "x" } }]),
                "browser.ambiguous",
                r#"`<input name="second">"#,
            ),
            (
                json!([{ "submit": "Save" }]),
                "browser.ambiguous",
                r#"`<button id="two"> Save`"#,
            ),
            (
                json!([{ "submit": "Send" }]),
                "browser.not_found",
                "no visible button or link `Send`",
            ),
            (
                json!([{ "submit": "Archive" }]),
                "browser.disabled",
                "`Archive` is there",
            ),
            (
                json!([{ "fill": { "Code": "1234" } }]),
                "browser.value",
                "at most 3 characters",
            ),
            (
                json!([{ "click": "css=[" }]),
                "browser.locator",
                "no valid selector",
            ),
            (
                json!([{ "expect": { "text": "Invisible" } }]),
                "browser.unexpected",
                "`Invisible`",
            ),
            (
                json!([{ "read": { "a": "css=p" } }]),
                "browser.not_found",
                "`css=p`",
            ),
            (
                json!([{ "open": "http://example.com/" }]),
                "browser.address",
                "not on the connection's host",
            ),
            (json!([{ "open": "/down" }]), "browser.status", "status 503"),
            (
                json!([{ "expect": {} }]),
                "step.parameters",
                "names nothing",
            ),
        ] {
            let mut all = vec![json!({ "open": "/twins" })];
            all.extend(actions.as_array().expect("a list").iter().cloned());
            let fault = world.fault(Value::from(all)).await;
            assert_eq!(fault.code, code, "{fault}");
            assert!(fault.message.contains(words), "{fault}");
            assert_eq!(fault.effect, Reach::None, "{fault}");
        }
        let fault = world
            .fault(json!([{ "open": "/twins" }, { "read": { "a": "css=p" } }]))
            .await;
        assert_eq!(fault.hint.as_deref(), Some("1 that match are hidden"));
        let output = world
            .act(json!([{ "open": "/twins" }, { "read": { "a": "Order number" } }]))
            .await;
        assert_eq!(output, Ok(json!({ "a": "004711" })));
    });
}

#[test]
fn an_entry_that_is_not_offered_is_business() {
    scenario(async |world| {
        let choose =
            |field: &str, value: &str| json!([{ "open": "/form" }, { "select": { field: value } }]);
        let fault = world.fault(choose("Customer", "ACME Limited")).await;
        assert_eq!(
            told(&fault),
            ("browser.option", Category::Business, Reach::None)
        );
        assert_eq!(
            fault.hint.as_deref(),
            Some("it offers `ACME Ltd (closed)`, `ACME Ltd`")
        );
        let fault = world.fault(choose("Country", "France")).await;
        assert_eq!(fault.message, "`Country` offers no entry `France`");
        assert_eq!(
            fault.hint.as_deref(),
            Some("it offers `Choose`, `Germany`, `Denmark`")
        );
    });
}

#[test]
fn what_comes_late_is_waited_for() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/late" },
                { "wait_for": { "element": "css=#here", "text": "Here" } },
                { "read": { "text": "css=#here" } },
                { "expect": { "gone": "css=#never" } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "text": "Here" })));
    });
}

#[tokio::test]
async fn rows_are_entered_one_after_the_other() {
    let world = plain().await;
    let rows = r#"[{ "sku": "00412", "quantity": 1.50 }, { "sku": "A-7", "quantity": 2 }]"#;
    let rows: Value = serde_json::from_str(rows).expect("JSON");
    let output = world
        .act(json!([{ "each": {
            "rows": rows,
            "do": [
                { "open": "/form" },
                { "fill": { "SKU": { "column": "sku" }, "Discount": { "column": "quantity" } } },
                { "submit": "Save" },
                { "expect": { "text": "Order saved" } },
                { "read": { "numbers": "css=#order-number" } },
            ],
        } }]))
        .await;
    assert_eq!(output, Ok(json!({ "numbers": ["004711", "004711"] })));
    let entered = world.site.orders().into_iter();
    let entered: Vec<_> = entered
        .map(|it| (it["sku"].clone(), it["discount"].clone()))
        .collect();
    let expected = [("00412", "1.50"), ("A-7", "2")];
    assert_eq!(
        entered,
        expected.map(|(sku, discount)| (sku.to_owned(), discount.to_owned()))
    );
    world.close().await;
}
