//! `secret`: sets values from a terminal or a pipe, and never shows one.

use botswain_views::Act;
use jiff::Timestamp;
use serde_json::json;

use super::{
    Global,
    arguments::Secret,
    outcome::{Code, Failure, Outcome},
    output, table, times,
};
use crate::{
    audit::{self, Audit},
    instance::{prompt, secrets},
};

pub(super) fn secret(global: &Global, command: Secret) -> Outcome {
    let secrets = global.instance()?.secrets();
    match command {
        Secret::Set { name } => set(global, &secrets, &name)?,
        Secret::List => list(global, &secrets)?,
        Secret::Remove { name } => {
            note(global, Act::RemoveSecret, &name)?;
            secrets.remove(&name)?;
            output::note(&format!("`{name}` is removed"));
        }
    }
    Ok(Code::Done)
}

fn set(global: &Global, secrets: &secrets::Secrets, name: &str) -> Result<(), Failure> {
    if !secrets::is_name(name) {
        // Before anybody types a value.
        let failure = Failure::from(secrets::Error::BadName(name.to_owned()));
        return Err(Failure {
            code: Code::Usage,
            ..failure
        });
    }
    let value = prompt::secret(name)
        .map_err(|err| Failure::of(format!("the value cannot be read: {err}")))?;
    note(global, Act::SetSecret, name)?;
    let version = secrets.set(name, &value, Timestamp::now())?;
    match global.json {
        true => output::json(&json!({ "name": name, "version": version })),
        false => output::note(&format!("`{name}` is set (version {version})")),
    }
    Ok(())
}

/// Before it is done: what cannot be written down is not done.
fn note(global: &Global, act: Act, name: &str) -> Result<(), Failure> {
    let audit = Audit::at(global.instance()?.private().audit());
    let noted = audit.note(audit::at_desk(act, format!("secret {name}")));
    noted.map_err(|err| Failure::of(format!("the audit cannot be written: {err}")))
}

fn list(global: &Global, secrets: &secrets::Secrets) -> Result<(), Failure> {
    let listed = secrets.list()?;
    match (global.json, listed.is_empty()) {
        (true, _) => output::json(&listed),
        (false, true) => output::data("no secrets; set one with `botswain secret set NAME`"),
        (false, false) => {
            let rows = listed.iter().map(|it| {
                let set_at = format!("{}, {}", times::local(it.set_at), times::age(it.set_at));
                [it.name.clone(), it.version.to_string(), set_at]
            });
            output::data(&table::of(["secret", "version", "set"], rows));
        }
    }
    Ok(())
}
