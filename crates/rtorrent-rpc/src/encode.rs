//! XML-RPC calls as text.

use std::fmt::Write as _;

use base64::Engine as _;

use crate::{Error, Result, Value};

/// The document that calls `method` with `params`.
///
/// # Errors
/// [`Error::Argument`] for text that XML 1.0 cannot carry, such as control characters.
pub(crate) fn call(method: &str, params: &[Value]) -> Result<String> {
    let mut xml = String::from("<?xml version=\"1.0\"?><methodCall><methodName>");
    text(&mut xml, method)?;
    xml.push_str("</methodName><params>");
    for param in params {
        xml.push_str("<param>");
        value(&mut xml, param)?;
        xml.push_str("</param>");
    }
    xml.push_str("</params></methodCall>");
    Ok(xml)
}

fn value(xml: &mut String, value: &Value) -> Result<()> {
    xml.push_str("<value>");
    match value {
        // `i4` is what every XML-RPC library reads; `i8` is needed beyond 32 bits and rtorrent reads it.
        Value::Int(number) => {
            let tag = if i32::try_from(*number).is_ok() { "i4" } else { "i8" };
            let _ = write!(xml, "<{tag}>{number}</{tag}>");
        }
        Value::Bool(flag) => {
            let _ = write!(xml, "<boolean>{}</boolean>", u8::from(*flag));
        }
        Value::Double(number) => {
            if !number.is_finite() {
                return Err(Error::argument(&number.to_string(), "an XML-RPC double: it must be finite"));
            }
            let _ = write!(xml, "<double>{number}</double>");
        }
        Value::String(content) => {
            xml.push_str("<string>");
            text(xml, content)?;
            xml.push_str("</string>");
        }
        Value::Base64(bytes) => {
            xml.push_str("<base64>");
            base64::engine::general_purpose::STANDARD.encode_string(bytes, xml);
            xml.push_str("</base64>");
        }
        Value::Array(items) => {
            xml.push_str("<array><data>");
            for item in items {
                self::value(xml, item)?;
            }
            xml.push_str("</data></array>");
        }
        Value::Struct(members) => {
            xml.push_str("<struct>");
            for (name, member) in members {
                xml.push_str("<member><name>");
                text(xml, name)?;
                xml.push_str("</name>");
                self::value(xml, member)?;
                xml.push_str("</member>");
            }
            xml.push_str("</struct>");
        }
        Value::Nil => xml.push_str("<nil/>"),
    }
    xml.push_str("</value>");
    Ok(())
}

fn text(xml: &mut String, content: &str) -> Result<()> {
    for character in content.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            // A bare carriage return would be read as a line feed (XML 1.0, 2.11).
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            '\u{FFFE}' | '\u{FFFF}' => return Err(not_xml(content)),
            _ if character < ' ' => return Err(not_xml(content)),
            _ => xml.push(character),
        }
    }
    Ok(())
}

fn not_xml(content: &str) -> Error {
    Error::argument(&content.escape_default().to_string(), "text: XML cannot carry its control characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_call_is_the_one_rtorrent_was_seen_to_accept() {
        let golden = r#"<?xml version="1.0"?><methodCall><methodName>system.client_version</methodName><params></params></methodCall>"#;
        assert_eq!(call("system.client_version", &[]).unwrap(), golden);
    }

    #[test]
    fn every_kind_of_value_has_its_tag() {
        let params = [
            Value::Int(-7),
            Value::Int(1 << 40),
            Value::Bool(true),
            Value::Double(1.5),
            Value::from("a<b>&\r\n\"'é"),
            Value::Base64(b"hello".to_vec()),
            Value::Array(vec![Value::Nil]),
            Value::Struct(vec![("k&".to_owned(), Value::Int(0))]),
        ];
        let xml = call("m", &params).unwrap();
        for part in [
            "<i4>-7</i4>",
            "<i8>1099511627776</i8>",
            "<boolean>1</boolean>",
            "<double>1.5</double>",
            "<string>a&lt;b&gt;&amp;&#13;\n\"'é</string>",
            "<base64>aGVsbG8=</base64>",
            "<array><data><value><nil/></value></data></array>",
            "<struct><member><name>k&amp;</name><value><i4>0</i4></value></member></struct>",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
    }

    #[test]
    fn text_that_xml_cannot_carry_is_refused() {
        for bad in ["a\0b", "\u{1b}[31m", "\u{FFFF}"] {
            assert!(matches!(call("m", &[Value::from(bad)]), Err(Error::Argument { .. })), "{bad:?}");
        }
        assert!(call("m", &[Value::Double(f64::NAN)]).is_err());
    }
}
