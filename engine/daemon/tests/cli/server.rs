//! A small server of HTTP that answers as a test says.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

/// Where it is asked, one thread for each call. In goes the head of a request, out comes the whole
/// answer; without one it hangs up.
pub(crate) fn serve(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for call in listener.incoming() {
            let (call, answer) = (call.unwrap(), answer.clone());
            // Whoever calls may hang up as well.
            std::thread::spawn(move || drop(take(&call, &*answer)));
        }
    });
    address
}

/// The answer with a body of JSON.
pub(crate) fn json(body: &serde_json::Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn take(mut call: &TcpStream, answer: impl Fn(&str) -> Option<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(call.try_clone()?);
    let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    // What is left unread when the connection is closed would break it for the other side.
    reader.read_exact(&mut vec![0; length])?;
    match answer(&head) {
        Some(answer) => call.write_all(answer.as_bytes()),
        None => Ok(()),
    }
}
