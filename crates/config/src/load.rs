//! Loading: files and environment to a checked configuration, or to everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::check;
use crate::environment;
use crate::fault::{FAULTS_MAX, Fault, Provenance, Refused};
use crate::files::Reader;
use crate::instead::Instead;
use crate::lists;
use crate::merge::lay;
use crate::parse::parse;
use crate::shape;
use crate::show::{ProvenanceMap, provenance};
use crate::spelling::{nearest, quoted};
use crate::tree::Node;
use crate::types::{Cidr, GatewayConfig, RulesFile, UserAgentPattern};
use crate::walk::{NamedFile, Reference, walk};

/// What a configuration is loaded from, in rising order of precedence.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The first file: `gateway.toml`.
    pub base: PathBuf,
    /// Files over it, each over the one before.
    pub overlays: Vec<PathBuf>,
    /// Environment variables as name and value. Those whose names do not start with
    /// [`PREFIX`](crate::PREFIX) are passed over, so the whole environment can be given.
    pub env: Vec<(String, String)>,
}

/// A configuration that was checked whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The gateway's configuration. Paths in it are complete: relative ones were joined to the
    /// folder of the file that names them.
    pub config: GatewayConfig,
    /// The rule files by path, as `config.sites.NAME.rules` names them, with their lists read in.
    pub rules: BTreeMap<PathBuf, RulesFile>,
    /// Where each value of `config` comes from, by key path. What is not there is a default.
    pub origins: ProvenanceMap,
    /// The same for each rule file.
    pub rules_origins: BTreeMap<PathBuf, ProvenanceMap>,
    /// Every file that was read, in order of name: those to watch.
    pub files: Vec<PathBuf>,
}

/// Loads and checks a configuration.
///
/// # Errors
///
/// Everything that is wrong, not only the first fault.
pub fn load(sources: &Sources) -> Result<Loaded, Refused> {
    load_with(Loader::default(), sources)
}

/// The same with other files in place of those of a folder. Where the result and the faults name one of them, they
/// name the file that was read.
///
/// # Errors
///
/// Everything that is wrong, not only the first fault.
pub fn load_instead(sources: &Sources, instead: &Instead) -> Result<Loaded, Refused> {
    load_with(Loader::instead(instead), sources)
}

fn load_with(mut loader: Loader, sources: &Sources) -> Result<Loaded, Refused> {
    let loaded = loader.load(sources);
    let files: Vec<PathBuf> = loader.reader.seen.iter().cloned().collect();
    match loaded {
        Some(loaded) if loader.faults.is_empty() => Ok(Loaded { files, ..loaded }),
        _ => Err(refused(loader.faults, files)),
    }
}

/// Loads and checks rule files by themselves, as one site would load them together.
///
/// # Errors
///
/// Everything that is wrong, not only the first fault.
pub fn load_rules(files: &[PathBuf]) -> Result<BTreeMap<PathBuf, RulesFile>, Refused> {
    load_rules_with(Loader::default(), files)
}

/// The same of files that are read in place of others.
///
/// # Errors
///
/// Everything that is wrong, not only the first fault.
pub fn load_rules_instead(
    files: &[PathBuf],
    instead: &Instead,
) -> Result<BTreeMap<PathBuf, RulesFile>, Refused> {
    load_rules_with(Loader::instead(instead), files)
}

fn load_rules_with(
    mut loader: Loader,
    files: &[PathBuf],
) -> Result<BTreeMap<PathBuf, RulesFile>, Refused> {
    let loaded = loader.rules_alone(files);
    let files = loader.reader.seen.iter().cloned().collect();
    match loaded {
        Some(loaded) if loader.faults.is_empty() => Ok(loaded),
        _ => Err(refused(loader.faults, files)),
    }
}

fn refused(mut faults: Vec<Fault>, files: Vec<PathBuf>) -> Refused {
    faults.sort();
    faults.dedup();
    forget_consequences(&mut faults);
    let more = faults.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        faults.truncate(FAULTS_MAX);
        if let Some(last) = faults.last_mut() {
            last.reason.push_str(&format!(" (and {more} more faults)"));
        }
    }
    Refused { faults, files }
}

/// A line that could not be read has one fault. What its remains look like is none.
fn forget_consequences(faults: &mut Vec<Fault>) {
    fn line(fault: &Fault) -> Option<(PathBuf, u32)> {
        Some((fault.file()?.to_owned(), fault.line_and_column()?.0))
    }
    let unreadable = |fault: &&Fault| fault.path.is_empty();
    let broken: BTreeSet<_> = faults.iter().filter(unreadable).filter_map(line).collect();
    faults.retain(|fault| {
        fault.path.is_empty() || line(fault).is_none_or(|line| !broken.contains(&line))
    });
}

/// Rule files and where their values come from.
type TypedRules = (
    BTreeMap<PathBuf, RulesFile>,
    BTreeMap<PathBuf, ProvenanceMap>,
);

/// One attempt.
#[derive(Default)]
pub(crate) struct Loader {
    reader: Reader,
    instead: Option<Instead>,
    faults: Vec<Fault>,
    rules: BTreeMap<PathBuf, Node>,
    addresses: BTreeMap<PathBuf, Vec<Cidr>>,
    patterns: BTreeMap<PathBuf, Vec<UserAgentPattern>>,
}

impl Loader {
    fn instead(instead: &Instead) -> Self {
        Self {
            instead: Some(instead.clone()),
            ..Self::default()
        }
    }

    /// The result; nothing when there are faults.
    fn load(&mut self, sources: &Sources) -> Option<Loaded> {
        let (mut root, whole) = self.layers(sources);
        let mut strays = Vec::new();
        environment::apply(&mut root, &shape::GATEWAY, &sources.env, &mut strays);
        let folder = sources.base.parent().unwrap_or(Path::new(""));
        let from = (folder, self.instead.as_ref());
        let found = walk(&mut root, &shape::GATEWAY, from, whole, &mut self.faults);
        // What a line that could not be read says is not missing.
        if whole {
            self.faults.append(&mut strays);
            self.references(&root, &found.references);
            check::gateway(&root, &mut self.faults);
        }
        for named in &found.files {
            self.named(named);
        }
        check::rules(&root, &self.rules, &mut self.faults);
        if !self.faults.is_empty() {
            return None;
        }
        let base = Provenance::whole(&sources.base);
        let config = self.typed(&root, &base)?;
        let (rules, rules_origins) = self.typed_rules()?;
        Some(Loaded {
            config,
            rules,
            origins: provenance(&root),
            rules_origins,
            files: Vec::new(),
        })
    }

    /// Rule files without a gateway.
    fn rules_alone(&mut self, files: &[PathBuf]) -> Option<BTreeMap<PathBuf, RulesFile>> {
        let mut root = Node::empty_table(Provenance::Default);
        for file in files {
            let file: PathBuf = file.components().collect();
            let at = Provenance::whole(&file);
            self.rule_file(&NamedFile {
                used_as: "rules".to_owned(),
                file: file.clone(),
                at: at.clone(),
                path: String::new(),
            });
            root.push_rules("files", &file, &at);
        }
        check::rules(&root, &self.rules, &mut self.faults);
        if !self.faults.is_empty() {
            return None;
        }
        self.typed_rules().map(|(rules, _)| rules)
    }

    /// The types of all rule files, their lists and expressions read in.
    fn typed_rules(&mut self) -> Option<TypedRules> {
        let mut rules = BTreeMap::new();
        let mut rules_origins = BTreeMap::new();
        for (file, node) in std::mem::take(&mut self.rules) {
            let mut typed: RulesFile = self.typed(&node, &Provenance::whole(&file))?;
            self.fill(&mut typed);
            let names = check::names(&node);
            for rule in &mut typed.rules {
                let when = rule.when.as_deref();
                rule.read = when.and_then(|when| crate::when::parse(when, &names).ok());
            }
            rules_origins.insert(file.clone(), provenance(&node));
            rules.insert(file, typed);
        }
        Some((rules, rules_origins))
    }

    /// The documents laid over each other, and whether all of them were understood.
    pub(crate) fn layers(&mut self, sources: &Sources) -> (Node, bool) {
        let mut root = Node::empty_table(Provenance::whole(&sources.base));
        let mut whole = true;
        for file in std::iter::once(&sources.base).chain(&sources.overlays) {
            match self.document(file, &Provenance::whole(file), "") {
                Some((node, all)) => {
                    whole &= all;
                    lay(&mut root, node, Some(&shape::GATEWAY));
                }
                None => whole = false,
            }
        }
        root.at = Provenance::whole(&sources.base);
        (root, whole)
    }

    /// A TOML file; nothing when it cannot be read. `at` and `path` say who names it.
    fn document(&mut self, file: &Path, at: &Provenance, path: &str) -> Option<(Node, bool)> {
        let text = match self.reader.text(file) {
            Ok(text) => text,
            Err(error) => {
                let fault = Fault::new(at, path, error.reason).suggest(error.suggestion);
                self.faults.push(fault);
                return None;
            }
        };
        let file: Arc<Path> = file.into();
        Some(parse(&file, &text, &mut self.faults))
    }

    fn references(&mut self, root: &Node, references: &[Reference]) {
        for wanted in references {
            let names: Vec<&str> = root
                .entries_of(&wanted.table)
                .map(|(name, _)| name)
                .collect();
            if names.contains(&wanted.name.as_str()) {
                continue;
            }
            // A secret may stand here by mistake, in place of its name.
            let name = match wanted.table.as_str() {
                "secrets" => "such name".to_owned(),
                _ => quoted(&wanted.name),
            };
            let reason = format!("{} has no {name}", wanted.table);
            let fault = Fault::new(&wanted.at, &wanted.path, reason);
            self.faults
                .push(fault.suggest(nearest(&wanted.name, names)));
        }
    }

    /// Reads a file that the configuration names.
    fn named(&mut self, named: &NamedFile) {
        let file = &named.file;
        match named.used_as.as_str() {
            "rules" => self.rule_file(named),
            // Read by the one who uses them.
            "secret" | "output" | "crs-release" | "seclang" | "geo-database" | "state"
            | "watermark" => {}
            "rules-folder" => check::folder(named, &mut self.faults),
            "jwks" => {
                if let Some(text) = self.text(named) {
                    check::jwks(file, &text, &mut self.faults);
                }
            }
            "certificate" | "private-key" => {
                if let Some(text) = self.text(named) {
                    check::pem(named, &text, &mut self.faults);
                }
            }
            "ip-list" => {
                if !self.addresses.contains_key(file)
                    && let Some(text) = self.text(named)
                {
                    let list = lists::addresses(file, &text, &mut self.faults);
                    self.addresses.insert(file.clone(), list);
                }
            }
            "user-agent-list" => {
                if !self.patterns.contains_key(file)
                    && let Some(text) = self.text(named)
                {
                    let list = lists::patterns(file, &text, &mut self.faults);
                    self.patterns.insert(file.clone(), list);
                }
            }
            unknown => {
                let reason = format!("has the unknown use {unknown:?}");
                self.faults.push(Fault::new(&named.at, &named.path, reason));
            }
        }
    }

    fn text(&mut self, named: &NamedFile) -> Option<String> {
        match self.reader.text(&named.file) {
            Ok(text) => Some(text),
            Err(error) => {
                let fault = Fault::new(&named.at, &named.path, error.reason);
                self.faults.push(fault.suggest(error.suggestion));
                None
            }
        }
    }

    fn rule_file(&mut self, named: &NamedFile) {
        let file = &named.file;
        if self.rules.contains_key(file) {
            return;
        }
        let Some(text) = self.text(named) else {
            return;
        };
        let (mut root, whole) = parse(&file.as_path().into(), &text, &mut self.faults);
        let folder = file.parent().unwrap_or(Path::new(""));
        let from = (folder, self.instead.as_ref());
        let found = walk(&mut root, &shape::RULES, from, whole, &mut self.faults);
        if whole {
            self.references(&root, &found.references);
            check::statements(&root, &mut self.faults);
            check::expressions(&root, &text, &mut self.faults);
        }
        for list in &found.files {
            // Whoever pushes rules has no right to read the machine's files, not even in a fault.
            if let Some(instead) = &self.instead
                && list.used_as != "crs-release"
                && instead.is_inside(file)
                && !instead.is_inside(&list.file)
            {
                let reason =
                    "is outside of the folder of the rules: pushed rules name files within it";
                self.faults.push(Fault::new(&list.at, &list.path, reason));
                continue;
            }
            self.named(list);
        }
        self.rules.insert(file.clone(), root);
    }

    /// The types of a tree without faults. A fault here would be a disagreement of schema and
    /// types; it is reported like any other.
    fn typed<T: DeserializeOwned>(&mut self, node: &Node, at: &Provenance) -> Option<T> {
        match serde_json::from_value(node.to_json()) {
            Ok(typed) => Some(typed),
            Err(error) => {
                self.faults.push(Fault::new(at, "", error.to_string()));
                None
            }
        }
    }

    fn fill(&self, rules: &mut RulesFile) {
        for set in rules.ip_sets.values_mut() {
            if let Some(list) = set.file.as_ref().and_then(|file| self.addresses.get(file)) {
                set.listed.clone_from(list);
            }
        }
        for list in rules.user_agent_lists.values_mut() {
            if let Some(read) = list.file.as_ref().and_then(|file| self.patterns.get(file)) {
                list.listed.clone_from(read);
            }
        }
    }
}
