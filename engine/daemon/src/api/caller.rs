//! Who is at the other end of the socket, as the operating system says: what they do goes by their
//! name when a request gives no other.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::Next,
    response::Response,
    serve::IncomingStream,
};
use nix::unistd::{Uid, User};
use tokio::{net::UnixListener, sync::OnceCell, task::spawn_blocking, time::timeout};

use crate::accounts::Principal;

/// How long their name is looked for: a directory of the company may know it, far away.
const LONGEST: Duration = Duration::from_secs(2);

/// The user whose process has opened the connection; none where the system does not say.
#[derive(Clone)]
pub(super) struct Caller {
    user: Option<Uid>,
    /// Looked up once for a connection.
    name: Arc<OnceCell<String>>,
}

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Caller {
        let peer = stream.io().peer_cred().ok();
        Caller {
            user: peer.map(|it| Uid::from_raw(it.uid())),
            name: Arc::default(),
        }
    }
}

/// Tells whatever serves the request who asks.
pub(super) async fn introduce(mut request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<ConnectInfo<Caller>>().cloned();
    let mut principal = Principal::local();
    if let Some(ConnectInfo(caller)) = caller
        && let Some(user) = caller.user
    {
        let name = caller.name.get_or_init(|| name(user)).await;
        principal.name.clone_from(name);
    }
    request.extensions_mut().insert(principal);
    next.run(request).await
}

async fn name(user: Uid) -> String {
    let found = timeout(LONGEST, spawn_blocking(move || User::from_uid(user)));
    match found.await {
        Ok(Ok(Ok(Some(found)))) => found.name,
        _ => format!("user {user}"),
    }
}
