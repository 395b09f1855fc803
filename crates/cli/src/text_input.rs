//! Text from outside: a file, or standard input for `-`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, bail};

/// The text of a file of at most `most` bytes, or of standard input if `path` is `-`. A byte
/// order mark in front, which editors leave, is not part of the text.
///
/// # Errors
/// If it cannot be read, is longer, or is not UTF-8. The message does not name the path.
pub(crate) fn read(path: &Path, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > most {
        bail!("it has more than {most} bytes");
    }
    text(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        bail!("it is UTF-16, as PowerShell's `>` writes it; save it as UTF-8");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()),
        Err(error) => {
            bail!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_not_text_and_other_encodings_are_named() {
        assert_eq!(text(b"\xef\xbb\xbf{}\r\n".to_vec()).unwrap(), "{}\r\n");
        assert_eq!(text(b"{}".to_vec()).unwrap(), "{}");
        for (bytes, expected) in [
            (&b"\xff\xfe{\0}\0"[..], "UTF-16"),
            (b"\xfe\xff\0{\0}", "UTF-16"),
            (b"{\"a\": \"\xe4\"}", "not UTF-8 text (byte 7)"),
        ] {
            let message = text(bytes.to_vec()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
