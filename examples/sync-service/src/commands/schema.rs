//! `schema`: the JSON Schema of the configuration, for editors.

use crate::config::Config;

/// The schema as text.
pub(crate) fn text() -> String {
    format!("{:#}", schemars::schema_for!(Config).to_value())
}

/// Prints it.
pub(crate) fn print() {
    out!("{}", text());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_beside_the_example_is_current() {
        let kept = include_str!("../../sync.schema.json");
        assert!(
            kept.trim_end() == super::text(),
            "cargo run -p sync-service -- schema > examples/sync-service/sync.schema.json"
        );
    }
}
