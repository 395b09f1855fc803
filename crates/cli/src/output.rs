//! All that the program prints: results on standard output, everything else on standard
//! error.
//!
//! Nothing here panics. What a command does never depends on whether someone reads its
//! notes: a [`note`] that cannot be written is dropped. A result whose reader has gone away,
//! as in `models | head -1`, ends the command quietly with exit code 0; a result that
//! cannot be written for another reason, such as a full disk, is an error.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context, Result};

use crate::program::named;

/// Prints a result as it is.
///
/// # Errors
/// If it cannot be written; of a reader that has gone away [`is_reader_gone`] tells.
pub fn print(result: impl Display) -> Result<()> {
    write(result.to_string().as_bytes())
}

/// Prints a result and ends the line.
///
/// # Errors
/// Those of [`print()`].
pub fn print_line(result: impl Display) -> Result<()> {
    print(format_args!("{result}\n"))
}

/// Prints a path and ends the line. The path's bytes are printed as they are, whether or
/// not they are UTF-8.
///
/// # Errors
/// Those of [`print()`].
pub fn print_path(path: &Path) -> Result<()> {
    write(&[path.as_os_str().as_encoded_bytes(), b"\n"].concat())
}

/// Writes a line to standard error, if it can be written.
pub fn note(text: impl Display) {
    // In one piece, so that lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{}\n", named(text.to_string())).as_bytes());
}

/// Whether the error says that the reader of the results has gone away.
pub fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        && error.downcast_ref::<Unprinted>().is_some()
}

/// What could not be done.
#[derive(Debug)]
struct Unprinted;

impl Display for Unprinted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot write to standard output")
    }
}

/// Hands the bytes to the system before it returns: what is left in a buffer when the
/// program ends is lost without a word.
fn write(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context(Unprinted)
}
