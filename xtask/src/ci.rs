//! `cargo xtask test` and `cargo xtask ci`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use tensor::simd::{self, Level};

use cli::output::{note, print_line};
use cli::project_root;

use crate::browser;
use crate::files::identity_files;
use crate::reference::{self, Check};

/// What property tests draw their cases from; `.cargo/config.toml` has the usual seed.
const SEED: &str = "PROPTEST_RNG_SEED";

/// The whole test suite.
pub(crate) fn test() -> Result<()> {
    test_with(&[])
}

fn test_with(variables: &[(&str, &str)]) -> Result<()> {
    cargo(["test", "--workspace", "--locked"], variables)
}

/// Another seed each time.
fn fresh_seed() -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is wrong")?;
    Ok(now.as_micros().to_string())
}

/// All that CI checks, cheapest first.
pub(crate) fn run() -> Result<()> {
    let deny = [("RUSTDOCFLAGS", "-D warnings")];
    step("format", || cargo(["fmt", "--all", "--", "--check"], &[]))?;
    step("clippy", || {
        cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])
    })?;
    step("docs", || cargo(["doc", "--workspace", "--no-deps", "--locked"], &deny))?;
    let seed = fresh_seed()?;
    note(format_args!("property tests draw new cases; to repeat them: {SEED}={seed}"));
    step("tests", || test_with(&[(SEED, &seed)]))?;
    // In the workspace `cli` turns the feature on.
    step("tests of data without downloads", || cargo(["test", "--locked", "-p", "data"], &[]))?;
    for level in Level::ALL.into_iter().filter(|level| *level < Level::best()) {
        let forced = [(simd::VARIABLE, level.name()), (SEED, &seed)];
        // Of the whole workspace, since other features of dependencies would mean another build.
        let laws = ["test", "--workspace", "--locked", "--lib", "--test", "laws"];
        step(&format!("units and laws at level {level}"), || cargo(laws, &forced))?;
    }
    let mut skipped = Vec::new();
    let mut skip = |check: &'static str, why: &str| {
        note(format_args!("!!! {} SKIPPED: {why}", check.to_uppercase()));
        skipped.push(check);
    };
    let dir = tempfile::tempdir().context("cannot create a temporary folder")?;
    let page = step("reproduce, and the quick figures again with one thread", || {
        reproduce_twice(dir.path())
    })?;
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
    start(&cargo, &args, variables)
}

fn start(program: &OsStr, args: &[&str], variables: &[(&str, &str)]) -> Result<()> {
    let told = format!("{} {}", Path::new(program).display(), args.join(" "));
    let mut command = Command::new(program);
    command.args(args).envs(variables.iter().copied()).current_dir(project_root());
    let status = command.status().with_context(|| format!("cannot start {told}"))?;
    ensure!(status.success(), "{told}: {status}");
    Ok(())
}

/// Figures that take a thread a few minutes, and call on every kernel and every kind of work.
pub(crate) const QUICK: &str = "fig1,fig3,fig6a,fig6b-check,fig-norms,fig-additivity,fig-estimation,fig-cosine,\
                     fig-middle,fig-dependence,fig-linear,fig-training";

/// Every figure; then the quick ones with one thread, which must leave the same bytes. Returns
/// the page with all of them.
fn reproduce_twice(dir: &Path) -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let [all, quick] = ["all", "quick"].map(|name| dir.join(name));
    for (out, more) in [(&all, [].as_slice()), (&quick, &["--threads", "1", "--only", QUICK])] {
        let out = out.to_str().context("the temporary folder's name is not UTF-8")?;
        let args = [["reproduce", "--out", out].as_slice(), more].concat();
        start(program.as_os_str(), &args, &[])?;
    }
    let mut same = 0;
    for folder in ["records", "figures"] {
        for (name, bytes) in identity_files(&quick.join(folder))? {
            let path = all.join(folder).join(&name);
            let other = std::fs::read(&path).with_context(|| path.display().to_string())?;
            ensure!(other == bytes, "{folder}/{name} depends on the number of threads");
            same += 1;
        }
    }
    note(format_args!("{same} files are byte-identical"));
    Ok(all.join("index.html"))
}
