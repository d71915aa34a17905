//! A mail as bytes, the same for the same input.
//!
//! In go addresses, texts and attachments; out come the message (RFC 5322, MIME)
//! and its envelope. `Message-ID`, `Date` and the boundaries come from the
//! attempt's idempotency key and the run's logical time, never from a clock or
//! from chance. Bodies are quoted-printable or base64, so that no line of them
//! can be taken for the end of the mail.

use botswain_bot::{Attempt, Fault};
use botswain_core::Hash;
use lettre::{
    Message,
    message::{
        Attachment, Body, Mailbox, MessageBuilder, MultiPart, MultiPartBuilder, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
};

/// What a mail says.
pub(super) struct Letter {
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) subject: String,
    pub(super) text: String,
    /// The same as HTML.
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attached>,
}

pub(super) struct Attached {
    pub(super) name: String,
    pub(super) media: String,
    pub(super) content: Vec<u8>,
}

/// The `Message-ID` of an attempt's mail, equal for every attempt of the same effect.
pub(super) fn message_id(attempt: &Attempt, domain: &str) -> String {
    let key = Hash::of(attempt.idempotency_key.as_bytes());
    format!("<botswain.{}@{domain}>", &key.as_str()[..32])
}

impl Letter {
    /// The message, its `Message-ID` of `id_domain`.
    pub(super) fn build(self, attempt: &Attempt, id_domain: &str) -> Result<Message, Fault> {
        let builder = Message::builder()
            .message_id(Some(message_id(attempt, id_domain)))
            .date(attempt.entered.into())
            .from(self.from)
            .subject(self.subject);
        let builder = add(builder, self.reply_to, MessageBuilder::reply_to);
        let builder = add(builder, self.to, MessageBuilder::to);
        let builder = add(builder, self.cc, MessageBuilder::cc);
        let builder = add(builder, self.bcc, MessageBuilder::bcc);
        let plain = text(self.text, ContentType::TEXT_PLAIN);
        let part = |kind: MultiPartBuilder, name: &str| kind.boundary(boundary(attempt, name));
        let built = match (self.html, self.attachments.is_empty()) {
            (None, true) => builder.singlepart(plain),
            (None, false) => {
                let mixed = part(MultiPart::mixed(), "mixed").singlepart(plain);
                builder.multipart(attach(mixed, self.attachments))
            }
            (Some(html), none) => {
                let both = part(MultiPart::alternative(), "alternative")
                    .singlepart(plain)
                    .singlepart(text(html, ContentType::TEXT_HTML));
                match none {
                    true => builder.multipart(both),
                    false => {
                        let mixed = part(MultiPart::mixed(), "mixed").multipart(both);
                        builder.multipart(attach(mixed, self.attachments))
                    }
                }
            }
        };
        built.map_err(|err| {
            let fault = Fault::business("mail.address", format!("no mail can be made: {err}"));
            fault.hint("give at least one of `to`, `cc` and `bcc`")
        })
    }
}

fn add(
    builder: MessageBuilder,
    mailboxes: Vec<Mailbox>,
    field: fn(MessageBuilder, Mailbox) -> MessageBuilder,
) -> MessageBuilder {
    mailboxes.into_iter().fold(builder, field)
}

fn boundary(attempt: &Attempt, part: &str) -> String {
    let seed = format!("{part} {}", attempt.idempotency_key);
    let hash = Hash::of(seed.as_bytes());
    format!("botswain-{part}-{}", &hash.as_str()[..32])
}

fn text(content: String, media: ContentType) -> SinglePart {
    // lettre would do it too, by moving the rest of the text at each line end.
    let lines = content.replace("\r\n", "\n").replace('\r', "\n");
    let content = lines.replace('\n', "\r\n");
    let body = Body::new_with_encoding(content, ContentTransferEncoding::QuotedPrintable);
    let body = body.expect("quoted-printable takes every text");
    SinglePart::builder().content_type(media).body(body)
}

fn attach(parts: MultiPart, attachments: Vec<Attached>) -> MultiPart {
    attachments.into_iter().fold(parts, |parts, it| {
        let octets = ContentType::parse("application/octet-stream").expect("well formed");
        let media = ContentType::parse(&it.media).unwrap_or(octets);
        let body = Body::new_with_encoding(it.content, ContentTransferEncoding::Base64);
        let body = body.expect("base64 takes every content");
        parts.singlepart(Attachment::new(it.name).body(body, media))
    })
}
