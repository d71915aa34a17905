//! Files that people and programs send: kept as what steps leave is kept, for a run to begin with.
//!
//! In goes a name and a content; out comes what an input of the type `file` takes. A file that no
//! run names goes when runs are pruned, once it is two days old.

use axum::{Json, extract::State, http::StatusCode};
use botswain_core::ArtifactRef;

use super::{
    Problem,
    answer::Created,
    extract::{Content, Path},
    form::Upload,
    routes::reading,
};
use crate::daemon::{Handle, Parts};

/// How large the files of one request may be together, in bytes.
pub(crate) const LARGEST: usize = botswain_console::FILE_MOST as usize;

/// How long a request may be that has files. Longer than they may be: of a form the rest is read
/// then, and nothing in it is lost.
pub(crate) const REQUEST: usize = 32 * 1024 * 1024;

/// The longest name, in characters.
const NAME: usize = 150;

pub(crate) async fn add(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    content: Content,
) -> Result<Created<ArtifactRef>, Problem> {
    let upload = Upload {
        name,
        media: content.media,
        content: content.bytes,
    };
    keep(&handle, upload).await.map(Created)
}

/// Keeps one, durable on return.
pub(crate) async fn keep(handle: &Handle, upload: Upload) -> Result<ArtifactRef, Problem> {
    if upload.content.len() > LARGEST {
        return Err(too_large(&upload.name));
    }
    let kept = reading(handle, move |parts| {
        has_room(parts, upload.content.len())?;
        let (name, media) = (plain(&upload.name), media(&upload.media));
        let kept = parts.kept.0.put(&name, media, &upload.content);
        kept.map_err(Problem::from)
    });
    let Json(kept) = kept.await?;
    Ok(kept)
}

/// One that was kept before, under a name that is plain whoever says it.
pub(crate) fn named(kept: ArtifactRef) -> ArtifactRef {
    ArtifactRef {
        name: plain(&kept.name),
        media: media(&kept.media).to_owned(),
        ..kept
    }
}

pub(crate) fn too_large(name: &str) -> Problem {
    let most = LARGEST / 1024 / 1024;
    let title = format!(
        "`{}` is too large: files have {most} MiB at most",
        plain(name)
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file.large", title)
        .detail("put it on the machine of Botswain, and give its path")
}

/// What is new gives way to the outcomes of what has begun.
fn has_room(parts: &Parts, bytes: usize) -> Result<(), Problem> {
    let is_low = |room: &botswain_store::room::Room| room.is_low();
    match parts.store.room().is_some_and(is_low) && bytes > 0 {
        false => Ok(()),
        true => Err(Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk.full",
            "there is no room for a file",
        )
        .detail("free some space; it goes on by itself")),
    }
}

/// A name that leads nowhere and hides nothing, whoever has given it.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = last.chars().filter(|c| !is_odd(*c)).collect();
    let plain = plain.trim().trim_start_matches('.').trim_end_matches('.');
    match plain.is_empty() {
        true => "file".to_owned(),
        false => shortened(plain),
    }
}

/// Without its middle: how it ends says what it is.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending: String = ending.chars().take(10).collect();
    let kept: String = name.chars().take(NAME - 12).collect();
    format!("{kept}….{ending}")
}

/// What it says that it is, as long as it says so in the way of such types.
fn media(media: &str) -> &str {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-+._".contains(&it))
    };
    let alone = media.split(';').next().unwrap_or_default().trim();
    match alone.split_once('/') {
        Some((kind, rest)) if is_word(kind) && is_word(rest) && alone.len() <= 100 => alone,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (name, kept) in [
            ("orders.csv", "orders.csv"),
            ("销售 1.xlsx", "销售 1.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\orders.csv", "orders.csv"),
            ("a\u{202e}vsc.exe", "avsc.exe"),
            ("two\r\nlines.csv", "twolines.csv"),
            (" .hidden ", "hidden"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(plain(name), kept, "{name:?}");
        }
        let long = plain(&format!("{}.csv", "é".repeat(500)));
        assert!(
            long.ends_with("….csv") && long.chars().count() <= NAME,
            "{long}"
        );
    }

    #[test]
    fn a_type_is_one_or_nothing_is_said() {
        assert_eq!(media("text/csv; charset=utf-8"), "text/csv");
        assert_eq!(media("image/svg+xml"), "image/svg+xml");
        for odd in ["", "text", "text/", "text/a b", "text/\"><script>", "a/b/c"] {
            assert_eq!(media(odd), "application/octet-stream", "{odd}");
        }
    }
}
