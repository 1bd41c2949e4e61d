//! Bundles: a damaged one is refused, or it is sound.

use crate::shop;
use lockgate_bundle::Bundle;
use lockgate_policy::Policy;
use lockgate_wire::Verdict;

/// Requests that reach every stage of the shop.
const HEADS: [&str; 6] = [
    "GET /products/1?a=b\nHost: shop.example\nUser-Agent: sqlmap",
    "GET /img/a.jpg?w=320&preset=thumb&q=1\nHost: x.shop.example\nAccept: image/webp",
    "GET /orders/%7e/b\nHost: SHOP.example\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
    "DELETE /refunds\nHost: shop.example\nX-Forwarded-For: 203.0.113.9, 10.0.0.1",
    "GET /api/a/b/c/d/e/f/g?x\nHost: other.example",
    "OPTIONS *\nHost: shop.example",
];

/// Reads, writes and reads again; then lets the bundle decide.
pub fn run(data: &[u8]) {
    let Ok((bundle, images)) = Bundle::with_images(data.to_vec()) else {
        return;
    };
    // Images may be left out, all of them.
    if images.len() == bundle.programs.len() {
        let images: Vec<&[u8]> = images.iter().map(Vec::as_slice).collect();
        let written = bundle.to_bytes(&images);
        let written = written.expect("what was read can be written");
        assert_eq!(Bundle::from_bytes(&written), Ok(bundle));
    }
    let Ok(policy) = Policy::load(data.to_vec(), &shop::secrets()) else {
        return;
    };
    for head in HEADS {
        let input = shop::Ask::default().input(head.as_bytes());
        let verdict = policy.decide(&input);
        assert!(Verdict::parse(&verdict).is_ok());
        assert_eq!(policy.decide(&input), verdict);
    }
}
