//! Routes and requests of the tests.

#![allow(dead_code, reason = "each test file uses a part of this")]

use lockgate_image_address::{
    Form, ImageRoute, Keys, Picture, Place, Refusal, Request, Signed, Source, choose,
};
use lockgate_normalise::NormaliseError;
use lockgate_normalise::path::canonical_path;
use lockgate_normalise::query::canonical_query;

/// 2027-01-15 08:00:00 UTC.
pub(crate) const NOW_S: u64 = 1_800_000_000;

/// A request for a target, as the client wrote it.
pub(crate) fn request(target: &str) -> Request<'_> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    Request {
        raw_path: path,
        path,
        query,
        now_s: NOW_S,
        takes_webp: false,
        takes_avif: false,
        dimension_max: 8192,
    }
}

/// Another service's route at `/t/`, with one key (and imgproxy's salt).
pub(crate) struct Theirs {
    pub(crate) route: ImageRoute,
    keys: Vec<Vec<u8>>,
    salts: Vec<Vec<u8>>,
}

impl Theirs {
    pub(crate) fn new(form: Form, signed: Signed, key: &[u8], salt: &[u8]) -> Self {
        let mut route = ImageRoute::open();
        route.form = form;
        route.prefix = "/t/".to_owned();
        route.signed = signed;
        route.formats = ["jpeg", "png", "webp", "avif"].map(str::to_owned).to_vec();
        Self {
            route,
            // An older one beside it: every key is accepted.
            keys: vec![b"an older key".to_vec(), key.to_vec()],
            salts: vec![b"an older salt".to_vec(), salt.to_vec()],
        }
    }

    pub(crate) fn source(mut self, from: &str, to: &str) -> Self {
        self.route.sources.push(Source {
            from: from.to_owned(),
            to: to.to_owned(),
        });
        self
    }

    pub(crate) fn choose(&self, address: &str) -> Result<Picture, Refusal> {
        let target = format!("/t/{address}");
        let keys = Keys {
            keys: &self.keys,
            salts: &self.salts,
        };
        let raw = request(&target);
        let refused = |error: NormaliseError| Refusal {
            status: 400,
            code: "image_source_refused",
            detail: error.to_string(),
        };
        let path = canonical_path(raw.path.as_bytes()).map_err(refused)?;
        let query = raw.query.map(|query| canonical_query(query.as_bytes()));
        let query = query.transpose().map_err(refused)?;
        let canonical = Request {
            path: &path,
            query: query.as_deref(),
            ..raw
        };
        choose(&self.route, keys, &canonical)
    }

    /// Options and path of the origin.
    #[track_caller]
    pub(crate) fn is(&self, address: &str, options: &str, path: &str) {
        match self.choose(address) {
            Ok(picture) => {
                let made = picture.options.unwrap_or_default();
                assert_eq!(made, options, "{address}");
                assert_eq!(origin(&picture.place), path, "{address}");
            }
            Err(refusal) => panic!("{address}: {refusal:?}"),
        }
    }

    /// A refusal: status, code and what its text holds.
    #[track_caller]
    pub(crate) fn refuses(&self, address: &str, status: u16, code: &str, holds: &str) {
        let refusal = self.choose(address).expect_err(address);
        assert_eq!((refusal.status, refusal.code), (status, code), "{address}");
        assert!(refusal.detail.contains(holds), "{address}: {refusal:?}");
    }

    /// A 400 that names what there is not.
    #[track_caller]
    pub(crate) fn lacks(&self, address: &str, name: &str) {
        let text = format!("{name} is not supported here");
        self.refuses(address, 400, "image_options_invalid", &text);
    }
}

pub(crate) fn origin(place: &Place) -> String {
    match place {
        Place::Path { .. } => "as asked".to_owned(),
        Place::Other { path, query, .. } => match query {
            Some(query) => format!("{path}?{query}"),
            None => path.clone(),
        },
    }
}
