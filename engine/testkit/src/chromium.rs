//! A chromedriver of its own for a test, as somebody else would run it.
//!
//! It listens on a free loopback port and ends when it is dropped, with the
//! browsers it has started.

use std::{io, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

pub struct Chromedriver {
    child: Child,
    port: u16,
    /// Held so that it can go on writing.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Chromedriver {
    /// Starts it and waits until it listens.
    pub async fn start() -> io::Result<Chromedriver> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut output = BufReader::new(output).lines();
        let port = timeout(Duration::from_secs(20), port(&mut output)).await??;
        Ok(Chromedriver {
            child,
            port,
            _output: output,
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many sessions it holds.
    pub async fn sessions(&self) -> io::Result<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let request = "GET /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // It announces that it closes the connection and does not.
        while !is_whole(&answer) {
            let mut part = [0; 4096];
            match timeout(Duration::from_secs(5), stream.read(&mut part)).await?? {
                0 => break,
                length => answer.extend_from_slice(&part[..length]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        match answer.contains("\"value\"") {
            true => Ok(answer.matches("\"capabilities\"").count()),
            false => Err(io::Error::other(answer.into_owned())),
        }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            killpg(Pid::from_raw(id), Signal::SIGKILL).ok();
        }
    }
}

async fn port(output: &mut Lines<BufReader<ChildStdout>>) -> io::Result<u16> {
    while let Some(line) = output.next_line().await? {
        let Some((_, port)) = line.rsplit_once("started successfully on port ") else {
            continue;
        };
        return port.trim_end_matches('.').parse().map_err(io::Error::other);
    }
    Err(io::Error::other("chromedriver named no port"))
}

/// Whether this answer has as much of a body as it says.
fn is_whole(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length:"));
    length.and_then(|length| length.trim().parse().ok()) == Some(body.len())
}
