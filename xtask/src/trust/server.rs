//! A loopback server that offers CIFAR-10's archive, also from a byte on.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Runs until the process ends.
pub(super) struct Server {
    url: String,
}

impl Server {
    /// Packs the six files that `data` has put into the user's folder.
    pub(super) fn start() -> Result<Server> {
        let archive = archive().context("all images are needed: run `cargo xtask data`")?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/cifar-10-binary.tar.gz", listener.local_addr()?);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that is killed hangs up.
                let _ = answer(&stream, &archive);
            }
        });
        Ok(Server { url })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

fn archive() -> Result<Vec<u8>> {
    let folder = data::default_dir()?;
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for name in (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".into()]) {
        let inside = format!("cifar-10-batches-bin/{name}");
        archive.append_path_with_name(folder.join(name), inside)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// Answers one request, from the byte that it asks for.
fn answer(stream: &TcpStream, body: &[u8]) -> Result<()> {
    let mut from = None;
    for line in BufReader::new(stream).lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(start) = line.strip_prefix("range: bytes=") {
            from = Some(start.trim_end_matches('-').parse::<usize>()?);
        }
    }
    let total = body.len();
    let (status, part) = match from {
        None => ("200 OK".to_owned(), body),
        Some(start) if start < total => {
            let range = format!("Content-Range: bytes {start}-{}/{total}", total - 1);
            (format!("206 Partial Content\r\n{range}"), &body[start..])
        }
        Some(_) => {
            let range = format!("Content-Range: bytes */{total}");
            (format!("416 Range Not Satisfiable\r\n{range}"), [].as_slice())
        }
    };
    let mut stream = stream;
    let length = part.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(part)?;
    Ok(())
}
