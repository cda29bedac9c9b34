//! Tests of the decoder: bytes that rtorrent 0.9.8 was seen to send, and what nobody should send.

use proptest::prelude::*;

use super::*;
use crate::encode;

fn reply(value: &str) -> Result<Outcome, String> {
    response(
        format!("<methodResponse><params><param><value>{value}</value></param></params></methodResponse>")
            .as_bytes(),
    )
}

#[test]
fn a_version_as_rtorrent_sends_it() {
    let body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<params>\r\n<param><value><string>0.9.8</string></value></param>\r\n</params>\r\n</methodResponse>\r\n";
    assert_eq!(response(body), Ok(Ok(Value::from("0.9.8"))));
}

#[test]
fn a_fault_as_rtorrent_sends_it() {
    let body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<fault>\r\n<value><struct>\r\n<member><name>faultCode</name>\r\n<value><i4>-501</i4></value></member>\r\n<member><name>faultString</name>\r\n<value><string>Could not find info-hash.</string></value></member>\r\n</struct></value>\r\n</fault>\r\n</methodResponse>\r\n";
    let fault = response(body).unwrap().unwrap_err();
    assert_eq!(fault, Fault { code: -501, message: "Could not find info-hash.".to_owned() });
    assert!(fault.is_no_such_download());
    assert!(
        !Fault { code: -501, message: "Unsupported target type found.".to_owned() }.is_no_such_download()
    );
}

#[test]
fn integers_come_in_every_spelling() {
    for (text, number) in [
        ("<i4>-1</i4>", -1),
        ("<int>7</int>", 7),
        ("<i8>9223372036854775807</i8>", i64::MAX),
        ("<i64> 5 </i64>", 5),
        ("<ex:i8>6</ex:i8>", 6),
    ] {
        assert_eq!(reply(text), Ok(Ok(Value::Int(number))), "{text}");
    }
    assert!(reply("<i8>9223372036854775808</i8>").is_err());
    assert!(reply("<i4></i4>").is_err());
}

#[test]
fn text_keeps_its_white_space_and_its_entities() {
    assert_eq!(reply("<string> a &lt;&#x26;&amp;&#13;\n </string>"), Ok(Ok(Value::from(" a <&&\r\n "))));
    assert_eq!(reply("bare"), Ok(Ok(Value::from("bare"))));
    assert_eq!(reply(""), Ok(Ok(Value::from(""))));
    assert_eq!(reply("<string/>"), Ok(Ok(Value::from(""))));
    assert_eq!(reply("<string><![CDATA[<x>]]></string>"), Ok(Ok(Value::from("<x>"))));
    assert_eq!(reply("\n <i4>1</i4> \n"), Ok(Ok(Value::Int(1))));
}

#[test]
fn text_that_is_not_utf8_does_not_hide_the_rest() {
    let mut body = b"<methodResponse><params><param><value><string>a".to_vec();
    body.push(0xff);
    body.extend_from_slice(b"b</string></value></param></params></methodResponse>");
    assert_eq!(response(&body), Ok(Ok(Value::from("a\u{FFFD}b"))));
}

#[test]
fn what_is_no_xml_rpc_is_refused_with_a_reason() {
    for (body, word) in [
        ("", "the end instead of <methodResponse>"),
        ("<html></html>", "<html> instead"),
        ("<!DOCTYPE x [<!ENTITY a \"b\">]><methodResponse/>", "document type"),
        ("<methodResponse><params></params></methodResponse>", "</params> instead of <param>"),
        ("<methodResponse></methodResponse>", "instead of params or fault"),
        ("<methodResponse><fault><value><i4>1</i4></value></fault></methodResponse>", "without code"),
    ] {
        let reason = response(body.as_bytes()).unwrap_err();
        assert!(reason.contains(word), "{body}: {reason}");
    }
    for (value, word) in [
        ("<string>&secret;</string>", "unknown entity"),
        ("<what>1</what>", "no type"),
        ("a<i4>1</i4>", "beside text"),
        ("<boolean>2</boolean>", "no boolean"),
        ("<base64>?</base64>", "base64"),
        ("<string>a", ""),
        ("<string><b/></string>", "inside <string>"),
    ] {
        let reason = reply(value).unwrap_err();
        assert!(reason.contains(word), "{value}: {reason}");
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = format!("{}{}", "<array><data><value>".repeat(5000), "</value></data></array>".repeat(5000));
    assert!(reply(&deep).unwrap_err().contains("deeper"));
    let many = format!("<array><data>{}</data></array>", "<value/>".repeat(MAX_VALUES + 1));
    assert!(reply(&many).unwrap_err().contains("more than"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        "[ -~\t\r\n\u{a0}-\u{2000}]{0,20}".prop_map(Value::String),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Base64),
        Just(Value::Nil),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec(("[a-z<&]{0,8}", inner), 0..6).prop_map(Value::Struct),
        ]
    })
}

proptest! {
    #[test]
    fn what_we_encode_we_decode(value in any_value()) {
        let call = encode::call("m", std::slice::from_ref(&value)).unwrap();
        let inner = call.split_once("<params>").unwrap().1.rsplit_once("</params>").unwrap().0;
        let body = format!("<methodResponse><params>{inner}</params></methodResponse>");
        prop_assert_eq!(response(body.as_bytes()), Ok(Ok(value)));
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = response(&bytes);
    }

    #[test]
    fn a_damaged_reply_never_panics(cut in 0usize..300, at in 0usize..300, byte in any::<u8>()) {
        let mut body = b"<?xml version=\"1.0\"?><methodResponse><params><param><value><array><data><value><array><data><value><string>a&amp;b</string></value><value><i8>5</i8></value></data></array></value><value><struct><member><name>x</name><value><nil/></value></member></struct></value></data></array></value></param></params></methodResponse>".to_vec();
        if let Some(spot) = body.get_mut(at) {
            *spot = byte;
        }
        body.truncate(body.len().saturating_sub(cut));
        let _ = response(&body);
    }

    #[test]
    fn tags_in_any_order_never_panic(tags in proptest::collection::vec(prop_oneof![
        Just("<value>"), Just("</value>"), Just("<array>"), Just("<data>"), Just("</data>"), Just("</array>"), Just("<struct>"),
        Just("<member>"), Just("<name>"), Just("</name>"), Just("</member>"), Just("</struct>"), Just("<i4>"), Just("1"),
        Just("</i4>"), Just("<nil/>"), Just(" "), Just("&#0;"), Just("&#xD800;"), Just("&"), Just("<!--"), Just("<?"), Just("]]>")], 0..40)) {
        let _ = reply(&tags.concat());
    }
}
