//! What became of runs: the page, the files, the API and the command say the same.

use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use crate::{
    house::{House, line},
    session::Session,
};

/// What somebody else's text becomes in a file that a spreadsheet opens.
const FORMULA: &str = "=HYPERLINK(\"http://evil.example\")";

const SAVING: &str = r#"
name: saving
saves: 6m
inputs:
  why: { type: text, default: "" }
steps:
  - id: wrong
    when: "{{not (eq inputs.why \"\")}}"
    fail: "{{inputs.why}}"
  - id: note
    bot: file.drop
    with: { to: "saved.txt", content: "yes" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_runs_is_told_alike_everywhere() {
    let house = House::open();
    house.admit("eve", "viewer", &[]);
    let eve = Session::open(&house, "eve").await;
    let empty = eve.get("/insights").await.text().await.unwrap();
    assert!(empty.contains("No run began within these days"), "{empty}");

    house.write("workflows/saving.yaml", SAVING);
    for _ in 0..2 {
        assert!(house.botswain(&["run", "saving"]).status.success());
    }
    let why = format!("why={FORMULA}");
    assert_eq!(
        house
            .botswain(&["run", "saving", "--input", &why])
            .status
            .code(),
        Some(3)
    );
    house.park(&[
        line("1", "9001", "ACME"),
        line("2", "9002", "Nova"),
        line("3", "0099", "Nova"),
    ]);
    let open = house.open_exceptions();
    let mended = house.botswain(&[
        "exceptions",
        "edit",
        &open[1].to_string(),
        "--set",
        "sku=0099",
    ]);
    assert!(
        mended.status.success(),
        "{}",
        String::from_utf8_lossy(&mended.stderr)
    );
    let left = house.botswain(&["exceptions", "abandon", &open[0].to_string()]);
    assert!(
        left.status.success(),
        "{}",
        String::from_utf8_lossy(&left.stderr)
    );

    let split = Timestamp::now() - 1.hour();
    let path = format!("/api/v1/insights?timezone=Asia/Shanghai&split={split}");
    let found: Value = eve.get(&path).await.json().await.unwrap();
    let figures = &found["figures"];
    for (name, count) in [
        ("runs", 4),
        ("succeeded", 2),
        ("failed", 1),
        ("open", 1),
        ("exceptions", 3),
        ("waiting", 1),
        ("saved_ms", 720_000),
    ] {
        assert_eq!(figures[name], count, "{name}: {found:#}");
    }
    assert_eq!(figures["handled"]["count"], 2, "{found:#}");
    assert_eq!(found["looked"]["sample"], false);
    // Three items.
    assert_eq!(found["looked"]["within"], 3);
    assert_eq!(found["comparison"]["before"]["runs"], 0);
    assert_eq!(found["comparison"]["after"]["runs"], 4);
    let today = found["days"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&today["succeeded"], &today["failed"], &today["open"]),
        (&2.into(), &1.into(), &1.into())
    );
    let known = found["causes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["step"] == "known")
        .unwrap();
    assert_eq!(
        (&known["workflow"], &known["count"], &known["waiting"]),
        (&"lines".into(), &2.into(), &1.into())
    );
    // It was at work in two runs and in two items.
    let notes = found["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["step"] == "note");
    let notes: u64 = notes
        .map(|it| it["working"]["count"].as_u64().unwrap())
        .sum();
    assert_eq!(notes, 4, "{found:#}");

    let said = house.json(&["insights", "--workflow", "saving"]);
    assert_eq!(said["figures"]["runs"], 3);
    let told = house.botswain(&["insights"]);
    let told = String::from_utf8(told.stdout).unwrap();
    for words in ["12 min", "lines", "known", "note"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let slip = house.botswain(&["insights", "--workflow", "savin"]);
    let told_of_it = String::from_utf8(slip.stderr).unwrap();
    assert_eq!(slip.status.code(), Some(2));
    assert!(
        told_of_it.contains("did you mean `saving`?"),
        "{told_of_it}"
    );
    let file = house.botswain(&["insights", "--csv", "causes"]);
    let file = String::from_utf8(file.stdout).unwrap();
    let cell = format!("\"'{}\"", FORMULA.replace('"', "\"\""));
    assert!(
        file.starts_with("workflow,step,code,") && file.contains(&cell),
        "{file}"
    );

    let page = eve
        .get("/insights?split=2026-01-01")
        .await
        .text()
        .await
        .unwrap();
    for words in [
        "<svg",
        "12 min",
        "class=\"succeeded\"",
        "=HYPERLINK(&quot;http",
        "/insights/export?table=days",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("style="), "{page}");
    let file = eve.get("/insights/export?table=workflows").await;
    assert_eq!(
        file.headers()["content-disposition"],
        "attachment; filename=\"insights-workflows.csv\""
    );
    assert!(
        file.text()
            .await
            .unwrap()
            .contains("\"saving\",\"3\",\"2\",\"1\",\"360.000\",\"720.000\"")
    );
    for refused in [
        "timezone=Mars/Olympus",
        "since=2020-01-01T00:00:00Z",
        "since=2999-01-01T00:00:00Z",
    ] {
        let answer = eve.get(&format!("/api/v1/insights?{refused}")).await;
        assert_eq!(answer.status(), 400, "{refused}");
    }
}
