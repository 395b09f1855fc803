//! `cargo xtask doctor`: whether this machine has what the commands need.

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use data::Split;
use sysinfo::{Disks, MemoryRefreshKind, RefreshKind, System};
use tensor::simd::{self, Level};
use tensor::threads;

use crate::output::print;
use crate::program::named;
use crate::source;
use crate::weights::catalogue;

/// Memory below which a training of `resnet110`, which takes 0.9 GB, gets tight.
const LITTLE_MEMORY: u64 = 2 << 30;
/// Room below which the next checkpoints and a report may not fit.
const LITTLE_DISK: u64 = 1 << 30;

/// What was looked at.
struct Finding {
    what: &'static str,
    found: String,
    /// What to do, if it is a problem.
    cure: Option<String>,
}

/// Looks at everything, and says what to do about each problem.
///
/// # Errors
/// If there is a problem.
pub(crate) fn run() -> Result<()> {
    let mut findings = vec![versions(), cpu(), cores(), memory()];
    findings.extend([disk(), images(), sample()]);
    findings.extend(weights());
    findings.push(work());
    let problems = findings.iter().filter(|finding| finding.cure.is_some()).count();
    print(named(findings.iter().map(ToString::to_string).collect()))?;
    match problems {
        0 => Ok(()),
        1 => bail!("1 problem"),
        n => bail!("{n} problems"),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { what, found, cure } = self;
        let mark = if cure.is_some() { "!!" } else { "ok" };
        writeln!(f, "{mark}  {what:<9}  {found}")?;
        cure.as_ref().map_or(Ok(()), |cure| writeln!(f, "    {:<9}  {cure}", ""))
    }
}

fn fine(what: &'static str, found: impl Into<String>) -> Finding {
    Finding { what, found: found.into(), cure: None }
}

fn problem(what: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Finding {
    Finding { what, found: found.into(), cure: Some(cure.into()) }
}

fn versions() -> Finding {
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let (os, cpu) = (std::env::consts::OS, std::env::consts::ARCH);
    let found = format!("unravel {}, {build} build, {os} on {cpu}", env!("CARGO_PKG_VERSION"));
    if cfg!(debug_assertions) {
        return problem("version", found, "debug builds check overflows; time a release build");
    }
    fine("version", found)
}

fn cpu() -> Finding {
    let (level, best) = (simd::level(), Level::best());
    if level < best {
        let variable = simd::VARIABLE;
        let found = format!("{variable} forces {level}, and this processor has {best}");
        return problem("cpu", found, format!("unset {variable}, unless that is the purpose"));
    }
    let found = format!("SIMD level {level}, the best of this processor");
    if best == Level::Portable {
        let cure = "everything works, several times slower than with AVX2";
        return problem("cpu", found, cure);
    }
    fine("cpu", found)
}

fn cores() -> Finding {
    fine("threads", format!("{}, one for each core", threads::count()))
}

fn memory() -> Finding {
    let ask = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let Ok(system) = System::new_with_specifics(ask) else {
        return fine("memory", "unknown on this system");
    };
    let (free, all) = (system.available_memory(), system.total_memory());
    let found = format!("{} of {} available", gib(free), gib(all));
    if free < LITTLE_MEMORY {
        let cure = "to train resnet110 takes 0.9 GB: end other programs, or take a smaller network";
        return problem("memory", found, cure);
    }
    fine("memory", found)
}

/// Room for records and trainings.
fn disk() -> Finding {
    let folder = match source::state_dir() {
        Ok(folder) => folder,
        Err(error) => return problem("disk", error.to_string(), "set HOME"),
    };
    // The folder itself may not be there yet.
    let Some(there) = folder.ancestors().find_map(|part| part.canonicalize().ok()) else {
        return problem("disk", format!("{} has no disk", folder.display()), "set XDG_STATE_HOME");
    };
    let disks = Disks::new_with_refreshed_list().ok();
    let disks = disks.iter().flat_map(|disks| disks.iter());
    let holding = disks.filter(|disk| there.starts_with(disk.mount_point()));
    let disk = holding.max_by_key(|disk| disk.mount_point().components().count());
    let shown = folder.display();
    let Some(disk) = disk else {
        return fine("disk", format!("room for {shown}: unknown"));
    };
    let free = disk.available_space();
    let found = format!("{} free for {shown}", gib(free));
    if let Err(error) = writable(&there) {
        let cure = "make it writable, or set XDG_STATE_HOME to a folder that is";
        return problem("disk", format!("{}: {error}", there.display()), cure);
    }
    if free < LITTLE_DISK {
        let cure = "make room, or set XDG_STATE_HOME to a folder on a larger disk";
        return problem("disk", found, cure);
    }
    fine("disk", found)
}

fn writable(folder: &Path) -> std::io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// All images of CIFAR-10.
fn images() -> Finding {
    let folder = match data::default_dir() {
        Ok(folder) => folder,
        Err(error) => return problem("images", error.to_string(), "set HOME"),
    };
    let halves = [Split::Train, Split::Test].map(|split| data::load(&folder, split));
    match halves {
        [Ok(train), Ok(test)] => {
            let (shared, shown) = (test.shared_with(&train), folder.display());
            let (train, test) = (train.len(), test.len());
            let found = format!(
                "{train} and {test}, sums as published, {shared} of them in both halves, in {shown}"
            );
            fine("images", found)
        }
        [Err(error), _] | [_, Err(error)] => {
            let cure = "needed for trainings and --full only; to fetch them: cargo xtask data";
            problem("images", error.to_string(), cure)
        }
    }
}

/// The shipped images.
fn sample() -> Finding {
    let halves = source::project_data().and_then(|folder| {
        let sample = |split| data::load_sample(&folder, split);
        Ok((sample(Split::Train)?.len(), sample(Split::Test)?.len()))
    });
    match halves {
        Ok((train, test)) => fine("sample", format!("{train} and {test} shipped images")),
        Err(error) => problem("sample", format!("{error:#}"), "git checkout data/cifar10-sample"),
    }
}

/// Every network of the catalogue, and one line for each that is not as the catalogue says.
fn weights() -> Vec<Finding> {
    let cure = "git checkout data/weights";
    let catalogue = match catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![problem("weights", format!("{error:#}"), cure)],
    };
    let names = catalogue.names();
    let broken = names.iter().filter_map(|name| catalogue.subject(name).err());
    let broken: Vec<Finding> =
        broken.map(|error| problem("weights", error.to_string(), cure)).collect();
    match broken.as_slice() {
        [] => {
            vec![fine("weights", format!("{} networks, sums as in the catalogue", names.len()))]
        }
        _ => broken,
    }
}

/// What was begun and not ended.
fn work() -> Finding {
    let begun = |folder: &Path, is_open: &dyn Fn(&Path) -> bool| -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(|entry| is_open(&entry.path())).count()
    };
    let Ok(state) = source::state_dir() else { return fine("work", "none begun") };
    let is_training = |folder: &Path| {
        folder.join(train::CHECKPOINT).exists() && !folder.join(train::FINAL).exists()
    };
    let trainings = begun(&state.join("runs"), &is_training);
    let pieces = begun(&state.join("pieces"), &Path::is_dir);
    let found = format!(
        "begun and not ended: trainings {trainings}, experiments {pieces}; the same command goes \
         on (train with --resume)"
    );
    fine("work", if trainings + pieces == 0 { "nothing begun".to_owned() } else { found })
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
}
