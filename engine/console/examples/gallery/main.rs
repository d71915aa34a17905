//! Writes every page with believable data into a folder, to be looked at without a daemon:
//! `cargo run --package botswain-console --example gallery -- FOLDER`.

use std::{env, fs, io, path::Path};

use botswain_console::{ASSETS, Language, Theme};

mod samples;
mod workflows;

use samples::{PICTURE, Samples};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let folder = Path::new(&folder);
    for it in ["assets", "artifacts"] {
        fs::create_dir_all(folder.join(it))?;
    }
    for asset in ASSETS {
        fs::write(folder.join(asset.path.trim_start_matches('/')), asset.body)?;
    }
    let picture = include_bytes!("../../../../docs/console-inbox.png");
    fs::write(folder.join("artifacts").join(PICTURE), picture)?;
    for language in [Language::English, Language::Chinese] {
        for theme in [Theme::Light, Theme::Dark] {
            let samples = Samples {
                language,
                theme,
                text: None,
            };
            for (name, page) in samples.pages() {
                // Opened as files, they have no root.
                let page = page.replace("=\"/assets/", "=\"assets/");
                let page = page.replace("=\"/artifacts/", "=\"artifacts/");
                let name = format!("{name}.{}.{}.html", language.code(), theme.code());
                fs::write(folder.join(name), page)?;
            }
        }
    }
    Ok(())
}
