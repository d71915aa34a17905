//! Runs: found in the list, looked at, and taken away as evidence that can be checked.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    browser::Browser,
    house::{House, line},
};

/// What lies in a bundle, by path.
fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        assert!(file.enclosed_name().is_some(), "{name}");
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(name, content);
    }
    files
}

fn text(files: &BTreeMap<String, Vec<u8>>, path: &str) -> String {
    String::from_utf8(files[path].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_found_looked_at_and_taken_away_as_evidence() {
    let house = House::open();
    house.admit("ann", "viewer", &[]);
    house.park(&[
        line("10850", "9001", "ACME Ltd"),
        line("10851", "0099", "<img src=x onerror=alert(1)>"),
    ]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;

    // Filters are in the address; what fits nothing says what to do.
    browser.go("/runs").await;
    browser.write("key", "nothing like it").await;
    browser.click(".filters button").await;
    assert_eq!(browser.text(".empty h2").await, "Nothing here fits");
    browser
        .go("/runs?workflow=lines&state=parked&from=2020-01-01")
        .await;
    browser.click("tr.row [data-open]").await;
    assert_eq!(browser.path().await, "/runs/1");

    // A bar for what was at work, and the items in one row.
    assert!(browser.is_there(".timeline .bars rect.working").await);
    assert!(browser.text(".timeline").await.contains("enter"));
    assert!(
        browser
            .text(".happened")
            .await
            .contains("the list was read")
    );
    assert!(!browser.is_there("form[action$='/cancel']").await);
    browser.click_text("Items").await;
    assert_eq!(browser.path().await, "/runs/1/items/enter");
    browser.click("tr.row [data-open]").await;
    assert_eq!(browser.path().await, "/runs/1.enter.0");
    assert!(browser.is_there(".timeline rect.person").await);

    browser.go("/runs/1").await;
    let link = browser.find("a[download][href$='/evidence']").await;
    let path = link.attr("href").await.unwrap().unwrap();
    let ask = "const [path, done] = arguments; fetch(path).then(it => it.arrayBuffer()).then(it => \
               done(btoa(Array.from(new Uint8Array(it), byte => String.fromCharCode(byte)).join(''))))";
    let answer = browser.client.execute_async(ask, vec![path.into()]).await;
    let Ok(Value::String(encoded)) = answer else {
        panic!("there is no bundle: {answer:?}");
    };
    let files = unpacked(&BASE64_STANDARD.decode(encoded).unwrap());
    browser.close().await;

    // What the list of hashes says is true of every file beside it.
    let sums = text(&files, "SHA256SUMS");
    assert_eq!(sums.lines().count(), files.len() - 1);
    for line in sums.lines() {
        let (hash, path) = line.split_once("  ").unwrap();
        let found = Sha256::digest(&files[path]);
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, hash, "{path}");
    }
    let facts = text(&files, "facts.jsonl");
    let runs = facts.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["run"].as_str().unwrap().to_owned()
    });
    let runs: std::collections::BTreeSet<String> = runs.collect();
    assert_eq!(
        runs.into_iter().collect::<Vec<_>>(),
        ["1", "1.enter.0", "1.enter.1"]
    );
    let index = text(&files, "index.html");
    assert!(index.contains("Evidence of run 1") && index.contains("facts.jsonl"));
    assert!(!index.contains("<img src=x") && !index.contains("<script"));
    assert!(files.keys().any(|it| it.starts_with("workflows/lines.")));
}
