//! Starting and stopping the shop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::counts::Counts;
use crate::listener::{Received, ShopListener};
use crate::options::Options;
use crate::routes::{self, App};
use crate::store::Store;
use crate::testing::faults;

/// How long answers under way may take once the shop is told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// Why the shop did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The database cannot be opened or belongs to another shop.
    #[error("cannot open the database {path}: {cause}")]
    Database {
        /// The path asked for.
        path: String,
        /// What went wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder for pictures cannot be made.
    #[error("cannot make the folder for pictures: {0}")]
    Pictures(std::io::Error),
}

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    address: SocketAddr,
    fault_address: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    faults: Option<JoinHandle<()>>,
}

impl Shop {
    /// Opens the database, binds the listeners and serves in the background of the current runtime.
    ///
    /// # Errors
    /// If an address is taken, or the database or picture folder cannot be used.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let tcp = bind(options.listen).await?;
        let address = tcp.local_addr().map_err(listen_error(options.listen))?;
        let store = Store::open(&options).map_err(|cause| StartError::Database {
            path: options.database.clone(),
            cause: cause.into(),
        })?;
        let counts = Arc::new(Counts::new(options.test_endpoints));

        let mut fault_address = None;
        let mut fault_task = None;
        if let Some(wanted) = options.fault_listen {
            let listener = bind(wanted).await?;
            fault_address = Some(listener.local_addr().map_err(listen_error(wanted))?);
            fault_task = Some(tokio::spawn(faults::serve(listener, counts.clone())));
        }

        let record = options.test_endpoints;
        let app = App::new(options, store, counts.clone()).map_err(StartError::Pictures)?;
        let service = routes::router(app).into_make_service_with_connect_info::<Received>();
        let listener = ShopListener {
            tcp,
            counts,
            record,
        };
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let until = async move {
                // A dropped sender means stop, too.
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, service)
                .with_graceful_shutdown(until)
                .await
            {
                eprintln!("lockgate-shop: the server ended: {error}");
            }
        });
        Ok(Self {
            address,
            fault_address,
            stop,
            server,
            faults: fault_task,
        })
    }

    /// The address that the shop listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the listener that breaks the protocol, if there is one.
    pub fn fault_address(&self) -> Option<SocketAddr> {
        self.fault_address
    }

    /// Stops listening, lets answers under way end (2 s at most), then returns.
    pub async fn stop(self) {
        let Self {
            stop,
            mut server,
            faults,
            ..
        } = self;
        if let Some(faults) = faults {
            faults.abort();
        }
        // It fails if the server has ended already.
        let _ = stop.send(());
        if tokio::time::timeout(DRAIN, &mut server).await.is_err() {
            server.abort();
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(listen_error(address))
}

fn listen_error(address: SocketAddr) -> impl FnOnce(std::io::Error) -> StartError {
    move |cause| StartError::Listen { address, cause }
}
