//! What a component may ask of others: hosts that the manifest names, other components of the
//! app, the app itself.

mod client;
pub(super) mod connect;
pub(super) mod hosts;

use std::sync::{Arc, Weak};

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub(super) use client::OutboundClient;
pub use hosts::AllowedHosts;

use super::app::App;
use super::component::{Given, NoAnswer, Runner};
use hosts::{CHAINING_SUFFIX, default_port};

/// The outbound side of one instance.
pub(super) struct Hooks {
    given: Arc<Given>,
    app: Weak<App>,
    /// The component behind this one, of a middleware.
    next: Option<Arc<Runner>>,
    /// The next request goes there.
    pub(super) hands_on: bool,
}

impl Hooks {
    /// For an instance of a component of `app`.
    #[must_use]
    pub(super) fn new(given: Arc<Given>, app: Weak<App>, next: Option<Arc<Runner>>) -> Self {
        Self {
            given,
            app,
            next,
            hands_on: false,
        }
    }
}

type Answer = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let (given, app) = (self.given.clone(), self.app.clone());
        let hands_on = std::mem::take(&mut self.hands_on);
        let next = self.next.clone();
        Box::new(async move {
            let response = match (hands_on, next) {
                (false, _) => send(&given, &app, request, options.unwrap_or_default()).await?,
                (true, Some(next)) => hand_on(&next, request).await?,
                (true, None) => return Err(Error::DestinationNotFound),
            };
            let nothing_more: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, nothing_more))
        })
    }
}

async fn send(
    given: &Given,
    app: &Weak<App>,
    request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Result<http::Response<WasiBody>, Error> {
    let uri = request.uri();
    let gone = || Error::InternalError(Some("the app ends".to_owned()));
    let Some(host) = uri.host().map(str::to_ascii_lowercase) else {
        if !given.hosts.allows_own() {
            refused(given, "self");
            return Err(Error::HttpRequestDenied);
        }
        return app.upgrade().ok_or_else(gone)?.ask_self(request).await;
    };
    let scheme = uri.scheme_str().unwrap_or("https");
    let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else {
        return Err(Error::HttpRequestUriInvalid);
    };
    if !given.hosts.allows(scheme, &host, port) {
        refused(given, &format!("{scheme}://{host}:{port}"));
        return Err(Error::HttpRequestDenied);
    }
    if let Some(id) = host.strip_suffix(CHAINING_SUFFIX) {
        let app = app.upgrade().ok_or_else(gone)?;
        return app.ask_component(id, request).await;
    }
    given.client.send(&given.id, request, options).await
}

/// A request of a middleware to the component behind it.
async fn hand_on(
    next: &Runner,
    mut request: http::Request<WasiBody>,
) -> Result<http::Response<WasiBody>, Error> {
    // It was taken away as a field that only the connection sets.
    let authority = request.uri().authority();
    let host = authority.and_then(|host| http::HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(http::header::HOST, host);
    }
    let answer = next.answer(request).await;
    let answer = answer.map(|response| response.map(BodyExt::boxed_unsync));
    answer.map_err(|error| told(&next.id, &error))
}

/// What a component is told of another that gave no answer.
#[must_use]
pub(super) fn told(id: &str, error: &NoAnswer) -> Error {
    match error {
        NoAnswer::Busy => Error::ConnectionLimitReached,
        NoAnswer::Timeout => Error::HttpResponseTimeout,
        NoAnswer::Cpu(_) | NoAnswer::Failed(_) => {
            Error::InternalError(Some(format!("component {id:?} failed")))
        }
    }
}

fn refused(given: &Given, what: &str) {
    tracing::warn!(
        component = &*given.id,
        "an outbound request to {what} was refused: it is not in allowed_outbound_hosts"
    );
}
