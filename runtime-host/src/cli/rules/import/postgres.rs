//! Rows of a PostgreSQL database.

use std::time::Duration;

use anyhow::Context as _;
use lockgate_rules::import::list::Row;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::postgres_tls::Tls;

/// Most rows that a list may have.
const ROWS_MAX: usize = 100_000;

/// Until a connection stands, and until the rows are there.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Whom to ask for what.
pub(super) struct Source {
    config: Config,
    query: String,
}

impl Source {
    /// `url` is one of libpq's: `postgresql://USER@HOST/DATABASE?sslmode=require`. The variable
    /// PGPASSWORD has the password where the URL has none.
    ///
    /// # Errors
    /// A URL that cannot be read. The error does not repeat it.
    pub(super) fn new(url: &str, query: &str) -> anyhow::Result<Self> {
        let mut config: Config = url.parse().context("the URL of the database")?;
        if config.get_password().is_none()
            && let Some(password) = std::env::var_os("PGPASSWORD")
        {
            config.password(password.as_encoded_bytes());
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        config.application_name("lockgate");
        // TLS is all or nothing: to try it and go on without it would protect from nobody.
        if config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_ssl_mode() == SslMode::Disable && config.get_hosts().iter().any(is_remote) {
            eprintln!(
                "note: the database is asked without encryption; add sslmode=require to its URL"
            );
        }
        let query = query.trim().trim_end_matches(';').to_owned();
        Ok(Self { config, query })
    }

    /// Asks, in a transaction that can only read.
    ///
    /// # Errors
    /// A database that is away, does not answer in time, refuses the query, or has other columns.
    pub(super) async fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.ask()).await;
        answer.unwrap_or_else(|_| {
            let seconds = ANSWER_WITHIN.as_secs();
            Err(anyhow::anyhow!(
                "no answer of the database within {seconds} s"
            ))
        })
    }

    async fn ask(&self) -> anyhow::Result<Vec<Row>> {
        // What goes wrong on the connection is also an error of the query.
        let client = if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await.context(AWAY)?;
            tokio::spawn(connection);
            client
        } else {
            let (client, connection) = self.config.connect(Tls::new()?).await.context(AWAY)?;
            tokio::spawn(connection);
            client
        };
        let messages = fetched(&client, &self.query).await.context("the query")?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let rows: Vec<Row> = rows.map(row).collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(
            rows.len() <= ROWS_MAX,
            "there are more than {ROWS_MAX} rows"
        );
        Ok(rows)
    }
}

const AWAY: &str = "the database is not reached";

/// Through a cursor, so that no more rows come than are looked at.
async fn fetched(
    client: &Client,
    query: &str,
) -> Result<Vec<SimpleQueryMessage>, tokio_postgres::Error> {
    let declared = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; \
         DECLARE crawlers NO SCROLL CURSOR FOR {query}",
        ANSWER_WITHIN.as_millis()
    );
    client.batch_execute(&declared).await?;
    let fetch = format!("FETCH FORWARD {} FROM crawlers", ROWS_MAX + 1);
    let messages = client.simple_query(&fetch).await?;
    client.batch_execute("COMMIT").await?;
    Ok(messages)
}

fn row(row: &SimpleQueryRow) -> anyhow::Result<Row> {
    let text = |index: usize| row.try_get(index).map(|value| value.map(str::to_owned));
    match row.len() {
        1 => Ok((text(0)?.unwrap_or_default(), None)),
        2 => Ok((text(0)?.unwrap_or_default(), text(1)?)),
        columns => anyhow::bail!(
            "the query has {columns} columns: one of patterns is wanted, perhaps a second one of remarks"
        ),
    }
}

/// Whether what is said to this host can be heard by others.
fn is_remote(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let address: Option<std::net::IpAddr> = name.parse().ok();
            name != "localhost" && !address.is_some_and(|address| address.is_loopback())
        }
        Host::Unix(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_says_whether_there_is_tls_and_no_error_repeats_a_password() {
        let mode = |url: &str| Source::new(url, "SELECT 1").unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgresql://u@localhost/d"), SslMode::Disable);
        assert_eq!(
            mode("postgresql://u@localhost/d?sslmode=disable"),
            SslMode::Disable
        );
        assert_eq!(
            mode("postgresql://u@db.test/d?sslmode=require"),
            SslMode::Require
        );
        for url in [
            "postgresql://u:hunter2@h:x/d",
            "postgresql://u:hunter2@h/d?sslmod=require",
            "hunter2",
        ] {
            let error = Source::new(url, "SELECT 1").err().unwrap();
            let said = format!("{error:#} {error:?}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn hosts_of_this_machine_need_no_note() {
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(!is_remote(&Host::Tcp(name.to_owned())), "{name}");
        }
        assert!(is_remote(&Host::Tcp("db.test".to_owned())));
        assert!(!is_remote(&Host::Unix("/run/postgresql".into())));
    }
}
