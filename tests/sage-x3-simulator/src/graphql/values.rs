//! Coercion of literals and variables to the types they are used at.

use crate::json::Json;

use super::ast::{Literal, Operation, TypeRef};
use super::error::GraphqlError;
use super::types::{InputDef, Schema, TypeKind};

/// The arguments of one field after coercion; an argument that was not given is absent.
#[derive(Debug, Default)]
pub(crate) struct Arguments(pub(crate) Vec<(String, Json)>);

impl Arguments {
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value)
    }

    /// A text argument; null counts as not given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::as_str)
    }
}

/// The variables of a request, coerced to the operation's definitions.
pub(crate) fn coerce_variables(
    schema: &Schema,
    operation: &Operation,
    given: &Json,
) -> Result<Vec<(String, Json)>, Vec<GraphqlError>> {
    let mut out = Vec::new();
    let mut errors = Vec::new();
    for definition in &operation.variables {
        let name = &definition.name;
        match given.get(name) {
            None => match &definition.default {
                Some(default) => match literal_to_json(schema, &definition.ty, default, &[]) {
                    Ok(Some(value)) => out.push((name.clone(), value)),
                    Ok(None) => {}
                    Err(problem) => errors.push(GraphqlError::at(problem, definition.position)),
                },
                None if definition.ty.is_non_null() => errors.push(GraphqlError::at(
                    format!(
                        "Variable \"${name}\" of required type \"{}\" was not provided.",
                        definition.ty
                    ),
                    definition.position,
                )),
                None => {}
            },
            Some(Json::Null) if definition.ty.is_non_null() => errors.push(GraphqlError::at(
                format!(
                    "Variable \"${name}\" of non-null type \"{}\" must not be null.",
                    definition.ty
                ),
                definition.position,
            )),
            Some(value) => {
                match json_to_type(schema, &definition.ty, value, &mut vec![name.clone()]) {
                    Ok(value) => out.push((name.clone(), value)),
                    Err(bad) => {
                        errors.push(GraphqlError::at(bad.describe(name), definition.position))
                    }
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(out)
    } else {
        Err(errors)
    }
}

/// A variable's value, or a part of it, that its type does not take.
pub(crate) struct BadValue {
    value: Json,
    path: Vec<String>,
    problem: String,
}

impl BadValue {
    fn describe(&self, variable: &str) -> String {
        let value = self.value.print();
        if self.path.len() < 2 {
            return format!(
                "Variable \"${variable}\" got invalid value {value}; {}",
                self.problem
            );
        }
        format!(
            "Variable \"${variable}\" got invalid value {value} at \"{}\"; {}",
            self.path.join("."),
            self.problem
        )
    }
}

fn json_to_type(
    schema: &Schema,
    ty: &TypeRef,
    value: &Json,
    path: &mut Vec<String>,
) -> Result<Json, BadValue> {
    let bad = |problem: String, path: &[String]| BadValue {
        value: value.clone(),
        path: path.to_vec(),
        problem,
    };
    match ty {
        TypeRef::NonNull(inner) => {
            if value.is_null() {
                return Err(bad(
                    format!("Expected non-nullable type \"{ty}\" not to be null."),
                    path,
                ));
            }
            json_to_type(schema, inner, value, path)
        }
        _ if value.is_null() => Ok(Json::Null),
        TypeRef::List(inner) => match value {
            Json::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    out.push(json_to_type(schema, inner, item, path)?);
                    path.pop();
                }
                Ok(Json::Array(out))
            }
            // One value stands for a list of one, as the specification has it.
            single => Ok(Json::Array(vec![json_to_type(
                schema, inner, single, path,
            )?])),
        },
        TypeRef::Named(name) => match schema.get(name).map(|def| &def.kind) {
            Some(TypeKind::Input(fields)) => {
                let Json::Object(members) = value else {
                    return Err(bad(
                        format!("Expected type \"{name}\" to be an object."),
                        path,
                    ));
                };
                if let Some((unknown, _)) = members.iter().find(|(member, _)| !has(fields, member))
                {
                    return Err(bad(unknown_member(fields, name, unknown), path));
                }
                let mut out = Vec::with_capacity(members.len());
                for field in fields {
                    match value.get(&field.name) {
                        Some(member) => {
                            path.push(field.name.clone());
                            out.push((
                                field.name.clone(),
                                json_to_type(schema, &field.ty, member, path)?,
                            ));
                            path.pop();
                        }
                        None if field.ty.is_non_null() => {
                            return Err(bad(
                                format!(
                                    "Field \"{}\" of required type \"{}\" was not provided.",
                                    field.name, field.ty
                                ),
                                path,
                            ));
                        }
                        None => {}
                    }
                }
                Ok(Json::Object(out))
            }
            Some(TypeKind::Enum(members)) => match value {
                Json::Text(text) if members.contains(text) => Ok(value.clone()),
                Json::Text(text) => Err(bad(
                    format!("Value \"{text}\" does not exist in \"{name}\" enum."),
                    path,
                )),
                other => Err(bad(
                    format!(
                        "Enum \"{name}\" cannot represent non-string value: {}.",
                        other.print()
                    ),
                    path,
                )),
            },
            Some(TypeKind::Scalar) => scalar(name, value).map_err(|problem| bad(problem, path)),
            _ => Err(bad(format!("Unknown type \"{name}\"."), path)),
        },
    }
}

fn has(fields: &[InputDef], name: &str) -> bool {
    fields.iter().any(|field| field.name == name)
}

pub(crate) fn unknown_member(fields: &[InputDef], type_name: &str, member: &str) -> String {
    let hint =
        super::validate::did_you_mean(member, fields.iter().map(|field| field.name.as_str()));
    format!("Field \"{member}\" is not defined by type \"{type_name}\".{hint}")
}

/// A literal at a type, variables filled in; `None` when it is a variable that was not given.
pub(crate) fn literal_to_json(
    schema: &Schema,
    ty: &TypeRef,
    literal: &Literal,
    variables: &[(String, Json)],
) -> Result<Option<Json>, String> {
    if let Literal::Variable(name) = literal {
        return Ok(variables
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.clone()));
    }
    match ty {
        TypeRef::NonNull(inner) => {
            if literal == &Literal::Null {
                return Err(format!("Expected value of type \"{ty}\", found null."));
            }
            literal_to_json(schema, inner, literal, variables)
        }
        _ if literal == &Literal::Null => Ok(Some(Json::Null)),
        TypeRef::List(inner) => {
            let single = [literal.clone()];
            let items = if let Literal::List(items) = literal {
                items.as_slice()
            } else {
                &single
            };
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                out.push(literal_to_json(schema, inner, item, variables)?.unwrap_or(Json::Null));
            }
            Ok(Some(Json::Array(out)))
        }
        TypeRef::Named(name) => named_literal(schema, name, literal, variables).map(Some),
    }
}

fn named_literal(
    schema: &Schema,
    name: &str,
    literal: &Literal,
    variables: &[(String, Json)],
) -> Result<Json, String> {
    match schema.get(name).map(|def| &def.kind) {
        Some(TypeKind::Input(fields)) => {
            let Literal::Object(members) = literal else {
                return Err(format!(
                    "Expected value of type \"{name}\", found {literal}."
                ));
            };
            if let Some((unknown, _)) = members.iter().find(|(member, _)| !has(fields, member)) {
                return Err(unknown_member(fields, name, unknown));
            }
            let mut out = Vec::new();
            for field in fields {
                let given = members.iter().find(|(member, _)| member == &field.name);
                let value = match given {
                    Some((_, value)) => literal_to_json(schema, &field.ty, value, variables)?,
                    None => None,
                };
                match value {
                    Some(value) => out.push((field.name.clone(), value)),
                    None if field.ty.is_non_null() => {
                        return Err(format!(
                            "Field \"{name}.{}\" of required type \"{}\" was not provided.",
                            field.name, field.ty
                        ));
                    }
                    None => {}
                }
            }
            Ok(Json::Object(out))
        }
        Some(TypeKind::Enum(members)) => match literal {
            Literal::Enum(member) if members.contains(member) => Ok(Json::text(member)),
            Literal::Enum(member) => Err(format!(
                "Value \"{member}\" does not exist in \"{name}\" enum."
            )),
            other => Err(format!(
                "Enum \"{name}\" cannot represent non-enum value: {other}."
            )),
        },
        Some(TypeKind::Scalar) => match literal {
            Literal::Int(text) | Literal::Float(text) => scalar(name, &Json::Number(text.clone())),
            Literal::Text(text) => scalar(name, &Json::text(text)),
            Literal::Bool(value) => scalar(name, &Json::Bool(*value)),
            other => Err(format!("{name} cannot represent value: {other}")),
        },
        _ => Err(format!("Unknown type \"{name}\".")),
    }
}

fn scalar(name: &str, value: &Json) -> Result<Json, String> {
    let shown = value.print();
    match (name, value) {
        ("String" | "Date" | "Datetime", Json::Text(_)) => Ok(value.clone()),
        ("String", _) => Err(format!(
            "String cannot represent a non string value: {shown}"
        )),
        ("Date" | "Datetime", _) => Err(format!("{name} cannot represent value: {shown}")),
        ("Boolean", Json::Bool(_)) => Ok(value.clone()),
        ("Boolean", _) => Err(format!(
            "Boolean cannot represent a non boolean value: {shown}"
        )),
        ("Int", Json::Number(text)) => match text.strip_suffix(".0").unwrap_or(text).parse::<i32>()
        {
            Ok(number) => Ok(Json::int(number)),
            Err(_) if text.contains(['.', 'e', 'E']) => {
                Err(format!("Int cannot represent non-integer value: {shown}"))
            }
            Err(_) => Err(format!(
                "Int cannot represent non 32-bit signed integer value: {shown}"
            )),
        },
        ("Int", _) => Err(format!("Int cannot represent non-integer value: {shown}")),
        ("Id" | "ID" | "ExternalReference", Json::Text(_)) => Ok(value.clone()),
        ("Id" | "ID" | "ExternalReference", Json::Number(text)) if text.parse::<i64>().is_ok() => {
            Ok(Json::text(text))
        }
        ("Decimal" | "Float", Json::Number(_)) => Ok(value.clone()),
        ("Decimal", Json::Text(text)) if is_decimal(text) => Ok(value.clone()),
        _ => Err(format!("{name} cannot represent value: {shown}")),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}
