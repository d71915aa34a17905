//! Pages, browsers and drivers that do their worst: each step ends in time with the right fault,
//! and leaves nothing running.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use botswain_bot::{Category, Reach};
use botswain_testkit::certificates::Certificates;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{
    lives::end,
    plain, told,
    world::{World, processes, scenario},
};

/// How long a step may take: what it waits, what a page may take to load, and the evidence.
const AT_MOST: Duration = Duration::from_secs(2 + 20 + 5);

#[test]
fn the_console_of_a_page_is_in_the_evidence() {
    scenario(async |world| {
        let fault = world
            .fault(json!([
                { "open": "/p/desk" },
                { "script": { "run": "console.error('the stock is out of reach'); setTimeout(() => nowhere(), 0)" } },
                { "click": "Nowhere" },
            ]))
            .await;
        let story: Value =
            serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
        let console = story["console"].to_string();
        assert!(console.contains("the stock is out of reach"), "{console}");
        assert!(console.contains("nowhere is not defined"), "{console}");
    });
}

#[tokio::test]
async fn a_browser_killed_while_it_waits_is_told_and_replaced() {
    let world = plain().await;
    let context = world.context();
    let waits = json!([{ "open": "/late" }, { "wait_for": { "text": "never" } }]);
    let step = world.act_in(&context, waits);
    let death = async {
        world.site.asked("/late").await;
        end(&world, "--remote-debugging-port");
    };
    let started = Instant::now();
    let (outcome, ()) = tokio::join!(step, death);
    let fault = outcome.expect_err("the browser is dead");
    assert_eq!(
        told(&fault),
        ("browser.died", Category::System, Reach::None),
        "{fault}"
    );
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_download_without_an_end_leaves_no_process() {
    let world = plain().await;
    let started = Instant::now();
    let fault = world
        .fault(json!([
            { "open": "/p/desk" },
            { "download": { "click": "Archive", "as": "file", "wait": "500ms" } },
        ]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.download", Category::System, Reach::None)
    );
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
    assert_eq!(
        crate::lives::profiles(&world).len(),
        0,
        "nobody gets that browser"
    );
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_page_of_50_megabytes_ends_in_time() {
    let world = plain().await;
    // That a browser has to be started first is another matter.
    world.act(json!([{ "open": "/" }])).await.expect("it opens");
    let started = Instant::now();
    let actions = json!([{ "open": "/big" }, { "fill": { "Nowhere": "x" } }]);
    let fault = world.fault(actions).await;
    let took = started.elapsed();
    assert!(
        ["browser.not_found", "browser.timeout"].contains(&&*fault.code),
        "{fault}"
    );
    assert_eq!(fault.effect, Reach::None);
    assert!(took < AT_MOST, "{took:?}: {fault}");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

/// As when the step's time is up.
#[tokio::test]
async fn a_page_of_50_megabytes_can_be_stopped() {
    let world = plain().await;
    let context = world.context();
    let canceller = context.canceller();
    let step = world.act_in(
        &context,
        json!([{ "open": "/big" }, { "click": "Nowhere" }]),
    );
    let stop = async {
        world.site.asked("/big").await;
        canceller.cancel();
        Instant::now()
    };
    let (outcome, at) = tokio::join!(step, stop);
    assert_eq!(outcome.expect_err("cancelled").code, "browser.cancelled");
    assert!(at.elapsed() < Duration::from_secs(5), "{:?}", at.elapsed());
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

/// What Chromium says of a certificate, and what a person is told.
#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Certificates::make(folder.path());
    let shop = SecureSite::start(&made.certificate, &made.key).await;
    let address = format!("https://localhost:{}", shop.port);
    let world = World::new(json!({ "address": address })).await;
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(
        told(&fault),
        ("browser.certificate", Category::System, Reach::None),
        "{fault}"
    );
    let words = "is signed by nobody whom this machine trusts";
    assert!(fault.message.contains(words), "{fault}");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

/// Chromium tells the gravest of several mistakes: that nobody signed it.
#[tokio::test]
async fn no_certificate_that_vouches_for_itself_is_taken() {
    let today = ["20200101000000Z", "29990101000000Z"];
    let past = ["20200101000000Z", "20200102000000Z"];
    let certificates = [
        ("signed by itself", "localhost", today),
        ("expired", "localhost", past),
        ("of another name", "elsewhere.example", today),
    ];
    for (what, name, valid) in certificates {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = signed_by_itself(folder.path(), name, valid);
        let shop = SecureSite::start(&certificate, &key).await;
        let address = format!("https://localhost:{}", shop.port);
        let world = World::new(json!({ "address": address })).await;
        let begun = Instant::now();
        let fault = world.fault(json!([{ "open": "/" }])).await;
        assert_eq!(
            told(&fault),
            ("browser.certificate", Category::System, Reach::None),
            "{what}: {fault}"
        );
        assert!(begun.elapsed() < AT_MOST, "{what}");
        world.close().await;
        assert_eq!(processes(world.scratch.path()), [], "{what}");
    }
}

/// A certificate for `name` without any authority, and its key.
fn signed_by_itself(folder: &Path, name: &str, [from, until]: [&str; 2]) -> (PathBuf, PathBuf) {
    let settings = format!(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n\
         default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:{name}\n"
    );
    let files = [("settings", &*settings), ("index", ""), ("serial", "01\n")];
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("written");
    }
    let request = format!(
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout key -out request"
    );
    let sign = format!(
        "ca -batch -config settings -selfsign -keyfile key -in request -startdate {from} \
         -enddate {until} -extensions names -out certificate"
    );
    for arguments in [request, sign] {
        let run = std::process::Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .output()
            .expect("`openssl` is installed");
        let words = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "openssl {arguments}: {words}");
    }
    (folder.join("certificate"), folder.join("key"))
}

/// A web server with a certificate that nobody knows.
struct SecureSite {
    port: u16,
    _server: tokio::process::Child,
}

impl SecureSite {
    async fn start(certificate: &Path, key: &Path) -> SecureSite {
        let mut server = tokio::process::Command::new("openssl")
            .args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert"])
            .arg(certificate)
            .arg("-key")
            .arg(key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`openssl` is installed");
        let mut output = BufReader::new(server.stdout.take().expect("a pipe")).lines();
        let port = loop {
            let line = output.next_line().await.expect("text").expect("a port");
            if let Some((_, port)) = line
                .strip_prefix("ACCEPT ")
                .and_then(|it| it.rsplit_once(':'))
            {
                break port.parse().expect("a port");
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        SecureSite {
            port,
            _server: server,
        }
    }
}
