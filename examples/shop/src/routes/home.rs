//! `GET /`: the start page, products with pictures, search and categories.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::catalogue::{PRODUCTS_MODIFIED_S, Product};
use crate::conditional::Validators;
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::products::SearchParams;
use crate::routes::{App, CATALOGUE_CACHE};
use crate::store::products::{Found, Search, search};

const STYLE: &str = include_str!("home.css");
const PER_PAGE: u32 = 12;

/// The start page. Takes the same parameters as `GET /products`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(params): Query<SearchParams>,
) -> Result<Response, Problem> {
    let wanted = params.check(PER_PAGE)?;
    let shown = wanted.clone();
    let found = app
        .store
        .run(move |connection| search(connection, &wanted))
        .await?;
    let html = render(&app, &shown, &found).map_err(Problem::internal)?;
    let validators = Validators::of_body(html.as_bytes(), PRODUCTS_MODIFIED_S, CATALOGUE_CACHE);
    Ok(validators.respond(&headers, "text/html; charset=utf-8", || html.into()))
}

fn render(app: &App, shown: &Search, found: &Found) -> Result<String, std::fmt::Error> {
    let mut html = String::with_capacity(16 * 1024);
    let brand = escape(&app.options.brand);
    let hue = app.theme.hue as i32;
    let query = escape(&shown.query);
    write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{brand}</title><style>:root{{--hue:{hue}}}{STYLE}</style></head><body>\
         <header><a class=\"brand\" href=\"/\">{brand}</a>\
         <form action=\"/\"><input type=\"search\" name=\"query\" value=\"{query}\" \
         placeholder=\"Search\" aria-label=\"Search\" maxlength=\"100\"></form></header><nav>"
    )?;
    for category in categories(app.store.products()) {
        let here = if category == shown.category {
            " aria-current=\"page\""
        } else {
            ""
        };
        let (value, text) = (url_value(category), escape(category));
        write!(html, "<a href=\"/?category={value}\"{here}>{text}</a>")?;
    }
    write!(html, "</nav><main>")?;
    for product in &found.items {
        card(&mut html, product, &app.options.picture_query)?;
    }
    if found.items.is_empty() {
        write!(html, "<p class=\"none\">Nothing found.</p>")?;
    }
    write!(html, "</main><footer>")?;
    let (query, category) = (url_value(&shown.query), url_value(&shown.category));
    for page in 1..=found.pages.min(50) {
        let here = if page == found.page {
            " aria-current=\"page\""
        } else {
            ""
        };
        write!(
            html,
            "<a href=\"/?query={query}&amp;category={category}&amp;page={page}\"{here}>{page}</a>"
        )?;
    }
    writeln!(
        html,
        "<p>{} products. A demo: nothing is sold here.</p></footer></body></html>",
        found.total
    )?;
    Ok(html)
}

fn card(html: &mut String, product: &Product, picture_query: &str) -> std::fmt::Result {
    let mark = if picture_query.is_empty() { "" } else { "?" };
    write!(
        html,
        "<article><a href=\"/products/{id}\"><img src=\"/pictures/{id}.jpg{mark}{query}\" alt=\"{name}\" \
         width=\"1600\" height=\"1200\" loading=\"lazy\"><h2>{name}</h2></a>\
         <p class=\"colour\">{colour}</p><p class=\"price\">€ {euros}.{cents:02}</p></article>",
        id = product.id,
        query = escape(picture_query),
        name = escape(&product.name),
        colour = escape(&product.colour),
        euros = product.price_cents / 100,
        cents = product.price_cents % 100,
    )
}

fn categories(products: &[Product]) -> Vec<&str> {
    let mut names: Vec<&str> = products
        .iter()
        .map(|product| product.category.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                other => out.push(other),
            }
            out
        })
}

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
fn url_value(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_visitor_typed_is_never_markup() {
        assert_eq!(escape("<b a=\"'&"), "&lt;b a=&quot;&#39;&amp;");
        assert_eq!(url_value("a b&\"é"), "a%20b%26%22%C3%A9");
    }
}
