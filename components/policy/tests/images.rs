//! Options of pictures: from query and Accept to a plan, or to 400 that says what is allowed.

mod common;

use common::{Ask, check, check_ask};
use lockgate_wire::{Verdict, VerdictBody};

const WEBP: &str = "Accept: image/avif,image/webp,image/*,*/*;q=0.8";

#[track_caller]
fn image(target: &str, accept: &str, expected: &str) {
    check(
        &format!("GET {target} HTTP/1.1\n{accept}"),
        &format!("respond plan route=image{expected} cached limit=per-client"),
    );
}

#[test]
fn options_become_a_plan_and_do_not_reach_the_origin() {
    let any = "Accept: */*";
    image("/img/a.jpg", any, "");
    image("/img/a.jpg?v=3", any, "");
    image(
        "/img/a.jpg?w=320",
        any,
        " to=/img/a.jpg image=320x0:fit0:format0:q80",
    );
    image(
        "/img/a.jpg?v=3&w=320&h=200&fit=cover&x&q=50&format=jpeg",
        any,
        " to=/img/a.jpg?v=3&x image=320x200:fit1:format1:q50",
    );
    image(
        "/img/a.jpg?%77=640",
        any,
        " to=/img/a.jpg image=640x0:fit0:format0:q80",
    );
    // Without a box there is nothing to fit into; nothing asked is nothing made.
    image(
        "/img/a.jpg?w=320&fit=fill",
        any,
        " to=/img/a.jpg image=320x0:fit0:format0:q80",
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
        " to=/img/a.jpg image=96x96:fit1:format0:q60",
    );
    image(
        "/img/a.jpg?preset=thumb&w=320&q=90",
        any,
        " to=/img/a.jpg image=320x96:fit1:format0:q90",
    );
}

#[test]
fn webp_goes_to_those_who_name_it() {
    image("/img/a.jpg", WEBP, " image=0x0:fit0:format3:q80");
    image(
        "/img/a.jpg?w=320",
        WEBP,
        " to=/img/a.jpg image=320x0:fit0:format3:q80",
    );
    image(
        "/img/a.jpg?w=320&format=jpeg",
        WEBP,
        " to=/img/a.jpg image=320x0:fit0:format1:q80",
    );
    image("/img/a.jpg", "Accept: image/webp;q=0", "");
    image("/img/a.jpg", "Accept: image/*", "");
    image(
        "/img/a.jpg",
        "Accept: text/html\nAccept: image/webp",
        " image=0x0:fit0:format3:q80",
    );
    // Not negotiated here, unless the request asks for it.
    let free = |target: &str, expected: &str| {
        check(
            &format!("GET {target} HTTP/1.1\n{WEBP}"),
            &format!("respond plan route=free-image to=/a.jpg{expected} cached limit=per-client"),
        );
    };
    free("/free/a.jpg", "");
    free("/free/a.jpg?format=auto", " image=0x0:fit0:format3:q80");
    // PNG has no quality: one key for all.
    free("/free/a.jpg?format=png&q=5", " image=0x0:fit0:format2:q80");
}

#[test]
fn only_reading_is_transformed() {
    check(
        "HEAD /img/a.jpg?w=320 HTTP/1.1",
        "respond plan route=image to=/img/a.jpg image=320x0:fit0:format0:q80 cached limit=per-client",
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
        "w must be one of 320; the nearest is 320",
    );
    refused_at("/widths/a.jpg?h=200", "h must not be given here");
    refused_at("/widths/a.jpg?w=320&h=1", "h must not be given here");
    refused_at("/widths/a.jpg?q=80", "q must not be given here");
    check(
        "GET /widths/a.jpg?w=320&preset=thumb&fit=fill HTTP/1.1",
        "respond plan route=widths to=/widths/a.jpg image=320x96:fit3:format0:q60 cached limit=per-client",
    );
    // Without any list all numbers are offered.
    check(
        "GET /free/a.jpg?w=77&h=78&q=79 HTTP/1.1",
        "respond plan route=free-image to=/a.jpg image=77x78:fit0:format0:q79 cached limit=per-client",
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
        "respond plan route=presets to=/presets/a.jpg image=96x96:fit1:format2:q80 cached limit=per-client",
    );
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
    refused("w=500", "w must be one of 320, 640; the nearest is 640");
    refused("w=0", "w must be a whole number from 1 to 8192");
    refused("w=+320", "w must be a whole number from 1 to 8192");
    refused("w=", "w must be a whole number from 1 to 8192");
    refused("w", "w must be a whole number from 1 to 8192");
    refused("h=8193", "h must be a whole number from 1 to 8192");
    refused(
        "h=99999999999999999999",
        "h must be a whole number from 1 to 8192",
    );
    refused("h=240", "h must be one of 200; the nearest is 200");
    refused("q=101", "q must be a whole number from 1 to 100");
    refused("q=60", "q must be one of 50, 70, 80, 90; the nearest is 50");
    refused(
        "fit=crop",
        "fit must be one of inside, cover, contain, fill, outside",
    );
    refused("format=png", "format must be one of jpeg, webp, auto");
    refused("preset=huge", "preset must be one of thumb");
    refused("w=320&w=640", "w is given more than once");
}
