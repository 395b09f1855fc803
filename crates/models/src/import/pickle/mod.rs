//! A pickle machine that knows what state dicts need and runs no code.
//!
//! It builds a [`Tree`] of plain values. What a pickle calls is looked up among a few
//! [`Known`] names, each of which is a rule here; every other name is refused. Values that
//! are often stored beside a state dict and are of no use here, such as numpy numbers or
//! `argparse.Namespace`, become [`Node::Inert`].
//!
//! Source: the comments of CPython's `Lib/pickletools.py`.

mod call;
mod globals;
mod opcode;
mod tree;

use std::collections::BTreeMap;

use super::ImportError;
use globals::Known;
use opcode as op;
pub(super) use tree::{Id, Node, Storage, Tree};

/// More than the values of any checkpoint; their memory is bounded by it.
const MOST_NODES: usize = 1 << 20;

/// Reads the pickle at the start of `bytes`; also how long it is.
pub(super) fn read(bytes: &[u8]) -> Result<(Tree, usize), ImportError> {
    let mut machine = Machine {
        bytes,
        at: 0,
        tree: Tree::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
        copied: 0,
    };
    while machine.step()? {}
    let root = machine.pop()?;
    machine.tree.root = root;
    Ok((machine.tree, machine.at))
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    tree: Tree,
    stack: Vec<Id>,
    /// Lengths of the stack at the marks that are open.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
    /// Pairs of lists that became dicts.
    copied: usize,
}

fn damaged(what: impl Into<String>) -> ImportError {
    ImportError::Damaged(format!("its pickle {}", what.into()))
}

impl<'a> Machine<'a> {
    /// Runs one opcode; `false` after the last.
    fn step(&mut self) -> Result<bool, ImportError> {
        let opcode = self.take(1)?[0];
        match opcode {
            op::STOP => return Ok(false),
            op::PROTO => self.protocol()?,
            op::FRAME => drop(self.take(8)?),
            op::MARK => self.marks.push(self.stack.len()),
            op::POP => drop(self.pop()?),
            op::POP_MARK => drop(self.pop_mark()?),
            op::DUP => {
                let top = self.top()?;
                self.stack.push(top);
            }
            op::NONE => self.push(Node::None)?,
            op::NEWTRUE => self.push(Node::Bool(true))?,
            op::NEWFALSE => self.push(Node::Bool(false))?,
            op::BININT => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()))?;
            }
            op::BININT1 | op::BININT2 => {
                let value = self.length(if opcode == op::BININT1 { 1 } else { 2 })?;
                self.push(Node::Int(value as i64))?;
            }
            op::LONG1 | op::LONG4 => self.long(if opcode == op::LONG1 { 1 } else { 4 })?,
            op::BINFLOAT => {
                self.array::<8>()?;
                self.push(Node::Inert("a number".into()))?;
            }
            op::SHORT_BINUNICODE => self.text(1)?,
            op::BINUNICODE => self.text(4)?,
            op::BINUNICODE8 => self.text(8)?,
            // Text of Python 2, which older PyTorch wrote.
            op::SHORT_BINSTRING => self.text(1)?,
            op::BINSTRING => self.text(4)?,
            op::SHORT_BINBYTES => self.skip_bytes(1)?,
            op::BINBYTES => self.skip_bytes(4)?,
            op::BINBYTES8 | op::BYTEARRAY8 => self.skip_bytes(8)?,
            op::EMPTY_TUPLE => self.push(Node::Tuple(Vec::new()))?,
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let count = usize::from(opcode - op::TUPLE1) + 1;
                let start = self.stack.len().checked_sub(count).filter(|&s| s >= self.floor());
                let start = start.ok_or_else(|| damaged("has too few values for a tuple"))?;
                let items = self.stack.split_off(start);
                self.push(Node::Tuple(items))?;
            }
            op::TUPLE => {
                let items = self.pop_mark()?;
                self.push(Node::Tuple(items))?;
            }
            op::EMPTY_LIST => self.push(Node::List(Vec::new()))?,
            op::LIST => {
                let items = self.pop_mark()?;
                self.push(Node::List(items))?;
            }
            op::APPEND => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            op::APPENDS => {
                let items = self.pop_mark()?;
                self.append(items)?;
            }
            op::EMPTY_DICT => self.push(Node::Dict(Vec::new()))?,
            op::DICT => {
                let items = self.pop_mark()?;
                self.push(Node::Dict(Vec::new()))?;
                self.set_items(items)?;
            }
            op::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![key, value])?;
            }
            op::SETITEMS => {
                let items = self.pop_mark()?;
                self.set_items(items)?;
            }
            op::EMPTY_SET => self.push(Node::Inert("set".into()))?,
            op::ADDITEMS => drop(self.pop_mark()?),
            op::FROZENSET => {
                self.pop_mark()?;
                self.push(Node::Inert("set".into()))?;
            }
            op::GLOBAL => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.tree.text(module), self.tree.text(name)) {
                    (Some(module), Some(name)) => {
                        let (module, name) = (module.to_owned(), name.to_owned());
                        self.global(&module, &name)?;
                    }
                    _ => return Err(damaged("names a class by something that is not a text")),
                }
            }
            op::REDUCE | op::NEWOBJ => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                self.call(callee, arguments)?;
            }
            op::NEWOBJ_EX => {
                let _keywords = self.pop()?;
                let (arguments, callee) = (self.pop()?, self.pop()?);
                self.call(callee, arguments)?;
            }
            // What a state dict keeps as the state of its OrderedDict are version numbers.
            op::BUILD => {
                self.pop()?;
                let top = self.top()?;
                if !matches!(self.tree.node(top), Node::Dict(_) | Node::List(_) | Node::Inert(_)) {
                    return Err(damaged("sets the state of something that has none"));
                }
            }
            op::BINPERSID => self.persistent()?,
            op::BINPUT | op::LONG_BINPUT => {
                let key = self.length(if opcode == op::BINPUT { 1 } else { 4 })? as u32;
                let top = self.top()?;
                self.memo.insert(key, top);
            }
            op::MEMOIZE => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u32, top);
            }
            op::BINGET | op::LONG_BINGET => {
                let key = self.length(if opcode == op::BINGET { 1 } else { 4 })? as u32;
                let id = self.memo.get(&key).copied();
                self.stack.push(id.ok_or_else(|| damaged("refers to a value that is not there"))?);
            }
            other => {
                return Err(damaged(format!(
                    "has the instruction {other:#04x} at byte {}, which state dicts do not",
                    self.at - 1
                )));
            }
        }
        Ok(true)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], ImportError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..n).ok_or_else(|| damaged("is cut short"))?;
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were taken"))
    }

    /// A number in so many bytes.
    fn length(&mut self, bytes: usize) -> Result<u64, ImportError> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        Ok(u64::from_le_bytes(wide))
    }

    /// Bytes with their number in front.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], ImportError> {
        let length = usize::try_from(self.length(width)?);
        self.take(length.map_err(|_| damaged("is cut short"))?)
    }

    fn line(&mut self) -> Result<&'a str, ImportError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&b| b == b'\n').ok_or_else(|| damaged("is cut short"))?;
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|_| damaged("has a name that is not a text"))
    }

    fn protocol(&mut self) -> Result<(), ImportError> {
        match self.take(1)?[0] {
            2..=5 => Ok(()),
            other => Err(damaged(format!("has protocol {other}; known are 2 to 5"))),
        }
    }

    fn long(&mut self, width: usize) -> Result<(), ImportError> {
        let bytes = self.counted(width)?;
        if bytes.len() > 8 {
            return self.push(Node::Long(bytes.to_vec()));
        }
        let is_negative = bytes.last().is_some_and(|&b| b >= 0x80);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(wide)))
    }

    fn text(&mut self, width: usize) -> Result<(), ImportError> {
        let bytes = self.counted(width)?;
        self.push(match std::str::from_utf8(bytes) {
            Ok(text) => Node::Text(text.to_owned()),
            // Bytes of Python 2, for instance of a numpy number.
            Err(_) => Node::Inert("bytes".into()),
        })
    }

    fn skip_bytes(&mut self, width: usize) -> Result<(), ImportError> {
        self.counted(width)?;
        self.push(Node::Inert("bytes".into()))
    }

    fn push(&mut self, node: Node) -> Result<(), ImportError> {
        if self.tree.len() >= MOST_NODES {
            return Err(damaged(format!("has more than {MOST_NODES} values")));
        }
        let id = self.tree.add(node);
        self.stack.push(id);
        Ok(())
    }

    /// Values below the last open mark are out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, ImportError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<Id, ImportError> {
        let above = self.stack.get(self.floor()..).unwrap_or(&[]);
        above.last().copied().ok_or_else(|| damaged("takes a value where there is none"))
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, ImportError> {
        let mark = self.marks.pop().ok_or_else(|| damaged("closes a mark that is not open"))?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), ImportError> {
        let top = self.top()?;
        match self.tree.node_mut(top) {
            Node::List(list) => list.extend(items),
            Node::Inert(_) => {}
            _ => return Err(damaged("appends to something that is not a list")),
        }
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Id>) -> Result<(), ImportError> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(damaged("has a key without a value"));
        }
        let top = self.top()?;
        match self.tree.node_mut(top) {
            Node::Dict(dict) => dict.extend(pairs.iter().map(|&[key, value]| (key, value))),
            Node::Inert(_) => {}
            _ => return Err(damaged("sets an item of something that is not a dict")),
        }
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), ImportError> {
        let known = Known::named(module, name)?;
        self.push(Node::Global(known))
    }
}
