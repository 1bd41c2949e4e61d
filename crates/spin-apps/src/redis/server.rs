//! A Redis server by its URL, and connections to it.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use tokio::task::JoinHandle;

use crate::outbound::{AllowedHosts, connect};

/// Time for connecting and greeting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for the answer to a command, also one that waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A server and how to greet it.
#[derive(Clone)]
pub(crate) struct Server {
    tls: bool,
    /// In lower case, an IPv6 address in brackets.
    host: String,
    port: u16,
    greeting: RedisConnectionInfo,
}

impl Server {
    /// Reads `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`; `rediss://` with TLS.
    ///
    /// # Errors
    /// Why it is none. The reason holds nothing of the URL, which may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match url.split_once("://") {
            Some(("redis", rest)) => (false, rest),
            Some(("rediss", rest)) => (true, rest),
            _ => return Err("it begins with neither redis:// nor rediss://".to_owned()),
        };
        let info = format!("redis://{rest}")
            .into_connection_info()
            .map_err(|_| "it is not redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]")?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err("it names no host".to_owned());
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        Ok(Self {
            tls,
            host: if host.contains(':') {
                format!("[{host}]")
            } else {
                host
            },
            port: *port,
            greeting: info.redis_settings().clone().set_skip_set_lib_name(),
        })
    }

    /// `redis` or `rediss`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls { "rediss" } else { "redis" }
    }

    /// The host, as `allowed_outbound_hosts` looks at it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A new connection; with `hosts` only to addresses that these allow.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn connect(&self, hosts: Option<&AllowedHosts>) -> Result<Connected, String> {
        let made = tokio::time::timeout(CONNECT_TIMEOUT, self.greet(hosts)).await;
        made.map_err(|_| "no connection in time".to_owned())?
    }

    async fn greet(&self, hosts: Option<&AllowedHosts>) -> Result<Connected, String> {
        let stream = connect::stream(hosts, self.scheme(), &self.host, self.port, self.tls).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_TIMEOUT));
        let made = MultiplexedConnection::new_with_config(&self.greeting, stream, config).await;
        let (connection, driver) = made.map_err(|error| error.to_string())?;
        Ok(Connected {
            connection,
            driver: tokio::spawn(driver),
        })
    }
}

/// A connection, and what moves its bytes: that ends with the last handle, or when the server
/// hangs up.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    driver: JoinHandle<()>,
}

impl Connected {
    /// Whether the server has hung up.
    pub(crate) fn is_over(&self) -> bool {
        self.driver.is_finished()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without user and password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme(), self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_never_shown_with_their_password() {
        for (url, shown, db) in [
            ("redis://Cache.test", "redis://cache.test:6379", 0),
            (
                "redis://user:s3cret@10.0.0.1:7000/3",
                "redis://10.0.0.1:7000",
                3,
            ),
            ("rediss://[fd00::1]/1", "rediss://[fd00::1]:6379", 1),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!(
                (server.to_string().as_str(), server.greeting.db()),
                (shown, db)
            );
        }
        for bad in [
            "",
            "localhost",
            "http://localhost",
            "unix:///s3cret",
            "redis+unix:///s3cret",
            "redis://s3cret@host:x",
            "redis://host/s3cret",
        ] {
            let said = Server::parse(bad).map(|_| ()).unwrap_err();
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
