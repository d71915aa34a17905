//! What the simulator must notice: a driver, a disk or people that break one rule.

/// One rule broken, from the first moment to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// The disk acknowledges what it has only heard of.
    AcknowledgeUnwritten,
    /// The disk loses its newest batch at a crash, durable or not.
    LoseDurable,
    /// People say "again" without looking.
    RetryInDoubt,
    /// Nobody ever holds a key.
    ForgetKeys,
    /// Who holds a key is looked up when something is to be rendered, not when it was.
    LookUpEarly,
    /// The outcome of an attempt given up counts for the one under way.
    TakeOldForNew,
    /// That a step was cut short is not written down.
    DropInterrupted,
    /// Runs and exceptions are numbered from one again after a restart.
    ForgetCounters,
    /// Connections are said to bear one more than they do.
    ExceedSessions,
    /// Sometimes a bot is not called.
    LoseCalls,
    /// Sometimes a bot is called twice.
    CallTwice,
    /// What is due does not come.
    SkipTicks,
    /// The world denies whatever it is asked about.
    DenyAlways,
    /// The world takes longer to show an effect than it says.
    ShowLate,
    /// After a restored backup somebody says that nothing was lost.
    BelieveBackup,
    /// Nobody tells a restored backup from the facts as they were.
    HideRestore,
    /// More may start within a minute than is borne.
    ExceedRate,
    /// What follows from the end of a run is forgotten with the process.
    ForgetPending,
}

pub(crate) const ALL: [Mutation; 18] = [
    Mutation::AcknowledgeUnwritten,
    Mutation::LoseDurable,
    Mutation::RetryInDoubt,
    Mutation::ForgetKeys,
    Mutation::LookUpEarly,
    Mutation::TakeOldForNew,
    Mutation::DropInterrupted,
    Mutation::ForgetCounters,
    Mutation::ExceedSessions,
    Mutation::LoseCalls,
    Mutation::CallTwice,
    Mutation::SkipTicks,
    Mutation::DenyAlways,
    Mutation::ShowLate,
    Mutation::BelieveBackup,
    Mutation::HideRestore,
    Mutation::ExceedRate,
    Mutation::ForgetPending,
];
