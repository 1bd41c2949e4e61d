//! The component.

#![allow(unsafe_code, missing_docs, reason = "partly generated")]

use std::cell::Cell;
use std::io::{Read as _, Write as _};

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

wasip2::http::proxy::export!(Component);

struct Component;

thread_local! {
    static SERVED: Cell<u64> = const { Cell::new(0) };
}

impl Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        SERVED.set(SERVED.get() + 1);
        let path = request.path_with_query().unwrap_or_default();
        let text = match path.as_str() {
            "/p2/trap" => std::arch::wasm32::unreachable(),
            "/p2/loop" => loop {
                std::hint::black_box(0);
            },
            "/p2/served" => SERVED.get().to_string(),
            "/p2/echo" => read(&request),
            _ => format!("hello from WASI 0.2 at {path}"),
        };
        let response = OutgoingResponse::new(Fields::new());
        let Ok(body) = response.body() else { return };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(mut stream) = body.write() {
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.flush();
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

fn read(request: &IncomingRequest) -> String {
    let mut text = String::new();
    if let Ok(body) = request.consume()
        && let Ok(mut stream) = body.stream()
    {
        let _ = stream.read_to_string(&mut text);
    }
    text
}
