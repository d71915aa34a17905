//! The command line: what `botswain …` understands, and what each command comes to.
//!
//! In go the arguments; out come data on stdout, everything else on stderr, and
//! an exit code: 0 done, 1 failed, 2 wrong usage or a file with mistakes, 3
//! parked, 130 stopped from the keyboard. Commands speak to the daemon through
//! [`crate::client`] alone, so none can do more than the API can.

mod arguments;
mod audit;
mod bots;
mod browser;
mod cancel;
mod check;
mod connections;
mod decide;
mod decisions;
mod doctor;
mod evidence;
mod exceptions;
mod excerpt;
mod explain;
mod follow;
mod helpers;
mod import;
mod insights;
mod junit;
mod keeping;
mod log;
mod many;
mod mappings;
mod new;
mod outcome;
mod output;
mod past;
mod pauses;
mod progress;
mod proposals;
mod push;
mod rehearse;
mod resolve;
mod run;
mod runs;
mod schedule;
mod secrets;
mod show;
mod signals;
mod table;
mod test;
mod times;
mod tokens;
mod up;
mod users;
mod versions;
mod workflows;

use std::{panic::AssertUnwindSafe, path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser};

use self::{
    arguments::{Arguments, Command, OfDemo},
    outcome::{Code, Failure, Outcome},
};
use crate::{
    client::Client,
    demo::{self, Demo, NewProduct},
    instance::Instance,
};

/// How long a store may take to be closed.
const CLOSING: Duration = Duration::from_secs(20);

/// The whole process: never a panic text, always an exit code.
pub fn main() -> ExitCode {
    // Whoever installs one first wins, and nobody has.
    drop(rustls::crypto::ring::default_provider().install_default());
    std::panic::set_hook(Box::new(
        |panic| tracing::debug!(%panic, "a defect of our own"),
    ));
    let arguments = Arguments::parse();
    let came_to = std::panic::catch_unwind(AssertUnwindSafe(|| perform(arguments)));
    let came_to = came_to.unwrap_or_else(|_panic| Err(Failure::defect()));
    match came_to {
        Ok(code) => code.into(),
        Err(failure) => {
            failure.show();
            failure.code.into()
        }
    }
}

fn perform(arguments: Arguments) -> Outcome {
    let Arguments {
        dir,
        json,
        log,
        command,
    } = arguments;
    let log = log::begin(log.as_deref(), matches!(command, Command::Up))?;
    let global = Global { dir, json, log };
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::of)?;
    let outcome = runtime.block_on(dispatch(&global, command));
    // Whatever still reads or listens has nothing left to tell.
    runtime.shutdown_timeout(Duration::from_millis(200));
    // A store that is still being closed would have to read everything at its next start.
    botswain_store::wait_until_closed(CLOSING);
    outcome
}

/// What every command may need to know.
struct Global {
    dir: Option<PathBuf>,
    json: bool,
    log: log::Log,
}

impl Global {
    fn instance(&self) -> Result<Instance, Failure> {
        Ok(Instance::find(self.dir.as_deref())?)
    }

    /// Works with the daemon that runs, or with one for this command alone.
    async fn with_client<T>(
        &self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut client = Client::connect(&self.instance()?).await?;
        let result = work(&mut client).await;
        let closed = client.close().await;
        let result = result?;
        closed?;
        Ok(result)
    }
}

async fn dispatch(global: &Global, command: Command) -> Outcome {
    match command {
        Command::Up => up::up(global).await,
        Command::Run(arguments) => run::run(global, arguments).await,
        Command::Check { paths, format } => check::check(global, &paths, format),
        Command::Explain { code } => explain::explain(global, code.as_deref()),
        Command::Import(arguments) => import::import(global, &arguments),
        Command::Render(arguments) => rehearse::render(global, arguments).await,
        Command::Test(arguments) => test::test(global, &arguments),
        Command::Runs(arguments) => runs::runs(global, arguments).await,
        Command::Exceptions { command } => exceptions::exceptions(global, command).await,
        Command::Mappings { command } => mappings::mappings(global, command).await,
        Command::Browser { command } => browser::browser(global, command).await,
        Command::Workflows { command } => pauses::workflows(global, command).await,
        Command::Push(arguments) => push::push(global, arguments).await,
        Command::Proposals { command } => proposals::proposals(global, command).await,
        Command::Schedule => schedule::list(global).await,
        Command::Bots { name: None } => bots::list(global),
        Command::Bots { name: Some(name) } => bots::show(global, &name),
        Command::Helpers { name: None } => helpers::list(global),
        Command::Helpers { name: Some(name) } => helpers::show(global, &name),
        Command::New(arguments) => new::new(global, arguments),
        Command::Schema { of, write } => bots::schema(global, of, write),
        Command::Secret { command } => secrets::secret(global, command),
        Command::User { command } => users::user(global, command).await,
        Command::Audit(arguments) => audit::audit(global, arguments).await,
        Command::Insights(arguments) => insights::insights(global, arguments).await,
        Command::Connections { command } => connections::connections(global, command).await,
        Command::Verify => keeping::verify(global).await,
        Command::Backup { folder } => keeping::backup(global, &folder).await,
        Command::Restore { from } => keeping::restore(global, &from),
        Command::Resume { lost_since, by } => keeping::resume(global, &lost_since, by).await,
        Command::Compact => keeping::compact(global).await,
        Command::Doctor => doctor::doctor(global).await,
        Command::Demo { stay, command } => demonstrate(global, stay, command).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "botswain", &mut script);
            output::data(String::from_utf8_lossy(&script).trim_end());
            Ok(Code::Done)
        }
    }
}

async fn demonstrate(global: &Global, stay: bool, command: Option<OfDemo>) -> Outcome {
    let dir = global.dir.clone();
    match command {
        None => demo::run(Demo { stay, dir }).await?,
        Some(OfDemo::AddProduct {
            sku,
            name,
            supplier,
        }) => {
            let product = NewProduct {
                sku,
                name,
                supplier,
            };
            let seen = demo::add_product(dir.as_deref(), &product).await?;
            output::data(&format!("{} is a product now; see {seen}", product.sku));
        }
    }
    Ok(Code::Done)
}
