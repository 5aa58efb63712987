//! A schema printed in the schema definition language.

use std::fmt::Write as _;

use super::types::{FieldDef, InputDef, MUTATION, QUERY, Schema, TypeDef, TypeKind};

/// The schema without the types every GraphQL server has.
pub(crate) fn print(schema: &Schema, heading: &str) -> String {
    let mut out: String = heading
        .lines()
        .map(|line| format!("# {line}").trim_end().to_owned() + "\n")
        .collect();
    out.push_str("schema {\n  query: Query\n");
    if schema.has_mutations {
        out.push_str("  mutation: Mutation\n");
    }
    out.push_str("}\n");
    let built_in = ["String", "Int", "Float", "Boolean", "ID"];
    let mut types: Vec<&TypeDef> = schema
        .types()
        .iter()
        .filter(|def| !def.name.starts_with("__") && !built_in.contains(&def.name.as_str()))
        .collect();
    // Roots first, then by name: a reader starts at the roots and looks types up after that.
    types.sort_by_key(|def| (def.name != QUERY, def.name != MUTATION, def.name.clone()));
    for def in types {
        out.push('\n');
        print_type(def, &mut out);
    }
    out
}

// Writing to a String cannot fail, so the results of `write!` carry nothing.
fn print_type(def: &TypeDef, out: &mut String) {
    match &def.kind {
        TypeKind::Scalar => {
            let _ = writeln!(out, "scalar {}", def.name);
        }
        TypeKind::Enum(members) => {
            let _ = writeln!(out, "enum {} {{", def.name);
            for member in members {
                let _ = writeln!(out, "  {member}");
            }
            out.push_str("}\n");
        }
        TypeKind::Object(fields) => {
            let _ = writeln!(out, "type {} {{", def.name);
            for field in fields {
                print_field(field, out);
            }
            out.push_str("}\n");
        }
        TypeKind::Input(fields) => {
            let _ = writeln!(out, "input {} {{", def.name);
            for field in fields {
                let _ = writeln!(out, "  {}: {}", field.name, field.ty);
            }
            out.push_str("}\n");
        }
    }
}

fn print_field(field: &FieldDef, out: &mut String) {
    let _ = write!(out, "  {}", field.name);
    if !field.arguments.is_empty() {
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .map(|InputDef { name, ty, .. }| format!("{name}: {ty}"))
            .collect();
        let _ = write!(out, "({})", arguments.join(", "));
    }
    let remark = field
        .remark
        .map(|text| format!("  # {text}"))
        .unwrap_or_default();
    let _ = writeln!(out, ": {}{remark}", field.ty);
}
