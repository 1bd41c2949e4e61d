//! The directives of ModSecurity's reference manual, and what becomes of each here.

/// What becomes of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is read by `directive`.
    Read,
    /// It is accepted and changes nothing, for this reason.
    Noted(&'static str),
    /// It is an error, for this reason.
    Refused(&'static str),
}

const NO_AUDIT: &str =
    "what matched is in the decision record, which is configured in gateway.toml";
const NO_DEBUG: &str = "`lockgate explain` shows every rule that looked at a request";
const IN_MEMORY: &str = "bodies are inspected in memory, no file is written";
const LINEAR: &str = "patterns run in linear time, there is nothing to limit";
const NO_SCRIPTS: &str = "rules cannot run programs";
const NO_COLLECTIONS: &str = "there are no collections that outlive a transaction";

/// Each known directive and its fate, in ModSecurity's spelling.
pub(crate) const DIRECTIVES: &[(&str, Fate)] = &[
    ("Include", Fate::Read),
    ("IncludeOptional", Fate::Read),
    ("SecAction", Fate::Read),
    ("SecArgumentsLimit", Fate::Read),
    ("SecArgumentSeparator", Fate::Read),
    ("SecAuditEngine", Fate::Noted(NO_AUDIT)),
    ("SecAuditLog", Fate::Noted(NO_AUDIT)),
    ("SecAuditLog2", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogDirMode", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogFileMode", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogFormat", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogParts", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogPrefix", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogRelevantStatus", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogStorageDir", Fate::Noted(NO_AUDIT)),
    ("SecAuditLogType", Fate::Noted(NO_AUDIT)),
    (
        "SecCacheTransformations",
        Fate::Noted("each value is transformed once for all rules that read it so"),
    ),
    (
        "SecChrootDir",
        Fate::Refused("a component has no file system"),
    ),
    ("SecCollectionTimeout", Fate::Noted(NO_COLLECTIONS)),
    ("SecComponentSignature", Fate::Read),
    (
        "SecConnEngine",
        Fate::Refused("limits of connections are set in gateway.toml"),
    ),
    (
        "SecConnReadStateLimit",
        Fate::Refused("limits of connections are set in gateway.toml"),
    ),
    (
        "SecConnWriteStateLimit",
        Fate::Refused("limits of connections are set in gateway.toml"),
    ),
    (
        "SecContentInjection",
        Fate::Refused("a response is not changed by rules"),
    ),
    ("SecCookieFormat", Fate::Read),
    (
        "SecCookieV0Separator",
        Fate::Refused("cookies are separated by `;`, as RFC 6265 has it"),
    ),
    ("SecDataDir", Fate::Noted(NO_COLLECTIONS)),
    ("SecDebugLog", Fate::Noted(NO_DEBUG)),
    ("SecDebugLogLevel", Fate::Noted(NO_DEBUG)),
    ("SecDefaultAction", Fate::Read),
    (
        "SecDisableBackendCompression",
        Fate::Refused("what is asked of the origin is set in gateway.toml"),
    ),
    (
        "SecGeoLookupDb",
        Fate::Refused("countries come from the file named in gateway.toml"),
    ),
    (
        "SecGsbLookupDb",
        Fate::Refused("Google's list has no such file any more"),
    ),
    ("SecGuardianLog", Fate::Refused(NO_SCRIPTS)),
    ("SecHashEngine", Fate::Refused("links are not rewritten")),
    ("SecHashKey", Fate::Refused("links are not rewritten")),
    ("SecHashMethodPm", Fate::Refused("links are not rewritten")),
    ("SecHashMethodRx", Fate::Refused("links are not rewritten")),
    ("SecHashParam", Fate::Refused("links are not rewritten")),
    (
        "SecHttpBlKey",
        Fate::Refused("a decision never asks the network"),
    ),
    (
        "SecInterceptOnError",
        Fate::Refused("an operator cannot fail: the rules are checked when they are loaded"),
    ),
    ("SecMarker", Fate::Read),
    ("SecPcreMatchLimit", Fate::Noted(LINEAR)),
    ("SecPcreMatchLimitRecursion", Fate::Noted(LINEAR)),
    (
        "SecReadStateLimit",
        Fate::Refused("limits of connections are set in gateway.toml"),
    ),
    ("SecRemoteRules", Fate::Refused("rules are files")),
    ("SecRemoteRulesFailAction", Fate::Refused("rules are files")),
    ("SecRequestBodyAccess", Fate::Read),
    ("SecRequestBodyInMemoryLimit", Fate::Noted(IN_MEMORY)),
    ("SecRequestBodyJsonDepthLimit", Fate::Read),
    ("SecRequestBodyLimit", Fate::Read),
    ("SecRequestBodyLimitAction", Fate::Read),
    ("SecRequestBodyNoFilesLimit", Fate::Read),
    ("SecResponseBodyAccess", Fate::Read),
    ("SecResponseBodyLimit", Fate::Read),
    ("SecResponseBodyLimitAction", Fate::Read),
    ("SecResponseBodyMimeType", Fate::Read),
    ("SecResponseBodyMimeTypesClear", Fate::Read),
    ("SecRule", Fate::Read),
    ("SecRuleEngine", Fate::Read),
    (
        "SecRuleInheritance",
        Fate::Refused("there are no contexts: all rules belong to one set"),
    ),
    (
        "SecRulePerfTime",
        Fate::Noted("the cost of rules is measured with `lockgate rules check`"),
    ),
    ("SecRuleRemoveById", Fate::Read),
    ("SecRuleRemoveByMsg", Fate::Read),
    ("SecRuleRemoveByTag", Fate::Read),
    ("SecRuleScript", Fate::Refused(NO_SCRIPTS)),
    ("SecRuleUpdateActionById", Fate::Read),
    ("SecRuleUpdateTargetById", Fate::Read),
    ("SecRuleUpdateTargetByMsg", Fate::Read),
    ("SecRuleUpdateTargetByTag", Fate::Read),
    ("SecSensorId", Fate::Noted(NO_AUDIT)),
    (
        "SecServerSignature",
        Fate::Refused("the `server` field is set in gateway.toml"),
    ),
    (
        "SecStatusEngine",
        Fate::Noted("nothing is reported to anybody"),
    ),
    (
        "SecStreamInBodyInspection",
        Fate::Refused("bodies are inspected whole"),
    ),
    (
        "SecStreamOutBodyInspection",
        Fate::Refused("bodies are inspected whole"),
    ),
    ("SecTmpDir", Fate::Noted(IN_MEMORY)),
    ("SecTmpSaveUploadedFiles", Fate::Noted(IN_MEMORY)),
    ("SecUnicodeMapFile", Fate::Read),
    ("SecUploadDir", Fate::Noted(IN_MEMORY)),
    (
        "SecUploadFileLimit",
        Fate::Noted("the number of parts is limited in the component"),
    ),
    ("SecUploadFileMode", Fate::Noted(IN_MEMORY)),
    ("SecUploadKeepFiles", Fate::Read),
    ("SecWebAppId", Fate::Noted(NO_COLLECTIONS)),
    (
        "SecWriteStateLimit",
        Fate::Refused("limits of connections are set in gateway.toml"),
    ),
    ("SecXmlExternalEntity", Fate::Read),
    ("SecXmlParseXmlIntoArgs", Fate::Read),
];

/// The directive of that name, in any case.
#[must_use]
pub(crate) fn directive(name: &str) -> Option<(&'static str, Fate)> {
    DIRECTIVES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .copied()
}
