//! SIMD levels, chosen at run time.
//!
//! Loops are written once in plain Rust; `vectorised` compiles them again
//! for each level and runs the copy that the machine can execute. None of
//! these copies fuses a multiplication with an addition, so they give the
//! same bits at every level.

mod sums;
mod vector;

use std::env::VarError;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

pub(crate) use sums::{CHAINS, add_chains, is_one_run, join_chains, with_widest_run};
pub(crate) use vector::{Task, Vector, dispatch, lanes};

/// The environment variable that forces a level.
pub const VARIABLE: &str = "UNRAVEL_SIMD";

/// A set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Whatever the compiler's base target has.
    Portable,
    /// AVX2 and FMA: 256-bit vectors.
    Avx2,
    /// AVX-512 F, BW, DQ and VL: 512-bit vectors.
    Avx512,
}

/// Why a level cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// Not the name of a level.
    #[error("{VARIABLE}={0:?}: no such level; use avx512, avx2 or portable, or unset it")]
    Unknown(String),
    /// The processor lacks the instructions.
    #[error("this processor cannot run level {asked}; the best it can run is {best}")]
    Unavailable {
        /// The level that was requested.
        asked: Level,
        /// The highest level that the processor has.
        best: Level,
    },
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Level; 3] = [Level::Portable, Level::Avx2, Level::Avx512];

    /// The highest level of this processor.
    pub fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(detect)
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        self <= Level::best()
    }

    /// The name in files and in the environment.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    fn from_name(name: &str) -> Result<Level, LevelError> {
        let level = Level::ALL.into_iter().find(|level| level.name() == name);
        level.ok_or_else(|| LevelError::Unknown(name.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    use std::arch::is_x86_feature_detected as has;
    let avx2 = has!("avx2") && has!("fma");
    let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Portable
}

/// Stands for "not chosen yet" in [`CURRENT`].
const UNSET: u8 = u8::MAX;
static CURRENT: AtomicU8 = AtomicU8::new(UNSET);

/// Chooses the level of all kernels from now on.
///
/// # Errors
/// If the processor cannot run it.
pub fn set_level(level: Level) -> Result<(), LevelError> {
    if !level.is_available() {
        return Err(LevelError::Unavailable { asked: level, best: Level::best() });
    }
    CURRENT.store(level as u8, Ordering::Relaxed);
    Ok(())
}

/// Chooses the level that `UNRAVEL_SIMD` names, or the best if it is not set or empty.
///
/// # Errors
/// If it does not name a level, or names one that the processor cannot run.
pub fn set_level_from_env() -> Result<Level, LevelError> {
    let level = match std::env::var(VARIABLE) {
        Ok(name) if !name.is_empty() => Level::from_name(&name)?,
        Ok(_) | Err(VarError::NotPresent) => Level::best(),
        Err(VarError::NotUnicode(name)) => {
            return Err(LevelError::Unknown(name.to_string_lossy().into_owned()));
        }
    };
    set_level(level)?;
    Ok(level)
}

/// The level in use. The first call settles it from the environment.
///
/// # Panics
/// If `UNRAVEL_SIMD` names a level that cannot be used. To report this as an error, call
/// [`set_level_from_env`] first.
pub fn level() -> Level {
    match CURRENT.load(Ordering::Relaxed) {
        0 => Level::Portable,
        1 => Level::Avx2,
        2 => Level::Avx512,
        _ => set_level_from_env().unwrap_or_else(|error| panic!("{error}")),
    }
}

/// Runs `f`, a plain loop, compiled for the level in use.
#[inline(always)]
pub(crate) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    match level() {
        // SAFETY: `set_level` admits a level only if the processor has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(f) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(f) },
        _ => f(),
    }
}

/// # Safety
/// The processor must have the listed features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn avx512<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// # Safety
/// The processor must have the listed features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_levels() {
        for level in Level::ALL {
            assert_eq!(Level::from_name(level.name()), Ok(level));
        }
        let error = Level::from_name("sse9").unwrap_err().to_string();
        assert!(error.contains("UNRAVEL_SIMD=\"sse9\"") && error.contains("avx512"), "{error}");
    }

    #[test]
    fn portable_is_always_there() {
        assert!(Level::Portable.is_available());
        assert!(Level::best().is_available());
    }
}
