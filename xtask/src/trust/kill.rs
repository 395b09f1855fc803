//! Processes that are killed at random moments, and end as if they had been left alone.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use cli::output::print_line;
use tensor::random::{Random, Stream};

use super::finish;
use super::victim::{self, Victim};
use crate::files::identity_files;

pub(super) fn run(times: u32, seed: u64) -> Result<()> {
    let victims = victim::all()?;
    let stream = Stream::new(seed, "kills");
    for (i, victim) in victims.iter().enumerate() {
        // The first ones take what does not divide.
        let share = (times as usize + victims.len() - 1 - i) / victims.len();
        let mut moments = stream.at(i as u64, 0);
        let rounds = torment(victim, share, &mut moments).with_context(|| victim.what)?;
        print_line(format_args!(
            "{}: {share} kills in {rounds} runs; nothing unreadable, nothing lost, the end as \
             without them",
            victim.what
        ))?;
    }
    Ok(())
}

/// Kills and starts again until the process ends by itself; so often that there are `kills`
/// in all. Returns how often it ended.
fn torment(victim: &Victim, kills: usize, moments: &mut Random) -> Result<usize> {
    let dir = tempfile::tempdir()?;
    let alone = dir.path().join("alone");
    let start = Instant::now();
    finish((victim.command)(&alone, &dir.path().join("alone.state"))?)?;
    let takes = start.elapsed();
    let expected = identity_files(&alone)?;

    let (mut done, mut rounds) = (0, 0);
    while done < kills {
        let (out, state) = (dir.path().join("out"), dir.path().join("state"));
        let mut kept = 0;
        while done < kills
            && is_killed((victim.command)(&out, &state)?, takes.mul_f64(moments.uniform()))?
        {
            done += 1;
            let now = (victim.kept)(&out).with_context(|| format!("after kill {done}"))?;
            ensure!(now >= kept, "after kill {done}: {now} results where {kept} were");
            kept = now;
        }
        finish((victim.command)(&out, &state)?)?;
        compare(&out, &expected).with_context(|| format!("after kill {done}"))?;
        for folder in [&out, &state] {
            if folder.exists() {
                std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
        }
        rounds += 1;
    }
    Ok(rounds)
}

/// Starts the process and kills it after a while; whether that was before its end.
fn is_killed(mut command: Command, after: Duration) -> Result<bool> {
    let mut child = command.spawn().context("cannot start this program")?;
    let start = Instant::now();
    while start.elapsed() < after {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?}: {status}");
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill()?;
    // It may have ended in the moment before.
    let status = child.wait()?;
    match status.code() {
        None => Ok(true),
        Some(0) => Ok(false),
        Some(_) => bail!("{command:?}: {status}"),
    }
}

fn compare(out: &Path, expected: &[(String, Vec<u8>)]) -> Result<()> {
    let found = identity_files(out)?;
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    let (a, b) = (names(&found), names(expected));
    ensure!(a == b, "the folder holds {a:?}, without kills {b:?}");
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        ensure!(found == expected, "{name} differs from that without kills");
    }
    Ok(())
}
