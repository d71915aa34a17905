//! The shape of the command line; its doc comments are its manual.

mod audit;
mod exceptions;
mod insights;
mod new;
mod users;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use self::{
    audit::Audit,
    exceptions::{Corrections, Decided, Exceptions, ExceptionsList},
    insights::Insights,
    new::New,
    users::{FolderRole, RoleName, Tokens, User},
};
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
pub(super) enum Browser {
    /// Open a page and show what a locator finds there.
    ///
    /// Nothing is clicked or entered, and nobody is logged in. Exit code: 0 when it can be used,
    /// 1 when it finds nothing or more than one.
    Try {
        /// The page, as in `https://office.example.com/orders/new`.
        url: String,
        /// As in `Quantity`, `role=button Save`, `css=#qty || Quantity`, or a name of `pages/`.
        locator: String,
    },
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
    ///
    /// Exit code: 0 when there are no errors, warnings or not, 2 when there are.
    Check {
        /// Workflow files, folders, or names of workflows; without one, all of the instance's.
        paths: Vec<PathBuf>,
        /// For whom: people, GitHub Actions, or code scanning (SARIF 2.1.0).
        #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
        format: Format,
    },
    /// Say what a code of a mistake or a fault means, and what to do; without one, list them.
    Explain {
        /// As in `steps.unknown_bot`, or a noun such as `http` for all of its codes.
        code: Option<String>,
    },
    /// Make a workflow of what was recorded in a browser.
    ///
    /// Reads the JSON of Chrome's DevTools Recorder and the projects of Selenium IDE. What was typed
    /// becomes inputs, passwords become secrets of the connection's login. What could not be carried
    /// over is said, here and at its place in the file.
    Import(Import),
    /// Play the tests of the workflows: without a clock, and without changing anything outside.
    ///
    /// Exit code: 0 all passed, 1 a test failed, 2 wrong usage or a file with mistakes.
    Test(Test),
    /// Show what the templates of a step give on the data of a run.
    Render(Render),
    /// List runs, show one, or bring one to its end.
    Runs(Runs),
    /// See to what was parked.
    Exceptions {
        #[command(subcommand)]
        command: Option<Exceptions>,
    },
    /// Tables of corrections: what `{{mapped "customers" line.customer}}` makes of a text.
    Mappings {
        #[command(subcommand)]
        command: Option<Mappings>,
    },
    /// See what a page has for the actions of `browser.do`.
    Browser {
        #[command(subcommand)]
        command: Browser,
    },
    /// List the workflows or the versions of one, pause one, or let it go on.
    Workflows {
        #[command(subcommand)]
        command: Option<Workflows>,
    },
    /// Let the instance follow a workflow that was written elsewhere.
    ///
    /// It is checked first, and nothing is pushed that has mistakes. The file in `workflows/` gets
    /// its text; what it was stays among the versions. Where botswain.yaml asks for four eyes it is
    /// proposed, and another author activates it.
    ///
    /// Exit code: 0 new runs follow it, 2 it has mistakes, 3 it waits for another author.
    Push(Push),
    /// See to what one author has proposed and another one activates.
    Proposals {
        #[command(subcommand)]
        command: Option<Proposals>,
    },
    /// When each schedule fires next.
    Schedule,
    /// List the bots, or show one with its parameters, output and an example.
    Bots {
        /// As in `sheet.read`.
        name: Option<String>,
    },
    /// List the helpers of templates, or show one with its examples.
    Helpers {
        /// As in `add_days`.
        name: Option<String>,
    },
    /// Write a new workflow with its test, from a few questions.
    ///
    /// In a folder without an instance it makes that too. Nothing that is there is overwritten,
    /// and botswain.yaml is left alone: what it lacks is printed.
    New(New),
    /// Print the JSON Schema of a file, for completion in an editor, or the description of the API.
    ///
    /// The schema of workflows knows the names of this instance: its connections, groups and
    /// workflows.
    Schema {
        #[arg(value_enum, default_value_t = SchemaOf::Workflow)]
        of: SchemaOf,
        /// Write both into the folder `schema/` of the instance, where editors look for them;
        /// from then on `check` and `up` keep them fresh.
        #[arg(long)]
        write: bool,
    },
    /// Keep passwords and tokens, encrypted.
    Secret {
        #[command(subcommand)]
        command: Secret,
    },
    /// Say who may sign in to the console, and what they may.
    User {
        #[command(subcommand)]
        command: User,
    },
    /// List what people have done: who, when, from where, about what, and how it ended.
    ///
    /// `botswain verify` says whether every record of it is as it was written.
    Audit(Audit),
    /// Show what became of runs: how many, why they waited for people, where their time went.
    ///
    /// Of the last thirty days, unless `--since` says otherwise.
    Insights(Insights),
    /// See whether the outside systems answer.
    Connections {
        #[command(subcommand)]
        command: Option<Connections>,
    },
    /// Compare everything that is stored with the facts, and every file with its hash.
    ///
    /// Exit code: 0 all is well, 1 something is wrong; each finding says what it should be.
    Verify,
    /// Copy everything that is remembered into a folder of its own, also while the daemon runs.
    ///
    /// It holds facts, versions, claims and files, with hashes. It holds neither botswain.yaml,
    /// the workflows and templates, nor the secrets and their key: keep those elsewhere.
    Backup {
        /// A folder that is empty or not there yet.
        folder: PathBuf,
    },
    /// Make an empty instance from a backup; nothing fires afterwards until `resume`.
    Restore {
        /// The folder that `backup` has made.
        from: PathBuf,
    },
    /// Say from when on work was lost after a restored backup, and let the instance go on.
    ///
    /// What may have been done since is parked as in doubt: steps that act once, of the runs in
    /// the backup, and what should have started by schedule in the lost time.
    Resume {
        /// As in `2026-03-29T14:00`, in your zone, or `2026-03-29T14:00:00Z`.
        #[arg(long, value_name = "TIME")]
        lost_since: String,
        /// Who says so.
        #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
        by: String,
    },
    /// Prune what `retention:` does not keep, and give the disk's space back.
    ///
    /// The daemon must not run, and a second copy of the records must have room meanwhile.
    Compact,
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
    /// The workflow's name; may be left out with `--again` and `--replay`.
    #[arg(required_unless_present_any = ["again", "replay"])]
    pub(super) workflow: Option<String>,
    /// An input of the workflow; may be given several times.
    #[arg(long = "input", short, value_name = "NAME=VALUE")]
    pub(super) inputs: Vec<Pair>,
    /// Show what it would do: what only reads is done, nothing is sent or changed.
    #[arg(long, conflicts_with_all = ["key", "again", "replay"])]
    pub(super) dry_run: bool,
    /// Start a run with the inputs of this one; when it had a key, another is needed.
    #[arg(long, value_name = "RUN")]
    pub(super) again: Option<botswain_core::RunId>,
    /// Show what the file of today would send with what this run has read, against what it sent.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["key", "again", "inputs"])]
    pub(super) replay: Option<botswain_core::RunId>,
    /// With `--replay`: by the version that the run follows, not by the file of today.
    #[arg(long, requires = "replay")]
    pub(super) pinned: bool,
    /// What it is about; a second run with the same key and inputs is skipped.
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Who starts it.
    #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
    pub(super) by: String,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The recorder's file, or `-` for stdin.
    pub(super) recording: PathBuf,
    /// What the workflow is called; otherwise as the recording is.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The connection it works with; otherwise the one whose address fits.
    #[arg(long)]
    pub(super) connection: Option<String>,
    /// Which test of a Selenium project, when it holds several.
    #[arg(long)]
    pub(super) test: Option<String>,
    /// Where the workflow goes, or `-` for stdout; otherwise to `workflows/NAME.yaml`.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The folder in `workflows/` that it is put into, as in `sales/export`.
    #[arg(long, conflicts_with = "output")]
    pub(super) folder: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Render {
    /// The workflow's name.
    pub(super) workflow: String,
    /// The id of the step.
    #[arg(value_parser = exceptions::step)]
    pub(super) step: botswain_core::StepId,
    /// The run whose data are taken.
    #[arg(long, value_name = "RUN")]
    pub(super) run: botswain_core::RunId,
    /// Only the item with this key, or at this place where the loop has no key.
    #[arg(long, value_name = "KEY")]
    pub(super) item: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Workflow files, files of tests, folders, or names of workflows; without one, all of the instance's.
    pub(super) paths: Vec<PathBuf>,
    /// Only tests with this text in the name of the workflow or of the test.
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Write the mails and documents that came into the files in `snapshots/`.
    #[arg(long)]
    pub(super) update: bool,
    /// Write what came of it for a build server.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
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
    /// Save everything that happened in a run, and in those that it made, as a ZIP.
    ///
    /// It holds an index page, the facts, the workflow as it was, and every file with its SHA-256.
    Evidence {
        /// A number such as 42, or an item such as 42.enter.3.
        run: botswain_core::RunId,
        /// Where it goes; otherwise to `evidence-RUN.zip` here. Nothing that is there is overwritten.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Bring a run to its end, then do what its workflow has under `finally`.
    ///
    /// What only reads or may be repeated stops at once. What may happen only once gets 30 seconds;
    /// then it is in doubt, and a person is asked.
    Cancel {
        /// A number such as 42, or an item such as 42.enter.3.
        run: botswain_core::RunId,
        #[command(flatten)]
        decided: Said,
        /// Follow the run until it rests, also when a daemon goes on with it.
        #[arg(long)]
        wait: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Workflows {
    /// List them, as their files say.
    List,
    /// List the versions of one that were taken over, and who activated them.
    Versions { workflow: String },
    /// Show what differs between two versions of one, or from its file.
    Diff(Difference),
    /// Let one start nothing by itself, until it is resumed.
    ///
    /// What runs goes on, it can still be started by hand, and what comes meanwhile waits.
    Pause {
        workflow: String,
        #[command(flatten)]
        said: Said,
    },
    /// Let a paused one start by itself again; what it missed is made up for as `missed` says.
    Resume {
        workflow: String,
        #[command(flatten)]
        said: Said,
    },
}

#[derive(Debug, Args)]
pub(super) struct Push {
    /// A workflow: `NAME.yaml`, wherever it is.
    pub(super) file: PathBuf,
    /// The folder in `workflows/` that a new one is put into, as in `sales/export`; one that is
    /// there stays where it lies.
    #[arg(long)]
    pub(super) folder: Option<String>,
    #[command(flatten)]
    pub(super) said: Said,
}

#[derive(Debug, Subcommand)]
pub(super) enum Proposals {
    /// List what is proposed, or was rejected.
    List,
    /// Show what the one for a workflow would change, and what the check says of it.
    Show { workflow: String },
    /// Activate what another author has proposed: new runs follow it from then on.
    Approve {
        workflow: String,
        /// Only if it is this text still, as `show` has said; the beginning is enough.
        #[arg(long)]
        hash: Option<String>,
        #[command(flatten)]
        by: By,
    },
    /// Reject what another author has proposed.
    Reject {
        workflow: String,
        /// Why, for whoever has proposed it.
        #[arg(long)]
        note: String,
        #[command(flatten)]
        by: By,
    },
    /// Take back what you have proposed.
    Withdraw {
        workflow: String,
        #[command(flatten)]
        by: By,
    },
}

/// Who decides.
#[derive(Clone, Debug, Args)]
pub(super) struct By {
    /// Who decides.
    #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
    pub(super) by: String,
}

#[derive(Debug, Args)]
pub(super) struct Difference {
    pub(super) workflow: String,
    /// The number of a version; otherwise the newest.
    #[arg(value_name = "VERSION")]
    pub(super) number: Option<u64>,
    /// Compared with this one; otherwise with the version before it.
    #[arg(long, value_name = "VERSION")]
    pub(super) against: Option<u64>,
    /// Compared with the file as it is now.
    #[arg(long, conflicts_with = "against")]
    pub(super) file: bool,
}

/// Who says something, and why.
#[derive(Clone, Debug, Args)]
pub(super) struct Said {
    /// Why, for those who look at it later.
    #[arg(long)]
    pub(super) note: Option<String>,
    /// Who decides.
    #[arg(long, env = "USER", default_value = "somebody", hide_env = true)]
    pub(super) by: String,
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

/// How findings are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Text,
    Github,
    Sarif,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaOf {
    /// `workflows/**/*.yaml`
    Workflow,
    /// `workflows/**/*.test.yaml`
    Tests,
    /// `botswain.yaml`
    Instance,
    /// The API, as OpenAPI 3.1.
    Api,
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
pub(super) enum Mappings {
    /// What stands for what.
    List {
        /// Only the table of this name.
        table: Option<String>,
    },
    /// Let a text stand for another from now on.
    Set {
        /// The name that templates call the table by, as in `customers`.
        table: String,
        /// As it comes, as in `ACME Ltd`.
        from: String,
        /// What it stands for, as in `C001`.
        to: String,
        #[command(flatten)]
        said: Said,
    },
    /// Let a text stand for itself again.
    Remove { table: String, from: String },
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
