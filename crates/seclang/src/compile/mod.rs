//! From an [`Ast`] to the program that the engine runs.
mod actions;
mod addresses;
mod changes;
mod control;
mod draft;
mod macros;
mod names;
mod operators;
mod phrases;
mod rules;
mod select;
mod sets;
mod settings;
mod setvar;
mod skip;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod variables;

use crate::ast::{Ast, Note};
use crate::fault::{Fault, FaultKind};
use crate::place::Place;
use lockgate_waf::program::Program;
use std::path::Path;
use std::sync::Arc;
pub use table::RuleInfo;

/// What rules come to.
#[derive(Debug)]
pub struct Compiled {
    /// The program.
    pub program: Program,
    /// What is said of each chain, in order.
    pub table: Vec<RuleInfo>,
    /// How many rules were removed by directives. Those of the program and these are all that
    /// were read.
    pub removed: usize,
    /// What was accepted and changes nothing.
    pub notes: Vec<Note>,
}

impl Compiled {
    /// The program as the engine loads it.
    ///
    /// # Errors
    /// It is larger than 4 GiB.
    pub fn image(&self) -> Result<Vec<u8>, Fault> {
        self.program
            .to_image()
            .map_err(|error| failed(&error.to_string()))
    }

    /// What is said of the rule with this id.
    #[must_use]
    pub fn rule(&self, id: u32) -> Option<&RuleInfo> {
        self.table.iter().find(|info| info.id == id)
    }
}

/// Compiles rules.
///
/// # Errors
/// Everything that the engine does not know or cannot do, each with its place.
pub fn compile(ast: &Ast) -> Result<Compiled, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut notes = ast.notes.clone();
    let mut tables = tables::Tables::new();
    let draft = draft::draft(ast, &mut tables, &mut notes, &mut faults);
    let order = skip::Order::of(&draft);
    let chains: Vec<&draft::Chain> = draft::chains(&draft).collect();
    let mut writer = rules::Writer::new(&mut tables, &mut notes, &chains, &order);
    for chain in &chains {
        if let Err(fault) = writer.chain(chain) {
            faults.push(fault);
        }
    }
    let (mut rules, metas) = writer.finish();
    if !faults.is_empty() {
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        return Err(faults);
    }
    let table: Vec<RuleInfo> = chains
        .iter()
        .filter_map(|chain| RuleInfo::of(chain))
        .collect();
    let paranoia: Vec<Option<u8>> = chains
        .iter()
        .zip(&table)
        .flat_map(|(chain, info)| chain.links.iter().map(|_| info.paranoia))
        .collect();
    sets::share(&mut rules, &paranoia, &mut tables.patterns);
    let patterns = tables
        .patterns
        .build()
        .map_err(|error| vec![failed(&error.to_string())])?;
    Ok(Compiled {
        program: Program {
            settings: settings::settings(&draft.settings),
            rules,
            phases: order.phases,
            chains: tables.chains.into_list(),
            tx_names: tables.tx.into_list(),
            metas,
            strings: tables.strings.into_list(),
            ip_sets: tables.ip_sets.into_list(),
            patterns,
        },
        table,
        removed: draft.removed,
        notes,
    })
}

/// A fault of the whole.
fn failed(why: &str) -> Fault {
    let place = Place {
        file: Arc::from(Path::new("")),
        line: 0,
        column: 0,
    };
    Fault::new(place, FaultKind::Program(why.to_owned()))
}
