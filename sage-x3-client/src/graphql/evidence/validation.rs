//! GraphQL's own rules for documents, as far as this crate's documents go: fields, arguments, variables and fragments. What
//! `graphql_client` checks when it generates code leaves arguments out.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::{
    query::{
        Definition, Directive, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
        TypeCondition, Value, VariableDefinition, parse_query,
    },
    schema::{self, Field, Type, TypeDefinition, parse_schema},
};

/// What documents are checked against: the members of each type that has any, and the types of variables.
pub(super) struct Schema<'a> {
    objects: BTreeMap<&'a str, BTreeMap<&'a str, Field<'a, &'a str>>>,
    inputs: BTreeSet<&'a str>,
}

impl<'a> Schema<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (mut objects, mut inputs) = (BTreeMap::new(), BTreeSet::new());
        for definition in parse_schema::<&str>(text).unwrap().definitions {
            match definition {
                schema::Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    let fields = object.fields.into_iter().map(|field| (field.name, field));
                    objects.insert(object.name, fields.collect());
                }
                schema::Definition::TypeDefinition(TypeDefinition::InputObject(input)) => {
                    inputs.insert(input.name);
                }
                schema::Definition::TypeDefinition(TypeDefinition::Scalar(scalar)) => {
                    inputs.insert(scalar.name);
                }
                _ => {}
            }
        }
        inputs.extend(["Int", "Float", "String", "Boolean", "ID"]);
        Self { objects, inputs }
    }

    /// What is wrong with a document, nothing if it is valid.
    pub(super) fn faults(&self, document: &str) -> Vec<String> {
        let document = match parse_query::<&str>(document) {
            Ok(document) => document,
            Err(error) => return vec![error.to_string()],
        };
        let mut check = Check {
            schema: self,
            fragments: BTreeMap::new(),
            variables: BTreeMap::new(),
            used: BTreeSet::new(),
            faults: Vec::new(),
        };
        let mut operations = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::Fragment(fragment) => {
                    check.fragments.insert(fragment.name, fragment);
                }
                Definition::Operation(operation) => operations.push(operation),
            }
        }
        for operation in operations {
            check.operation(operation);
        }
        for fragment in check.fragments.keys() {
            if !check.used.contains(*fragment) {
                check
                    .faults
                    .push(format!("fragment {fragment} is not used"));
            }
        }
        check.faults
    }
}

struct Check<'a, 's> {
    schema: &'a Schema<'s>,
    fragments: BTreeMap<&'a str, &'a FragmentDefinition<'a, &'a str>>,
    /// Variables of the operation, and whether they are used.
    variables: BTreeMap<&'a str, (&'a Type<'a, &'a str>, bool)>,
    used: BTreeSet<&'a str>,
    faults: Vec<String>,
}

impl<'a> Check<'a, '_> {
    fn operation(&mut self, operation: &'a OperationDefinition<'a, &'a str>) {
        let (root, variables, selection) = match operation {
            OperationDefinition::SelectionSet(selection) => ("Query", [].as_slice(), selection),
            OperationDefinition::Query(query) => (
                "Query",
                query.variable_definitions.as_slice(),
                &query.selection_set,
            ),
            OperationDefinition::Mutation(mutation) => (
                "Mutation",
                mutation.variable_definitions.as_slice(),
                &mutation.selection_set,
            ),
            OperationDefinition::Subscription(_) => {
                self.faults.push("X3 has no subscriptions".to_owned());
                return;
            }
        };
        self.declare(variables);
        self.selection(root, selection);
        for (name, (_, used)) in std::mem::take(&mut self.variables) {
            if !used {
                self.faults.push(format!("${name} is not used"));
            }
        }
    }

    fn declare(&mut self, variables: &'a [VariableDefinition<'a, &'a str>]) {
        for variable in variables {
            let kind = inner(&variable.var_type);
            if !self.schema.inputs.contains(kind) {
                self.faults.push(format!("{kind} is no type of a variable"));
            }
            self.variables
                .insert(variable.name, (&variable.var_type, false));
        }
    }

    fn selection(&mut self, kind: &str, selection: &'a SelectionSet<'a, &'a str>) {
        for item in &selection.items {
            match item {
                Selection::Field(field) => {
                    self.directives(&field.directives);
                    let schema = self.schema;
                    let Some(known) = schema
                        .objects
                        .get(kind)
                        .and_then(|kind| kind.get(field.name))
                    else {
                        self.faults.push(format!("{kind} has no {}", field.name));
                        continue;
                    };
                    self.arguments(kind, known, &field.arguments);
                    let below = inner(&known.field_type);
                    let selects = !field.selection_set.items.is_empty();
                    if schema.objects.contains_key(below) != selects {
                        self.faults.push(format!(
                            "{kind}.{}: {below} with a selection or without",
                            field.name
                        ));
                    } else if selects {
                        self.selection(below, &field.selection_set);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    let Some(fragment) = self.fragments.get(spread.fragment_name).copied() else {
                        self.faults
                            .push(format!("no fragment {}", spread.fragment_name));
                        continue;
                    };
                    self.used.insert(fragment.name);
                    let TypeCondition::On(on) = fragment.type_condition;
                    if on != kind {
                        self.faults.push(format!(
                            "fragment {} is on {on}, not on {kind}",
                            fragment.name
                        ));
                    }
                    self.selection(kind, &fragment.selection_set);
                }
                Selection::InlineFragment(_) => {
                    self.faults.push("an inline fragment".to_owned());
                }
            }
        }
    }

    fn arguments<'f>(
        &mut self,
        kind: &str,
        field: &Field<'f, &'f str>,
        given: &'a [(&'a str, Value<'a, &'a str>)],
    ) {
        for argument in &field.arguments {
            let required = matches!(argument.value_type, Type::NonNullType(_));
            let value = given.iter().find(|(name, _)| *name == argument.name);
            match value {
                None if required => {
                    self.faults
                        .push(format!("{kind}.{} needs {}", field.name, argument.name));
                }
                None => {}
                Some((_, Value::Variable(name))) => {
                    self.variable(name, &argument.value_type.to_string());
                }
                Some((_, Value::Int(_))) if inner(&argument.value_type) == "Int" => {}
                Some((_, other)) => {
                    self.faults.push(format!(
                        "{kind}.{}: {other} for {}",
                        field.name, argument.value_type
                    ));
                }
            }
        }
        for (name, _) in given {
            if field.arguments.iter().all(|known| known.name != *name) {
                self.faults
                    .push(format!("{kind}.{} takes no {name}", field.name));
            }
        }
    }

    /// Only `@include(if: $variable)` is in use.
    fn directives(&mut self, directives: &'a [Directive<'a, &'a str>]) {
        for directive in directives {
            match directive.arguments.as_slice() {
                [("if", Value::Variable(name))] if directive.name == "include" => {
                    self.variable(name, "Boolean!");
                }
                _ => self.faults.push(format!("directive {}", directive.name)),
            }
        }
    }

    /// A variable may be stricter than the place where it stands.
    fn variable(&mut self, name: &str, place: &str) {
        match self.variables.get_mut(name) {
            None => self.faults.push(format!("${name} is not declared")),
            Some((kind, used)) => {
                *used = true;
                let kind = kind.to_string();
                if kind != place && kind.strip_suffix('!') != Some(place) {
                    self.faults.push(format!("${name}: {kind} for {place}"));
                }
            }
        }
    }
}

fn inner<'a>(kind: &Type<'a, &'a str>) -> &'a str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(kind) | Type::NonNullType(kind) => inner(kind),
    }
}

#[test]
fn each_rule_is_kept() {
    let schema = Schema::parse(
        "type Query { a(id: Id!, first: Int): A } type A { b: Int c: A } input I { d: Int } scalar Id",
    );
    for (document, fault) in [
        (
            "query Q($i: Id!) { a(id: $i, first: 5) { b c { ...F } } } fragment F on A { b }",
            None,
        ),
        ("{ a(id: $i) { b } }", Some("$i is not declared")),
        (
            "query Q($i: Id) { a(id: $i) { b } }",
            Some("$i: Id for Id!"),
        ),
        (
            "query Q($i: Id!, $n: Int) { a(id: $i) { b } }",
            Some("$n is not used"),
        ),
        (
            "query Q($i: Id!) { a(id: $i, last: 1) { b } }",
            Some("Query.a takes no last"),
        ),
        ("query Q($i: Id!) { a(id: $i) { d } }", Some("A has no d")),
        (
            "query Q($i: Id!) { a(id: $i) { b { b } } }",
            Some("A.b: Int with a selection or without"),
        ),
        (
            "query Q($i: Id!) { a(id: $i) { c } }",
            Some("A.c: A with a selection or without"),
        ),
        ("{ a { b } }", Some("Query.a needs id")),
        (
            "query Q($i: Id!) { a(id: $i) { ...F } } fragment F on I { b }",
            Some("fragment F is on I, not on A"),
        ),
        (
            "query Q($i: Id!) { a(id: $i) { b } } fragment F on A { b }",
            Some("fragment F is not used"),
        ),
        (
            "query Q($i: Id!) { a(id: $i) { b @include(if: $i) } }",
            Some("$i: Id! for Boolean!"),
        ),
        (
            "mutation M($i: X!) { a(id: $i) { b } }",
            Some("X is no type of a variable"),
        ),
    ] {
        let found = schema.faults(document);
        assert_eq!(found.first().map(String::as_str), fault, "{document}");
    }
}
