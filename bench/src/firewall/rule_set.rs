//! The Core Rule Set beside the checkout, for us and for the peer.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};
use lockgate_seclang::{Source, compile, crs, parse};
use lockgate_waf::Engine;

use crate::work::Work;

/// The rules of `bench/firewall/rules.toml` for the peer: what `[crs]` means with its defaults.
pub(super) const LEVEL_1: &str = "SecRuleEngine On\n\
    SecRequestBodyLimit 131072\n\
    SecRequestBodyNoFilesLimit 131072\n\
    SecRequestBodyLimitAction ProcessPartial\n\
    SecResponseBodyAccess Off\n\
    SecAuditEngine Off\n\
    SecAction \"id:200100,phase:1,nolog,pass,t:none,\
    setvar:tx.blocking_paranoia_level=1,setvar:tx.detection_paranoia_level=1,\
    setvar:tx.inbound_anomaly_score_threshold=5,\
    setvar:tx.outbound_anomaly_score_threshold=4\"\n";

/// The same with responses.
pub(super) const LEVEL_1_RESPONSES: &str = "SecRuleEngine On\n\
    SecAuditEngine Off\n\
    SecAction \"id:200100,phase:1,nolog,pass,t:none,\
    setvar:tx.blocking_paranoia_level=1,setvar:tx.detection_paranoia_level=1,\
    setvar:tx.inbound_anomaly_score_threshold=5,\
    setvar:tx.outbound_anomaly_score_threshold=4\"\n";

/// What the regression cases expect after `crs-setup.conf`.
pub(super) const CASES: &str = "SecAction \"id:900005,phase:1,nolog,pass,\
    ctl:ruleEngine=DetectionOnly,ctl:ruleRemoveById=910000,\
    setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\
    setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\
    setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535\"\n";

/// The release.
///
/// # Errors
/// When it is not there.
pub(super) fn folder(work: &Work) -> Result<PathBuf> {
    let folder = work.root().join("../shared/crs");
    ensure!(
        folder.join("rules").is_dir(),
        "SKIPPED: there is no Core Rule Set at ../shared/crs"
    );
    Ok(folder)
}

fn sources(work: &Work, setup: &str) -> Result<Vec<Source>> {
    let setup = Source::Text {
        name: PathBuf::from("setup.conf"),
        text: setup.to_owned(),
    };
    Ok(crs::sources(&folder(work)?, setup)?)
}

/// Our engine with the set, natively.
///
/// # Errors
/// When the set does not compile.
pub(super) fn engine(work: &Work, setup: &str) -> Result<Engine> {
    let ast = parse(&sources(work, setup)?).map_err(|faults| told(&faults))?;
    let compiled = compile(&ast).map_err(|faults| told(&faults))?;
    let image = compiled.image().map_err(|fault| told(&[fault]))?;
    Engine::load(&image).context("the engine refuses the set")
}

fn told(faults: &[lockgate_seclang::Fault]) -> anyhow::Error {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow!("the set has faults:\n{}", lines.join("\n"))
}

/// The same files in the same order for the peer. Texts are written to its folder.
///
/// # Errors
/// When one cannot be written.
pub(super) fn peer_files(work: &Work, name: &str, setup: &str) -> Result<Vec<PathBuf>> {
    let folder = work.subfolder(name)?;
    let mut files = Vec::new();
    for source in sources(work, setup)? {
        files.push(match source {
            Source::File(path) => path,
            Source::Text { name, text } => {
                let path = folder.join(name);
                fs::write(&path, text).with_context(|| path.display().to_string())?;
                path
            }
        });
    }
    Ok(files)
}
