//! Over the network it is encrypted, and a certificate that was renewed is taken up.

use botswain_testkit::{
    certificates::Certificates,
    provider::{Provider, SECRET},
};
use reqwest::{Certificate, Client};

use crate::{
    browser::Browser,
    house::{House, wait_for},
    provider::settings,
};

const SETTINGS: &str = r#"
name: x
console:
  listen: "127.0.0.1:0"
  tls: { certificate: tls/server.pem, key: tls/server.key }
"#;

impl Browser {
    /// Who is signed in, and that what shows it never goes unencrypted or to a script.
    async fn signed_in(&self) -> String {
        let cookie = self.client.get_named_cookie("__Host-botswain");
        let cookie = cookie.await.unwrap();
        assert_eq!(cookie.secure(), Some(true), "{cookie}");
        assert_eq!(cookie.http_only(), Some(true), "{cookie}");
        assert_eq!(cookie.path(), Some("/"), "{cookie}");
        self.text(".who .name").await
    }
}

/// A browser that trusts this authority alone.
fn trusting(certificates: &Certificates) -> Client {
    let ca = std::fs::read(&certificates.ca).unwrap();
    let ca = Certificate::from_pem(&ca).unwrap();
    // No connection is kept, so that each shows the certificate of its time.
    let client = Client::builder()
        .tls_certs_only([ca])
        .pool_max_idle_per_host(0);
    client.build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut house = House::open();
    let folder = house.path("tls");
    std::fs::create_dir(&folder).unwrap();
    let old = trusting(&Certificates::make(&folder));
    house.write("botswain.yaml", SETTINGS);
    house.start();
    assert!(house.url.starts_with("https://"));
    let login = format!("{}/login", house.url);
    let page = old.get(&login).send().await.unwrap();
    assert!(page.headers().contains_key("strict-transport-security"));
    let plain = login.replace("https://", "http://");
    assert!(old.get(&plain).send().await.is_err());

    // Half of what is new is not used: the old one stays.
    house.write("tls/server.key", "no key");
    wait_for("the broken key to be told", || {
        house
            .log()
            .contains("new certificate cannot be used")
            .then_some(())
    });
    assert!(old.get(&login).send().await.is_ok());

    let new = trusting(&Certificates::make(&folder));
    wait_for("the new certificate", || {
        house
            .log()
            .contains("certificate was renewed")
            .then_some(())
    });
    assert!(new.get(&login).send().await.is_ok());
    assert!(old.get(&login).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_encrypted_is_known_by_a_cookie_that_stays_so() {
    let mut provider = Provider::start().unwrap();
    let mut house = House::open();
    let folder = house.path("tls");
    std::fs::create_dir(&folder).unwrap();
    Certificates::make(&folder);
    let encrypted = "console:\n  tls: { certificate: tls/server.pem, key: tls/server.key }\n";
    let settings = settings(&provider.issuer()).replace("console:\n", encrypted);
    house.write("botswain.yaml", &settings);
    house.start();
    house.keep("office", SECRET);
    house.admit("olaf", "admin", &[]);
    let back = format!("{}/login/callback", house.url);
    assert!(back.starts_with("https://"), "{back}");
    provider.send_back_to(&back).unwrap();

    let mut browser = Browser::open(&house).await;
    browser.sign_in("olaf").await;
    assert_eq!(browser.signed_in().await, "olaf");
    browser.sign_in_as("maria").await;
    assert_eq!(browser.path().await, "/runs");
    assert_eq!(browser.signed_in().await, "maria.hansen");
    browser.close().await;
}
