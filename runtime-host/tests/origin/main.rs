//! The origin client against small servers that speak raw TCP.

mod connections;
mod faults;
mod messages;
mod server;
