//! A connection that hands over one line of the server at a time.
//!
//! Without it, replies that somebody slipped in before TLS began, together with
//! the answer to STARTTLS, would lie in the SMTP client's buffer and count as if
//! they had come over TLS (CVE-2011-0411 is the same on the server's side). Here
//! they stay in front of the handshake, which fails on them.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

#[derive(Debug)]
pub(super) struct LineByLine {
    stream: TcpStream,
    /// What was read and not handed over; `taken` bytes of it are gone.
    held: Vec<u8>,
    taken: usize,
}

impl LineByLine {
    pub(super) fn new(stream: TcpStream) -> LineByLine {
        LineByLine {
            stream,
            held: Vec::new(),
            taken: 0,
        }
    }

    fn hand_over(&mut self, to: &mut ReadBuf<'_>) {
        let waiting = &self.held[self.taken..];
        let line = waiting.iter().position(|byte| *byte == b'\n');
        let length = line
            .map_or(waiting.len(), |end| end + 1)
            .min(to.remaining());
        to.put_slice(&waiting[..length]);
        self.taken += length;
    }
}

impl AsyncRead for LineByLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken == self.held.len() {
            let mut space = [0; 4096];
            let mut read = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            self.held = read.filled().to_vec();
            self.taken = 0;
        }
        self.hand_over(to);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
