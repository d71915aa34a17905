//! What a driver is asked for when it begins a session.
//!
//! In: the settings of the connection, and the folder that the session works in when its browser
//! runs here. Out: WebDriver capabilities. What the connection itself names comes last.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use botswain_bot::Fault;
use serde_json::{Map, Value, json};

use super::{
    driver,
    settings::{Browser, Kind},
};

/// Below the folder of a session: where Firefox puts what it downloads.
pub(crate) const DOWNLOADS: &str = "files/down";

pub(crate) fn capabilities(
    browser: &Browser,
    folder: Option<&Path>,
) -> Result<Map<String, Value>, Fault> {
    let mut capabilities = Map::new();
    // A dialog stays open until we have read it.
    capabilities.insert("unhandledPromptBehavior".to_owned(), json!("ignore"));
    let (name, prefix) = match browser.kind() {
        Kind::Chromium => {
            let options = Value::Object(chromium(browser, folder)?);
            capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
            capabilities.insert("goog:chromeOptions".to_owned(), options);
            ("chrome", "goog:")
        }
        Kind::Firefox => {
            let options = Value::Object(firefox(browser, folder)?);
            capabilities.insert("moz:firefoxOptions".to_owned(), options);
            ("firefox", "moz:")
        }
    };
    capabilities.insert("browserName".to_owned(), json!(name));
    let wanted = browser.capabilities.get("browserName");
    if wanted.is_some_and(|wanted| wanted != name) {
        // Drivers refuse what is another maker's.
        capabilities.retain(|name, _| !name.starts_with(prefix));
    }
    for (name, value) in &browser.capabilities {
        match (capabilities.get_mut(name), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            _ => drop(capabilities.insert(name.clone(), value.clone())),
        }
    }
    Ok(capabilities)
}

fn chromium(browser: &Browser, folder: Option<&Path>) -> Result<Map<String, Value>, Fault> {
    let window = browser.window;
    let mut arguments = vec![format!("--window-size={},{}", window.width, window.height)];
    let fixed = [
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--mute-audio",
        "--disable-features=Translate,OptimizationHints,MediaRouter",
    ];
    arguments.extend(fixed.map(str::to_owned));
    if !browser.headed {
        arguments.push("--headless=new".to_owned());
    }
    arguments.extend(browser.arguments.iter().cloned());
    let mut options = Map::new();
    if let Some(folder) = folder {
        arguments.push(format!("--user-data-dir={}", folder.display()));
        let program = opening_a_page(driver::binary(browser)?, folder)?;
        options.insert("binary".to_owned(), json!(program));
        if nix::unistd::Uid::effective().is_root() {
            // Chromium refuses to run as root with its sandbox.
            arguments.push("--no-sandbox".to_owned());
        }
    }
    options.insert("args".to_owned(), json!(arguments));
    let prefs =
        json!({ "credentials_enable_service": false, "profile.password_manager_enabled": false });
    options.insert("prefs".to_owned(), prefs);
    Ok(options)
}

/// The headless shell opens no page when it is debugged unless it is told which, and chromedriver
/// tells it only when the profile is its own. It would wait for one forever.
fn opening_a_page(program: PathBuf, folder: &Path) -> Result<PathBuf, Fault> {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    if !name.ends_with("headless-shell") {
        return Ok(program);
    }
    let quoted = program.display().to_string().replace('\'', r"'\''");
    let script = format!("#!/bin/sh\nexec '{quoted}' \"$@\" about:blank\n");
    let path = folder.join("opens-a-page");
    let written = std::fs::write(&path, script);
    let written =
        written.and_then(|()| std::fs::set_permissions(&path, Permissions::from_mode(0o700)));
    match written {
        Ok(()) => Ok(path),
        Err(err) => Err(Fault::system(
            "browser.folder",
            format!("`{}`: {err}", path.display()),
        )),
    }
}

fn firefox(browser: &Browser, folder: Option<&Path>) -> Result<Map<String, Value>, Fault> {
    let (width, height) = (browser.window.width, browser.window.height);
    let mut arguments = vec!["--width".to_owned(), width.to_string()];
    arguments.extend(["--height".to_owned(), height.to_string()]);
    if !browser.headed {
        arguments.push("-headless".to_owned());
    }
    arguments.extend(browser.arguments.iter().cloned());
    let mut prefs = json!({
        "signon.rememberSignons": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "network.captive-portal-service.enabled": false,
        // A document that is linked to is a file, not a page that shows it.
        "pdfjs.disabled": true,
        "browser.download.start_downloads_in_tmp_dir": false,
        "browser.download.always_ask_before_handling_new_types": false,
        "browser.download.alwaysOpenPanel": false,
    });
    let mut options = Map::new();
    if let Some(folder) = folder {
        options.insert("binary".to_owned(), json!(driver::binary(browser)?));
        prefs["browser.download.dir"] = json!(folder.join(DOWNLOADS));
        // The folder that was just named.
        prefs["browser.download.folderList"] = json!(2);
    }
    options.insert("args".to_owned(), json!(arguments));
    options.insert("prefs".to_owned(), prefs);
    Ok(options)
}
