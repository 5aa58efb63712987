//! Tags.

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A tag of a module (reference: Zoho v8 OpenAPI `tags`, read 2026-11). On a record, its name and id only.
    pub struct Tag {
        /// Its name, of at most 25 characters.
        name: Text = "name",
        /// Its colour, such as `#57B1FD`.
        color_code: Text = "color_code",
        /// Who created it.
        created_by: Box<Lookup> = "created_by",
        /// Who changed it last.
        modified_by: Box<Lookup> = "modified_by",
        /// When it was created. Whole seconds.
        created_time: DateTime = "created_time",
        /// When it was changed last. Whole seconds.
        modified_time: DateTime = "modified_time",
    }
}
