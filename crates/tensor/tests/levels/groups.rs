//! What convolutions in groups mean: nothing passes from one group to another.

use tensor::Tensor;
use tensor::kernel::conv2d::{self, Conv2dGeom};
use testkit::close::{Tolerance, check_close};
use testkit::noise;

use crate::at_every_level;

/// Groups and channels of each: a part of a register, exactly one, several.
const GROUPS: [(usize, usize); 6] = [(15, 2), (4, 6), (8, 2), (4, 12), (2, 16), (3, 20)];

fn same_in_groups(groups: usize, c: usize) -> Conv2dGeom {
    Conv2dGeom::same([2, 5, 11, groups * c], groups * c, 3).with_groups(groups)
}

/// A grouped convolution is the ordinary one of each group's channels; also that with all
/// weights between groups 0.
#[test]
fn groups_do_not_see_each_other() {
    at_every_level(|level| {
        for (groups, c) in GROUPS {
            let g = same_in_groups(groups, c);
            let whole = g.with_groups(1);
            let [x, w] =
                [(g.in_shape(), 0), (g.weight_shape(), 1)].map(|(s, i)| noise::at::<f64>(s, i));
            let spread = Tensor::from_fn(whole.weight_shape(), |at| {
                let (o, i, tap) = (at % g.c_out, at / g.c_out % g.c_in, at / g.c_out / g.c_in);
                let is_own = o / c == i / c;
                if is_own { w.as_slice()[(tap * c + i % c) * g.c_out + o] } else { 0.0 }
            });
            let mut y = [&g, &whole].map(|g| Tensor::<f64>::for_overwrite(g.out_shape()));
            let [got, expected] = &mut y;
            conv2d::forward(got.as_mut_slice(), x.as_slice(), w.as_slice(), &g);
            conv2d::forward(expected.as_mut_slice(), x.as_slice(), spread.as_slice(), &whole);
            check_close(&format!("{level} {g:?}"), got, expected, Tolerance::scaled(1e-12));
        }
    });
}

/// What a register holds beyond the block's channels does not reach any sum: an infinite
/// input spoils the outputs of its own group alone.
#[test]
fn an_infinite_channel_stays_in_its_group_at_every_level() {
    at_every_level(|level| {
        for (groups, c) in GROUPS {
            let g = same_in_groups(groups, c);
            let mut x = noise::at::<f32>(g.in_shape(), 0);
            let bad = groups / 2;
            x.as_mut_slice().iter_mut().enumerate().for_each(|(at, v)| {
                if at % g.c_in / c == bad {
                    *v = f32::INFINITY;
                }
            });
            let w = noise::at::<f32>(g.weight_shape(), 1);
            let dy = noise::at::<f32>(g.out_shape(), 2);
            let mut y = Tensor::<f32>::for_overwrite(g.out_shape());
            let mut dw = Tensor::<f32>::for_overwrite(g.weight_shape());
            conv2d::forward(y.as_mut_slice(), x.as_slice(), w.as_slice(), &g);
            conv2d::weight_grad(dw.as_mut_slice(), x.as_slice(), dy.as_slice(), &g);
            for (at, v) in y.as_slice().iter().chain(dw.as_slice()).enumerate() {
                let channel = at % g.c_out;
                assert_eq!(v.is_finite(), channel / c != bad, "{level}, {g:?}, number {at}: {v}");
            }
        }
    });
}
