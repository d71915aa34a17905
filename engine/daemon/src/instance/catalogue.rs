//! What the check of workflows may refer to, gathered from the instance.
//!
//! In go the folder and its configuration; out come the known bots,
//! connections, secrets and templates, and the workflows' files. Texts are read
//! with a bound, and a link that leads out of the instance is not followed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use botswain_core::{
    catalogue::{Catalogue, WorkflowSchema},
    diagnostic::{Diagnostic, Severity},
    language::{
        Source, is_tests,
        pages::{Pages, load_page},
    },
};

use super::{Error, Instance, TEXT_LIMIT, config::Outline, read_text, secrets, unreadable};
use crate::pages;

/// Folders in `templates/` and `workflows/` may be nested so deep.
pub(crate) const DEPTH: usize = 8;

/// Folders beside workflows that hold what their tests need.
pub(crate) const OF_TESTS: [&str; 2] = ["fixtures", "snapshots"];

/// The catalogue, and a diagnostic for each template that cannot be used.
#[derive(Clone)]
pub struct Gathered {
    pub catalogue: Catalogue,
    pub diagnostics: Vec<Diagnostic>,
}

impl Instance {
    /// What workflows may name; fails when the secrets cannot be read.
    pub fn catalogue(&self, outline: &Outline) -> Result<Gathered, secrets::Error> {
        let bots = self.bots().iter().map(|bot| (bot.name, bot.schema()));
        let secrets = self.secrets().list()?;
        let (templates, mut diagnostics) = templates(self.folder())?;
        let pages = self.pages(&mut diagnostics)?;
        let calendars = calendars(self.folder(), &mut diagnostics);
        Ok(Gathered {
            catalogue: Catalogue {
                bots: bots.collect(),
                connections: outline.connections.clone(),
                more_connections: outline.more_connections,
                limits: outline.limits.clone(),
                secrets: secrets.into_iter().map(|listed| listed.name).collect(),
                groups: outline.groups.clone(),
                more_groups: outline.more_groups,
                workflows: workflows(self.folder())?,
                templates,
                pages,
                calendars,
                faults: pages::all().iter().map(|page| page.code).collect(),
                webhooks: outline.webhooks,
                folder: self.paths(outline),
                timezone: outline.timezone.clone(),
            },
            diagnostics,
        })
    }

    /// The files of `pages/`, and what is wrong with them.
    pub fn pages(&self, diagnostics: &mut Vec<Diagnostic>) -> Result<Pages, Error> {
        let (files, warnings) = yaml_files(self.folder(), ("pages", "a page"))?;
        diagnostics.extend(warnings);
        let mut pages = Pages::new();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            match read_text(&self.folder().join(&file)) {
                Ok(text) => {
                    let (page, found) = load_page(Source {
                        file: &file.to_string_lossy(),
                        text: &text,
                    });
                    diagnostics.extend(found);
                    pages.insert(name.into_owned(), page);
                }
                Err(err) => diagnostics.push(unread(&file, &err)),
            }
        }
        Ok(pages)
    }
}

/// `workflows/**/*.yaml` but the files of tests, relative to the instance.
pub(super) fn workflow_files(folder: &Path) -> Result<(Vec<PathBuf>, Vec<Diagnostic>), Error> {
    let (files, warnings) = of_workflows(folder)?;
    let workflows = files.into_iter().filter(|file| !holds_tests(file));
    Ok((workflows.collect(), warnings))
}

/// `workflows/**/*.test.yaml`, relative to the instance.
pub(super) fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (files, _) = of_workflows(folder)?;
    Ok(files.into_iter().filter(|file| holds_tests(file)).collect())
}

fn holds_tests(file: &Path) -> bool {
    is_tests(&file.to_string_lossy())
}

/// The folder of `workflows/` in which a file lies, as rights name it.
pub(crate) fn folder_of(file: &Path) -> String {
    let within = file.strip_prefix("workflows").unwrap_or(file);
    let folder = within.parent().unwrap_or_else(|| Path::new(""));
    folder.to_string_lossy().into_owned()
}

fn of_workflows(folder: &Path) -> Result<(Vec<PathBuf>, Vec<Diagnostic>), Error> {
    let mut found = Vec::new();
    let nested = nested(folder, "workflows", &mut found)?;
    let is_of_tests = |path: &Path| {
        let within = path.parent().into_iter().flat_map(Path::components);
        let mut names = within.filter_map(|it| it.as_os_str().to_str());
        names.any(|it| OF_TESTS.contains(&it))
    };
    let paths = nested.into_iter();
    let paths = paths.filter(|path| !is_of_tests(&relative(folder, path)));
    let (files, mut warnings) = yaml_among(folder, paths.collect(), "a workflow");
    found.retain(|it| !is_of_tests(&Path::new(&it.file).join("it")));
    warnings.extend(found);
    Ok((files, warnings))
}

fn yaml_files(
    folder: &Path,
    (of, what): (&str, &str),
) -> Result<(Vec<PathBuf>, Vec<Diagnostic>), Error> {
    Ok(yaml_among(folder, entries(&folder.join(of))?, what))
}

/// Those of them that are YAML, relative to the instance.
fn yaml_among(folder: &Path, paths: Vec<PathBuf>, what: &str) -> (Vec<PathBuf>, Vec<Diagnostic>) {
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    for path in paths {
        let relative = relative(folder, &path);
        match path.extension().and_then(|end| end.to_str()) {
            Some("yaml") if leads_out(folder, &path) => warnings.push(outside(&relative)),
            Some("yaml") => files.push(relative),
            Some(end) if end.eq_ignore_ascii_case("yml") || end.eq_ignore_ascii_case("yaml") => {
                let message = format!("this file is not read as {what}");
                let hint = "let its name end in `.yaml`";
                warnings.push(about(&relative, Severity::Warning, message, hint));
            }
            _ => (),
        }
    }
    files.sort();
    (files, warnings)
}

/// What the workflows are called; what they take and leave is known once they are read.
fn workflows(folder: &Path) -> Result<BTreeMap<String, WorkflowSchema>, Error> {
    let (files, _) = workflow_files(folder)?;
    let names = files.iter().filter_map(|file| file.file_stem()?.to_str());
    Ok(names
        .map(|name| (name.to_owned(), WorkflowSchema::default()))
        .collect())
}

/// The iCalendar files beside `botswain.yaml`.
pub(crate) fn calendar_files(folder: &Path) -> Vec<PathBuf> {
    let is_calendar = |path: &PathBuf| path.extension().is_some_and(|end| end == "ics");
    let found = entries(folder).unwrap_or_default().into_iter();
    found.filter(is_calendar).collect()
}

/// Their texts, by name.
fn calendars(folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let mut calendars = BTreeMap::new();
    for path in calendar_files(folder) {
        let name = relative(folder, &path);
        match read_text(&path) {
            _ if leads_out(folder, &path) => diagnostics.push(outside(&name)),
            Ok(text) => drop(calendars.insert(name.to_string_lossy().into_owned(), text)),
            Err(err) => diagnostics.push(unread(&name, &err)),
        }
    }
    calendars
}

type Templates = (BTreeMap<String, String>, Vec<Diagnostic>);

/// The texts in `templates/`, by their path in it.
fn templates(folder: &Path) -> Result<Templates, Error> {
    let base = folder.join("templates");
    let mut templates = (BTreeMap::new(), Vec::new());
    for path in nested(folder, "templates", &mut templates.1)? {
        template(folder, &base, &path, &mut templates);
    }
    Ok(templates)
}

/// What is in a folder of the instance and in the folders in it, but nothing that is hidden and
/// nothing behind a folder that is a link.
fn nested(
    folder: &Path,
    of: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<PathBuf>, Error> {
    let (mut open, mut found) = (vec![(folder.join(of), 0)], Vec::new());
    while let Some((here, depth)) = open.pop() {
        for path in entries(&here)? {
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
            match path.is_dir() {
                _ if hidden => (),
                true if path.is_symlink() => diagnostics.push(outside(&relative(folder, &path))),
                true if depth < DEPTH => open.push((path, depth + 1)),
                true => diagnostics.push(deep(&relative(folder, &path))),
                false => found.push(path),
            }
        }
    }
    Ok(found)
}

fn template(folder: &Path, base: &Path, path: &Path, found: &mut Templates) {
    if leads_out(folder, path) {
        found.1.push(outside(&relative(folder, path)));
        return;
    }
    match read_text(path) {
        Ok(text) => {
            let name = relative(base, path).to_string_lossy().into_owned();
            found.0.insert(name, text);
        }
        Err(err) => found.1.push(unread(&relative(folder, path), &err)),
    }
}

/// What is in a folder, by name; a folder that does not exist is empty.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = match std::fs::read_dir(folder) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|source| unreadable(folder, source))?,
    };
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths
        .collect::<Result<_, _>>()
        .map_err(|source| unreadable(folder, source))?;
    paths.sort();
    Ok(paths)
}

fn relative(base: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(base).unwrap_or(path).to_owned()
}

/// Whether a file is really somewhere else; a broken link is told when it is read.
fn leads_out(folder: &Path, path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let private = folder.join(".botswain");
    !real.starts_with(folder) || real.starts_with(private)
}

fn outside(path: &Path) -> Diagnostic {
    let message = format!(
        "`{}` leads out of the instance and is not read",
        path.display()
    );
    about(
        path,
        Severity::Error,
        message,
        "copy the file instead of linking to it",
    )
}

fn deep(path: &Path) -> Diagnostic {
    let message = format!("`{}` is nested too deep and is not read", path.display());
    let hint = format!("folders are nested {DEPTH} deep at most");
    about(path, Severity::Error, message, &hint)
}

/// Why a file is not read, at the first place that is no text if that is why.
pub(super) fn unread(path: &Path, err: &Error) -> Diagnostic {
    let message = match err {
        Error::NotText { .. } => "the file is not text in UTF-8".to_owned(),
        Error::Unreadable { source, .. } => format!("the file cannot be read: {source}"),
        Error::TooLarge(_) => format!("the file is larger than {} KiB", TEXT_LIMIT / 1024),
        Error::NotThere(_) | Error::NotFound(_) | Error::Unmakable { .. } => err.to_string(),
    };
    let hint = err.hint().unwrap_or("mend it, or move it elsewhere");
    let whole = about(path, Severity::Error, message, hint);
    let Error::NotText { good, .. } = err else {
        return whole;
    };
    let line = good.rsplit('\n').next().unwrap_or_default();
    Diagnostic {
        line: 1 + good.matches('\n').count(),
        column: 1 + line.chars().count(),
        span: (good.len(), 1),
        ..whole
    }
}

/// A diagnostic about a file as a whole.
fn about(path: &Path, severity: Severity, message: String, hint: &str) -> Diagnostic {
    Diagnostic {
        severity,
        code: "instance.file",
        file: path.to_string_lossy().into_owned(),
        line: 1,
        column: 1,
        span: (0, 0),
        message,
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use jiff::Timestamp;

    use super::*;

    fn instance(files: &[(&str, &str)]) -> (tempfile::TempDir, Instance) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [("botswain.yaml", "name: office\n")].iter().chain(files) {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let instance = Instance::at(folder.path()).unwrap();
        (folder, instance)
    }

    #[test]
    fn workflows_are_the_yaml_files() {
        let files = [
            ("workflows/b.yaml", ""),
            ("workflows/a.yaml", ""),
            ("workflows/a.test.yaml", ""),
            ("workflows/c.yml", ""),
            ("workflows/notes.md", ""),
            ("workflows/deep/d.yaml", ""),
            ("workflows/deep/er/e.yaml", ""),
            ("workflows/deep/er/e.test.yaml", ""),
            ("workflows/deep/er/fixtures/f.yaml", ""),
            ("workflows/deep/.git/g.yaml", ""),
            ("workflows/snapshots/a/b/s.yaml", ""),
        ];
        let (_folder, instance) = instance(&files);
        let (found, warnings) = instance.workflow_files().unwrap();
        let listed = ["a", "b", "deep/d", "deep/er/e"];
        let listed = listed.map(|it| PathBuf::from(format!("workflows/{it}.yaml")));
        assert_eq!(found, listed);
        let tests = instance.test_files().unwrap();
        let listed = ["a", "deep/er/e"].map(|it| format!("workflows/{it}.test.yaml"));
        assert_eq!(tests, listed.map(PathBuf::from));
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].file, "workflows/c.yml");
        assert_eq!(warnings[0].severity, Severity::Warning);
    }

    #[test]
    fn no_workflow_is_read_behind_a_link_or_too_deep() {
        let deep = (0..=DEPTH).fold("workflows".to_owned(), |path, it| format!("{path}/{it}"));
        let files = [
            ("workflows/real/a.yaml", ""),
            (&format!("{deep}/b.yaml"), ""),
        ];
        let (folder, instance) = instance(&files);
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("evil.yaml"), "").unwrap();
        let at = |path: &str| folder.path().join(path);
        symlink(elsewhere.path(), at("workflows/linked")).unwrap();
        symlink("real", at("workflows/again")).unwrap();
        symlink(
            elsewhere.path().join("evil.yaml"),
            at("workflows/real/c.yaml"),
        )
        .unwrap();
        let (found, mut refused) = instance.workflow_files().unwrap();
        assert_eq!(found, [Path::new("workflows/real/a.yaml")]);
        refused.sort_by(|one, other| one.file.cmp(&other.file));
        let files: Vec<&str> = refused.iter().map(|it| it.file.as_str()).collect();
        let (again, linked) = ("workflows/again", "workflows/linked");
        assert_eq!(files, [&deep, again, linked, "workflows/real/c.yaml"]);
        assert!(refused.iter().all(|it| it.severity == Severity::Error));
    }

    #[test]
    fn a_workflow_is_in_one_folder_or_in_none() {
        let files = [
            ("workflows/a.yaml", ""),
            ("workflows/sales/b.yaml", ""),
            ("workflows/sales/export/c.yaml", ""),
            ("workflows/twice.yaml", ""),
            ("workflows/sales/twice.yaml", ""),
        ];
        let (_folder, instance) = instance(&files);
        let folders = instance.workflow_folders().unwrap();
        let of = |name: &str| folders.get(name).map(String::as_str);
        assert_eq!(
            ["a", "b", "c", "twice", "none"].map(of),
            [Some(""), Some("sales"), Some("sales/export"), None, None]
        );
        let file = instance.workflow_file("c").unwrap().unwrap();
        assert_eq!(file, Path::new("workflows/sales/export/c.yaml"));
        assert_eq!(instance.workflow_file("none").unwrap(), None);
    }

    #[test]
    fn an_empty_instance_has_an_empty_catalogue() {
        let (_folder, instance) = instance(&[]);
        let outline = instance.config().unwrap().outline;
        let gathered = instance.catalogue(&outline).unwrap();
        assert!(gathered.catalogue.templates.is_empty());
        assert_eq!(gathered.catalogue.timezone, "UTC");
        assert_eq!(gathered.catalogue.bots.len(), botswain_bots::ALL.len());
        assert!(
            !instance.private().folder().exists(),
            "looking changes nothing"
        );
    }

    #[test]
    fn secrets_are_known_by_name_alone() {
        let (_folder, instance) = instance(&[]);
        instance
            .secrets()
            .set("shop", "canary-value", Timestamp::UNIX_EPOCH)
            .unwrap();
        let outline = instance.config().unwrap().outline;
        let gathered = instance.catalogue(&outline).unwrap();
        assert_eq!(
            gathered.catalogue.secrets.into_iter().collect::<Vec<_>>(),
            ["shop"]
        );
    }

    #[test]
    fn templates_are_read_and_links_out_refused() {
        let files = [
            ("templates/a.html.hbs", "<p>"),
            ("templates/mail/b.hbs", "Dear"),
            ("templates/.hidden", "x"),
        ];
        let (folder, instance) = instance(&files);
        instance.prepare().unwrap();
        std::fs::write(instance.private().key(), "key").unwrap();
        let at = |path: &str| folder.path().join(path);
        symlink("a.html.hbs", at("templates/inside.hbs")).unwrap();
        symlink("/etc/passwd", at("templates/passwd")).unwrap();
        symlink("/etc", at("templates/etc")).unwrap();
        symlink("../.botswain/key", at("templates/key")).unwrap();
        symlink("nowhere", at("templates/broken")).unwrap();
        std::fs::write(at("templates/latin"), b"\xff").unwrap();
        let (templates, found) = templates(instance.folder()).unwrap();
        let names: Vec<_> = templates.keys().collect();
        assert_eq!(names, ["a.html.hbs", "inside.hbs", "mail/b.hbs"]);
        let mut refused: Vec<_> = found.iter().map(|found| found.file.as_str()).collect();
        refused.sort_unstable();
        let expected =
            ["broken", "etc", "key", "latin", "passwd"].map(|name| format!("templates/{name}"));
        assert_eq!(refused, expected);
        assert!(found.iter().all(|found| found.severity == Severity::Error));
    }
}
