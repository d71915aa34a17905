//! Somebody may more in one folder: an admin says so without scripts, and pages and API know it.

use fantoccini::Locator;

use crate::{browser::Browser, house::House, plain::NoScripts};

const PO: &str = "name: po\nsteps: [{ id: stop, fail: look at it }]\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_author_of_one_folder_writes_and_decides_there_and_nowhere_else() {
    let house = House::open();
    house.write("workflows/purchasing/po.yaml", PO);
    house.admit("ann", "admin", &[]);
    house.admit("mia", "viewer", &[]);
    assert_eq!(house.botswain(&["run", "po"]).status.code(), Some(3));
    house.ask("ACME");
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();
    browser.sign_in("ann").await;
    browser.go("/people").await;
    // Each row of somebody's form is one folder; one is empty.
    let of_mia = "//li[.//strong[text()='mia']]";
    let path = |rest: &str| format!("{of_mia}{rest}");
    let find = async |path: String| {
        let found = browser.client.find(Locator::XPath(&path)).await;
        found.unwrap_or_else(|err| panic!("{path}: {err}"))
    };
    find(path("//summary")).await.click().await.unwrap();
    let folder = find(path("//input[@name='folder']")).await;
    folder.send_keys("purchasing").await.unwrap();
    let role = find(path("//select[@name='folder_role']")).await;
    role.select_by_value("author").await.unwrap();
    find(path("//form[@class='stack']//button"))
        .await
        .click()
        .await
        .unwrap();
    let told = find(path("//summary")).await.text().await.unwrap();
    assert!(told.contains("purchasing: author"), "{told}");
    let people = house.json(&["user", "list"]);
    assert_eq!(people[1]["folders"]["purchasing"], "author");
    browser.close().await;

    let mut browser = Browser::open(&house).await;
    browser.sign_in("mia").await;
    browser.go("/account").await;
    let told = browser.text("#rights").await;
    assert!(
        told.contains("purchasing") && told.contains("author"),
        "{told}"
    );
    browser.go("/workflows").await;
    assert!(browser.text("main").await.contains("purchasing"));
    // What one may not is not there.
    for (page, button, is_there) in [
        ("/workflows/po", "[href='/workflows/po/edit']", true),
        ("/workflows/po", "[action='/workflows/po/start']", true),
        ("/workflows/buy", "[href='/workflows/buy/edit']", false),
        ("/workflows/buy", "[action='/workflows/buy/start']", false),
        ("/runs/1", "[action='/runs/1/cancel']", true),
        ("/runs/2", "[action='/runs/2/cancel']", false),
        ("/exceptions/1", "[action='/exceptions/1/decision']", true),
        ("/exceptions/1", "[name=remember]", false),
        ("/exceptions/2", "[action='/exceptions/2/decision']", false),
    ] {
        browser.go(page).await;
        browser.find("h1").await;
        assert_eq!(browser.is_there(button).await, is_there, "{page} {button}");
    }
    browser.go("/inbox?show=oldest").await;
    let boxes = Locator::Css("[name=exception]");
    assert_eq!(browser.client.find_all(boxes).await.unwrap().len(), 1);

    browser.go("/new-workflow").await;
    browser.write("name", "invoice").await;
    browser.write("folder", "purchasing/new").await;
    browser.click("main .primary").await;
    browser.write("source", &PO.replace("po", "invoice")).await;
    browser.click_text("Activate").await;
    assert_eq!(browser.path().await, "/workflows/invoice/versions/1");
    assert!(house.path("workflows/purchasing/new/invoice.yaml").exists());
    browser.go("/workflows/strange/edit?folder=sales").await;
    assert!(
        browser
            .text("main")
            .await
            .contains("it takes the role author in `sales`")
    );
    browser.close().await;
}
