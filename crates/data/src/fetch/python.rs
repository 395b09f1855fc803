//! The official version for Python, `cifar-10-batches-py`: pickles of a dictionary with
//! `data`, a numpy array of bytes `[n, 3072]`, and `labels`, a list of numbers.
//!
//! A pickle is a program for a machine that can call any function. This reader knows the
//! few instructions that these files consist of, calls nothing, and refuses the rest.

use crate::cifar10::IMAGE_BYTES;

/// The images of a pickle in the official binary layout.
pub(crate) fn records(pickle: &[u8]) -> Result<Vec<u8>, String> {
    let Value::Dict(pairs) = Machine::new(pickle).run()? else {
        return Err("the pickle is not a dictionary".to_owned());
    };
    let find = |name: &[u8]| {
        let found = pairs.iter().find(|(key, _)| matches!(key, Value::Text(text) if text == name));
        found.map(|(_, value)| value)
    };
    let Some(Value::Array { columns: IMAGE_BYTES, bytes }) = find(b"data") else {
        return Err(format!("the pickle has no data [n, {IMAGE_BYTES}] of bytes"));
    };
    let Some(Value::List(labels)) = find(b"labels") else {
        return Err(if find(b"fine_labels").is_some() {
            "the pickle has fine_labels: it is CIFAR-100, whose images and classes are others"
        } else {
            "the pickle has no labels"
        }
        .to_owned());
    };
    let images = bytes.chunks_exact(IMAGE_BYTES);
    if images.len() != labels.len() {
        return Err(format!("{} images have {} labels", images.len(), labels.len()));
    }
    let mut records = Vec::with_capacity(bytes.len() + labels.len());
    for (image, label) in images.zip(labels) {
        let label = match label {
            Value::Int(label) => u8::try_from(*label).ok(),
            _ => None,
        };
        records.push(label.ok_or("a label is not a small number")?);
        records.extend_from_slice(image);
    }
    Ok(records)
}

/// What the instructions make.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    None,
    Int(i64),
    /// A string of bytes, or the UTF-8 of a string of characters.
    Text(Vec<u8>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A function or class, by name; none is ever called.
    Global(Vec<u8>),
    /// The description of unsigned bytes.
    ByteType,
    /// Rows of bytes, one after the other; no rows until it is built.
    Array {
        columns: usize,
        bytes: Vec<u8>,
    },
}

struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: Vec<(usize, Value)>,
}

impl<'a> Machine<'a> {
    fn new(pickle: &'a [u8]) -> Self {
        Machine { rest: pickle, stack: Vec::new(), marks: Vec::new(), memo: Vec::new() }
    }

    fn run(mut self) -> Result<Value, String> {
        loop {
            let code = self.take(1)?[0];
            match code {
                0x80 => match self.take(1)?[0] {
                    ..=3 => {}
                    newer => {
                        return Err(format!(
                            "the pickle is of protocol {newer}, and those published are of \
                            protocol 2: it was saved anew"
                        ));
                    }
                },
                b'(' => self.marks.push(self.stack.len()),
                b'N' => self.stack.push(Value::None),
                b'}' => self.stack.push(Value::Dict(Vec::new())),
                b']' => self.stack.push(Value::List(Vec::new())),
                b')' => self.stack.push(Value::Tuple(Vec::new())),
                0x88 | 0x89 => self.stack.push(Value::Int(i64::from(code == 0x88))),
                b'K' => self.int(1)?,
                b'M' => self.int(2)?,
                b'J' => {
                    let number = self.number(4)? as u32;
                    self.stack.push(Value::Int(i64::from(number.cast_signed())));
                }
                b'U' | b'C' => self.text(1)?,
                b'T' | b'X' | b'B' => self.text(4)?,
                b'q' => self.put(1)?,
                b'r' => self.put(4)?,
                b'h' => self.get(1)?,
                b'j' => self.get(4)?,
                b't' => {
                    let items = self.marked()?;
                    self.stack.push(Value::Tuple(items));
                }
                0x85..=0x87 => {
                    let n = usize::from(code - 0x84);
                    let at = self.stack.len().checked_sub(n).ok_or(EMPTY)?;
                    let items = self.stack.split_off(at);
                    self.stack.push(Value::Tuple(items));
                }
                b'a' | b'e' => {
                    let items = if code == b'a' { vec![self.pop()?] } else { self.marked()? };
                    match self.stack.last_mut() {
                        Some(Value::List(list)) => list.extend(items),
                        _ => return Err("it appends to what is not a list".to_owned()),
                    }
                }
                b's' | b'u' => self.set_items(code)?,
                b'c' => self.global()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                b'.' => return self.pop(),
                other => return Err(format!("the pickle has the instruction {other:#04x}")),
            }
        }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (front, rest) = self.rest.split_at_checked(n).ok_or("the pickle ends too early")?;
        self.rest = rest;
        Ok(front)
    }

    /// A little-endian number of `n` bytes, at most 4.
    fn number(&mut self, n: usize) -> Result<usize, String> {
        let bytes = self.take(n)?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn int(&mut self, n: usize) -> Result<(), String> {
        let number = self.number(n)?;
        self.stack.push(Value::Int(number as i64));
        Ok(())
    }

    fn text(&mut self, n: usize) -> Result<(), String> {
        let n = self.number(n)?;
        let text = self.take(n)?.to_vec();
        self.stack.push(Value::Text(text));
        Ok(())
    }

    /// Remembers names. Nothing else is ever asked for again in these files, and what is
    /// filled later would have to be shared.
    fn put(&mut self, n: usize) -> Result<(), String> {
        let place = self.number(n)?;
        if let Some(value @ (Value::Text(_) | Value::Global(_))) = self.stack.last()
            && !matches!(value, Value::Text(text) if text.len() > 64)
        {
            self.memo.push((place, value.clone()));
        }
        Ok(())
    }

    fn get(&mut self, n: usize) -> Result<(), String> {
        let place = self.number(n)?;
        let found = self.memo.iter().rev().find(|(known, _)| *known == place);
        let (_, value) = found.ok_or("the pickle refers back to more than a name")?;
        self.stack.push(value.clone());
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        Ok(self.stack.pop().ok_or(EMPTY)?)
    }

    fn marked(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len()).ok_or(EMPTY)?;
        Ok(self.stack.split_off(mark))
    }

    fn set_items(&mut self, code: u8) -> Result<(), String> {
        let mut items = if code == b's' {
            let value = self.pop()?;
            vec![self.pop()?, value]
        } else {
            self.marked()?
        }
        .into_iter();
        let Some(Value::Dict(pairs)) = self.stack.last_mut() else {
            return Err("it sets an entry of what is not a dictionary".to_owned());
        };
        while let Some((key, value)) = items.next().zip(items.next()) {
            pairs.push((key, value));
        }
        Ok(())
    }

    /// `module name`, as a name alone.
    fn global(&mut self) -> Result<(), String> {
        let mut line = || {
            let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or(EMPTY)?;
            let line = self.take(end)?;
            self.take(1)?;
            Ok::<_, String>(line)
        };
        let name = [line()?, line()?].join(&b' ');
        let known: [&[u8]; 5] = [
            b"numpy.core.multiarray _reconstruct",
            b"numpy._core.multiarray _reconstruct",
            b"numpy ndarray",
            b"numpy dtype",
            b"_codecs encode",
        ];
        if !known.contains(&name.as_slice()) {
            return Err(format!("the pickle asks for {}", String::from_utf8_lossy(&name)));
        }
        self.stack.push(Value::Global(name));
        Ok(())
    }

    /// What the call of a known function would make.
    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Value::Global(name), Value::Tuple(arguments)) = (&function, &arguments) else {
            return Err("it calls what is not a function".to_owned());
        };
        self.stack.push(match (name.as_slice(), arguments.as_slice()) {
            (b"numpy dtype", [Value::Text(kind), ..]) if kind == b"u1" => Value::ByteType,
            (b"_codecs encode", [Value::Text(text), Value::Text(latin)]) if latin == b"latin1" => {
                let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
                let bytes = text.chars().map(|c| u8::try_from(c).map_err(|e| e.to_string()));
                Value::Text(bytes.collect::<Result<_, String>>()?)
            }
            (name, _) if name.ends_with(b" _reconstruct") => {
                Value::Array { columns: 0, bytes: Vec::new() }
            }
            _ => return Err("the pickle has an array that is not of bytes".to_owned()),
        });
        Ok(())
    }

    /// Gives an array its rows; of a type nothing more is of interest.
    fn build(&mut self) -> Result<(), String> {
        let state = self.pop()?;
        match (self.stack.last_mut(), state) {
            (Some(Value::ByteType), _) => Ok(()),
            (Some(Value::Array { columns, bytes }), Value::Tuple(state)) => match &state[..] {
                [_, Value::Tuple(shape), Value::ByteType, Value::Int(0), Value::Text(content)] => {
                    let [Value::Int(rows), Value::Int(width)] = shape[..] else {
                        return Err("the array is not a table".to_owned());
                    };
                    if rows.checked_mul(width) != Some(content.len() as i64) || width <= 0 {
                        return Err(format!("the array has {} bytes", content.len()));
                    }
                    (*columns, *bytes) = (width as usize, content.clone());
                    Ok(())
                }
                _ => Err("the pickle has an array that is not of bytes, row by row".to_owned()),
            },
            _ => Err("it fills what is not an array".to_owned()),
        }
    }
}

const EMPTY: &str = "the pickle takes what is not there";

/// A batch as Python 2 wrote it: `labels` before `data`, names of files, memo entries.
#[cfg(test)]
pub(super) fn pickle(records: &[u8]) -> Vec<u8> {
    let records: Vec<&[u8]> = records.chunks_exact(crate::cifar10::RECORD_BYTES).collect();
    let long = |n: usize| (n as u32).to_le_bytes();
    let mut out =
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x03oneq\x03U\x06labelsq\x04]q\x05(".to_vec();
    records.iter().for_each(|record| out.extend([b'K', record[0]]));
    out.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08");
    out.extend(b"K\x00\x85U\x01b\x87Rq\x09(K\x01M");
    out.extend((records.len() as u16).to_le_bytes());
    out.extend(b"M\x00\x0c\x86cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b");
    out.extend(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    out.extend(long(records.len() * IMAGE_BYTES));
    records.iter().for_each(|record| out.extend(&record[1..]));
    out.extend(b"tbU\x09filenamesq\x0c](U\x05a.pngU\x05b.pngeu.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cifar10;

    #[test]
    fn a_batch_reads_as_the_official_layout() {
        let records = cifar10::records(12);
        assert_eq!(super::records(&pickle(&records)).unwrap(), records);
    }

    #[test]
    fn what_is_not_such_a_batch_is_refused_without_a_call() {
        let whole = pickle(&cifar10::records(3));
        let replaced = |from: &[u8], to: &[u8]| {
            let at = whole.windows(from.len()).position(|window| window == from).unwrap();
            [&whole[..at], to, &whole[at + from.len()..]].concat()
        };
        for (bytes, expected) in [
            (b"\x80\x02cos\nsystem\nU\x02ls\x85R.".to_vec(), "asks for os system"),
            (replaced(b"U\x02u1", b"U\x02f4"), "not of bytes"),
            (replaced(b"\x89T", b"\x88T"), "row by row"),
            (replaced(b"M\x00\x0c\x86", b"M\x01\x0c\x86"), "9216 bytes"),
            (replaced(b"U\x06labels", b"U\x06lapels"), "no labels"),
            (replaced(b"(K\x00K\x01K\x02e", b"(K\x00K\x01e"), "3 images have 2 labels"),
            (replaced(b"(K\x00K\x01K\x02e", b"(K\x00K\x01Ne"), "not a small number"),
            (b"\x80\x04\x95".to_vec(), "of protocol 4"),
            (b"\x80\x02\x95".to_vec(), "instruction 0x95"),
            (replaced(b"U\x06labels", b"U\x0bfine_labels"), "it is CIFAR-100"),
            (b"<!DOCTYPE html>".to_vec(), "instruction 0x3c"),
            (b"K\x01.".to_vec(), "not a dictionary"),
            (b"h\x01.".to_vec(), "refers back"),
            (b"e.".to_vec(), "takes what is not there"),
        ] {
            let message = super::records(&bytes).unwrap_err();
            assert!(message.contains(expected), "{expected}: {message}");
        }
        for end in 0..whole.len() {
            assert!(super::records(&whole[..end]).is_err(), "{end}");
        }
    }
}
