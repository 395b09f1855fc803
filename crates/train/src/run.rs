//! The loop: epochs, checkpoints, the log, and a clean stop.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use models::Metadata;
use record::atomic_write;

use crate::folder::Folder;
use crate::{EpochLog, Job, Recipe, StepOutcome, TrainError, Trainer, checkpoint};

/// The checkpoint's file name.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The final weights' file name.
pub const FINAL: &str = "final.safetensors";
/// The log's file name: one JSON object for each epoch.
pub const LOG: &str = "log.jsonl";

/// What happens while a training runs.
pub enum Event<'a> {
    /// It starts, or goes on, at this place.
    Start {
        /// Whole epochs done before.
        epoch: u32,
        /// Steps of the current epoch done before.
        step: u64,
        /// Steps of an epoch.
        steps_per_epoch: u64,
    },
    /// A step is done.
    Step(StepOutcome),
    /// An epoch is done, measured and saved.
    Epoch(&'a EpochLog),
}

/// How [`run`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done; the final weights are here.
    Finished(PathBuf),
    /// It was asked to stop; the checkpoint is here.
    Stopped(PathBuf),
}

/// Trains to the end, or until `stop` is set; then the current step is finished
/// and a checkpoint written.
///
/// # Errors
/// See [`TrainError`]. A failed write, or a training that diverges, leaves the files
/// behind as they were before.
pub fn run(
    job: &Job,
    stop: &AtomicBool,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Ending, TrainError> {
    let mut trainer = Trainer::new(job)?;
    let _folder = Folder::take(&job.out)?;
    let path = job.out.join(CHECKPOINT);
    if path.exists() {
        if !job.resume {
            return Err(TrainError::Exists(job.out.clone()));
        }
        checkpoint::load(&mut trainer, &path)?;
    } else if job.out.join(FINAL).exists() {
        return Err(TrainError::Finished(job.out.clone()));
    } else {
        // Finds out at once, not after an epoch, that nothing can be written.
        checkpoint::save(&trainer, &path)?;
    }
    let steps_per_epoch = trainer.steps_per_epoch();
    let (epoch, step) = (trainer.position.epoch, trainer.position.step);
    on_event(Event::Start { epoch, step, steps_per_epoch });
    while !trainer.is_done() {
        while !trainer.is_at_epoch_end() {
            on_event(Event::Step(trainer.step()?));
            if stop.load(Ordering::Relaxed) {
                checkpoint::save(&trainer, &path)?;
                return Ok(Ending::Stopped(path));
            }
        }
        let entry = trainer.end_epoch()?;
        checkpoint::save(&trainer, &path)?;
        write_log(&trainer, &job.out)?;
        on_event(Event::Epoch(&entry));
    }
    // A process that died between a checkpoint and its log has left the log one behind.
    write_log(&trainer, &job.out)?;
    write_final(&trainer, job).map(Ending::Finished)
}

/// The log comes from the checkpoint's own history, so a resumed training has
/// neither gaps nor repetitions in it.
fn write_log(trainer: &Trainer<'_>, out: &Path) -> Result<(), TrainError> {
    let lines = trainer
        .position
        .log
        .iter()
        .map(|entry| serde_json::to_string(entry).expect("a log entry is JSON") + "\n");
    Ok(atomic_write(&out.join(LOG), lines.collect::<String>().as_bytes())?)
}

fn write_final(trainer: &Trainer<'_>, job: &Job) -> Result<PathBuf, TrainError> {
    let settings = trainer.settings();
    let (train, measured) = (job.train.description(), job.measured.images().description());
    let is_whole = train.is_whole() && measured.is_whole() && train.set == measured.set;
    let last = trainer.position.log.last();
    let peak = settings.recipe.schedule.peak;
    let usual = Recipe::named(&settings.recipe.name, job.arch).map(|recipe| recipe.schedule.peak);
    let metadata = Metadata {
        model: settings.model.clone(),
        recipe: settings.recipe.name.clone(),
        peak_rate: (usual != Ok(peak)).then_some(peak),
        epochs: settings.recipe.epochs,
        of_epochs: None,
        seed: settings.seed,
        test_error: last.filter(|_| is_whole).and_then(|entry| entry.test_error),
        normalisation: settings.normalisation,
        branch_scale: trainer.model.branch_scale.clone(),
        paths: stated(&settings.recipe.paths),
        backward: stated(&settings.recipe.backward),
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut state = trainer.model.params.to_state();
    checkpoint::check_finite(trainer, &state)?;
    state.metadata = Some(serde_json::to_string(&metadata).expect("metadata are JSON"));
    let path = job.out.join(FINAL);
    atomic_write(&path, &state.to_bytes())?;
    Ok(path)
}

/// A setting as metadata state it: not at all where it is the usual one.
fn stated<V: Default + PartialEq + ToString>(setting: &V) -> Option<String> {
    (*setting != V::default()).then(|| setting.to_string())
}
