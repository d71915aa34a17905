//! The API is as its document says: schemathesis asks it whatever the document allows, and does not.
//!
//! Of what is served only the stream of events is left out, which has no end. What the document
//! allows may still be refused for how things stand (a workflow that is not there, a time that has
//! passed), so that a fitting request is taken (`positive_data_acceptance`) is not asked for; all
//! other checks are made. Twice: with whatever comes, which mostly is not there, and with the names
//! of what is there. The test of all routes by all roles is `src/console/tests.rs`.

use std::{path::Path, process::Command};

use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    house::{House, line},
    session::Session,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_as_its_document_says() {
    let house = House::open();
    house.admit("ann", "admin", &["buyers"]);
    // Whoever is altered is signed out, so it is to be somebody else.
    house.admit("ben", "viewer", &[]);
    house.park(&[line("1", "4711", "ACME"), line("2", "4711", "Nova")]);
    house.ask("ACME");
    let ann = Session::open(&house, "ann").await;
    let document = ann.get("/api/v1/openapi.json").await.text().await.unwrap();
    house.write("api/openapi.json", &document);
    let login = format!(
        "[auth.openapi.session]\napi_key = \"{}\"\n\n[auth.openapi.proof]\napi_key = \"{}\"\n",
        ann.token, ann.proof
    );

    let runs: Vec<Value> = ann.get("/api/v1/runs").await.json().await.unwrap();
    let lines = runs.iter().find(|it| it["workflow"] == "lines").unwrap();
    let (run, version) = (
        lines["id"].as_str().unwrap(),
        lines["version"].as_str().unwrap(),
    );
    let exception = house.open_exceptions()[0];
    for path in [
        format!("/api/v1/runs/{run}"),
        format!("/api/v1/runs/{run}/items/enter"),
        format!("/api/v1/versions/{version}"),
        format!("/api/v1/exceptions/{exception}"),
        "/api/v1/runs?limit=0".to_owned(),
    ] {
        assert_eq!(ann.get(&path).await.status(), StatusCode::OK, "{path}");
    }
    let known = format!(
        "{login}\n[parameters]\n\"path.run\" = \"{run}\"\n\"path.step\" = \"enter\"\n\
         \"path.hash\" = \"{version}\"\n\"path.id\" = {exception}\n\"path.name\" = \"ben\"\n\n\
         [[operations]]\ninclude-path-regex = \"^/api/v1/workflows\"\n\
         parameters = {{ \"path.name\" = \"lines\" }}\n"
    );
    house.write("api/known.toml", &known);
    let named = ["--include-path-regex", r"\{", "--exclude-method", "DELETE"];
    let narrow = ["--mode", "positive", "--phases", "coverage,fuzzing"];
    tried(&house, "known.toml", &[named, narrow].concat()).await;

    let whatever = format!(
        "{login}\n[[operations]]\ninclude-path = \"/api/v1/people/{{name}}\"\n\
         parameters = {{ \"path.name\" = \"ben\" }}\n"
    );
    house.write("api/whatever.toml", &whatever);
    tried(
        &house,
        "whatever.toml",
        &["--exclude-path", "/api/v1/events"],
    )
    .await;

    // All of it was asked by somebody who may.
    assert_eq!(ann.get("/api/v1/people").await.status(), StatusCode::OK);
    assert!(!house.log().contains("panicked"), "{}", house.log());
}

async fn tried(house: &House, config: &str, arguments: &[&str]) {
    let program = "../../target/schemathesis/bin/schemathesis";
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(program);
    let mut command = Command::new(&program);
    command
        .current_dir(house.path("api"))
        .args(["--no-color", "--config-file", config])
        .args(["run", "openapi.json", "--url", &house.url])
        .args(arguments)
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--generation-deterministic", "--max-examples", "5"])
        .args(["--no-shrink", "--continue-on-failure"])
        .args(["--request-timeout", "20", "--suppress-health-check", "all"]);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output
        .await
        .unwrap()
        .unwrap_or_else(|err| panic!("`{}`: {err}; `make tools` installs it", program.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Test cases:"), "{said}");
}
