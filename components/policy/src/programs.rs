//! The loaded programs of a bundle.

use std::sync::Arc;

use lockgate_waf::Engine;

/// A loaded program.
#[derive(Clone)]
pub(crate) struct Program {
    /// The SHA-256 of its image.
    digest: [u8; 32],
    /// The rule file that switches it on.
    pub(crate) name: String,
    pub(crate) engine: Arc<Engine>,
}

/// Loads the programs that a bundle names from their images, but for those that are known by their
/// digest.
///
/// # Errors
/// In words for the operator: an image that does not load, or that is not there.
pub(crate) fn load(
    known: &[Program],
    named: &[lockgate_bundle::Program],
    images: Vec<Vec<u8>>,
) -> Result<Vec<Program>, String> {
    let mut images = images.into_iter();
    let mut programs: Vec<Program> = Vec::with_capacity(named.len());
    for program in named {
        let image = images.next();
        let mut loaded = programs.iter().chain(known);
        if let Some(same) = loaded.find(|one| one.digest == program.digest) {
            let same = Program {
                name: program.name.clone(),
                ..same.clone()
            };
            programs.push(same);
            continue;
        }
        let image =
            image.ok_or_else(|| format!("the program of {:?} is not there", program.name))?;
        let engine = Engine::load(&image)
            .map_err(|error| format!("the rules of {:?}: {error}", program.name))?;
        programs.push(Program {
            digest: program.digest,
            name: program.name.clone(),
            engine: Arc::new(engine),
        });
    }
    Ok(programs)
}
