//! `file.drop` into real folders.

use std::fs;

use botswain_bot::Category;
use botswain_core::Hash;
use serde_json::json;

use crate::support::Instance;

#[tokio::test]
async fn a_file_is_dropped_once_and_stays() {
    let instance = Instance::new();
    let with = json!({ "to": "outbox/new/a.csv", "content": "a;b\n" });
    let first = instance
        .run("file.drop", with.clone())
        .await
        .expect("dropped");
    assert_eq!(
        first,
        json!({ "path": "outbox/new/a.csv", "size": 4, "hash": Hash::of(b"a;b\n"), "existed": false })
    );
    let again = instance.run("file.drop", with).await.expect("repeated");
    assert_eq!(again["existed"], true);
    assert_eq!(instance.names("outbox/new"), ["a.csv"]);
    assert_eq!(
        fs::read(instance.path("outbox/new/a.csv")).expect("there"),
        b"a;b\n"
    );
}

#[tokio::test]
async fn other_content_is_replaced_only_when_told() {
    let instance = Instance::new();
    instance.write("a.csv", "old");
    let fault = instance
        .run("file.drop", json!({ "to": "a.csv", "content": "new" }))
        .await
        .expect_err("taken");
    assert_eq!(
        (fault.category, fault.code.as_str()),
        (Category::Business, "file.exists")
    );
    assert_eq!(fs::read(instance.path("a.csv")).expect("there"), b"old");

    let with = json!({ "to": "a.csv", "content": "new", "replace": true });
    let replaced = instance
        .run("file.drop", with.clone())
        .await
        .expect("replaced");
    assert_eq!(replaced["existed"], false);
    assert_eq!(
        instance.run("file.drop", with).await.expect("again")["existed"],
        true
    );
    assert_eq!(fs::read(instance.path("a.csv")).expect("there"), b"new");
    assert_eq!(instance.names(""), ["a.csv"]);
}

#[tokio::test]
async fn what_an_attempt_left_is_written_over() {
    let instance = Instance::new();
    instance.write(".a.csv.part", "a longer half of something");
    instance
        .run("file.drop", json!({ "to": "a.csv", "content": "whole" }))
        .await
        .expect("dropped");
    assert_eq!(instance.names(""), ["a.csv"]);
    assert_eq!(fs::read(instance.path("a.csv")).expect("there"), b"whole");
}

#[tokio::test]
async fn an_artifact_is_dropped_byte_by_byte() {
    let instance = Instance::new();
    let content: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let kept = instance
        .context(None)
        .keep("a.bin", "application/octet-stream", &content)
        .expect("kept");
    let with = json!({ "to": "outbox/a.bin", "from": kept.to_value() });
    let dropped = instance.run("file.drop", with).await.expect("dropped");
    assert_eq!(dropped["hash"], json!(kept.hash));
    assert_eq!(
        fs::read(instance.path("outbox/a.bin")).expect("there"),
        content
    );
}

#[tokio::test]
async fn many_at_once_make_one_file() {
    let instance = std::sync::Arc::new(Instance::new());
    let drops = (0..16).map(|n| {
        let instance = std::sync::Arc::clone(&instance);
        let with = json!({ "to": "a.csv", "content": format!("{n}").repeat(100_000) });
        tokio::spawn(async move { instance.run("file.drop", with).await })
    });
    let mut dropped = 0;
    for drop in drops.collect::<Vec<_>>() {
        match drop.await.expect("no panic") {
            Ok(_) => dropped += 1,
            Err(fault) => assert!(
                ["file.busy", "file.exists"].contains(&fault.code.as_str()),
                "{fault}"
            ),
        }
    }
    assert_eq!(dropped, 1);
    assert_eq!(instance.names(""), ["a.csv"]);
}

#[tokio::test]
async fn nothing_leaves_the_roots() {
    let instance = Instance::new();
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), instance.path("link")).expect("a link");
    for to in [
        "../a.csv",
        "/tmp/botswain-escape.csv",
        "link/a.csv",
        ".botswain/a.csv",
    ] {
        let fault = instance
            .run("file.drop", json!({ "to": to, "content": "x" }))
            .await
            .expect_err(to);
        assert_eq!(fault.code, "file.forbidden", "{to}");
    }
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);

    let victim = outside.path().join("victim");
    fs::write(&victim, "safe").expect("written");
    std::os::unix::fs::symlink(&victim, instance.path(".a.csv.part")).expect("a link");
    instance
        .run("file.drop", json!({ "to": "a.csv", "content": "x" }))
        .await
        .expect_err("a link");
    assert_eq!(fs::read(&victim).expect("there"), b"safe");
}

#[tokio::test]
async fn it_takes_one_source() {
    let instance = Instance::new();
    let fault = instance
        .run("file.drop", json!({ "to": "a.csv" }))
        .await
        .expect_err("no content");
    assert_eq!(
        fault.to_string(),
        "step.parameters: `file.drop` takes exactly one of `content` and `from`"
    );
}
