//! Progress: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::output::note;

/// How often a plain line appears.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Things with a pace, such as images.
    Counts,
    /// Parts of the whole: what is counted means nothing to people.
    Percent,
}

/// Progress of one long piece of work, on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    label: String,
    shows: Shows,
    total: u64,
    done: u64,
    /// Work that took no time here, which says nothing of the pace.
    before: u64,
    start: Instant,
    last_line: Instant,
}

impl Progress {
    /// Starts the clock; `before` of `total` are done already.
    pub(crate) fn new(label: &str, shows: Shows, before: u64, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(match shows {
                Shows::Counts => "{prefix} {wide_bar} {pos}/{len} {per_sec} {msg}",
                Shows::Percent => "{prefix} {wide_bar} {percent} % {msg}",
            });
            let bar = ProgressBar::new(total).with_prefix(label.to_owned());
            bar.set_style(style.expect("the template is valid"));
            bar.set_position(before);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        let label = label.to_owned();
        Progress { bar, label, shows, total, done: before, before, start: now, last_line: now }
    }

    /// `by` more are done; `message` says how it stands.
    pub(crate) fn advance(&mut self, by: u64, message: impl FnOnce() -> String) {
        self.done += by;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
            bar.set_message(format!("ETA {} {}", self.eta(), message()));
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            note(self.line(&message()));
        }
    }

    /// `by` more were found done.
    pub(crate) fn found(&mut self, by: u64) {
        self.done += by;
        self.before += by;
    }

    /// A line that stays.
    pub(crate) fn note(&self, text: &str) {
        self.aside(|| note(text));
    }

    /// Runs what may print, without the bar in its way.
    pub(crate) fn aside<R>(&self, run: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(run),
            None => run(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// Done per second.
    fn pace(&self) -> f64 {
        (self.done - self.before) as f64 / self.start.elapsed().as_secs_f64().max(1e-9)
    }

    /// The time that is left, at the pace since the start: a mean over all of it, since
    /// parts of one piece of work go at different paces.
    fn eta(&self) -> HumanDuration {
        let seconds = self.total.saturating_sub(self.done) as f64 / self.pace().max(1e-9);
        // More than a year says nothing; a duration of 10^20 seconds would overflow.
        HumanDuration(Duration::from_secs_f64(seconds.min(3.2e7)))
    }

    fn line(&self, message: &str) -> String {
        let Progress { label, total, done, .. } = self;
        let eta = self.eta();
        match self.shows {
            Shows::Counts => {
                format!("{label} {done}/{total} {:.1}/s ETA {eta} {message}", self.pace())
            }
            Shows::Percent => {
                let percent = 100.0 * *done as f64 / (*total).max(1) as f64;
                format!("{label} {percent:.0} % ETA {eta} {message}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar that has run for this long.
    fn after(seconds: u64, before: u64, total: u64) -> Progress {
        let start = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        Progress { start, bar: None, ..Progress::new("work", Shows::Percent, before, total) }
    }

    #[test]
    fn what_was_found_done_does_not_count_towards_the_pace() {
        let mut progress = after(100, 400, 1000);
        progress.found(100);
        progress.advance(100, String::new);
        // 100 in 100 seconds; 400 are left.
        let left = progress.eta().0.as_secs_f64();
        assert!((left - 400.0).abs() < 4.0, "{left}");
        assert!(
            progress.line("now").starts_with("work 60 % ETA 7 minutes"),
            "{}",
            progress.line("")
        );
    }

    #[test]
    fn without_any_progress_the_time_left_is_large_and_no_panic() {
        assert!(after(10, 0, u64::MAX).eta().0.as_secs() > 1_000_000);
    }
}
