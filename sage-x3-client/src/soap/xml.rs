//! The little of XML that SOAP needs: a tree to read, safe text to write.

use std::fmt;

use quick_xml::{Reader, XmlVersion, escape, events::Event};

use crate::error::InvalidRequest;

/// An element by its local name: X3's prefixes vary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The text directly inside, in one piece.
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Text that is not the XML that X3 writes. Names the kind of fault and no content: contents are customers' data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct XmlError(&'static str);

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// X3's documents are six levels deep. Whoever sends more wants something else.
const DEEPEST: usize = 64;

/// Reads a document into a tree. Document types are refused: with them come entities of the sender's making.
pub(super) fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        let event = reader
            .read_event()
            .map_err(|_| XmlError("it is not well-formed"))?;
        let current = open.last_mut().ok_or(XmlError("it is not well-formed"))?;
        match event {
            Event::Start(tag) => {
                if open.len() > DEEPEST {
                    return Err(XmlError("it is too deep"));
                }
                open.push(element(&tag)?);
            }
            Event::Empty(tag) => current.children.push(element(&tag)?),
            Event::End(_) => {
                let done = open.pop().ok_or(XmlError("it is not well-formed"))?;
                let parent = open.last_mut().ok_or(XmlError("it is not well-formed"))?;
                parent.children.push(done);
            }
            Event::Text(text) => current.text.push_str(&text.xml10_content()),
            Event::CData(text) => current.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|_| XmlError("it holds a reference to no character"))?;
                match character {
                    Some(character) => current.text.push(character),
                    None => current.text.push_str(
                        escape::resolve_xml_entity(&reference)
                            .ok_or(XmlError("it refers to an entity that XML does not have"))?,
                    ),
                }
            }
            Event::DocType(_) => return Err(XmlError("it brings a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    let root = open.pop().filter(|_| open.is_empty());
    let mut children = root.ok_or(XmlError("it ends too early"))?.children;
    match (children.pop(), children.is_empty()) {
        (Some(element), true) => Ok(element),
        _ => Err(XmlError("it has no single root")),
    }
}

fn element(tag: &quick_xml::events::BytesStart<'_>) -> Result<Element, XmlError> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| XmlError("an attribute is not well-formed"))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| XmlError("an attribute is not well-formed"))?;
        attributes.push((
            attribute.key.local_name().as_ref().to_owned(),
            value.into_owned(),
        ));
    }
    Ok(Element {
        name: tag.local_name().as_ref().to_owned(),
        attributes,
        ..Element::default()
    })
}

/// `text` as it may stand in an element or in an attribute.
pub(super) fn escaped(text: &str) -> Result<String, InvalidRequest> {
    if !text.chars().all(is_xml) {
        return Err(InvalidRequest::new(
            "a value holds a control character, which XML cannot carry",
        ));
    }
    // Readers make blanks of line ends in attributes, and line feeds of carriage returns everywhere.
    Ok(escape::escape(text)
        .replace('\n', "&#10;")
        .replace('\t', "&#9;"))
}

/// The characters of XML 1.0.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tree_is_read_whatever_the_prefixes() {
        let root = parse(
            "<?xml version=\"1.0\"?><s:A xmlns:s=\"u\" x=\"1&amp;2\"><!-- c --><B>a &lt; &#x41;</B><b:B/><C><![CDATA[<x>]]></C></s:A>",
        )
        .unwrap();
        assert_eq!(
            (root.name.as_str(), root.attribute("x")),
            ("A", Some("1&2"))
        );
        assert_eq!(root.children_named("B").count(), 2);
        assert_eq!(root.child("B").unwrap().text, "a < A");
        assert_eq!(root.child("C").unwrap().text, "<x>");
    }

    #[test]
    fn what_x3_does_not_write_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for text in [
            "",
            "plain",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&x;</a>",
            "<a>&#0;</a>",
            deep.as_str(),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        /// Whatever stands in a value, it comes back whole from where it was put, and from nowhere else.
        #[test]
        fn no_value_changes_a_document(text in any::<String>()) {
            let legal = text.chars().all(is_xml);
            let escaped = escaped(&text);
            prop_assert_eq!(escaped.is_ok(), legal);
            if let Ok(escaped) = escaped {
                let root = parse(&format!("<a v=\"{escaped}\"><b>{escaped}</b></a>")).unwrap();
                prop_assert_eq!(root.attribute("v"), Some(text.as_str()));
                prop_assert_eq!(root.children.len(), 1);
                prop_assert_eq!(&root.children[0].text, &text);
                prop_assert!(root.text.is_empty());
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[<>/a!&;#x\\[\\]CDATA\"'= -]{0,60}") {
            let _ = parse(&text);
        }
    }
}
