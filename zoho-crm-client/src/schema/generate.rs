//! Writing the source of types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{
    ModuleFacts,
    expected::{data_type, picklist},
};
use crate::{
    model::{DataType, FieldMeta},
    names::ModuleName,
};

/// The source of a type for the records of a module, with all fields that can be given a type, and of the
/// [`ExpectedModule`](super::ExpectedModule) to check it by. `subforms` are the facts of its subforms, of which types for
/// their rows are written too; those that are missing stay in `other`, as does every field of a kind that has no type.
///
/// The code needs `jiff` for dates. It is the same for the same facts.
#[must_use]
pub fn generate_module(facts: &ModuleFacts, subforms: &[ModuleFacts]) -> String {
    let mut source = String::new();
    let known: BTreeMap<&str, &ModuleFacts> = subforms
        .iter()
        .map(|facts| (facts.api_name.as_str(), facts))
        .collect();
    write_struct(&mut source, facts, Some(&facts.api_name), &known);
    write_expected(&mut source, facts);
    for (_, rows) in rows_of(facts, &known) {
        write_struct(&mut source, rows, None, &BTreeMap::new());
    }
    source.truncate(source.trim_end().len());
    source.push('\n');
    source
}

/// The subform fields whose facts are known.
fn rows_of<'a>(
    facts: &'a ModuleFacts,
    known: &BTreeMap<&str, &'a ModuleFacts>,
) -> Vec<(&'a FieldMeta, &'a ModuleFacts)> {
    let subforms = facts
        .fields
        .iter()
        .filter(|field| field.data_type == DataType::Subform);
    subforms
        .filter_map(|field| {
            let module = field
                .row_module()
                .unwrap_or_else(|| field.api_name.as_str().into());
            Some((field, *known.get(module.as_str())?))
        })
        .collect()
}

fn write_struct(
    source: &mut String,
    facts: &ModuleFacts,
    module: Option<&ModuleName>,
    known: &BTreeMap<&str, &ModuleFacts>,
) {
    let name = type_name(facts.api_name.as_str());
    let of = module.map_or_else(String::new, |module| {
        format!(" of {module:?}", module = module.as_str())
    });
    let kind = if module.is_some() { "record" } else { "row" };
    let mut names = Names::default();
    let _ = writeln!(
        source,
        "zoho_crm_client::zoho_model! {{\n    /// A {kind} of `{}`.\n    pub struct {name}{of} {{",
        facts.api_name
    );
    for field in &facts.fields {
        let Some(kind) = rust_type(field) else {
            continue;
        };
        write_field(
            source,
            facts,
            field,
            &names.of(field.api_name.as_str()),
            kind,
        );
    }
    let rows = rows_of(facts, known);
    if !rows.is_empty() {
        source.push_str("    } with rows {\n");
        for (field, row) in rows {
            let kind = type_name(row.api_name.as_str());
            write_field(
                source,
                facts,
                field,
                &names.of(field.api_name.as_str()),
                &kind,
            );
        }
    }
    source.push_str("    }\n}\n\n");
}

fn write_field(
    source: &mut String,
    facts: &ModuleFacts,
    field: &FieldMeta,
    name: &str,
    kind: &str,
) {
    let mut notes = vec![format!("`{}`", plain(&field.field_label)), data_type(field)];
    if let Some(module) = field.lookup_module() {
        notes.push(format!("of `{}`", plain(module.as_str())));
    }
    if facts.demands(field) {
        notes.push("must have a value".to_owned());
    }
    if field.is_unique() {
        notes.push("unique".to_owned());
    }
    if !field.is_writable() {
        notes.push("read only".to_owned());
    }
    let key = field.api_name.as_str();
    let _ = writeln!(
        source,
        "        /// {}.\n        {name}: {kind} = {key:?},",
        notes.join(", ")
    );
}

fn write_expected(source: &mut String, facts: &ModuleFacts) {
    let name = type_name(facts.api_name.as_str());
    let constant = snake_case(&name).to_ascii_uppercase();
    let _ = writeln!(
        source,
        "/// What [`{name}`] was made from, for `ZohoClient::check_schema`.\n\
         pub const {constant}: zoho_crm_client::schema::ExpectedModule = zoho_crm_client::schema::ExpectedModule {{\n    \
         api_name: {:?},\n    fields: &[",
        facts.api_name.as_str()
    );
    for field in &facts.fields {
        let id = field.id.as_ref().map_or("", |id| id.as_str());
        let _ = writeln!(
            source,
            "        zoho_crm_client::schema::ExpectedField {{ api_name: {:?}, id: {id:?}, data_type: {:?}, mandatory: {}, picklist: &{:?} }},",
            field.api_name.as_str(),
            data_type(field),
            facts.demands(field),
            picklist(field),
        );
    }
    source.push_str("    ],\n};\n\n");
}

/// `None`: there is no type for it, and `id` has its own place.
fn rust_type(field: &FieldMeta) -> Option<&'static str> {
    if field.api_name == *"id" {
        return None;
    }
    let computed = field.return_type();
    let kind = match &field.data_type {
        DataType::Formula | DataType::RollupSummary => computed.as_ref()?,
        own => own,
    };
    Some(match kind {
        DataType::Text
        | DataType::TextArea
        | DataType::Email
        | DataType::Phone
        | DataType::Website
        | DataType::Picklist
        | DataType::Autonumber
        | DataType::ProfileImage => "zoho_crm_client::Text",
        DataType::Integer | DataType::Bigint => "zoho_crm_client::Integer",
        DataType::Double | DataType::Decimal | DataType::Currency | DataType::Percent => {
            "zoho_crm_client::ExactDecimal"
        }
        DataType::Boolean => "bool",
        DataType::Date => "jiff::civil::Date",
        DataType::DateTime => "zoho_crm_client::DateTime",
        DataType::Lookup
        | DataType::OwnerLookup
        | DataType::UserLookup
        | DataType::MultiModuleLookup => "zoho_crm_client::Lookup",
        DataType::MultiselectPicklist => "Vec<String>",
        _ => return None,
    })
}

/// Text that stands in a comment and in backticks.
fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '`' => '\'',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}

/// `Sales_Orders` becomes `SalesOrders`.
fn type_name(api_name: &str) -> String {
    let words = api_name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut name = String::new();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    if name.starts_with(|letter: char| !letter.is_ascii_alphabetic()) {
        name.insert_str(0, "Module");
    }
    name
}

/// `X3_Code` becomes `x3_code`, `AnnualRevenue` `annual_revenue`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        before = letter;
    }
    snake.truncate(snake.trim_end_matches('_').len());
    snake
}

/// Names of struct fields, no two alike.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn of(&mut self, api_name: &str) -> String {
        let mut name = snake_case(api_name);
        // Taken by every model, or by the language where no raw name helps.
        if name.is_empty()
            || matches!(name.as_str(), "id" | "other" | "self" | "super" | "crate")
            || name.starts_with(|letter: char| letter.is_ascii_digit())
        {
            name.insert_str(0, "field_");
        }
        let mut unique = name.clone();
        let mut number = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        if KEYWORDS.contains(&unique.as_str()) {
            unique.insert_str(0, "r#");
        }
        unique
    }
}

/// Strict and reserved ones of edition 2024.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rusts_and_no_two_alike() {
        let mut names = Names::default();
        for (api_name, name) in [
            ("Account_Name", "account_name"),
            ("X3_Code", "x3_code"),
            ("AnnualRevenue", "annual_revenue"),
            ("Change_Log_Time__s", "change_log_time_s"),
            ("$approval_state", "approval_state"),
            ("Type", "r#type"),
            ("Type__s", "type_s"),
            ("Self", "field_self"),
            ("Other", "field_other"),
            ("1st_Contact", "field_1st_contact"),
            ("account_Name", "account_name_2"),
            ("Größe", "gr_e"),
        ] {
            assert_eq!(names.of(api_name), name, "{api_name}");
        }
        assert_eq!(type_name("Sales_Orders"), "SalesOrders");
        assert_eq!(type_name("Services__s"), "ServicesS");
        assert_eq!(type_name("3D_Prints"), "Module3DPrints");
    }

    #[test]
    fn labels_cannot_end_a_comment_or_its_backticks() {
        assert_eq!(plain("a`b\nfn main() {}"), "a'b fn main() {}");
    }
}
