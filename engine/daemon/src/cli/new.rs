//! `new`: asks what a workflow is begun from, writes it, and says what comes next.
//!
//! On a terminal what is not given is asked for, and an answer that cannot be is
//! asked for again. Without one, or with `--yes`, what is usual is taken; only the
//! kind has no usual one.

use std::io::{BufRead, IsTerminal, Write};

use botswain_core::schedule;
use serde_json::json;

use super::{
    Global,
    arguments::New,
    outcome::{Code, Failure, Outcome},
    output,
};
use crate::{
    desk,
    instance::{self, Instance, config::Outline},
    starter::{self, Kind, Starter},
};

pub(super) fn new(global: &Global, given: New) -> Outcome {
    is_name("NAME", &given.name).map_err(|why| {
        Failure::usage(why).hint("use small letters, digits and dashes, beginning with a letter")
    })?;
    is_folder(given.folder.as_deref())?;
    let instance = match global.instance() {
        Ok(instance) => Some(instance),
        Err(_) if is_missing(global) => None,
        Err(failure) => return Err(failure),
    };
    let outline = match &instance {
        Some(instance) => instance.config()?.outline,
        None => Outline::default(),
    };
    let asks = !given.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut asked = Asked {
        answers: asks.then(|| std::io::stdin().lock()),
        questions: std::io::stderr(),
    };
    let starter = asked.starter(given, &outline)?;
    let known = |name: &str| outline.connections.contains_key(name);
    let lacking = starter.lacking(known);
    let is_new = instance.is_none();
    let instance = match instance {
        Some(instance) => instance,
        None => starter::make_instance(&folder(global)?, &lacking)?,
    };
    let files = starter.write(&instance)?;
    let lacking = if is_new { Vec::new() } else { lacking };
    tell(
        global,
        &Made {
            starter,
            files,
            lacking,
            is_new,
        },
    );
    Ok(Code::Done)
}

/// What `--folder` names can be one of `workflows/`.
pub(super) fn is_folder(folder: Option<&str>) -> Result<(), Failure> {
    let refused = folder.filter(|it| !starter::is_folder(it));
    let refused = refused.map(|it| desk::Refusal::Folder(it.to_owned()));
    match refused {
        None => Ok(()),
        Some(refused) => {
            let hint = refused.hint().unwrap_or_default();
            Err(Failure::usage(refused.to_string()).hint(hint))
        }
    }
}

/// Whether there is no instance, rather than one that cannot be read.
fn is_missing(global: &Global) -> bool {
    let found = Instance::find(global.dir.as_deref());
    matches!(
        found,
        Err(instance::Error::NotFound(_) | instance::Error::NotThere(_))
    )
}

/// Where an instance would be made.
fn folder(global: &Global) -> Result<std::path::PathBuf, Failure> {
    let named = std::env::var_os("BOTSWAIN_DIR").filter(|value| !value.is_empty());
    match (&global.dir, named) {
        (Some(dir), _) => Ok(dir.clone()),
        (None, Some(named)) => Ok(named.into()),
        (None, None) => std::env::current_dir().map_err(Failure::of),
    }
}

/// What was made, for the author to go on with.
struct Made {
    starter: Starter,
    files: Vec<std::path::PathBuf>,
    /// Entries that `botswain.yaml` does not have yet.
    lacking: Vec<String>,
    is_new: bool,
}

fn tell(global: &Global, made: &Made) {
    let files: Vec<String> = made
        .files
        .iter()
        .map(|it| it.display().to_string())
        .collect();
    let next = next(made);
    if global.json {
        output::json(
            &json!({ "files": files, "instance": made.is_new, "connections": made.lacking, "next": next }),
        );
        return;
    }
    if made.is_new {
        output::data("made an instance: botswain.yaml");
    }
    for file in &files {
        output::data(&format!("wrote {file}"));
    }
    if !made.lacking.is_empty() {
        output::note("\nbotswain.yaml lacks these; add them, with your own addresses:\n");
        output::note(&format!(
            "connections:\n{}",
            made.lacking.concat().trim_end()
        ));
    }
    output::note("\nnext:");
    for step in next {
        output::note(&format!("  {step}"));
    }
}

fn next(made: &Made) -> Vec<String> {
    let name = &made.starter.name;
    let mut next = Vec::new();
    let has_connections = !made.starter.kind.connections().is_empty();
    if made.is_new && has_connections {
        next.push("put your own addresses into botswain.yaml".to_owned());
    }
    let starter = &made.starter;
    for (kind, connection) in [("imap", &starter.mailbox), ("smtp", &starter.mail)] {
        let entry = format!("kind: {kind}");
        let is_lacking = made.is_new || made.lacking.iter().any(|it| it.contains(&entry));
        if is_lacking && starter.kind.connections().contains(&kind) {
            next.push(format!(
                "botswain secret set {}",
                starter::secret(connection)
            ));
        }
    }
    next.push("botswain check".to_owned());
    let file = starter::file_in(starter.folder.as_deref(), name);
    next.push(format!("botswain test {}", file.display()));
    next.push(format!("botswain run {name}"));
    if starter.kind.connections().contains(&"imap") {
        next.push(format!("botswain connections test {}", starter.mailbox));
    }
    next.push(match starter.inbox() {
        Some(inbox) => format!("botswain up, then put files into {inbox}"),
        None => "botswain up".to_owned(),
    });
    next
}

/// A check of an answer; the error is a lower-case fragment.
type Check = fn(&str, &str) -> Result<(), String>;

/// Where answers come from (nowhere without a terminal) and questions go to.
struct Asked<R, W> {
    answers: Option<R>,
    questions: W,
}

impl<R: BufRead, W: Write> Asked<R, W> {
    fn starter(&mut self, given: New, outline: &Outline) -> Result<Starter, Failure> {
        let kind = match given.kind {
            Some(kind) => kind,
            None => self.kind()?,
        };
        let usual = |kind: &str, name: &str| {
            let mut connections = outline.connections.iter();
            let first = connections.find(|(_, is)| *is == kind);
            first.map_or_else(|| name.to_owned(), |(name, _)| name.clone())
        };
        let has = |wanted: &str| kind.connections().contains(&wanted);
        let (web, smtp) = (usual("web", "backoffice"), usual("smtp", "office-mail"));
        let imap = usual("imap", "orders-mail");
        let description = format!("{}.", capital(kind.purpose()));
        Ok(Starter {
            kind,
            description: self.text(
                given.description,
                ("What does it do?", "--description", &description),
                any,
            )?,
            cron: self.cron(given.cron, kind)?,
            mailbox: match has("imap") {
                true => self.text(
                    given.mailbox,
                    ("Which connection is the mailbox?", "--mailbox", &imap),
                    is_name,
                )?,
                false => imap,
            },
            web: match has("web") {
                true => self.text(
                    given.web,
                    ("Which connection leads to the application?", "--web", &web),
                    is_name,
                )?,
                false => web,
            },
            mail: match has("smtp") {
                true => self.text(
                    given.mail,
                    ("Which connection sends mail?", "--mail", &smtp),
                    is_name,
                )?,
                false => smtp,
            },
            to: match has("smtp") {
                true => self.text(
                    given.to,
                    ("Who gets the mail?", "--to", "ops@example.com"),
                    is_address,
                )?,
                false => String::new(),
            },
            name: given.name,
            folder: given.folder.filter(|it| !it.is_empty()),
        })
    }

    fn kind(&mut self) -> Result<Kind, Failure> {
        let words = Kind::ALL.map(Kind::word).join(", ");
        if self.answers.is_none() {
            return Err(Failure::usage("it is not said what the workflow does")
                .hint(format!("write `--kind` with one of: {words}")));
        }
        for (number, kind) in Kind::ALL.iter().enumerate() {
            let line = format!("  {}  {:14} {}\n", number + 1, kind.word(), kind.purpose());
            self.say(&line)?;
        }
        loop {
            let answer = self.answer("What does the workflow do? [1]")?;
            let by_number = answer.parse::<usize>().ok();
            let number = if answer.is_empty() {
                Some(1)
            } else {
                by_number
            };
            let by_number =
                number.and_then(|number| Kind::ALL.get(number.checked_sub(1)?).copied());
            let by_word = Kind::ALL.into_iter().find(|kind| kind.word() == answer);
            match by_number.or(by_word) {
                Some(kind) => return Ok(kind),
                None => self.say(&format!(
                    "a number from 1 to {}, or the word\n",
                    Kind::ALL.len()
                ))?,
            }
        }
    }

    /// Times, or nothing where mails or files start it.
    fn cron(&mut self, given: Option<String>, kind: Kind) -> Result<Option<String>, Failure> {
        const FILES: &str = "when a file comes";
        const MAILS: &str = "when a mail comes";
        let comes = match kind {
            Kind::MailIntake => MAILS,
            _ => FILES,
        };
        let usual = kind.usual_cron().unwrap_or(comes);
        let check: Check = |what, text| match [FILES, MAILS].contains(&text) {
            true => Ok(()),
            false => is_cron(what, text),
        };
        let cron = self.text(given, ("When does it run?", "--cron", usual), check)?;
        Ok((![FILES, MAILS].contains(&cron.as_str())).then_some(cron))
    }

    /// What was given, else what is answered, else what is usual.
    fn text(
        &mut self,
        given: Option<String>,
        (question, flag, usual): (&str, &str, &str),
        check: Check,
    ) -> Result<String, Failure> {
        if let Some(given) = given {
            return match check(flag, &given) {
                Ok(()) => Ok(given),
                Err(why) => Err(Failure::usage(why)),
            };
        }
        if self.answers.is_none() {
            return Ok(usual.to_owned());
        }
        loop {
            let answer = self.answer(&format!("{question} [{usual}]"))?;
            if answer.is_empty() {
                return Ok(usual.to_owned());
            }
            match check("it", &answer) {
                Ok(()) => return Ok(answer),
                Err(why) => self.say(&format!("{why}\n"))?,
            }
        }
    }

    fn answer(&mut self, question: &str) -> Result<String, Failure> {
        self.say(&format!("{question} "))?;
        let mut line = String::new();
        let read = match &mut self.answers {
            Some(answers) => answers.read_line(&mut line).map_err(Failure::of)?,
            None => 0,
        };
        match read {
            0 => Err(
                Failure::usage("nothing was answered, and nothing was written")
                    .hint("`--yes` takes what is usual"),
            ),
            _ => Ok(line.trim().to_owned()),
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        let said = self.questions.write_all(text.as_bytes());
        said.and_then(|()| self.questions.flush())
            .map_err(Failure::of)
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn any(what: &str, text: &str) -> Result<(), String> {
    match text.contains(char::is_control) {
        true => Err(format!("`{what}` is a single line")),
        false => Ok(()),
    }
}

fn is_name(what: &str, text: &str) -> Result<(), String> {
    match starter::is_name(text) {
        true => Ok(()),
        false => Err(format!("`{text}` cannot be a name (`{what}`)")),
    }
}

fn is_cron(what: &str, text: &str) -> Result<(), String> {
    let parsed = schedule::parse(text, "UTC");
    parsed
        .map(drop)
        .map_err(|err| format!("`{what}`: {err}; {}", err.hint))
}

fn is_address(what: &str, text: &str) -> Result<(), String> {
    let checked = botswain_bots::mail::check_address(what, text);
    checked.map_err(|fault| fault.message)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};

    fn given(args: &[&str]) -> New {
        let args = ["botswain", "new", "orders"].iter().chain(args);
        match Arguments::try_parse_from(args).unwrap().command {
            Command::New(given) => given,
            _ => unreachable!("it is `new`"),
        }
    }

    fn asked(answers: &str, args: &[&str]) -> (Result<Starter, Failure>, String) {
        let mut asked = Asked {
            answers: Some(answers.as_bytes()),
            questions: Vec::new(),
        };
        let starter = asked.starter(given(args), &Outline::default());
        (starter, String::from_utf8(asked.questions).unwrap())
    }

    #[test]
    fn what_is_given_is_not_asked_and_what_cannot_be_is_asked_again() {
        let (starter, questions) = asked(
            "6\n2\n\nnoon\n@daily\n\nshop\n\nnobody\nme@example.com\n",
            &[],
        );
        let starter = starter.unwrap();
        assert_eq!(starter.kind, Kind::MailIntake);
        assert_eq!(
            (starter.cron.as_deref(), starter.web.as_str()),
            (Some("@daily"), "shop")
        );
        assert_eq!(
            (starter.mail.as_str(), starter.to.as_str()),
            ("office-mail", "me@example.com")
        );
        assert_eq!(starter.mailbox, "orders-mail");
        assert!(questions.contains("a number from 1 to 5"), "{questions}");
        assert!(
            questions.contains("`nobody` in `it` is not a mail address"),
            "{questions}"
        );

        let (starter, questions) = asked("\n", &["--kind", "file-exchange", "--cron", "@hourly"]);
        assert_eq!(starter.unwrap().cron.as_deref(), Some("@hourly"));
        assert_eq!(questions.lines().count(), 1, "{questions}");
    }

    #[test]
    fn a_terminal_that_is_closed_writes_nothing() {
        let (starter, _) = asked("2\n", &[]);
        assert_eq!(starter.unwrap_err().code, Code::Usage);
    }
}
