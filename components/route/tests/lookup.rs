//! What matches what: sites, patterns, methods, and their order.

use lockgate_route::{
    CompiledRoutes, PARAMS_MAX, RouteMatch, RouteTableBuilder, Routes, SiteIndex,
};

/// A table of one site from (methods, pattern) lines, through the bytes of a bundle.
fn table(routes: &[(&[&str], &str)]) -> Routes {
    let mut builder = RouteTableBuilder::new();
    let site = builder.add_site("shop", &["shop.example"]).expect("a site");
    for (methods, pattern) in routes {
        builder.add_route(site, methods, pattern).expect(pattern);
    }
    load(builder)
}

fn load(builder: RouteTableBuilder) -> Routes {
    let bytes = postcard::to_allocvec(&builder.finish()).expect("plain data");
    let compiled: CompiledRoutes = postcard::from_bytes(&bytes).expect("its own bytes");
    Routes::load(compiled).expect("its own table")
}

/// `route name=value...`, `405 ALLOW`, or `404`.
fn answer(routes: &Routes, method: &str, path: &str) -> String {
    match routes.route(SiteIndex(0), method, path) {
        RouteMatch::Found { route, params } => {
            let mut text = route.0.to_string();
            for (name, value) in params.iter() {
                text.push_str(&format!(" {name}={value}"));
            }
            text
        }
        RouteMatch::MethodNotAllowed { allow } => format!("405 {allow}"),
        RouteMatch::NotFound => "404".to_owned(),
    }
}

#[test]
fn the_most_specific_pattern_counts() {
    let routes = table(&[
        (&[], "/{*rest}"),                   // 0
        (&["GET"], "/"),                     // 1
        (&["GET"], "/products"),             // 2
        (&["GET"], "/products/{id}"),        // 3
        (&["GET"], "/products/new"),         // 4
        (&["GET"], "/products/{id}/images"), // 5
        (&["GET"], "/products/{*path}"),     // 6
        (&["GET"], "/img/{*rest}"),          // 7
        (&["GET"], "/{page}"),               // 8
        (&["GET"], "/a/b/c"),                // 9
        (&["GET"], "/a/{x}/d"),              // 10
        (&["GET"], "/{x}/b/{y}/e"),          // 11
        (&["GET"], "/caf\u{e9}/%7Eme"),      // 12
    ]);
    for (path, expected) in [
        ("/", "1"),
        ("/products", "2"),
        ("/products/42", "3 id=42"),
        ("/products/new", "4"),
        ("/products/newer", "3 id=newer"),
        ("/products/new/images", "5 id=new"),
        ("/products/42/images/1", "6 path=42/images/1"),
        ("/products/42/", "6 path=42/"),
        ("/products/", "6 path="),
        ("/img/", "7 rest="),
        ("/img/a/b.jpg", "7 rest=a/b.jpg"),
        ("/img", "8 page=img"),
        ("/about", "8 page=about"),
        ("/about/", "0 rest=about/"),
        ("/a/b/c", "9"),
        ("/a/b/d", "10 x=b"),
        ("/a/b/c/e", "11 x=a y=c"),
        ("/a/b/c/f", "0 rest=a/b/c/f"),
        ("/caf%C3%A9/~me", "12"),
        ("/q%20r", "8 page=q%20r"),
        ("*", "404"),
        ("", "404"),
    ] {
        assert_eq!(answer(&routes, "GET", path), expected, "{path}");
    }
}

#[test]
fn nothing_matches_by_accident() {
    let routes = table(&[(&[], "/products/{id}"), (&[], "/img/{*rest}"), (&[], "/a/")]);
    for path in [
        "/",
        "/products",
        "/products/",
        "/products/1/2",
        "/img",
        "/imgs/x",
        "/a",
        "/a/b",
        "/A/",
    ] {
        assert_eq!(answer(&routes, "GET", path), "404", "{path}");
    }
    assert!(matches!(
        routes.route(SiteIndex(7), "GET", "/a/"),
        RouteMatch::NotFound
    ));
}

#[test]
fn methods_come_after_the_path() {
    let routes = table(&[
        (&["GET", "PUT"], "/orders/{id}"), // 0
        (&["DELETE"], "/orders/{number}"), // 1
        (&["POST"], "/orders"),            // 2
        (&["GET"], "/x"),                  // 3
        (&[], "/x"),                       // 4
        (&["GET"], "/y"),                  // 5
        (&["HEAD"], "/y"),                 // 6
        (&["PROPFIND"], "/dav"),           // 7
        (&[], "/{*rest}"),                 // 8
    ]);
    for (method, path, expected) in [
        ("GET", "/orders/1", "0 id=1"),
        ("HEAD", "/orders/1", "0 id=1"),
        ("DELETE", "/orders/1", "1 number=1"),
        // Not the fallback, though it takes every method.
        ("POST", "/orders/1", "405 DELETE, GET, HEAD, PUT"),
        ("GET", "/orders", "405 POST"),
        ("GET", "/x", "3"),
        ("HEAD", "/x", "3"),
        ("POST", "/x", "4"),
        ("BREW", "/x", "4"),
        ("HEAD", "/y", "6"),
        ("get", "/y", "405 GET, HEAD"),
        ("PROPFIND", "/dav", "7"),
        ("GET", "/dav", "405 PROPFIND"),
        ("BREW", "/tea", "8 rest=tea"),
    ] {
        assert_eq!(answer(&routes, method, path), expected, "{method} {path}");
    }
}

#[test]
fn parameters_can_be_decoded() {
    let routes = table(&[(&[], "/shelf/{name}/{*rest}")]);
    let RouteMatch::Found { params, .. } =
        routes.route(SiteIndex(0), "GET", "/shelf/caf%C3%A9%20%26/a%2Cb/c")
    else {
        panic!("no match");
    };
    assert_eq!(params.get("name"), Some("caf%C3%A9%20%26"));
    assert_eq!(params.decoded("name").as_deref(), Some("café &"));
    assert_eq!(params.decoded("rest").as_deref(), Some("a,b/c"));
    assert_eq!(params.get("other"), None);
    assert_eq!(params.len(), 2);
}

#[test]
fn a_pattern_may_have_all_its_parameters() {
    let pattern: String = (0..PARAMS_MAX)
        .map(|number| format!("/{{p{number}}}"))
        .collect();
    let routes = table(&[(&[], &pattern)]);
    let path: String = (0..PARAMS_MAX).map(|number| format!("/{number}")).collect();
    let expected: String = (0..PARAMS_MAX)
        .map(|number| format!(" p{number}={number}"))
        .collect();
    assert_eq!(answer(&routes, "GET", &path), format!("0{expected}"));
}

#[test]
fn sites_do_not_leak_into_each_other() {
    let mut builder = RouteTableBuilder::new();
    let shop = builder
        .add_site(
            "shop",
            &["Shop.Example", "127.0.0.1", "[::1]", "*.shop.example"],
        )
        .expect("a site");
    let blog = builder
        .add_site("blog", &["blog.shop.example", "*.eu.shop.example"])
        .expect("a site");
    let shop_route = builder.add_route(shop, &[], "/a").expect("a route");
    let blog_route = builder.add_route(blog, &[], "/a").expect("a route");
    builder.add_route(blog, &[], "/only-blog").expect("a route");
    let routes = load(builder);
    for (host, expected) in [
        ("shop.example", Some(shop)),
        ("127.0.0.1", Some(shop)),
        ("[::1]", Some(shop)),
        ("www.shop.example", Some(shop)),
        ("a.b.shop.example", Some(shop)),
        ("blog.shop.example", Some(blog)),
        ("x.blog.shop.example", Some(shop)),
        ("x.eu.shop.example", Some(blog)),
        ("eu.shop.example", Some(shop)),
        ("example", None),
        ("evilshop.example", None),
        ("shop.example.evil", None),
        (".shop.example", None),
        ("", None),
    ] {
        assert_eq!(routes.site(host), expected, "{host}");
    }
    let found = |site| match routes.route(site, "GET", "/a") {
        RouteMatch::Found { route, .. } => Some(route),
        _ => None,
    };
    assert_eq!(found(shop), Some(shop_route));
    assert_eq!(found(blog), Some(blog_route));
    assert!(matches!(
        routes.route(shop, "GET", "/only-blog"),
        RouteMatch::NotFound
    ));
    assert_eq!(routes.pattern(blog_route), Some("/a"));
    assert_eq!(routes.len(), 3);
}
