//! What the builder refuses and how it says so, and what a damaged table does.

use lockgate_route::{CompiledRoutes, RouteMatch, RouteTableBuilder, Routes, SiteIndex};
use proptest::prelude::*;

fn builder() -> (RouteTableBuilder, SiteIndex) {
    let mut builder = RouteTableBuilder::new();
    let site = builder.add_site("shop", &["shop.example"]).expect("a site");
    (builder, site)
}

#[test]
fn bad_patterns_say_why() {
    let deep = "/a".repeat(33);
    let wide: String = (0..9).map(|number| format!("/{{p{number}}}")).collect();
    for (pattern, reason) in [
        ("", "must begin with \"/\""),
        ("products", "must begin with \"/\""),
        ("/a//b", "repeated slashes"),
        ("//", "repeated slashes"),
        ("/a/../b", "dot segments"),
        ("/a/./b", "dot segments"),
        ("/a/%2e%2e", "dot segments"),
        ("/a/..", "dot segments"),
        ("/a/..;x", "dot segment with a parameter"),
        ("/a?b", "without query"),
        ("/a#b", "without query"),
        ("/a b", "raw space"),
        ("/a%2Fb", "encoded slash"),
        ("/a%zz", "percent triplet"),
        ("/a\\b", "backslash"),
        ("/img-{id}.png", "whole segment"),
        ("/{id", "whole segment"),
        ("/id}", "whole segment"),
        ("/{{id}}", "whole segment"),
        ("/{}", "parameter's name"),
        ("/{*}", "parameter's name"),
        ("/{1a}", "parameter's name"),
        ("/{a-b}", "parameter's name"),
        ("/{a}/{a}", "same name"),
        ("/{a}/{*a}", "same name"),
        ("/{*rest}/b", "last segment"),
        ("/{*rest}/", "last segment"),
        ("/:id", "{id}"),
        ("/img/*", "{*rest}"),
        ("/img/**", "{*rest}"),
        (&deep, "32 segments"),
        (&wide, "8 parameters"),
    ] {
        let (mut builder, site) = builder();
        let error = builder.add_route(site, &[], pattern).expect_err(pattern);
        assert!(error.to_string().contains(reason), "{pattern}: {error}");
    }
}

#[test]
fn duplicates_name_the_earlier_route() {
    let (mut builder, site) = builder();
    let mut add = |methods: &[&str], pattern: &str| {
        builder
            .add_route(site, methods, pattern)
            .map(|route| route.0)
            .map_err(|error| error.to_string())
    };
    assert_eq!(add(&["GET", "PUT"], "/a/{id}"), Ok(0));
    assert_eq!(add(&["POST"], "/a/{name}"), Ok(1));
    assert_eq!(add(&[], "/a/{any}"), Ok(2));
    assert_eq!(
        add(&["DELETE", "GET"], "/a/{x}"),
        Err("pattern \"/a/{x}\" matches the same paths as \"/a/{id}\", both for GET".into())
    );
    assert_eq!(
        add(&[], "/a/{x}"),
        Err(
            "pattern \"/a/{x}\" matches the same paths as \"/a/{any}\", both for all methods"
                .into()
        )
    );
    // A refused route takes no index, and different spellings of one path are one.
    assert_eq!(add(&[], "/caf\u{e9}"), Ok(3));
    assert!(add(&[], "/caf%c3%a9").is_err());
    assert_eq!(add(&[], "/{*rest}"), Ok(4));
    assert!(add(&[], "/{*other}").is_err());
}

#[test]
fn bad_sites_and_methods_say_why() {
    let (mut builder, site) = builder();
    for (hosts, reason) in [
        (&["a.example:80"][..], "no port"),
        (&["*"], "leading \"*.\""),
        (&["*.*.example"], "leading \"*.\""),
        (&["shop*.example"], "leading \"*.\""),
        (&["*.127.0.0.1"], "leading \"*.\""),
        (&["*."], "host is invalid"),
        (&["b\u{fc}cher.example"], "host is invalid"),
        (&["127.1"], "host is invalid"),
        (&["SHOP.example."], "belongs to site \"shop\""),
        (&["b.example", "B.example"], "belongs to site \"other\""),
        (&[], "has no hosts"),
    ] {
        let error = builder.add_site("other", hosts).expect_err(reason);
        assert!(error.to_string().contains(reason), "{hosts:?}: {error}");
    }
    let taken = builder.add_site("shop", &["c.example"]).expect_err("taken");
    assert!(taken.to_string().contains("already a site \"shop\""));
    // Nothing of the refused sites has stayed.
    assert_eq!(builder.add_site("other", &["b.example"]), Ok(SiteIndex(1)));
    for method in ["", "get", "G T", "GET,PUT", "GÉT"] {
        let error = builder
            .add_route(site, &[method], "/a")
            .expect_err("a method");
        assert!(error.to_string().contains("upper-case token"), "{error}");
    }
    let nowhere = builder
        .add_route(SiteIndex(9), &[], "/a")
        .expect_err("no site");
    assert_eq!(nowhere.to_string(), "there is no such site");
    let many: Vec<String> = (0..65).map(|number| format!("M{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let error = builder.add_route(site, &many, "/a").expect_err("too many");
    assert_eq!(error.to_string(), "there are more than 64 methods");
}

#[test]
fn the_table_is_reproducible() {
    let make = || {
        let (mut builder, site) = builder();
        for (methods, pattern) in [(&["PUT", "GET"][..], "/b"), (&[], "/{x}/a"), (&[], "/{*r}")] {
            builder.add_route(site, methods, pattern).expect(pattern);
        }
        postcard::to_allocvec(&builder.finish()).expect("plain data")
    };
    assert_eq!(make(), make());
}

fn some_table() -> Vec<u8> {
    let (mut builder, site) = builder();
    builder
        .add_site("other", &["*.other.example"])
        .expect("a site");
    for pattern in [
        "/",
        "/a/{id}",
        "/a/{id}/b",
        "/a/c",
        "/img/{*rest}",
        "/{x}/{y}",
    ] {
        builder.add_route(site, &["GET"], pattern).expect(pattern);
        builder.add_route(site, &[], pattern).expect(pattern);
    }
    postcard::to_allocvec(&builder.finish()).expect("plain data")
}

fn use_table(bytes: &[u8], path: &str) {
    let Ok(table) = postcard::from_bytes::<CompiledRoutes>(bytes) else {
        return;
    };
    let Ok(routes) = Routes::load(table) else {
        return;
    };
    let _ = routes.site("x.other.example");
    for site in 0..3 {
        for path in [path, "/a/1/b", "/img/x/y", "/"] {
            if let RouteMatch::MethodNotAllowed { allow } =
                routes.route(SiteIndex(site), "PUT", path)
            {
                let _ = allow.to_string();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_damaged_table_never_panics_or_hangs(
        changes in proptest::collection::vec((0_usize..400, any::<u8>()), 1..4),
        path in "(/[a-c1]{0,2}){0,4}",
    ) {
        let mut bytes = some_table();
        for (at, byte) in changes {
            let length = bytes.len();
            if let Some(slot) = bytes.get_mut(at % length) {
                *slot = byte;
            }
        }
        use_table(&bytes, &path);
    }

    #[test]
    fn any_pattern_text_is_judged_without_panic(pattern: String, method: String, host: String) {
        let (mut builder, site) = builder();
        let _ = builder.add_route(site, &[&method], &format!("/{pattern}"));
        let _ = builder.add_route(site, &[], &pattern);
        let _ = builder.add_site("other", &[&host]);
        prop_assert!(Routes::load(builder.finish()).is_ok());
    }
}
