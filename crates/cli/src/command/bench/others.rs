//! What other programs take of the processors while the rounds run.
//!
//! Company slows the two sides unequally: threads that wait for each other at every
//! layer lose the most, so a ratio from a busy machine says little. The system's own
//! count of ticks tells how busy it was.

/// Ticks of all processors since the system started, and of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    /// All ticks, idle ones too.
    total: u64,
    /// Ticks that some program ran.
    busy: u64,
    /// Ticks of this program and of the children that it has waited for.
    own: u64,
}

/// The part of the processors' time from which a result is doubtful.
pub(super) const DOUBTFUL: f64 = 0.05;

impl Ticks {
    /// Those until now; Linux alone tells them in files.
    pub(super) fn now() -> Option<Ticks> {
        let read = |path| std::fs::read_to_string(path).ok();
        let (total, busy) = system(&read("/proc/stat")?)?;
        Some(Ticks { total, busy, own: own(&read("/proc/self/stat")?)? })
    }

    /// The part of the processors' time, from `self` to `later`, that others took.
    pub(super) fn others(&self, later: &Ticks) -> Option<f64> {
        let since = |of: fn(&Ticks) -> u64| of(later).checked_sub(of(self));
        let total = since(|ticks| ticks.total)?;
        let others = since(|ticks| ticks.busy)?.saturating_sub(since(|ticks| ticks.own)?);
        (total > 0).then(|| others as f64 / total as f64)
    }
}

/// All ticks and the busy ones. The columns are user, nice, system, idle, waiting for
/// disks, two of interrupts, and stolen by other virtual machines; those of guests are
/// within the first two.
fn system(stat: &str) -> Option<(u64, u64)> {
    let columns = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let columns: Vec<u64> = columns.take(8).map(|n| n.parse().ok()).collect::<Option<_>>()?;
    let total = columns.iter().sum::<u64>();
    Some((total, total - columns.get(3)? - columns.get(4)?))
}

/// User and system ticks of a process and of its children. They are columns 14 to 17;
/// the second is a name in parentheses, which may hold anything.
fn own(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks = rest.split_whitespace().skip(11).take(4);
    let ticks: Vec<u64> = ticks.map(|n| n.parse().ok()).collect::<Option<_>>()?;
    (ticks.len() == 4).then(|| ticks.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_tables_are_read() {
        let stat = "cpu  100 10 20 500 30 1 2 3 50 5\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(system(stat), Some((666, 136)));
        assert_eq!(system("intr 5\n"), None);
        let stat = "77 (a) b) S 1 2 3 4 5 6 7 8 9 10 40 3 200 7 20 0\n";
        assert_eq!(own(stat), Some(250));
        assert_eq!(own("77 (xtask) S 1 2 3\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_its_ticks() {
        let ticks = Ticks::now().unwrap();
        assert!(ticks.busy <= ticks.total, "{ticks:?}");
    }

    #[test]
    fn what_is_not_ours_is_the_others() {
        let before = Ticks { total: 1000, busy: 400, own: 50 };
        let after = Ticks { total: 1200, busy: 550, own: 150 };
        assert_eq!(before.others(&after), Some(0.25));
        // Clocks that disagree by a tick do not make less than nothing.
        assert_eq!(before.others(&Ticks { own: 201, ..after }), Some(0.0));
        assert_eq!(before.others(&before), None);
    }
}
