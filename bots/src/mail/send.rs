//! `mail.send`: one mail, sent once.
//!
//! In go addresses and texts; out comes what the server said. The mail is kept
//! as an artifact before the server hears of it, so that it is there whatever
//! becomes of the delivery.

use std::{io::Read, path::Path, sync::Arc};

use botswain_bot::{
    ArtifactRef, Artifacts, Bot, Context, Effect, Fault, KnownFault, Preview, PreviewKind, Roots,
    faults,
    schema::{self, TemplateName},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::{
    address::{Addresses, mailbox, no_control},
    delivery, message,
    message::{Attached, Letter},
    plain,
    smtp::{self, Smtp},
};
use crate::input_file::InputFile;

/// All attachments of a mail together may have so many bytes; most servers take no more.
const ATTACHED: u64 = 25 * 1024 * 1024;

/// Sends one mail.
///
/// It is in doubt when the connection breaks after the mail was handed over and before the
/// server has answered; every other fault means that it was not sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Who gets it: one address or a list, as in `Ops <ops@example.com>`.
    pub to: Addresses,
    /// Who gets a copy.
    #[serde(default)]
    pub cc: Addresses,
    /// Who gets a copy without the others seeing it.
    #[serde(default)]
    pub bcc: Addresses,
    /// Where answers should go, if not to the sender.
    #[serde(default)]
    pub reply_to: Addresses,
    /// The address it comes from; without it the connection's.
    pub from: Option<String>,
    /// The line that people see first.
    pub subject: String,
    /// The text; either this or `template`.
    pub text: Option<String>,
    /// A file in `templates/` that makes the text, or an HTML mail if it ends in `.html.hbs`;
    /// either this or `text`.
    pub template: Option<TemplateName>,
    /// What the template sees, besides `run` and `today`.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Files to send along: paths, or artifacts of earlier steps.
    #[serde(default)]
    pub attachments: Vec<InputFile>,
}

/// What became of the mail.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its `Message-ID`, the same at every attempt.
    pub message_id: String,
    /// The addresses for which the server has taken it.
    pub accepted: Vec<String>,
    /// The server's last answer.
    pub response: String,
    /// The mail as it was sent.
    #[schemars(schema_with = "schema::artifact")]
    pub message: ArtifactRef,
}

const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "mail.address",
        "an address is none, or nobody gets the mail",
    ),
    KnownFault::business(
        "mail.header",
        "an address or the subject holds a line break",
    ),
    KnownFault::business(
        "mail.too_large",
        "the attachments are larger than 25 MiB together",
    ),
    KnownFault::business("mail.login", "the server refuses the login"),
    KnownFault::business(
        "mail.rejected",
        "the server refuses the sender, a recipient or the mail (5xx)",
    ),
    KnownFault::system("mail.deferred", "the server puts it off (4xx)"),
    KnownFault::system(
        "mail.connection",
        "the server cannot be reached, does not answer, or the connection breaks",
    ),
    KnownFault::system(
        "mail.tls",
        "there is no trusted, encrypted way to the server",
    ),
    KnownFault::system("mail.answer", "the server answers what no server should"),
];

impl Bot for Send {
    const NAME: &'static str = "mail.send";
    const EXAMPLE: &'static str = "\
id: tell
bot: mail.send
connection: office-mail
with:
  to: ops@example.com
  subject: Orders entered
  template: orders-entered.html.hbs
  data: { count: 42 }
  attachments: [exports/evening.csv]
";
    const CONNECTIONS: &'static [&'static str] = &["smtp"];
    const NEEDS_CONNECTION: bool = true;
    const EXACTLY_ONE: &'static [&'static [&'static str]] = &[&["text", "template"]];
    const ANNOUNCES: bool = true;
    const EFFECTS: &'static [(Effect, &'static str)] = &[(Effect::Once, "")];
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS, faults::READS_FILES];
    type Output = Output;

    fn effect(&self) -> Effect {
        Effect::Once
    }

    async fn run(self, context: &Context) -> Result<Output, Fault> {
        let smtp = context.connection::<Smtp>().await?;
        let domain = smtp.from.email.domain().to_owned();
        let letter = self.letter(&smtp, context).await?;
        let message = letter.build(&context.attempt, &domain)?;
        let bytes = Arc::new(message.formatted());
        let kept = keep(context, Arc::clone(&bytes)).await?;
        let sending = async {
            let mut session = tokio::select! {
                session = smtp.session() => session?,
                () = context.cancelled() => return Err(delivery::cancelled()),
            };
            let mail = (message.envelope(), bytes.as_slice());
            let response = delivery::deliver(&smtp, &mut session, mail, context).await?;
            smtp::close(session).await;
            Ok(response)
        };
        let response = sending
            .await
            .map_err(|fault| fault.with_artifact(kept.clone()))?;
        let accepted = message.envelope().to().iter();
        Ok(Output {
            message_id: message::message_id(&context.attempt, &domain),
            accepted: accepted.map(ToString::to_string).collect(),
            response,
            message: kept,
        })
    }

    async fn preview(self, context: &Context) -> Result<Option<Preview>, Fault> {
        no_control("subject", &self.subject)?;
        let (text, html) = self.body(context)?;
        let attachments = self.attached(context).await?;
        let from = match &self.from {
            Some(from) => mailbox("from", from)?.to_string(),
            None => "the sender of the connection".to_owned(),
        };
        let mut head = vec![("From", from)];
        for (name, field, addresses) in [
            ("To", "to", &self.to),
            ("Cc", "cc", &self.cc),
            ("Bcc", "bcc", &self.bcc),
            ("Reply-To", "reply_to", &self.reply_to),
        ] {
            let mailboxes = addresses.mailboxes(field)?;
            let words: Vec<String> = mailboxes.iter().map(ToString::to_string).collect();
            head.push((name, words.join(", ")));
        }
        head.push(("Subject", self.subject));
        let attached = attachments.iter();
        head.extend(attached.map(|it| {
            let size = it.content.len();
            (
                "Attachment",
                format!("{} ({}, {size} bytes)", it.name, it.media),
            )
        }));
        // The text beside an HTML is made from it and says nothing more.
        let body = html.unwrap_or(text);
        Ok(Some(Preview::new(PreviewKind::Mail, &head, &body)))
    }
}

impl Send {
    async fn letter(self, smtp: &Smtp, context: &Context) -> Result<Letter, Fault> {
        no_control("subject", &self.subject)?;
        let (text, html) = self.body(context)?;
        let attachments = self.attached(context).await?;
        Ok(Letter {
            from: match &self.from {
                Some(from) => mailbox("from", from)?,
                None => smtp.from.clone(),
            },
            to: self.to.mailboxes("to")?,
            cc: self.cc.mailboxes("cc")?,
            bcc: self.bcc.mailboxes("bcc")?,
            reply_to: self.reply_to.mailboxes("reply_to")?,
            subject: self.subject,
            text,
            html,
            attachments,
        })
    }

    async fn attached(&self, context: &Context) -> Result<Vec<Attached>, Fault> {
        let (files, artifacts) = (self.attachments.clone(), Arc::clone(&context.artifacts));
        let roots = Arc::clone(&context.roots);
        let reading = spawn_blocking(move || attachments(&files, &roots, &*artifacts)).await;
        reading.expect("reading does not panic")
    }

    /// The text, and the HTML if there is one.
    fn body(&self, context: &Context) -> Result<(String, Option<String>), Fault> {
        match (&self.text, &self.template) {
            (Some(text), None) => Ok((text.clone(), None)),
            (None, Some(template)) => {
                let data = Value::Object(self.data.clone());
                let rendered = context.render(template.as_str(), &data)?;
                match template.as_str().ends_with(".html.hbs") {
                    true => Ok((plain::text(&rendered), Some(rendered))),
                    false => Ok((rendered, None)),
                }
            }
            _ => Err(Fault::business(
                "step.parameters",
                "a mail has either `text` or `template`",
            )),
        }
    }
}

async fn keep(context: &Context, bytes: Arc<Vec<u8>>) -> Result<ArtifactRef, Fault> {
    let artifacts = Arc::clone(&context.artifacts);
    let kept = spawn_blocking(move || artifacts.put("message.eml", "message/rfc822", &bytes));
    kept.await.expect("keeping does not panic")
}

fn attachments(
    files: &[InputFile],
    roots: &Roots,
    artifacts: &dyn Artifacts,
) -> Result<Vec<Attached>, Fault> {
    let mut left = ATTACHED;
    let mut attached = Vec::new();
    for file in files {
        let content = read(file, &mut left, roots, artifacts)?;
        let name = Path::new(file.name()).file_name();
        let name = name.map_or_else(|| "file".into(), |name| name.to_string_lossy());
        attached.push(Attached {
            media: match file {
                InputFile::Artifact(artifact) => artifact.media.clone(),
                InputFile::Path(path) => media(path).to_owned(),
            },
            name: name.replace(|c: char| c.is_control() || "\"\\".contains(c), "_"),
            content,
        });
    }
    Ok(attached)
}

/// Reads one; `left` is how much all of the rest may have.
fn read(
    file: &InputFile,
    left: &mut u64,
    roots: &Roots,
    artifacts: &dyn Artifacts,
) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    let opened = file.open(roots, artifacts)?;
    opened
        .take(*left + 1)
        .read_to_end(&mut content)
        .map_err(|err| {
            let message = format!("`{}` cannot be read: {err}", file.name());
            Fault::system("file.unreadable", message)
        })?;
    match left.checked_sub(content.len() as u64) {
        Some(rest) => {
            *left = rest;
            Ok(content)
        }
        None => {
            let limit = ATTACHED / 1024 / 1024;
            let message = format!(
                "with `{}` the attachments have over {limit} MiB",
                file.name()
            );
            let hint = "put the file where the reader can fetch it, and mail the address";
            Err(Fault::business("mail.too_large", message).hint(hint))
        }
    }
}

/// The media type by the end of a file's name.
fn media(path: &str) -> &'static str {
    let end = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match end.as_str() {
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "html" => "text/html",
        "xml" => "application/xml",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}
