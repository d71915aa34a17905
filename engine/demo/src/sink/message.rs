//! A stored message, taken apart for whoever checks what was sent.

use std::io;
use std::path::{Path, PathBuf};

use mail_parser::{MessageParser, MimeHeaders};

/// The headers that the sink puts in front.
pub(super) const SENDER: &str = "Return-Path";
pub(super) const RECIPIENT: &str = "Delivered-To";

/// A message and its envelope.
#[derive(Clone, Debug)]
pub struct Message {
    pub file: PathBuf,
    /// `MAIL FROM`, without angle brackets; empty for a bounce.
    pub sender: String,
    /// Every `RCPT TO`, in the order given.
    pub recipients: Vec<String>,
    pub subject: String,
    /// Without angle brackets.
    pub id: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<Attachment>,
    /// The whole file.
    pub raw: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub name: Option<String>,
    /// Such as `application/pdf`.
    pub media_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Message {
    /// # Errors
    /// The file cannot be read, or is no message at all.
    pub(super) fn read(file: &Path) -> io::Result<Message> {
        let raw = std::fs::read(file)?;
        Message::parse(file, raw).ok_or_else(|| {
            let problem = format!("`{}` is no mail message", file.display());
            io::Error::new(io::ErrorKind::InvalidData, problem)
        })
    }

    fn parse(file: &Path, raw: Vec<u8>) -> Option<Message> {
        let parsed = MessageParser::default().parse(&raw)?;
        let sender = parsed.header_raw(SENDER).map(address).unwrap_or_default();
        let recipients = parsed
            .headers_raw()
            .filter(|(name, _)| name.eq_ignore_ascii_case(RECIPIENT));
        let text = parsed
            .text_bodies()
            .any(|part| part.is_text() && !part.is_text_html());
        let html = parsed.html_bodies().any(|part| part.is_text_html());
        Some(Message {
            file: file.to_owned(),
            sender,
            recipients: recipients.map(|(_, value)| address(value)).collect(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            id: parsed.message_id().map(str::to_owned),
            // The parser turns one into the other; a reader wants what was sent.
            text: text.then(|| parsed.body_text(0).map(Into::into)).flatten(),
            html: html.then(|| parsed.body_html(0).map(Into::into)).flatten(),
            attachments: parsed.attachments().map(attachment).collect(),
            raw: raw.clone(),
        })
    }
}

fn address(header: &str) -> String {
    header.trim().trim_matches(['<', '>']).to_owned()
}

fn attachment(part: &mail_parser::MessagePart<'_>) -> Attachment {
    let media_type = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    Attachment {
        name: part.attachment_name().map(str::to_owned),
        media_type,
        bytes: part.contents().to_vec(),
    }
}
