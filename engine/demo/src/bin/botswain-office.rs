//! The back office as a process of its own, so that what talks to it can be
//! killed and the office stays.
//!
//! Prints one JSON line with its address on stdout, and runs until it gets
//! SIGTERM or SIGINT.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use botswain_demo::master::MasterData;
use botswain_demo::office::hiccup::Unavailable;
use botswain_demo::office::{Hiccups, Office, Options};
use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// The back office of the Northwind company, for demos and tests.
#[derive(Parser)]
struct Arguments {
    /// 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder with customers.csv, products.csv and suppliers.csv; Northwind's without
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The book of orders, one JSON object a line; forgotten at the end without
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    #[arg(long, default_value = "clerk")]
    user: String,
    #[arg(long, default_value = "seaworthy")]
    password: String,
    /// Bearer token of the API
    #[arg(long, default_value = "office-token")]
    token: String,
    /// Every so many requests one is slow; 0 is never
    #[arg(long, default_value_t = 0, value_name = "N")]
    slow_every: u64,
    /// How slow, in milliseconds
    #[arg(long, default_value_t = 400, value_name = "MS")]
    slow_ms: u64,
    /// Answer 503 to the N-th request of a kind, `form:N` or `api:N`; repeatable
    #[arg(long, value_name = "KIND:N")]
    unavailable: Vec<Unavailable>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let told = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(if told.is_ok() { 1 } else { 2 })
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Before anybody is told the address, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let office = Office::start(options(arguments)?).await?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", json!({ "address": office.address() }))?;
    stdout.flush()?;
    drop(stdout);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    office.shutdown().await;
    Ok(())
}

fn options(arguments: Arguments) -> Result<Options, botswain_demo::master::Error> {
    let data = match &arguments.data {
        Some(folder) => MasterData::from_folder(folder)?,
        None => MasterData::northwind(),
    };
    Ok(Options {
        data,
        port: arguments.port,
        orders: arguments.orders,
        user: arguments.user,
        password: arguments.password,
        token: arguments.token,
        hiccups: Hiccups {
            slow_every: arguments.slow_every,
            slow_for: Duration::from_millis(arguments.slow_ms),
            unavailable: arguments.unavailable,
        },
    })
}
