//! Programs of the inspection: the Core Rule Set as a rule file switches it on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_bundle::Program;
use lockgate_config::types::{Crs, CrsMode, OversizeHandling, Site};
use lockgate_config::{Loaded, Provenance};
use lockgate_seclang::ast::Ast;
use lockgate_seclang::{Source, crs};

use crate::Fault;
use crate::kept::{self, Digest};

/// What the set-up of a site is called in places.
const SETUP_NAME: &str = "lockgate-setup.conf";

/// The programs so far, by the rule file that switches them on.
#[derive(Default)]
pub(crate) struct Programs<'a> {
    known: BTreeMap<PathBuf, Option<u16>>,
    programs: Vec<Program>,
    images: Vec<Arc<Vec<u8>>>,
    /// Files that they were made of, and folders whose files they take.
    files: Vec<PathBuf>,
    /// Where images are kept.
    store: Option<&'a Path>,
    /// Directives to try out.
    trial: Option<&'a Trial>,
}

/// Directives to try out beside those of a rule file's `[crs]`. What is made with them is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trial {
    /// The rule file.
    pub file: PathBuf,
    /// Directives behind those of `before`.
    pub before: String,
    /// Directives behind those of `after`.
    pub after: String,
}

/// All programs of a bundle.
pub(crate) struct Finished {
    pub(crate) programs: Vec<Program>,
    pub(crate) images: Vec<Arc<Vec<u8>>>,
    /// Files that they were made of: those to watch.
    pub(crate) files: Vec<PathBuf>,
}

/// The Core Rule Set of a site and the rule file that switches it on: that of the first file
/// that has one. `lockgate check` refuses a second.
#[must_use]
pub fn crs_of<'l>(loaded: &'l Loaded, site: &'l Site) -> Option<(&'l Path, &'l Crs)> {
    site.rules.iter().find_map(|file| {
        let crs = loaded.rules.get(file)?.crs.as_ref()?;
        Some((file.as_path(), crs))
    })
}

/// The files that a Core Rule Set is made of, and the folders whose files it takes: those to watch, also
/// where something is wrong with them.
#[must_use]
pub fn crs_files(crs: &Crs) -> Vec<PathBuf> {
    let mut named = BTreeSet::new();
    if let Ok(sources) = sources(crs, None)
        && let Ok(ast) = lockgate_seclang::parse_noting(&sources, &mut named)
    {
        named.extend(ast.named_files());
    }
    named.into_iter().collect()
}

impl<'a> Programs<'a> {
    /// None yet; images are kept in `store`, where there is one.
    pub(crate) fn new(store: Option<&'a Path>) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// The same, with directives to try out.
    pub(crate) fn trying(self, trial: Option<&'a Trial>) -> Self {
        Self { trial, ..self }
    }

    /// The program of a site; `None` where nothing switches one on, and where there was a fault.
    pub(crate) fn of(
        &mut self,
        loaded: &Loaded,
        name: &str,
        site: &Site,
        faults: &mut Vec<Fault>,
    ) -> Option<u16> {
        let (file, crs) = crs_of(loaded, site)?;
        let second = site.rules.iter().find(|other| {
            let rules = loaded.rules.get(*other);
            other.as_path() != file && rules.is_some_and(|rules| rules.crs.is_some())
        });
        if let Some(second) = second {
            let reason = format!(
                "both {} and {} switch the Core Rule Set on",
                file.display(),
                second.display()
            );
            faults.push(Fault::new(format!("sites.{name}.rules"), reason));
            return None;
        }
        if let Some(known) = self.known.get(file) {
            return *known;
        }
        let number = self.add(loaded, file, crs, faults);
        self.known.insert(file.to_owned(), number);
        number
    }

    fn add(
        &mut self,
        loaded: &Loaded,
        file: &Path,
        crs: &Crs,
        faults: &mut Vec<Fault>,
    ) -> Option<u16> {
        let at = |key: &str, reason: String| {
            let fault = Fault::new(key, reason);
            match loaded.rules_origins.get(file) {
                Some(origins) => fault.placed(origins),
                None => fault,
            }
        };
        let trial = self.trial.filter(|trial| trial.file == file);
        let sources = match sources(crs, trial) {
            Ok(sources) => sources,
            Err(error) => {
                let reason = format!("{}: {error}", crs.path.display());
                faults.push(at("crs.path", reason));
                return None;
            }
        };
        let mut named = BTreeSet::new();
        let parsed = lockgate_seclang::parse_noting(&sources, &mut named);
        if let Ok(ast) = &parsed {
            named.extend(ast.named_files());
        }
        // Also where something is wrong with them: then they are about to be mended.
        self.files.extend(named.iter().cloned());
        let ast = match parsed {
            Ok(ast) => ast,
            Err(wrong) => {
                faults.extend(wrong.iter().map(fault));
                return None;
            }
        };
        let digest = match Digest::of(crs, &sources, &named) {
            Ok(digest) => digest,
            Err(error) => {
                faults.push(at("crs.path", error));
                return None;
            }
        };
        let made = match trial {
            Some(_) => image(crs, &ast).map(Arc::new),
            None => kept::get_or_make(
                &digest,
                self.store,
                || image(crs, &ast),
                || Digest::of(crs, &sources, &named).as_ref() == Ok(&digest),
            ),
        };
        let image = match made {
            Ok(image) => image,
            Err(wrong) => {
                faults.extend(wrong);
                return None;
            }
        };
        let Ok(image_bytes) = u32::try_from(image.len()) else {
            faults.push(at("crs", "the program is larger than 4 GiB".to_owned()));
            return None;
        };
        self.programs.push(Program {
            // Not where it lies: the same configuration gives the same bytes in any folder.
            name: file
                .file_name()
                .unwrap_or(file.as_os_str())
                .to_string_lossy()
                .into_owned(),
            image_bytes,
            digest: lockgate_bundle::image_digest(&image).0,
        });
        self.images.push(image);
        u16::try_from(self.programs.len().saturating_sub(1)).ok()
    }

    pub(crate) fn finish(self) -> Finished {
        Finished {
            programs: self.programs,
            images: self.images,
            files: self.files,
        }
    }
}

/// The files of a release with what the site says around them.
fn sources(crs: &Crs, trial: Option<&Trial>) -> std::io::Result<Vec<Source>> {
    let setup = Source::Text {
        name: SETUP_NAME.into(),
        text: setup(crs),
    };
    let mut sources = crs::sources(&crs.path, setup)?;
    let tried = |name: &str, text: fn(&Trial) -> &String| {
        let text = text(trial?);
        (!text.is_empty()).then(|| Source::Text {
            name: name.into(),
            text: format!("{text}\n"),
        })
    };
    let before = crs.before.clone().map(Source::File);
    let before = before
        .into_iter()
        .chain(tried("before", |trial| &trial.before));
    // After the set-up, before the first rule.
    let at = sources
        .iter()
        .position(
            |source| matches!(source, Source::Text { name, .. } if name.as_os_str() == SETUP_NAME),
        )
        .map_or(sources.len(), |at| at + 1);
    sources.splice(at..at, before);
    sources.extend(crs.after.clone().map(Source::File));
    sources.extend(tried("after", |trial| &trial.after));
    if !crs.exclude_rules.is_empty() {
        let mut text = "SecRuleRemoveById".to_owned();
        for id in &crs.exclude_rules {
            let _ = write!(text, " {id}");
        }
        text.push('\n');
        sources.push(Source::Text {
            name: "exclude_rules".into(),
            text,
        });
    }
    Ok(sources)
}

/// The settings of a rule file as directives.
fn setup(crs: &Crs) -> String {
    let engine = match crs.mode {
        CrsMode::Block => "On",
        CrsMode::Detect => "DetectionOnly",
    };
    let responses = if crs.inspect_responses { "On" } else { "Off" };
    let level = crs.paranoia_level;
    let detection = crs.detection_paranoia_level.unwrap_or(level).max(level);
    let over = match crs.oversize {
        OversizeHandling::Match => "Reject",
        OversizeHandling::Continue | OversizeHandling::NoMatch => "ProcessPartial",
    };
    format!(
        "SecRuleEngine {engine}\n\
         SecRequestBodyLimit {body}\n\
         SecRequestBodyNoFilesLimit {body}\n\
         SecRequestBodyLimitAction {over}\n\
         SecResponseBodyAccess {responses}\n\
         SecResponseBodyLimit {response}\n\
         SecAction \"id:200100,phase:1,nolog,pass,t:none,\
         setvar:tx.blocking_paranoia_level={level},\
         setvar:tx.detection_paranoia_level={detection},\
         setvar:tx.inbound_anomaly_score_threshold={inbound},\
         setvar:tx.outbound_anomaly_score_threshold={outbound}\"\n",
        body = crs.body_bytes_max,
        response = crs.response_body_bytes_max,
        inbound = crs.inbound_anomaly_threshold,
        outbound = crs.outbound_anomaly_threshold,
    )
}

fn image(crs: &Crs, ast: &Ast) -> Result<Vec<u8>, Vec<Fault>> {
    let told = |faults: Vec<lockgate_seclang::Fault>| faults.iter().map(fault).collect::<Vec<_>>();
    let mut compiled = lockgate_seclang::compile(ast).map_err(told)?;
    if !crs.inspect_responses {
        // Phases 3 and 4: without responses nothing is kept for them.
        for phase in compiled.program.phases.iter_mut().skip(2).take(2) {
            phase.clear();
        }
    }
    compiled.image().map_err(|error| vec![fault(&error)])
}

/// With the place that the front end names.
fn fault(fault: &lockgate_seclang::Fault) -> Fault {
    Fault {
        at: Provenance::File {
            file: fault.place.file.clone(),
            line: fault.place.line,
            column: fault.place.column,
        },
        path: String::new(),
        reason: fault.kind.to_string(),
    }
}
