//! What is said of the audit.

use botswain_views::{Act, AuditFault, Outcome};

/// The texts of the page about what people have done.
pub(crate) struct AuditWords {
    pub(crate) audit: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) holds: fn(u64) -> String,
    /// Stands before the time at which it was looked at.
    pub(crate) checked: &'static str,
    pub(crate) last: fn(u64) -> String,
    pub(crate) broken: &'static str,
    pub(crate) broken_lead: &'static str,
    pub(crate) fault: fn(&AuditFault) -> String,
    pub(crate) more: fn(u64) -> String,
    pub(crate) unread: &'static str,
    pub(crate) who: &'static str,
    pub(crate) act: &'static str,
    pub(crate) all_acts: &'static str,
    pub(crate) about: &'static str,
    pub(crate) when: &'static str,
    pub(crate) from: &'static str,
    pub(crate) said: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) nobody: &'static str,
    pub(crate) none: &'static str,
    pub(crate) none_lead: &'static str,
    pub(crate) nothing_fits_lead: &'static str,
    pub(crate) all: &'static str,
    pub(crate) as_csv: &'static str,
    pub(crate) as_json: &'static str,
    pub(crate) again: &'static str,
    /// What something was done to: a kind, and a name behind it.
    pub(crate) subject: fn(&str) -> String,
    /// What a field is called that somebody has filled.
    pub(crate) field: fn(&str) -> Option<&'static str>,
    pub(crate) acts: fn(Act) -> &'static str,
    pub(crate) outcomes: fn(Outcome) -> &'static str,
}

pub(super) const ENGLISH: AuditWords = AuditWords {
    audit: "Audit",
    lead: "What people have done: in the console, by the API and on the command line. Nothing here can be changed.",
    holds: |count| match count {
        1 => "The only record is as it was written.".to_owned(),
        _ => format!(
            "All {} records are as they were written.",
            crate::frame::grouped(count)
        ),
    },
    checked: "Checked",
    last: |number| format!("Record {number} ends with"),
    broken: "The record is not as it was written",
    broken_lead: "Somebody or something has changed the files in `.botswain/audit`. A backup holds them as they were then.",
    fault: |fault| match fault {
        AuditFault::Changed { record: None } => "it is no record any more".to_owned(),
        AuditFault::Changed {
            record: Some(record),
        } => format!("record {record} was changed"),
        AuditFault::Replaced { record } => format!("record {record} was replaced"),
        AuditFault::Missing { from, to } if from == to => format!("record {from} is missing"),
        AuditFault::Missing { from, to } => format!("records {from} to {to} are missing"),
        AuditFault::OutOfOrder { record } => format!("record {record} does not belong here"),
        AuditFault::NoHead => "it is missing, so a cut end would not show".to_owned(),
    },
    more: |count| format!("and {count} more"),
    unread: "Whether the record is whole could not be looked at.",
    who: "Who",
    act: "What",
    all_acts: "Everything",
    about: "About",
    when: "When",
    from: "From",
    said: "Said",
    outcome: "Outcome",
    nobody: "unknown",
    none: "Nobody has done anything yet",
    none_lead: "Whoever signs in, decides, starts or changes something stands here from then on.",
    nothing_fits_lead: "Widen the filter, or look at everything.",
    all: "Everything",
    as_csv: "Export as CSV",
    as_json: "Export as JSON",
    again: "answered as before",
    subject: str::to_owned,
    field: |_| None,
    acts: |act| match act {
        Act::SignIn => "sign in",
        Act::SignOut => "sign out",
        Act::SetUp => "make the first account",
        Act::Start => "start a run",
        Act::AddFile => "send a file",
        Act::Cancel => "cancel a run",
        Act::Decide => "decide",
        Act::DecideMany => "decide many",
        Act::WithdrawMany => "withdraw a decision",
        Act::CarryOut => "carry out a decision",
        Act::Pause => "pause",
        Act::GoOn => "let go on",
        Act::Activate => "activate a version",
        Act::Propose => "propose a version",
        Act::ApproveProposal => "activate a proposed version",
        Act::RejectProposal => "reject a proposed version",
        Act::WithdrawProposal => "withdraw a proposed version",
        Act::Correct => "remember a correction",
        Act::Revoke => "revoke a correction",
        Act::TestConnection => "test a connection",
        Act::AddPerson => "add a person",
        Act::ChangePerson => "change a person",
        Act::RemovePerson => "remove a person",
        Act::AddToken => "make a token",
        Act::RevokeToken => "revoke a token",
        Act::AddFactor => "set up a second factor",
        Act::RemoveFactor => "remove a second factor",
        Act::SetSecret => "set a secret",
        Act::RemoveSecret => "remove a secret",
        Act::Verify => "verify the store",
        Act::Backup => "make a backup",
        Act::Restore => "restore a backup",
        Act::EndQuarantine => "end the quarantine",
        Act::Prune => "prune runs",
        Act::PruneAudit => "prune the audit",
        Act::Damage => "damage to the audit found",
        Act::Other => "something else",
    },
    outcomes: |outcome| match outcome {
        Outcome::Done => "done",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
        Outcome::Unknown => "not known",
    },
};

pub(super) const CHINESE: AuditWords = AuditWords {
    audit: "审计",
    lead: "人员在控制台、API 和命令行中做过的操作。这里的记录无法更改。",
    holds: |count| {
        format!(
            "全部 {} 条记录均与写入时一致。",
            crate::frame::grouped(count)
        )
    },
    checked: "检查于",
    last: |number| format!("第 {number} 条记录的校验值"),
    broken: "记录与写入时不一致",
    broken_lead: "`.botswain/audit` 中的文件被改动。备份中保存着当时的内容。",
    fault: |fault| match fault {
        AuditFault::Changed { record: None } => "该行已不是记录".to_owned(),
        AuditFault::Changed {
            record: Some(record),
        } => format!("第 {record} 条记录被改动"),
        AuditFault::Replaced { record } => format!("第 {record} 条记录被替换"),
        AuditFault::Missing { from, to } if from == to => format!("缺少第 {from} 条记录"),
        AuditFault::Missing { from, to } => format!("缺少第 {from} 至 {to} 条记录"),
        AuditFault::OutOfOrder { record } => format!("第 {record} 条记录位置不对"),
        AuditFault::NoHead => "文件缺失，末尾若被截断将无法察觉".to_owned(),
    },
    more: |count| format!("另有 {count} 处"),
    unread: "无法检查记录是否完整。",
    who: "人员",
    act: "操作",
    all_acts: "全部操作",
    about: "对象",
    when: "时间",
    from: "来自",
    said: "内容",
    outcome: "结果",
    nobody: "未知",
    none: "还没有任何操作",
    none_lead: "登录、处理、启动或更改之后，操作会显示在这里。",
    nothing_fits_lead: "请放宽筛选条件，或查看全部。",
    all: "查看全部",
    as_csv: "导出 CSV",
    as_json: "导出 JSON",
    again: "按上次的结果答复",
    subject: chinese,
    field: |name| {
        Some(match name {
            "decision" => "决定",
            "note" => "备注",
            "assignee" => "交给",
            "until" => "直到",
            "remember" => "记入",
            "key" => "键",
            "to" => "改为",
            "role" => "角色",
            "folders" | "folder" => "文件夹",
            "folder_role" => "文件夹中的角色",
            "groups" => "组",
            "password" => "密码",
            "exceptions" | "exception" => "异常",
            "fingerprint" => "原因",
            "lost_since" => "丢失起点",
            "decide" => "已处理",
            "refused" => "被拒绝",
            "left_out" => "未记录",
            "last" => "末条",
            "hash" => "校验值",
            "token" => "令牌",
            "days" => "天数",
            "expires" => "失效",
            "person" => "人员",
            "provider" => "提供方",
            "account" => "账户",
            "locked" => "锁定",
            _ => return None,
        })
    },
    acts: |act| match act {
        Act::SignIn => "登录",
        Act::SignOut => "退出",
        Act::SetUp => "创建首个账户",
        Act::Start => "启动运行",
        Act::AddFile => "上传文件",
        Act::Cancel => "取消运行",
        Act::Decide => "处理",
        Act::DecideMany => "批量处理",
        Act::WithdrawMany => "撤回批量处理",
        Act::CarryOut => "批量处理已执行",
        Act::Pause => "暂停",
        Act::GoOn => "恢复",
        Act::Activate => "启用版本",
        Act::Propose => "提议版本",
        Act::ApproveProposal => "启用提议的版本",
        Act::RejectProposal => "驳回提议的版本",
        Act::WithdrawProposal => "撤回提议的版本",
        Act::Correct => "记住更正",
        Act::Revoke => "撤销更正",
        Act::TestConnection => "测试连接",
        Act::AddPerson => "添加人员",
        Act::ChangePerson => "更改人员",
        Act::RemovePerson => "移除人员",
        Act::AddToken => "创建令牌",
        Act::RevokeToken => "撤销令牌",
        Act::AddFactor => "设置两步验证",
        Act::RemoveFactor => "移除两步验证",
        Act::SetSecret => "设置密钥",
        Act::RemoveSecret => "删除密钥",
        Act::Verify => "校验存储",
        Act::Backup => "备份",
        Act::Restore => "还原备份",
        Act::EndQuarantine => "解除隔离",
        Act::Prune => "清理运行",
        Act::PruneAudit => "清理审计",
        Act::Damage => "发现审计受损",
        Act::Other => "其他",
    },
    outcomes: |outcome| match outcome {
        Outcome::Done => "完成",
        Outcome::Refused => "被拒绝",
        Outcome::Failed => "失败",
        Outcome::Unknown => "未知",
    },
};

/// As records have it; what nobody has a word for stays as it is.
fn chinese(subject: &str) -> String {
    const KINDS: [(&str, &str); 10] = [
        ("connection", "连接"),
        ("decision about many", "批量处理"),
        ("exception", "异常"),
        ("file", "文件"),
        ("mapping", "对照表"),
        ("person", "人员"),
        ("run", "运行"),
        ("secret", "密钥"),
        ("token", "令牌"),
        ("workflow", "流程"),
    ];
    const ALONE: [(&str, &str); 4] = [
        ("audit", "审计"),
        ("exceptions", "多个异常"),
        ("instance", "实例"),
        ("store", "存储"),
    ];
    if let Some((_, word)) = ALONE.iter().find(|(it, _)| *it == subject) {
        return (*word).to_owned();
    }
    if let Some(made) = subject.strip_prefix("backup of ") {
        return format!("{made} 的备份");
    }
    let named = |(kind, word): &(&str, &'static str)| {
        let name = subject.strip_prefix(kind)?.strip_prefix(' ')?;
        Some((*word, name.to_owned()))
    };
    let Some((word, name)) = KINDS.iter().find_map(named) else {
        return subject.to_owned();
    };
    match name.split_once(" of ").filter(|_| word == "令牌") {
        Some((token, person)) => format!("{person} 的{word} {token}"),
        None => format!("{word} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_something_was_done_to_is_said_in_chinese() {
        for (subject, words) in [
            ("person ben", "人员 ben"),
            ("workflow order-entry", "流程 order-entry"),
            ("token shop of ann", "ann 的令牌 shop"),
            ("decision about many 3", "批量处理 3"),
            ("exceptions", "多个异常"),
            ("exception 7", "异常 7"),
            (
                "backup of 2026-11-30T03:00:00Z",
                "2026-11-30T03:00:00Z 的备份",
            ),
            ("runner", "runner"),
            ("", ""),
        ] {
            assert_eq!(chinese(subject), words);
        }
    }
}
