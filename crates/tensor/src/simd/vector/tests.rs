//! Each operation of a vector, at every level, against plain code.

use super::*;

/// Numbers at which signs, zeros and NaN show.
const NUMBERS: [f32; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f32::NAN,
    -f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    f32::MAX,
    f32::MIN,
    1.0000001,
    -0.3,
];

type Lanes = [f32; 16];

/// What the operations make of three times sixteen numbers, by name.
struct Operations<'a> {
    of: [Lanes; 3],
    results: &'a mut Vec<(&'static str, Lanes)>,
}

impl Task for Operations<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let [mut add, mut sub, mut mul, mut mul_add] = [[0.0; 16]; 4];
        let [mut relu, mut where_positive, mut splat] = [[0.0; 16]; 3];
        let mut turned = [0.0; 16];
        let places: [i32; 16] = std::array::from_fn(|i| ((i * 5 + 3) % V::LANES) as i32);
        for at in (0..16).step_by(V::LANES) {
            // SAFETY: `V::LANES` divides 16; the caller vouches for the instructions.
            unsafe {
                let [a, b, c] = [0, 1, 2].map(|i: usize| V::load(self.of[i].as_ptr().add(at)));
                a.add(b).store(add.as_mut_ptr().add(at));
                a.sub(b).store(sub.as_mut_ptr().add(at));
                a.mul(b).store(mul.as_mut_ptr().add(at));
                a.mul_add(b, c).store(mul_add.as_mut_ptr().add(at));
                a.relu().store(relu.as_mut_ptr().add(at));
                a.where_positive(b).store(where_positive.as_mut_ptr().add(at));
                V::splat(self.of[0][0]).store(splat.as_mut_ptr().add(at));
                a.permute(V::places(places.as_ptr())).store(turned.as_mut_ptr().add(at));
            }
        }
        self.results.extend([
            ("add", add),
            ("sub", sub),
            ("mul", mul),
            ("mul_add", mul_add),
            ("relu", relu),
            ("where_positive", where_positive),
            ("splat", splat),
            ("permute", turned),
        ]);
    }
}

/// The level's own vectors, whatever level the process uses.
fn at(level: Level, task: impl Task) {
    assert!(level.is_available());
    match level {
        // SAFETY: the processor has the level.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::run_avx512(task) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::run_avx2(task) },
        // SAFETY: plain arrays need no special instructions.
        _ => unsafe { task.run::<[f32; 8]>() },
    }
}

/// The same bits, except that any NaN equals any other.
fn is_same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

#[test]
fn at_every_level_an_operation_is_that_of_plain_code() {
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        // Every number meets every other.
        for (turn, by) in (0..16).flat_map(|turn| (0..16).map(move |by| (turn, by))) {
            let turned = |n: usize| std::array::from_fn(|i| NUMBERS[(i + n) % 16]);
            let [a, b, c]: [Lanes; 3] = [turned(0), turned(turn), turned(by)];
            let first_of = a;
            let mut results = Vec::new();
            at(level, Operations { of: [a, b, c], results: &mut results });
            assert_eq!(results.len(), 8);
            let lanes = if level == Level::Avx512 { 16 } else { 8 };
            for (name, got) in results {
                for (i, got) in got.into_iter().enumerate() {
                    let (a, b, c, first) = (a[i], b[i], c[i], a[0]);
                    let expected = match name {
                        "add" => a + b,
                        "sub" => a - b,
                        "mul" => a * b,
                        "mul_add" if level == Level::Portable => a * b + c,
                        "mul_add" => a.mul_add(b, c),
                        "relu" if a < 0.0 => 0.0,
                        "relu" => a,
                        "where_positive" if b > 0.0 => a,
                        "where_positive" => 0.0,
                        "splat" => first,
                        "permute" => first_of[i / lanes * lanes + (i * 5 + 3) % lanes],
                        _ => unreachable!(),
                    };
                    let what = format!("{level}: {name} of {a:e}, {b:e}, {c:e}");
                    assert!(is_same(got, expected), "{what} is {got:e}, expected {expected:e}");
                }
            }
        }
    }
}

/// Copies the first lanes of sixteen numbers by a load and a store of that many.
struct CopyFirst<'a> {
    n: usize,
    from: &'a [f32],
    to: &'a mut [f32],
    whole: &'a mut Lanes,
}

impl Task for CopyFirst<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let n = self.n.min(V::LANES);
        assert!(self.from.len() >= n && self.to.len() >= n);
        // SAFETY: both slices have the `n` numbers, the array those of any register; the
        // caller vouches for the instructions.
        unsafe {
            let first = V::load_first(self.from.as_ptr(), n);
            first.store(self.whole.as_mut_ptr());
            first.store_first(self.to.as_mut_ptr(), n);
        }
    }
}

#[test]
fn at_every_level_the_first_lanes_alone_are_read_and_written() {
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let lanes = if level == Level::Avx512 { 16 } else { 8 };
        for n in 0..=lanes {
            let from: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            let mut to = [-1.0; 17];
            let mut whole = [f32::NAN; 16];
            at(level, CopyFirst { n, from: &from, to: &mut to, whole: &mut whole });
            assert_eq!(to[..n], from, "{level}, {n} lanes");
            assert!(to[n..].iter().all(|&v| v == -1.0), "{level}, {n} lanes: {to:?}");
            assert_eq!(whole[..n], from, "{level}, {n} lanes");
            assert!(whole[n..lanes].iter().all(|&v| v == 0.0), "{level}, {n} lanes: {whole:?}");
        }
    }
}
