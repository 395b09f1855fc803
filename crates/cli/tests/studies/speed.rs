//! `bench`, as far as it can be run without measuring anything.

use std::process::Command;

use crate::bench::{Bench, refusal};

fn against(python: &str) -> String {
    refusal(&["bench", "--against", "torch", "--python", python, "--rounds", "1"])
}

#[test]
fn a_python_that_cannot_start_is_named() {
    let bench = Bench::new();
    let text = bench.file("notes.txt", b"no program");
    for python in ["no-such-python", bench.path("nowhere").to_str().unwrap(), &text] {
        let message = against(python);
        for part in ["cannot start --python", python, "an environment with PyTorch"] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_python_without_pytorch_is_told_to_get_it() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new();
    for (script, told) in [
        ("echo 'PyTorch cannot be imported: No module' >&2; exit 1", "No module"),
        ("echo hello", "got \"hello\""),
    ] {
        let path = bench.file("python", format!("#!/bin/sh\n{script}\n").as_bytes());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let message = against(&path);
        for part in ["has no PyTorch to compare with", &path, "pip install torch", told] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}

#[test]
fn options_that_miss_their_other_half_are_refused() {
    let cases: [(&[&str], &str); 5] = [
        (&["--against", "torch"], "--python"),
        (&["--python", "python3"], "--against"),
        (&["--against", "jax", "--python", "python3"], "possible values: torch"),
        (&["--rounds", "0"], "--rounds"),
        (&["--threads", "0"], "--threads"),
    ];
    for (args, told) in cases {
        let message = refusal(&[&["bench"], args].concat());
        assert!(message.contains(told), "{told:?} is not in: {message}");
    }
}

/// The script is plain enough for every Python 3; where there is none this is skipped.
#[test]
fn the_peers_script_is_valid_python() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/torch_bench.py");
    let check = "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read())";
    let Ok(output) = Command::new("python3").args(["-c", check, script]).output() else {
        eprintln!("skipped: there is no python3");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
