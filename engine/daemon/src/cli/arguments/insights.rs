//! `botswain insights`

use botswain_views::InsightsTable;
use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct Insights {
    /// Only the runs of this workflow.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) workflow: Option<String>,
    /// As in `2026-03-29T14:00`, in your zone, or `2026-03-29T14:00:00Z`.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// Compare what was before this time with what came after.
    #[arg(long, value_name = "TIME", conflicts_with = "csv")]
    pub(in crate::cli) split: Option<String>,
    /// Give one table as CSV, for a spreadsheet.
    #[arg(long, value_name = "TABLE", value_parser = clap::builder::PossibleValuesParser::new(names()))]
    pub(in crate::cli) csv: Option<String>,
}

fn names() -> Vec<&'static str> {
    let tables = InsightsTable::ALL;
    tables.into_iter().map(InsightsTable::name).collect()
}
