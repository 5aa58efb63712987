//! Changes to fields, in which "leave it" and "empty it" differ.

/// What an update does to one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leaves the field as it is: it is not sent.
    #[default]
    Keep,
    /// Sets the field.
    Set(T),
    /// Empties the field.
    Clear,
}

impl<T> Patch<T> {
    /// Whether the field is left as it is.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Sets the field to a value, or empties it when there is none.
    #[must_use]
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}
