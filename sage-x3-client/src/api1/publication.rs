//! A class that a site has built for writing, and where the members of a record stand in it.

use std::collections::BTreeMap;

use super::names::{ClassName, ColumnName, RepresentationName};
use crate::write::{Conversion, Placement};

/// The place of a member in a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api1Place {
    pub(super) table: Option<ColumnName>,
    pub(super) column: ColumnName,
    pub(super) conversion: Conversion,
}

impl Api1Place {
    /// A column of the record.
    #[must_use]
    pub fn column(column: ColumnName) -> Self {
        Self {
            table: None,
            column,
            conversion: Conversion::default(),
        }
    }

    /// A column of the rows of a child table.
    #[must_use]
    pub fn row(table: ColumnName, column: ColumnName) -> Self {
        Self {
            table: Some(table),
            column,
            conversion: Conversion::default(),
        }
    }

    /// Writes `number` of a local menu where GraphQL has the member `name` of an enumeration. Once one is listed, others are
    /// refused.
    #[must_use]
    pub fn choice(mut self, name: impl Into<String>, number: u16) -> Self {
        self.conversion.value(name, number.to_string());
        self
    }

    /// Writes the last part of a composite key, such as the address code of `NA001|A1`.
    #[must_use]
    pub fn last_key_part(mut self) -> Self {
        self.conversion.last_key_part();
        self
    }
}

/// A class of the site's own, as the write path of a node. Sage's classes are read-only: see reference sage-x3 section 4.4.
#[derive(Clone, Debug)]
pub struct Api1Publication {
    pub(super) class: ClassName,
    pub(super) representation: Option<RepresentationName>,
    pub(super) placement: Placement<Api1Place>,
    pub(super) row_keys: BTreeMap<ColumnName, ColumnName>,
}

impl Api1Publication {
    /// The class `class`. Nothing has a place yet.
    #[must_use]
    pub fn new(class: ClassName) -> Self {
        Self {
            class,
            representation: None,
            placement: Placement::new(),
            row_keys: BTreeMap::new(),
        }
    }

    /// Writes by another representation than the one named like the class.
    #[must_use]
    pub fn representation(mut self, name: RepresentationName) -> Self {
        self.representation = Some(name);
        self
    }

    /// Says where a member goes, by the name that it has in the node's GraphQL input: `currency`, `addresses.city`, or for one
    /// place of an array column `companyNames.companyName#2`.
    #[must_use]
    pub fn place(mut self, member: impl Into<String>, place: Api1Place) -> Self {
        self.placement.place(member, place);
        self
    }

    /// Leaves a member out. One that has no place and is not left out makes the write fail.
    #[must_use]
    pub fn ignore(mut self, member: impl Into<String>) -> Self {
        self.placement.ignore(member);
        self
    }

    /// Says by which column the rows of a child table are known, so that an update finds their ids.
    #[must_use]
    pub fn row_key(mut self, table: ColumnName, column: ColumnName) -> Self {
        self.row_keys.insert(table, column);
        self
    }
}
