//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::catalogue::theme::Range;

/// The demo shop behind Lockgate: products, carts, orders and pictures over HTTP and SQLite.
#[derive(Clone, Debug, Parser)]
#[command(name = "lockgate-shop", version)]
pub struct Options {
    /// Address to listen on; with port 0 the system picks one and the start line names it.
    #[arg(long, default_value = "127.0.0.1:9000")]
    pub listen: SocketAddr,

    /// SQLite file, made if it is missing, or `:memory:`.
    #[arg(long, default_value = ":memory:")]
    pub database: String,

    /// Folder that keeps the pictures once drawn. Default: beside the database file, named
    /// `<file>-pictures`; with `:memory:` they are kept in memory.
    #[arg(long)]
    pub pictures: Option<PathBuf>,

    /// Number of products to invent for a new database.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub products: u32,

    /// Seed of the products, their prices and pictures. Default: made from the brand.
    #[arg(long)]
    pub seed: Option<u64>,

    /// Name of the shop. Its colours follow from the name.
    #[arg(long, default_value = "Harbour & Pine", value_parser = parse_brand)]
    pub brand: String,

    /// What the shop sells. Default: chosen by the brand.
    #[arg(long, value_enum)]
    pub range: Option<Range>,

    /// Query string that the start page adds to picture addresses, such as `width=480`, for an
    /// image service in front. The shop itself ignores it.
    #[arg(long, default_value = "")]
    pub picture_query: String,

    /// Serve `/_test/`: request counts and answers that misbehave on request.
    #[arg(long)]
    pub test_endpoints: bool,

    /// Second listener, without HTTP rules, that breaks the protocol by path (`/garbage`, `/reset`, ...).
    #[arg(long)]
    pub fault_listen: Option<SocketAddr>,

    /// Threads that answer requests.
    #[arg(long, default_value_t = 2, value_parser = parse_threads)]
    pub threads: usize,

    /// Draw all pictures into this folder as JPEG and PNG, then end.
    #[arg(long, value_name = "FOLDER")]
    pub write_pictures: Option<PathBuf>,
}

impl Options {
    /// Options of a shop with test endpoints, in memory, on a free port of the loopback address.
    pub fn for_tests() -> Self {
        let mut options = Self::parse_from(["lockgate-shop", "--listen", "127.0.0.1:0"]);
        options.test_endpoints = true;
        options
    }
}

fn parse_brand(name: &str) -> Result<String, String> {
    let length = name.chars().count();
    if (1..=40).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err("a brand is 1 to 40 characters without control characters".to_owned())
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=64) => Ok(count),
        _ => Err("give a number from 1 to 64".to_owned()),
    }
}
