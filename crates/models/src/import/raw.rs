//! Tensors as they lie in files of other programs, cast to `f32`.

use half::{bf16, f16};

use super::ImportError;

/// What the numbers of a stored tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    Bf16,
    /// Anything that is not a floating-point number: its name and size in bytes.
    Other(&'static str, usize),
}

impl Element {
    pub(super) fn size(self) -> usize {
        match self {
            Element::F64 => 8,
            Element::F32 => 4,
            Element::F16 | Element::Bf16 => 2,
            Element::Other(_, size) => size,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Element::F64 => "float64",
            Element::F32 => "float32",
            Element::F16 => "float16",
            Element::Bf16 => "bfloat16",
            Element::Other(name, _) => name,
        }
    }

    /// The number whose little-endian bytes these are; `None` if it is not a floating-point
    /// number. Half precision casts exactly, double precision to the nearest.
    fn read(self, bytes: &[u8]) -> Option<f32> {
        let le = |n| bytes.get(..n);
        match self {
            Element::F64 => Some(f64::from_le_bytes(le(8)?.try_into().ok()?) as f32),
            Element::F32 => Some(f32::from_le_bytes(le(4)?.try_into().ok()?)),
            Element::F16 => Some(f16::from_le_bytes(le(2)?.try_into().ok()?).to_f32()),
            Element::Bf16 => Some(bf16::from_le_bytes(le(2)?.try_into().ok()?).to_f32()),
            Element::Other(..) => None,
        }
    }
}

/// A tensor with its values in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawTensor {
    pub(super) dims: Vec<usize>,
    pub(super) element: Element,
    /// `None` if its elements are not floating-point numbers.
    pub(super) values: Option<Vec<f32>>,
}

/// Where the elements of a tensor lie in its storage, counted in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strided {
    pub(super) offset: usize,
    pub(super) dims: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl Strided {
    /// Elements of the tensor; `None` if they cannot be counted.
    pub(super) fn count(&self) -> Option<usize> {
        self.dims.iter().try_fold(1usize, |count, &dim| count.checked_mul(dim))
    }

    /// How many elements the storage has to have at least; `None` if that cannot be counted.
    fn reach(&self) -> Option<usize> {
        if self.dims.contains(&0) {
            return Some(0);
        }
        let steps = self.dims.iter().zip(&self.strides);
        let mut last = steps.map(|(&dim, &stride)| (dim - 1).checked_mul(stride));
        let last = last.try_fold(self.offset, |sum, step| sum.checked_add(step?))?;
        last.checked_add(1)
    }

    /// The tensor, from the bytes of its storage.
    pub(super) fn read(
        &self,
        name: &str,
        element: Element,
        storage: &[u8],
    ) -> Result<RawTensor, ImportError> {
        let held = storage.len() / element.size();
        let (Some(count), Some(reach)) = (self.count(), self.reach()) else {
            return Err(self.outside(name, held));
        };
        if self.strides.len() != self.dims.len() || reach > held {
            return Err(self.outside(name, held));
        }
        let mut tensor = RawTensor { dims: self.dims.clone(), element, values: None };
        if matches!(element, Element::Other(..)) {
            return Ok(tensor);
        }
        let mut values = Vec::with_capacity(count);
        let mut place = vec![0usize; self.dims.len()];
        for _ in 0..count {
            let at: usize = place.iter().zip(&self.strides).map(|(i, stride)| i * stride).sum();
            let start = (self.offset + at) * element.size();
            let value = element.read(&storage[start..start + element.size()]);
            values.push(value.expect("the element is a floating-point number"));
            for (i, &dim) in place.iter_mut().zip(&self.dims).rev() {
                *i += 1;
                if *i < dim {
                    break;
                }
                *i = 0;
            }
        }
        tensor.values = Some(values);
        Ok(tensor)
    }

    fn outside(&self, name: &str, held: usize) -> ImportError {
        ImportError::Damaged(format!(
            "tensor {name} of shape {:?}, strides {:?} and offset {} lies outside its storage of \
             {held} elements",
            self.dims, self.strides, self.offset
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn strides_and_offset_are_obeyed() {
        let held = storage(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let cases = [
            (1, vec![2, 3], vec![3, 1], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            (1, vec![3, 2], vec![1, 3], vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
            (6, vec![2], vec![0], vec![6.0, 6.0]),
            (3, vec![], vec![], vec![3.0]),
            (9, vec![0, 4], vec![4, 1], vec![]),
        ];
        for (offset, dims, strides, expected) in cases {
            let view = Strided { offset, dims, strides };
            let read = view.read("t", Element::F32, &held).unwrap();
            assert_eq!(read.values, Some(expected), "{view:?}");
        }
    }

    #[test]
    fn what_reaches_outside_its_storage_is_refused() {
        let held = storage(&[0.0; 6]);
        for (offset, dims, strides) in [
            (1, vec![2, 3], vec![3, 1]),
            (0, vec![2, 3], vec![4, 1]),
            (usize::MAX, vec![1], vec![1]),
            (0, vec![usize::MAX, 3], vec![0, 0]),
            (0, vec![2, usize::MAX], vec![usize::MAX, 2]),
            (0, vec![2, 3], vec![1]),
        ] {
            let view = Strided { offset, dims, strides };
            let message = view.read("t", Element::F32, &held).unwrap_err().to_string();
            assert!(message.contains("outside its storage of 6 elements"), "{message}");
        }
    }

    #[test]
    fn every_floating_point_type_is_cast() {
        let one = Strided { offset: 1, dims: vec![1], strides: vec![1] };
        let cases = [
            (Element::F64, [0.0f64, 0.1].map(f64::to_le_bytes).concat(), 0.1f32),
            (Element::F16, [0u16, 0x3555].map(u16::to_le_bytes).concat(), 0.33325195),
            (Element::Bf16, [0u16, 0x3eab].map(u16::to_le_bytes).concat(), 0.33398438),
        ];
        for (element, bytes, expected) in cases {
            let read = one.read("t", element, &bytes).unwrap();
            assert_eq!(read.values, Some(vec![expected]), "{}", element.name());
        }
        let counts = one.read("t", Element::Other("int64", 8), &[0; 16]).unwrap();
        assert_eq!(counts.values, None);
    }
}
