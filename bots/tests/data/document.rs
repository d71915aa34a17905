//! `document.render` with real template files.

use serde_json::json;

use crate::support::Instance;

fn instance(name: &str, template: &str) -> Instance {
    let instance = Instance::new();
    std::fs::create_dir(instance.path("templates")).expect("a folder");
    instance.write(&format!("templates/{name}"), template);
    instance
}

#[tokio::test]
async fn a_document_is_text_and_file() {
    let instance = instance("order.html.hbs", "<p>{{customer}}</p>");
    let with = json!({ "template": "order.html.hbs", "data": { "customer": "A & B" }, "name": "order-1.html" });
    let output = instance
        .run("document.render", with)
        .await
        .expect("rendered");
    assert_eq!(output["text"], "<p>A &amp; B</p>");
    assert_eq!(output["file"]["name"], "order-1.html");
    assert_eq!(output["file"]["media"], "text/html; charset=utf-8");
    assert_eq!(instance.artifact(&output["file"]), b"<p>A &amp; B</p>");
}

#[tokio::test]
async fn a_large_document_is_a_file_only() {
    let instance = instance("large.csv.hbs", &"x".repeat(20_000));
    let output = instance
        .run("document.render", json!({ "template": "large.csv.hbs" }))
        .await
        .expect("rendered");
    assert_eq!(output["text"], json!(null));
    assert_eq!(
        (&output["file"]["name"], &output["file"]["size"]),
        (&json!("large.csv"), &json!(20_000))
    );
}

#[tokio::test]
async fn its_name_is_a_name() {
    let instance = instance("a.txt.hbs", "x");
    for name in ["../a.txt", "b/a.txt", "..", "", "a\nb"] {
        let with = json!({ "template": "a.txt.hbs", "name": name });
        let fault = instance.run("document.render", with).await.expect_err(name);
        assert_eq!(fault.code, "document.name", "{name}");
    }
}
