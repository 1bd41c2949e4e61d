//! What the shop sells: products invented from a seed, so that every start is the same shop.

pub(crate) mod invent;
pub(crate) mod theme;

use serde::Serialize;

use crate::pictures::models::Kind;

/// Modification time of every product, Unix seconds: 2026-01-01T00:00:00Z. Products never change.
pub(crate) const PRODUCTS_MODIFIED_S: u64 = 1_767_225_600;

/// One product. Prices are in euro cents, weights in grams.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) colour: String,
    pub(crate) price_cents: u32,
    pub(crate) currency: &'static str,
    pub(crate) weight_g: u32,
    /// Paths of the pictures: a JPEG always, a PNG with transparency for every fourth product.
    pub(crate) pictures: Vec<String>,
    #[serde(skip)]
    pub(crate) kind: Kind,
}

/// The paths of a product's pictures.
pub(crate) fn picture_paths(id: u32) -> Vec<String> {
    let mut paths = vec![format!("/pictures/{id}.jpg")];
    if has_cut_out(id) {
        paths.push(format!("/pictures/{id}.png"));
    }
    paths
}

/// Whether the product has a PNG without background, too.
pub(crate) fn has_cut_out(id: u32) -> bool {
    id.is_multiple_of(4)
}
