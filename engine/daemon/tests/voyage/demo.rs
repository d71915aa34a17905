//! `botswain demo` ends by itself and tells a story that is true.

use std::process::Command;

use botswain_demo::{office::read_orders, sink};

use crate::place::root;

#[test]
fn the_demo_enters_parks_mails_and_drops() {
    let dir = tempfile::TempDir::new().unwrap();
    let folder = dir.path().join("demo");
    let output = Command::new(env!("CARGO_BIN_EXE_botswain"))
        .arg("demo")
        .arg("--dir")
        .arg(&folder)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("~ "), "one 503 was tried again:\n{out}");
    assert!(out.contains("9001"), "the unknown product is named:\n{out}");

    let orders = read_orders(&folder.join("office/orders.jsonl")).unwrap();
    let csv = std::fs::read_to_string(root().join("samples/orders/week-2014-05.csv")).unwrap();
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let reference = format!("{}-{}", fields[0], fields[1]);
        let found: Vec<_> = orders
            .iter()
            .filter(|order| order.reference == reference)
            .collect();
        assert_eq!(found.len(), usize::from(fields[3] != "9001"), "{reference}");
        for order in found {
            assert_eq!(
                (order.customer.as_str(), order.sku.as_str()),
                (fields[2], fields[3])
            );
            assert_eq!(order.quantity.to_string(), fields[4]);
        }
    }

    let mails = sink::read(&folder.join("mail")).unwrap();
    let purchases: Vec<_> = mails
        .iter()
        .filter(|mail| mail.subject.starts_with("Purchase order"))
        .collect();
    assert_eq!(
        purchases.len(),
        15,
        "one for each supplier with a product below its reorder level"
    );
    for mail in purchases {
        let attached = &mail.attachments[0];
        let name = attached.name.as_ref().unwrap();
        assert_eq!(
            std::fs::read(folder.join("outbox").join(name)).unwrap(),
            attached.bytes,
            "{name}"
        );
        assert!(attached.bytes.starts_with(b"PURCHASE ORDER PO-"));
    }
    let told = mails
        .iter()
        .find(|mail| mail.subject.contains("waits for you"));
    assert!(told.is_some(), "somebody was told of the exception");
    assert!(folder.join("exception-1.png").metadata().unwrap().len() > 10_000);
}
