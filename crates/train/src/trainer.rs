//! One training in memory: its state, a step, a measurement.

use data::{Crop, Dataset};
use models::{Model, Outcome, Plan, evaluate, score};
use nn::layer::BatchNorm;
use nn::optim::Sgd;
use nn::{Pass, op};
use tensor::Tensor;
use tensor::random::Stream;

use crate::{EpochLog, Job, Progress, Settings, TrainError};

/// Images evaluated at once: few enough for the caches, enough for the threads.
const EVAL_BATCH: usize = 128;

/// A training under way.
pub struct Trainer<'a> {
    /// The network as it is now.
    pub model: Model<f32>,
    /// The optimiser with its velocities.
    pub optimiser: Sgd<f32>,
    /// How far it has come.
    pub progress: Progress,
    settings: Settings,
    train: &'a Dataset,
    test: &'a Dataset,
    /// The order of the training images in the current epoch.
    order: Vec<u32>,
}

/// What one step saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Images in the batch.
    pub images: usize,
    /// Mean loss of the batch before the step, in nats.
    pub loss: f64,
}

impl<'a> Trainer<'a> {
    /// A training at its start.
    ///
    /// # Errors
    /// If the recipe cannot run on these images.
    pub fn new(job: &'a Job) -> Result<Self, TrainError> {
        let (images, batch) = (job.train.len(), job.recipe.batch);
        if job.recipe.epochs == 0 {
            return Err(TrainError::NoEpochs);
        }
        if images % batch == 1 {
            return Err(TrainError::OneValuePerChannel { images, batch });
        }
        let recipe = &job.recipe;
        let mut trainer = Trainer {
            model: job.arch.build(job.seed),
            optimiser: Sgd::new(recipe.momentum, recipe.nesterov, recipe.weight_decay),
            progress: Progress::default(),
            settings: Settings::of(job),
            train: &job.train,
            test: &job.test,
            order: Vec::new(),
        };
        trainer.seek(Progress::default());
        Ok(trainer)
    }

    /// Everything that decides the bits of this training.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Moves to a place of the training; parameters and velocities are set
    /// apart from it.
    pub fn seek(&mut self, progress: Progress) {
        self.progress = progress;
        let mut rng = self.stream("shuffle").at(u64::from(self.progress.epoch), 0);
        self.order = data::shuffled_indices(self.train.len(), &mut rng);
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.train.len().div_ceil(self.settings.recipe.batch) as u64
    }

    /// Whether the last epoch is done.
    pub fn is_done(&self) -> bool {
        self.progress.epoch >= self.settings.recipe.epochs
    }

    /// Whether the steps of the current epoch are done, but not its end.
    pub fn is_at_epoch_end(&self) -> bool {
        self.progress.step == self.steps_per_epoch()
    }

    /// The learning rate of the next step.
    pub fn rate(&self) -> f64 {
        let (steps, epochs) = (self.steps_per_epoch(), u64::from(self.settings.recipe.epochs));
        let step = u64::from(self.progress.epoch) * steps + self.progress.step;
        self.settings.recipe.schedule.rate(step, steps * epochs)
    }

    /// Trains on the next batch.
    ///
    /// # Errors
    /// If the loss is no finite number; nothing is changed then.
    pub fn step(&mut self) -> Result<Step, TrainError> {
        let (images, labels) = self.next_batch();
        let (epoch, step) = (u64::from(self.progress.epoch), self.progress.step);
        let mut pass = Pass::train(&self.model.params, self.stream("dropout").at(epoch, step));
        let x = pass.tape.constant(images);
        let logits = self.model.forward(&mut pass, &x, &Plan::intact(&self.model));
        let loss = op::cross_entropy(&mut pass.tape, &logits, &labels);
        let mean = f64::from(loss.value().as_slice()[0]);
        if !mean.is_finite() {
            return Err(TrainError::Diverged { epoch: self.progress.epoch + 1, step, loss: mean });
        }
        self.progress.loss_sum += mean * labels.len() as f64;
        self.progress.wrong += score(logits.value(), &labels).wrong() as u64;
        let Pass { tape, statistics, .. } = pass;
        let grads = tape.backward(&loss);
        let rate = self.rate();
        self.model.params.update_running(&statistics, BatchNorm::MOMENTUM);
        self.optimiser.step(&mut self.model.params, &grads, rate);
        self.progress.step += 1;
        Ok(Step { images: labels.len(), loss: mean })
    }

    /// Ends an epoch: measures the test error and moves to the next one.
    pub fn end_epoch(&mut self) -> EpochLog {
        let test = self.measure();
        let images = self.train.len() as f64;
        let Progress { epoch, step, loss_sum, wrong, ref log } = self.progress;
        self.progress.step = step.saturating_sub(1);
        let entry = EpochLog {
            epoch: epoch + 1,
            rate: self.rate(),
            train_loss: loss_sum / images,
            train_error: wrong as f64 / images,
            test_error: test.error(),
            test_loss: test.cross_entropy(),
        };
        let log = log.iter().cloned().chain([entry.clone()]).collect();
        self.seek(Progress { epoch: epoch + 1, log, ..Progress::default() });
        entry
    }

    /// The outcome of the network as it is on the test images.
    pub fn measure(&self) -> Outcome {
        let normalisation = self.normalisation();
        let batches = data::batches(self.test, EVAL_BATCH, &normalisation);
        let plan = Plan::intact(&self.model);
        let tensors = batches.map(|(pixels, labels)| {
            let shape = [labels.len(), data::SIDE, data::SIDE, data::CHANNELS];
            (Tensor::from_vec(shape, pixels), labels)
        });
        evaluate(&self.model, &plan, tensors)
    }

    fn next_batch(&self) -> (Tensor<f32>, Vec<u8>) {
        let batch = self.settings.recipe.batch;
        let start = self.progress.step as usize * batch;
        let indices = &self.order[start..self.order.len().min(start + batch)];
        let (augment, epoch) = (self.stream("augment"), u64::from(self.progress.epoch));
        let crops: Vec<Crop> =
            indices.iter().map(|&i| Crop::draw(&mut augment.at(epoch, u64::from(i)))).collect();
        let shape = [indices.len(), data::SIDE, data::SIDE, data::CHANNELS];
        let mut images = Tensor::for_overwrite(shape);
        let mut labels = vec![0; indices.len()];
        let normalisation = self.normalisation();
        data::fill_batch_augmented(
            images.as_mut_slice(),
            &mut labels,
            self.train,
            indices,
            &crops,
            &normalisation,
        );
        (images, labels)
    }

    fn normalisation(&self) -> data::Normalisation {
        let models::Normalisation { mean, std } = self.settings.normalisation;
        data::Normalisation { mean, std }
    }

    fn stream(&self, name: &str) -> Stream {
        Stream::new(self.settings.seed, name)
    }
}
