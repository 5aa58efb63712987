//! Execution of a validated document.

use crate::json::Json;

use super::ast::{Directive, Document, Field, Operation, OperationKind, Selection, TypeRef};
use super::error::{GraphqlError, PathStep};
use super::introspection::{self, Meta};
use super::types::{FieldDef, MUTATION, QUERY, Schema};
use super::values::{Arguments, coerce_variables, literal_to_json};

/// What gives fields their values.
pub(crate) trait Resolver {
    /// What a field of an object type resolves to.
    type Object;

    /// The value of one field. Errors get their place and path from the caller.
    fn resolve(
        &mut self,
        object: &Self::Object,
        field: &str,
        arguments: &Arguments,
        path: &[PathStep],
    ) -> Result<Resolved<Self::Object>, GraphqlError>;
}

pub(crate) enum Resolved<O> {
    Null,
    Leaf(Json),
    Object(O),
    List(Vec<Self>),
    /// A value beside which errors are reported all the same.
    Reported(Box<Self>, Vec<GraphqlError>),
}

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing was executed: the request is at fault.
    Refused(Vec<GraphqlError>),
    Executed {
        data: Json,
        errors: Vec<GraphqlError>,
    },
}

/// The operation a request means.
pub(crate) fn choose_operation<'a>(
    document: &'a Document,
    name: Option<&str>,
) -> Result<&'a Operation, GraphqlError> {
    match name {
        Some(name) => document
            .operations
            .iter()
            .find(|operation| operation.name.as_deref() == Some(name))
            .ok_or_else(|| GraphqlError::new(format!("Unknown operation named \"{name}\"."))),
        None => match document.operations.as_slice() {
            [] => Err(GraphqlError::new("Must provide an operation.")),
            [one] => Ok(one),
            _ => Err(GraphqlError::new(
                "Must provide operation name if query contains multiple operations.",
            )),
        },
    }
}

/// Runs one operation to its end; mutations run their fields one after the other.
pub(crate) fn execute<R: Resolver>(
    schema: &Schema,
    document: &Document,
    operation: &Operation,
    variables: &Json,
    root: R::Object,
    resolver: &mut R,
) -> Outcome {
    let variables = match coerce_variables(schema, operation, variables) {
        Ok(variables) => variables,
        Err(errors) => return Outcome::Refused(errors),
    };
    let root_type = if operation.kind == OperationKind::Mutation {
        MUTATION
    } else {
        QUERY
    };
    let mut run = Run {
        schema,
        document,
        variables,
        resolver,
        errors: Vec::new(),
        path: Vec::new(),
    };
    let data = run.object(root_type, &Value::Domain(root), &[&operation.selection]);
    Outcome::Executed {
        data,
        errors: run.errors,
    }
}

enum Value<O> {
    Domain(O),
    Meta(Meta),
}

struct Run<'a, R: Resolver> {
    schema: &'a Schema,
    document: &'a Document,
    variables: Vec<(String, Json)>,
    resolver: &'a mut R,
    errors: Vec<GraphqlError>,
    path: Vec<PathStep>,
}

impl<'a, R: Resolver> Run<'a, R> {
    fn object(
        &mut self,
        type_name: &str,
        object: &Value<R::Object>,
        selections: &[&'a [Selection]],
    ) -> Json {
        let mut groups: Vec<(&'a str, Vec<&'a Field>)> = Vec::new();
        for selection in selections {
            self.collect(selection, &mut groups);
        }
        let mut members = Vec::with_capacity(groups.len());
        for (key, fields) in groups {
            self.path.push(PathStep::Key(key.to_owned()));
            let value = self.field(type_name, object, &fields);
            self.path.pop();
            members.push((key.to_owned(), value));
        }
        Json::Object(members)
    }

    fn collect(&self, selection: &'a [Selection], groups: &mut Vec<(&'a str, Vec<&'a Field>)>) {
        for selected in selection {
            match selected {
                Selection::Field(field) if self.included(&field.directives) => {
                    match groups.iter_mut().find(|(key, _)| *key == field.key()) {
                        Some((_, fields)) => fields.push(field),
                        None => groups.push((field.key(), vec![field])),
                    }
                }
                Selection::Spread {
                    name, directives, ..
                } if self.included(directives) => {
                    if let Some(fragment) = self
                        .document
                        .fragments
                        .iter()
                        .find(|fragment| &fragment.name == name)
                    {
                        self.collect(&fragment.selection, groups);
                    }
                }
                Selection::Inline {
                    directives,
                    selection,
                    ..
                } if self.included(directives) => {
                    self.collect(selection, groups);
                }
                _ => {}
            }
        }
    }

    fn included(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive
                .arguments
                .iter()
                .find(|argument| argument.name == "if")
                .map(|argument| {
                    let boolean = TypeRef::named("Boolean");
                    literal_to_json(self.schema, &boolean, &argument.value, &self.variables)
                });
            let holds = matches!(condition, Some(Ok(Some(Json::Bool(true)))));
            if directive.name == "skip" {
                !holds
            } else {
                holds
            }
        })
    }

    fn field(&mut self, type_name: &str, object: &Value<R::Object>, fields: &[&'a Field]) -> Json {
        let Some(first) = fields.first() else {
            return Json::Null;
        };
        if first.name == "__typename" {
            return Json::text(type_name);
        }
        let Some(def) = self.schema.field(type_name, &first.name) else {
            return Json::Null;
        };
        let resolved = self
            .arguments(&def, first)
            .and_then(|arguments| self.resolve(object, &first.name, &arguments));
        match resolved {
            Ok(resolved) => self.complete(&def, resolved, fields),
            Err(error) => {
                self.report(error, first);
                Json::Null
            }
        }
    }

    fn report(&mut self, mut error: GraphqlError, field: &Field) {
        error.locations = vec![field.position];
        error.path.clone_from(&self.path);
        self.errors.push(error);
    }

    fn arguments(&self, def: &FieldDef, field: &Field) -> Result<Arguments, GraphqlError> {
        let mut out = Vec::new();
        for known in &def.arguments {
            let Some(given) = field
                .arguments
                .iter()
                .find(|argument| argument.name == known.name)
            else {
                continue;
            };
            let value = literal_to_json(self.schema, &known.ty, &given.value, &self.variables)
                .map_err(|problem| GraphqlError::at(problem, given.position))?;
            match value {
                Some(value) if !(value.is_null() && known.ty.is_non_null()) => {
                    out.push((known.name.clone(), value))
                }
                _ if known.ty.is_non_null() => {
                    return Err(GraphqlError::new(format!(
                        "Argument \"{}\" of non-null type \"{}\" must not be null.",
                        known.name, known.ty
                    )));
                }
                _ => {}
            }
        }
        Ok(Arguments(out))
    }

    fn resolve(
        &mut self,
        object: &Value<R::Object>,
        field: &str,
        arguments: &Arguments,
    ) -> Result<Resolved<Value<R::Object>>, GraphqlError> {
        match (object, field) {
            (Value::Domain(_), "__schema") => Ok(Resolved::Object(Value::Meta(Meta::Schema))),
            (Value::Domain(_), "__type") => {
                let name = arguments.text("name").unwrap_or_default();
                Ok(introspection::named_type(self.schema, name)
                    .map_or(Resolved::Null, |ty| Resolved::Object(Value::Meta(ty))))
            }
            (Value::Domain(object), _) => self
                .resolver
                .resolve(object, field, arguments, &self.path)
                .map(|resolved| map(resolved, &Value::Domain)),
            (Value::Meta(meta), _) => Ok(map(
                introspection::resolve(self.schema, meta, field),
                &Value::Meta,
            )),
        }
    }

    fn complete(
        &mut self,
        def: &FieldDef,
        resolved: Resolved<Value<R::Object>>,
        fields: &[&'a Field],
    ) -> Json {
        match resolved {
            Resolved::Null => Json::Null,
            Resolved::Leaf(value) => value,
            Resolved::Object(object) => {
                let selections: Vec<&'a [Selection]> = fields
                    .iter()
                    .map(|field| field.selection.as_slice())
                    .collect();
                self.object(def.ty.base(), &object, &selections)
            }
            Resolved::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(PathStep::Index(index));
                    out.push(self.complete(def, item, fields));
                    self.path.pop();
                }
                Json::Array(out)
            }
            Resolved::Reported(value, errors) => {
                if let Some(first) = fields.first() {
                    for error in errors {
                        self.report(error, first);
                    }
                }
                self.complete(def, *value, fields)
            }
        }
    }
}

fn map<A, B>(resolved: Resolved<A>, wrap: &impl Fn(A) -> B) -> Resolved<B> {
    match resolved {
        Resolved::Null => Resolved::Null,
        Resolved::Leaf(value) => Resolved::Leaf(value),
        Resolved::Object(object) => Resolved::Object(wrap(object)),
        Resolved::List(items) => {
            Resolved::List(items.into_iter().map(|item| map(item, wrap)).collect())
        }
        Resolved::Reported(value, errors) => {
            Resolved::Reported(Box::new(map(*value, wrap)), errors)
        }
    }
}
