//! What a pickle's calls make: dicts, tensors and storages.

use super::globals::Known;
use super::{Id, MOST_NODES, Machine, Node, Storage, damaged};
use crate::import::ImportError;
use crate::import::raw::Strided;

/// More than the dimensions of any tensor.
const MOST_DIMS: usize = 64;

impl Machine<'_> {
    /// What a known name makes of its arguments.
    pub(super) fn call(&mut self, callee: Id, arguments: Id) -> Result<(), ImportError> {
        let Node::Tuple(arguments) = self.tree.node(arguments) else {
            return Err(damaged("calls something with arguments that are not a tuple"));
        };
        // No function here takes more; a pickle may name one long tuple many times.
        let arguments: Vec<Id> = arguments.iter().copied().take(8).collect();
        let made = match self.tree.node(callee) {
            Node::Global(Known::Dict) => self.dict(&arguments)?,
            Node::Global(Known::Tensor) => self.tensor(&arguments)?,
            // The tensor itself; whether it takes a gradient is of no matter here.
            Node::Global(Known::Parameter) => match arguments.first() {
                Some(&tensor) if matches!(self.tree.node(tensor), Node::Tensor(..)) => {
                    self.stack.push(tensor);
                    return Ok(());
                }
                _ => return Err(damaged("has a parameter that is not a tensor")),
            },
            Node::Global(Known::Inert(name)) => Node::Inert(name.clone()),
            Node::Inert(name) => Node::Inert(name.clone()),
            _ => return Err(damaged("calls something that is not a function")),
        };
        self.push(made)
    }

    /// An empty dict, or one of pairs, as Python 2 wrote an `OrderedDict`.
    fn dict(&mut self, arguments: &[Id]) -> Result<Node, ImportError> {
        let Some(Node::List(pairs)) = arguments.first().map(|&id| self.tree.node(id)) else {
            return Ok(Node::Dict(Vec::new()));
        };
        self.copied += pairs.len();
        if self.copied > MOST_NODES {
            return Err(damaged(format!("has more than {MOST_NODES} values")));
        }
        let pair = |&id: &Id| match self.tree.node(id) {
            Node::List(pair) | Node::Tuple(pair) if pair.len() == 2 => Ok((pair[0], pair[1])),
            _ => Err(damaged("has a dict of something else than pairs")),
        };
        Ok(Node::Dict(pairs.iter().map(pair).collect::<Result<_, _>>()?))
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, …)`.
    fn tensor(&self, arguments: &[Id]) -> Result<Node, ImportError> {
        let [storage, offset, dims, strides, ..] = *arguments else {
            return Err(damaged("has a tensor without a shape"));
        };
        let &Node::Storage(Storage { start, .. }) = self.tree.node(storage) else {
            return Err(damaged("has a tensor without a storage"));
        };
        let lengths = |id| self.tree.lengths(id).filter(|lengths| lengths.len() <= MOST_DIMS);
        match (self.tree.length(offset), lengths(dims), lengths(strides)) {
            (Some(offset), Some(dims), Some(strides)) => {
                let offset = offset.saturating_add(start);
                Ok(Node::Tensor(storage, Strided { offset, dims, strides }))
            }
            _ => Err(damaged("has a tensor whose shape is not a few whole numbers")),
        }
    }

    /// `('storage', type, key, device, elements)`; the older format adds `None`, or
    /// `(key, start, elements)` for a part of a storage.
    pub(super) fn persistent(&mut self) -> Result<(), ImportError> {
        let id = self.pop()?;
        let wrong = || damaged("refers to something that is not a storage");
        let Node::Tuple(parts) = self.tree.node(id) else { return Err(wrong()) };
        let (&[what, kind, key, _, count], view) =
            parts.split_first_chunk::<5>().ok_or_else(wrong)?;
        let start = match view {
            [] => Some(0),
            [view, ..] => match self.tree.node(*view) {
                Node::None => Some(0),
                Node::Tuple(view) => view.get(1).and_then(|&start| self.tree.length(start)),
                _ => None,
            },
        };
        let element = match self.tree.node(kind) {
            Node::Global(Known::Storage(element)) => Some(*element),
            _ => None,
        };
        let key = match self.tree.node(key) {
            Node::Text(key) => Some(key.clone()),
            Node::Int(key) => Some(key.to_string()),
            _ => None,
        };
        match (self.tree.text(what), element, key, self.tree.length(count), start) {
            (Some("storage"), Some(element), Some(key), Some(count), Some(start)) => {
                self.push(Node::Storage(Storage { element, key, count, start }))
            }
            _ => Err(wrong()),
        }
    }
}
