//! Where the built binaries and components are.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What the tests run.
#[derive(Debug)]
pub struct Artifacts {
    /// The `lockgate` binary.
    pub lockgate: PathBuf,
    /// The `lockgate-shop` binary.
    pub shop: PathBuf,
    /// A folder with `policy.wasm` and `image.wasm`.
    pub components: PathBuf,
    /// Where the host keeps precompiled components, shared by all tests.
    pub store: PathBuf,
    /// Folder for what the tests make of the artifacts.
    pub scratch: PathBuf,
    places: Vec<PathBuf>,
}

/// The artifacts; `None` where they are not built, said once on standard error.
///
/// They are looked for in `LOCKGATE_DIST`, in `dist/` of the workspace and in the target folder
/// of this test, in this order; each by itself.
///
/// # Panics
/// Where they are not built and `CI=true`.
pub fn find() -> Option<&'static Artifacts> {
    static FOUND: OnceLock<Option<Artifacts>> = OnceLock::new();
    FOUND
        .get_or_init(|| match locate() {
            Ok(artifacts) => Some(artifacts),
            Err(missing) => {
                let ci = std::env::var("CI").is_ok_and(|value| value == "true");
                assert!(!ci, "{missing} is not built: run `cargo xtask build`");
                eprintln!("SKIPPED: {missing} is not built: run `cargo xtask build`");
                None
            }
        })
        .as_ref()
}

impl Artifacts {
    /// A composed component by its name in `dist/`; `None` as for [`find`].
    ///
    /// # Panics
    /// Where it is not built and `CI=true`.
    pub fn composed(&self, name: &str) -> Option<PathBuf> {
        let found = first_file(&self.places, &[name]);
        if found.is_none() {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{name} is not built: run `cargo xtask build`");
            eprintln!("SKIPPED: {name} is not built: run `cargo xtask build`");
        }
        found
    }

    /// A component by its name in `dist/` or its crate's name; `None` as for [`find`].
    ///
    /// # Panics
    /// Where it is not built and `CI=true`.
    pub fn component(&self, name: &str, crate_name: &str) -> Option<PathBuf> {
        match component(&self.places, name, crate_name) {
            Ok(path) => Some(path),
            Err(missing) => {
                let ci = std::env::var("CI").is_ok_and(|value| value == "true");
                let how = format!(
                    "run `cargo build --release --target wasm32-wasip2 -p {}`",
                    crate_name.replace('_', "-")
                );
                assert!(!ci, "{missing} is not built: {how}");
                eprintln!("SKIPPED: {missing} is not built: {how}");
                None
            }
        }
    }
}

fn locate() -> Result<Artifacts, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    let target = target_folder(workspace);
    let mut places: Vec<PathBuf> = std::env::var_os("LOCKGATE_DIST")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    places.push(workspace.join("dist"));
    places.push(target.join("release"));
    places.push(target.join("wasm32-wasip2/release"));
    let binary = |name: &str| first_file(&places, &[name]).ok_or_else(|| name.to_owned());
    let (lockgate, shop) = (binary("lockgate")?, binary("lockgate-shop")?);
    let policy = component(&places, "policy.wasm", "lockgate_policy")?;
    let image = component(&places, "image.wasm", "lockgate_image")?;
    let scratch = target.join("lockgate-tests");
    let components = scratch.join(format!("components-{}", std::process::id()));
    link(&policy, &components.join("policy.wasm"))?;
    link(&image, &components.join("image.wasm"))?;
    let store = scratch.join("store");
    Ok(Artifacts {
        lockgate,
        shop,
        components,
        store,
        scratch,
        places,
    })
}

/// Tests lie in `<target>/<profile>/deps`.
fn target_folder(workspace: &Path) -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.ancestors().nth(3).map(Path::to_path_buf))
        .unwrap_or_else(|| workspace.join("target"))
}

fn component(places: &[PathBuf], name: &str, crate_name: &str) -> Result<PathBuf, String> {
    let built = format!("{crate_name}.wasm");
    first_file(places, &[name, &built]).ok_or_else(|| name.to_owned())
}

fn first_file(places: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let mut candidates = places
        .iter()
        .flat_map(|place| names.iter().map(move |name| place.join(name)));
    candidates.find(|path| path.is_file())
}

/// Makes `to` a link to `from`, in a folder that is made.
pub(crate) fn link(from: &Path, to: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{} ({error})", to.display());
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(said)?;
    }
    match std::fs::remove_file(to) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(said(error)),
    }
    std::os::unix::fs::symlink(from, to).map_err(said)
}
