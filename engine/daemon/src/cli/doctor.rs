//! `doctor`: looks for what would stop a run, before one finds out at 03:00.
//!
//! Each finding is one sentence, with a remedy when something is wrong. Nothing
//! is changed; a daemon that runs is asked, not disturbed.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Stdio, time::Duration};

use botswain_bot::Connection;
use botswain_bots::{
    browser::{Browser, Kind},
    web::Web,
};
use botswain_core::{diagnostic::Severity, plan};
use botswain_store::{Lock, LockError, Store};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{
    Global, keeping,
    outcome::{Code, Outcome},
    output::{self, Paint},
    show::size,
    table::plural,
};
use crate::{
    instance::{Config, Instance},
    workflows::{self, Checked},
};

/// With less than this, work will soon stop.
const LOW_SPACE: u64 = 512 * 1024 * 1024;

/// How long a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    state: State,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// Worth a look; nothing is stopped by it.
    Doubtful,
    Wrong,
}

pub(super) async fn doctor(global: &Global) -> Outcome {
    let instance = global.instance()?;
    let checked = workflows::check(&instance)?;
    let mut findings = vec![files(&checked), folder(&instance)];
    findings.extend(store(&instance));
    findings.push(secrets(&instance));
    if let Some(config) = &checked.config {
        findings.push(zone(config));
        findings.push(connections(config, &checked));
    }
    findings.extend(browsers(checked.config.as_ref()).await);
    findings.push(space(&instance));
    match global.json {
        true => output::json(&findings),
        false => output::data(&listed(&findings)),
    }
    Ok(match findings.iter().any(|it| it.state == State::Wrong) {
        true => Code::Failed,
        false => Code::Done,
    })
}

fn listed(findings: &[Finding]) -> String {
    let paint = Paint::of_stdout();
    let lines = findings.iter().map(|it| {
        let mark = match it.state {
            State::Good => paint.green("ok   "),
            State::Doubtful => paint.yellow("look "),
            State::Wrong => paint.red("wrong"),
        };
        let hint = it
            .hint
            .as_deref()
            .map(|hint| format!("\n       hint: {hint}"));
        format!(
            "{mark}  {}: {}{}",
            it.about,
            it.message,
            hint.unwrap_or_default()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Finding {
    fn good(about: &'static str, message: impl Into<String>) -> Finding {
        Finding {
            about,
            state: State::Good,
            message: message.into(),
            hint: None,
        }
    }

    fn doubtful(
        about: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Finding {
        let hint = Some(hint.into());
        Finding {
            about,
            state: State::Doubtful,
            message: message.into(),
            hint,
        }
    }

    fn wrong(about: &'static str, message: impl Into<String>, hint: Option<String>) -> Finding {
        Finding {
            about,
            state: State::Wrong,
            message: message.into(),
            hint,
        }
    }
}

fn files(checked: &Checked) -> Finding {
    let errors = checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error);
    match errors.count() {
        0 => Finding::good(
            "files",
            format!(
                "{} without a mistake",
                plural(checked.versions.len(), "workflow")
            ),
        ),
        count => Finding::wrong(
            "files",
            format!("they have {}", plural(count, "mistake")),
            Some("`botswain check` shows them".to_owned()),
        ),
    }
}

fn folder(instance: &Instance) -> Finding {
    let (about, private) = ("folder", instance.private());
    match std::fs::metadata(private.folder()) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Finding::good(
            about,
            "`.botswain` is not there yet, and is made at the first start",
        ),
        Err(err) => Finding::wrong(
            about,
            format!("`.botswain` cannot be looked at: {err}"),
            None,
        ),
        Ok(found) => match found.permissions().mode() & 0o077 {
            0 => Finding::good(about, "`.botswain` is closed to others"),
            _ => Finding::wrong(
                about,
                "others may enter `.botswain`",
                Some(format!("run `chmod 700 {}`", private.folder().display())),
            ),
        },
    }
}

/// Until a person has said from when on work was lost.
fn restored() -> Finding {
    Finding::doubtful("backup", "this instance was made from one", keeping::HELD)
}

/// Who holds the lock, and, when nobody does, whether the store opens.
fn store(instance: &Instance) -> Vec<Finding> {
    let (about, private) = ("store", instance.private());
    if !private.store().exists() {
        return vec![Finding::good(
            about,
            "there is none yet; it is made at the first start",
        )];
    }
    match Lock::take(private.folder()) {
        Err(LockError::Held { pid, .. }) => {
            vec![Finding::good(
                "daemon",
                format!("it runs as process {pid}, and has the store open"),
            )]
        }
        Err(error) => vec![Finding::wrong(
            "daemon",
            error.to_string(),
            Some(error.hint().to_owned()),
        )],
        Ok(lock) => {
            let opened = Store::open_locked(&private.store(), lock);
            let quarantine = opened.as_ref().map(|store| store.quarantine());
            let held = match quarantine {
                Ok(Ok(found)) => found.is_some_and(|it| it.holds()),
                _ => false,
            };
            let store = match opened {
                Ok(_) => Finding::good(about, "it opens"),
                Err(error) => {
                    Finding::wrong(about, error.to_string(), Some(error.hint().into_owned()))
                }
            };
            let hint = "start it with `botswain up`; without it nothing runs by itself";
            let mut findings = vec![Finding::doubtful("daemon", "it does not run", hint), store];
            findings.extend(held.then(restored));
            findings
        }
    }
}

fn secrets(instance: &Instance) -> Finding {
    match instance.secrets().reveal_all() {
        Ok(secrets) => Finding::good("secrets", format!("{} can be read", secrets.len())),
        Err(error) => Finding::wrong("secrets", error.to_string(), error.hint()),
    }
}

fn zone(config: &Config) -> Finding {
    match TimeZone::get(&config.timezone) {
        Ok(_) => Finding::good("time zone", config.timezone.clone()),
        Err(_) => Finding::wrong(
            "time zone",
            format!("there is no zone `{}`", config.timezone),
            Some("name one as `Europe/Berlin` under `timezone:` in botswain.yaml".to_owned()),
        ),
    }
}

/// The check refuses unknown connections; here is said which of the known ones are used.
fn connections(config: &Config, checked: &Checked) -> Finding {
    let used = |name: &String| {
        checked
            .versions
            .iter()
            .any(|version| uses(&version.plan.steps, name))
            || config
                .notify
                .as_ref()
                .is_some_and(|notify| notify.connection == *name)
    };
    let (used, idle): (Vec<&String>, Vec<&String>) =
        config.connections.keys().partition(|it| used(it));
    let join = |names: &[&String]| {
        names
            .iter()
            .map(|it| format!("`{it}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (used.is_empty(), idle.is_empty()) {
        (_, false) => Finding::doubtful(
            "connections",
            format!("no workflow uses {}", join(&idle)),
            "take it out of botswain.yaml, unless it is to come",
        ),
        (true, true) => Finding::good("connections", "none, and none is used"),
        (false, true) => Finding::good(
            "connections",
            format!("{}; `botswain connections test` tries them", join(&used)),
        ),
    }
}

fn uses(steps: &[botswain_core::plan::Step], name: &str) -> bool {
    steps.iter().any(|step| match &step.kind {
        plan::Kind::Bot(call) => call.connection.as_deref() == Some(name),
        plan::Kind::ForEach(each) => uses(&each.steps, name),
        _ => step.bodies().any(|steps| uses(steps, name)),
    })
}

/// The browsers that connections ask for; without one, that of this machine, which then is
/// nothing that could stop a run.
async fn browsers(config: Option<&Config>) -> Vec<Finding> {
    let web = config.into_iter().flat_map(|it| it.connections.values());
    let web = web.filter(|it| it.kind == Web::KIND);
    let mut wanted: Vec<Value> = web
        .map(|it| {
            it.settings
                .get("browser")
                .cloned()
                .unwrap_or_else(|| json!({}))
        })
        .collect();
    wanted.dedup();
    let mut findings = Vec::new();
    for settings in &wanted {
        // What does not fit is among the mistakes of botswain.yaml.
        let browser: Browser = serde_json::from_value(settings.clone()).unwrap_or_default();
        // Somebody else's driver is tried with its connection.
        if browser.webdriver_url.is_none() {
            findings.extend(browser_programs(&browser).await);
        }
    }
    if wanted.is_empty() {
        findings = browser_programs(&Browser::default()).await;
        for finding in findings.iter_mut().filter(|it| it.state == State::Wrong) {
            finding.state = State::Doubtful;
        }
    }
    findings
}

/// Chromium and its driver fit when their versions begin with the same number; those of Firefox
/// have nothing to do with each other.
async fn browser_programs(browser: &Browser) -> Vec<Finding> {
    let (mut findings, mut majors) = (Vec::new(), Vec::new());
    let programs = botswain_bots::browser::programs(browser);
    for (about, program) in browser.kind().programs().into_iter().zip(programs) {
        match program {
            Err(fault) => findings.push(Finding::wrong(about, fault.message, fault.hint)),
            Ok(path) => match version(&path).await {
                Ok(text) => {
                    majors.push(major(&text));
                    findings.push(Finding::good(
                        about,
                        format!("{text} (`{}`)", path.display()),
                    ));
                }
                Err(reason) => {
                    let message = format!("`{}` does not start: {reason}", path.display());
                    let [one, other] = browser.kind().programs();
                    let hint = format!("install {one} and {other} again");
                    findings.push(Finding::wrong(about, message, Some(hint)));
                }
            },
        }
    }
    if let (Kind::Chromium, [Some(browser), Some(driver)]) = (browser.kind(), &majors[..])
        && browser != driver
    {
        let message =
            format!("version {browser} of Chromium and {driver} of its driver do not fit");
        let hint = "install `chromium` and `chromium-driver` of the same version";
        findings.push(Finding::wrong(
            "chromedriver",
            message,
            Some(hint.to_owned()),
        ));
    }
    findings
}

/// `Chromium 141.0.7390.65`: the first line until its number, without what follows.
async fn version(program: &Path) -> Result<String, String> {
    let asked = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let answer = tokio::time::timeout(ANSWER, asked).await;
    let answer = answer
        .map_err(|_| "no answer".to_owned())?
        .map_err(|err| err.to_string())?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let words = text.lines().next().unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    let number = words
        .iter()
        .position(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    match (answer.status.success(), number) {
        (true, Some(at)) => Ok(words[..=at].join(" ")),
        _ => Err(answer.status.to_string()),
    }
}

fn major(version: &str) -> Option<u32> {
    let number = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split('.').next()?.parse().ok()
}

fn space(instance: &Instance) -> Finding {
    let about = "disk";
    match nix::sys::statvfs::statvfs(instance.folder()) {
        Err(err) => Finding::wrong(about, format!("its free space is not known: {err}"), None),
        Ok(found) => {
            let free = found.blocks_available() * found.fragment_size();
            match free < LOW_SPACE {
                true => Finding::wrong(
                    about,
                    format!("only {} are free", size(free)),
                    Some("free some space".to_owned()),
                ),
                false => Finding::good(about, format!("{} are free", size(free))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_fit_by_their_first_number() {
        assert_eq!(major("Chromium 141.0.7390.65"), Some(141));
        assert_eq!(major("ChromeDriver 9"), Some(9));
        assert_eq!(major("Chromium"), None);
    }
}
