//! What must hold of the bencode reader for any input; shared with the fuzzer.

use bendy::decoding::{Decoder, Object};
use tracker_client::bencode::Value;

/// Fails if the reader breaks a promise.
pub(crate) fn check(reply: &[u8]) {
    let ours = Value::parse(reply);
    if let Ok(value) = &ours {
        assert_eq!(value.to_bytes(), reply, "what was read is what was there, byte for byte");
        assert_eq!(Value::parse(&value.to_bytes()).as_ref(), Ok(value));
    }
    if strict(reply) {
        assert!(ours.is_ok(), "a strict reader takes it: {}", reply.escape_ascii());
    }
}

/// Whether bendy, which wants sorted keys, takes it as one value. It checks numbers only when they are converted.
fn strict(reply: &[u8]) -> bool {
    let mut decoder = Decoder::new(reply).with_max_depth(16);
    let read = match decoder.next_object() {
        Ok(Some(object)) => walk(object),
        _ => false,
    };
    read && matches!(decoder.next_object(), Ok(None))
}

fn walk(object: Object<'_, '_>) -> bool {
    match object {
        Object::Integer(text) => text.parse::<i64>().is_ok(),
        Object::Bytes(_) => true,
        Object::List(mut list) => loop {
            match list.next_object() {
                Ok(None) => return true,
                Ok(Some(item)) => {
                    if !walk(item) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        },
        Object::Dict(mut dict) => loop {
            match dict.next_pair() {
                Ok(None) => return true,
                Ok(Some((_, value))) => {
                    if !walk(value) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        },
    }
}
