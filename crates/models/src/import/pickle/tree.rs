//! The values of a pickle.

use super::Known;
use crate::import::raw::{Element, Strided};

/// The place of a value in its [`Tree`].
pub(crate) type Id = u32;

/// A value. Containers hold places, since a pickle may name a value twice, or inside itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than eight bytes, little-endian.
    Long(Vec<u8>),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Known),
    Storage(Storage),
    /// The place of its storage, and which of its elements.
    Tensor(Id, Strided),
    /// A value of no use here: what it is.
    Inert(String),
}

/// Numbers in a file, to which tensors refer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Storage {
    pub(crate) element: Element,
    pub(crate) key: String,
    /// Elements of the whole storage.
    pub(crate) count: usize,
    /// The first element of the part that is meant.
    pub(crate) start: usize,
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    pub(super) root: Id,
}

impl Tree {
    pub(super) fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        (self.nodes.len() - 1) as Id
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// The value at a place.
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// All values, in the order of the pickle.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Id {
        self.root
    }

    /// The text at a place, if it is one.
    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number at a place, if it is one and not negative.
    pub(crate) fn length(&self, id: Id) -> Option<usize> {
        match self.node(id) {
            Node::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The numbers of a tuple, if it has nothing else.
    pub(crate) fn lengths(&self, id: Id) -> Option<Vec<usize>> {
        match self.node(id) {
            Node::Tuple(items) | Node::List(items) => {
                items.iter().map(|&id| self.length(id)).collect()
            }
            _ => None,
        }
    }

    /// What a value is, for people.
    pub(crate) fn describe(&self, id: Id) -> String {
        match self.node(id) {
            Node::None => "None".into(),
            Node::Bool(_) | Node::Int(_) | Node::Long(_) => "a number".into(),
            Node::Text(_) => "a text".into(),
            Node::Tuple(items) => format!("a tuple of {}", items.len()),
            Node::List(items) => format!("a list of {}", items.len()),
            Node::Dict(items) => format!("a dict of {} without tensors", items.len()),
            Node::Global(_) => "a class".into(),
            Node::Storage(_) => "a storage".into(),
            Node::Tensor(..) => "a single tensor".into(),
            Node::Inert(what) => what.clone(),
        }
    }
}
