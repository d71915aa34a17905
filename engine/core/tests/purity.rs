//! The core decides and does nothing: no crate below it reaches the world, no
//! line of it does, and the crates of the workspace know each other one way only.
//!
//! In go what cargo says of the crates, and the sources; a violation is named. Each rule is
//! first tried on what it must refuse.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Crates that wait, talk, store or start something.
const WORLDLY: &[&str] = &[
    "actix-web",
    "async-std",
    "axum",
    "diesel",
    "fantoccini",
    "fs2",
    "getrandom",
    "hyper",
    "lettre",
    "libsqlite3-sys",
    "memmap2",
    "mio",
    "native-tls",
    "nix",
    "openssl",
    "polling",
    "rand",
    "reqwest",
    "rocksdb",
    "rusqlite",
    "rustls",
    "sled",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "tower",
    "ureq",
];

/// What each crate of the workspace may name among the others; tests may name more.
const ARROWS: &[(&str, &[&str])] = &[
    ("botswain-core", &[]),
    ("botswain-bot", &["botswain-core"]),
    ("botswain-bots", &["botswain-bot", "botswain-core"]),
    ("botswain-store", &["botswain-core"]),
    ("botswain-views", &["botswain-core"]),
    ("botswain-console", &["botswain-core", "botswain-views"]),
    ("botswain-demo", &[]),
    ("botswain-testkit", &[]),
    (
        "botswain",
        &[
            "botswain-bot",
            "botswain-bots",
            "botswain-console",
            "botswain-core",
            "botswain-demo",
            "botswain-store",
            "botswain-views",
        ],
    ),
];

/// What a source of the core has no use for.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "std::io",
    "std::time::Instant",
    "SystemTime",
    "Timestamp::now(",
    "Zoned::now(",
    "Utc::now(",
    "Local::now(",
    "Instant::now(",
    "TimeZone::system(",
    "thread_rng",
    "fs::read",
    "println!",
    "eprintln!",
];

#[test]
fn no_crate_below_the_core_reaches_the_world() {
    let below_core = below("botswain-core");
    assert!(below_core.contains("serde"), "{below_core:?}");
    assert_eq!(worldly(&below_core), [""; 0]);
    // The same question finds the world below the store and the bots.
    assert!(worldly(&below("botswain-store")).contains(&"sled"));
    assert!(worldly(&below("botswain-bots")).contains(&"tokio"));
}

fn worldly(crates: &BTreeSet<String>) -> Vec<&str> {
    let names = crates.iter().map(String::as_str);
    names.filter(|name| WORLDLY.contains(name)).collect()
}

#[test]
fn the_crates_of_the_workspace_know_each_other_one_way() {
    let found = arrows();
    let members: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, listed, "a crate has no line in ARROWS");
    assert_eq!(forbidden(&found), Vec::<String>::new());
    // An arrow turned round is seen.
    let turned = BTreeMap::from([("botswain-core".to_owned(), vec!["botswain-bots".to_owned()])]);
    assert_eq!(forbidden(&turned), ["botswain-core -> botswain-bots"]);
}

fn forbidden(arrows: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let allowed = |from: &str| {
        ARROWS
            .iter()
            .find(|(name, _)| *name == from)
            .map(|(_, to)| *to)
    };
    let all = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let wrong = all
        .filter(|(from, to)| !allowed(from).is_some_and(|allowed| allowed.contains(&to.as_str())));
    wrong.map(|(from, to)| format!("{from} -> {to}")).collect()
}

#[test]
fn no_source_of_the_core_asks_the_world() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > 40, "only {} sources", sources.len());
    let mut found = Vec::new();
    for path in &sources {
        let text = std::fs::read_to_string(path).expect("a source");
        let impure = impure(&text).into_iter();
        found.extend(impure.map(|words| format!("{}: {words}", path.display())));
    }
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(impure("use std::{fs, rc::Rc};\n"), ["std::fs"]);
    assert_eq!(
        impure("let now = jiff::Timestamp::now();"),
        ["Timestamp::now("]
    );
    assert_eq!(impure("// std::fs\n#[cfg(test)]\nuse std::fs;"), [""; 0]);
}

/// What of [`IMPURE`] stands in a source before its tests, comments left out.
fn impure(text: &str) -> Vec<&'static str> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    // A group of imports says the same as several lines.
    let code = spelled(&lines.collect::<Vec<_>>().join("\n"));
    IMPURE
        .iter()
        .copied()
        .filter(|words| code.contains(*words))
        .collect()
}

/// The code, and behind it each name of `use std::{a, b}` in full.
fn spelled(code: &str) -> String {
    let mut all = code.to_owned();
    for group in code.split("std::{").skip(1) {
        let inner = group.split(';').next().unwrap_or_default();
        for name in inner.split([',', '{', '}']) {
            all.push_str("\nstd::");
            all.push_str(name.trim());
        }
    }
    all
}

/// The sources in a folder, without those that are only tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_test = path
            .file_stem()
            .is_some_and(|stem| stem == "tests" || stem == "properties");
        match path.is_dir() {
            _ if is_test => (),
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Every crate that ends up in what is built of `root`; build scripts, macros and tests run
/// elsewhere.
fn below(root: &str) -> BTreeSet<String> {
    let edges = "normal,no-proc-macro";
    let tree = cargo(&[
        "tree",
        "--package",
        root,
        "--edges",
        edges,
        "--prefix",
        "none",
    ]);
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| *name != root)
        .map(str::to_owned)
        .collect()
}

/// Which members of the workspace each of them depends on.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages: Vec<&Value> = list(&metadata["packages"]).collect();
    let members: BTreeSet<&str> = packages.iter().map(|one| text(&one["name"])).collect();
    let arrows = packages.iter().map(|one| {
        // A test or a build script is no part of the crate.
        let normal = list(&one["dependencies"]).filter(|dependency| dependency["kind"].is_null());
        let names = normal.map(|dependency| text(&dependency["name"]));
        let inside = names
            .filter(|name| members.contains(name))
            .map(str::to_owned);
        (text(&one["name"]).to_owned(), inside.collect())
    });
    arrows.collect()
}

/// What cargo says, without asking a registry.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).expect("a text")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
