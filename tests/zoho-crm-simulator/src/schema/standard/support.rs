//! Notes, attachments and users: what hangs on records, and who works on them.

use super::{boolean, datetime, email, module, phone, text, textarea};
use crate::schema::field::{DataType, Field};
use crate::schema::{Kind, Module};

fn audit() -> [Field; 5] {
    [
        Field::new("Owner", DataType::Owner, 120),
        Field::new("Created_By", DataType::User, 120).read_only(),
        Field::new("Modified_By", DataType::User, 120).read_only(),
        datetime("Created_Time").read_only(),
        datetime("Modified_Time").read_only(),
    ]
}

pub(super) fn notes() -> Module {
    let mut fields = vec![
        text("Note_Title", 120),
        textarea("Note_Content").mandatory(),
        Field::new("Parent_Id", DataType::AnyRecord, 120).mandatory(),
    ];
    fields.extend(audit());
    let notes = module("Notes", "Note", "", false, fields);
    Module {
        title: "Note_Title".to_owned(),
        upsert_field: None,
        ..notes
    }
}

pub(super) fn attachments() -> Module {
    let mut fields = vec![
        text("File_Name", 255),
        text("Size", 20).read_only(),
        Field::new("Parent_Id", DataType::AnyRecord, 120).read_only(),
    ];
    fields.extend(audit());
    elsewhere("Attachments", "Attachment", "File_Name", fields)
}

pub(super) fn users() -> Module {
    let fields = vec![
        text("first_name", 50),
        text("last_name", 100).mandatory(),
        text("full_name", 150).read_only(),
        email("email"),
        phone("phone"),
        text("status", 20).read_only(),
        boolean("confirm").read_only(),
        datetime("created_time").read_only(),
        datetime("Modified_Time").read_only(),
    ];
    elsewhere("Users", "User", "full_name", fields)
}

fn elsewhere(api_name: &str, singular: &str, title: &str, fields: Vec<Field>) -> Module {
    let shown = module(api_name, singular, "", false, fields);
    Module {
        title: title.to_owned(),
        upsert_field: None,
        kind: Kind::Elsewhere,
        ..shown
    }
}
