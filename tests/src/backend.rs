//! An origin that a test writes itself: it reads whole requests, keeps them, and answers what a
//! function says.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most bytes of a request's body that are read.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(300);

/// A request as it reached the origin.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The fields in their order, as they were written.
    pub headers: Vec<(String, String)>,
    /// The body, its chunks joined.
    pub body: Vec<u8>,
    /// The trailer fields.
    pub trailers: Vec<(String, String)>,
}

impl Received {
    /// The first field of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Writes the answer to a request; with an error the connection is closed.
type Answer = dyn Fn(&Received, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// Serves until the test's process ends.
pub struct Backend {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Backend {
    /// Starts to answer with what `answer` writes. Connections are kept.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start(
        answer: impl Fn(&Received, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Answer> = Arc::new(answer);
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let kept = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, kept) = (answer.clone(), kept.clone());
                // The other side may go at any time; that is no news here.
                std::thread::spawn(move || drop(serve(stream, &*answer, &kept)));
            }
        });
        Self { address, received }
    }

    /// The requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The bytes of an answer with a length.
#[must_use]
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Answer\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), body].concat()
}

fn serve(
    mut stream: TcpStream,
    answer: &Answer,
    received: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader, &mut stream)? {
        received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        answer(&request, &mut stream)?;
        stream.flush()?;
    }
    Ok(())
}

/// The next request; `None` at the end of the connection.
fn read(
    reader: &mut BufReader<TcpStream>,
    stream: &mut TcpStream,
) -> std::io::Result<Option<Received>> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Received {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: fields(reader)?,
        ..Received::default()
    };
    if request.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = request.header("content-length").map(str::parse::<usize>);
    if request.header("transfer-encoding").is_some() {
        loop {
            let line = self::line(reader)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| malformed())?;
            if size == 0 {
                break;
            }
            take(reader, size, &mut request.body)?;
            self::line(reader)?;
        }
        request.trailers = fields(reader)?;
    } else if let Some(length) = length {
        take(reader, length.map_err(|_| malformed())?, &mut request.body)?;
    }
    Ok(Some(request))
}

fn take(
    reader: &mut BufReader<TcpStream>,
    length: usize,
    body: &mut Vec<u8>,
) -> std::io::Result<()> {
    let begin = body.len();
    if length > BODY_BYTES_MAX || begin + length > BODY_BYTES_MAX {
        return Err(malformed());
    }
    body.resize(begin + length, 0);
    reader.read_exact(&mut body[begin..])
}

fn fields(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// A line without its end; empty at the end of the connection.
fn line(reader: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn malformed() -> std::io::Error {
    std::io::ErrorKind::InvalidData.into()
}
