//! What is said of connections and limits.

/// The texts of the page about connections.
pub(crate) struct ConnectionWords {
    pub(crate) connections: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) none: &'static str,
    pub(crate) none_lead: &'static str,
    pub(crate) limits: &'static str,
    pub(crate) limits_lead: &'static str,
    /// How many attempts are under way, and how many may be.
    pub(crate) in_use: fn(u32, Option<u32>) -> String,
    /// How many have started within the last minute, and how many may.
    pub(crate) within_a_minute: fn(u32, u32) -> String,
    pub(crate) waiting: fn(usize) -> String,
    pub(crate) is_open: &'static str,
    /// What a breaker means for steps: it is off, or closed after so many faults in a row.
    pub(crate) off: &'static str,
    pub(crate) closed: fn(u32) -> String,
    /// Stands before the time at which it opened.
    pub(crate) since: &'static str,
    /// Stands after that time: it opened after so many faults with this code.
    pub(crate) open: fn(u32, &str) -> String,
    /// When it is tried again: what stands around the time; when a step needs it; at this moment.
    pub(crate) next: (&'static str, &'static str),
    pub(crate) when_needed: &'static str,
    pub(crate) under_way: &'static str,
    pub(crate) tried_in_vain: &'static str,
    pub(crate) answered: fn(&str) -> String,
    pub(crate) failed: fn(&str) -> String,
    pub(crate) untested: &'static str,
    pub(crate) test: &'static str,
    pub(crate) test_of: fn(&str) -> String,
}

pub(super) const ENGLISH: ConnectionWords = ConnectionWords {
    connections: "Connections",
    lead: "The outside systems that steps use, as `botswain.yaml` names them. A test changes nothing there; when one answers, steps that waited for it go on.",
    none: "No connections yet",
    none_lead: "Name one under `connections` in `botswain.yaml`, and it is here as soon as the file is saved.",
    limits: "Limits",
    limits_lead: "How many steps that name one may work at once.",
    in_use: |used, most| match most {
        Some(most) => format!("{used} of {most} sessions in use"),
        None => format!("{used} in use"),
    },
    within_a_minute: |started, most| format!("{started} of {most} starts within the last minute"),
    waiting: |count| match count {
        1 => "1 step waits".to_owned(),
        _ => format!("{count} steps wait"),
    },
    is_open: "left alone",
    off: "Its breaker is off: while it fails, each step tries for itself and uses up its attempts.",
    closed: |faults| match faults {
        0 => "Steps use it: no attempt has failed since the last one that was answered.".to_owned(),
        1 => "Steps use it, though the last attempt failed.".to_owned(),
        _ => format!("Steps use it, though the last {faults} attempts failed for the same reason."),
    },
    open: |faults, code| {
        let why = match faults {
            1 => format!("after an attempt failed with {code}"),
            _ => format!("after {faults} attempts in a row failed with {code}"),
        };
        format!(", {why}. Steps wait until it answers.")
    },
    since: "Left alone",
    next: ("It is tried again ", "."),
    when_needed: "It is tried again when a step needs it.",
    under_way: "It is being tried at this moment.",
    tried_in_vain: "Tried in vain since",
    answered: |by| format!("Answered when {by} tested it,"),
    failed: |by| format!("Failed when {by} tested it,"),
    untested: "Nobody has tested it yet.",
    test: "Test now",
    test_of: |name| format!("Test now: {name}"),
};

pub(super) const CHINESE: ConnectionWords = ConnectionWords {
    connections: "连接",
    lead: "步骤所用的外部系统，名称见 `botswain.yaml`。测试不会改变对方的任何内容；一旦有应答，等待它的步骤就会继续。",
    none: "还没有连接",
    none_lead: "在 `botswain.yaml` 的连接一节中添加，保存后即显示在这里。",
    limits: "限制",
    limits_lead: "使用同一限制的步骤最多可同时进行多少个。",
    in_use: |used, most| match most {
        Some(most) => format!("会话 {used} / {most}"),
        None => format!("使用中 {used}"),
    },
    within_a_minute: |started, most| format!("一分钟内启动 {started} / {most}"),
    waiting: |count| format!("{count} 个步骤在等待"),
    is_open: "暂不使用",
    off: "断路器已停用：失败期间，每个步骤各自重试并用掉自己的次数。",
    closed: |faults| match faults {
        0 => "步骤正常使用：自上次有应答以来没有失败。".to_owned(),
        _ => format!("步骤仍在使用，但最近 {faults} 次因同一原因失败。"),
    },
    open: |faults, code| {
        format!("连续 {faults} 次因 {code} 失败，暂不使用。步骤会等到它有应答为止。")
    },
    since: "",
    next: ("下次尝试：", "。"),
    when_needed: "有步骤需要时会再次尝试。",
    under_way: "正在尝试。",
    tried_in_vain: "此后的尝试未成功",
    answered: |by| format!("{by} 测试时有应答，"),
    failed: |by| format!("{by} 测试时失败，"),
    untested: "还没有人测试过。",
    test: "立即测试",
    test_of: |name| format!("立即测试：{name}"),
};
