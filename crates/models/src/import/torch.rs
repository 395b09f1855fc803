//! What `torch.save` writes: a zip archive, or before PyTorch 1.6 pickles in a row.
//!
//! Either way a pickle says which tensors there are and where in which storage their
//! elements lie. Only the storages of tensors that are wanted are read.
//!
//! Source: PyTorch's `torch/serialization.py`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use zip::{CompressionMethod, ZipArchive};

use super::ImportError;
use super::pickle::{self, Id, Node, Storage, Tree};
use super::raw::{RawTensor, Strided};

/// A file of PyTorch, its pickle read.
pub(super) struct TorchFile<'a> {
    pub(super) tree: Tree,
    storages: Storages<'a>,
    /// Bytes of the whole file.
    size: usize,
    /// Bytes of the tensors that were read so far.
    read: usize,
}

enum Storages<'a> {
    /// An archive, and what its entries' names begin with.
    Zip(ZipArchive<Cursor<&'a [u8]>>, String),
    /// Storages by key.
    Legacy(BTreeMap<String, &'a [u8]>),
}

/// How many times as large as their file the tensors of a state dict may be: half precision
/// doubles, and tensors may share a storage.
const GROWTH: usize = 8;

fn damaged(what: impl Into<String>) -> ImportError {
    ImportError::Damaged(what.into())
}

impl<'a> TorchFile<'a> {
    /// The archive whose entries' names begin with `prefix`.
    pub(super) fn from_zip(
        mut archive: ZipArchive<Cursor<&'a [u8]>>,
        prefix: &str,
        size: usize,
    ) -> Result<TorchFile<'a>, ImportError> {
        let order = format!("{prefix}byteorder");
        if archive.index_for_name(&order).is_some() {
            let order = entry(&mut archive, &order, size)?;
            if order != b"little" {
                return Err(damaged("its numbers are big-endian, which is not supported"));
            }
        }
        let bytes = entry(&mut archive, &format!("{prefix}data.pkl"), size)?;
        let (tree, _) = pickle::read(&bytes)?;
        let storages = Storages::Zip(archive, prefix.to_owned());
        Ok(TorchFile { tree, storages, size, read: 0 })
    }

    /// The older format: magic number, version, system, object and keys as pickles, then
    /// the storages in the order of the keys, each with its length in elements in front.
    pub(super) fn from_legacy(bytes: &'a [u8]) -> Result<TorchFile<'a>, ImportError> {
        let mut at = 0;
        let mut next = || {
            let (tree, length) = pickle::read(&bytes[at..])?;
            at += length;
            Ok::<Tree, ImportError>(tree)
        };
        let (_magic, _version, system, tree, keys) = (next()?, next()?, next()?, next()?, next()?);
        if is_big_endian(&system) {
            return Err(damaged("its numbers are big-endian, which is not supported"));
        }
        let known = storages_of(&tree);
        let mut storages = BTreeMap::new();
        let Node::List(keys_in_order) = keys.node(keys.root()) else {
            return Err(damaged("it does not list its storages"));
        };
        for &key in keys_in_order {
            let key = keys.text(key).ok_or_else(|| damaged("a storage has no name"))?;
            let storage = known.get(key);
            let storage = storage.ok_or_else(|| damaged("it lists a storage of no tensor"))?;
            let (count, rest) =
                bytes[at..].split_first_chunk().ok_or_else(|| damaged("it is cut short"))?;
            let count = usize::try_from(u64::from_le_bytes(*count)).ok();
            if count != Some(storage.count) {
                return Err(damaged(format!("storage {key} has two lengths")));
            }
            let length = storage.count.checked_mul(storage.element.size());
            let data = length.and_then(|length| rest.get(..length));
            let data = data.ok_or_else(|| damaged("it is cut short"))?;
            at += 8 + data.len();
            storages.insert(key.to_owned(), data);
        }
        if at != bytes.len() {
            let behind = bytes.len() - at;
            return Err(damaged(format!("there are {behind} bytes behind its last storage")));
        }
        Ok(TorchFile { tree, storages: Storages::Legacy(storages), size: bytes.len(), read: 0 })
    }

    /// Starts with the tensors of a state dict: forgets how large those of another were.
    pub(super) fn begin(&mut self) {
        self.read = 0;
    }

    /// The tensor of the tree whose storage is at a place.
    pub(super) fn tensor(
        &mut self,
        name: &str,
        storage: Id,
        view: &Strided,
    ) -> Result<RawTensor, ImportError> {
        let Node::Storage(storage) = self.tree.node(storage).clone() else {
            unreachable!("tensors refer to storages")
        };
        let of = |count: Option<usize>| count.and_then(|n| n.checked_mul(storage.element.size()));
        let length = of(Some(storage.count))
            .filter(|&length| length <= self.size)
            .ok_or_else(|| damaged(format!("storage {} is larger than the file", storage.key)))?;
        let needed = of(view.count()).and_then(|needed| needed.checked_add(self.read));
        self.read = needed.filter(|&read| read / GROWTH <= self.size).ok_or_else(|| {
            damaged(format!(
                "tensor {name} of shape {:?} makes the tensors more than {GROWTH} times as large \
                 as the file",
                view.dims
            ))
        })?;
        let owned;
        let bytes = match &mut self.storages {
            Storages::Zip(archive, prefix) => {
                owned = entry(archive, &format!("{prefix}data/{}", storage.key), self.size)?;
                &owned
            }
            Storages::Legacy(storages) => *storages
                .get(&storage.key)
                .ok_or_else(|| damaged(format!("storage {} is not there", storage.key)))?,
        };
        if bytes.len() != length {
            return Err(damaged(format!(
                "storage {} has {} bytes, expected {length}",
                storage.key,
                bytes.len()
            )));
        }
        view.read(name, storage.element, bytes)
    }
}

/// The bytes of an entry, whose checksum is compared; never more than the archive has.
fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    size: usize,
) -> Result<Vec<u8>, ImportError> {
    let failed = |error| damaged(format!("its entry {name} cannot be read ({error})"));
    let file = archive.by_name(name).map_err(|error| failed(error.to_string()))?;
    if file.compression() != CompressionMethod::Stored {
        return Err(damaged(format!(
            "its entry {name} is compressed, which torch.save never does"
        )));
    }
    let length = usize::try_from(file.size()).ok().filter(|&length| length <= size);
    let length = length.ok_or_else(|| damaged(format!("its entry {name} is too large")))?;
    let mut bytes = Vec::with_capacity(length);
    let read = file.take(length as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

fn is_big_endian(system: &Tree) -> bool {
    let Node::Dict(pairs) = system.node(system.root()) else { return false };
    let little = pairs.iter().find(|(key, _)| system.text(*key) == Some("little_endian"));
    little.is_some_and(|(_, value)| *system.node(*value) == Node::Bool(false))
}

fn storages_of(tree: &Tree) -> BTreeMap<&str, &Storage> {
    let storages = tree.nodes().filter_map(|node| match node {
        Node::Storage(storage) => Some((storage.key.as_str(), storage)),
        _ => None,
    });
    storages.collect()
}
