//! Uploads, downloads, pictures and PDF.

use std::fs;

use serde_json::{Value, json};

use crate::{play, world::scenario};

#[test]
fn files_are_handed_over() {
    scenario(async |world| {
        fs::write(world.scratch.path().join("scan 1.txt"), "page one").expect("a file");
        let artifact = world.put("invoice-7.txt", "47.11 EUR");
        let told = |text: &str| json!([{ "wait_for": { "text": text } }, { "read": { "told": "css=#told" } }]);
        let upload = |field: &str, file: Value, text: &str| {
            let mut actions = vec![json!({ "upload": { field: file } })];
            actions.extend(told(text).as_array().expect("a list").clone());
            Value::from(actions)
        };
        play(
            world,
            "/p/desk",
            vec![
                (
                    "an artifact",
                    upload("Invoice", artifact.clone(), "47.11"),
                    Ok(json!({ "told": "invoice-7.txt: 47.11 EUR" })),
                ),
                (
                    "a path",
                    upload("Invoice", json!("scan 1.txt"), "one"),
                    Ok(json!({ "told": "scan 1.txt: page one" })),
                ),
                (
                    "a hidden field",
                    upload("css=#scan", json!("scan 1.txt"), "one"),
                    Ok(json!({ "told": "scan 1.txt: page one" })),
                ),
                (
                    "what is no field for a file",
                    json!([{ "upload": { "Nowhere": artifact } }]),
                    Err(("browser.not_found", "no visible field for a file `Nowhere`")),
                ),
                (
                    "one that is disabled",
                    json!([{ "upload": { "Locked": "scan 1.txt" } }]),
                    Err(("browser.disabled", "`Locked`")),
                ),
                (
                    "a file that is not there",
                    json!([{ "upload": { "Invoice": "nowhere.txt" } }]),
                    Err(("file.missing", "nowhere.txt")),
                ),
            ],
        )
        .await;
    });
}

#[test]
fn a_download_is_kept_when_all_of_it_is_there() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/p/desk" },
                { "download": { "click": "Export", "as": "report" } },
                { "each": { "rows": [{}, {}], "do": [{ "download": { "click": "Export", "as": "reports" } }] } },
            ]))
            .await
            .expect("a file");
        assert_eq!(output["report"]["name"], "orders 7.csv");
        assert_eq!(output["report"]["media"], "text/csv");
        assert_eq!(world.content(&output["report"]), b"order,sku\n7,00412\n");
        assert_eq!(output["reports"].as_array().map(Vec::len), Some(2));
    });
}

#[test]
fn a_download_that_does_not_come_is_a_fault() {
    scenario(async |world| {
        let download = |click: &str| json!([{ "download": { "click": click, "as": "file", "wait": "1500ms" } }]);
        play(
            world,
            "/p/desk",
            vec![
                (
                    "one without an end",
                    download("Archive"),
                    Err(("browser.download", "is not at its end")),
                ),
                (
                    "none at all",
                    download("Nothing"),
                    Err(("browser.download", "nothing has begun to arrive")),
                ),
                (
                    "no such link",
                    download("Nowhere"),
                    Err(("browser.not_found", "Nowhere")),
                ),
            ],
        )
        .await;
    });
}

#[test]
fn pictures_and_pdf_are_kept() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/p/desk" },
                { "screenshot": "page" },
                { "screenshot": { "as": "board", "of": "css=#board" } },
                { "pdf": "paper" },
            ]))
            .await
            .expect("files");
        let size = |name: &str| {
            let picture = world.content(&output["screenshots"][name]);
            assert!(picture.starts_with(b"\x89PNG"), "{name}");
            u32::from_be_bytes(picture[16..20].try_into().expect("four bytes"))
        };
        assert!(
            size("page") >= size("board"),
            "{} {}",
            size("page"),
            size("board")
        );
        assert!(world.content(&output["paper"]).starts_with(b"%PDF"));
        assert_eq!(output["paper"]["media"], "application/pdf");
    });
}
