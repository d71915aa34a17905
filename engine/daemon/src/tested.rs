//! How the last test of each connection ended that somebody asked for.
//!
//! They are in a file of their own. Nothing follows from them but what people read, so a
//! file that cannot be read keeps nobody from anything: it is told, and begun anew.

use std::path::PathBuf;

use botswain_views::TestView;

use crate::instance::ByName;

/// The last tests of an instance, by connection.
pub(crate) type Tested = ByName<TestView>;

/// What an earlier daemon has written.
pub(crate) fn open(path: PathBuf) -> Tested {
    Tested::open(path.clone()).unwrap_or_else(|error| {
        tracing::warn!("earlier tests of connections are forgotten: {error}");
        Tested::anew(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tested.json");
        std::fs::write(&path, "{").unwrap();
        assert_eq!(open(path).of("shop"), None);
    }
}
