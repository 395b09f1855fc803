//! The files by name, size and sha-256 sums, and the readers that check them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::difference::difference;
use crate::error::DataError;
use crate::kind;

/// What to do about an official file that is missing or wrong.
pub(crate) const FETCH_AGAIN: &str = "run `cargo xtask data` to fetch it";
/// What to do about a sample file that is missing or wrong.
pub(crate) const RESTORE: &str =
    "restore the repository's data/cifar10-sample folder (`git checkout data/cifar10-sample`)";

/// The published facts of one file in the official layout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileSpec {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    /// Of the whole file.
    pub(crate) sha256: &'static str,
    /// Of the labels alone, in order; only for saying in what another file differs.
    pub(crate) labels: &'static str,
    /// Of the images alone, in order; likewise.
    pub(crate) images: &'static str,
}

const fn official(
    name: &'static str,
    sha256: &'static str,
    labels: &'static str,
    images: &'static str,
) -> FileSpec {
    FileSpec { name, bytes: 30_730_000, sha256, labels, images }
}

/// The six files of `cifar-10-binary.tar.gz`: five of the training split, one of the test split.
pub(crate) const OFFICIAL: [FileSpec; 6] = [
    official(
        "data_batch_1.bin",
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "d829dbdf32167c9d7b3687cee66d92d80d46c441308b5aca0d11e8b69e27dac9",
        "a50e8b48728e1667d682a807155c375279d5ae321fb12242c02e3104a6bc8b21",
    ),
    official(
        "data_batch_2.bin",
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "5d18f7371ed35ea9ade77952fe958b0660a45cd6c8b8a8970030f21612cfd7e3",
        "0b825e5592c3b72ea18d6ec2ff5f5b19d33e41a75f5039054a9bb87be3cf69a0",
    ),
    official(
        "data_batch_3.bin",
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "32cf77b0ee2e790b1c4384d2d82e42dc1571b87e67f6da8f444b2725b2973f65",
        "c6ee1dd4601a69ec085d8ebf53ee6441775491a6839a0a9ae8fa198e88a3a429",
    ),
    official(
        "data_batch_4.bin",
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "d2815e3f8f656272864920fc0edde56b04ec9cf81bf397c0dd3069f4aea51aeb",
        "1f6b6c799cff375a9f8fae2fac909d51ee09f38a6a60eebb9e8fec6f47ddc48f",
    ),
    official(
        "data_batch_5.bin",
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "2ddf3ab27d5d04409c94ce7b56849c243129c10de1058ae0bfe14c77e934800c",
        "58e3bbf713e28357476a351d3a05d056372f94c681d04ca9d62a076fdf2a643b",
    ),
    official(
        "test_batch.bin",
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
        "177777c33ba79825320efa646ad04a94bdc3c80e4ebe3bd21724f8cdfd4b9d56",
    ),
];

impl FileSpec {
    /// Reads the file from `dir`; returns its bytes only if size and sum agree.
    pub(crate) fn read(&self, dir: &Path, cure: &'static str) -> Result<Vec<u8>, DataError> {
        let path = dir.join(self.name);
        let file = self.open(&path, cure)?;
        // One byte more than expected would show a file that grew since its size was asked.
        let mut bytes = Vec::with_capacity(self.bytes as usize + 1);
        file.take(self.bytes + 1).read_to_end(&mut bytes).map_err(DataError::io("read", &path))?;
        let differs = || difference(self, &OFFICIAL, &bytes);
        self.check(&path, bytes.len() as u64, &sha256_hex(&bytes), cure, differs)?;
        Ok(bytes)
    }

    /// Checks the file in `dir` without holding it in memory.
    pub(crate) fn verify(&self, dir: &Path, cure: &'static str) -> Result<(), DataError> {
        let path = dir.join(self.name);
        let mut file = self.open(&path, cure)?.take(self.bytes + 1);
        let (mut hasher, mut buffer, mut total) = (Sha256::new(), vec![0; 1 << 16], 0);
        loop {
            match file.read(&mut buffer).map_err(DataError::io("read", &path))? {
                0 => break,
                n => {
                    hasher.update(&buffer[..n]);
                    total += n as u64;
                }
            }
        }
        self.check(&path, total, &hex(hasher), cure, String::new)
    }

    /// Opens `path` if it has the expected size.
    pub(crate) fn open(&self, path: &Path, cure: &'static str) -> Result<File, DataError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(DataError::Missing { path: path.to_path_buf(), cure });
            }
            other => other.map_err(DataError::io("open", path))?,
        };
        let found = file.metadata().map_err(DataError::io("inspect", path))?.len();
        self.check_size(path, found, cure).map_err(|error| match kind::of_file(&file) {
            Some(what) => DataError::SomethingElse { path: path.into(), what },
            None => error,
        })?;
        Ok(file)
    }

    /// Compares size and sum of what `path` held with the published ones; `differs` says
    /// in what bytes of the right number but another sum differ.
    pub(crate) fn check(
        &self,
        path: &Path,
        bytes: u64,
        sum: &str,
        cure: &'static str,
        differs: impl FnOnce() -> String,
    ) -> Result<(), DataError> {
        self.check_size(path, bytes, cure)?;
        if sum == self.sha256 {
            return Ok(());
        }
        let (expected, found) = (self.sha256.to_owned(), sum.to_owned());
        let difference = differs();
        Err(DataError::WrongSum { path: path.to_path_buf(), difference, expected, found, cure })
    }

    /// Compares a size alone with the published one.
    pub(crate) fn check_size(
        &self,
        path: &Path,
        found: u64,
        cure: &'static str,
    ) -> Result<(), DataError> {
        if found == self.bytes {
            return Ok(());
        }
        if kind::is_cifar100_records(found) {
            return Err(DataError::SomethingElse { path: path.into(), what: kind::CIFAR_100 });
        }
        Err(DataError::WrongSize { path: path.to_path_buf(), expected: self.bytes, found, cure })
    }
}

/// The sha-256 sum of `bytes` in lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(bytes);
    hex(hasher)
}

/// The digits of a finished hash.
pub(crate) fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    const BYTES: [u8; 12] = *b"twelve bytes";

    fn spec() -> FileSpec {
        let sha256 = sha256_hex(&BYTES).leak();
        FileSpec { name: "small.bin", bytes: 12, sha256, labels: "", images: "" }
    }

    /// Both readers must agree; the streaming one answers.
    fn read(bytes: &[u8]) -> Result<(), DataError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("small.bin"), bytes).unwrap();
        let whole = spec().read(dir.path(), RESTORE);
        let streamed = spec().verify(dir.path(), RESTORE);
        assert_eq!(whole.as_ref().map_err(|e| e.to_string()).map(|_| ()), {
            streamed.as_ref().map_err(|e| e.to_string()).copied()
        });
        streamed
    }

    #[test]
    fn the_sum_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }

    #[test]
    fn untouched_bytes_pass() {
        read(&BYTES).unwrap();
    }

    #[test]
    fn every_truncation_and_extension_is_refused_by_size() {
        let longer = [BYTES, BYTES].concat();
        for len in (0..24).filter(|&len| len != 12) {
            let error = read(&longer[..len]).unwrap_err();
            let DataError::WrongSize { expected: 12, found, .. } = &error else {
                panic!("length {len}: {error}");
            };
            assert_eq!(*found, len as u64);
            let word = if len < 12 { "truncated" } else { "too long" };
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_refused_by_sum(bit in 0..96_usize) {
            let mut bytes = BYTES;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = read(&bytes).unwrap_err();
            prop_assert!(matches!(error, DataError::WrongSum { .. }), "{error}");
            prop_assert!(error.to_string().contains("small.bin"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let message = spec().read(dir.path(), FETCH_AGAIN).unwrap_err().to_string();
        assert!(message.contains("small.bin is missing; run `cargo xtask data`"), "{message}");
    }
}
