//! Child processes: started one at a time, asked for one line.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tensor::simd::{self, Level};

use super::setting::{BATCH, Sample, Setting, WARM_UP};
use crate::source::project_root;

/// What keeps PyTorch's kernels to AVX2, its own and oneDNN's.
const PEER_AVX2: [(&str, &str); 2] =
    [("ONEDNN_MAX_CPU_ISA", "AVX2"), ("ATEN_CPU_CAPABILITY", "avx2")];

/// Lets the peer use the instructions that ours uses, whatever the environment says:
/// what holds only one of the two back would not be a comparison.
fn hold_peer_to(level: Level, command: &mut Command) -> Result<()> {
    match level {
        Level::Avx2 => command.envs(PEER_AVX2),
        Level::Avx512 => {
            PEER_AVX2.iter().fold(command, |command, (variable, _)| command.env_remove(variable))
        }
        Level::Portable => bail!(
            "PyTorch cannot be kept to level portable; unset {} or set it to avx2",
            simd::VARIABLE
        ),
    };
    Ok(())
}

/// One measurement of this program, by a child of the same executable.
pub(super) fn ours(setting: &Setting) -> Result<Sample> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let mut command = Command::new(program);
    command.args(["bench", "--child", setting.work.name()]);
    command.args(["--threads", &setting.threads.to_string()]);
    command.env(simd::VARIABLE, setting.level.unwrap_or_else(simd::level).name());
    let output = run(&mut command).context("cannot start this program again")?;
    answer(&output).with_context(|| format!("measuring {setting}"))
}

/// A Python with PyTorch.
pub(super) struct Peer<'a> {
    python: &'a Path,
    /// Name and version of what is compared with.
    pub(super) name: String,
}

/// The answer of the peer's script to `version`.
#[derive(Deserialize)]
struct Version {
    name: String,
}

impl<'a> Peer<'a> {
    /// Asks the Python at `python` for its PyTorch.
    pub(super) fn find(python: &'a Path) -> Result<Peer<'a>> {
        let told = python.display();
        let mut command = script(python);
        hold_peer_to(simd::level(), &mut command)?;
        let output = run(command.arg("version")).with_context(|| {
            format!("cannot start --python {told}; name the Python of an environment with PyTorch")
        })?;
        let Version { name } = answer(&output).with_context(|| {
            format!(
                "--python {told} has no PyTorch to compare with; install it there ({told} -m pip \
                 install torch) or name another Python"
            )
        })?;
        Ok(Peer { python, name })
    }

    /// One measurement of the peer.
    pub(super) fn measure(&self, setting: &Setting) -> Result<Sample> {
        let Setting { work, threads, level } = *setting;
        let mut command = script(self.python);
        command.arg(work.name());
        for (option, value) in [
            ("--threads", threads),
            ("--batch", BATCH),
            ("--warm-up", WARM_UP),
            ("--steps", work.steps()),
        ] {
            command.args([option, &value.to_string()]);
        }
        hold_peer_to(level.unwrap_or_else(simd::level), &mut command)?;
        let output = run(&mut command)
            .with_context(|| format!("cannot start --python {}", self.python.display()))?;
        answer(&output).with_context(|| format!("{} measuring {setting}", self.name))
    }
}

fn script(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(project_root().join("crates/cli/peers/torch_bench.py"));
    command
}

fn run(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).output()
}

/// The JSON on the last line of a child that succeeded.
fn answer<T: DeserializeOwned>(output: &Output) -> Result<T> {
    let (told, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // The last line of a traceback says what went wrong.
    let complaint = complaint.trim_end().lines().next_back().unwrap_or("no message");
    ensure!(output.status.success(), "{}: {complaint}", output.status);
    let line = told.trim_end().lines().next_back().unwrap_or_default();
    serde_json::from_str(line)
        .ok()
        .with_context(|| format!("expected one line of JSON, got {:?}", shortened(line)))
}

/// Enough of a line to recognise it by.
fn shortened(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        // A wait status holds the exit code in its second byte.
        let status = ExitStatus::from_raw(code << 8);
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    fn message(code: i32, stdout: &str, stderr: &str) -> String {
        answer::<Sample>(&output(code, stdout, stderr)).unwrap_err().to_string()
    }

    #[test]
    fn the_peer_is_held_to_our_level_and_to_no_lower_one() {
        let held = |level| {
            let mut command = Command::new("python");
            hold_peer_to(level, &mut command).unwrap();
            let told = |(k, v): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
                (k.to_str().unwrap().to_owned(), v.map(|v| v.to_str().unwrap().to_owned()))
            };
            command.get_envs().map(told).collect::<Vec<_>>()
        };
        let variable =
            |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(
            held(Level::Avx2),
            [
                variable("ATEN_CPU_CAPABILITY", Some("avx2")),
                variable("ONEDNN_MAX_CPU_ISA", Some("AVX2"))
            ]
        );
        // `None` removes what the environment may hold.
        assert_eq!(
            held(Level::Avx512),
            [variable("ATEN_CPU_CAPABILITY", None), variable("ONEDNN_MAX_CPU_ISA", None)]
        );
        assert!(hold_peer_to(Level::Portable, &mut Command::new("python")).is_err());
    }

    #[test]
    fn the_last_line_counts() {
        let told = "a warning\n{\"value\": 81.5, \"peak_mb\": null}\n";
        let sample: Sample = answer(&output(0, told, "noise\n")).unwrap();
        assert_eq!(sample, Sample { value: 81.5, peak_mb: None });
    }

    #[test]
    fn failures_tell_the_last_complaint_and_nonsense_is_shown() {
        let failed = message(1, "", "Traceback:\n  File x\nMemoryError: too large\n");
        assert!(failed.ends_with("1: MemoryError: too large"), "{failed}");
        assert!(message(1, "", "").ends_with("no message"));
        let nonsense = message(0, "hello\n", "");
        assert!(nonsense.contains("one line of JSON, got \"hello\""), "{nonsense}");
        assert!(message(0, "", "").contains("got \"\""));
        assert!(message(0, &"x".repeat(1000), "").len() < 200);
    }
}
