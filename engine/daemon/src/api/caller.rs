//! Who is at the other end of the socket, as the operating system says: what they do goes by their
//! name when a request gives no other.

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::Next,
    response::Response,
    serve::IncomingStream,
};
use nix::unistd::{Uid, User};
use tokio::net::UnixListener;

use crate::accounts::Principal;

/// The user whose process has opened the socket.
#[derive(Clone, Copy)]
pub(super) struct Caller(Option<Uid>);

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Caller {
        let peer = stream.io().peer_cred().ok();
        Caller(peer.map(|it| Uid::from_raw(it.uid())))
    }
}

/// Tells whatever serves the request who asks.
pub(super) async fn introduce(mut request: Request, next: Next) -> Response {
    let mut principal = Principal::local();
    // Whoever only looks signs nothing.
    if !request.method().is_safe()
        && let Some(ConnectInfo(Caller(Some(uid)))) = request.extensions().get().copied()
    {
        principal.name = name(uid).await;
    }
    request.extensions_mut().insert(principal);
    next.run(request).await
}

async fn name(uid: Uid) -> String {
    // It may be a directory of the company that knows them, far away.
    let found = tokio::task::spawn_blocking(move || User::from_uid(uid));
    match found.await {
        Ok(Ok(Some(user))) => user.name,
        _ => format!("user {uid}"),
    }
}
