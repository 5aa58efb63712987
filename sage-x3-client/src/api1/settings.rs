//! How a site's `api1` is addressed.

/// How a day or an instant stands in a `where` clause. SData writes `@2026-01-31@`; whether `api1` takes that, plain
/// quotes or both is not documented. Source: reference sage-x3 section 4.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateLiteral {
    /// `@2026-01-31@`.
    #[default]
    At,
    /// `'2026-01-31'`.
    Quoted,
}

/// How a site's `api1` is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Api1Settings {
    /// Application and contract, two segments of the path. Default: `x3/erp`.
    pub application: String,
    /// How days stand in a `where` clause.
    pub date_literal: DateLiteral,
    /// Whether `X-Requested-With: stateless` is sent, which some servers need so that a call leaves no session behind.
    /// Default: yes. Source: reference sage-x3 section 2.4.
    pub stateless: bool,
}

impl Default for Api1Settings {
    fn default() -> Self {
        Self {
            application: "x3/erp".to_owned(),
            date_literal: DateLiteral::default(),
            stateless: true,
        }
    }
}

impl Api1Settings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces application and contract.
    #[must_use]
    pub fn application(mut self, application: impl Into<String>) -> Self {
        self.application = application.into();
        self
    }

    /// Writes days in another form.
    #[must_use]
    pub fn date_literal(mut self, form: DateLiteral) -> Self {
        self.date_literal = form;
        self
    }

    /// Sends or leaves out `X-Requested-With: stateless`.
    #[must_use]
    pub fn stateless(mut self, stateless: bool) -> Self {
        self.stateless = stateless;
        self
    }
}
