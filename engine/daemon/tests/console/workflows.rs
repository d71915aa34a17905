//! Workflows: one is started from its form, started again, and its mistakes are seen at their line.

use crate::{
    browser::Browser,
    house::{House, wait_for},
    session::Session,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_from_the_form_and_once_more_with_the_same_inputs() {
    let house = House::open();
    house.admit("ann", "handler", &["buyers"]);
    house.admit("eve", "viewer", &[]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/workflows").await;
    browser.click("a[href='/workflows/buy']").await;
    assert!(browser.is_there("svg.graph rect.node").await);

    // What the browser does not refuse the engine does, and nothing that was written is lost.
    browser.write("input.supplier", "Pavlova, Ltd.").await;
    browser.write("input.amount", "12.50").await;
    let loosen = "document.querySelector('[name=\"input.amount\"]').removeAttribute('pattern')";
    browser.client.execute(loosen, Vec::new()).await.unwrap();
    browser.write("input.amount", "a lot").await;
    browser.click("#start button.primary").await;
    let told = browser.text("#start .error").await;
    assert!(told.contains("amount"), "{told}");
    let supplier = browser.find("[name='input.supplier']").await;
    assert_eq!(
        supplier.prop("value").await.unwrap().unwrap(),
        "Pavlova, Ltd."
    );
    browser.write("input.amount", "12.50").await;
    browser.click("#start button.primary").await;
    assert_eq!(browser.path().await, "/runs/1");
    wait_for("the question", || {
        (house.open_exceptions() == [1]).then_some(())
    });
    browser.go("/runs/1").await;
    assert!(browser.text(".side").await.contains("ann"));

    browser.click_text("Run again").await;
    let amount = browser.find("[name='input.amount']").await;
    assert_eq!(amount.prop("value").await.unwrap().unwrap(), "12.50");
    browser.click("#start button.primary").await;
    assert_eq!(browser.path().await, "/runs/2");

    // Who may only look is told so.
    browser.sign_in("eve").await;
    browser.go("/workflows/buy").await;
    assert!(!browser.is_there("#start form").await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_stand_at_their_line_and_times_in_the_week() {
    let house = House::open();
    house.admit("ann", "viewer", &[]);
    house.write(
        "workflows/nightly.yaml",
        "name: nightly\ntriggers: [{ cron: \"0 7 * * *\" }]\nsteps:\n  - id: look\n    bot: http.gett\n",
    );
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/workflows/nightly").await;
    let marked = browser.text("#line-5").await;
    assert!(
        marked.contains("http.gett") && marked.contains("Mistake"),
        "{marked}"
    );
    house.write(
        "workflows/nightly.yaml",
        "name: nightly\ntriggers: [{ cron: \"0 7 * * *\" }]\nsteps:\n  - id: look\n    set: { a: \"1\" }\n",
    );
    browser.go("/workflows/nightly").await;
    assert!(!browser.is_there(".finding.mistake").await);
    assert!(browser.text(".side").await.contains("0 7 * * *"));
    browser.go("/calendar").await;
    let week = browser.text("table.calendar").await;
    assert!(week.contains("nightly"), "{week}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_starts_nothing_by_itself_until_it_goes_on() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write(
        "workflows/drop.yaml",
        "name: drop\ntriggers: [{ files: \"in/*.txt\", settle: 1s }]\nsteps:\n  - id: look\n    set: { a: \"1\" }\n",
    );
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/workflows/drop").await;
    browser.click_text("Pause it").await;
    browser.write("note", "the shop is down").await;
    browser.click("[data-turn]").await;
    let told = browser.text("#paused").await;
    assert!(
        told.contains("ann has paused it") && told.contains("the shop is down"),
        "{told}"
    );
    browser.go("/workflows").await;
    assert!(browser.text(".rows").await.contains("paused"));

    // By hand it runs all the same.
    house.write("in/a.txt", "a");
    assert!(house.botswain(&["run", "drop"]).status.success());
    let runs = house.json(&["runs"]);
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    browser.go("/workflows/drop").await;
    browser.click("[data-turn]").await;
    assert!(!browser.is_there("#paused").await);
    wait_for("the file to be taken", || {
        let runs = house.json(&["runs"]);
        (runs.as_array().map(Vec::len) == Some(2)).then_some(())
    });
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_is_told_with_how_it_stands() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    // Where it is noon now, so that the day neither ends nor begins meanwhile.
    let hour = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .hour();
    let noon = match 12 - i32::from(hour) {
        0 => "UTC".to_owned(),
        east @ 1.. => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    };
    house.write(
        "workflows/daily.yaml",
        &format!("name: daily\npromise: {{ before: \"20:00\", timezone: {noon}, days: every }}\nsteps: [{{ id: x, set: {{ y: \"1\" }} }}]\n"),
    );
    let session = Session::open(&house, "ann").await;
    let told = async || {
        let page = session.get("/workflows/daily").await;
        page.text().await.unwrap()
    };
    let page = told().await;
    assert!(page.contains("1 succeeded run by"), "{page}");
    assert!(page.contains("none so far"), "{page}");
    house.botswain(&["run", "daily"]);
    let page = told().await;
    assert!(page.contains("kept already"), "{page}");
    let detail: serde_json::Value = session
        .get("/api/v1/workflows/daily")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(detail["promise"]["so_far"], 1, "{detail}");
    assert_eq!(detail["promise"]["broken"], 0);
}
