//! HTTP download into a `.part` file that a later call resumes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode, Uri, header};

use crate::error::DataError;
use crate::fetch::{FetchProgress, Report};

/// How often a cut connection is taken up again, as long as each brings something.
const ATTEMPTS: usize = 4;

/// How long a server may say nothing, in seconds.
const PATIENCE: u64 = if cfg!(test) { 1 } else { 60 };

/// A finished download.
pub(super) struct Download {
    path: PathBuf,
    /// Whether the bytes came in more than one piece.
    pub(super) resumed: bool,
}

impl Download {
    /// Deletes the file.
    pub(super) fn remove(self) -> Result<(), DataError> {
        fs::remove_file(&self.path).map_err(DataError::io("remove", &self.path))
    }
}

/// Downloads `url` to `part`, going on from what is there; refuses more than `limit` bytes.
/// Over https alone, also where it is redirected to; this machine's own loopback addresses
/// may do without, and may not redirect.
pub(super) fn download(
    url: &str,
    part: &Path,
    limit: u64,
    report: &mut Report<'_>,
) -> Result<Download, DataError> {
    let uri: Uri = url.parse().map_err(|error| http_error(url, format!("no address: {error}")))?;
    if uri.scheme_str() != Some("https") && !is_loopback(&uri) {
        let reason = "only https is used, so that nobody on the way can change the file";
        return Err(http_error(url, reason.to_owned()));
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(part);
    let file = file.map_err(DataError::io("write", part))?;
    let mut transfer = Transfer { url, uri, limit, part, file, done: 0, resumed: false };
    let result = transfer.run(report);
    let Transfer { file, done, resumed, .. } = transfer;
    match result {
        Ok(()) => {
            file.sync_all().map_err(DataError::io("write", part))?;
            Ok(Download { path: part.into(), resumed })
        }
        Err(error) => {
            // An empty or refused file is of no use to the next call.
            if done == 0 || matches!(error, DataError::TooLarge { .. }) {
                drop(file);
                fs::remove_file(part).map_err(DataError::io("remove", part))?;
            }
            Err(error)
        }
    }
}

struct Transfer<'a> {
    url: &'a str,
    uri: Uri,
    limit: u64,
    part: &'a Path,
    file: File,
    done: u64,
    resumed: bool,
}

impl Transfer<'_> {
    fn run(&mut self, report: &mut Report<'_>) -> Result<(), DataError> {
        self.done = self.file.metadata().map_err(DataError::io("inspect", self.part))?.len();
        if self.done > self.limit {
            self.begin_at(0)?;
        }
        let mut attempt = 1;
        loop {
            let before = self.done;
            match self.request(report) {
                Err(error @ DataError::Cut { .. }) if attempt < ATTEMPTS && self.done > before => {
                    attempt += 1;
                    report(FetchProgress::Note(&format!("resuming: {error}")));
                }
                other => return other,
            }
        }
    }

    /// One request, for the bytes from `done` on, and its answer.
    fn request(&mut self, report: &mut Report<'_>) -> Result<(), DataError> {
        let mut request = client(&self.uri).get(self.url);
        if self.done > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.done));
        }
        let answer = request.call().map_err(|error| http_error(self.url, error.to_string()))?;
        let headers = answer.headers();
        match answer.status() {
            StatusCode::OK => self.begin_at(0)?,
            StatusCode::PARTIAL_CONTENT if range_start(headers) == Some(self.done) => {
                self.begin_at(self.done)?;
                self.resumed |= self.done > 0;
            }
            // Nothing lies beyond what is there: it is whole, or it is not this file.
            StatusCode::RANGE_NOT_SATISFIABLE if self.done > 0 => {
                self.resumed = true;
                if range_total(headers) == Some(self.done) {
                    return Ok(());
                }
                self.begin_at(0)?;
                return self.request(report);
            }
            status if status.is_redirection() => {
                let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
                let to = to.unwrap_or("nowhere");
                let reason = format!("the server redirects to {to}: give that address");
                return Err(http_error(self.url, reason));
            }
            status => {
                let reason = format!("the server answered {status} instead of the archive");
                return Err(http_error(self.url, reason));
            }
        }
        let total = content_length(headers).map(|rest| self.done + rest);
        if total.is_some_and(|total| total > self.limit) {
            return Err(self.too_large());
        }
        self.receive(answer.into_body().into_reader(), total, report)
    }

    /// Appends the body to the file.
    fn receive(
        &mut self,
        mut body: impl Read,
        total: Option<u64>,
        report: &mut Report<'_>,
    ) -> Result<(), DataError> {
        let step = format!("downloading {}", self.url);
        let mut buffer = vec![0; 1 << 17];
        let reason = loop {
            match body.read(&mut buffer) {
                Ok(0) => break "the connection ended".to_owned(),
                Err(error) => break error.to_string(),
                Ok(n) => {
                    if self.done + n as u64 > self.limit {
                        return Err(self.too_large());
                    }
                    let written = self.file.write_all(&buffer[..n]);
                    written.map_err(DataError::io("write", self.part))?;
                    self.done += n as u64;
                    report(FetchProgress::Bytes { step: &step, done: self.done, total });
                }
            }
        };
        let whole = total.map_or(reason == "the connection ended", |total| self.done == total);
        if whole {
            return Ok(());
        }
        Err(DataError::Cut { url: self.url.to_owned(), done: self.done, total, reason })
    }

    /// Cuts the file to `start` bytes and writes on from there.
    fn begin_at(&mut self, start: u64) -> Result<(), DataError> {
        self.done = start;
        let cut = self.file.set_len(start).and_then(|()| self.file.seek(SeekFrom::Start(start)));
        cut.map(|_| ()).map_err(DataError::io("write", self.part))
    }

    fn too_large(&self) -> DataError {
        DataError::TooLarge { origin: self.url.to_owned(), limit: self.limit }
    }
}

fn client(uri: &Uri) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(Duration::from_secs(15)))
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(PATIENCE)))
        .timeout_per_read(Some(Duration::from_secs(PATIENCE)));
    config = if is_loopback(uri) {
        // A proxy cannot reach this machine's own addresses.
        config.proxy(None).max_redirects(0).max_redirects_will_error(false)
    } else {
        config.https_only(true)
    };
    config.build().into()
}

/// Whether the address is one of this machine's own, which nothing on the way can change.
fn is_loopback(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// 100 from `Content-Range: bytes 100-199/200`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    content_range(headers)?.split_once('-')?.0.parse().ok()
}

/// 200 from `Content-Range: bytes */200`.
fn range_total(headers: &HeaderMap) -> Option<u64> {
    content_range(headers)?.split_once('/')?.1.parse().ok()
}

fn content_range(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn http_error(url: &str, reason: String) -> DataError {
    DataError::Http { url: url.to_owned(), reason }
}
