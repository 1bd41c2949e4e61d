//! Addresses of other services, by the examples of their own documentation.

mod common;

use common::Theirs;
use lockgate_image_address::{Form, Signed};
use proptest::prelude::*;

/// `docs.imgproxy.net`, signing a URL: key and salt are hexadecimal of these.
fn imgproxy(signed: Signed) -> Theirs {
    Theirs::new(Form::Imgproxy, signed, b"secret", b"hello")
        .source("http://example.com/images/", "/pictures/")
        .source("s3://bucket/", "/bucket/")
}

#[test]
fn imgproxy_signatures_are_those_of_its_documentation() {
    let theirs = imgproxy(Signed::Required);
    let rest = "rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png";
    let signature = "oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8";
    theirs.is(
        &format!("{signature}/{rest}"),
        "w=300,h=400,fit=cover,g=attention,f=png",
        "/pictures/curiosity.jpg",
    );
    for changed in [
        format!("{signature}/{}", rest.replace("300", "301")),
        format!("{}/{rest}", signature.replace("oKf", "oKe")),
        format!("{}/{rest}", &signature[..22]),
    ] {
        theirs.refuses(&changed, 403, "image_signature_invalid", "");
    }
    for insecure in ["insecure", "_", "unsafe"] {
        let address = format!("{insecure}/{rest}");
        theirs.refuses(&address, 403, "image_signature_missing", "");
        let picture = imgproxy(Signed::Optional).choose(&address);
        assert!(picture.is_ok(), "{picture:?}");
    }
}

#[test]
fn imgproxy_options_and_their_short_names() {
    let theirs = imgproxy(Signed::No);
    let plain = "plain/http://example.com/images/a.jpg";
    for (options, expected) in [
        (
            "resize:fill:300:400:1",
            "w=300,h=400,fit=cover,enlarge=1,q=80",
        ),
        ("rs:fit:300:400", "w=300,h=400,q=80"),
        ("rs:force:300:400", "w=300,h=400,fit=fill,q=80"),
        ("rs:fit:300:0", "w=300,q=80"),
        (
            "s:300:400/rt:fill/g:no",
            "w=300,h=400,fit=cover,g=north,q=80",
        ),
        (
            "w:300/h:400/ex:1/bg:255:0:128",
            "w=300,h=400,fit=contain,bg=ff0080,q=80",
        ),
        (
            "rs:fill:300:400/g:fp:0.5:0.333",
            "w=300,h=400,fit=cover,g=50p:33.3p,q=80",
        ),
        (
            "rs:fill:300:400/gravity:soea:0:0",
            "w=300,h=400,fit=cover,g=southeast,q=80",
        ),
        ("w:300/dpr:2/q:70", "w=600,q=70"),
        ("c:0.5:0.25", "crop=25p:37.5p:50p:25p,q=80"),
        ("crop:300:200:nowe", "crop=0:0:300:200,q=80"),
        ("t:10", "trim=10,q=80"),
        ("pd:10:20", "pad=10:20,q=80"),
        (
            "rot:90/bl:2.5/sh:0.7",
            "rotate=90,blur=2.5,sharpen=0.7,q=80",
        ),
        ("bl:0/q:0/ar:1/sm:1/scp:1", ""),
        ("scp:0/kcr:1", "q=80,keep=icc:copyright"),
        ("mb:1024", "q=1024b"),
        ("f:webp", "f=webp,q=80"),
        ("cb:v2/exp:1800000001/w:5", "w=5,q=80"),
    ] {
        theirs.is(&format!("_/{options}/{plain}"), expected, "/pictures/a.jpg");
    }
    theirs.is(
        &format!("_/w:5/{plain}@avif"),
        "w=5,f=avif",
        "/pictures/a.jpg",
    );
    theirs.is(&format!("_/{plain}"), "", "/pictures/a.jpg");
}

#[test]
fn what_imgproxy_has_and_we_do_not_is_named() {
    let theirs = imgproxy(Signed::No);
    for option in [
        "pix:5",
        "raw:1",
        "mw:300",
        "z:2",
        "fn:a",
        "att:1",
        "ar:0",
        "sm:0",
        "skp:png",
        "c:300:200",
        "t:10:ff0000:1:1",
        "sp:s",
    ] {
        theirs.lacks(&format!("_/{option}/plain/s3://bucket/a.jpg"), option);
    }
    let gravity = "_/rs:fill:9:9/g:no:5:5/plain/s3://bucket/a.jpg";
    theirs.lacks(gravity, "an offset of gravity");
    theirs.lacks("_/rt:auto/plain/s3://bucket/a", "resizing type auto");
    theirs.lacks("_/enc/abc", "enc");
    let ended = "_/exp:1799999999/plain/s3://bucket/a.jpg";
    theirs.refuses(ended, 403, "image_signature_expired", "");
    let size = "_/w:x/plain/s3://bucket/a.jpg";
    theirs.refuses(size, 400, "image_options_invalid", "w takes a whole number");
}

#[test]
fn imgproxy_presets_and_its_watermark_are_those_of_the_route() {
    let mut theirs = imgproxy(Signed::No);
    theirs.route.watermarks = vec!["logo".to_owned()];
    theirs.is(
        "_/wm:0.5:soea:10:20:0.2/plain/s3://bucket/a.jpg",
        "wm=logo:southeast:10_20:o50:w20,q=80",
        "/bucket/a.jpg",
    );
    theirs.refuses(
        "_/pr:thumb/plain/s3://bucket/a",
        400,
        "image_options_invalid",
        "preset",
    );
}

/// `thumbor.readthedocs.io`, and libthumbor's own tests.
fn thumbor(signed: Signed) -> Theirs {
    Theirs::new(Form::Thumbor, signed, b"my-security-key", b"")
}

#[test]
fn thumbor_signatures_are_those_of_its_library() {
    let theirs = thumbor(Signed::Required).source("my.server.com/", "/");
    let rest = "300x200/my.server.com/some/path/to/image.jpg";
    theirs.is(
        &format!("8ammJH8D-7tXy6kU3lTvoXlhu4o=/{rest}"),
        "w=300,h=200,fit=cover,enlarge=1,q=80",
        "/some/path/to/image.jpg",
    );
    let larger = format!("8ammJH8D-7tXy6kU3lTvoXlhu4o=/9{rest}");
    theirs.refuses(&larger, 403, "image_signature_invalid", "");
    let not = format!("unsafe/{rest}");
    theirs.refuses(&not, 403, "image_signature_missing", "");
}

#[test]
fn thumbor_parts_stand_in_their_order() {
    let theirs = thumbor(Signed::No);
    for (parts, expected) in [
        ("300x200", "w=300,h=200,fit=cover,enlarge=1,q=80"),
        ("fit-in/300x200", "w=300,h=200,q=80"),
        ("full-fit-in/300x200", "w=300,h=200,fit=outside,q=80"),
        ("300x0", "w=300,enlarge=1,q=80"),
        ("x200", "h=200,enlarge=1,q=80"),
        (
            "-300x-200",
            "w=300,h=200,fit=cover,enlarge=1,flip=1,flop=1,q=80",
        ),
        (
            "300x200/right/top",
            "w=300,h=200,fit=cover,g=northeast,enlarge=1,q=80",
        ),
        (
            "300x200/left/smart",
            "w=300,h=200,fit=cover,g=attention,enlarge=1,q=80",
        ),
        ("10x20:30x50/fit-in/8x8", "w=8,h=8,crop=10:20:20:30,q=80"),
        ("trim/fit-in/8x0", "w=8,trim=1,q=80"),
        ("trim:top-left:50/fit-in/8x0", "w=8,trim=50,q=80"),
    ] {
        theirs.is(&format!("unsafe/{parts}/a/b.jpg"), expected, "/a/b.jpg");
    }
    theirs.is("unsafe/a/b.jpg", "", "/a/b.jpg");
    theirs.lacks("unsafe/meta/300x200/a.jpg", "meta");
    theirs.lacks("unsafe/adaptive-fit-in/300x200/a.jpg", "adaptive-fit-in");
    theirs.lacks("unsafe/trim:bottom-right/a.jpg", "trim:bottom-right");
    let backwards = "unsafe/30x50:10x20/a.jpg";
    theirs.refuses(backwards, 400, "image_options_invalid", "the crop ends");
}

#[test]
fn thumbor_filters_by_their_names() {
    let theirs = thumbor(Signed::No);
    for (filters, expected) in [
        ("quality(40):format(webp)", "w=9,f=webp,q=40"),
        ("no_upscale()", "w=9,q=80"),
        ("upscale()", "w=9,enlarge=1,q=80"),
        ("grayscale():blur(7)", "w=9,blur=7,grayscale=1,q=80"),
        ("blur(7,2)", "w=9,blur=2,q=80"),
        ("rotate(90)", "w=9,rotate=270,q=80"),
        ("background_color(FF0000)", "w=9,bg=ff0000,q=80"),
        ("max_bytes(40000)", "w=9,q=40000b"),
        ("strip_exif():strip_icc()", "w=9,q=80"),
        ("cover()", "w=9,q=80,still=1"),
    ] {
        let address = format!("unsafe/fit-in/9x0/filters:{filters}/a.jpg");
        theirs.is(&address, expected, "/a.jpg");
    }
    theirs.is(
        "unsafe/fit-in/9x8/filters:fill(white)/a.jpg",
        "w=9,h=8,fit=contain,bg=ffffff,q=80",
        "/a.jpg",
    );
    theirs.is(
        "unsafe/9x8/filters:stretch():no_upscale()/a.jpg",
        "w=9,h=8,fit=fill,q=80",
        "/a.jpg",
    );
    for filter in [
        "brightness",
        "contrast",
        "watermark",
        "noise",
        "focal",
        "rgb",
    ] {
        let address = format!("unsafe/9x0/filters:{filter}(1)/a.jpg");
        theirs.lacks(&address, &format!("the filter {filter}"));
    }
    let open = "unsafe/9x0/filters:quality(40/a.jpg";
    theirs.refuses(open, 400, "image_options_invalid", "do not end");
}

fn aws(signed: Signed) -> Theirs {
    Theirs::new(Form::Aws, signed, b"a secret of the secrets manager", b"")
        .source("s3://myImageBucket/", "/photos/")
}

fn base64(json: &str) -> String {
    use ct_codecs::{Base64, Encoder as _};
    Base64::encode_to_string(json).unwrap()
}

/// `docs.aws.amazon.com`, "Use the solution with a frontend": the example that it begins with.
#[test]
fn aws_addresses_are_calls_of_sharp() {
    let theirs = aws(Signed::No);
    for (edits, expected) in [
        (
            r#"{"grayscale": true, "resize": {"width": 300, "height": 200, "fit": "cover"}}"#,
            "w=300,h=200,fit=cover,enlarge=1,grayscale=1,q=80",
        ),
        (r#"{"resize": {"width": 200}}"#, "w=200,enlarge=1,q=80"),
        (
            r##"{"resize": {"width": 9, "height": 8, "fit": "contain", "background": "#fff",
                "withoutEnlargement": true, "position": "right top"}}"##,
            "w=9,h=8,fit=contain,g=northeast,bg=ffffff,q=80",
        ),
        (
            r#"{"flatten": {"background": {"r": 255, "g": 0, "b": 0, "alpha": null}}}"#,
            "",
        ),
        (
            r#"{"rotate": -90, "flip": true, "flop": false, "blur": 1.5, "toFormat": "WEBP"}"#,
            "rotate=270,flip=1,blur=1.5,f=webp,q=80",
        ),
        (
            r#"{"modulate": {"brightness": 1.5, "saturation": 0.5}, "roundCrop": true}"#,
            "brightness=150,saturation=50,radius=max,q=80",
        ),
        (
            r#"{"jpeg": {"quality": 60, "progressive": true}, "toFormat": "jpeg"}"#,
            "f=jpeg,q=60",
        ),
        (
            r#"{"extract": {"left": 1, "top": 2, "width": 3, "height": 4}, "gamma": 2.2}"#,
            "crop=1:2:3:4,gamma=2.2,q=80",
        ),
        (
            r#"{"extend": {"top": 1, "bottom": 1, "left": 2, "right": 2,
                "background": {"r": 0, "g": 0, "b": 0, "alpha": 0.5}}}"#,
            "pad=1:2,bg=00000080,q=80",
        ),
    ] {
        let json =
            format!(r#"{{"bucket": "myImageBucket", "key": "a/ö&b?.jpg", "edits": {edits}}}"#);
        if expected.is_empty() {
            assert!(theirs.choose(&base64(&json)).is_err(), "{edits}");
        } else {
            theirs.is(&base64(&json), expected, "/photos/a/%C3%B6&b%3F.jpg");
        }
    }
    let unpadded = base64(r#"{"key": "a.jpg", "outputFormat": "avif"}"#);
    theirs.is(unpadded.trim_end_matches('='), "f=avif", "/photos/a.jpg");
}

#[test]
fn what_aws_has_and_we_do_not_is_named() {
    let theirs = aws(Signed::No);
    let ask = |rest: &str| base64(&format!(r#"{{"key": "a.jpg", {rest}}}"#));
    for (edits, name) in [
        (r#""smartCrop": true"#, "smartCrop"),
        (r#""overlayWith": {}"#, "overlayWith"),
        (r#""normalize": true"#, "normalize"),
        (r#""resize": {"ratio": 2}"#, "resize.ratio"),
        (r#""modulate": {"hue": 9}"#, "modulate.hue"),
        (
            r#""resize": {}, "extract": {"left": 1}"#,
            "extract beside resize",
        ),
    ] {
        theirs.lacks(&ask(&format!(r#""edits": {{{edits}}}"#)), name);
    }
    theirs.lacks(&ask(r#""headers": {"x": "y"}"#), "headers");
    for broken in ["!", "", "aGVsbG8=", &base64("[1]")] {
        theirs.refuses(broken, 400, "image_options_invalid", "base64 of a JSON");
    }
}

#[test]
fn aws_signatures_are_hexadecimal_in_the_query() {
    let theirs = aws(Signed::Required);
    let path = base64(r#"{"bucket": "myImageBucket", "key": "a.jpg"}"#);
    // `createHmac("sha256", secret).update(path).digest("hex")`
    let mac = hmac_sha256::HMAC::mac(format!("/{path}"), b"a secret of the secrets manager");
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    theirs.is(&format!("{path}?signature={hex}"), "", "/photos/a.jpg");
    let short = format!("{path}?signature={}", &hex[..32]);
    theirs.refuses(&short, 403, "image_signature_invalid", "");
    theirs.refuses(&path, 403, "image_signature_missing", "");
}

#[test]
fn nothing_but_what_is_mapped_is_a_source() {
    let theirs = imgproxy(Signed::No);
    theirs.is(
        "_/w:5/plain/s3://bucket/a/b.jpg",
        "w=5,q=80",
        "/bucket/a/b.jpg",
    );
    // Proxies make one slash of two.
    theirs.is("_/w:5/plain/s3:/bucket/a.jpg", "w=5,q=80", "/bucket/a.jpg");
    theirs.is(
        "_/w:5/plain/s3://bucket/a%3Fb=1",
        "w=5,q=80",
        "/bucket/a?b=1",
    );
    theirs.is(
        "_/w:5/plain/s3://bucket/a;b%20c",
        "w=5,q=80",
        "/bucket/a%3Bb%20c",
    );
    // Up to the prefix and no further.
    theirs.is("_/w:5/plain/s3://bucket/x/../a", "w=5,q=80", "/bucket/a");
    for source in [
        "s3://other/a.jpg",
        "s3://bucket.evil/a.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://example.com@evil/images/a",
        "file:///etc/passwd",
        "local:///etc/passwd",
        "//evil/a.jpg",
        "a.jpg",
        "s3://bucket/../private/a.jpg",
        "s3://bucket/%2e%2e/private/a.jpg",
        "s3://bucket/%252e%252e/private/a.jpg",
        "s3://bucket/a%252fb",
        "s3://bucket/a%5Cb",
    ] {
        let address = format!("_/w:5/plain/{source}");
        theirs.refuses(&address, 400, "image_source_refused", "");
    }
    // Without a map a path is that path, and an address is none.
    let plain = thumbor(Signed::No);
    plain.is("unsafe/5x0/a/b.jpg", "w=5,enlarge=1,q=80", "/a/b.jpg");
    for address in ["http://evil/a.jpg", "http:/evil/a.jpg"] {
        let address = format!("unsafe/5x0/{address}");
        plain.refuses(&address, 400, "image_source_refused", "");
    }
}

#[test]
fn lists_bind_addresses_that_nobody_signed() {
    use lockgate_image_address::{Allow, Choice};
    let mut theirs = thumbor(Signed::Optional);
    theirs.route.widths = Choice::Of(vec![300]);
    theirs.route.heights = Choice::Of(vec![200]);
    theirs.route.allow = Allow::These(Vec::new());
    // What the address implies nobody has chosen.
    theirs.is(
        "unsafe/300x200/a.jpg",
        "w=300,h=200,fit=cover,enlarge=1,q=80",
        "/a.jpg",
    );
    theirs.refuses(
        "unsafe/301x200/a.jpg",
        400,
        "image_options_invalid",
        "w takes one of 300",
    );
    let blurred = "unsafe/300x200/filters:blur(2)/a.jpg";
    theirs.refuses(
        blurred,
        400,
        "image_options_invalid",
        "blur must not be given here",
    );
}

proptest! {
    #[test]
    fn any_address_has_an_answer(address in "[ -~]{0,80}", form in 0_usize..3) {
        for signed in [Signed::No, Signed::Optional] {
            let form = [Form::Aws, Form::Thumbor, Form::Imgproxy][form];
            let theirs = Theirs::new(form, signed, b"key", b"salt").source("s3://b/", "/b/");
            if let Ok(picture) = theirs.choose(&address) {
                let path = common::origin(&picture.place);
                prop_assert!(path.starts_with("/b/"), "{}", path);
            }
        }
    }
}
