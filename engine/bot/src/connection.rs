//! A named outside system: what lives longer than a step.
//!
//! `botswain.yaml` lists connections by name; `kind:` says which of these types
//! each is, the other keys are its settings. One is opened when the first step
//! needs it, shared by all, and closed when its settings change or the daemon
//! stops.

use std::{any::Any, future::Future, path::PathBuf, pin::Pin, sync::Arc};

use botswain_core::Fault;
use schemars::{JsonSchema, Schema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub trait Connection: Send + Sync + Sized + 'static {
    /// The word written after `kind:`.
    const KIND: &'static str;
    /// A complete entry of `connections:`, shown in the manual and checked by the tests.
    const EXAMPLE: &'static str;
    /// Whether [`Connection::test`] says anything. Otherwise, after an outage, one attempt of a
    /// step finds out whether it answers again.
    const HAS_TEST: bool = true;
    /// The keys beside `kind`, `sessions`, `per_minute` and `breaker`.
    type Settings: DeserializeOwned + JsonSchema + Send;

    /// Makes it ready without reaching out; that is for the first use, and for `test`.
    fn open(settings: Self::Settings, house: &House) -> Result<Self, Fault>;

    /// Tries it, without changing anything, and says in a few words what answered. While its
    /// breaker is open this is asked again and again: a business fault is an answer too.
    fn test(&self) -> impl Future<Output = Result<String, Fault>> + Send;

    /// Gives back everything it holds; processes it has started are gone afterwards.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// What a connection finds around it.
#[derive(Clone, Debug)]
pub struct House {
    /// The name of the connection.
    pub name: String,
    /// How many sessions it may hold at once (`sessions:`).
    pub sessions: usize,
    /// A private folder (0700) that is emptied when the daemon starts.
    pub scratch: PathBuf,
}

/// The open connections of an instance, by name.
pub trait Connections: Send + Sync {
    fn open<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<AnyConnection, Fault>>;
}

/// An open connection with its type erased.
#[derive(Clone)]
pub struct AnyConnection {
    inner: Arc<dyn Any + Send + Sync>,
    test: fn(&AnyConnection) -> Boxed<'_, Result<String, Fault>>,
    close: fn(&AnyConnection) -> Boxed<'_, ()>,
}

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AnyConnection {
    pub fn new<C: Connection>(connection: C) -> AnyConnection {
        AnyConnection {
            inner: Arc::new(connection),
            test: |it| Box::pin(it.as_ref::<C>().test()),
            close: |it| Box::pin(it.as_ref::<C>().close()),
        }
    }

    pub fn downcast_arc<C: Connection>(self) -> Option<Arc<C>> {
        self.inner.downcast::<C>().ok()
    }

    /// Whether a step still holds it, so that it must not be closed yet.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
    }

    pub async fn test(&self) -> Result<String, Fault> {
        (self.test)(self).await
    }

    pub async fn close(&self) {
        (self.close)(self).await;
    }

    fn as_ref<C: Connection>(&self) -> &C {
        self.inner
            .downcast_ref()
            .expect("the function was made for this type")
    }
}

/// A kind of connection as the registry holds it.
#[derive(Clone, Copy)]
pub struct ConnectionSpec {
    pub kind: &'static str,
    pub example: &'static str,
    pub settings: fn() -> Schema,
    pub has_test: bool,
    pub open: fn(Value, &House) -> Result<AnyConnection, Fault>,
}

impl ConnectionSpec {
    pub const fn of<C: Connection>() -> ConnectionSpec {
        ConnectionSpec {
            kind: C::KIND,
            example: C::EXAMPLE,
            settings: || schema_for!(C::Settings),
            has_test: C::HAS_TEST,
            open: |settings, house| {
                let settings = serde_json::from_value(settings).map_err(|err| {
                    Fault::business(
                        "connection.settings",
                        format!(
                            "the settings of connection `{}` do not fit: {err}",
                            house.name
                        ),
                    )
                })?;
                C::open(settings, house).map(AnyConnection::new)
            },
        }
    }
}
