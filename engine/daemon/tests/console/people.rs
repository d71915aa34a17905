//! Who gets in: the first one, those after, and nobody else.

use fantoccini::Locator;

use crate::{
    browser::Browser,
    house::{House, PASSWORD, wait_for},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_one_gets_in_by_a_link_and_lets_others_in() {
    let mut house = House::open();
    let token = wait_for("the link", || {
        let log = house.log();
        let (_, token) = log.split_once("/setup?token=")?;
        let (token, _) = token.split_once('\n')?;
        Some(token.to_owned())
    });
    let mut browser = Browser::open(&house).await;
    browser.go("/inbox").await;
    assert_eq!(browser.path().await, "/login");

    browser.go(&format!("/setup?token={token}")).await;
    browser.write("name", "ann").await;
    browser.write("password", PASSWORD).await;
    browser.write("again", "something else").await;
    browser.click("main button").await;
    assert_eq!(
        browser.text(".error").await,
        "the password is not the same both times"
    );
    browser.write("name", "ann").await;
    browser.write("password", PASSWORD).await;
    browser.write("again", PASSWORD).await;
    browser.click("main button").await;
    assert_eq!(browser.text(".empty h2").await, "Nothing waits for you");

    browser.click_text("People").await;
    browser.write("name", "ben").await;
    let passwords = browser
        .client
        .find_all(Locator::Css(".card [name=password]"))
        .await
        .unwrap();
    passwords[0].send_keys(PASSWORD).await.unwrap();
    browser.click(".card .primary").await;
    assert!(browser.text(".rows").await.contains("ben"));

    // The link is worth nothing any more, and a session outlives the daemon.
    browser.client.delete_all_cookies().await.unwrap();
    browser.go(&format!("/setup?token={token}")).await;
    assert_eq!(browser.path().await, "/login");
    let fields = [
        ("token", token.as_str()),
        ("name", "eve"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    drop(rustls::crypto::ring::default_provider().install_default());
    let sent = reqwest::Client::new()
        .post(format!("{}/setup", house.url))
        .form(&fields);
    let answer = sent.send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("this link has been used"), "{answer}");
    assert_eq!(house.json(&["user", "list"]).as_array().unwrap().len(), 2);

    // No word that lets anybody in is in what the daemon wrote.
    house.start();
    let kept = std::fs::read_to_string(house.path(".botswain/accounts.json")).unwrap();
    assert!(!kept.contains(PASSWORD) && !kept.contains(&token));
    assert!(!house.log().contains(PASSWORD) && !house.log().contains("setup?token"));
    browser.close().await;
}
