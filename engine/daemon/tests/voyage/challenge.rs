//! The sample whose form changes all the time, by the real binary: a daemon, the sheet, a run.

use std::{collections::BTreeMap, net::TcpListener};

use axum::{Router, response::Html, routing::get};

use crate::place::{Place, RUNTIME, copy, root};

/// Serves the page of the sample; returns its port.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    let page = std::fs::read_to_string(root().join("samples/rpa-challenge/page.html")).unwrap();
    let router = Router::new().route("/page.html", get(async || Html(page)));
    RUNTIME.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, router).await
    });
    port
}

#[test]
fn a_daemon_fills_seventy_of_seventy_fields_from_the_sheet_three_times_in_a_row() {
    let place = Place::with_orders("order,line,customer,sku,quantity,amount\n");
    copy(&root().join("samples/rpa-challenge"), &place.path("."));
    let settings = std::fs::read_to_string(place.path("botswain.yaml")).unwrap();
    place.write(
        "botswain.yaml",
        &settings.replace(":8070", &format!(":{}", serve())),
    );
    for other in ["order-entry", "supplier-po"] {
        std::fs::remove_file(place.path(&format!("workflows/{other}.yaml"))).unwrap();
    }
    let up = place.up();
    let mut results = BTreeMap::new();
    for run in ["1", "2", "3"] {
        let output = place.botswain(&["run", "rpa-challenge"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}\n{}", place.log());
        let detail = place.json(&["runs", "show", run]);
        let result = detail["steps"][1]["output"]["result"]
            .as_str()
            .unwrap_or_default();
        results.insert(run, result.to_owned());
    }
    for (run, result) in &results {
        assert!(
            result.starts_with("70 out of 70 fields"),
            "{run}: {results:?}"
        );
    }
    up.terminate();
    assert_eq!(place.processes(), Vec::<String>::new());
}
