//! Addresses of pictures in every form, an address a line, and the text of options.

use crate::parts::{noise, texts};
use lockgate_image_address::{Form, ImageRoute, Keys, Place, Request, Signed, Source, choose};
use lockgate_image_options::Options;
use lockgate_normalise::path::canonical_path;
use lockgate_normalise::query::canonical_query;

const ADDRESSES_MAX: usize = 20;

/// Reads each line as an address of each form, and as options.
pub fn run(data: &[u8]) {
    for line in texts(data, ADDRESSES_MAX) {
        options(line);
        for form in [
            Form::Query,
            Form::Segment(0),
            Form::Aws,
            Form::Thumbor,
            Form::Imgproxy,
        ] {
            address(form, line, noise(data));
        }
    }
}

/// What is read has one text, and that text means the same.
fn options(text: &str) {
    if let Ok(options) = Options::parse(text) {
        let canonical = options.to_string();
        assert_eq!(Options::parse(&canonical).expect("canonical"), options);
        if let Ok(bounded) = options.within(4000) {
            let (width, height) = (bounded.width, bounded.height);
            assert!(width.is_some_and(|side| side <= 4000));
            assert!(height.is_some_and(|side| side <= 4000));
        }
    }
}

fn address(form: Form, line: &str, noise: u64) {
    let target = format!("/{}", line.trim_start_matches('/'));
    let (raw_path, raw_query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target.as_str(), None),
    };
    let Ok(path) = canonical_path(raw_path.as_bytes()) else {
        return;
    };
    let Ok(query) = raw_query.map(|q| canonical_query(q.as_bytes())).transpose() else {
        return;
    };
    let request = Request {
        raw_path,
        path: &path,
        query: query.as_deref(),
        now_s: 1_800_000_000,
        takes_webp: noise & 1 != 0,
        takes_avif: noise & 2 != 0,
        dimension_max: 8192,
    };
    let theirs = matches!(form, Form::Aws | Form::Thumbor | Form::Imgproxy);
    let mut route = ImageRoute {
        form,
        prefix: "/".to_owned(),
        signed: Signed::Optional,
        watermarks: vec!["logo".to_owned()],
        ..ImageRoute::open()
    };
    if theirs {
        route.sources.push(Source {
            from: "s3://b/".to_owned(),
            to: "/b/".to_owned(),
        });
    }
    let keys = [b"nobody knows this".to_vec()];
    let keys = Keys {
        keys: &keys,
        salts: &[],
    };
    if let Ok(picture) = choose(&route, keys, &request) {
        if let Some(text) = &picture.options {
            assert!(text.len() <= 2048, "{text}");
            let options = Options::parse(text).expect("canonical");
            assert_eq!(&options.to_string(), text);
            assert!(options.width.is_none_or(|side| side <= 8192));
        }
        if let Place::Other { path, query, .. } = &picture.place {
            let again = canonical_path(path.as_bytes()).expect("canonical");
            assert_eq!(&again, path);
            assert!(!theirs || path.starts_with("/b/"), "{path}");
            if let Some(query) = query {
                let again = canonical_query(query.as_bytes()).expect("canonical");
                assert_eq!(&again, query);
            }
        }
        // The same request, the same picture.
        assert_eq!(choose(&route, keys, &request), Ok(picture));
    }
    // Nobody gets in without a key.
    route.signed = Signed::Required;
    assert!(choose(&route, keys, &request).is_err(), "{target}");
}
