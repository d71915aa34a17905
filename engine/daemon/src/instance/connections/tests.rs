//! Opening, sharing and closing, with a kind that notes what happens to it.

use std::sync::atomic::{AtomicUsize, Ordering};

use botswain_bot::{Connection, Secret};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::instance::Instance;

const CANARY: &str = "canary-hunter22";

/// A shop that notes in its scratch folder when it is closed.
struct Shop {
    url: String,
    password: Secret,
    certificate: Option<PathBuf>,
    scratch: PathBuf,
    sessions: usize,
    closed: AtomicUsize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    password: Secret,
    #[schemars(extend("format" = "path"))]
    certificate: Option<PathBuf>,
}

impl Connection for Shop {
    const KIND: &'static str = "shop";
    const EXAMPLE: &'static str = "";
    type Settings = Settings;

    fn open(settings: Settings, house: &House) -> Result<Shop, Fault> {
        match settings.url.as_str() {
            "panic" => panic!("a defect"),
            "refuse" => Err(Fault::business(
                "shop.refused",
                format!("no {}", settings.password.reveal()),
            )),
            _ => Ok(Shop {
                url: settings.url,
                password: settings.password,
                certificate: settings.certificate,
                scratch: house.scratch.clone(),
                sessions: house.sessions,
                closed: AtomicUsize::new(0),
            }),
        }
    }

    async fn test(&self) -> Result<String, Fault> {
        if self.url == "echo" {
            return Ok(format!("hello {}", self.password.reveal()));
        }
        let message = format!("{} refused {}", self.url, self.password.reveal());
        Err(Fault::system("shop.login", message))
    }

    async fn close(&self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        std::fs::write(self.scratch.join("closed"), self.password.reveal()).unwrap();
    }
}

const KINDS: &[ConnectionSpec] = &[ConnectionSpec::of::<Shop>()];

struct Place {
    instance: Instance,
    host: ConnectionHost,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(connections: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("botswain.yaml"), "name: office\n").unwrap();
        std::fs::write(folder.path().join("ca.pem"), "pem").unwrap();
        let instance = Instance::at(folder.path()).unwrap();
        let private = instance.prepare().unwrap();
        set(&instance, CANARY);
        let setting = Setting {
            kinds: KINDS,
            secrets: instance.secrets(),
            redactor: Arc::default(),
            scratch: private.scratch(),
        };
        let config = config(&instance, connections);
        let roots = Arc::new(instance.roots(&config).unwrap());
        Place {
            host: ConnectionHost::new(setting, &config, roots),
            instance,
            _folder: folder,
        }
    }

    async fn shop(&self, name: &str) -> Arc<Shop> {
        let any = self.host.open(name).await.unwrap();
        any.downcast_arc().unwrap()
    }

    async fn refusal(&self, name: &str) -> Fault {
        self.host.open(name).await.err().unwrap()
    }

    async fn replace(&self, connections: &str) {
        let config = config(&self.instance, connections);
        let roots = Arc::new(self.instance.roots(&config).unwrap());
        self.host.replace(&config, roots).await;
    }
}

fn set(instance: &Instance, value: &str) {
    instance
        .secrets()
        .set("shop", value, Timestamp::UNIX_EPOCH)
        .unwrap();
}

fn config(instance: &Instance, connections: &str) -> Config {
    let text = format!("name: x\nconnections:\n{connections}");
    let reading = Config::read(&text, KINDS, instance.folder());
    reading
        .config
        .unwrap_or_else(|| panic!("{:?}", reading.diagnostics))
}

const SHOP: &str = "  shop: { kind: shop, url: a, sessions: 2, password: '{{secrets.shop}}', certificate: ca.pem }\n";
const OTHER: &str = "  other: { kind: shop, url: a, password: '{{secrets.shop}}' }\n";

#[tokio::test]
async fn it_is_opened_once_with_its_secrets_and_paths() {
    let place = Place::new(SHOP);
    let (one, two) = tokio::join!(place.shop("shop"), place.shop("shop"));
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(one.password.reveal(), CANARY);
    assert_eq!(one.sessions, 2);
    assert_eq!(
        one.certificate,
        Some(place.instance.folder().join("ca.pem"))
    );
    assert!(one.scratch.is_dir());
}

#[tokio::test]
async fn what_changed_is_closed_when_nobody_uses_it() {
    let place = Place::new(&format!("{SHOP}{OTHER}"));
    let (shop, other) = (place.shop("shop").await, place.shop("other").await);
    place
        .replace(&format!("{}{OTHER}", SHOP.replace("url: a", "url: b")))
        .await;
    assert_eq!(place.shop("shop").await.url, "b");
    assert!(Arc::ptr_eq(&other, &place.shop("other").await), "unchanged");
    assert_eq!(shop.closed.load(Ordering::SeqCst), 0, "still in use");
    let note = shop.scratch.join("closed");
    drop(shop);
    place.shop("other").await;
    place.host.shutdown().await;
    assert!(note.exists());
}

#[tokio::test]
async fn a_new_secret_opens_it_anew() {
    let place = Place::new(SHOP);
    let old = place.shop("shop").await;
    set(&place.instance, "another value");
    let new = place.shop("shop").await;
    assert_eq!(new.password.reveal(), "another value");
    assert!(!Arc::ptr_eq(&old, &new));
    assert!(Arc::ptr_eq(&new, &place.shop("shop").await));
}

#[tokio::test]
async fn shutting_down_closes_all_and_opens_none() {
    let place = Place::new(SHOP);
    let shop = place.shop("shop").await;
    place.host.shutdown().await;
    assert_eq!(shop.closed.load(Ordering::SeqCst), 1);
    assert_eq!(place.refusal("shop").await.code, "connection.closed");
}

#[tokio::test]
async fn each_obstacle_is_a_fault_of_its_own_and_shows_no_secret() {
    let place = Place::new(
        "  refuse: { kind: shop, url: refuse, password: '{{secrets.shop}}' }
  panic: { kind: shop, url: panic, password: '{{secrets.shop}}' }
  none: { kind: shop, url: a, password: '{{secrets.none}}' }
  plain: { kind: shop, url: a, password: canary-plain }
  gone: { kind: shop, url: a, password: '{{secrets.shop}}', certificate: gone.pem }
  out: { kind: shop, url: a, password: '{{secrets.shop}}', certificate: /etc/passwd }\n",
    );
    for (name, code) in [
        ("refuse", "shop.refused"),
        ("panic", "connection.defect"),
        ("none", "connection.secret"),
        ("unknown", "connection.unknown"),
        ("gone", "file.missing"),
        ("out", "file.forbidden"),
    ] {
        let fault = place.refusal(name).await;
        assert_eq!(fault.code, code, "{fault}");
        assert!(!format!("{fault:?}").contains("canary"), "{fault}");
    }
    let hint = place.refusal("none").await.hint.unwrap();
    assert_eq!(hint, "run `botswain secret set none`");
    let tried = place.host.test("plain").await.unwrap_err();
    assert_eq!(tried.message, "a refused •••");
}

#[tokio::test]
async fn an_answer_that_repeats_a_secret_is_masked() {
    let place = Place::new("  shop: { kind: shop, url: echo, password: '{{secrets.shop}}' }\n");
    let answer = place.host.test("shop").await.unwrap();
    assert!(
        answer.starts_with("hello ") && !answer.contains(CANARY),
        "{answer}"
    );
}
