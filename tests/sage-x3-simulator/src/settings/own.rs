//! What a site added to X3: nodes and classes.

use serde::{Deserialize, Serialize};

/// What a property of a node of the site's own holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnKind {
    /// Text up to a length.
    Text(usize),
    /// A whole number.
    Int,
    /// An amount.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A date.
    Date,
    /// A reference to a node with a key of one column.
    Reference(String),
}

/// A property of a node of the site's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProperty {
    /// Its name.
    pub name: String,
    /// Its column.
    pub column: String,
    /// What it holds.
    pub kind: OwnKind,
}

/// A node that the site published itself, in a package of its own (reference: 3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnNode {
    /// The package, for instance `abcService`.
    pub package: String,
    /// The node, for instance `yVisit`.
    pub name: String,
    /// Its table.
    pub table: String,
    /// The columns of its key.
    pub key: Vec<String>,
    /// Its properties.
    pub properties: Vec<OwnProperty>,
    /// The node of the rows of its collection `lines`, whose key begins with this one's.
    pub lines: Option<String>,
}

impl OwnNode {
    /// A node whose key is one column.
    pub fn new(package: &str, name: &str, table: &str, key: &str) -> Self {
        Self {
            package: package.to_owned(),
            name: name.to_owned(),
            table: table.to_owned(),
            key: vec![key.to_owned()],
            properties: Vec::new(),
            lines: None,
        }
    }

    /// Adds a property.
    #[must_use]
    pub fn property(mut self, name: &str, column: &str, kind: OwnKind) -> Self {
        self.properties.push(OwnProperty {
            name: name.to_owned(),
            column: column.to_owned(),
            kind,
        });
        self
    }

    /// Makes a further column part of the key.
    #[must_use]
    pub fn key(mut self, column: &str) -> Self {
        self.key.push(column.to_owned());
        self
    }

    /// Says which node's rows are its lines.
    #[must_use]
    pub fn lines(mut self, node: &str) -> Self {
        self.lines = Some(node.to_owned());
        self
    }
}

/// A class of the site's own, which unlike X3's can be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomClass {
    /// Its name and that of its representation, by convention starting with X, Y or Z.
    pub name: String,
    /// The node behind it, for instance `customer`.
    pub node: String,
}

impl CustomClass {
    /// A class onto a node.
    pub fn new(name: impl Into<String>, node: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            node: node.into(),
        }
    }
}
