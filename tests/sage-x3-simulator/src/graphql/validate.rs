//! The rules a document must keep before it is executed; a broken one answers HTTP 400.

use std::collections::HashSet;

use super::ast::{
    Argument, Directive, Document, Field, Literal, Operation, OperationKind, Position, Selection,
    TypeRef, VariableDefinition,
};
use super::error::GraphqlError;
use super::types::{FieldDef, InputDef, MUTATION, QUERY, Schema, TypeKind};
use super::values::unknown_member;

/// All rules broken by the document, in document order.
pub(crate) fn validate(schema: &Schema, document: &Document) -> Vec<GraphqlError> {
    let mut check = Check {
        schema,
        document,
        variables: &[],
        operation: None,
        used_variables: HashSet::new(),
        used_fragments: HashSet::new(),
        spreading: Vec::new(),
        errors: Vec::new(),
    };
    check.names();
    for operation in &document.operations {
        check.operation(operation);
    }
    check.unused_fragments();
    check.errors
}

struct Check<'a> {
    schema: &'a Schema,
    document: &'a Document,
    variables: &'a [VariableDefinition],
    operation: Option<&'a str>,
    used_variables: HashSet<&'a str>,
    used_fragments: HashSet<&'a str>,
    spreading: Vec<&'a str>,
    errors: Vec<GraphqlError>,
}

impl<'a> Check<'a> {
    fn fail(&mut self, message: String, position: Position) {
        // A fragment spread twice is checked twice; its faults are told once.
        if !self
            .errors
            .iter()
            .any(|error| error.message == message && error.locations == [position])
        {
            self.errors.push(GraphqlError::at(message, position));
        }
    }

    fn names(&mut self) {
        let mut seen = HashSet::new();
        for operation in &self.document.operations {
            match &operation.name {
                Some(name) if !seen.insert(name.as_str()) => {
                    self.fail(
                        format!("There can be only one operation named \"{name}\"."),
                        operation.position,
                    );
                }
                None if self.document.operations.len() > 1 => {
                    let message =
                        "This anonymous operation must be the only defined operation.".to_owned();
                    self.fail(message, operation.position);
                }
                _ => {}
            }
        }
        let mut seen = HashSet::new();
        for fragment in &self.document.fragments {
            if !seen.insert(fragment.name.as_str()) {
                self.fail(
                    format!(
                        "There can be only one fragment named \"{}\".",
                        fragment.name
                    ),
                    fragment.position,
                );
            }
            if !self.schema.is_composite(&fragment.on) {
                self.fail(
                    format!("Unknown type \"{}\".", fragment.on),
                    fragment.position,
                );
            }
        }
    }

    fn operation(&mut self, operation: &'a Operation) {
        self.variables = &operation.variables;
        self.operation = operation.name.as_deref();
        self.used_variables.clear();
        let root = match operation.kind {
            OperationKind::Query => QUERY,
            OperationKind::Mutation if self.schema.has_mutations => MUTATION,
            OperationKind::Mutation => {
                self.fail(
                    "Schema is not configured for mutations.".to_owned(),
                    operation.position,
                );
                return;
            }
            OperationKind::Subscription => {
                self.fail(
                    "Schema is not configured for subscriptions.".to_owned(),
                    operation.position,
                );
                return;
            }
        };
        for variable in &operation.variables {
            if !self.schema.is_input(variable.ty.base()) {
                let message = if self.schema.get(variable.ty.base()).is_some() {
                    format!(
                        "Variable \"${}\" cannot be non-input type \"{}\".",
                        variable.name, variable.ty
                    )
                } else {
                    format!("Unknown type \"{}\".", variable.ty.base())
                };
                self.fail(message, variable.position);
            }
        }
        self.selection(root, &operation.selection);
        for variable in &operation.variables {
            if !self.used_variables.contains(variable.name.as_str()) {
                let operation = self
                    .operation
                    .map(|name| format!(" in operation \"{name}\""))
                    .unwrap_or_default();
                self.fail(
                    format!("Variable \"${}\" is never used{operation}.", variable.name),
                    variable.position,
                );
            }
        }
    }

    fn unused_fragments(&mut self) {
        for fragment in &self.document.fragments {
            if !self.used_fragments.contains(fragment.name.as_str()) {
                self.fail(
                    format!("Fragment \"{}\" is never used.", fragment.name),
                    fragment.position,
                );
            }
        }
    }

    fn selection(&mut self, type_name: &str, selection: &'a [Selection]) {
        self.conflicts(selection);
        for selected in selection {
            match selected {
                Selection::Field(field) => self.field(type_name, field),
                Selection::Spread {
                    name,
                    directives,
                    position,
                } => {
                    self.directives(directives);
                    self.spread(type_name, name, *position);
                }
                Selection::Inline {
                    on,
                    directives,
                    selection,
                    position,
                } => {
                    self.directives(directives);
                    let on = on.as_deref().unwrap_or(type_name);
                    if !self.schema.is_composite(on) {
                        self.fail(format!("Unknown type \"{on}\"."), *position);
                    } else if on != type_name {
                        let message = format!(
                            "Fragment cannot be spread here as objects of type \"{type_name}\" can never be of type \"{on}\"."
                        );
                        self.fail(message, *position);
                    } else {
                        self.selection(on, selection);
                    }
                }
            }
        }
    }

    fn spread(&mut self, type_name: &str, name: &'a str, position: Position) {
        let Some(fragment) = self
            .document
            .fragments
            .iter()
            .find(|fragment| fragment.name == name)
        else {
            self.fail(format!("Unknown fragment \"{name}\"."), position);
            return;
        };
        self.used_fragments.insert(name);
        if self.spreading.contains(&name) {
            self.fail(
                format!("Cannot spread fragment \"{name}\" within itself."),
                position,
            );
            return;
        }
        if fragment.on != type_name {
            let message = format!(
                "Fragment \"{name}\" cannot be spread here as objects of type \"{type_name}\" can never be of type \"{}\".",
                fragment.on
            );
            self.fail(message, position);
            return;
        }
        self.spreading.push(name);
        self.selection(type_name, &fragment.selection);
        self.spreading.pop();
    }

    fn conflicts(&mut self, selection: &'a [Selection]) {
        let mut seen: Vec<&Field> = Vec::new();
        for selected in selection {
            let Selection::Field(field) = selected else {
                continue;
            };
            match seen.iter().find(|other| other.key() == field.key()) {
                Some(other) if other.name != field.name => {
                    let message = format!(
                        "Fields \"{}\" conflict because \"{}\" and \"{}\" are different fields. Use different aliases on the fields to fetch both if this was intentional.",
                        field.key(),
                        other.name,
                        field.name
                    );
                    self.fail(message, field.position);
                }
                Some(other) if !same_arguments(&other.arguments, &field.arguments) => {
                    let message = format!(
                        "Fields \"{}\" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.",
                        field.key()
                    );
                    self.fail(message, field.position);
                }
                Some(_) => {}
                None => seen.push(field),
            }
        }
    }

    fn field(&mut self, type_name: &str, field: &'a Field) {
        self.directives(&field.directives);
        let Some(def) = self.schema.field(type_name, &field.name) else {
            let known = self
                .schema
                .fields(type_name)
                .iter()
                .map(|field| field.name.as_str());
            let hint = did_you_mean(&field.name, known);
            self.fail(
                format!(
                    "Cannot query field \"{}\" on type \"{type_name}\".{hint}",
                    field.name
                ),
                field.position,
            );
            return;
        };
        self.arguments(type_name, &def, field);
        let base = def.ty.base();
        match (self.schema.is_composite(base), field.selection.is_empty()) {
            (true, true) => self.fail(
                format!(
                    "Field \"{0}\" of type \"{1}\" must have a selection of subfields. Did you mean \"{0} {{ ... }}\"?",
                    field.name, def.ty
                ),
                field.position,
            ),
            (false, false) => self.fail(
                format!("Field \"{}\" must not have a selection since type \"{}\" has no subfields.", field.name, def.ty),
                field.position,
            ),
            (true, false) => self.selection(base, &field.selection),
            (false, true) => {}
        }
    }

    fn arguments(&mut self, type_name: &str, def: &FieldDef, field: &'a Field) {
        for argument in &field.arguments {
            match def
                .arguments
                .iter()
                .find(|known| known.name == argument.name)
            {
                Some(known) => {
                    let ty = known.ty.clone();
                    self.literal(&ty, &argument.value, argument.position);
                }
                None => {
                    let hint = did_you_mean(
                        &argument.name,
                        def.arguments.iter().map(|known| known.name.as_str()),
                    );
                    self.fail(
                        format!(
                            "Unknown argument \"{}\" on field \"{type_name}.{}\".{hint}",
                            argument.name, field.name
                        ),
                        argument.position,
                    );
                }
            }
        }
        for known in &def.arguments {
            if known.ty.is_non_null()
                && !field
                    .arguments
                    .iter()
                    .any(|argument| argument.name == known.name)
            {
                self.fail(
                    format!(
                        "Field \"{}\" argument \"{}\" of type \"{}\" is required, but it was not provided.",
                        field.name, known.name, known.ty
                    ),
                    field.position,
                );
            }
        }
    }

    fn directives(&mut self, directives: &'a [Directive]) {
        for directive in directives {
            if !matches!(directive.name.as_str(), "skip" | "include") {
                self.fail(
                    format!("Unknown directive \"@{}\".", directive.name),
                    directive.position,
                );
                continue;
            }
            let condition = directive
                .arguments
                .iter()
                .find(|argument| argument.name == "if");
            match condition {
                Some(condition) => {
                    self.literal(&TypeRef::named("Boolean").non_null(), &condition.value, condition.position);
                }
                None => self.fail(
                    format!(
                        "Directive \"@{}\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.",
                        directive.name
                    ),
                    directive.position,
                ),
            }
        }
    }

    fn literal(&mut self, ty: &TypeRef, literal: &'a Literal, position: Position) {
        if let Literal::Variable(name) = literal {
            self.variable(ty, name, position);
            return;
        }
        match ty {
            TypeRef::NonNull(inner) if literal != &Literal::Null => {
                self.literal(inner, literal, position)
            }
            TypeRef::List(inner) => match literal {
                Literal::List(items) => items
                    .iter()
                    .for_each(|item| self.literal(inner, item, position)),
                Literal::Null => {}
                single => self.literal(inner, single, position),
            },
            TypeRef::Named(name) => match (self.schema.get(name).map(|def| &def.kind), literal) {
                (Some(TypeKind::Input(fields)), Literal::Object(members)) => {
                    let fields = fields.clone();
                    self.input_object(name, &fields, members, position);
                }
                _ => self.plain_literal(ty, literal, position),
            },
            TypeRef::NonNull(_) => self.plain_literal(ty, literal, position),
        }
    }

    fn input_object(
        &mut self,
        name: &str,
        fields: &[InputDef],
        members: &'a [(String, Literal)],
        position: Position,
    ) {
        for (member, value) in members {
            match fields.iter().find(|field| &field.name == member) {
                Some(field) => self.literal(&field.ty, value, position),
                None => self.fail(unknown_member(fields, name, member), position),
            }
        }
        for field in fields {
            if field.ty.is_non_null() && !members.iter().any(|(member, _)| member == &field.name) {
                let message = format!(
                    "Field \"{name}.{}\" of required type \"{}\" was not provided.",
                    field.name, field.ty
                );
                self.fail(message, position);
            }
        }
    }

    fn plain_literal(&mut self, ty: &TypeRef, literal: &Literal, position: Position) {
        if let Err(problem) = super::values::literal_to_json(self.schema, ty, literal, &[]) {
            self.fail(problem, position);
        }
    }

    fn variable(&mut self, ty: &TypeRef, name: &'a str, position: Position) {
        self.used_variables.insert(name);
        let Some(definition) = self.variables.iter().find(|variable| variable.name == name) else {
            let operation = self
                .operation
                .map(|name| format!(" by operation \"{name}\""))
                .unwrap_or_default();
            self.fail(
                format!("Variable \"${name}\" is not defined{operation}."),
                position,
            );
            return;
        };
        let filled = definition.default.is_some() && !definition.ty.is_non_null();
        let effective = if filled {
            definition.ty.clone().non_null()
        } else {
            definition.ty.clone()
        };
        if !fits(&effective, ty) {
            self.fail(
                format!(
                    "Variable \"${name}\" of type \"{}\" used in position expecting type \"{ty}\".",
                    definition.ty
                ),
                position,
            );
        }
    }
}

fn same_arguments(left: &[Argument], right: &[Argument]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|a| right.iter().any(|b| a.name == b.name && a.value == b.value))
}

/// Whether a value of one type may stand where the other is expected.
fn fits(given: &TypeRef, wanted: &TypeRef) -> bool {
    match (given, wanted) {
        (TypeRef::NonNull(given), TypeRef::NonNull(wanted)) => fits(given, wanted),
        (_, TypeRef::NonNull(_)) => false,
        (TypeRef::NonNull(given), wanted) => fits(given, wanted),
        (TypeRef::List(given), TypeRef::List(wanted)) => fits(given, wanted),
        (TypeRef::Named(given), TypeRef::Named(wanted)) => given == wanted,
        _ => false,
    }
}

/// The closing hint of a "no such name" message, empty when nothing is close.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let threshold = wrong.len() * 2 / 5 + 1;
    let mut close: Vec<(usize, &str)> = known
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= threshold)
        .collect();
    close.sort();
    close.truncate(5);
    let quoted: Vec<String> = close
        .iter()
        .map(|(_, name)| format!("\"{name}\""))
        .collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => format!(" Did you mean {one}?"),
        [one, two] => format!(" Did you mean {one} or {two}?"),
        [many @ .., last] => format!(" Did you mean {}, or {last}?", many.join(", ")),
    }
}

/// Edit distance without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substitution = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
