//! An OpenID provider of its own for a test: the npm package `oidc-provider`.
//!
//! It has two people, `maria` of the groups `staff` and `order-desk` and `olaf` of
//! `visitors`, whom any password lets in, and one client, [`CLIENT`].

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

pub const CLIENT: &str = "botswain";
pub const SECRET: &str = "what-the-client-shows";

pub struct Provider {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Provider {
    /// Starts it; nobody can sign in before it knows where they are sent back to.
    pub fn start() -> io::Result<Provider> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = here.join("../../target/provider/node_modules");
        let packages = packages.canonicalize().map_err(|err| {
            let what = format!("`{}`: {err}; `make tools` installs it", packages.display());
            io::Error::new(err.kind(), what)
        })?;
        let mut child = Command::new("node")
            .arg(here.join("provider/provider.mjs"))
            .arg(packages)
            .arg(SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (input, output) = input.zip(output).ok_or(io::ErrorKind::BrokenPipe)?;
        let mut provider = Provider {
            child,
            input,
            output: BufReader::new(output),
            port: 0,
        };
        let port = provider.says()?;
        let port = port.strip_prefix("port ").and_then(|it| it.parse().ok());
        provider.port = port.ok_or_else(|| io::Error::other("the provider named no port"))?;
        Ok(provider)
    }

    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Says where the client wants people sent back to.
    pub fn send_back_to(&mut self, address: &str) -> io::Result<()> {
        writeln!(self.input, "{address}")?;
        match self.says()?.as_str() {
            "ready" => Ok(()),
            other => Err(io::Error::other(format!("the provider says `{other}`"))),
        }
    }

    fn says(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
