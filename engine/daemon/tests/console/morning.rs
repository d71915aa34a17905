//! The handler's morning: what was parked in the night is mended, passed on, approved.

use std::time::{Duration, Instant};

use crate::{
    browser::Browser,
    house::{House, line, wait_for},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_order_is_mended_and_the_rest_decided_at_once() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.park(&[
        line("10850", "9001", "ACME Ltd"),
        line("10851", "9001", "Müller & Søn"),
        line("10852", "9001", "深圳市公司"),
    ]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;

    // From the inbox to the mended order.
    let begun = Instant::now();
    assert_eq!(browser.text(".row .what").await, "unknown product `9001`");
    assert_eq!(browser.text(".row .many").await, "× 3");
    browser.click(".row [data-open]").await;
    browser.click(".row [data-open]").await;
    browser.write("field.sku", "0099").await;
    assert!(browser.is_there(".field.changed [name='field.sku']").await);
    browser.click_text("Try again with these data").await;
    wait_for("the order to be entered", || house.entered("10850"));
    assert!(browser.clicks <= 3, "{} clicks", browser.clicks);
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(house.entered("10850").unwrap(), "0099 3");
    assert_eq!(house.open_exceptions(), [2, 3]);

    // It leads to the others of the same cause, and proposes the same for them.
    assert_eq!(browser.path().await, "/inbox");
    let proposed = browser.find("[name=edit_value]").await;
    assert_eq!(proposed.prop("value").await.unwrap().unwrap(), "0099");
    browser.click(".decide button").await;
    let told = browser.text("main").await;
    assert!(
        told.contains("correct sku = \"0099\" and try again"),
        "{told}"
    );
    assert!(told.contains("2 are decided"), "{told}");

    // But these are given up.
    browser.client.back().await.unwrap();
    let choose = browser.find(".decide [name=decision]").await;
    choose.select_by_value("abandon").await.unwrap();
    browser.write("note", "the customer has cancelled").await;
    browser.click(".decide button").await;
    assert!(browser.text("main").await.contains("give it up"));
    browser.click_text("Do it").await;
    assert!(browser.is_there("[data-bulk=waiting]").await);
    assert_eq!(house.open_exceptions(), [2, 3]);
    browser
        .until(
            "both to be decided",
            "return !!document.querySelector('[data-bulk=done]')",
        )
        .await;
    assert!(house.open_exceptions().is_empty());
    assert!(browser.text("main").await.contains("2 of 2 decided"));
    browser.go("/inbox").await;
    assert_eq!(browser.text(".empty h2").await, "Nothing waits for you");

    // Last the run is looked for, and played again: what was mended by hand is not sent by itself.
    browser.go("/runs").await;
    let workflow = browser.find("[name=workflow]").await;
    workflow.select_by_value("lines").await.unwrap();
    browser.click(".filters button").await;
    browser.click("tr.row [data-open]").await;
    browser.click("[data-replay] [value=pinned]").await;
    assert_eq!(browser.path().await, "/runs/1/replay");
    let told = browser.text("[data-change=gone]").await;
    assert!(told.contains("enter[10850].note"), "{told}");
    assert!(told.contains("A person had corrected"), "{told}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_is_not_decided_and_the_second_hears_of_the_first() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.park(&[
        line("1", "9001", "ACME Ltd"),
        line("2", "9001", "Pavlova, Ltd."),
    ]);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("ann").await;
    browser.go("/inbox?show=oldest").await;
    browser.click("[data-choose]").await;
    browser.click("[data-chosen] summary").await;
    browser.click("[data-chosen] button").await;
    browser.click_text("Do it").await;
    browser.click_text("Withdraw it").await;
    assert!(browser.is_there("[data-bulk=withdrawn]").await);
    assert_eq!(house.open_exceptions(), [1, 2]);

    // Somebody else is quicker.
    browser.go("/exceptions/1").await;
    let skip = ["exceptions", "abandon", "1", "--note", "not ours"];
    assert!(house.botswain(&skip).status.success());
    browser.write("field.sku", "0099").await;
    browser.click_text("Try again with these data").await;
    let told = browser.text("main").await;
    assert!(
        told.contains("It is decided already") && told.contains("clerk was first"),
        "{told}"
    );
    assert_eq!(house.entered("1"), None);

    // What cannot be taken is told where it was written, and nothing of it is lost.
    browser.go("/exceptions/2").await;
    browser.write("field.amount", "three").await;
    browser.write("note", "as they said").await;
    browser.click_text("Try again with these data").await;
    assert_eq!(browser.text(".error").await, "amount is no number");
    let amount = browser.find("[name='field.amount']").await;
    assert_eq!(amount.prop("value").await.unwrap().unwrap(), "three");

    // Found by its customer, put off, and not shown before its time.
    browser.go("/inbox").await;
    browser.write("q", "pavlova").await;
    browser.click(".search button").await;
    browser.click(".row [data-open]").await;
    browser.click("[data-way=snooze] summary").await;
    browser.click("[data-way=snooze] button").await;
    browser.go("/inbox?show=oldest").await;
    assert!(browser.is_there(".empty").await);
    browser.go("/inbox?show=snoozed").await;
    assert_eq!(browser.text(".row .meta strong").await, "2");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_others_approve_and_nobody_else() {
    let house = House::open();
    for (name, groups) in [("ann", &["buyers"][..]), ("ben", &["buyers"]), ("eve", &[])] {
        house.admit(name, "handler", groups);
    }
    house.ask("Pavlova, Ltd.");
    let mut browser = Browser::open(&house).await;
    browser.sign_in("eve").await;
    browser.go("/exceptions/1").await;
    assert!(browser.text(".data").await.contains("12480.00"));
    browser.click("[data-key=a]").await;
    assert!(
        browser
            .text(".error")
            .await
            .contains("asks others than eve")
    );

    browser.sign_in("ann").await;
    browser.go("/exceptions/1").await;
    browser.click("[data-key=a]").await;
    assert_eq!(house.open_exceptions(), [1]);
    browser.go("/exceptions/1").await;
    assert!(browser.text("main").await.contains("approved by ann"));
    assert!(browser.is_there("[data-key=a][disabled]").await);
    let again = house.botswain(&["exceptions", "approve", "1", "--by", "ann"]);
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("ann has approved it already"), "{told}");

    browser.sign_in("ben").await;
    browser.go("/inbox?show=approvals").await;
    browser.click(".row [data-open]").await;
    browser.click("[data-key=a]").await;
    wait_for("the run to end", || {
        let run = house.json(&["runs", "show", "1"]);
        (run["run"]["state"] == "succeeded").then_some(())
    });

    house.ask("Specialty Biscuits");
    browser.go("/inbox").await;
    browser.click(".row [data-open]").await;
    browser.write("note", "too dear").await;
    browser.click(".danger[value=reject]").await;
    wait_for("the run to end", || {
        let run = house.json(&["runs", "show", "2"]);
        (run["run"]["state"] == "failed").then_some(())
    });
    browser.close().await;
}
