//! The body of a response: read within bounds, made into a value, text or file.
//!
//! Bounds count bytes after decompression, so that a small answer cannot be a large one.

use botswain_bot::{ArtifactRef, Context, Fault};
use reqwest::{Response, header};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use super::client::{reason, shown};

/// The largest body that is given as a value.
pub(super) const MAX_INLINE: usize = 16 * 1024 * 1024;
/// The largest body that is kept as a file.
pub(super) const MAX_SAVED: usize = 1024 * 1024 * 1024;
/// How much of the body of an unexpected answer is kept.
pub(super) const MAX_EVIDENCE: usize = 1024 * 1024;

/// What a response says its body is.
#[derive(Clone, Debug)]
pub(super) struct Media(String);

impl Media {
    pub(super) fn of(response: &Response) -> Media {
        let declared = response.headers().get(header::CONTENT_TYPE);
        let text = declared
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Media(text.to_ascii_lowercase())
    }

    pub(super) fn as_str(&self) -> &str {
        match self.0.is_empty() {
            true => "application/octet-stream",
            false => &self.0,
        }
    }

    fn essence(&self) -> &str {
        self.0.split(';').next().unwrap_or_default().trim()
    }

    pub(super) fn is_json(&self) -> bool {
        let essence = self.essence();
        essence == "application/json" || essence.ends_with("+json")
    }

    fn is_text(&self) -> bool {
        let essence = self.essence();
        essence.starts_with("text/")
            || essence.ends_with("xml")
            || self.is_json()
            || essence == "application/x-www-form-urlencoded"
    }

    fn charset(&self) -> Option<&'static encoding_rs::Encoding> {
        let label = self.0.split("charset=").nth(1)?;
        encoding_rs::Encoding::for_label(
            label.split(';').next()?.trim().trim_matches('"').as_bytes(),
        )
    }

    /// The text of a body; none when it is not one.
    pub(super) fn text(&self, body: &[u8]) -> Option<String> {
        match self.charset() {
            Some(charset) => Some(charset.decode(body).0.into_owned()),
            None if self.is_text() => Some(String::from_utf8_lossy(body).into_owned()),
            None => str::from_utf8(body)
                .ok()
                .filter(|_| self.0.is_empty())
                .map(str::to_owned),
        }
    }

    fn extension(&self) -> &'static str {
        match self.essence() {
            _ if self.is_json() => "json",
            "text/html" => "html",
            "text/csv" => "csv",
            "application/pdf" => "pdf",
            essence if essence.ends_with("xml") => "xml",
            _ if self.is_text() => "txt",
            _ => "bin",
        }
    }

    /// What a person would call the file: the end of its URL, else `response`.
    pub(super) fn file_name(&self, response: &Response) -> String {
        let last = response
            .url()
            .path_segments()
            .and_then(|mut parts| parts.next_back());
        match last {
            Some(last) if last.contains('.') => last.to_owned(),
            _ => format!("response.{}", self.extension()),
        }
    }
}

/// All of the body, or a fault when it is over `most` or breaks off.
pub(super) async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Fault> {
    let place = shown(response.url());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|err| broken(&place, &err))? {
        if body.len() + chunk.len() > most {
            return Err(too_large(&place, most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The first `most` bytes of the body, as far as they come.
pub(super) async fn beginning(mut response: Response, most: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= most {
            body.truncate(most);
            break;
        }
    }
    body
}

/// Streams the body into an artifact.
pub(super) async fn save(
    mut response: Response,
    media: &Media,
    context: &Context,
) -> Result<ArtifactRef, Fault> {
    let place = shown(response.url());
    let name = media.file_name(&response);
    let part =
        tempfile::NamedTempFile::new_in(context.artifacts.scratch()).map_err(|err| unkept(&err))?;
    let (file, path) = part.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(chunk) = response.chunk().await.map_err(|err| broken(&place, &err))? {
        size += chunk.len();
        if size > MAX_SAVED {
            return Err(too_large(&place, MAX_SAVED));
        }
        file.write_all(&chunk).await.map_err(|err| unkept(&err))?;
    }
    file.flush().await.map_err(|err| unkept(&err))?;
    drop(file);
    let (artifacts, media) = (context.artifacts.clone(), media.as_str().to_owned());
    let kept = tokio::task::spawn_blocking(move || artifacts.put_file(&name, &media, &path)).await;
    kept.map_err(|err| unkept(&err.into()))?
}

/// A body as JSON or as text; none when it is neither.
pub(super) fn value(body: &[u8], media: &Media, place: &str) -> Result<Option<Value>, Fault> {
    if body.is_empty() {
        return Ok(Some(Value::Null));
    }
    if media.is_json() {
        return serde_json::from_slice(body).map(Some).map_err(|err| {
            Fault::business(
                "http.body",
                format!("`{place}` says that it answers JSON, but {err}"),
            )
        });
    }
    Ok(media.text(body).map(Value::String))
}

fn broken(place: &str, err: &reqwest::Error) -> Fault {
    Fault::system(
        "http.broken",
        format!("the answer of `{place}` broke off: {}", reason(err)),
    )
}

fn too_large(place: &str, most: usize) -> Fault {
    let fault = Fault::business(
        "http.too_large",
        format!(
            "the answer of `{place}` is larger than {} MiB",
            most / 1024 / 1024
        ),
    );
    match most < MAX_SAVED {
        true => fault.hint("write `save: true` to keep it as a file"),
        false => fault,
    }
}

fn unkept(err: &std::io::Error) -> Fault {
    Fault::system(
        "artifact.unwritable",
        format!("the answer cannot be kept: {err}"),
    )
}
