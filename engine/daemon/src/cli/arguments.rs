//! The shape of the command line; its doc comments are its manual.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::outcome::Pair;

/// Does the office work that nobody should do by hand.
#[derive(Debug, Parser)]
#[command(name = "botswain", version, about, propagate_version = true)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Arguments {
    /// The instance's folder; otherwise BOTSWAIN_DIR, or the one around the working directory.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
    /// Give JSON on stdout.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// What to log, as in `debug` or `botswain=debug,info`.
    #[arg(
        long,
        global = true,
        env = "RUST_LOG",
        value_name = "FILTER",
        hide_env_values = true
    )]
    pub(super) log: Option<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the daemon: schedules, runs and the API, until it is stopped.
    Up,
    /// Start a workflow and follow it until it ends or is parked.
    ///
    /// Exit code: 0 it succeeded, 1 it failed or was cancelled, 2 wrong usage or a file with
    /// mistakes, 3 it is parked and waits for a person.
    Run(Run),
    /// Show every mistake in the files at its line.
    Check {
        /// Workflow files or folders; without one, all of the instance's.
        paths: Vec<PathBuf>,
    },
    /// List runs, or show one.
    Runs(Runs),
    /// See to what was parked.
    Exceptions {
        #[command(subcommand)]
        command: Option<Exceptions>,
    },
    /// List the workflows.
    Workflows,
    /// When each schedule fires next.
    Schedule,
    /// List the bots, or show one with its parameters, output and an example.
    Bots {
        /// As in `sheet.read`.
        name: Option<String>,
    },
    /// Print the JSON Schema of a file, for completion in an editor.
    Schema {
        #[arg(value_enum, default_value_t = SchemaOf::Workflow)]
        of: SchemaOf,
    },
    /// Keep passwords and tokens, encrypted.
    Secret {
        #[command(subcommand)]
        command: Secret,
    },
    /// See whether the outside systems answer.
    Connections {
        #[command(subcommand)]
        command: Option<Connections>,
    },
    /// Look over this machine and this instance for what would stop a run.
    Doctor,
    /// Show the whole story on real orders: a back office, a mail sink, Chromium, the queue.
    ///
    /// Makes its instance in `--dir`, or in `botswain-demo` below the working directory.
    Demo {
        /// Keep everything up afterwards, until interrupted.
        #[arg(long)]
        stay: bool,
        #[command(subcommand)]
        command: Option<OfDemo>,
    },
    /// Print the completion script of a shell.
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum OfDemo {
    /// Add a product to the office of a demo that is up.
    AddProduct {
        /// As in `9001`.
        sku: String,
        /// What it is called.
        name: String,
        /// The number of its supplier.
        #[arg(long, default_value = "1")]
        supplier: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The workflow's name.
    pub(super) workflow: String,
    /// An input of the workflow; may be given several times.
    #[arg(long = "input", short, value_name = "NAME=VALUE")]
    pub(super) inputs: Vec<Pair>,
    /// What it is about; a second run with the same key and inputs is skipped.
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Who starts it.
    #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
    pub(super) by: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Runs {
    #[command(subcommand)]
    pub(super) command: Option<RunsCommand>,
    #[command(flatten)]
    pub(super) list: RunsList,
}

#[derive(Debug, Subcommand)]
pub(super) enum RunsCommand {
    /// List runs, the newest first.
    List(RunsList),
    /// Show a run with its steps, and the items of its loops.
    Show {
        /// A number such as 42, or an item such as 42.enter.3.
        run: botswain_core::RunId,
        /// How many items of each loop to list at most.
        #[arg(long, default_value_t = 50, value_parser = at_least_one)]
        limit: usize,
    },
}

#[derive(Debug, Args)]
pub(super) struct RunsList {
    /// Only this workflow's.
    #[arg(long)]
    pub(super) workflow: Option<String>,
    /// Only those in this state.
    #[arg(long, value_enum)]
    pub(super) state: Option<StateName>,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    pub(super) limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StateName {
    Queued,
    Running,
    Waiting,
    Parked,
    Succeeded,
    Skipped,
    Failed,
    Cancelled,
}

#[derive(Debug, Subcommand)]
pub(super) enum Exceptions {
    /// What waits for a person, the oldest first.
    List {
        /// Only this workflow's.
        #[arg(long)]
        workflow: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = at_least_one)]
        limit: usize,
    },
    /// Everything that helps to decide about one.
    Show {
        #[arg(value_parser = exception)]
        id: u64,
        /// Save its artifacts into this folder, under their names.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
    },
    /// Try again, now that the cause is gone.
    Retry {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// Correct the data, then try again.
    Edit {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        corrections: Corrections,
        #[command(flatten)]
        decided: Decided,
    },
    /// It has taken place already, or was done by hand: go on after it.
    Happened {
        #[arg(value_parser = exception)]
        id: u64,
        /// What the step would have given, as a JSON object.
        #[arg(long, value_name = "JSON")]
        output: Option<String>,
        #[command(flatten)]
        decided: Decided,
    },
    /// Go on without this step.
    Skip {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
    /// Give the item up, or the run if it is none.
    Abandon {
        #[arg(value_parser = exception)]
        id: u64,
        #[command(flatten)]
        decided: Decided,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Corrections {
    /// A correction of the item's data (of the run's inputs when it is no item), which all
    /// later steps see; text stays text.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<Pair>,
    /// The same with the value in JSON, whatever type it had before.
    #[arg(long, value_name = "NAME=JSON")]
    pub(super) set_json: Vec<Pair>,
    /// A correction of this step's parameters alone.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["set", "set_json"])]
    pub(super) with: Vec<Pair>,
}

#[derive(Debug, Args)]
pub(super) struct Decided {
    /// Why, for those who look at it later.
    #[arg(long)]
    pub(super) note: Option<String>,
    /// Who decides.
    #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
    pub(super) by: String,
    /// Follow the run until it rests, also when a daemon goes on with it.
    #[arg(long)]
    pub(super) wait: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaOf {
    /// `workflows/*.yaml`
    Workflow,
    /// `botswain.yaml`
    Instance,
}

#[derive(Debug, Subcommand)]
pub(super) enum Secret {
    /// Set a secret to what is typed, or to what comes from a pipe.
    Set { name: String },
    /// Names and dates, never values.
    List,
    /// Forget a secret.
    Remove { name: String },
}

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List them.
    List,
    /// Try one, or all.
    Test { name: Option<String> },
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it is 1 at least".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{text}` is no whole number")),
    }
}

fn exception(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not the number of an exception"))
}
