//! The workflows of the repository are without fault.

use botswain_core::language::load;

use super::around::{instance, texts};

#[test]
fn every_workflow_of_the_repository_passes_the_check() {
    let workflows = texts("workflows");
    assert!(!workflows.is_empty());
    for (name, text) in workflows {
        let loaded = load(&format!("workflows/{name}"), &text, &instance());
        assert_eq!(loaded.diagnostics, [], "{name}");
        assert!(loaded.version.is_some(), "{name}");
    }
}
