//! A form as a browser sends it: fields, and files.
//!
//! In goes a body, urlencoded or in parts; out come its fields in order, and of its files name,
//! media type and content. How large a body is is bounded by its route; here it is how many
//! parts there are, and how much of them is text.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::MultipartError},
    http::{HeaderMap, StatusCode, header},
};
use futures_util::stream;

use super::Problem;

/// How many parts a form may have, and how much text.
const PARTS: usize = 500;
const TEXT: usize = 1024 * 1024;

/// How much of a body is looked at at a time: a file is not copied as a whole.
const PIECE: usize = 64 * 1024;

/// What a form says.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) fields: Vec<(String, String)>,
    /// By the name of their field; what nobody has chosen is not among them.
    pub(crate) files: Vec<(String, Upload)>,
}

/// A file that somebody has sent.
#[derive(Debug)]
pub(crate) struct Upload {
    /// As they call it.
    pub(crate) name: String,
    pub(crate) media: String,
    pub(crate) content: Bytes,
}

/// Whether the contents of files matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    Taken,
    LeftOut,
}

/// Whether a body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let media = media(headers);
    media.starts_with("application/x-www-form-urlencoded") || is_in_parts(media)
}

/// Reads a form.
pub(crate) async fn read(headers: &HeaderMap, body: &Bytes, files: Files) -> Result<Sent, Problem> {
    if is_in_parts(media(headers)) {
        return in_parts(headers, body, files).await;
    }
    if body.len() > TEXT {
        return Err(Problem::too_large(TEXT));
    }
    let fields = serde_urlencoded::from_bytes(body).map_err(|error| unread(&error))?;
    let files = Vec::new();
    Ok(Sent { fields, files })
}

fn media(headers: &HeaderMap) -> &str {
    let media = headers.get(header::CONTENT_TYPE);
    media.and_then(|it| it.to_str().ok()).unwrap_or_default()
}

fn is_in_parts(media: &str) -> bool {
    media.starts_with("multipart/form-data")
}

async fn in_parts(headers: &HeaderMap, body: &Bytes, files: Files) -> Result<Sent, Problem> {
    let whole = body.clone();
    let pieces = (0..body.len()).step_by(PIECE).map(move |from| {
        let to = whole.len().min(from + PIECE);
        Ok::<_, Infallible>(whole.slice(from..to))
    });
    let mut request = Request::new(Body::from_stream(stream::iter(pieces)));
    *request.headers_mut() = headers.clone();
    DefaultBodyLimit::disable().apply(&mut request);
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|error| unread(&error))?;
    let (mut sent, mut text, mut count) = (Sent::default(), 0, 0);
    while let Some(mut part) = parts.next_field().await.map_err(|error| broken(&error))? {
        count += 1;
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let media = part.content_type().unwrap_or_default().to_owned();
        let is_kept = file.is_none() || files == Files::Taken;
        let mut content = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
            if file.is_none() {
                text += piece.len();
            }
            if count > PARTS || text > TEXT {
                return Err(Problem::too_large(TEXT));
            }
            if is_kept {
                content.extend_from_slice(&piece);
            }
        }
        match file {
            None => {
                let value = String::from_utf8(content).map_err(|error| unread(&error))?;
                sent.fields.push((name, value));
            }
            // A field without a file is sent too.
            Some(file) if file.is_empty() => (),
            Some(file) => {
                let content = Bytes::from(content);
                let upload = Upload {
                    name: file,
                    media,
                    content,
                };
                sent.files.push((name, upload));
            }
        }
    }
    Ok(sent)
}

fn broken(error: &MultipartError) -> Problem {
    Problem::new(error.status(), "request.body", error.body_text())
}

fn unread(error: &dyn std::error::Error) -> Problem {
    let title = format!("this is no form: {error}");
    Problem::new(StatusCode::BAD_REQUEST, "request.body", title)
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Sent, Problem> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await;
        let body =
            body.map_err(|error| Problem::new(error.status(), "request.body", error.body_text()))?;
        read(&headers, &body, Files::Taken).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(media: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
        headers
    }

    fn parts(parts: &[(&str, &str)]) -> Bytes {
        let each = parts.iter().map(|(about, content)| {
            format!("--x\r\nContent-Disposition: form-data; {about}\r\n\r\n{content}\r\n")
        });
        Bytes::from(each.collect::<String>() + "--x--\r\n")
    }

    #[tokio::test]
    async fn a_form_in_parts_has_fields_and_files() {
        let media = headers("multipart/form-data; boundary=x");
        let long = "é\r\n--y".repeat(100_000);
        let body = parts(&[
            ("name=\"csrf\"", "3f"),
            ("name=\"upload.a\"; filename=\"../a\u{301}.csv\"", &long),
            ("name=\"upload.b\"; filename=\"\"", ""),
            ("name=\"input.c\"", "two\r\nlines"),
        ]);
        let sent = read(&media, &body, Files::Taken).await.unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            sent.fields,
            [field("csrf", "3f"), field("input.c", "two\r\nlines")]
        );
        assert_eq!(sent.files.len(), 1);
        assert_eq!(sent.files[0].1.name, "../a\u{301}.csv");
        assert_eq!(sent.files[0].1.content, long);
        let sent = read(&media, &body, Files::LeftOut).await.unwrap();
        assert!(sent.files[0].1.content.is_empty() && sent.fields.len() == 2);
        assert!(is_form(&media) && !is_form(&headers("application/octet-stream")));
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        let media = headers("multipart/form-data; boundary=x");
        let open = Bytes::from("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb");
        assert!(read(&media, &open, Files::Taken).await.is_err());
        assert!(
            read(&headers("multipart/form-data"), &open, Files::Taken)
                .await
                .is_err()
        );
        let many = parts(&vec![("name=\"a\"", "b"); PARTS + 1]);
        assert_eq!(
            read(&media, &many, Files::Taken).await.unwrap_err().status,
            413
        );
        let encoded = headers("application/x-www-form-urlencoded");
        let pairs = Bytes::from("a&".repeat(TEXT / 2 + 1));
        assert_eq!(
            read(&encoded, &pairs, Files::Taken)
                .await
                .unwrap_err()
                .status,
            413
        );
        let long = "b".repeat(TEXT + 1);
        let long = parts(&[("name=\"a\"", &long)]);
        assert_eq!(
            read(&media, &long, Files::Taken).await.unwrap_err().status,
            413
        );
    }
}
