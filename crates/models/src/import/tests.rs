//! Files made by PyTorch (`fixtures/weights.py`) and damaged ones.

use std::collections::BTreeMap;

use super::*;

fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/../../fixtures/weights/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn state(name: &str) -> Foreign {
    WeightsFile::open(&bytes(name)).unwrap().state(0).unwrap()
}

/// Floating-point tensors with their extents and bits.
fn floats(state: &Foreign) -> BTreeMap<&str, (&[usize], Vec<u32>)> {
    let floats = state.tensors.iter().filter_map(|(name, t)| {
        let bits = t.values.as_ref()?.iter().map(|v| v.to_bits()).collect();
        Some((name.as_str(), (t.dims.as_slice(), bits)))
    });
    floats.collect()
}

fn refusal(bytes: &[u8]) -> String {
    match WeightsFile::open(bytes).and_then(|mut file| file.state(0)) {
        Err(error) => error.to_string(),
        Ok(state) => panic!("read {:?}", state.dims()),
    }
}

#[test]
fn every_format_of_pytorch_brings_the_tensors_that_pytorch_brings() {
    for (file, expected) in [
        ("tiny-zip.pt", "tiny.safetensors"),
        ("tiny-zip-protocol4.pt", "tiny.safetensors"),
        ("tiny-legacy.th", "tiny.safetensors"),
        ("tiny-legacy-protocol4.th", "tiny.safetensors"),
        ("wrapped-zip.pt", "tiny.safetensors"),
        ("wrapped-legacy.tar", "tiny.safetensors"),
        ("tiny-float64.pt", "tiny-float64.safetensors"),
        ("tiny-float16.pt", "tiny-float16.safetensors"),
        ("tiny-bfloat16.pt", "tiny-bfloat16.safetensors"),
    ] {
        let (found, expected) = (state(file), state(expected));
        assert_eq!(expected.tensors.len(), 4);
        assert_eq!(floats(&found), floats(&expected), "{file}");
        let count = &found.tensors["bn.num_batches_tracked"];
        assert_eq!((count.element.name(), &count.values), ("int64", &None), "{file}");
    }
}

#[test]
fn of_a_checkpoint_the_state_dict_is_taken_and_the_rest_named() {
    for file in ["wrapped-zip.pt", "wrapped-legacy.tar"] {
        let notes = state(file).notes.join("; ");
        let expected = "took net; did not take ema, which is as large; left out epoch, best_acc, \
                        args, optimizer";
        assert_eq!(notes, expected, "{file}");
        let bytes = bytes(file);
        let mut file = WeightsFile::open(&bytes).unwrap();
        assert_eq!(file.candidates(), 2, "no moments of the optimiser");
        let (net, ema) = (file.state(0).unwrap(), file.state(1).unwrap());
        let (net, ema) = (&net.tensors["scalar"].values, &ema.tensors["scalar"].values);
        assert_eq!(net.as_ref().unwrap()[0] + 1.0, ema.as_ref().unwrap()[0]);
    }
}

#[test]
fn what_is_not_a_state_dict_is_named() {
    for (file, expected) in [
        ("module.pt", "the pickle needs torch.nn.modules.linear.Linear, which is code"),
        ("tensor.pt", "the file holds a single tensor, and no state dict"),
        ("empty.pt", "the file holds a dict of 1 without tensors, and no state dict"),
        ("plain.pkl", "a pickle that torch.save did not write"),
    ] {
        let message = refusal(&bytes(file));
        assert!(message.contains(expected), "{file}: {message}");
        assert!(message.contains("torch.save("), "{file}: {message}");
    }
}

/// A pickle of protocol 2 in place of the object of a legacy file.
fn legacy(object: &[u8]) -> Vec<u8> {
    let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    file.extend(b"\x80\x02M\xe9\x03.\x80\x02}.\x80\x02");
    file.extend(object);
    file.extend(b".\x80\x02].");
    file
}

#[test]
fn code_is_refused_by_name_wherever_it_stands() {
    for (object, name) in [
        (&b"cposix\nsystem\nX\x02\0\0\0id\x85R"[..], "posix.system"),
        (b"}X\x01\0\0\0ac__builtin__\neval\ns", "__builtin__.eval"),
        (b"ctorch\nload\n", "torch.load"),
        (b"ctorch.storage\n_load_from_bytes\n", "torch.storage._load_from_bytes"),
        (b"\x8c\x02os\x8c\x05popen\x93", "os.popen"),
    ] {
        let message = refusal(&legacy(object));
        let expected = format!("the pickle needs {name}, which is code");
        assert!(message.contains(&expected), "{message}");
        assert!(message.contains("nothing of it was run"), "{message}");
    }
}

#[test]
fn pickles_that_contradict_themselves_are_refused() {
    for (object, expected) in [
        (&b"R"[..], "takes a value where there is none"),
        (b"K\x01(\x85", "too few values for a tuple"),
        (b"K\x01\x86", "too few values for a tuple"),
        (b"h\x07", "refers to a value that is not there"),
        (b"]K\x01K\x02s", "sets an item of something that is not a dict"),
        (b"}K\x01a", "appends to something that is not a list"),
        (b"K\x01)R", "calls something that is not a function"),
        (b"}(K\x01u", "has a key without a value"),
        (b"e", "closes a mark that is not open"),
        (b"K\x01Q", "refers to something that is not a storage"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "has a tensor without a shape"),
        (b"I1\n", "has the instruction 0x49"),
        (b"X\xff\xff\xff\x7f", "is cut short"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "is cut short"),
    ] {
        let message = refusal(&legacy(object));
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn a_dict_inside_itself_ends() {
    let message = refusal(&legacy(b"}q\0X\x01\0\0\0ah\0s"));
    assert!(message.contains("no state dict"), "{message}");
}

#[test]
fn tensors_larger_than_their_file_are_refused_before_they_are_made() {
    // One element, repeated two billion times.
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ";
    let object = [
        b"}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(",
        &storage[..],
        b"K\0J\xff\xff\xff\x7f\x85K\0\x85tRs",
    ];
    let object = object.concat();
    let mut file = legacy(&object);
    file.truncate(file.len() - b"\x02].".len());
    file.extend(b"\x02]X\x01\0\0\x000a.");
    file.extend(1u64.to_le_bytes());
    file.extend(1.0f32.to_le_bytes());
    let message = refusal(&file);
    assert!(message.contains("times as large as the file"), "{message}");
}

/// Every length of a small file, and every byte changed: an answer or an error, no panic.
#[test]
fn damaged_files_never_panic() {
    for name in ["tiny-zip.pt", "tiny-legacy.th"] {
        let whole = bytes(name);
        for length in 0..whole.len() {
            let part = &whole[..length];
            let read = WeightsFile::open(part).and_then(|mut file| file.state(0));
            assert!(read.is_err(), "{name}: {length} bytes");
        }
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                let _ = WeightsFile::open(&bytes).and_then(|mut file| file.state(0));
            }
        }
    }
}

/// An archive keeps a checksum of each storage.
#[test]
fn a_changed_weight_in_an_archive_is_noticed() {
    let whole = bytes("tiny-zip.pt");
    let value = state("tiny.safetensors").tensors["scalar"].values.clone().unwrap()[0];
    let at = whole.windows(4).position(|w| w == value.to_le_bytes()).unwrap();
    let mut bytes = whole;
    bytes[at] ^= 1;
    let message = refusal(&bytes);
    assert!(message.contains("data/0 cannot be read"), "{message}");
}

#[test]
fn other_files_are_named_as_what_they_are() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let onnx = b"\x08\x07\x12\x07pytorch\x1a\x052.0.0";
    let zip = |name: &str| {
        let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        file.start_file(name, options).unwrap();
        file.finish().unwrap().into_inner()
    };
    let cases: [(&[u8], &str, &str); 19] = [
        (b"", "an empty file", "again"),
        (b"\n\n  <!DOCTYPE html><html>", "an HTML page", "download"),
        (b"\xef\xbb\xbf<HTML lang=en>", "an HTML page", "download"),
        (b"<!-- saved --><html>", "an HTML page", "download"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "an XML document", "download"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer", "git lfs pull"),
        (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file, such as Keras writes", "export"),
        (onnx, "an ONNX model", "export"),
        (&tar, "a tar archive", "unpack"),
        (b"\x1f\x8b\x08\0", "a gzip file", "unpack"),
        (&zip("conv1.weight.npy"), "an archive of numpy arrays", "export"),
        (&zip("model.weights.h5"), "a Keras model", "export"),
        (&zip("net/constants.pkl"), "a TorchScript program", "torch.save("),
        (&zip("readme"), "a zip archive", "unpack"),
        (b"\x93NUMPY\x01\0", "a numpy array", "export"),
        (b"{\"message\": \"Not Found\"}", "a JSON text", "name the file"),
        (b"404: Not Found", "a text", "name the file"),
        (b"\x80\x04\x95\0\0\0\0\0\0\0\0}.", "a pickle that torch.save did not", "torch.save("),
        (b"GGUF\x03\0\0\0", "a GGUF file", "export"),
    ];
    for (bytes, found, remedy) in cases {
        let message = refusal(bytes);
        assert!(message.starts_with(&format!("this is {found}")), "{found}: {message}");
        assert!(message.contains(remedy), "{found}: {message}");
    }
}
