//! The directives that are no rules, and the limits.

use serde::{Deserialize, Serialize};

/// How a transaction is handled unless a rule says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// `SecRuleEngine`.
    pub engine: EngineMode,
    /// `SecRequestBodyAccess`.
    pub request_body_access: bool,
    /// `SecResponseBodyAccess`.
    pub response_body_access: bool,
    /// `SecResponseBodyMimeType`, in lower case; empty takes every type.
    pub response_body_types: Vec<String>,
    /// `SecArgumentSeparator`.
    pub argument_separator: u8,
    /// `SecWebAppId`.
    pub web_app_id: String,
    /// `SecComponentSignature`, in their order.
    pub signatures: Vec<String>,
    /// What a transaction may cost.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: EngineMode::On,
            request_body_access: true,
            response_body_access: true,
            response_body_types: Vec::new(),
            argument_separator: b'&',
            web_app_id: "default".to_owned(),
            signatures: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// `SecRuleEngine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineMode {
    /// Rules run and decide.
    On,
    /// No rule runs.
    Off,
    /// Rules run and report, and decide nothing.
    DetectionOnly,
}

/// What happens past a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitAction {
    /// The transaction is denied with 413.
    Reject,
    /// The rules see what is inside of the limit.
    ProcessPartial,
}

/// Bounds on what one transaction may hold and cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// `SecRequestBodyLimit`, in bytes.
    pub request_body_bytes_max: u32,
    /// `SecRequestBodyLimitAction`.
    pub request_body_action: LimitAction,
    /// `SecRequestBodyNoFilesLimit`, in bytes: what is parsed and held apart from files. Past it
    /// `REQBODY_ERROR` is set.
    pub request_body_no_files_bytes_max: u32,
    /// `SecResponseBodyLimit`, in bytes.
    pub response_body_bytes_max: u32,
    /// `SecResponseBodyLimitAction`.
    pub response_body_action: LimitAction,
    /// `SecArgumentsLimit`: past it `REQBODY_ERROR` is set and further arguments are not looked
    /// at.
    pub arguments_max: u32,
    /// `SecRequestBodyJsonDepthLimit`, in levels.
    pub json_depth_max: u32,
    /// The values of all other collections together (headers, cookies, parts, XML).
    pub values_max: u32,
    /// All values and their transformed forms together, in bytes. Past it the transaction is
    /// decided by `exhausted_action`.
    pub arena_bytes_max: u32,
    /// All bytes that are transformed or scanned, counted every time. Past it the transaction is
    /// decided by `exhausted_action`.
    pub work_bytes_max: u64,
    /// What happens when `arena_bytes_max` or `work_bytes_max` is used up: denied with 413, or
    /// the rest of the rules is not run.
    pub exhausted_action: LimitAction,
    /// TX variables with names from the request; further ones are not set.
    pub tx_dynamic_max: u32,
    /// Reported matches of a transaction; further ones are counted only.
    pub matched_max: u32,
    /// An expanded text (`msg`, `logdata`, TX variable), in bytes; the rest is cut off.
    pub text_bytes_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_bytes_max: 13_107_200,
            request_body_action: LimitAction::Reject,
            request_body_no_files_bytes_max: 131_072,
            response_body_bytes_max: 524_288,
            response_body_action: LimitAction::ProcessPartial,
            arguments_max: 1_000,
            json_depth_max: 512,
            values_max: 4_096,
            arena_bytes_max: 8 << 20,
            work_bytes_max: 1 << 28,
            exhausted_action: LimitAction::Reject,
            tx_dynamic_max: 1_024,
            matched_max: 256,
            text_bytes_max: 4_096,
        }
    }
}
