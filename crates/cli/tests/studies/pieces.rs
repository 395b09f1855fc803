//! Runs that are killed, and what the next one finds.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bench::{Bench, foreign_record, names_in, program};

/// The files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let each = entries.map(|entry| entry.unwrap().path());
    each.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The answer is that of a run left alone. That finished pieces are not computed again is
/// a law of the runner, held in its own crate.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    let bench = Bench::new();
    let weights = bench.weights("resnet20");
    let (state, pieces) = (bench.path("state"), bench.path("state/unravel/pieces"));
    let command = |out: &str, state: &Path| {
        let out = bench.path(out);
        let args = ["lesion", "delete-one", "resnet20", "--weights", &weights, "--threads", "1"];
        let args = [&args[..], &["--data", "sample", "--images", "512"]].concat();
        let mut command = program(&[&args[..], &["--out", out.to_str().unwrap()]].concat());
        command.env("XDG_STATE_HOME", state).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killed = command("killed", &state).spawn().unwrap();
    let start = Instant::now();
    while files(&pieces).len() < 2 {
        assert!(killed.try_wait().unwrap().is_none(), "the run ended before it was killed");
        assert!(start.elapsed() < Duration::from_secs(120), "no piece was kept");
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(files(&pieces).len() >= 2);
    let name = foreign_record(&weights, "delete-one-resnet20", "sample-first-512") + ".json";
    assert!(!bench.path("killed").join(&name).exists());

    assert!(command("killed", &state).status().unwrap().success());
    assert!(files(&pieces).is_empty(), "pieces are kept only until the record is");

    assert!(command("alone", &bench.path("other")).status().unwrap().success());
    assert_eq!(names_in(&bench.path("alone")).len(), 2);
    let record = |out: &str| std::fs::read(bench.path(out).join(&name)).unwrap();
    assert!(record("killed") == record("alone"));
}
