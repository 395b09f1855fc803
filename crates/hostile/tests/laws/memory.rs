//! Small files that declare much take little memory.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hostile::read;
use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// What a reader may take beyond the decoded size that its format admits.
const SLACK: usize = 16 << 20;

/// Bytes that reading takes at its peak, roughly: other tests of this program run beside it.
fn peak(work: impl FnOnce()) -> usize {
    COUNTED.reset_peak_usage();
    let before = COUNTED.current_usage();
    work();
    COUNTED.peak_usage().saturating_sub(before)
}

/// A safetensors file whose header declares a tensor of so many numbers, and holds none.
fn declares(numbers: u64) -> Vec<u8> {
    let end = numbers * 4;
    let header = format!(
        r#"{{"conv.weight":{{"dtype":"F32","shape":[{numbers}],"data_offsets":[0,{end}]}}}}"#
    );
    [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
}

#[test]
fn declared_lengths_take_no_memory() {
    for numbers in [1 << 20, 1 << 34, 1 << 60] {
        let bytes = declares(numbers);
        let peak = peak(|| read("weights", &bytes));
        assert!(peak < SLACK, "{numbers} numbers: {peak} bytes");
    }
    // The length of the header itself.
    for length in [1_u64 << 30, u64::MAX] {
        let peak = peak(|| read("weights", &length.to_le_bytes()));
        assert!(peak < SLACK, "a header of {length} bytes: {peak} bytes");
    }
}

/// A gigabyte of zeros, packed to a megabyte. Of a MATLAB file they are an element that
/// declares no length.
#[test]
fn what_unpacks_to_far_too_much_is_not_unpacked() {
    let zeros = vec![0; 1 << 20];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        gzip.write_all(&zeros).unwrap();
        zlib.write_all(&zeros).unwrap();
    }
    let (gzip, zlib) = (gzip.finish().unwrap(), zlib.finish().unwrap());
    // A MATLAB file: its heading, then a compressed element.
    let length = (zlib.len() as u32).to_le_bytes();
    let mat = [
        b"MATLAB 5.0 MAT-file".as_slice(),
        &[b' '; 105],
        &[0, 1, b'I', b'M'],
        &[15, 0, 0, 0],
        &length,
        &zlib,
    ]
    .concat();
    for (name, bytes) in [("archive", &gzip), ("matlab", &mat), ("weights", &gzip)] {
        let peak = peak(|| read(name, bytes));
        assert!(peak < bytes.len() + SLACK, "{name}: {peak} bytes");
    }
}
