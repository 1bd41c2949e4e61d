//! Options of pictures: from query and Accept to a plan, or to 400 that says what is allowed.

mod common;

use common::{Ask, check, check_ask};
use lockgate_wire::{Verdict, VerdictBody};

const WEBP: &str = "Accept: image/avif,image/webp,image/*,*/*;q=0.8";

#[track_caller]
fn image(target: &str, accept: &str, expected: &str) {
    let free = !target.contains("format=jpeg");
    let negotiated = if free { " negotiated" } else { "" };
    check(
        &format!("GET {target} HTTP/1.1\n{accept}"),
        &format!("respond plan route=image{expected}{negotiated} cached limit=per-client"),
    );
}

#[test]
fn options_become_a_plan_and_do_not_reach_the_origin() {
    let any = "Accept: */*";
    image("/img/a.jpg", any, "");
    image("/img/a.jpg?v=3", any, "");
    image("/img/a.jpg?w=320", any, " to=/img/a.jpg image=w=320,q=80");
    image(
        "/img/a.jpg?v=3&w=320&h=200&fit=cover&x&q=50&format=jpeg",
        any,
        " to=/img/a.jpg?v=3&x image=w=320,h=200,fit=cover,f=jpeg,q=50",
    );
    image("/img/a.jpg?%77=640", any, " to=/img/a.jpg image=w=640,q=80");
    // Without a box there is nothing to fit into; nothing asked is nothing made.
    image(
        "/img/a.jpg?w=320&fit=fill",
        any,
        " to=/img/a.jpg image=w=320,q=80",
    );
    image("/img/a.jpg?fit=fill", any, " to=/img/a.jpg");
    image("/img/a.jpg?format=auto", any, " to=/img/a.jpg");
}

#[test]
fn presets_stand_under_what_the_request_says() {
    let any = "Accept: image/jpeg";
    image(
        "/img/a.jpg?preset=thumb",
        any,
        " to=/img/a.jpg image=w=96,h=96,fit=cover,q=60",
    );
    image(
        "/img/a.jpg?preset=thumb&w=320&q=90",
        any,
        " to=/img/a.jpg image=w=320,h=96,fit=cover,q=90",
    );
}

#[test]
fn webp_goes_to_those_who_name_it() {
    image("/img/a.jpg", WEBP, " image=f=webp,q=80");
    image(
        "/img/a.jpg?w=320",
        WEBP,
        " to=/img/a.jpg image=w=320,f=webp,q=80",
    );
    image(
        "/img/a.jpg?w=320&format=jpeg",
        WEBP,
        " to=/img/a.jpg image=w=320,f=jpeg,q=80",
    );
    image("/img/a.jpg", "Accept: image/webp;q=0", "");
    image("/img/a.jpg", "Accept: image/*", "");
    image(
        "/img/a.jpg",
        "Accept: text/html\nAccept: image/webp",
        " image=f=webp,q=80",
    );
    // Not negotiated here, unless the request asks for it.
    let free = |target: &str, expected: &str| {
        check(
            &format!("GET {target} HTTP/1.1\n{WEBP}"),
            &format!("respond plan route=free-image to=/a.jpg{expected} cached limit=per-client"),
        );
    };
    free("/free/a.jpg", "");
    free("/free/a.jpg?format=auto", " image=f=webp,q=80 negotiated");
    // PNG has no quality: one key for all.
    free("/free/a.jpg?format=png&q=5", " image=f=png");
}

#[test]
fn only_reading_is_transformed() {
    check(
        "HEAD /img/a.jpg?w=320 HTTP/1.1",
        "respond plan route=image to=/img/a.jpg image=w=320,q=80 negotiated cached limit=per-client",
    );
    check(
        "POST /img/a.jpg?w=1 HTTP/1.1",
        "respond plan route=image limit=per-client",
    );
}

#[test]
fn one_list_bounds_them_all() {
    refused_at(
        "/widths/a.jpg?w=640",
        "w takes one of 320; the nearest is 320",
    );
    refused_at("/widths/a.jpg?h=200", "h must not be given here");
    refused_at("/widths/a.jpg?w=320&h=1", "h must not be given here");
    refused_at("/widths/a.jpg?q=80", "q must not be given here");
    check(
        "GET /widths/a.jpg?w=320&preset=thumb&fit=fill HTTP/1.1",
        "respond plan route=widths to=/widths/a.jpg image=w=320,h=96,fit=fill,q=60 negotiated cached limit=per-client",
    );
    // Without any list all numbers are offered.
    check(
        "GET /free/a.jpg?w=77&h=78&q=79 HTTP/1.1",
        "respond plan route=free-image to=/a.jpg image=w=77,h=78,q=79 cached limit=per-client",
    );
}

#[test]
fn presets_can_be_all_there_is() {
    for name in ["w", "h", "q", "fit"] {
        let detail = format!("{name} must not be given here");
        refused_at(&format!("/presets/a.jpg?preset=thumb&{name}=1"), &detail);
    }
    check(
        "GET /presets/a.jpg?preset=thumb&format=png HTTP/1.1",
        "respond plan route=presets to=/presets/a.jpg image=w=96,h=96,fit=cover,f=png cached limit=per-client",
    );
}

#[test]
fn options_may_stand_in_the_path() {
    check(
        "GET /p/w=300,fit=cover,f=webp/a/b.jpg?v=1 HTTP/1.1",
        "respond plan route=path-image to=/a/b.jpg?v=1 image=w=320,f=webp,q=80 cached limit=per-client",
    );
    refused_at(
        "/p/widht=300/a/b.jpg",
        "there is no option widht; the nearest is width",
    );
    refused_at("/p/w=320,blur=2/a.jpg", "blur must not be given here");
    check(
        "GET /thumbor/unsafe/fit-in/300x0/s3://photos/a/b.jpg HTTP/1.1\nAccept: image/webp",
        "respond plan route=thumbor to=/photos/a/b.jpg image=w=300,f=webp,q=80 negotiated cached limit=per-client",
    );
}

/// Over the same message that the gate signs, with the key of the route.
fn signed(options: &str, expires_s: i64) -> String {
    let message = format!("lockgate-image-1\n/p/a.jpg\n\n{options}\n{expires_s}");
    lockgate_bundle::image::sign::made(common::PICTURE_KEY, message.as_bytes())
}

#[test]
fn a_signature_frees_of_the_lists_for_a_time() {
    let soon = common::NOW_S + 10;
    let key = signed("w=77,blur=2", soon);
    let target = format!("/p/w=77,blur=2,exp={soon},s={key}/a.jpg");
    let ask = Ask::new(&format!("GET {target} HTTP/1.1"));
    check_ask(
        &ask,
        "respond plan route=path-image to=/a.jpg image=w=77,blur=2,q=80 negotiated cached limit=per-client",
    );
    check_ask(
        &ask.clone().at(soon),
        "respond 403 image_signature_expired limit=per-client",
    );
    let other = Ask::new(&format!("GET {} HTTP/1.1", target.replace("w=77", "w=78")));
    check_ask(
        &other,
        "respond 403 image_signature_invalid limit=per-client",
    );
}

#[test]
fn one_picture_has_one_key_whoever_signed_it() {
    let soon = common::NOW_S + 10;
    let plain = key_of("/p/w=320/a.jpg");
    assert_eq!(key_of("/p/w=300/a.jpg"), plain);
    let key = signed("w=320", soon);
    assert_eq!(key_of(&format!("/p/w=320/a.jpg?s={key}&exp={soon}")), plain);
    assert_ne!(key_of("/p/w=640/a.jpg"), plain);
    assert_ne!(key_of("/p/w=320/b.jpg"), plain);
    // Another service's address of a source is not another route's path.
    let theirs = key_of("/thumbor/unsafe/9x9/s3://photos/a.jpg");
    assert_ne!(theirs, key_of("/photos/a.jpg?w=9&h=9&fit=cover&enlarge=1"));
}

fn key_of(target: &str) -> Vec<u8> {
    let bytes = Ask::new(&format!("GET {target} HTTP/1.1")).decide();
    let VerdictBody::Plan(plan) = Verdict::parse(&bytes).expect("a verdict").body else {
        return Vec::new();
    };
    plan.cache_key.unwrap_or_default().to_vec()
}

#[track_caller]
fn refused(query: &str, detail: &str) {
    refused_at(&format!("/img/a.jpg?{query}"), detail);
}

#[track_caller]
fn refused_at(target: &str, detail: &str) {
    let ask = Ask::new(&format!("GET {target} HTTP/1.1"));
    check_ask(&ask, "respond 400 image_options_invalid limit=per-client");
    let bytes = ask.decide();
    let VerdictBody::Plan(plan) = Verdict::parse(&bytes).expect("a verdict").body else {
        panic!("no plan")
    };
    let answer = plan.answer.expect("an answer");
    assert_eq!(String::from_utf8_lossy(answer.detail), detail, "{target}");
}

#[test]
fn a_refusal_says_what_is_allowed() {
    refused("w=500", "w takes one of 320, 640; the nearest is 640");
    refused("w=0", "w takes a whole number of pixels from 1 to 8192");
    refused("w=+320", "w takes a whole number of pixels from 1 to 8192");
    refused("w=", "w takes a whole number of pixels from 1 to 8192");
    refused("w", "w takes a whole number of pixels from 1 to 8192");
    refused("h=8193", "h takes a whole number of pixels from 1 to 8192");
    refused(
        "h=99999999999999999999",
        "h takes a whole number of pixels from 1 to 8192",
    );
    refused("h=240", "h takes one of 200; the nearest is 200");
    refused(
        "q=101",
        "q takes a whole number from 1 to 100, a size such as 40kb, or an SSIM such as ssim0.98",
    );
    refused("q=60", "q takes one of 50, 70, 80, 90; the nearest is 50");
    refused(
        "fit=crop",
        "fit takes one of inside, cover, contain, fill, outside, scale-down",
    );
    refused("format=png", "f takes one of jpeg, webp, auto");
    refused("preset=huge", "preset takes one of thumb");
    refused("w=320&w=640", "w is given more than once");
}
