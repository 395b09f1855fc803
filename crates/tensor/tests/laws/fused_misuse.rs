//! The fused convolution refuses slices that do not fit, whatever surrounds it.

use tensor::kernel::conv2d::Conv2dGeom;
use tensor::kernel::conv2d::fused::{
    self, Backward, Cotangent, Forward, Gradients, NormRelu, TransformedWeights,
};
use testkit::refusal::{refusal, refused};

const C: usize = 16;
const G: Conv2dGeom = Conv2dGeom::same([1, 4, 4, C], C, 3);
const IMAGE: usize = 4 * 4 * C;
const WEIGHTS: usize = 9 * C * C;

/// The lengths of everything that a call reads and writes.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    x: usize,
    w: usize,
    /// Of scale and shift.
    norm: [usize; 2],
    skip: usize,
    y: usize,
    dy: usize,
    /// What a pending gradient is made of.
    pending: Option<[usize; 4]>,
    dz: usize,
    dw: usize,
    sums: usize,
    means: usize,
}

const FITTING: Lengths = Lengths {
    x: IMAGE,
    w: WEIGHTS,
    norm: [C; 2],
    skip: IMAGE,
    y: IMAGE,
    dy: IMAGE,
    pending: None,
    dz: IMAGE,
    dw: WEIGHTS,
    sums: 2 * C,
    means: C,
};

fn forward(l: Lengths) {
    let n = vec![0.0; 2 * WEIGHTS];
    let norm_relu = Some(NormRelu { scale: &n[..l.norm[0]], shift: &n[..l.norm[1]] });
    let weights = &TransformedWeights::new(&n[..l.w], &G);
    let f = Forward { x: &n[..l.x], norm_relu, weights, skip: Some(&n[..l.skip]) };
    fused::forward(&mut vec![0.0; l.y], &f, &G, false);
}

fn backward(l: Lengths) {
    let n = vec![0.0; 2 * WEIGHTS];
    let norm_relu = Some(NormRelu { scale: &n[..l.norm[0]], shift: &n[..l.norm[1]] });
    let weights = &TransformedWeights::transposed(&n[..l.w], &G);
    let dy = match l.pending {
        None => Cotangent::Whole(&n[..l.dy]),
        Some([x, a, b, d]) => {
            let factors = [&n[..a], &n[..b], &n[..d]];
            Cotangent::Pending { dz: &n[..l.dy], x: &n[..x], factors }
        }
    };
    let f = Backward { x: &n[..l.x], norm_relu, dy };
    let [mut dz, mut dw] = [l.dz, l.dw].map(|len| vec![0.0; len]);
    let mut sums = vec![0.0; l.sums];
    let sums = Some((sums.as_mut_slice(), &n[..l.means]));
    let dz = Some((dz.as_mut_slice(), weights));
    fused::backward(Gradients { dz, dw: Some(&mut dw), sums }, &f, &G);
}

#[test]
fn lengths_that_fit_are_taken_and_all_others_refused() {
    let pending = |lengths| Lengths { pending: Some(lengths), ..FITTING };
    for (call, l) in
        [(forward as fn(_), FITTING), (backward, FITTING), (backward, pending([IMAGE, C, C, C]))]
    {
        assert_eq!(refusal(|| call(l)), None, "{l:?}");
    }
    // A number short, a row more, an image more: none is cut to what fits.
    let wrong = |len: usize| [len - 1, len + C, len + IMAGE];
    for i in 0..3 {
        let [image, weights, c, two] = [IMAGE, WEIGHTS, C, 2 * C].map(|len| wrong(len)[i]);
        let both = [
            ("lengths of input, weight and output", Lengths { x: image, dz: image, ..FITTING }),
            ("the weights", Lengths { w: weights, ..FITTING }),
            ("scale", Lengths { norm: [c, C], ..FITTING }),
            ("shift", Lengths { norm: [C, c], ..FITTING }),
        ];
        let ahead = [
            ("lengths of input, weight and output", Lengths { y: image, ..FITTING }),
            ("skip", Lengths { skip: image, ..FITTING }),
        ];
        let back = [
            ("lengths of input, weight and output", Lengths { dy: image, ..FITTING }),
            ("dz", Lengths { dz: image, ..FITTING }),
            ("dw", Lengths { dw: weights, ..FITTING }),
            ("the sums", Lengths { sums: two, ..FITTING }),
            ("the means", Lengths { means: c, ..FITTING }),
            ("the batch norm's input", pending([image, C, C, C])),
            ("a factor", pending([IMAGE, c, C, C])),
            ("a factor", pending([IMAGE, C, c, C])),
            ("a factor", pending([IMAGE, C, C, c])),
        ];
        let calls = both.iter().chain(&ahead).map(|case| (forward as fn(_), case));
        for (call, (what, l)) in
            calls.chain(both.iter().chain(&back).map(|case| (backward as fn(_), case)))
        {
            let said = refusal(|| call(*l)).unwrap_or_else(|| panic!("{what} is taken: {l:?}"));
            assert!(said.contains(what), "{said:?} does not speak of {what}: {l:?}");
        }
    }
}

#[test]
fn sums_need_the_gradient_that_they_are_taken_over() {
    refused("sums of a dz that is not computed", || {
        let (n, mut sums) = ([0.0; IMAGE], [0.0; 2 * C]);
        let f = Backward { x: &n, norm_relu: None, dy: Cotangent::Whole(&n) };
        let sums = Some((sums.as_mut_slice(), &n[..C]));
        fused::backward(Gradients { dz: None, dw: None, sums }, &f, &G);
    });
}

#[test]
fn a_geometry_without_a_fused_kernel_is_refused() {
    for g in [G.with_stride(2), Conv2dGeom { w: 3, ..G }, Conv2dGeom { c_in: 8, ..G }] {
        let w = vec![0.0; g.weight_shape().len()];
        for make in [TransformedWeights::new, TransformedWeights::transposed] {
            refused("no fused kernel", || drop(make(&w, &g)));
        }
    }
}
