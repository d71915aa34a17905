//! What people are shown: one set of read models for API, command line and console.
//!
//! Nothing here knows where it comes from or how it is drawn: the daemon makes
//! these of facts and the index, the API speaks them as JSON, the console draws
//! them. Secrets cannot be in them, for the facts hold only their names.

mod audit;
mod authoring;
mod connections;
mod decision;
mod exceptions;
mod inbox;
mod insights;
mod people;
mod proposals;
mod replay;
mod runs;
mod spans;
mod steps;
mod versions;
mod workflows;

pub use self::{
    audit::{
        Act, AuditEntry, AuditFault, AuditFinding, AuditPage, AuditQuery, AuditReport, Outcome,
    },
    authoring::{
        Activated, CheckView, CompletionView, DraftView, FileView, OfferView, PlaceView,
        PlayedView, TestsView,
    },
    connections::{ConnectionView, TestOutcome, TestView},
    decision::Decision,
    exceptions::{
        ApprovalView, Changed, DecisionView, ExceptionDetail, ExceptionView, ExceptionsQuery,
        TryView,
    },
    inbox::{BulkState, BulkView, ClusterView, Counts, Inbox, InboxQuery, Show},
    insights::{
        CauseView, Comparison, DayView, Figures, Insights, InsightsQuery, InsightsTable, Looked,
        Spread, StepFigures, WorkflowFigures,
    },
    people::{FolderRoles, PersonView, Role, TokenView, is_within},
    proposals::{ProposalDetail, ProposalState, ProposalView, RejectionView},
    replay::{ReplayChange, ReplayDid, ReplayRequest, ReplayStep, ReplayVersion, ReplayView},
    runs::{LeftOutView, Level, LogLine, RunDetail, RunView, RunsQuery, ScheduleView, WarningView},
    spans::{SpanKind, SpanView},
    steps::{StepState, StepView},
    versions::{Against, LineKind, LineView, TextChange, VersionDetail, VersionQuery, VersionView},
    workflows::{
        CalendarDay, CalendarRow, FindingView, PauseView, PromiseView, WorkflowDetail, WorkflowView,
    },
};
