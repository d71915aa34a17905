//! `import`: a recording of a browser becomes a workflow.
//!
//! The file is checked before it is written, and none is written over. The
//! workflow goes to stdout only when it is asked for there; what is to be done by
//! hand goes to stderr, and all of it into the report of `--json`.

use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use botswain_core::{
    diagnostic::{Diagnostic, Severity},
    language::{self, Source},
};
use serde_json::json;

use super::{
    Global, arguments,
    new::is_folder,
    outcome::{Code, Failure, Outcome, refusal},
    output,
    table::plural,
};
use crate::{
    import::{self, Error, Import, Known, LIMIT, Request},
    instance::{Config, Instance, config::Outline},
    starter,
};

pub(super) fn import(global: &Global, arguments: &arguments::Import) -> Outcome {
    is_folder(arguments.folder.as_deref())?;
    let instance = global.instance()?;
    let reading = instance.config()?;
    let config = reading.config.as_ref().ok_or_else(|| {
        Failure::usage("`botswain.yaml` has mistakes").hint("see `botswain check`")
    })?;
    let known = known(config);
    let made = import::import(
        &text(&arguments.recording)?,
        &Request {
            name: arguments.name.as_deref().or_else(|| stem(arguments)),
            connection: arguments.connection.as_deref(),
            test: arguments.test.as_deref(),
            known: &known,
        },
    );
    let made = made.map_err(|err| refused(&arguments.recording, &err))?;
    let found = checked(&instance, &reading.outline, &made)?;
    let written = write(&instance, arguments, &made)?;
    match global.json {
        true => report(&made, written.as_deref(), &found),
        false => tell(&made, written.as_deref(), &found),
    }
    Ok(Code::Done)
}

/// The warnings about what was made, as if its connection were there.
fn checked(
    instance: &Instance,
    outline: &Outline,
    made: &Import,
) -> Result<Vec<Diagnostic>, Failure> {
    let mut outline = outline.clone();
    let connection = made.connection.clone();
    if let Some(kind) = outline.connections.insert(connection, "web".to_owned())
        && kind != "web"
    {
        let name = &made.connection;
        return Err(Failure::usage(format!(
            "`{name}` is a connection of kind `{kind}`, a browser needs one of kind `web`"
        )));
    }
    let source = Source {
        file: &format!("workflows/{}.yaml", made.name),
        text: &made.text,
    };
    let catalogue = instance.catalogue(&outline)?.catalogue;
    let loaded = language::load_all(&[source], &catalogue);
    let found: Vec<Diagnostic> = loaded.into_iter().flat_map(|it| it.diagnostics).collect();
    match found.iter().any(|it| it.severity == Severity::Error) {
        true => Err(unsound(made, &found)),
        false => Ok(found),
    }
}

fn known(config: &Config) -> Vec<Known> {
    let web = config.connections.iter().filter(|(_, it)| it.kind == "web");
    let known = web.map(|(name, connection)| Known {
        name: name.clone(),
        address: connection.settings["address"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        has_login: connection.settings.contains_key("login"),
    });
    known.collect()
}

/// A file that is named is a workflow of that name.
fn stem(arguments: &arguments::Import) -> Option<&str> {
    let output = arguments.output.as_deref().filter(|path| !is_dash(path));
    output?.file_stem()?.to_str()
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The recording; of one that is too large a byte too many.
fn text(path: &Path) -> Result<String, Failure> {
    let failed = |err: std::io::Error| {
        let reason = refusal(&err);
        Failure::usage(format!("`{}` cannot be read: {reason}", path.display()))
            .hint("name the file that Chrome's recorder or Selenium IDE has exported")
    };
    let mut bytes = Vec::new();
    let limit = LIMIT as u64 + 1;
    match is_dash(path) {
        true => std::io::stdin().lock().take(limit).read_to_end(&mut bytes),
        false => File::open(path)
            .map_err(failed)?
            .take(limit)
            .read_to_end(&mut bytes),
    }
    .map_err(failed)?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("`{}` is not text in UTF-8", path.display())))
}

fn refused(recording: &Path, err: &Error) -> Failure {
    let failure = Failure::usage(format!("`{}`: {err}", recording.display()));
    match err.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What was made has mistakes: that is ours to mend.
fn unsound(made: &Import, found: &[Diagnostic]) -> Failure {
    let errors = found.iter().filter(|it| it.severity == Severity::Error);
    let lines = made.text.lines().collect::<Vec<_>>();
    let errors = errors.map(|it| {
        let line = lines
            .get(it.line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        format!("{}\n    {}", it.message, line.trim())
    });
    let errors = errors.collect::<Vec<_>>().join("\n  ");
    Failure::of(format!("the workflow would have mistakes:\n  {errors}"))
        .hint("nothing was written; report it with the recording, after taking out what is private")
}

/// Where it was written; nowhere when it goes to stdout.
fn write(
    instance: &Instance,
    arguments: &arguments::Import,
    made: &Import,
) -> Result<Option<PathBuf>, Failure> {
    let path = match arguments.output.as_deref() {
        Some(path) if is_dash(path) => return Ok(None),
        Some(path) => path.to_owned(),
        None => {
            if let Some(there) = instance.workflow_file(&made.name)? {
                return Err(is_there(&there));
            }
            let file = starter::file_in(arguments.folder.as_deref(), &made.name);
            instance.folder().join(file)
        }
    };
    let shown = path
        .strip_prefix(instance.folder())
        .unwrap_or(&path)
        .to_owned();
    let failed = |err: std::io::Error| match err.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(&shown),
        _ => Failure::of(format!("`{}` cannot be written: {err}", shown.display())),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = File::create_new(&path).map_err(failed)?;
    file.write_all(made.text.as_bytes()).map_err(failed)?;
    Ok(Some(shown))
}

fn is_there(file: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already", file.display()))
        .hint("give it another name with `--name`, or remove the file")
}

fn report(made: &Import, written: Option<&Path>, found: &[Diagnostic]) {
    let left = made.left.iter();
    let left = left.map(|left| json!({ "place": left.place, "what": left.what }));
    let inputs = made.inputs.iter();
    let inputs = inputs.map(|(name, default)| json!({ "name": name, "default": default }));
    let add = made.add.as_ref().map(
        |add| json!({ "text": add.text, "login_only": add.login_only, "secrets": add.secrets }),
    );
    output::json(&json!({
        "workflow": made.name,
        "file": written,
        "text": made.text,
        "connection": made.connection,
        "actions": made.actions,
        "inputs": inputs.collect::<Vec<_>>(),
        "submit": made.submit,
        "add": add,
        "left": left.collect::<Vec<_>>(),
        "diagnostics": found,
    }));
}

fn tell(made: &Import, written: Option<&Path>, found: &[Diagnostic]) {
    match written {
        Some(path) => output::data(&path.display().to_string()),
        None => output::data(made.text.trim_end()),
    }
    let (actions, inputs) = (
        plural(made.actions, "action"),
        plural(made.inputs.len(), "input"),
    );
    output::note(&format!(
        "{actions}, {inputs}, at the connection `{}`",
        made.connection
    ));
    for warning in found {
        output::note(&format!(
            "warning: line {}: {}",
            warning.line, warning.message
        ));
    }
    if !made.left.is_empty() {
        output::note("\nnot carried over as it was recorded:");
        for left in &made.left {
            output::note(&format!("  {}: {}", left.place, output::tame(&left.what)));
        }
    }
    if let Some(add) = &made.add {
        let what = match add.login_only {
            true => "the login, to the connection",
            false => "the connection",
        };
        output::note(&format!("\nadd {what} to `botswain.yaml`:\n\n{}", add.text));
        for secret in &add.secrets {
            output::note(&format!("  botswain secret set {secret}"));
        }
    }
    match &made.submit {
        Some(submit) => output::hint(&format!(
            "check that `{}` is what saves; then try it with `botswain run {}`",
            output::tame(submit),
            made.name
        )),
        None => output::hint(
            "nothing looked like what saves: write `submit` instead of `click` where it does, or `effect: none` at the step when its clicks only lead on",
        ),
    }
}
