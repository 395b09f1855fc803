//! What single groups of a block cost, against the block.

use record::stats::{
    Comparison, Interval, Variance, image_bootstrap, mean, median, pooled_variance, t_interval,
};
use record::{Bits, DeleteBranches, DeleteOneOptions, Record, Score};

use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::study::delete_one::Deletions;
use crate::study::{Estimate, one_network};
use crate::{ReportError, words};

/// A network whose blocks and whose groups are deleted, on the same images.
pub(super) struct Network {
    pub(super) name: String,
    intact: Score,
    pub(super) blocks: Vec<Block>,
}

/// A block.
pub(super) struct Block {
    /// Its place, 0-based.
    pub(super) index: usize,
    pub(super) boundary: bool,
    whole: Score,
    /// The network without each of its groups.
    groups: Vec<Score>,
}

impl Network {
    /// From a record of `delete-branches` and one of `delete-one`, of one network.
    pub(super) fn of(groups: &Record, blocks: &Record) -> Result<Network, ReportError> {
        let name = one_network(groups)?.name.clone();
        let answer = groups.answer::<DeleteBranches>()?;
        let whole = Deletions::with(DeleteOneOptions::default(), blocks)?;
        let is_same = groups.key.images.first() == blocks.key.images.first()
            && one_network(blocks)? == one_network(groups)?;
        if !is_same {
            let what = format!("needs groups and blocks of {name} deleted on the same images");
            return Err(ReportError::Lacking(what));
        }
        let block = |unit: record::BranchDeletions| {
            let found = whole.answer.units.iter().find(|known| known.index == unit.index);
            let lacking = || ReportError::Unfit {
                name: blocks.name.clone(),
                what: format!("unit {} is not deleted, though its groups are", unit.index),
            };
            let deleted = found.and_then(|known| known.deleted.clone()).ok_or_else(lacking)?;
            let (index, boundary, groups) = (unit.index, unit.boundary, unit.deleted);
            Ok(Block { index, boundary, whole: deleted, groups })
        };
        let blocks = answer.units.into_iter().map(block);
        let blocks = blocks.collect::<Result<_, ReportError>>()?;
        Ok(Network { name, intact: answer.intact, blocks })
    }

    /// What the deletion of a block changes.
    pub(super) fn damage(&self, block: &Block) -> Comparison {
        Comparison::of(&self.intact.right, &block.whole.right)
    }

    /// Whether the images can tell the damage of a block from none: its interval lies above 0.
    pub(super) fn is_told(&self, block: &Block) -> bool {
        self.damage(block).interval().low > 0.0
    }

    /// The sum of the damages of the single groups, as a fraction.
    pub(super) fn sum(&self, block: &Block) -> f64 {
        let errors = block.groups.iter().map(Score::error);
        errors.map(|error| error - self.intact.error()).sum()
    }

    /// The sum of the damages of the single groups over that of the block.
    pub(super) fn share(&self, block: &Block) -> Option<f64> {
        self.is_told(block).then(|| self.sum(block) / self.damage(block).difference())
    }

    /// The blocks that are not boundaries and whose damage can be told from none.
    ///
    /// # Errors
    /// If these are fewer than half of those that are not boundaries.
    fn judged(&self) -> Result<Vec<&Block>, ReportError> {
        let inner = || self.blocks.iter().filter(|block| !block.boundary);
        let told: Vec<&Block> = inner().filter(|block| self.is_told(block)).collect();
        if told.is_empty() || 2 * told.len() < inner().count() {
            return Err(ReportError::Lacking(format!(
                "needs a damage above 0, its interval too, for half of the blocks of {}; {} of {} \
                 have one",
                self.name,
                told.len(),
                inner().count()
            )));
        }
        Ok(told)
    }
}

/// The networks, from the records of each: groups, then blocks.
pub(super) fn networks(records: &[&Record]) -> Result<Vec<Network>, ReportError> {
    let pairs = records.chunks_exact(2);
    let all = pairs.map(|pair| Network::of(pair[0], pair[1])).collect::<Result<Vec<_>, _>>()?;
    let images = |record: &&Record| record.key.images.first().cloned();
    if all.is_empty() || !records.windows(2).all(|pair| images(&pair[0]) == images(&pair[1])) {
        return Err(ReportError::Lacking("needs records on the same images".into()));
    }
    Ok(all)
}

/// The median over blocks of the share of single groups, mean over the seeds. Blocks whose
/// damage the images cannot tell from none are left out: their ratio says nothing. The
/// variance is that over images, from the bootstrap with the same blocks, and that over seeds;
/// a resample in which a block does no damage is left out.
pub(super) fn median_share(records: &[&Record]) -> Result<Estimate, ReportError> {
    let all = networks(records)?;
    let judged = all.iter().map(|network| network.judged()).collect::<Result<Vec<_>, _>>()?;
    let scores = all.iter().zip(&judged).flat_map(|(network, blocks)| {
        let of_block = |block: &&'_ Block| -> Vec<Score> {
            [&block.whole].into_iter().chain(&block.groups).cloned().collect()
        };
        std::iter::once(network.intact.clone())
            .chain(blocks.iter().flat_map(of_block).collect::<Vec<_>>())
    });
    let scores: Vec<Score> = scores.collect();
    // For each seed from the error rates in the order of the scores.
    let medians = |errors: &[f64]| -> Option<Vec<f64>> {
        let mut errors = errors.iter().copied();
        let mut next = || errors.next().expect("there is one for each score");
        let mut of_seed = |blocks: &Vec<&Block>| {
            let intact = next();
            let mut share = |block: &&Block| {
                let whole = next() - intact;
                let sum: f64 = block.groups.iter().map(|_| next() - intact).sum();
                (whole > 0.0).then(|| sum / whole)
            };
            let shares: Vec<Option<f64>> = blocks.iter().map(&mut share).collect();
            median(&shares.into_iter().collect::<Option<Vec<f64>>>()?)
        };
        // All are read before one that is missing ends it.
        let each: Vec<Option<f64>> = judged.iter().map(&mut of_seed).collect();
        each.into_iter().collect()
    };
    let statistic = |errors: &[f64]| mean(&medians(errors)?);
    let errors: Vec<f64> = scores.iter().map(Score::error).collect();
    let right: Vec<&Bits> = scores.iter().map(|score| &score.right).collect();
    let lacking = || ReportError::Lacking("needs blocks that do damage".into());
    let value = statistic(&errors).ok_or_else(lacking)?;
    let Interval { low, high } = image_bootstrap(&right, statistic).ok_or_else(lacking)?;
    // Of a normal distribution 95 % lie within 1.96 deviations of its centre.
    let deviation = (high - low) / (2.0 * 1.959_963_985);
    let degrees = (right[0].len() - 1).max(1) as f64;
    let images = Variance { value: deviation * deviation, degrees };
    let seeds = medians(&errors).ok_or_else(lacking)?;
    let seeds = pooled_variance(&[&seeds])
        .ok_or_else(|| ReportError::Lacking("needs two seeds of the network".into()))?
        .scaled((1.0 / seeds.len() as f64).sqrt());
    let Interval { low, high } = t_interval(value, &[images, seeds]);
    Ok(Estimate { value, low, high })
}

/// The damage of each block and the sum of those of its groups, a plot for each seed.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = networks(records)?;
    let dots: Vec<Vec<Dot>> = all.iter().map(dots).collect();
    let ends = dots.iter().flatten().flat_map(|dot| {
        let Interval { low, high } = dot.interval.unwrap_or(Interval { low: dot.y, high: dot.y });
        [low, high]
    });
    let y = Axis::around("D (points)", ends.chain([0.0]));
    let blocks = all.iter().flat_map(|network| network.blocks.last());
    let last = blocks.map(|block| block.index + 1).max().unwrap_or(0);
    let plots = all.iter().zip(dots).map(|(network, dots)| Plot {
        title: network.name.clone(),
        x: Axis::counting("block (1-based)", last),
        y: y.clone(),
        dots,
        levels: vec![Level { y: 0.0, label: String::new(), series: None }],
        joined: false,
    });
    let images = records.first().and_then(|record| record.key.images.first());
    let n = words::count(images.map_or(0, |images| images.images) as u64);
    let groups = all[0].blocks.first().map_or(0, |block| block.groups.len());
    let left_out = all.iter().map(|network| format!("{}: {}", network.name, left_out(network)));
    Scatter {
        title: "Do the groups of a block share its work additively?".into(),
        subtitle: format!("n = {n} test images; {groups} groups a block"),
        series: vec!["block deleted".into(), "its groups deleted alone, sum".into()],
        plots: plots.collect(),
        keys: vec![
            (Key::Diamond, "boundary: changes resolution or channels".into()),
            (Key::Interval, "95 % interval".into()),
        ],
        caption: format!(
            "D, the test error without a block minus that of the intact network, in points (n = {n} \
             test images), and beside it the sum of the D of its {groups} groups, each deleted \
             alone. Where groups stand in for each other the sum is smaller, and where they \
             need each other it is larger. Bars: 95 % intervals over images, paired. Blocks whose D \
             has an interval that reaches 0 are left out of the median share: {}.",
            left_out.collect::<Vec<_>>().join("; ")
        ),
    }
    .draw("fig-groups")
}

/// The blocks that are not boundaries and are left out, 1-based, in words.
pub(super) fn left_out(network: &Network) -> String {
    let out = network.blocks.iter().filter(|block| !block.boundary && !network.is_told(block));
    let out: Vec<usize> = out.map(|block| block.index + 1).collect();
    if out.is_empty() { "none".into() } else { words::ranges(&out) }
}

fn dots(network: &Network) -> Vec<Dot> {
    let of_block = |block: &Block| {
        let (x, diamond) = ((block.index + 1) as f64, block.boundary);
        let dot = |series: usize, y: f64, interval: Option<Interval>| Dot {
            series,
            x: x + 0.25 * series as f64,
            y: 100.0 * y,
            interval: interval
                .map(|Interval { low, high }| Interval { low: 100.0 * low, high: 100.0 * high }),
            diamond,
            label: String::new(),
        };
        let damage = network.damage(block);
        let right: Vec<&Bits> =
            [&network.intact].into_iter().chain(&block.groups).map(|score| &score.right).collect();
        let sum = |errors: &[f64]| Some(errors[1..].iter().map(|error| error - errors[0]).sum());
        [
            dot(0, damage.difference(), Some(damage.interval())),
            dot(1, network.sum(block), image_bootstrap(&right, sum)),
        ]
    };
    network.blocks.iter().flat_map(of_block).collect()
}
