//! One training in memory: its state, a step, a measurement.

use data::Dataset;
use models::{EVAL_BATCH, Model, Plan, Predictions, Unit, count_wrong, evaluate};
use nn::layer::BatchNorm;
use nn::optim::{Sgd, SgdOptions};
use nn::{BatchStatistics, Pass, Tape, op};
use tensor::Tensor;
use tensor::random::Stream;

use crate::batch::Batch;
use crate::{EpochLog, Job, Measured, Position, Settings, TrainError};

/// Most epochs of a training. The checkpoint holds a log of all of them.
const MOST_EPOCHS: u32 = 100_000;

/// A training under way.
///
/// ```
/// use train::{Job, Measured, Recipe, Trainer};
///
/// // Eight made-up images, two classes.
/// let record = |i: u8| [vec![i % 2], vec![255 * (i % 2); 1024], vec![32 * i; 2048]].concat();
/// let records: Vec<u8> = (0..8).flat_map(record).collect();
/// let images = data::Dataset::from_records("mine", &records)?;
/// let arch = models::Arch::parse("resnet8")?;
/// let job = Job {
///     arch,
///     recipe: Recipe { batch: 4, epochs: 1, ..Recipe::default_for(arch) },
///     seed: 1,
///     train: images.clone(),
///     measured: Measured::Validation(images),
///     out: "unused".into(), // a Trainer keeps everything in memory; train::run writes
///     resume: false,
/// };
/// let mut trainer = Trainer::new(&job)?;
/// while !trainer.is_at_epoch_end() {
///     assert!(trainer.step()?.loss.is_finite());
/// }
/// assert_eq!(trainer.position.step, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trainer<'a> {
    /// The network as it is now; its branches are scaled as inference scales them.
    pub model: Model<f32>,
    /// The optimiser with its velocities.
    pub optimiser: Sgd<f32>,
    /// How far it has come.
    pub position: Position,
    settings: Settings,
    train: &'a Dataset,
    measured: &'a Measured,
    /// The order of the training images in the current epoch.
    order: Vec<u32>,
    /// The routes of the last step, to be filled for the next.
    plan: Plan,
    kept: Kept,
}

/// Memory from one step to the next, so that a step allocates nothing.
struct Kept {
    batch: Batch,
    tape: Tape<f32>,
    statistics: Vec<BatchStatistics>,
    /// 1 for each unit: branches count in full in a step, whatever inference makes of them.
    unscaled: Vec<f64>,
}

/// What one step saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOutcome {
    /// Images in the batch.
    pub images: usize,
    /// Mean loss of the batch before the step, in nats.
    pub loss: f64,
}

impl<'a> Trainer<'a> {
    /// A training at its start.
    ///
    /// # Errors
    /// If the recipe cannot run on these images, or not with this network.
    pub fn new(job: &'a Job) -> Result<Self, TrainError> {
        let (images, batch) = (job.train.len(), job.recipe.batch);
        if job.recipe.epochs == 0 {
            return Err(TrainError::NoEpochs);
        }
        if job.recipe.epochs > MOST_EPOCHS {
            let (epochs, most) = (job.recipe.epochs, MOST_EPOCHS);
            return Err(TrainError::TooManyEpochs { epochs, most });
        }
        if batch == 0 {
            return Err(TrainError::EmptyBatch);
        }
        let recipe = &job.recipe;
        let mut model: Model<f32> = job.arch.build(job.seed);
        let has_batch_of_one = batch == 1 || images % batch == 1;
        if has_batch_of_one && model.units.iter().any(Unit::norms_features) {
            return Err(TrainError::OneValuePerChannel { images, batch });
        }
        recipe.paths.check(&model)?;
        recipe.backward.check(&model)?;
        let units = model.units.len();
        let kept = Kept {
            batch: Batch::default(),
            tape: Tape::recording(),
            statistics: Vec::new(),
            unscaled: vec![1.0; units],
        };
        model.branch_scale = (0..units).map(|id| recipe.paths.rate(id, units)).collect();
        let mut trainer = Trainer {
            plan: Plan::intact(&model),
            model,
            optimiser: Sgd::new(SgdOptions {
                momentum: recipe.momentum,
                nesterov: recipe.nesterov,
                weight_decay: recipe.weight_decay,
            }),
            position: Position::default(),
            settings: Settings::of(job),
            train: &job.train,
            measured: &job.measured,
            order: Vec::new(),
            kept,
        };
        trainer.seek(Position::default());
        Ok(trainer)
    }

    /// Everything that decides the bits of this training.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Moves to a place of the training; parameters and velocities are set
    /// apart from it.
    pub fn seek(&mut self, position: Position) {
        self.position = position;
        let mut rng = self.stream("shuffle").at(u64::from(self.position.epoch), 0);
        self.order = data::shuffled_indices(self.train.len(), &mut rng);
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.train.len().div_ceil(self.settings.recipe.batch) as u64
    }

    /// Whether the last epoch is done.
    pub fn is_done(&self) -> bool {
        self.position.epoch >= self.settings.recipe.epochs
    }

    /// Whether the steps of the current epoch are done, but not its end.
    pub fn is_at_epoch_end(&self) -> bool {
        self.position.step == self.steps_per_epoch()
    }

    /// The learning rate of the next step.
    pub fn rate(&self) -> f64 {
        let (steps, epochs) = (self.steps_per_epoch(), u64::from(self.settings.recipe.epochs));
        let step = u64::from(self.position.epoch) * steps + self.position.step;
        self.settings.recipe.schedule.rate(step, steps * epochs)
    }

    /// Trains on the next batch.
    ///
    /// # Errors
    /// If the loss is not a finite number; nothing is changed then.
    pub fn step(&mut self) -> Result<StepOutcome, TrainError> {
        std::mem::swap(&mut self.model.branch_scale, &mut self.kept.unscaled);
        let outcome = self.step_unscaled();
        std::mem::swap(&mut self.model.branch_scale, &mut self.kept.unscaled);
        outcome
    }

    fn step_unscaled(&mut self) -> Result<StepOutcome, TrainError> {
        let (epoch, step) = (u64::from(self.position.epoch), self.position.step);
        let (paths, stream) = (self.settings.recipe.paths, self.stream("paths"));
        paths.fill(&mut self.plan, &self.model, stream, epoch, step);
        let images = self.next_batch();
        let labels = &self.kept.batch.labels;
        let mut pass = Pass::train(&self.model.params, self.stream("dropout").at(epoch, step));
        pass.tape = std::mem::replace(&mut self.kept.tape, Tape::recording());
        pass.statistics = std::mem::take(&mut self.kept.statistics);
        let x = pass.tape.constant(images);
        let logits = self.model.forward(&mut pass, &x, &self.plan);
        let loss = op::cross_entropy(&mut pass.tape, &logits, labels);
        let mean = f64::from(loss.value().as_slice()[0]);
        if !mean.is_finite() {
            return Err(self.diverged(format!("the loss is {mean}")));
        }
        let images = labels.len();
        self.position.loss_sum += mean * images as f64;
        self.position.wrong += count_wrong(logits.value(), labels) as u64;
        let Pass { tape, mut statistics, .. } = pass;
        let ratio = &mut self.position.gradient_ratio;
        let grads = self.settings.recipe.backward.sweep(tape, &loss, step, ratio);
        let rate = self.rate();
        self.model.params.update_running(&statistics, BatchNorm::MOMENTUM);
        self.optimiser.step(&mut self.model.params, &grads, rate);
        statistics.clear();
        self.kept.statistics = statistics;
        self.kept.tape = grads.into_tape();
        self.position.step += 1;
        Ok(StepOutcome { images, loss: mean })
    }

    /// Ends an epoch: measures the error on the test images, or on those held out, and
    /// moves to the next one.
    ///
    /// # Errors
    /// If the loss on these images is not a finite number; nothing is changed then.
    pub fn end_epoch(&mut self) -> Result<EpochLog, TrainError> {
        let outcome = self.measure();
        let (error, loss) = (outcome.error(), outcome.cross_entropy());
        let is_test = matches!(self.measured, Measured::Test(_));
        if !loss.is_finite() {
            let which = if is_test { "test" } else { "validation" };
            return Err(self.diverged(format!("the {which} loss is {loss}")));
        }
        let images = self.train.len() as f64;
        let Position { epoch, step, loss_sum, wrong, ref log, .. } = self.position;
        self.position.step = step.saturating_sub(1);
        let entry = EpochLog {
            epoch: epoch + 1,
            rate: self.rate(),
            train_loss: loss_sum / images,
            train_error: wrong as f64 / images,
            test_error: is_test.then_some(error),
            test_loss: is_test.then_some(loss),
            validation_error: (!is_test).then_some(error),
            validation_loss: (!is_test).then_some(loss),
        };
        let log = log.iter().cloned().chain([entry.clone()]).collect();
        self.seek(Position { epoch: epoch + 1, log, ..Position::default() });
        Ok(entry)
    }

    /// The error of a training that has come to no finite number here.
    pub(crate) fn diverged(&self, what: String) -> TrainError {
        let Position { epoch, step, .. } = self.position;
        TrainError::Diverged { epochs: epoch, steps: step, what }
    }

    /// What the network as it is says to the images that the error is measured on.
    pub fn measure(&self) -> Predictions {
        let images = self.measured.images();
        let batches = data::batches(images, EVAL_BATCH, &self.settings.normalisation);
        let plan = Plan::intact(&self.model);
        let tensors = batches.map(|(pixels, labels)| {
            let shape = images.description().batch_shape(labels.len());
            (Tensor::from_vec(shape, pixels), labels)
        });
        evaluate(&self.model, &plan, tensors)
    }

    /// The images of the next batch; their labels are kept.
    fn next_batch(&mut self) -> Tensor<f32> {
        let batch = self.settings.recipe.batch;
        let start = self.position.step as usize * batch;
        let augment = (self.stream("augment"), u64::from(self.position.epoch));
        let indices = &self.order[start..self.order.len().min(start + batch)];
        self.kept.batch.fill(self.train, indices, &self.settings.normalisation, augment)
    }

    fn stream(&self, name: &str) -> Stream {
        Stream::new(self.settings.seed, name)
    }
}
