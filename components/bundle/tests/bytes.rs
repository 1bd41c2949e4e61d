//! Bundles as bytes: the same ones each time, and damage is noticed.

use lockgate_bundle::image::{Choice, Preset};
use lockgate_bundle::{
    Action, Bundle, BundleError, FORMAT_VERSION, ImageRoute, KeyPart, Limit, MAGIC, Program,
    RoutePlan, Site, digest, split,
};
use proptest::prelude::*;

/// Images of the lengths that the programs say.
fn images(bundle: &Bundle) -> Vec<&'static [u8]> {
    static ZEROS: [u8; 1024] = [0; 1024];
    let lengths = bundle
        .programs
        .iter()
        .map(|program| program.image_bytes as usize);
    lengths
        .map(|length| ZEROS.get(..length).unwrap_or(&ZEROS))
        .collect()
}

fn sample() -> Bundle {
    Bundle {
        sites: vec![Site {
            name: "shop".into(),
            firewall: None,
            program: None,
            path_parameters: false,
            unknown_coding_passes: false,
        }],
        plans: vec![RoutePlan {
            site: 0,
            name: "image".into(),
            action: Action::Origin,
            strip_prefix: "/img".into(),
            add_prefix: String::new(),
            sign_in: None,
            limits: vec![0, 1],
            cache: None,
            image: Some(ImageRoute {
                widths: Choice::Of(vec![320]),
                heights: Choice::Of(vec![]),
                qualities: Choice::Any,
                presets: vec![Preset {
                    name: "thumb".into(),
                    options: "w=96,fit=cover,f=webp".into(),
                }],
                keys: vec!["pictures".into()],
                ..ImageRoute::open()
            }),
        }],
        limits: vec![
            Limit {
                name: "a".into(),
                key: vec![KeyPart::Client],
            },
            Limit {
                name: "b".into(),
                key: vec![KeyPart::Token, KeyPart::Route],
            },
        ],
        ..Bundle::default()
    }
}

#[test]
fn a_bundle_is_read_as_written_and_written_the_same() {
    let bytes = sample().to_bytes(&[]).expect("sound");
    assert_eq!(Bundle::from_bytes(&bytes), Ok(sample()));
    assert_eq!(sample().to_bytes(&[]), Ok(bytes.clone()));
    let name = digest(&bytes).to_string();
    assert_eq!(name.len(), 64);
    let tag: String = digest(&bytes)
        .tag()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert!(name.starts_with(&tag));
}

#[test]
fn what_is_no_bundle_is_refused() {
    let bytes = sample().to_bytes(&[]).expect("sound");
    assert_eq!(Bundle::from_bytes(b""), Err(BundleError::Magic));
    assert_eq!(Bundle::from_bytes(&[0; 64]), Err(BundleError::Magic));
    let mut newer = bytes.clone();
    newer[MAGIC.len()] += 1;
    assert_eq!(
        Bundle::from_bytes(&newer),
        Err(BundleError::Version(FORMAT_VERSION + 1))
    );
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        Bundle::from_bytes(&longer),
        Err(BundleError::Damaged(
            "1 bytes of programs where it says 0".into()
        ))
    );
    for len in 0..bytes.len() {
        assert!(Bundle::from_bytes(&bytes[..len]).is_err(), "cut at {len}");
    }
}

#[test]
fn images_stand_behind_the_bundle() {
    let mut bundle = sample();
    for (name, image_bytes) in [("crs", 3), ("own", 2)] {
        bundle.programs.push(Program {
            name: name.into(),
            image_bytes,
            digest: [7; 32],
        });
    }
    bundle.sites[0].program = Some(1);
    let bytes = bundle.to_bytes(&[b"one", b"22"]).expect("sound");
    let (read, images) = Bundle::with_images(bytes.clone()).expect("as written");
    assert_eq!(read, bundle);
    assert_eq!(images, [b"one".to_vec(), b"22".to_vec()]);
    assert!(Bundle::with_images(bytes[..bytes.len() - 1].to_vec()).is_err());
    let (own, behind) = split(&bytes).expect("as written");
    assert_eq!(behind, b"one22");
    // It goes about without them, under the same name.
    assert_eq!(digest(own), digest(&bytes));
    let (read, images) = Bundle::with_images(own.to_vec()).expect("as written");
    assert_eq!((read, images), (bundle.clone(), Vec::new()));
    assert_eq!(
        bundle.to_bytes(&[b"one", b"333"]),
        Err(BundleError::Unsound("an image is not that of its program"))
    );
}

#[test]
fn indexes_that_point_nowhere_are_refused() {
    let refused = |change: fn(&mut Bundle)| {
        let mut bundle = sample();
        change(&mut bundle);
        match bundle.to_bytes(&images(&bundle)) {
            Err(BundleError::Unsound(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|b| b.plans[0].site = 1), "a route names no site");
    assert_eq!(
        refused(|b| b.plans[0].limits = vec![2]),
        "a route names no limit"
    );
    assert_eq!(
        refused(|b| b.plans[0].limits = vec![1, 0]),
        "the limits of a route are not ascending"
    );
    assert_eq!(
        refused(|b| b.sites[0].firewall = Some(0)),
        "a site names no firewall"
    );
    assert_eq!(
        refused(|b| b.sites[0].program = Some(0)),
        "a site names no program"
    );
    assert_eq!(
        refused(|b| b.rule_names.push("x".into())),
        "the rule names do not belong to the firewalls"
    );
    assert_eq!(
        refused(|b| b.limits[0].key.clear()),
        "a limit counts by nothing, or by too much"
    );
}

#[test]
fn the_sign_in_digest_is_that_of_the_sign_ins() {
    let mut other = sample();
    other.sites[0].name = "another".into();
    assert_eq!(sample().sign_in_digest(), other.sign_in_digest());
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&body);
        if let Ok(bundle) = Bundle::from_bytes(&bytes) {
            // What is read can be written; images of more than a kilobyte do not come up here.
            prop_assert!(bundle.to_bytes(&images(&bundle)).is_ok());
        }
    }
}
