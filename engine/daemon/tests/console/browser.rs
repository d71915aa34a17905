//! A person in front of a browser, who looks, types and clicks, and whose clicks are counted.

use botswain_testkit::chromium::Chromedriver;
use fantoccini::{Client, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};

pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) clicks: u32,
    url: String,
    _driver: Chromedriver,
}

impl Browser {
    pub(crate) async fn open(house: &House) -> Browser {
        Browser::sized(house, (1280, 900)).await
    }

    pub(crate) async fn sized(house: &House, (width, height): (u32, u32)) -> Browser {
        let driver = Chromedriver::start().await.unwrap();
        let mut args = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--lang=en".to_owned(),
            "--accept-lang=en".to_owned(),
            format!("--window-size={width},{height}"),
        ];
        if nix::unistd::Uid::effective().is_root() {
            args.push("--no-sandbox".to_owned());
        }
        let capabilities = json!({
            // The authority of a test's certificate is nobody that a browser knows.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("it is an object");
        };
        let connector = HttpConnector::new();
        let address = driver.url();
        let client = Client::with_capabilities_and_connector(&address, &capabilities, connector);
        Browser {
            client: client.await.unwrap(),
            clicks: 0,
            url: house.url.clone(),
            _driver: driver,
        }
    }

    pub(crate) async fn go(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.url))
            .await
            .unwrap();
    }

    pub(crate) async fn sign_in(&mut self, name: &str) {
        self.client.delete_all_cookies().await.unwrap();
        self.go("/login").await;
        self.write("name", name).await;
        self.write("password", PASSWORD).await;
        self.click("main button").await;
        self.clicks = 0;
    }

    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|err| panic!("{css}: {err}"))
    }

    pub(crate) async fn is_there(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    pub(crate) async fn click(&mut self, css: &str) {
        let element = self.find(css).await;
        self.press(element).await;
    }

    pub(crate) async fn click_text(&mut self, text: &str) {
        let path = format!(
            "//*[self::a or self::button or self::summary][contains(normalize-space(), \"{text}\")]"
        );
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        self.press(found.unwrap_or_else(|err| panic!("{text}: {err}")))
            .await;
    }

    /// Clicks and, if that leads elsewhere, waits until it is there.
    pub(crate) async fn press(&mut self, element: Element) {
        self.clicks += 1;
        let tag = element.tag_name().await.unwrap();
        let leaves = tag == "a" || tag == "button";
        let mark = "document.documentElement.dataset.old = 'yes'";
        self.client.execute(mark, Vec::new()).await.unwrap();
        element.click().await.unwrap();
        if leaves {
            self.until("the next page", "return !document.documentElement.dataset.old && document.readyState === 'complete'").await;
        }
    }

    /// Puts a text in the place of what stands in a field.
    pub(crate) async fn write(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.path().to_owned()
    }

    pub(crate) async fn until(&self, what: &str, script: &str) {
        for _ in 0..3_000 {
            // Between two pages there is none to ask.
            let answer = self.client.execute(script, Vec::new()).await;
            if answer.is_ok_and(|it| it == Value::Bool(true)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("waited too long for {what}");
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }
}
