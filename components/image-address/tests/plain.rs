//! The gate's own addresses: query, path, rules, signatures.

mod common;

use common::{NOW_S, request};
use lockgate_image_address::{
    Allow, Choice, Form, ImageRoute, Keys, Picture, Place, Preset, Refusal, Request, Signed,
    choose, plain,
};
use proptest::prelude::*;

fn made(route: &ImageRoute, target: &str) -> Result<Picture, Refusal> {
    choose(route, Keys::default(), &request(target))
}

#[track_caller]
fn is(route: &ImageRoute, target: &str, options: &str) {
    let picture = made(route, target).unwrap_or_else(|refusal| panic!("{target}: {refusal:?}"));
    assert_eq!(picture.options.unwrap_or_default(), options, "{target}");
}

#[track_caller]
fn refused(route: &ImageRoute, target: &str, detail: &str) {
    let refusal = made(route, target).expect_err(target);
    assert_eq!(refusal.detail, detail, "{target}");
    assert_eq!(
        (refusal.status, refusal.code),
        (400, "image_options_invalid")
    );
}

fn listed() -> ImageRoute {
    ImageRoute {
        widths: Choice::Of(vec![320, 640]),
        heights: Choice::Of(vec![200]),
        qualities: Choice::Of(vec![50, 70, 80]),
        allow: Allow::These(Vec::new()),
        presets: vec![Preset {
            name: "thumb".to_owned(),
            options: "w=96,h=96,fit=cover,q=60".to_owned(),
        }],
        ..ImageRoute::open()
    }
}

#[test]
fn equal_meaning_is_equal_text() {
    let route = ImageRoute::open();
    for target in [
        "/a.jpg?w=800&h=600&fit=cover",
        "/a.jpg?fit=cover&height=600&width=800",
        "/a.jpg?h=300&w=400&dpr=2&fit=cover",
        "/a.jpg?w=800&h=600&fit=cover&q=80&g=center",
        "/a.jpg?w=%38%30%30&h=600&fit=cover&v=3",
    ] {
        is(&route, target, "w=800,h=600,fit=cover,q=80");
    }
    is(&route, "/a.jpg", "");
    is(&route, "/a.jpg?fit=cover&g=north&enlarge=1", "");
    is(&route, "/a.jpg?w=5&fit=scale-down", "w=5,q=80");
    is(&route, "/a.jpg?f=png&q=5", "f=png");
}

#[test]
fn options_have_a_place_in_the_path() {
    let mut route = ImageRoute::open();
    route.form = Form::Segment(1);
    let target = "/img/w=800,h=600,fit=cover,f=webp/pictures/1.jpg?v=1";
    is(&route, target, "w=800,h=600,fit=cover,f=webp,q=80");
    assert_eq!(
        made(&route, target).unwrap().place,
        Place::Other {
            path: "/img/pictures/1.jpg".to_owned(),
            query: Some("v=1".to_owned()),
            rewrite: true,
        }
    );
    // Decoded once, so that what is an option is not hidden, and the query has its say too.
    is(&route, "/img/w%3D80%2Ch=6/a.jpg?q=70", "w=80,h=6,q=70");
    refused(&route, "/img/w%253D80/a.jpg", "there is no option w%3D80");
    refused(&route, "/img/w=5/a.jpg?w=6", "w is given more than once");
    refused(
        &route,
        "/img/widht=5/a.jpg",
        "there is no option widht; the nearest is width",
    );
}

#[test]
fn what_is_brought_along_needs_neither_options_nor_a_path() {
    let mut route = ImageRoute {
        quality: 60,
        ..ImageRoute::open()
    };
    assert_eq!(made(&route, "/transform").unwrap().options, None);
    route.upload = true;
    let picture = made(&route, "/transform").unwrap();
    assert_eq!(picture.options.as_deref(), Some("q=60"));
    is(&route, "/transform?w=5&f=png", "w=5,f=png");
    route.form = Form::Segment(1);
    is(&route, "/transform/w=5,f=png", "w=5,f=png");
    route.upload = false;
    refused(
        &route,
        "/transform/w=5,f=png",
        "the path has no place for options",
    );
}

#[test]
fn numbers_are_those_of_the_lists() {
    let mut route = listed();
    is(&route, "/a?w=320&h=200&q=50", "w=320,h=200,q=50");
    refused(
        &route,
        "/a?w=500",
        "w takes one of 320, 640; the nearest is 640",
    );
    refused(
        &route,
        "/a?q=60",
        "q takes one of 50, 70, 80; the nearest is 50",
    );
    refused(&route, "/a?q=40kb", "q takes one of 50, 70, 80");
    refused(&route, "/a?w=320&blur=2", "blur must not be given here");
    refused(&route, "/a?w=320&dpr=2", "dpr must not be given here");
    route.round_up = true;
    is(&route, "/a?w=321&q=1", "w=640,q=50");
    is(&route, "/a?w=1", "w=320,q=80");
    is(&route, "/a?w=8000", "w=640,q=80");
    route.allow = Allow::These(vec!["blur".to_owned(), "dpr".to_owned()]);
    is(&route, "/a?w=320&blur=2&dpr=1.5", "w=640,blur=2,q=80");
    refused(&route, "/a?sharpen=2", "sharpen must not be given here");
    // Pixels of a preset are its own, unless they are multiplied.
    is(&route, "/a?preset=thumb", "w=96,h=96,fit=cover,q=60");
    is(
        &route,
        "/a?preset=thumb&dpr=2",
        "w=320,h=200,fit=cover,q=60",
    );
}

#[test]
fn presets_stand_under_what_the_request_says() {
    let mut route = listed();
    is(
        &route,
        "/a?preset=thumb&w=640&fit=fill",
        "w=640,h=96,fit=fill,q=60",
    );
    refused(&route, "/a?preset=huge", "preset takes one of thumb");
    route.widths = Choice::Of(Vec::new());
    refused(&route, "/a?preset=thumb&w=96", "w must not be given here");
    let none = ImageRoute::open();
    refused(
        &none,
        "/a?preset=x",
        "preset must not be given: there are none here",
    );
}

#[test]
fn a_refusal_names_the_option_and_what_it_takes() {
    let route = ImageRoute::open();
    let pixels = "takes a whole number of pixels from 1 to 8192";
    refused(&route, "/a?w=0", &format!("w {pixels}"));
    refused(&route, "/a?h=8193", &format!("h {pixels}"));
    refused(&route, "/a?f=gif", "f takes one of jpeg, png, webp, auto");
    refused(
        &route,
        "/a?fit=crop",
        "fit takes one of inside, cover, contain, fill, outside, scale-down",
    );
    refused(&route, "/a?f=auto&format=png", "f is given more than once");
    refused(
        &route,
        "/a?wm=logo",
        "wm must not be given: there are no watermarks here",
    );
    // What is no option is the origin's, unless the route says otherwise.
    is(&route, "/a?widht=5&utm=x", "");
    let strict = ImageRoute {
        only_options: true,
        ..route
    };
    refused(
        &strict,
        "/a?widht=5",
        "there is no option widht; the nearest is width",
    );
}

#[test]
fn only_configured_watermarks_are_laid_over() {
    let route = ImageRoute {
        watermarks: vec!["logo".to_owned()],
        ..ImageRoute::open()
    };
    is(&route, "/a?wm=logo:southeast", "wm=logo:southeast,q=80");
    refused(&route, "/a?wm=/etc/passwd", "wm takes one of logo");
}

#[test]
fn the_format_is_chosen_by_what_the_client_names() {
    let mut route = ImageRoute::open();
    let ask = |route: &ImageRoute, target: &str, webp: bool, avif: bool| {
        let request = Request {
            takes_webp: webp,
            takes_avif: avif,
            ..request(target)
        };
        let picture = choose(route, Keys::default(), &request).unwrap();
        (picture.options.unwrap_or_default(), picture.negotiated)
    };
    let text = |text: &str| (text.to_owned(), true);
    assert_eq!(ask(&route, "/a?w=9", true, true), text("w=9,f=webp,q=80"));
    assert_eq!(ask(&route, "/a?w=9", false, true), text("w=9,q=80"));
    assert_eq!(ask(&route, "/a", false, false), text(""));
    route.formats.push("avif".to_owned());
    assert_eq!(ask(&route, "/a?w=9&f=auto", true, true), text("w=9,f=avif"));
    // Too many pixels, or who knows how many.
    assert_eq!(
        ask(&route, "/a?w=1001", true, true),
        text("w=1001,f=webp,q=80")
    );
    assert_eq!(ask(&route, "/a", true, true), text("f=webp,q=80"));
    route.auto_format = false;
    let png = ("f=png".to_owned(), false);
    assert_eq!(ask(&route, "/a?f=png", true, true), png);
    assert_eq!(ask(&route, "/a", true, true), (String::new(), false));
}

const KEY: &[u8] = b"a key of thirty-two bytes, it is";

fn signed_route(signed: Signed) -> ImageRoute {
    ImageRoute { signed, ..listed() }
}

fn with_keys(route: &ImageRoute, target: &str, now_s: u64) -> Result<Picture, Refusal> {
    let keys = [b"the next key of the rotation".to_vec(), KEY.to_vec()];
    let keys = Keys {
        keys: &keys,
        salts: &[],
    };
    let request = Request {
        now_s,
        ..request(target)
    };
    choose(route, keys, &request)
}

fn sign(route: &ImageRoute, target: &str, expires_s: Option<u64>) -> String {
    let request = request(target);
    plain::sign(route, KEY, request.path, request.query, expires_s).unwrap()
}

#[test]
fn a_signature_frees_of_the_lists_and_is_no_part_of_the_picture() {
    for signed in [Signed::Optional, Signed::Required] {
        let route = signed_route(signed);
        let target = sign(&route, "/a.jpg?w=77&blur=2&v=3", None);
        let picture = with_keys(&route, &target, NOW_S).unwrap();
        assert_eq!(picture.options.as_deref(), Some("w=77,blur=2,q=80"));
        assert_eq!(picture.place, Place::Path { in_query: true });
    }
    let route = signed_route(Signed::Optional);
    assert!(with_keys(&route, "/a.jpg?w=320", NOW_S).is_ok());
    assert!(with_keys(&route, "/a.jpg?w=77", NOW_S).is_err());
    let required = signed_route(Signed::Required);
    let refusal = with_keys(&required, "/a.jpg?w=320", NOW_S).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code),
        (403, "image_signature_missing")
    );
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let route = signed_route(Signed::Required);
    let target = sign(&route, "/a.jpg?w=77&v=3", Some(NOW_S + 60));
    assert!(with_keys(&route, &target, NOW_S).is_ok());
    for (from, to) in [
        ("/a.jpg", "/b.jpg"),
        ("w=77", "w=78"),
        ("v=3", "v=4"),
        ("v=3", "v=3&q=70"),
        ("v=3", "v=3&preset=thumb"),
        ("v=3", "v=3&dpr=2"),
        ("v=3", "v=3&f=auto"),
        ("exp=1800000060", "exp=1800000061"),
        ("exp=1800000060&", ""),
        ("&s=", "&s=A"),
    ] {
        let changed = target.replace(from, to);
        assert_ne!(changed, target);
        let refusal = with_keys(&route, &changed, NOW_S).expect_err(&changed);
        assert_eq!(
            (refusal.status, refusal.code),
            (403, "image_signature_invalid")
        );
    }
    // Order and spelling of options are not what was signed; its first 18 bytes are enough, 15 are not.
    let respelt = target.replace("w=77&v=3", "v=3&width=77");
    assert!(with_keys(&route, &respelt, NOW_S).is_ok());
    let at = target.find("&s=").unwrap() + 3;
    assert!(with_keys(&route, &target[..at + 24], NOW_S).is_ok());
    assert!(with_keys(&route, &target[..at + 20], NOW_S).is_err());
}

#[test]
fn a_signature_ends() {
    let route = signed_route(Signed::Required);
    let target = sign(&route, "/a.jpg?w=77", Some(NOW_S + 60));
    assert!(with_keys(&route, &target, NOW_S + 59).is_ok());
    let refusal = with_keys(&route, &target, NOW_S + 60).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code),
        (403, "image_signature_expired")
    );
    let unsigned = with_keys(&signed_route(Signed::Optional), "/a.jpg?exp=5", NOW_S);
    assert_eq!(unsigned.unwrap_err().detail, "exp needs a signature (s)");
}

#[test]
fn the_path_form_is_signed_likewise() {
    let mut route = signed_route(Signed::Required);
    route.form = Form::Segment(1);
    let target = sign(&route, "/img/w=77,preset=thumb/a/b.jpg", None);
    let picture = with_keys(&route, &target, NOW_S).unwrap();
    assert_eq!(picture.options.as_deref(), Some("w=77,h=96,fit=cover,q=60"));
    let (path, s) = target.split_once("?s=").unwrap();
    let inside = path.replace("w=77", &format!("s={s},w=77"));
    assert!(with_keys(&route, &inside, NOW_S).is_ok(), "{inside}");
    let elsewhere = target.replace("/a/b.jpg", "/a/c.jpg");
    assert!(with_keys(&route, &elsewhere, NOW_S).is_err());
}

/// Made with another implementation (Python's `hmac`), so that other programs can sign.
#[test]
fn the_message_is_the_one_that_is_documented() {
    let mut route = signed_route(Signed::Required);
    route.form = Form::Query;
    let target = sign(
        &route,
        "/pictures/1.jpg?w=800&fit=cover&v=2&h=600",
        Some(1_900_000_000),
    );
    assert_eq!(
        target,
        "/pictures/1.jpg?w=800&fit=cover&v=2&h=600&exp=1900000000&s=iT4VJnvo0b35BbFQQ5toPQoonU0YDs-RKQfAM_Hg65w"
    );
}

proptest! {
    #[test]
    fn any_address_has_an_answer(path in "/[ -~]{0,60}", query in "[ -~]{0,120}", form in 0_u8..3) {
        let mut route = listed();
        route.signed = Signed::Optional;
        route.form = if form == 0 { Form::Query } else { Form::Segment(form) };
        let request = Request { raw_path: &path, path: &path, query: Some(&query), ..request("/") };
        if let Ok(picture) = choose(&route, Keys::default(), &request)
            && let Some(text) = picture.options
        {
            let again = lockgate_image_options::Options::parse(&text).unwrap();
            prop_assert_eq!(again.to_string(), text);
        }
    }
}
