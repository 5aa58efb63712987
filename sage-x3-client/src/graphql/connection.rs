//! The shape of answers: packages, nodes, operations, connections. Everything may be null.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The value of an object's only member, whatever its name: the names of package, node and operation are those that were
/// asked for.
#[derive(Debug)]
pub(crate) struct Only<T>(Option<T>);

impl<T> Only<T> {
    fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
            type Value = Only<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Only<T>, A::Error> {
                let value = match map.next_key::<IgnoredAny>()? {
                    Some(_) => map.next_value::<Option<T>>()?,
                    None => None,
                };
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Only(value))
            }
        }
        deserializer.deserialize_map(First(PhantomData))
    }
}

/// `{"x3MasterData":{"customer":{"query":T}}}`, for documents that ask for one thing.
#[derive(Debug, Deserialize)]
#[serde(transparent, bound = "T: Deserialize<'de>")]
pub(crate) struct Nested<T>(Only<Only<Only<T>>>);

impl<T> Nested<T> {
    pub(crate) fn into_inner(self) -> Option<T> {
        self.0
            .into_inner()
            .and_then(Only::into_inner)
            .and_then(Only::into_inner)
    }
}

/// `{"customer":{"create":T}}`, or null.
#[derive(Debug, Deserialize)]
#[serde(transparent, bound = "T: Deserialize<'de>")]
pub(crate) struct Row<T>(Option<Only<Only<T>>>);

impl<T> Row<T> {
    pub(crate) fn is_filled(&self) -> bool {
        let operation = self.0.as_ref().and_then(|node| node.0.as_ref());
        operation.is_some_and(|operation| operation.0.is_some())
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        self.0.and_then(Only::into_inner).and_then(Only::into_inner)
    }
}

/// `{"r0":{"customer":{"create":T}},...}`, for documents with a row each.
pub(crate) type Rows<T> = BTreeMap<String, Row<T>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection<N> {
    pub(crate) edges: Option<Edges<N>>,
    pub(crate) page_info: Option<PageInfo>,
    pub(crate) total_count: Option<u64>,
}

/// The nodes of `edges`. Put where they stay as each is read: a page's records are many bytes, and slow to move again.
#[derive(Debug)]
pub(crate) struct Edges<N> {
    nodes: Vec<N>,
    has_hole: bool,
}

impl<N> Edges<N> {
    /// All nodes, or none when one is missing.
    pub(crate) fn whole(self) -> Option<Vec<N>> {
        Some(self.nodes).filter(|_| !self.has_hole)
    }
}

impl<'de, N: Deserialize<'de>> Deserialize<'de> for Edges<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each<N>(PhantomData<N>);
        impl<'de, N: Deserialize<'de>> Visitor<'de> for Each<N> {
            type Value = Edges<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of edges")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Edges<N>, A::Error> {
                let mut nodes = Vec::new();
                let mut has_hole = false;
                while let Some(edge) = seq.next_element::<Option<Edge<N>>>()? {
                    match edge.and_then(|edge| edge.node) {
                        Some(node) => nodes.push(node),
                        None => has_hole = true,
                    }
                }
                Ok(Edges { nodes, has_hole })
            }
        }
        deserializer.deserialize_seq(Each(PhantomData))
    }
}

#[derive(Debug, Deserialize)]
struct Edge<N> {
    node: Option<N>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    pub(crate) has_next_page: Option<bool>,
    pub(crate) end_cursor: Option<String>,
}

/// `{"addresses":{"query":{...}}}`: one collection of one record.
#[derive(Debug, Deserialize)]
#[serde(transparent, bound = "N: Deserialize<'de>")]
pub(crate) struct Child<N>(Only<Only<Connection<N>>>);

impl<N> Child<N> {
    pub(crate) fn into_inner(self) -> Option<Connection<N>> {
        self.0.into_inner().and_then(Only::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_names_are_what_was_asked_for_is_found() {
        let read = |text: &str| {
            serde_json::from_str::<Nested<u8>>(text)
                .unwrap()
                .into_inner()
        };
        assert_eq!(read(r#"{"x3Sales":{"salesOrder":{"read":7}}}"#), Some(7));
        assert_eq!(
            read(r#"{"yAcme":{"yVisit":{"query":7}},"other":{}}"#),
            Some(7)
        );
        assert_eq!(read(r#"{"x3Sales":{"salesOrder":{"read":null}}}"#), None);
        assert_eq!(read(r#"{"x3Sales":{"salesOrder":null}}"#), None);
        assert_eq!(read(r#"{"x3Sales":null}"#), None);
        assert_eq!(read("{}"), None);
        assert!(serde_json::from_str::<Nested<u8>>("[]").is_err());
    }
}
