//! Six widths of a page: one fetch, few decodings, and the same bytes as without.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use lockgate_tests::{RawOrigin, Request, Response, Setup, World, image_files};

const WIDTHS: [u32; 6] = [10, 20, 30, 40, 50, 60];

/// An origin that counts and takes its time; what its answer says of caching is the path's first
/// segment, with `_` for a space.
#[derive(Clone, Default)]
struct Origin {
    asked: Arc<AtomicUsize>,
}

impl Origin {
    fn serve(&self) -> RawOrigin {
        let origin = self.clone();
        RawOrigin::answering(move |head| origin.answer(head))
    }

    fn answer(&self, head: &str) -> Option<Vec<u8>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(200));
        let caching = head.split('/').nth(1)?.replace('_', " ");
        let body = image_files::jpeg();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nCache-Control: {caching}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Some([answer.into_bytes(), body].concat())
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

fn world(origin: &Origin, more: &str) -> Option<World> {
    let origin = origin.serve();
    Setup::new(&origin.picture_site(more, "/{caching}/{name}", "auto_format = false")).start()
}

/// All widths at once, in their order.
fn page(world: &World, path: &str) -> Vec<Response> {
    let begun = Barrier::new(WIDTHS.len());
    std::thread::scope(|scope| {
        let ask = |width| {
            let begun = &begun;
            scope.spawn(move || {
                let mut client = world.connect();
                begun.wait();
                client.call(&Request::get(&format!("{path}?w={width}&format=png")))
            })
        };
        let asked = WIDTHS.map(ask);
        asked.map(|thread| thread.join().expect("an answer")).into()
    })
}

fn metric(world: &World, name: &str) -> u64 {
    let metrics = world.metrics();
    let line = metrics.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

#[test]
fn a_page_fetches_its_source_once_and_gets_the_same_bytes_warm_and_cold() {
    let origin = Origin::default();
    let Some(warm) = world(&origin, "[image]\nladder_seconds = 60") else {
        return;
    };
    let Some(cold) = world(&origin, "[image]\nladder_bytes_max = 0") else {
        return;
    };
    let together = page(&warm, "/max-age=60/a.jpg");
    assert_eq!(origin.asked(), 1);
    assert!(metric(&warm, "lockgate_image_memory_bytes") > 5000);
    assert!(metric(&warm, "lockgate_image_memory_found_total") >= 5);
    let apart = page(&cold, "/max-age=60/a.jpg");
    assert_eq!(origin.asked(), WIDTHS.len());
    assert_eq!(metric(&cold, "lockgate_image_memory_bytes"), 0);
    for (one, other) in together.iter().zip(&apart) {
        one.assert_status(200);
        assert_eq!(one.body, other.body);
        assert_eq!(one.header("etag"), other.header("etag"));
        assert!(one.header("etag").is_some());
    }
    // A width that comes later finds source and intermediate; its age is that of the source.
    std::thread::sleep(Duration::from_millis(1100));
    let later = warm.get("/max-age=60/a.jpg?w=15&format=png");
    later.assert_status(200);
    assert_eq!(origin.asked(), 0);
    let age: u64 = later
        .header("age")
        .and_then(|age| age.parse().ok())
        .expect("an Age");
    assert!((1..60).contains(&age), "{later:?}");
    // Whoever wants it from the origin gets it from there.
    let reload = Request::get("/max-age=60/a.jpg?w=16&format=png");
    let reload = warm.send(&reload.header("Cache-Control", "no-cache"));
    reload.assert_status(200);
    assert_eq!(origin.asked(), 1);
}

#[test]
fn what_may_not_be_stored_is_not_kept_either() {
    let origin = Origin::default();
    let Some(world) = world(&origin, "[image]\nladder_seconds = 60") else {
        return;
    };
    for path in [
        "/no-store/a.jpg",
        "/private,max-age=60/a.jpg",
        "/max-age=0/a.jpg",
    ] {
        for response in page(&world, path) {
            response.assert_status(200);
        }
        assert_eq!(origin.asked(), WIDTHS.len(), "{path}");
        world
            .get(&format!("{path}?w=15&format=png"))
            .assert_status(200);
        assert_eq!(origin.asked(), 1, "{path}");
    }
}

#[test]
fn a_picture_that_the_client_has_is_not_made_again() {
    let origin = Origin::default();
    let Some(world) = world(&origin, "") else {
        return;
    };
    let target = "/no-store/a.jpg?w=40&format=png";
    let made = world.get(target);
    let tag = made
        .assert_status(200)
        .header("etag")
        .expect("a tag")
        .to_owned();
    assert_eq!(metric(&world, "lockgate_images_total"), 1);
    let again = world.send(&Request::get(target).header("If-None-Match", &tag));
    assert_eq!(again.assert_status(304).header("etag"), Some(tag.as_str()));
    assert_eq!(again.header("content-length"), None, "{again:?}");
    assert_eq!(metric(&world, "lockgate_images_total"), 1);
    // Another picture of the same source has another tag.
    let other = Request::get("/no-store/a.jpg?w=41&format=png").header("If-None-Match", &tag);
    let other = world.send(&other);
    assert_ne!(other.assert_status(200).header("etag"), Some(tag.as_str()));
    assert_eq!(metric(&world, "lockgate_images_total"), 2);
}
