//! What a file is, by its first bytes, and what to do if it is not weights.

use std::io::Cursor;

use zip::ZipArchive;

use super::ImportError;

/// The kinds of files that hold weights.
pub(super) enum Kind<'a> {
    Safetensors,
    /// A zip archive of PyTorch, and what its entries' names begin with.
    TorchZip(ZipArchive<Cursor<&'a [u8]>>, String),
    TorchLegacy,
}

/// How the older format of PyTorch begins: a pickle of this number, after its protocol.
const LEGACY_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

const SAVE: &str = "in PyTorch, load it and save its state dict: \
                    torch.save(net.state_dict(), 'weights.pt')";
const EXPORT: &str = "export the weights as safetensors with PyTorch's names and layouts";
const DOWNLOAD: &str = "the download went wrong: fetch the file itself (its `raw` link)";
const UNPACK: &str = "unpack it and name the file with the weights";

/// Recognises a file, or says what else it is.
pub(super) fn recognise(bytes: &[u8]) -> Result<Kind<'_>, ImportError> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip(bytes);
    }
    let is_pickle = bytes.len() > 1 && bytes[0] == 0x80 && (2..=5).contains(&bytes[1]);
    if is_pickle && bytes[2..].starts_with(LEGACY_MAGIC) {
        return Ok(Kind::TorchLegacy);
    }
    // Protocols 4 and 5 frame the number.
    if is_pickle && bytes.get(11..).is_some_and(|rest| rest.starts_with(LEGACY_MAGIC)) {
        return Ok(Kind::TorchLegacy);
    }
    match something_else(bytes, is_pickle) {
        Some((found, remedy)) => {
            Err(ImportError::SomethingElse { found: found.into(), remedy: remedy.into() })
        }
        None => Ok(Kind::Safetensors),
    }
}

fn something_else(bytes: &[u8], is_pickle: bool) -> Option<(&'static str, &'static str)> {
    if bytes.is_empty() {
        return Some(("an empty file", "copy or export it again"));
    }
    let starts: [(&[u8], &str, &str); 16] = [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes", EXPORT),
        (b"version https://git-lfs", "a Git LFS pointer, not the file", "run `git lfs pull`"),
        (b"\x93NUMPY", "a numpy array", EXPORT),
        (b"\x1f\x8b", "a gzip file", UNPACK),
        (b"BZh", "a bzip2 file", UNPACK),
        (b"\xfd7zXZ\0", "an xz file", UNPACK),
        (b"\x28\xb5\x2f\xfd", "a zstd file", UNPACK),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
        (b"Rar!", "a rar archive", UNPACK),
        (b"GGUF", "a GGUF file", EXPORT),
        (b"MATLAB", "a MATLAB file", EXPORT),
        (b"\x89PNG", "a picture", "name a file with weights"),
        (b"\xff\xd8\xff", "a picture", "name a file with weights"),
        (b"%PDF", "a PDF document", "name a file with weights"),
        (b"\x7fELF", "a program", "name a file with weights"),
        (b"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
    ];
    if let Some((_, found, remedy)) = starts.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return Some((found, remedy));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some(("a TensorFlow Lite model", EXPORT));
    }
    if is_pickle {
        return Some(("a pickle that torch.save did not write", SAVE));
    }
    // A safetensors header is JSON behind its length.
    if bytes.get(8) == Some(&b'{') {
        return None;
    }
    if is_onnx(bytes) {
        return Some(("an ONNX model", "export the state dict of the network instead"));
    }
    text(bytes)
}

/// Kinds of text: what a server or a version control system left in place of the file.
fn text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = &bytes[..bytes.len().min(1024)];
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let start = start.trim_ascii_start().to_ascii_lowercase();
    let contains = |what: &[u8]| start.windows(what.len()).any(|part| part == what);
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        return Some(("an HTML page", DOWNLOAD));
    }
    if start.starts_with(b"<") && (contains(b"<html") || contains(b"<head")) {
        return Some(("an HTML page", DOWNLOAD));
    }
    if start.starts_with(b"<?xml") || start.starts_with(b"<") {
        return Some(("an XML document, such as a server's refusal", DOWNLOAD));
    }
    if start.starts_with(b"{") || start.starts_with(b"[") {
        return Some(("a JSON text", "name the file with the weights"));
    }
    let is_text = start.iter().all(|&b| b >= 0x20 && b != 0x7f || b.is_ascii_whitespace());
    is_text.then_some(("a text", "name the file with the weights"))
}

/// A protocol buffer whose first field is the version of the format, a small number, and
/// whose next is a name, a graph or the like.
fn is_onnx(bytes: &[u8]) -> bool {
    matches!(*bytes, [0x08, 1..=30, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..])
}

/// Zip archives by what is in them.
fn zip(bytes: &[u8]) -> Result<Kind<'_>, ImportError> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        ImportError::Damaged(format!(
            "it begins as a zip archive, but is not a whole one ({error})"
        ))
    })?;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let has = |end: &str| names.iter().any(|name| name.ends_with(end));
    let else_is = |found: &str, remedy: &str| {
        Err(ImportError::SomethingElse { found: found.into(), remedy: remedy.into() })
    };
    if has("constants.pkl") {
        return else_is("a TorchScript program", SAVE);
    }
    let folder = |name: &String| name.strip_suffix("data.pkl").map(str::to_owned);
    if let Some(prefix) = names.iter().filter_map(folder).find(|prefix| is_folder(prefix)) {
        return Ok(Kind::TorchZip(archive, prefix));
    }
    if has(".npy") {
        return else_is("an archive of numpy arrays", EXPORT);
    }
    if has("model.weights.h5") {
        return else_is("a Keras model", EXPORT);
    }
    else_is("a zip archive", UNPACK)
}

/// `` or `NAME/`.
fn is_folder(prefix: &str) -> bool {
    prefix.is_empty() || prefix.find('/') == Some(prefix.len() - 1)
}
