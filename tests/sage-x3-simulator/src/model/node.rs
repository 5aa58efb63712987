//! The vocabulary of the node tables.

use std::borrow::Cow;

use crate::record::{Record, Scalar, View};

/// A node: a view onto one table.
#[derive(Debug)]
pub(crate) struct Node {
    /// Package under its generation 3 name.
    pub(crate) package: &'static str,
    pub(crate) name: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) table: &'static str,
    pub(crate) properties: Vec<Property>,
    /// Whether it stands under its package; denormalised children do not.
    pub(crate) published: bool,
    /// Whether its key starts with the entity number of a business partner.
    pub(crate) address_key: bool,
    /// Shows only rows whose column leads to a row of that table.
    pub(crate) only_with: Option<(&'static str, &'static str)>,
    /// The columns of its table's key.
    pub(crate) key: Vec<Part>,
    /// What a row created without a value gets.
    pub(crate) defaults: &'static [(&'static str, Default)],
    /// Properties a row must have.
    pub(crate) mandatory: &'static [&'static str],
    /// What its numbers start with when a counter gives them.
    pub(crate) counter: Option<&'static str>,
    /// Collections that are written with it.
    pub(crate) written_with: &'static [&'static str],
}

/// A value that X3 fills in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Default {
    Int(i64),
    Text(&'static str),
    /// What stands in another column.
    Same(&'static str),
}

impl Node {
    pub(crate) fn new(
        package: &'static str,
        name: &'static str,
        type_name: &'static str,
        table: &'static str,
        properties: Vec<Property>,
    ) -> Self {
        let key = match properties.first() {
            Some(Property {
                kind: Kind::Reference { key, .. },
                ..
            }) => key.to_vec(),
            Some(Property {
                source: Source::Column(Cow::Borrowed(column)),
                ..
            }) => vec![Part::Column(column)],
            _ => Vec::new(),
        };
        Self {
            package,
            name,
            type_name,
            table,
            properties,
            published: true,
            address_key: false,
            only_with: None,
            key,
            defaults: &[],
            mandatory: &[],
            counter: None,
            written_with: &[],
        }
    }

    /// A counter gives the key when none is given.
    pub(crate) fn counted(mut self, prefix: &'static str) -> Self {
        self.counter = Some(prefix);
        self
    }

    /// Collections whose rows are written with it.
    pub(crate) fn written_with(mut self, collections: &'static [&'static str]) -> Self {
        self.written_with = collections;
        self
    }

    /// The key, where it is not the first property.
    pub(crate) fn keyed(mut self, key: &[Part]) -> Self {
        self.key = key.to_vec();
        self
    }

    pub(crate) fn defaults(mut self, defaults: &'static [(&'static str, Default)]) -> Self {
        self.defaults = defaults;
        self
    }

    pub(crate) fn mandatory(mut self, mandatory: &'static [&'static str]) -> Self {
        self.mandatory = mandatory;
        self
    }

    pub(crate) fn with_address_key(mut self) -> Self {
        self.address_key = true;
        self
    }

    pub(crate) fn only_with(mut self, table: &'static str, column: &'static str) -> Self {
        self.only_with = Some((table, column));
        self
    }

    /// Every property of it is published.
    pub(crate) fn documented(mut self) -> Self {
        for property in &mut self.properties {
            property.assumed = false;
        }
        self
    }

    pub(crate) fn unpublished(mut self) -> Self {
        self.published = false;
        self
    }

    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }
}

/// A property of a node.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    /// Worked out when read, so no filter or order can use it.
    pub(crate) computed: bool,
    /// A name beyond the published evidence.
    pub(crate) assumed: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Text {
        max: usize,
    },
    Stream {
        max: usize,
    },
    Int,
    Decimal,
    Boolean,
    Date,
    Menu(&'static Menu),
    Reference {
        node: &'static str,
        key: &'static [Part],
    },
    /// Rows of another table whose key starts with these parts.
    Children {
        node: &'static str,
        prefix: &'static [Part],
        /// Columns of the row and of its children that must agree besides.
        same: &'static [(&'static str, &'static str)],
    },
    /// The columns of an X3 array, each shown as a row of a node of its own.
    Slots {
        node: &'static str,
        columns: &'static [&'static str],
    },
}

/// Where the value stands.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In the node's own row.
    Column(Cow<'static, str>),
    /// In the row of another table.
    Joined {
        table: &'static str,
        key: &'static [Part],
        column: &'static str,
    },
    /// Worked out from other rows.
    Computed(fn(View<'_>, &Record) -> Scalar),
    /// Given by the kind itself.
    Structure,
}

/// A part of a key: a column of the row, or a constant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Column(&'static str),
    Fixed(&'static str),
}

/// An X3 local menu: members are numbered from 1, 0 is "not set" (reference: 4.8).
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [&'static str],
}

impl Menu {
    pub(crate) fn member(&self, number: i64) -> Option<&'static str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.members.get(index).copied()
    }

    pub(crate) fn number(&self, member: &str) -> Option<i64> {
        let index = self.members.iter().position(|known| *known == member)?;
        i64::try_from(index + 1).ok()
    }
}

impl Property {
    fn column(name: &'static str, column: &'static str, kind: Kind) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            source: Source::Column(Cow::Borrowed(column)),
            computed: false,
            assumed: false,
        }
    }

    pub(crate) fn text(name: &'static str, column: &'static str, max: usize) -> Self {
        Self::column(name, column, Kind::Text { max })
    }

    pub(crate) fn stream(name: &'static str, column: &'static str, max: usize) -> Self {
        Self::column(name, column, Kind::Stream { max })
    }

    pub(crate) fn int(name: &'static str, column: &'static str) -> Self {
        Self::column(name, column, Kind::Int)
    }

    pub(crate) fn decimal(name: &'static str, column: &'static str) -> Self {
        Self::column(name, column, Kind::Decimal)
    }

    pub(crate) fn boolean(name: &'static str, column: &'static str) -> Self {
        Self::column(name, column, Kind::Boolean)
    }

    pub(crate) fn date(name: &'static str, column: &'static str) -> Self {
        Self::column(name, column, Kind::Date)
    }

    pub(crate) fn menu(name: &'static str, column: &'static str, menu: &'static Menu) -> Self {
        Self::column(name, column, Kind::Menu(menu))
    }

    pub(crate) fn custom(name: &str, max: usize) -> Self {
        Self {
            name: Cow::Owned(name.to_owned()),
            kind: Kind::Text { max },
            source: Source::Column(Cow::Owned(name.to_owned())),
            computed: false,
            assumed: false,
        }
    }

    fn structure(name: &'static str, kind: Kind) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            source: Source::Structure,
            computed: false,
            assumed: false,
        }
    }

    /// The last part of the key is what makes the reference empty.
    pub(crate) fn reference(name: &'static str, node: &'static str, key: &'static [Part]) -> Self {
        Self::structure(name, Kind::Reference { node, key })
    }

    pub(crate) fn children(
        name: &'static str,
        node: &'static str,
        prefix: &'static [Part],
    ) -> Self {
        let same = &[];
        Self::structure(name, Kind::Children { node, prefix, same })
    }

    /// Children that agree with the row in further columns.
    pub(crate) fn children_with(
        name: &'static str,
        node: &'static str,
        prefix: &'static [Part],
        same: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self::structure(name, Kind::Children { node, prefix, same })
    }

    pub(crate) fn slots(
        name: &'static str,
        node: &'static str,
        columns: &'static [&'static str],
    ) -> Self {
        Self::structure(name, Kind::Slots { node, columns })
    }

    pub(crate) fn joined(
        mut self,
        table: &'static str,
        key: &'static [Part],
        column: &'static str,
    ) -> Self {
        self.source = Source::Joined { table, key, column };
        self
    }

    pub(crate) fn computed(mut self, value: fn(View<'_>, &Record) -> Scalar) -> Self {
        self.computed = true;
        self.source = Source::Computed(value);
        self
    }

    pub(crate) fn assumed(mut self) -> Self {
        self.assumed = true;
        self
    }

    /// The X3 column behind it, where there is a single one.
    pub(crate) fn column_code(&self) -> Option<&str> {
        match (&self.source, &self.kind) {
            (Source::Column(column), _) => Some(column),
            (Source::Joined { column, .. }, _) => Some(column),
            (Source::Structure, Kind::Reference { key, .. }) => match key.last() {
                Some(Part::Column(column)) => Some(column),
                _ => None,
            },
            (Source::Structure | Source::Computed(_), _) => None,
        }
    }
}
