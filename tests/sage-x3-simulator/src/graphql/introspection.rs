//! `__schema` and `__type`.

use crate::json::Json;

use super::ast::TypeRef;
use super::execute::Resolved;
use super::types::{FieldDef, InputDef, MUTATION, QUERY, Schema, TypeKind};

/// A part of the schema as an object of an answer.
pub(crate) enum Meta {
    Schema,
    Type(TypeRef),
    Field(FieldDef),
    Input(InputDef),
    EnumValue(String),
    Directive(&'static str),
}

pub(crate) fn add_meta_types(schema: &mut Schema) {
    let named = TypeRef::named;
    let many = |name: &str| TypeRef::named(name).non_null().list();
    let text = |name: &str| FieldDef::new(name, named("String"));
    let flag = |name: &str| FieldDef::new(name, named("Boolean").non_null());
    let deprecated = |field: FieldDef| field.argument("includeDeprecated", named("Boolean"));
    let object = TypeKind::Object;
    schema.add(
        "__Schema",
        object(vec![
            text("description"),
            FieldDef::new("types", many("__Type").non_null()),
            FieldDef::new("queryType", named("__Type").non_null()),
            FieldDef::new("mutationType", named("__Type")),
            FieldDef::new("subscriptionType", named("__Type")),
            FieldDef::new("directives", many("__Directive").non_null()),
        ]),
    );
    schema.add(
        "__Type",
        object(vec![
            FieldDef::new("kind", named("__TypeKind").non_null()),
            text("name"),
            text("description"),
            text("specifiedByUrl"),
            deprecated(FieldDef::new("fields", many("__Field"))),
            FieldDef::new("interfaces", many("__Type")),
            FieldDef::new("possibleTypes", many("__Type")),
            deprecated(FieldDef::new("enumValues", many("__EnumValue"))),
            deprecated(FieldDef::new("inputFields", many("__InputValue"))),
            FieldDef::new("ofType", named("__Type")),
        ]),
    );
    schema.add(
        "__Field",
        object(vec![
            text("name"),
            text("description"),
            deprecated(FieldDef::new("args", many("__InputValue").non_null())),
            FieldDef::new("type", named("__Type").non_null()),
            flag("isDeprecated"),
            text("deprecationReason"),
        ]),
    );
    schema.add(
        "__InputValue",
        object(vec![
            text("name"),
            text("description"),
            FieldDef::new("type", named("__Type").non_null()),
            text("defaultValue"),
            flag("isDeprecated"),
            text("deprecationReason"),
        ]),
    );
    schema.add(
        "__EnumValue",
        object(vec![
            text("name"),
            text("description"),
            flag("isDeprecated"),
            text("deprecationReason"),
        ]),
    );
    schema.add(
        "__Directive",
        object(vec![
            text("name"),
            text("description"),
            flag("isRepeatable"),
            FieldDef::new("locations", many("__DirectiveLocation").non_null()),
            deprecated(FieldDef::new("args", many("__InputValue").non_null())),
        ]),
    );
    let kinds = [
        "SCALAR",
        "OBJECT",
        "INTERFACE",
        "UNION",
        "ENUM",
        "INPUT_OBJECT",
        "LIST",
        "NON_NULL",
    ];
    schema.add(
        "__TypeKind",
        TypeKind::Enum(kinds.map(str::to_owned).to_vec()),
    );
    let places = ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"];
    schema.add(
        "__DirectiveLocation",
        TypeKind::Enum(places.map(str::to_owned).to_vec()),
    );
}

pub(crate) fn named_type(schema: &Schema, name: &str) -> Option<Meta> {
    schema
        .get(name)
        .map(|def| Meta::Type(TypeRef::named(&def.name)))
}

fn text(value: impl Into<String>) -> Resolved<Meta> {
    Resolved::Leaf(Json::text(value))
}

fn optional_text(value: Option<&String>) -> Resolved<Meta> {
    value.map_or(Resolved::Null, text)
}

fn list(items: impl Iterator<Item = Meta>) -> Resolved<Meta> {
    Resolved::List(items.map(Resolved::Object).collect())
}

/// The value of one field of a part of the schema.
pub(crate) fn resolve(schema: &Schema, meta: &Meta, field: &str) -> Resolved<Meta> {
    match meta {
        Meta::Schema => of_schema(schema, field),
        Meta::Type(ty) => of_type(schema, ty, field),
        Meta::Field(def) => match field {
            "name" => text(&def.name),
            "description" => optional_text(def.description.as_ref()),
            "args" => list(def.arguments.iter().cloned().map(Meta::Input)),
            "type" => Resolved::Object(Meta::Type(def.ty.clone())),
            other => never_deprecated(other),
        },
        Meta::Input(def) => match field {
            "name" => text(&def.name),
            "description" => optional_text(def.description.as_ref()),
            "type" => Resolved::Object(Meta::Type(def.ty.clone())),
            other => never_deprecated(other),
        },
        Meta::EnumValue(name) => match field {
            "name" => text(name),
            other => never_deprecated(other),
        },
        Meta::Directive(name) => match field {
            "name" => text(*name),
            "isRepeatable" => Resolved::Leaf(Json::Bool(false)),
            "locations" => Resolved::List(
                ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"]
                    .into_iter()
                    .map(text)
                    .collect(),
            ),
            "args" => list(
                [Meta::Input(InputDef::new(
                    "if",
                    TypeRef::named("Boolean").non_null(),
                ))]
                .into_iter(),
            ),
            _ => Resolved::Null,
        },
    }
}

fn never_deprecated(field: &str) -> Resolved<Meta> {
    if field == "isDeprecated" {
        Resolved::Leaf(Json::Bool(false))
    } else {
        Resolved::Null
    }
}

fn of_schema(schema: &Schema, field: &str) -> Resolved<Meta> {
    match field {
        "types" => list(
            schema
                .types()
                .iter()
                .map(|def| Meta::Type(TypeRef::named(&def.name))),
        ),
        "queryType" => Resolved::Object(Meta::Type(TypeRef::named(QUERY))),
        "mutationType" if schema.has_mutations => {
            Resolved::Object(Meta::Type(TypeRef::named(MUTATION)))
        }
        "directives" => list([Meta::Directive("include"), Meta::Directive("skip")].into_iter()),
        _ => Resolved::Null,
    }
}

fn of_type(schema: &Schema, ty: &TypeRef, field: &str) -> Resolved<Meta> {
    let (wrapper, inner) = match ty {
        TypeRef::NonNull(inner) => ("NON_NULL", inner),
        TypeRef::List(inner) => ("LIST", inner),
        TypeRef::Named(name) => return of_named(schema, name, field),
    };
    match field {
        "kind" => text(wrapper),
        "ofType" => Resolved::Object(Meta::Type((**inner).clone())),
        _ => Resolved::Null,
    }
}

fn of_named(schema: &Schema, name: &str, field: &str) -> Resolved<Meta> {
    let Some(def) = schema.get(name) else {
        return Resolved::Null;
    };
    match (field, &def.kind) {
        ("name", _) => text(name),
        ("kind", TypeKind::Scalar) => text("SCALAR"),
        ("kind", TypeKind::Enum(_)) => text("ENUM"),
        ("kind", TypeKind::Object(_)) => text("OBJECT"),
        ("kind", TypeKind::Input(_)) => text("INPUT_OBJECT"),
        ("fields", TypeKind::Object(fields)) => list(fields.iter().cloned().map(Meta::Field)),
        ("interfaces", TypeKind::Object(_)) => Resolved::List(Vec::new()),
        ("enumValues", TypeKind::Enum(members)) => {
            list(members.iter().cloned().map(Meta::EnumValue))
        }
        ("inputFields", TypeKind::Input(fields)) => list(fields.iter().cloned().map(Meta::Input)),
        _ => Resolved::Null,
    }
}
