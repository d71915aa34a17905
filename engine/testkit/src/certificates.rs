//! A certificate authority for one test, made by the `openssl` program.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The authority's certificate, and one for `localhost` and `127.0.0.1` signed by it.
pub struct Certificates {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    /// Writes them into `folder`.
    pub fn make(folder: &Path) -> Certificates {
        let at = |name: &str| folder.join(name);
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
        std::fs::write(at("names"), names).expect("written");
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(
            folder,
            &format!("{new} -x509 -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem"),
        );
        openssl(
            folder,
            &format!("{new} -subj /CN=localhost -keyout server.key -out server.csr"),
        );
        let sign = "x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names";
        openssl(folder, &format!("{sign} -in server.csr -out server.pem"));
        Certificates {
            ca: at("ca.pem"),
            certificate: at("server.pem"),
            key: at("server.key"),
        }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let run = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("`openssl` is installed");
    let words = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "openssl {arguments}: {words}");
}
