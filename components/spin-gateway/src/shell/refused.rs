//! Why a request got no answer from behind the gate.

use std::borrow::Cow;

use lockgate_record::Stage;
use lockgate_spin_shell::inspection::NotHeld;

/// Header fields: names and values.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// Adds a field.
pub(super) fn add(fields: &mut Fields, name: &str, value: impl Into<Vec<u8>>) {
    fields.push((name.to_owned(), value.into()));
}

/// A client sees `status`, `code`, `detail` and the request id; `cause` goes to the record only.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: Cow<'static, str>,
    pub(super) detail: Option<String>,
    pub(super) cause: String,
    pub(super) fields: Fields,
    pub(super) stage: Stage,
}

impl From<NotHeld> for Refused {
    fn from(fault: NotHeld) -> Self {
        Self::new(fault.status, fault.code, fault.cause)
    }
}

impl Refused {
    pub(super) fn new(status: u16, code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            detail: None,
            cause: cause.into(),
            fields: Fields::new(),
            stage: Stage::Normalise,
        }
    }

    /// The policy, or what it gave, does not fit this shell.
    pub(super) fn policy_failed(cause: impl Into<String>) -> Self {
        Self::new(500, "policy_failed", cause)
    }

    pub(super) fn at(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    pub(super) fn retry_after_s(mut self, seconds: u64) -> Self {
        add(&mut self.fields, "retry-after", seconds.to_string());
        self
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
