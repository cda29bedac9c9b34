//! XML-RPC replies, read with bounds on depth and number of values.
//!
//! The text is someone else's: peers choose the names rtorrent repeats, and the socket may belong to anything.
//! So no DTD, no entities beyond the five of XML, no unbounded recursion, and what is not UTF-8 is replaced, since
//! one odd client name must not hide all the other peers.

use base64::Engine as _;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{Fault, Value};

/// Deepest nesting of arrays and structs. rtorrent's replies need 4.
const MAX_DEPTH: usize = 16;
/// Most values in one reply, arrays and structs included.
const MAX_VALUES: usize = 200_000;
/// Longest fault message kept, in characters.
const MAX_FAULT_TEXT: usize = 500;

/// What a reply says.
pub(crate) type Outcome = Result<Value, Fault>;

/// Reads a `methodResponse`.
///
/// # Errors
/// A description of what is wrong with the document.
pub(crate) fn response(body: &[u8]) -> Result<Outcome, String> {
    let text = String::from_utf8_lossy(body);
    let mut parser = Parser { reader: Reader::from_str(&text), held: None, values: 0 };
    parser.open("methodResponse")?;
    let outcome = match parser.next()? {
        Token::Open(tag) if tag == "params" => {
            parser.open("param")?;
            parser.open("value")?;
            let value = parser.value(0)?;
            parser.close("param")?;
            parser.close("params")?;
            Ok(value)
        }
        Token::Open(tag) if tag == "fault" => {
            parser.open("value")?;
            let value = parser.value(0)?;
            parser.close("fault")?;
            Err(fault(&value).ok_or("a fault without code and message")?)
        }
        other => return Err(format!("{other} instead of params or fault")),
    };
    parser.close("methodResponse")?;
    match parser.next()? {
        Token::End => Ok(outcome),
        other => Err(format!("{other} after the document")),
    }
}

/// The fault that a struct with `faultCode` and `faultString` describes.
pub(crate) fn fault(value: &Value) -> Option<Fault> {
    let code = value.member("faultCode")?.as_int()?;
    let message = value.member("faultString")?.as_str()?;
    Some(Fault { code, message: message.chars().take(MAX_FAULT_TEXT).collect() })
}

/// What the parser sees: tags, and text between them already put together.
#[derive(Debug, PartialEq)]
enum Token {
    Open(String),
    Close(String),
    Text(String),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &str| text.chars().take(40).collect::<String>();
        match self {
            Self::Open(tag) => write!(formatter, "<{}>", short(tag)),
            Self::Close(tag) => write!(formatter, "</{}>", short(tag)),
            Self::Text(text) => write!(formatter, "text `{}`", short(text)),
            Self::End => formatter.write_str("the end"),
        }
    }
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    /// A token that was read one step too early.
    held: Option<Token>,
    values: usize,
}

impl Parser<'_> {
    /// The next token, white space between tags included as text.
    fn raw(&mut self) -> Result<Token, String> {
        if let Some(token) = self.held.take() {
            return Ok(token);
        }
        let mut text: Option<String> = None;
        loop {
            let event = self.reader.read_event().map_err(|error| format!("malformed XML: {error}"))?;
            let token = match event {
                Event::Text(part) => {
                    text.get_or_insert_default().push_str(&part.xml10_content());
                    continue;
                }
                Event::CData(part) => {
                    text.get_or_insert_default().push_str(&part.xml10_content());
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => character,
                        Ok(None) => named(&reference.xml10_content())?,
                        Err(error) => return Err(format!("malformed XML: {error}")),
                    };
                    text.get_or_insert_default().push(character);
                    continue;
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
                Event::DocType(_) => return Err("a document type definition".to_owned()),
                Event::Start(tag) => Token::Open(tag.name().as_ref().to_owned()),
                Event::Empty(tag) => {
                    let name: String = tag.name().as_ref().to_owned();
                    self.held = Some(Token::Close(name.clone()));
                    if text.is_some() {
                        // Only `<value>text<nil/>` does this, and it is no XML-RPC.
                        return Err(format!("text beside <{name}/>"));
                    }
                    Token::Open(name)
                }
                Event::End(tag) => Token::Close(tag.name().as_ref().to_owned()),
                Event::Eof => Token::End,
            };
            return Ok(match text {
                None => token,
                Some(text) => {
                    self.held = Some(token);
                    Token::Text(text)
                }
            });
        }
    }

    /// The next token that is not white space.
    fn next(&mut self) -> Result<Token, String> {
        loop {
            match self.raw()? {
                Token::Text(text) if text.trim().is_empty() => {}
                token => return Ok(token),
            }
        }
    }

    fn open(&mut self, tag: &str) -> Result<(), String> {
        match self.next()? {
            Token::Open(name) if name == tag => Ok(()),
            other => Err(format!("{other} instead of <{tag}>")),
        }
    }

    fn close(&mut self, tag: &str) -> Result<(), String> {
        match self.next()? {
            Token::Close(name) if name == tag => Ok(()),
            other => Err(format!("{other} instead of </{tag}>")),
        }
    }

    /// The text up to the close of `tag`, white space kept.
    fn text(&mut self, tag: &str) -> Result<String, String> {
        match self.raw()? {
            Token::Text(text) => self.close(tag).map(|()| text),
            Token::Close(name) if name == tag => Ok(String::new()),
            other => Err(format!("{other} inside <{tag}>")),
        }
    }

    /// A value after its `<value>`, up to and with its `</value>`.
    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("values nested deeper than {MAX_DEPTH}"));
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values"));
        }
        let tag = match self.raw()? {
            Token::Close(name) if name == "value" => return Ok(Value::String(String::new())),
            Token::Text(text) => match self.raw()? {
                Token::Close(name) if name == "value" => return Ok(Value::String(text)),
                Token::Open(tag) if text.trim().is_empty() => tag,
                other => return Err(format!("{other} beside text in a value")),
            },
            Token::Open(tag) => tag,
            other => return Err(format!("{other} inside <value>")),
        };
        let value = match tag.as_str() {
            "int" | "i4" | "i8" | "i64" | "ex:i8" => {
                let text = self.text(&tag)?;
                let number = text.trim().parse();
                Value::Int(number.map_err(|_| format!("`{}` is no integer", shorten(&text)))?)
            }
            "boolean" => match self.text(&tag)?.trim() {
                "0" => Value::Bool(false),
                "1" => Value::Bool(true),
                text => return Err(format!("`{}` is no boolean", shorten(text))),
            },
            "double" => {
                let text = self.text(&tag)?;
                Value::Double(text.trim().parse().map_err(|_| format!("`{}` is no double", shorten(&text)))?)
            }
            "string" | "dateTime.iso8601" => Value::String(self.text(&tag)?),
            "base64" => {
                let text: String = self.text(&tag)?.split_ascii_whitespace().collect();
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                Value::Base64(bytes.map_err(|error| format!("bad base64: {error}"))?)
            }
            "nil" | "ex:nil" => {
                self.close(&tag)?;
                Value::Nil
            }
            "array" => self.array(depth)?,
            "struct" => self.structure(depth)?,
            other => return Err(format!("<{}> is no type of XML-RPC", shorten(other))),
        };
        self.close("value")?;
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.open("data")?;
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Token::Open(tag) if tag == "value" => items.push(self.value(depth + 1)?),
                Token::Close(tag) if tag == "data" => break,
                other => return Err(format!("{other} inside <data>")),
            }
        }
        self.close("array")?;
        Ok(Value::Array(items))
    }

    fn structure(&mut self, depth: usize) -> Result<Value, String> {
        let mut members = Vec::new();
        loop {
            match self.next()? {
                Token::Open(tag) if tag == "member" => {
                    self.open("name")?;
                    let name = self.text("name")?;
                    self.open("value")?;
                    members.push((name, self.value(depth + 1)?));
                    self.close("member")?;
                }
                Token::Close(tag) if tag == "struct" => return Ok(Value::Struct(members)),
                other => return Err(format!("{other} inside <struct>")),
            }
        }
    }
}

fn named(entity: &str) -> Result<char, String> {
    match entity {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(format!("the unknown entity `{}`", shorten(other))),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
