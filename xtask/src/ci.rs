//! `cargo xtask test` and `cargo xtask ci`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tensor::simd::{self, Level};

use cli::output::{note, print_line};
use cli::project_root;

use crate::browser;
use crate::reference::{self, Check};

/// The whole test suite.
pub(crate) fn test() -> Result<()> {
    cargo(["test", "--workspace", "--locked"], &[])
}

/// All that CI checks, cheapest first.
pub(crate) fn run() -> Result<()> {
    let deny = [("RUSTDOCFLAGS", "-D warnings")];
    step("format", || cargo(["fmt", "--all", "--", "--check"], &[]))?;
    step("clippy", || {
        cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])
    })?;
    step("docs", || cargo(["doc", "--workspace", "--no-deps", "--locked"], &deny))?;
    step("tests", test)?;
    // In the workspace `cli` turns the feature on.
    step("tests of data without downloads", || cargo(["test", "--locked", "-p", "data"], &[]))?;
    for level in Level::ALL.into_iter().filter(|level| *level < Level::best()) {
        let forced = [(simd::VARIABLE, level.name())];
        step(&format!("tests of the numeric crates at level {level}"), || {
            cargo(["test", "--locked", "-p", "tensor", "-p", "nn", "-p", "models"], &forced)
        })?;
    }
    let mut skipped = Vec::new();
    let mut skip = |check: &'static str, why: &str| {
        note(format_args!("!!! {} SKIPPED: {why}", check.to_uppercase()));
        skipped.push(check);
    };
    let dir = tempfile::tempdir().context("cannot create a temporary folder")?;
    let page = step("reproduce twice, with 1 and with 2 threads", || reproduce_twice(dir.path()))?;
    match step("the page in a browser", || browser::check(&page))? {
        browser::Check::Passed => note("it renders, fits a phone and asks for nothing"),
        browser::Check::Skipped(why) => skip("browser check", &why),
    }
    match step("reference check", reference::check)? {
        Check::Agrees(told) => note(told),
        Check::Skipped(why) => skip("reference check", &why),
    }
    match skipped.as_slice() {
        [] => print_line("ci: all passed"),
        checks => {
            let skipped = checks.join(", ");
            print_line(format_args!("ci: all passed except what was skipped: {skipped}"))
        }
    }
}

fn step<R>(name: &str, run: impl FnOnce() -> Result<R>) -> Result<R> {
    note(format_args!("== {name}"));
    run().with_context(|| format!("ci step failed: {name}"))
}

fn cargo<const N: usize>(args: [&str; N], variables: &[(&str, &str)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    start(&cargo, args, variables)
}

fn start<const N: usize>(
    program: &OsStr,
    args: [&str; N],
    variables: &[(&str, &str)],
) -> Result<()> {
    let told = format!("{} {}", Path::new(program).display(), args.join(" "));
    let mut command = Command::new(program);
    command.args(args).envs(variables.iter().copied()).current_dir(project_root());
    let status = command.status().with_context(|| format!("cannot start {told}"))?;
    ensure!(status.success(), "{told}: {status}");
    Ok(())
}

/// The same command with 1 and with 2 threads must leave the same bytes; returns one of the
/// two pages.
fn reproduce_twice(dir: &Path) -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let outs = ["1", "2"].map(|threads| (threads, dir.join(threads)));
    let page = outs[0].1.join("index.html");
    for (threads, out) in &outs {
        let out = out.to_str().context("the temporary folder's name is not UTF-8")?;
        start(program.as_os_str(), ["reproduce", "--threads", threads, "--out", out], &[])?;
    }
    let [one, two] = outs.map(|(_, out)| identity_files(&out));
    let (one, two) = (one?, two?);
    for ((name, a), (other, b)) in one.iter().zip(&two) {
        ensure!(name == other && a == b, "{name} depends on the number of threads");
    }
    ensure!(one.len() == two.len() && !one.is_empty(), "the two runs left different files");
    note(format_args!("{} files are byte-identical", one.len()));
    Ok(page)
}

/// Name and content of every file below `dir`, except for the volatile parts.
fn identity_files(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().ends_with(".run.json") {
                let name = path.strip_prefix(dir)?.display().to_string();
                let bytes = std::fs::read(&path).with_context(|| name.clone())?;
                files.push((name, bytes));
            }
        }
    }
    if files.is_empty() {
        bail!("{} is empty", dir.display());
    }
    files.sort();
    Ok(files)
}
