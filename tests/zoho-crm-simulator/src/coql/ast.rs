//! A query after parsing.

/// `select … from … where … group by … order by … limit …`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub(super) columns: Vec<Column>,
    pub(super) module: String,
    /// Id of the custom view behind `Module#…`.
    pub(super) view: Option<String>,
    pub(super) condition: Condition,
    pub(super) group_by: Vec<String>,
    pub(super) order_by: Vec<(String, bool)>,
    pub(super) limit: u64,
    pub(super) offset: u64,
}

/// A selected column, with its name in the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) value: ColumnValue,
    pub(super) name: String,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ColumnValue {
    Field(String),
    Aggregate(Aggregate, String),
}

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Max,
    Min,
    Avg,
    Count,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Test { column: String, test: Test },
}

/// A test of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Compare(Comparison, Literal),
    In {
        values: Vec<Literal>,
        negated: bool,
    },
    Between {
        low: Literal,
        high: Literal,
        negated: bool,
    },
    Like {
        pattern: String,
        negated: bool,
    },
    IsNull {
        negated: bool,
    },
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }

    pub(super) const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// A literal: quoted text, or an unquoted number or boolean.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(String),
    Bool(bool),
}

impl Condition {
    /// Number of tests.
    pub(super) fn tests(&self) -> usize {
        match self {
            Self::And(left, right) | Self::Or(left, right) => left.tests() + right.tests(),
            Self::Test { .. } => 1,
        }
    }
}
