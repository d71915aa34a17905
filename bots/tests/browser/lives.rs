//! How drivers and browsers begin and end, also when somebody kills them.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use botswain_bot::{AnyConnection, Category, Reach};
use botswain_bots::web::Web;
use botswain_testkit::chromium::Chromedriver;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{
    order, plain,
    site::Site,
    told,
    world::{World, connect, processes},
};

/// Killed in the middle of an action: before the effect nothing is in doubt, after it all is.
async fn killed(program: &str) {
    let world = plain().await;
    let waits = json!([
        { "open": "/late" },
        { "wait_for": { "text": "never" } },
        { "submit": "Save" },
    ]);
    let hangs = order("HUNG", json!({ "text": "Order saved" }));
    for (actions, asked, reach) in [
        (waits, "/late", Reach::None),
        (hangs, "/hung", Reach::Unknown),
    ] {
        let context = world.context();
        let step = world.act_in(&context, actions);
        let death = async {
            world.site.asked(asked).await;
            end(&world, program);
        };
        let (outcome, ()) = tokio::join!(step, death);
        let fault = outcome.expect_err("it is dead");
        assert_eq!(
            told(&fault),
            ("browser.died", Category::System, reach),
            "{asked}: {fault}"
        );
        let story = fault.artifacts.iter().any(|it| it.name == "actions.json");
        assert!(story, "{fault:?}");
        let again = world.act(json!([{ "open": "/" }])).await;
        again.expect("another takes its place");
    }
    assert_eq!(world.site.orders().len(), 0);
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_browser_that_is_killed_is_replaced_and_says_truly_what_may_have_happened() {
    killed("--remote-debugging-port").await;
}

#[tokio::test]
async fn a_driver_that_is_killed_is_replaced_and_says_truly_what_may_have_happened() {
    killed("chromedriver").await;
}

#[tokio::test]
async fn a_cancelled_step_ends_at_once_with_its_browser() {
    let world = plain().await;
    let context = world.context();
    let canceller = context.canceller();
    let step = world.act_in(&context, json!([{ "open": "/hung" }]));
    let stop = async {
        world.site.asked("/hung").await;
        canceller.cancel();
        Instant::now()
    };
    let (outcome, at) = tokio::join!(step, stop);
    assert_eq!(outcome.expect_err("cancelled").code, "browser.cancelled");
    assert!(at.elapsed() < Duration::from_secs(2), "{:?}", at.elapsed());
    assert_eq!(profiles(&world), BTreeSet::new());
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

/// The driver goes on starting it; the next step gets it.
#[tokio::test]
async fn a_browser_whose_step_is_cancelled_while_it_starts_is_not_left_alone() {
    let world = World::of(2, json!({})).await;
    let one = world.context();
    let first = world.act_in(&one, json!([{ "open": "/hung" }]));
    let others = async {
        world.site.asked("/hung").await;
        let two = world.context();
        let canceller = two.canceller();
        let second = world.act_in(&two, json!([{ "open": "/" }]));
        let stop = async {
            while profile_folders(&world) < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            canceller.cancel();
        };
        let (outcome, ()) = tokio::join!(second, stop);
        assert_eq!(outcome.expect_err("cancelled").code, "browser.cancelled");
        let again = world.act(json!([{ "open": "/" }])).await;
        again.expect("there is room for two");
        // The first may have waited long enough by now, on a slow machine.
        let folders = profile_folders(&world);
        assert!(folders <= 2, "no third was needed");
        let running = profiles(&world).len();
        assert_eq!(running, folders, "and none is without its folder");
        one.canceller().cancel();
    };
    let (outcome, ()) = tokio::join!(first, others);
    outcome.expect_err("cancelled");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

fn profile_folders(world: &World) -> usize {
    let all = format!("{}/browser/*/*/profile-*", world.scratch.path().display());
    glob::glob(&all).expect("a pattern").count()
}

#[tokio::test]
async fn closing_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let world = plain().await;
    world.act(json!([{ "open": "/" }])).await.expect("it opens");
    let profile = profiles(&world).pop_first().expect("a profile");
    let mode = std::fs::metadata(&profile)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
    assert!(!Path::new(&profile).exists());
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(fault.code, "browser.closed");
}

#[tokio::test]
async fn a_missing_driver_says_what_to_install() {
    let world = World::new(json!({ "browser": { "driver": "/nowhere/chromedriver" } })).await;
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(
        told(&fault),
        ("browser.driver_missing", Category::System, Reach::None)
    );
    assert_eq!(fault.message, "there is no program `/nowhere/chromedriver`");
    assert!(
        fault
            .hint
            .is_some_and(|hint| hint.contains("chromium-driver"))
    );
}

/// The shell is taken for itself when nobody wants to see a window: it starts in half the time.
#[tokio::test]
async fn the_headless_shell_is_used_when_it_is_there() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::start().await;
    let scratch = tempfile::tempdir().expect("a folder");
    let shell = scratch.path().join("chromium-headless-shell");
    // It notes that it was started, and leads on to the Chromium that is installed.
    let script = format!(
        "#!/bin/sh\necho \"$@\" > '{}.used'\nexec chromium \"$@\"\n",
        shell.display()
    );
    std::fs::write(&shell, script).expect("a file");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&shell, executable).expect("ours");
    let path = std::env::var("PATH").expect("a path");
    let output = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "lives::browser_of_the_path"])
        .env(SCRATCH, scratch.path())
        .env(ADDRESS, &site.address)
        .env("PATH", format!("{}:{path}", scratch.path().display()))
        .output()
        .await
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let given = std::fs::read_to_string(scratch.path().join("chromium-headless-shell.used"));
    let given = given.expect("it was started");
    // By itself the shell opens none, and the driver waits for one.
    assert!(given.trim().ends_with(" about:blank"), "{given}");
}

const ADDRESS: &str = "BOTSWAIN_TEST_ADDRESS";

/// Not a test by itself: `the_headless_shell_is_used_when_it_is_there` runs it with another `PATH`.
#[tokio::test]
async fn browser_of_the_path() {
    let (Some(scratch), Ok(address)) = (std::env::var_os(SCRATCH), std::env::var(ADDRESS)) else {
        return;
    };
    let site = Site::at(address);
    let connection = connect(&site, scratch.as_ref(), json!({})).expect("settings");
    browse(&connection).await;
    connection.close().await;
}

#[tokio::test]
async fn a_driver_of_somebody_else_is_used() {
    let driver = Chromedriver::start()
        .await
        .expect("chromedriver is installed");
    let settings = json!({ "webdriver_url": driver.url(), "arguments": ["--no-sandbox"] });
    let world = World::new(json!({ "browser": settings })).await;
    let open = json!([{ "open": "/twins" }, { "read": { "number": "Order number" } }]);
    assert_eq!(world.act(open).await, Ok(json!({ "number": "004711" })));
    // It goes on running, without our session.
    world.close().await;
    assert_eq!(driver.sessions().await.expect("it answers"), 0);
}

/// A chromedriver that somebody else runs answers as a node of a Selenium Grid does.
#[tokio::test]
async fn capabilities_are_passed_through_to_a_grid() {
    let driver = Chromedriver::start()
        .await
        .expect("chromedriver is installed");
    let grid = |capabilities: Value| {
        json!({ "browser": {
            "webdriver_url": driver.url(),
            "arguments": ["--no-sandbox"],
            "capabilities": capabilities,
        } })
    };
    let world = World::new(grid(json!({
        "platformName": "linux",
        "pageLoadStrategy": "eager",
        "goog:chromeOptions": { "mobileEmulation": { "deviceMetrics": { "width": 411, "height": 731 } } },
    })))
    .await;
    let actions = json!([
        { "open": "/" },
        { "script": { "run": "return [screen.width, navigator.webdriver]", "as": "seen" } },
    ]);
    let seen = world.act(actions).await.expect("a session");
    assert_eq!(seen, json!({ "seen": [411, true] }));
    world.close().await;
    // What the grid does not have is told as it says it.
    let world = World::new(grid(json!({ "platformName": "os/2" }))).await;
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(
        told(&fault),
        ("browser.start", Category::System, Reach::None),
        "{fault}"
    );
    assert!(
        fault.message.contains("No matching capabilities"),
        "{fault}"
    );
    assert_eq!(driver.sessions().await.expect("it answers"), 0);
}

#[tokio::test]
async fn a_capability_that_there_is_not_is_refused_at_once() {
    let site = Site::start().await;
    let scratch = tempfile::tempdir().expect("a folder");
    for (name, words) in [
        ("platfromName", "there is no capability `platfromName`"),
        ("unhandledPromptBehavior", "cannot be chosen"),
    ] {
        let settings = json!({ "browser": { "capabilities": { name: "x" } } });
        let fault = connect(&site, scratch.path(), settings).err();
        let fault = fault.expect("it is refused");
        assert_eq!(fault.code, "connection.settings");
        assert!(fault.message.contains(words), "{fault}");
    }
}

const SCRATCH: &str = "BOTSWAIN_TEST_SCRATCH";

/// Lets a browser of the connection open the site.
async fn browse(connection: &AnyConnection) {
    let web = connection.clone().downcast_arc::<Web>();
    let web = web.expect("a connection of the kind `web`");
    web.browser().test().await.expect("a browser");
}

/// Not a test by itself: `what_a_killed_daemon_left_is_swept` runs it as the process that it kills.
#[tokio::test]
async fn daemon_to_be_killed() {
    let Some(scratch) = std::env::var_os(SCRATCH) else {
        return;
    };
    let site = Site::start().await;
    let connection = connect(&site, scratch.as_ref(), json!({})).expect("settings");
    browse(&connection).await;
    std::fs::write(Path::new(&scratch).join("ready"), "").expect("a file");
    std::future::pending::<()>().await;
}

/// Starts it, and returns when its browser is at work in `scratch`.
async fn daemon(scratch: &Path) -> tokio::process::Child {
    let mut daemon = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "lives::daemon_to_be_killed"])
        .env(SCRATCH, scratch)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    while !scratch.join("ready").exists() {
        assert!(
            daemon.try_wait().expect("a child").is_none(),
            "it ended early"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon
}

#[tokio::test]
async fn a_daemon_that_is_killed_takes_its_browsers_with_it() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut daemon = daemon(scratch.path()).await;
    assert!(processes(scratch.path()).len() > 3);
    daemon.kill().await.expect("it is ours");
    while !processes(scratch.path()).is_empty() || owners(scratch.path()) > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many folders of drivers there are.
fn owners(scratch: &Path) -> usize {
    let owners = std::fs::read_dir(scratch.join("browser"))
        .into_iter()
        .flatten();
    let folders = owners
        .flatten()
        .flat_map(|owner| std::fs::read_dir(owner.path()));
    folders.flatten().count()
}

/// Also when whoever stood guard was killed with the daemon.
#[tokio::test]
async fn what_a_killed_daemon_left_is_swept() {
    let site = Site::start().await;
    let scratch = tempfile::tempdir().expect("a folder");
    let mut daemon = daemon(scratch.path()).await;
    let guard = guard_of(daemon.id().expect("it runs")).expect("a guard");
    kill(Pid::from_raw(guard), Signal::SIGKILL).expect("it is ours");
    daemon.kill().await.expect("it is ours");
    let left = processes(scratch.path());
    assert!(left.len() > 3, "{left:?}");
    let connection = connect(&site, scratch.path(), json!({})).expect("settings");
    assert_eq!(processes(scratch.path()), []);
    browse(&connection).await;
    connection.close().await;
    assert_eq!(processes(scratch.path()), []);
}

fn guard_of(daemon: u32) -> Option<i32> {
    let all = std::fs::read_dir("/proc").expect("Linux").flatten();
    let mut pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.find(|pid| {
        let read =
            |file| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let stat = read("stat");
        let parent = stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.split_whitespace().nth(1));
        parent == Some(&*daemon.to_string()) && read("cmdline").contains("botswain-guard")
    })
}

/// The profile folders in use.
pub(crate) fn profiles(world: &World) -> BTreeSet<String> {
    let running = processes(world.scratch.path()).into_iter();
    let named = running.filter_map(|(_, line)| {
        let (_, path) = line.split_once("--user-data-dir=")?;
        path.split(' ').next().map(str::to_owned)
    });
    named.collect()
}

/// Kills the first process of the world's browser whose command line holds `words`.
pub(crate) fn end(world: &World, words: &str) {
    let found = processes(world.scratch.path());
    let found = found
        .iter()
        .find(|(_, line)| line.contains(words) && !line.contains("--type="));
    let (pid, _) = found.expect("it runs");
    kill(Pid::from_raw(*pid), Signal::SIGKILL).expect("it is ours");
}
