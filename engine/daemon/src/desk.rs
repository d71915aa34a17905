//! Where workflows are written: a text is checked, tested, and put in the place of its file.
//!
//! In go a workflow's name and a text that is not saved; out come what the check and
//! the tests say of it, as `botswain check` and `botswain test` would, or the file.
//! Only a plain file in `workflows/` and its folders is written, whole or not at all: where the
//! workflow lies, or for a new one where somebody wants it.

use std::{
    fmt::Display,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use botswain_core::{
    Hash,
    diagnostic::{Diagnostic, Severity},
    language::complete::{self, Offer},
};
use botswain_views::{
    CheckView, CompletionView, FileView, FindingView, OfferView, PlaceView, PlayedView, TestsView,
};
use tokio::sync::Mutex;

use crate::{
    api::Problem,
    instance::{Instance, catalogue::folder_of, replace_file_as},
    rehearsal::suite::{self, Suite, Verdict},
    starter,
    workflows::{self, Checked, Unsaved},
};

/// The largest text that is taken: a form that holds it is up to three times as large.
pub(crate) const LARGEST: usize = 256 * 1024;

/// One set of tests is played at a time.
pub(crate) static PLAYING: Mutex<()> = Mutex::const_new(());

/// How many names are offered at a place.
const OFFERS: usize = 100;

/// What a new file may be read by.
const MODE: u32 = 0o644;

/// Which workflow is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) name: &'a str,
    /// The folder of a new one; one that is there lies where it lies.
    pub(crate) folder: Option<&'a str>,
}

impl<'a> From<&'a str> for Spot<'a> {
    fn from(name: &'a str) -> Spot<'a> {
        Spot { name, folder: None }
    }
}

impl<'a> From<&'a String> for Spot<'a> {
    fn from(name: &'a String) -> Spot<'a> {
        name.as_str().into()
    }
}

/// Why a text is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("`{0}` cannot be the name of a workflow")]
    Name(String),
    #[error("`{0}` cannot be a folder of workflows")]
    Folder(String),
    /// The workflow, and its file.
    #[error("`{0}` is not in this folder")]
    Elsewhere(String, PathBuf),
    #[error("`{}` is no plain file of the instance", .0.display())]
    Link(PathBuf),
    #[error("a workflow of more than {} KiB is written where it lies", LARGEST / 1024)]
    Large,
    #[error("{0}")]
    Mistakes(String, String),
    /// It is not what was looked at.
    #[error("{}", .0.title)]
    Changed(Box<Problem>),
    #[error("`{}` cannot be written: {source}", file.display())]
    Unwritable {
        file: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Files(#[from] workflows::Error),
    #[error(transparent)]
    Play(#[from] suite::Error),
}

impl Refusal {
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Refusal::Folder(_) => {
                "each of its parts begins with a letter and has small letters, digits, `-` and `_`; up to eight are joined by `/`"
            }
            Refusal::Elsewhere(_, file) => {
                return Some(format!(
                    "it is `{}`: leave the folder out, or move the file there",
                    file.display()
                ));
            }
            Refusal::Name(_) => {
                "it begins with a letter and has small letters, digits, `-` and `_`"
            }
            Refusal::Link(_) => "write the file where it lies, or put a plain one in its place",
            Refusal::Large => "split it, and let one part `call` the other",
            Refusal::Mistakes(_, first) => first,
            Refusal::Changed(problem) => return problem.detail.clone(),
            Refusal::Unwritable { .. } => {
                "nothing has changed; let the daemon write there, and try again"
            }
            Refusal::Files(error) => return error.hint(),
            Refusal::Play(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// The file of a workflow as it is; none when there is none.
pub(crate) fn read<'a>(
    instance: &Instance,
    spot: impl Into<Spot<'a>>,
) -> Result<Option<FileView>, Refusal> {
    let spot = spot.into();
    let file = place(instance, spot)?;
    let (files, _) = instance.workflow_files().map_err(workflows::Error::from)?;
    if !files.contains(&file) {
        return Ok(None);
    }
    let source = instance.read_text(&file).map_err(workflows::Error::from)?;
    Ok(Some(FileView {
        workflow: spot.name.to_owned(),
        file: file.display().to_string(),
        hash: Hash::of(source.as_bytes()),
        source,
    }))
}

/// What `botswain check` would say of the file if it had this text.
pub(crate) fn check<'a>(
    instance: &Instance,
    spot: impl Into<Spot<'a>>,
    text: &str,
) -> Result<CheckView, Refusal> {
    let file = place(instance, spot.into())?;
    small(text)?;
    let files = std::slice::from_ref(&file);
    let checked = workflows::check_unsaved(instance, files, Unsaved { file: &file, text })?;
    Ok(found(&checked, &file))
}

/// What could be written at a place of it.
pub(crate) fn complete<'a>(
    instance: &Instance,
    spot: impl Into<Spot<'a>>,
    asked: &PlaceView,
) -> Result<CompletionView, Refusal> {
    let file = place(instance, spot.into())?;
    let text = &asked.source;
    small(text)?;
    let files = std::slice::from_ref(&file);
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let at = ends.clone().nth(asked.at).unwrap_or(text.len());
    let mut failed = None;
    let found = complete::complete(text, at, |text| {
        let checked = workflows::check_unsaved(instance, files, Unsaved { file: &file, text });
        failed = checked.err();
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let characters = |byte: usize| text[..byte].chars().count();
    let offers = found.offers.into_iter().take(OFFERS);
    Ok(CompletionView {
        from: characters(found.word.start),
        to: characters(found.word.end),
        offers: offers.map(offer).collect(),
    })
}

fn offer(it: Offer) -> OfferView {
    OfferView {
        name: it.name,
        text: it.text,
        about: it.about,
    }
}

/// What `botswain test` would say of it.
pub(crate) fn test<'a>(
    instance: &Instance,
    spot: impl Into<Spot<'a>>,
    text: &str,
) -> Result<TestsView, Refusal> {
    let spot = spot.into();
    let file = place(instance, spot)?;
    small(text)?;
    let beside = file.with_file_name(format!("{}.test.yaml", spot.name));
    let tests = instance.test_files().map_err(workflows::Error::from)?;
    let mut files = vec![file.clone()];
    files.extend(tests.contains(&beside).then_some(beside));
    let checked = workflows::check_unsaved(instance, &files, Unsaved { file: &file, text })?;
    let check = found(&checked, &file);
    let Some(config) = checked.config.filter(|_| check.mistakes == 0) else {
        return Ok(TestsView {
            check,
            tests: Vec::new(),
        });
    };
    let suite = Suite::new(instance, config, &checked.versions, false)?;
    let verdicts = suite.play(&checked.tests).into_iter();
    Ok(TestsView {
        check,
        tests: verdicts.map(played).collect(),
    })
}

/// The file as it is now, if that is still what `fits` takes, by its hash, and the text could take
/// its place.
pub(crate) fn fitting<'a>(
    instance: &Instance,
    (spot, text): (impl Into<Spot<'a>>, &str),
    fits: impl FnOnce(Option<&Hash>) -> Result<(), Problem>,
) -> Result<Option<FileView>, Refusal> {
    let spot = spot.into();
    let now = read(instance, spot)?;
    let stale = |problem| Refusal::Changed(Box::new(problem));
    fits(now.as_ref().map(|it| &it.hash)).map_err(stale)?;
    let check = check(instance, spot, text)?;
    match check.mistakes {
        0 => Ok(now),
        _ => Err(refused(spot.name, &check)),
    }
}

/// Puts a text in the place of the file, if it fits.
pub(crate) fn write<'a>(
    instance: &Instance,
    (spot, text): (impl Into<Spot<'a>>, &str),
    fits: impl FnOnce(Option<&Hash>) -> Result<(), Problem>,
) -> Result<(), Refusal> {
    let spot = spot.into();
    let now = fitting(instance, (spot, text), fits)?;
    if now.is_some_and(|it| it.source == text) {
        return Ok(());
    }
    let file = place(instance, spot)?;
    let mode = plain(instance, &file)?;
    let path = instance.folder().join(&file);
    replace_file_as(&path, text.as_bytes(), mode).map_err(|error| unwritable(file, error))
}

/// The mode that the file has or gets, if it is a plain file in plain folders; those that are not
/// there are made.
fn plain(instance: &Instance, file: &Path) -> Result<u32, Refusal> {
    let folders: Vec<&Path> = file.ancestors().skip(1).collect();
    for folder in folders.into_iter().rev().skip(1) {
        let path = instance.folder().join(folder);
        if path.symlink_metadata().is_err() {
            let made = std::fs::create_dir(&path).and_then(|()| {
                // Its name has to survive a power cut as its files do.
                let around = path.parent().unwrap_or(&path);
                std::fs::File::open(around)?.sync_all()
            });
            made.map_err(|error| unwritable(folder.to_owned(), error))?;
        }
        if !path.symlink_metadata().is_ok_and(|it| it.is_dir()) {
            return Err(Refusal::Link(folder.to_owned()));
        }
    }
    match instance.folder().join(file).symlink_metadata() {
        Ok(there) if !there.is_file() => Err(Refusal::Link(file.to_owned())),
        Ok(there) => Ok(there.permissions().mode() & 0o777),
        Err(_) => Ok(MODE),
    }
}

/// Where the file of a workflow is: one that is there, or one whose name could be.
fn place(instance: &Instance, spot: Spot<'_>) -> Result<PathBuf, Refusal> {
    let Spot { name, folder } = spot;
    let there = instance.workflow_file(name);
    match there.map_err(workflows::Error::from)? {
        Some(file) if folder.is_some_and(|it| it != folder_of(&file)) => {
            Err(Refusal::Elsewhere(name.to_owned(), file))
        }
        Some(file) => Ok(file),
        None if !starter::is_name(name) => Err(Refusal::Name(name.to_owned())),
        None if folder.is_some_and(|it| !starter::is_folder(it)) => {
            Err(Refusal::Folder(folder.unwrap_or_default().to_owned()))
        }
        None => Ok(starter::file_in(folder, name)),
    }
}

fn unwritable(file: PathBuf, source: std::io::Error) -> Refusal {
    Refusal::Unwritable { file, source }
}

fn small(text: &str) -> Result<(), Refusal> {
    match text.len() > LARGEST {
        true => Err(Refusal::Large),
        false => Ok(()),
    }
}

/// What is said of one file.
fn found(checked: &Checked, file: &Path) -> CheckView {
    let file = file.display().to_string();
    let of_file = checked.diagnostics.iter().filter(|it| it.file == file);
    let findings: Vec<FindingView> = of_file.map(finding).collect();
    CheckView {
        mistakes: findings.iter().filter(|it| it.is_mistake).count(),
        findings,
    }
}

pub(crate) fn finding(found: &Diagnostic) -> FindingView {
    FindingView {
        is_mistake: found.severity == Severity::Error,
        line: found.line,
        message: found.message.clone(),
        hint: found.hint.clone(),
    }
}

fn refused(name: &str, check: &CheckView) -> Refusal {
    let title = match check.mistakes {
        1 => format!("`{name}` has a mistake"),
        count => format!("`{name}` has {count} mistakes"),
    };
    let first = check.findings.iter().find(|it| it.is_mistake);
    let first = first.map(|it| format!("line {}: {}", it.line, it.message));
    Refusal::Mistakes(title, first.unwrap_or_default())
}

fn played(verdict: Verdict) -> PlayedView {
    let told = |problems: &[suite::Problem]| problems.iter().map(in_words).collect();
    PlayedView {
        has_passed: verdict.has_passed(),
        problems: told(&verdict.problems),
        warnings: told(&verdict.warnings),
        name: verdict.name,
        file: verdict.file,
        line: verdict.line,
    }
}

fn in_words(problem: &suite::Problem) -> String {
    let hint: &dyn Display = match &problem.hint {
        Some(hint) => &format!("\nhint: {hint}"),
        None => &"",
    };
    format!("{}{hint}", problem.words())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const GOOD: &str = "name: orders\nsteps: [{ id: a, set: { b: \"1\" } }]\n";

    fn house() -> (tempfile::TempDir, Instance) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("botswain.yaml"), "name: office\n").unwrap();
        let instance = Instance::at(folder.path()).unwrap();
        (folder, instance)
    }

    fn put(instance: &Instance, name: &str, text: &str) -> Result<(), String> {
        write(instance, (name, text), |_| Ok(())).map_err(|it| it.to_string())
    }

    #[test]
    fn a_text_is_written_whole_with_the_mode_that_its_file_had() {
        let (folder, instance) = house();
        put(&instance, "orders", GOOD).unwrap();
        let path = folder.path().join("workflows/orders.yaml");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(), std::fs::read_to_string(&path).unwrap()),
            (0o644, GOOD.to_owned())
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        put(&instance, "orders", &format!("{GOOD}# more\n")).unwrap();
        assert_eq!(mode(), 0o600);
        let left = std::fs::read_dir(folder.path().join("workflows")).unwrap();
        assert_eq!(left.count(), 1);
    }

    #[test]
    fn nothing_is_written_but_a_plain_file_in_workflows() {
        let (folder, instance) = house();
        for name in [
            "../botswain",
            "a/b",
            "..",
            "",
            ".x",
            "Orders",
            "a.test",
            "a\0b",
            "-x",
        ] {
            let refused = put(&instance, name, GOOD).unwrap_err();
            assert!(
                refused.ends_with("cannot be the name of a workflow"),
                "{refused}"
            );
        }
        let (within, other) = (
            folder.path().join("workflows"),
            tempfile::tempdir().unwrap(),
        );
        std::fs::create_dir(&within).unwrap();
        let outside = other.path().join("orders.yaml");
        for target in [outside.as_path(), Path::new("real.yaml")] {
            std::fs::write(&outside, GOOD).unwrap();
            std::fs::write(within.join("real.yaml"), "name: real\n").unwrap();
            symlink(target, within.join("orders.yaml")).unwrap();
            let refused = put(&instance, "orders", &format!("{GOOD}# more\n")).unwrap_err();
            assert!(refused.contains("is no plain file"), "{refused}");
            assert_eq!(std::fs::read_to_string(&outside).unwrap(), GOOD);
            std::fs::remove_file(within.join("orders.yaml")).unwrap();
        }
        std::fs::remove_dir_all(&within).unwrap();
        symlink(other.path(), &within).unwrap();
        let refused = put(&instance, "stock", &GOOD.replace("orders", "stock")).unwrap_err();
        assert!(
            refused.contains("`workflows` is no plain file"),
            "{refused}"
        );
        assert!(!other.path().join("stock.yaml").exists());
    }

    #[test]
    fn mistakes_and_large_texts_are_refused_before_anything_is_written() {
        let (folder, instance) = house();
        let broken = GOOD.replace("set:", "sett:");
        let refused = write(&instance, ("orders", &broken), |_| Ok(())).unwrap_err();
        assert_eq!(refused.to_string(), "`orders` has a mistake");
        assert!(refused.hint().unwrap().starts_with("line 2: "));
        let large = format!("{GOOD}#{}\n", "x".repeat(LARGEST));
        assert!(put(&instance, "orders", &large).is_err());
        assert!(!folder.path().join("workflows").exists());
    }
}
