//! A loopback HTTP server that plays a script: one reply a connection, then none.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Makes the header lines and the body from the start of the range asked for.
pub(super) type Reply = Box<dyn Fn(Option<u64>) -> (String, Vec<u8>) + Send>;

pub(super) struct Server {
    pub(super) url: String,
    ranges: Arc<Mutex<Vec<Option<u64>>>>,
}

impl Server {
    pub(super) fn start(replies: Vec<Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/cifar-10-binary.tar.gz", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&ranges);
        thread::spawn(move || {
            for reply in replies {
                let Ok((stream, _)) = listener.accept() else { return };
                answer(stream, &reply, &log);
            }
        });
        Server { url, ranges }
    }

    /// The range starts asked for, one a request.
    pub(super) fn ranges(&self) -> Vec<Option<u64>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn answer(stream: TcpStream, reply: &Reply, log: &Mutex<Vec<Option<u64>>>) {
    let mut range = None;
    for line in BufReader::new(&stream).lines() {
        let line = line.unwrap().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(start) = line.strip_prefix("range: bytes=") {
            range = Some(start.trim_end_matches('-').parse().unwrap());
        }
    }
    log.lock().unwrap().push(range);
    let (head, body) = reply(range);
    let mut stream = stream;
    // The client may hang up early, for instance on a length it refuses.
    let _ = write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(&body);
}

/// Always the whole body, as from a server that does not know ranges.
pub(super) fn whole(body: &[u8]) -> Reply {
    let body = body.to_vec();
    Box::new(move |_| (format!("200 OK\r\nContent-Length: {}", body.len()), body.clone()))
}

/// The rest of the body from the byte asked for.
pub(super) fn ranged(body: &[u8]) -> Reply {
    let body = body.to_vec();
    Box::new(move |range| {
        let (total, start) = (body.len(), range.unwrap_or(0) as usize);
        if range.is_none() {
            return (format!("200 OK\r\nContent-Length: {total}"), body.clone());
        }
        if start >= total {
            let head = format!("416 Range Not Satisfiable\r\nContent-Range: bytes */{total}");
            return (format!("{head}\r\nContent-Length: 0"), Vec::new());
        }
        let place = format!("Content-Range: bytes {start}-{}/{total}", total - 1);
        let length = format!("Content-Length: {}", total - start);
        (format!("206 Partial Content\r\n{place}\r\n{length}"), body[start..].to_vec())
    })
}

/// `reply`, its connection closed after `n` bytes of the body.
pub(super) fn cut(reply: Reply, n: usize) -> Reply {
    Box::new(move |range| {
        let (head, mut body) = reply(range);
        body.truncate(n);
        (head, body)
    })
}

/// A fixed answer.
pub(super) fn fixed(head: &'static str, body: &[u8]) -> Reply {
    let body = body.to_vec();
    Box::new(move |_| (head.to_owned(), body.clone()))
}
