//! Files and tables under their hashes.

use std::{fs, io::Read, path::Path};

use botswain_core::{Hash, TableRef};
use botswain_store::{Artifacts, artifacts::Error};
use serde_json::json;

fn folder() -> (tempfile::TempDir, Artifacts) {
    let dir = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::open_folder(&dir.path().join("artifacts")).unwrap();
    (dir, artifacts)
}

fn files(dir: &Path) -> usize {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

fn place(dir: &Path, hash: &Hash) -> std::path::PathBuf {
    let hash = hash.as_str();
    dir.join("artifacts").join(&hash[..2]).join(hash)
}

#[test]
fn equal_contents_are_kept_once() {
    let (dir, artifacts) = folder();
    let kept = artifacts.put("a.txt", "text/plain", b"content").unwrap();
    let source = dir.path().join("b.txt");
    fs::write(&source, "content").unwrap();
    let again = artifacts.put_file("b.txt", "text/plain", &source).unwrap();
    assert_eq!(kept.hash, Hash::of(b"content"));
    assert_eq!((&again.hash, again.size), (&kept.hash, 7));
    assert_eq!(again.name, "b.txt");
    assert_eq!(files(&dir.path().join("artifacts")), 1);
    let mut text = String::new();
    artifacts
        .open(&kept)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "content");
    artifacts.verify(&kept.hash).unwrap();
}

#[test]
fn damage_is_noticed_and_mended_by_the_same_content() {
    let (dir, artifacts) = folder();
    let kept = artifacts.put("a.txt", "text/plain", b"content").unwrap();
    let file = place(dir.path(), &kept.hash);
    fs::write(&file, "contenT").unwrap();
    assert!(matches!(
        artifacts.verify(&kept.hash),
        Err(Error::Damaged { .. })
    ));
    fs::write(&file, "cont").unwrap();
    let error = artifacts.open(&kept).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the file `{}` is damaged: it has 4 bytes and should have 7",
            file.display()
        )
    );
    for wrong in ["cont", "contenT"] {
        fs::write(&file, wrong).unwrap();
        artifacts.put("a.txt", "text/plain", b"content").unwrap();
        artifacts.verify(&kept.hash).unwrap();
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(artifacts.open(&kept), Err(Error::Missing { .. })));
}

#[test]
fn a_large_table_is_read_from_any_place() {
    const ROWS: u64 = 200_000;
    let (dir, artifacts) = folder();
    let mut table = artifacts.table().unwrap();
    let row = |n: u64| json!({ "order": n.to_string(), "text": "ä\n\"", "amount": 10.10, "n": n });
    for n in 0..ROWS {
        table.push(&row(n)).unwrap();
    }
    let table = table.finish().unwrap();
    assert_eq!(table.rows, ROWS);
    for from in [0, 1, 255, 256, 257, 100_000, ROWS - 3] {
        let expected: Vec<_> = (from..ROWS.min(from + 300)).map(row).collect();
        assert_eq!(artifacts.rows(&table, from, 300).unwrap(), expected);
    }
    assert!(artifacts.rows(&table, ROWS, 5).unwrap().is_empty());
    assert!(artifacts.rows(&table, 0, 0).unwrap().is_empty());
    artifacts.verify(&table.hash).unwrap();

    // The index is only a help: without it, or with a wrong one, the rows are the same.
    let index = place(dir.path(), &table.hash).with_extension("index");
    let right = fs::read(&index).unwrap();
    fs::remove_file(&index).unwrap();
    assert_eq!(artifacts.rows(&table, 70_000, 1).unwrap(), [row(70_000)]);
    assert_eq!(fs::read(&index).unwrap(), right);
    let mut wrong = right;
    wrong[100] ^= 1;
    fs::write(&index, wrong).unwrap();
    assert_eq!(artifacts.rows(&table, 70_000, 1).unwrap(), [row(70_000)]);
}

#[test]
fn a_table_that_was_cut_is_noticed() {
    let (dir, artifacts) = folder();
    let mut table = artifacts.table().unwrap();
    for n in 0..1000 {
        table.push(&json!(n)).unwrap();
    }
    let table = table.finish().unwrap();
    let file = place(dir.path(), &table.hash);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert!(artifacts.rows(&table, 0, 10).is_ok());
    for from in [0, 900] {
        let error = artifacts.rows(&table, from, 1000).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn an_empty_table_is_a_table() {
    let (_dir, artifacts) = folder();
    let table = artifacts.table().unwrap().finish().unwrap();
    assert_eq!(table.rows, 0);
    assert!(artifacts.rows(&table, 0, 10).unwrap().is_empty());
    let unknown = TableRef {
        hash: Hash::of(b"unknown"),
        rows: 1,
    };
    assert!(matches!(
        artifacts.rows(&unknown, 0, 1),
        Err(Error::Missing { .. })
    ));
}

#[test]
fn what_is_not_finished_leaves_nothing() {
    let (dir, artifacts) = folder();
    let mut table = artifacts.table().unwrap();
    for n in 0..50_000 {
        table.push(&json!({ "n": n })).unwrap();
    }
    assert_eq!(files(dir.path()), 1);
    drop(table);
    assert_eq!(files(dir.path()), 0);
    // As after a crash.
    fs::write(dir.path().join("artifacts/tmp/left"), "half").unwrap();
    Artifacts::open_folder(&dir.path().join("artifacts")).unwrap();
    assert_eq!(files(dir.path()), 0);
}
