//! Signing in by a real identity provider, in a real browser, without scripts.

use botswain_testkit::provider::{CLIENT, Provider, SECRET};

use crate::{browser::Browser, house::House, plain::NoScripts};

pub(crate) fn settings(issuer: &str) -> String {
    format!(
        r#"
name: northwind-office
console:
  listen: "127.0.0.1:0"
  second_factor: [handler]
  sign_in:
    name: Office 365
    issuer: {issuer}
    client_id: {CLIENT}
    client_secret: "{{{{secrets.office}}}}"
    roles: {{ viewer: [staff], handler: [order-desk], admin: [it] }}
"#
    )
}

impl Browser {
    /// From our page to theirs, and through it.
    pub(crate) async fn sign_in_as(&mut self, name: &str) {
        self.client.delete_all_cookies().await.unwrap();
        self.go("/runs?state=failed").await;
        self.click_text("Sign in with Office 365").await;
        self.write("login", name).await;
        self.write("password", "any").await;
        self.click("form button[type=submit]").await;
        // They ask whether Botswain may know who it is.
        self.click("form button[type=submit]").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_by_a_real_provider_without_scripts() {
    let mut provider = Provider::start().unwrap();
    let house = House::with(&settings(&provider.issuer()));
    house.keep("office", SECRET);
    let back = format!("{}/login/callback", house.url);
    provider.send_back_to(&back).unwrap();
    house.admit("olaf", "admin", &[]);
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();

    // She is a handler by her group, and asked for no second factor of ours.
    browser.sign_in_as("maria").await;
    assert_eq!(browser.path().await, "/runs");
    assert_eq!(browser.text(".who .name").await, "maria.hansen");
    let cookies = browser.client.get_all_cookies().await.unwrap();
    let ours: Vec<_> = cookies
        .iter()
        .filter(|it| it.name().starts_with("botswain"))
        .collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert_eq!(ours[0].http_only(), Some(true));
    browser.go("/account").await;
    let page = browser.text("main").await;
    assert!(page.contains("You sign in with Office 365"), "{page}");
    let people = house.json(&["user", "list"]);
    let maria = &people[0];
    assert_eq!(
        [
            &maria["name"],
            &maria["role"],
            &maria["provider"],
            &maria["full_name"]
        ],
        ["maria.hansen", "handler", "Office 365", "Maria Hansen"]
    );
    let listed = house.botswain(&["user", "list"]).stdout;
    assert!(String::from_utf8(listed).unwrap().contains("Office 365"));

    // Whoever stops there, and whoever is in none of the groups, is told what to do.
    browser.client.delete_all_cookies().await.unwrap();
    browser.go("/login").await;
    browser.click_text("Sign in with Office 365").await;
    browser.click_text("Cancel").await;
    let told = browser.text(".error").await;
    assert!(told.contains("Office 365 has not let you in"), "{told}");
    browser.sign_in_as("olaf").await;
    let told = browser.text(".error").await;
    assert!(
        told.contains("`olaf` is in no group") || told.contains("olaf is in no group"),
        "{told}"
    );
    assert!(
        told.contains("ask whoever looks after your account"),
        "{told}"
    );

    // Removed, she would come again by her group: she is kept out until somebody lets her in.
    let removed = house.botswain(&["user", "remove", "maria.hansen"]);
    assert!(removed.status.success());
    browser.sign_in_as("maria").await;
    let told = browser.text(".error").await;
    assert!(told.contains("is locked"), "{told}");
    browser.go("/runs").await;
    assert_eq!(browser.path().await, "/login");
    browser.sign_in("olaf").await;
    browser.go("/people").await;
    browser.click(".row summary").await;
    browser.click("[name=locked][value=no]").await;
    browser.sign_in_as("maria").await;
    assert_eq!(browser.text(".who .name").await, "maria.hansen");

    // Who has come, who has not, and no secret of anybody.
    let acts = house.json(&["audit", "--act", "sign_in"]);
    let acts: Vec<_> = acts
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|it| it["with"]["provider"] == "Office 365")
        .map(|it| {
            let text = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
            [text(&it["by"]), text(&it["outcome"]), text(&it["problem"])]
        })
        .collect();
    assert_eq!(
        acts,
        [
            ["maria.hansen", "done", ""],
            ["", "refused", "provider.denied"],
            ["", "refused", "provider.role"],
            ["maria.hansen", "refused", "account.locked"],
            ["maria.hansen", "done", ""],
        ]
    );
    let log = house.log();
    assert!(log.contains("signed in by the identity provider"), "{log}");
    for secret in [SECRET, "code=", "state="] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    browser.close().await;
}
