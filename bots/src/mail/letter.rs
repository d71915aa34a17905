//! A mail as a trigger gives it to a run.
//!
//! In go the bytes that a server has; out come named values: who, what, and the
//! attachments as artifacts. Whatever a mail says of itself is only text here: a
//! name of an attachment loses its folders, and a broken mail is still a mail.

use async_imap::types::Fetch;
use botswain_bot::{Artifacts, Fault};
use botswain_core::{Hash, plan::Mail};
use jiff::Timestamp;
use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};
use serde_json::{Map, Value, json};

/// How large a mail may be, in bytes.
const MOST: u32 = 25 * 1024 * 1024;

/// How many attachments a mail may have.
const ATTACHMENTS: usize = 200;

/// How long a Message-ID may be that stands in a key as it is.
const LONGEST: usize = 200;

/// What is known of a mail before it is fetched.
pub(super) struct Head {
    pub(super) uid: u32,
    size: u32,
    /// When the server got it.
    received: Timestamp,
    message_id: Option<String>,
    /// The address alone.
    pub(super) from: String,
    from_name: String,
    to: Vec<String>,
    pub(super) subject: String,
}

impl Head {
    /// None of what is no answer to the question.
    pub(super) fn of(fetch: &Fetch) -> Option<Head> {
        let uid = fetch.uid?;
        let received = fetch.internal_date().map(|it| it.timestamp());
        let received = received.and_then(|it| Timestamp::from_second(it).ok());
        let parsed = MessageParser::new().parse(fetch.header().unwrap_or_default());
        let parsed = parsed.unwrap_or_default();
        let from = parsed.from().and_then(Address::first);
        let to = parsed.to().into_iter().flat_map(Address::iter);
        let to = to.filter_map(|it| it.address().map(one_line));
        Some(Head {
            uid,
            size: fetch.size.unwrap_or(0),
            received: received.unwrap_or(Timestamp::UNIX_EPOCH),
            message_id: parsed
                .message_id()
                .map(one_line)
                .filter(|it| !it.is_empty()),
            from: from
                .and_then(|it| it.address())
                .map(one_line)
                .unwrap_or_default(),
            from_name: from
                .and_then(|it| it.name())
                .map(one_line)
                .unwrap_or_default(),
            to: to.collect(),
            subject: parsed.subject().map(one_line).unwrap_or_default(),
        })
    }

    /// What it is: its Message-ID, or its number when it has none.
    pub(super) fn key(&self, mail: &Mail, validity: u32) -> String {
        match &self.message_id {
            Some(id) if id.len() <= LONGEST => format!("mail {id}"),
            Some(id) => format!("mail {}", Hash::of(id.as_bytes()).as_str()),
            None => format!(
                "mail {}.{} in {} of {}",
                validity, self.uid, mail.folder, mail.connection
            ),
        }
    }

    pub(super) fn too_large(&self) -> Option<Fault> {
        (self.size > MOST).then(|| {
            let message = format!(
                "the mail `{}` of {} has {} bytes, more than {} MiB",
                self.subject,
                self.from,
                self.size,
                MOST / 1024 / 1024
            );
            Fault::business("mail.too_large", message)
                .hint("take what is needed out of it by hand; it is still in its folder")
        })
    }

    /// What `trigger` has of it, without its content.
    pub(super) fn data(&self) -> Map<String, Value> {
        let mut data = Map::new();
        let fields: [(&str, Value); 10] = [
            ("from", json!(self.from)),
            ("from_name", json!(self.from_name)),
            ("to", json!(self.to)),
            ("subject", json!(self.subject)),
            ("message_id", json!(self.message_id)),
            ("received", json!(self.received.to_string())),
            ("size", json!(self.size)),
            ("text", json!("")),
            ("attachments", json!([])),
            ("mail", Value::Null),
        ];
        data.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        data
    }
}

/// What `trigger` has of a mail.
pub(super) fn read(
    head: &Head,
    bytes: &[u8],
    artifacts: &dyn Artifacts,
) -> Result<Map<String, Value>, Fault> {
    let parsed = MessageParser::new().parse(bytes).unwrap_or_default();
    let mut data = head.data();
    // Text first; a mail of HTML alone gives that as text.
    let text = parsed
        .body_text(0)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    data.insert("text".to_owned(), json!(text));
    let attachments = attachments(&parsed, artifacts)?;
    data.insert("attachments".to_owned(), Value::Array(attachments));
    let whole = artifacts.put("mail.eml", "message/rfc822", bytes)?;
    data.insert("mail".to_owned(), whole.to_value());
    Ok(data)
}

fn attachments(parsed: &Message<'_>, artifacts: &dyn Artifacts) -> Result<Vec<Value>, Fault> {
    let mut attachments = Vec::new();
    for part in parsed.attachments().take(ATTACHMENTS) {
        let kind = part.content_type();
        let media = kind.map_or_else(
            || "application/octet-stream".to_owned(),
            |it| format!("{}/{}", it.ctype(), it.subtype().unwrap_or("octet-stream")),
        );
        let content = match &part.body {
            // A mail within the mail keeps its form.
            PartType::Message(inner) => inner.raw_message(),
            _ => part.contents(),
        };
        let name = part.attachment_name().map(plain_name);
        let name = name
            .filter(|it| !it.is_empty())
            .unwrap_or_else(|| format!("attachment-{}", attachments.len() + 1));
        attachments.push(artifacts.put(&name, &one_line(&media), content)?.to_value());
    }
    Ok(attachments)
}

/// The name alone, whatever folders stand before it.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    one_line(last.trim_start_matches('.'))
        .chars()
        .take(200)
        .collect()
}

/// Without what would begin another line, or hide something.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control()).map(str::trim);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_an_attachment_leads_nowhere() {
        let names = [
            "../../etc/passwd",
            "c:\\x\\a.csv",
            "..",
            "a\r\nb.csv",
            ".hidden",
        ];
        let plain = names.map(plain_name);
        assert_eq!(plain, ["passwd", "a.csv", "", "a b.csv", "hidden"]);
    }
}
