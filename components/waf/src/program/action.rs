//! What a rule does beside deciding.

use super::{EngineMode, Exclusion, Macro};
use serde::{Deserialize, Serialize};

/// Something that happens at every value that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// `setvar`.
    SetVar(SetVar),
    /// `ctl`.
    Control(Control),
}

/// `setvar:tx.NAME...`. Other collections than TX are not kept; the compiler leaves such actions
/// out and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetVar {
    /// Which variable.
    pub name: TxName,
    /// What becomes of it.
    pub change: TxChange,
}

/// The name of a TX variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TxName {
    /// A constant name: its slot.
    Slot(u16),
    /// A name with macros in it. It is put into lower case when it has been expanded.
    Dynamic(Macro),
}

/// What becomes of a TX variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TxChange {
    /// `=text`.
    Set(Macro),
    /// `=+number`.
    Add(Macro),
    /// `=-number`.
    Subtract(Macro),
    /// `!name`.
    Unset,
}

/// `ctl`: changes how this transaction is handled from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// `ruleEngine`.
    RuleEngine(EngineMode),
    /// `ruleRemoveById`, `ruleRemoveByTag`, `ruleRemoveByMsg`: these rules do not run any more.
    /// Ascending, not overlapping ranges `(first, last)` of indexes into the rules, heads of
    /// chains at least.
    RemoveRules(Vec<(u32, u32)>),
    /// `ruleRemoveTargetById`, `...ByTag`, `...ByMsg`: these rules, all links of their chains
    /// included, do not look at these values any more.
    RemoveTarget {
        /// Ranges as in [`Control::RemoveRules`].
        rules: Vec<(u32, u32)>,
        /// What they do not look at.
        target: Exclusion,
    },
    /// `requestBodyProcessor`.
    RequestBodyProcessor(BodyProcessor),
    /// `responseBodyProcessor`.
    ResponseBodyProcessor(BodyProcessor),
    /// `forceRequestBodyVariable`: `REQUEST_BODY` is filled whatever the type of the body is.
    ForceRequestBodyVariable(bool),
    /// `requestBodyAccess`.
    RequestBodyAccess(bool),
    /// `responseBodyAccess`.
    ResponseBodyAccess(bool),
    /// `auditEngine`.
    AuditEngine(AuditEngine),
    /// `requestBodyLimit`, in bytes.
    RequestBodyLimit(u32),
    /// `responseBodyLimit`, in bytes.
    ResponseBodyLimit(u32),
}

/// What reads a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyProcessor {
    /// Nothing.
    None,
    /// `URLENCODED`.
    UrlEncoded,
    /// `MULTIPART`.
    Multipart,
    /// `JSON`.
    Json,
    /// `XML`.
    Xml,
    /// `RAW`: nothing beside `REQUEST_BODY`.
    Raw,
}

impl BodyProcessor {
    /// The value of `REQBODY_PROCESSOR`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::UrlEncoded => "URLENCODED",
            Self::Multipart => "MULTIPART",
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Raw => "RAW",
        }
    }
}

/// Whether a transaction is written to the audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditEngine {
    /// Always.
    On,
    /// Never.
    Off,
    /// When a rule asked for it.
    #[default]
    RelevantOnly,
}
