//! Notes and attachments.

use super::{DateTime, Integer, Lookup, Text};

zoho_model! {
    /// A note on a record (reference: Zoho v8 OpenAPI `notes`, read 2026-11). `Note_Content` is mandatory.
    pub struct Note of "Notes" {
        /// Title.
        title: Text = "Note_Title",
        /// What it says.
        content: Text = "Note_Content",
        /// The record that it is on.
        parent: Box<Lookup> = "Parent_Id",
        /// The user in charge.
        owner: Box<Lookup> = "Owner",
        /// Who created it. Read only.
        created_by: Box<Lookup> = "Created_By",
        /// Who changed it last. Read only.
        modified_by: Box<Lookup> = "Modified_By",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    }
}

zoho_model! {
    /// A file or link attached to a record (reference: Zoho v8 OpenAPI `attachments`, read 2026-11).
    pub struct Attachment {
        /// Name of the file, or title of the link.
        file_name: Text = "File_Name",
        /// Size in bytes.
        size: Integer = "Size",
        /// Where a link leads.
        link_url: Text = "$link_url",
        /// Its place among Zoho's files.
        file_id: Text = "$file_id",
        /// The record that it is attached to.
        parent: Box<Lookup> = "Parent_Id",
        /// The user in charge.
        owner: Box<Lookup> = "Owner",
        /// Who attached it.
        created_by: Box<Lookup> = "Created_By",
        /// When it was attached. Whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Whole seconds.
        modified_time: DateTime = "Modified_Time",
    }
}
