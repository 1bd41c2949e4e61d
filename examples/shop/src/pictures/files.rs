//! Pictures as files: drawn at the first request, once however many ask, then kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{OnceCell, Semaphore};

use super::{encode, models, render};
use crate::catalogue::theme::Theme;
use crate::catalogue::{Product, has_cut_out};
use crate::options::Options;
use crate::random::fnv1a;
use crate::store::{ShopFacts, Store};

/// Change it with anything that changes a picture: it is part of every ETag and file name.
const RENDERER: u32 = 1;

/// Why there is no picture.
#[derive(Debug, Error)]
pub(crate) enum PictureError {
    /// The JPEG encoder failed.
    #[error("JPEG: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
    /// The PNG encoder failed.
    #[error("PNG: {0}")]
    Png(#[from] image::ImageError),
    /// The folder cannot be read or written.
    #[error("picture file: {0}")]
    File(#[from] std::io::Error),
    /// The shop is stopping.
    #[error("the shop is stopping")]
    Stopping,
}

/// The format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// With the studio behind it.
    Jpeg,
    /// Without background, but with its shadow.
    Png,
}

impl Format {
    /// `jpg` or `png`.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "jpg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The Content-Type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A picture that is drawn, or is being drawn.
type Cell = Arc<OnceCell<Bytes>>;

/// All pictures of a shop.
pub(crate) struct Pictures {
    folder: Option<PathBuf>,
    facts: ShopFacts,
    theme: Theme,
    drawn: Mutex<BTreeMap<(u32, Format), Cell>>,
    /// One picture at a time: drawing one uses all cores.
    turn: Semaphore,
}

impl Pictures {
    /// Makes the folder if there is to be one; draws nothing yet.
    pub(crate) fn new(options: &Options, facts: &ShopFacts, theme: Theme) -> std::io::Result<Self> {
        let beside = || {
            let in_memory = options.database == ":memory:";
            (!in_memory).then(|| PathBuf::from(format!("{}-pictures", options.database)))
        };
        let folder = options.pictures.clone().or_else(beside);
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
        }
        let drawn = Mutex::new(BTreeMap::new());
        Ok(Self {
            folder,
            facts: facts.clone(),
            theme,
            drawn,
            turn: Semaphore::new(1),
        })
    }

    /// Identifies the bytes of a picture without drawing it.
    pub(crate) fn tag(&self, product: &Product, format: Format) -> u64 {
        let ShopFacts { brand, range, seed } = &self.facts;
        let (id, kind, colour) = (product.id, product.kind, &product.colour);
        let all = format!("{RENDERER}|{brand}|{range:?}|{seed}|{id}|{kind:?}|{colour}|{format:?}");
        fnv1a(all.as_bytes())
    }

    /// The bytes of a picture.
    pub(crate) async fn get(
        &self,
        product: &Product,
        format: Format,
    ) -> Result<Bytes, PictureError> {
        let cell = self
            .drawn
            .lock()
            .entry((product.id, format))
            .or_default()
            .clone();
        let bytes = cell
            .get_or_try_init(|| self.read_or_draw(product, format))
            .await?
            .clone();
        if self.folder.is_some() {
            // The file is the memory from now on.
            self.drawn.lock().remove(&(product.id, format));
        }
        Ok(bytes)
    }

    async fn read_or_draw(&self, product: &Product, format: Format) -> Result<Bytes, PictureError> {
        let path = self.folder.as_ref().map(|folder| {
            let tag = self.tag(product, format);
            folder.join(format!("{}-{tag:016x}.{}", product.id, format.extension()))
        });
        if let Some(path) = path.clone() {
            let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
            match read.map_err(|_| PictureError::Stopping)? {
                Ok(bytes) => return Ok(bytes.into()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        let _turn = self
            .turn
            .acquire()
            .await
            .map_err(|_| PictureError::Stopping)?;
        let (product, theme, seed) = (product.clone(), self.theme.clone(), self.facts.seed);
        tokio::task::spawn_blocking(move || {
            let bytes = draw(&product, &theme, seed, format)?;
            if let Some(path) = path {
                replace(&path, &bytes)?;
            }
            Ok(bytes.into())
        })
        .await
        .map_err(|_| PictureError::Stopping)?
    }
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension(format!("part-{}", std::process::id()));
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, path)
}

fn draw(
    product: &Product,
    theme: &Theme,
    seed: u64,
    format: Format,
) -> Result<Vec<u8>, PictureError> {
    let scene = models::scene(product, theme, seed, format == Format::Png);
    match format {
        Format::Jpeg => encode::jpeg(&render::render(&scene, true)),
        Format::Png => encode::png(&render::render(&scene, false)),
    }
}

/// Draws every picture of the shop that `options` describe into `folder` as `<id>.jpg` and `<id>.png`.
///
/// # Errors
/// If the database or the folder cannot be used.
pub fn write_all(options: &Options, folder: &Path) -> anyhow::Result<()> {
    let store = Store::open(options)?;
    let facts = store.facts();
    let theme = Theme::of_brand(&facts.brand, facts.range);
    std::fs::create_dir_all(folder)?;
    for product in store.products() {
        let formats = [
            Some(Format::Jpeg),
            has_cut_out(product.id).then_some(Format::Png),
        ];
        for format in formats.into_iter().flatten() {
            let bytes = draw(product, &theme, facts.seed, format)?;
            let name = format!("{}.{}", product.id, format.extension());
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
