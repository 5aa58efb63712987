//! The GraphQL schema a model makes.
//!
//! Type names beyond the published evidence: `<Package>_Queries`, `<Package>_Mutations`, `<Node>_Queries`,
//! `<Node>_Mutations`, `<Node>_Connection`, `<Node>_Edge`, `_InputTextStream`, `SysUser.code`.

use crate::activation::{Activation, Operation, OperationState};
use crate::graphql::ast::TypeRef;
use crate::graphql::types::{FieldDef, InputDef, MUTATION, QUERY, Schema, TypeKind};
use crate::model::{Kind, Menu, Model, Node, Part, Property};
use crate::settings::{Generation, Settings, capitalised};
use crate::write::input;

/// What a reader of the printed schema must know.
pub(crate) const HEADING: &str = "\
Printed by `sage-x3-simulator --print-schema`: what it serves with default settings.
`assumed` marks output properties beyond the published evidence. Names of types that are not nodes are assumed too.

Inputs: Sage publishes that customers and sales orders are writable, not the members of their inputs, so all of them are
assumed; they carry the names of the output. One input type serves create and update. Of the customer's:
- code: upper-cased; left out in a create when the category has a sequence counter.
- _id (or code) says which customer an update means; _etag is compared when given.
- country, language, europeanUnionVatNumber and the names go to the business partner.
- Absent members stay, null clears; Decimal takes a string or a number.
- addresses, salesOrderLines: in an update every row carries _action (create, update or delete) and its code, number or _id.
- addressLines, addressPhoneNumbers, addressEmails: rows with a denormalizedIndex (1-based; left out, the place in the
  list counts), as the published client typings have it for other nodes. An update changes only the slots it names.";

/// Builds the schema of a site.
pub(crate) fn build(model: &Model, activation: &Activation, settings: &Settings) -> Schema {
    let mut schema = Schema::new();
    for scalar in ["Id", "Decimal", "Date", "Datetime", "ExternalReference"] {
        schema.add(scalar, TypeKind::Scalar);
    }
    add_shared_types(&mut schema);
    let builder = Builder {
        model,
        activation,
        settings,
    };
    for node in model.nodes() {
        builder.add_node(node, &mut schema);
    }
    builder.add_roots(&mut schema);
    schema
}

fn add_shared_types(schema: &mut Schema) {
    let text = |name: &str| FieldDef::new(name, TypeRef::named("String"));
    let flag = |name: &str| FieldDef::new(name, TypeRef::named("Boolean").non_null());
    schema.add(
        "PageInfo",
        TypeKind::Object(vec![
            text("startCursor"),
            text("endCursor"),
            flag("hasNextPage"),
            flag("hasPreviousPage"),
        ]),
    );
    schema.add("_OutputTextStream", TypeKind::Object(vec![text("value")]));
    schema.add(
        "_OutputAccessBinding",
        TypeKind::Object(vec![text("name"), text("status")]),
    );
    schema.add(
        "_InputTextStream",
        TypeKind::Input(vec![InputDef::new("value", TypeRef::named("String"))]),
    );
    let id = FieldDef::new("_id", TypeRef::named("Id").non_null());
    schema.add(
        "SysUser",
        TypeKind::Object(vec![id, text("code").remarked("assumed")]),
    );
}

/// The arguments of every `query`.
fn with_page_arguments(field: FieldDef) -> FieldDef {
    let text = || TypeRef::named("String");
    let int = || TypeRef::named("Int");
    field
        .argument("filter", text())
        .argument("orderBy", text())
        .argument("first", int())
        .argument("after", text())
        .argument("last", int())
        .argument("before", text())
}

struct Builder<'a> {
    model: &'a Model,
    activation: &'a Activation,
    settings: &'a Settings,
}

impl Builder<'_> {
    fn readable(&self, node: &str) -> bool {
        self.activation.state(node, Operation::Read) != OperationState::Absent
    }

    fn add_node(&self, node: &Node, schema: &mut Schema) {
        let name = node.type_name;
        let connection = TypeRef::named(format!("{name}_Connection"));
        let fields = self.output_fields(node, schema);
        schema.add(name, TypeKind::Object(fields));
        schema.add(
            &format!("{name}_Edge"),
            TypeKind::Object(vec![
                FieldDef::new("cursor", TypeRef::named("String").non_null()),
                FieldDef::new("node", TypeRef::named(name)),
            ]),
        );
        schema.add(
            &format!("{name}_Connection"),
            TypeKind::Object(vec![
                FieldDef::new("totalCount", TypeRef::named("Int")),
                FieldDef::new("edges", TypeRef::named(format!("{name}_Edge")).list()),
                FieldDef::new("pageInfo", TypeRef::named("PageInfo").non_null()),
            ]),
        );
        let query = with_page_arguments(FieldDef::new("query", connection));
        schema.add(
            &format!("{name}_Collection"),
            TypeKind::Object(vec![query.clone()]),
        );
        if node.published {
            let id = if self.settings.read_takes_string {
                "String"
            } else {
                "Id"
            };
            let read = FieldDef::new("read", TypeRef::named(name))
                .argument("_id", TypeRef::named(id).non_null());
            schema.add(
                &format!("{name}_Queries"),
                TypeKind::Object(vec![query, read]),
            );
        }
    }

    fn output_fields(&self, node: &Node, schema: &mut Schema) -> Vec<FieldDef> {
        let named = |name: &str, ty: &str| FieldDef::new(name, TypeRef::named(ty));
        let mut fields = vec![
            FieldDef::new("_id", TypeRef::named("Id").non_null()),
            named("_etag", "String"),
            named("_createStamp", "Datetime"),
            named("_updateStamp", "Datetime"),
            named("_createUser", "SysUser"),
            named("_updateUser", "SysUser"),
            FieldDef::new("_access", TypeRef::named("_OutputAccessBinding").list()),
        ];
        fields.extend(
            self.settings
                .stamp_aliases
                .iter()
                .map(|alias| named(alias, "Datetime")),
        );
        for property in &node.properties {
            if let Some(ty) = self.output_type(property, schema) {
                let mut field = FieldDef::new(property.name.as_ref(), ty);
                if self.settings.generation == Generation::Three
                    && let Some(column) = property.column_code()
                {
                    // Recent servers end a property's description with its X3 column (reference: 3.7).
                    field = field.described(format!("{} ({column})", title(&property.name)));
                }
                fields.push(if property.assumed {
                    field.remarked("assumed")
                } else {
                    field
                });
            }
        }
        fields
    }

    fn output_type(&self, property: &Property, schema: &mut Schema) -> Option<TypeRef> {
        let name = match &property.kind {
            Kind::Text { .. } => "String",
            Kind::Stream { .. } => "_OutputTextStream",
            Kind::Int => "Int",
            Kind::Decimal => "Decimal",
            Kind::Boolean => "Boolean",
            Kind::Date => "Date",
            Kind::Menu(menu) => {
                add_menu(menu, menu.name, schema);
                menu.name
            }
            Kind::Reference { node, .. } => {
                let target = self.model.node(node)?;
                return self
                    .readable(node)
                    .then(|| TypeRef::named(target.type_name));
            }
            Kind::Children { node, .. } | Kind::Slots { node, .. } => {
                let child = self.model.node(node)?;
                return self
                    .readable(node)
                    .then(|| TypeRef::named(format!("{}_Collection", child.type_name)));
            }
        };
        Some(TypeRef::named(name))
    }

    fn add_roots(&self, schema: &mut Schema) {
        let mut queries = Vec::new();
        let mut mutations = Vec::new();
        for package in self.model.packages() {
            let root = self.settings.package_name(package);
            let prefix = capitalised(&root);
            let nodes = self
                .model
                .nodes()
                .iter()
                .filter(|node| node.package == package && node.published);
            let mut readable = Vec::new();
            let mut writable = Vec::new();
            for node in nodes {
                if self.readable(node.name) {
                    readable.push(FieldDef::new(
                        node.name,
                        TypeRef::named(format!("{}_Queries", node.type_name)),
                    ));
                }
                let operations = self.activation.writes_of(node.name);
                if !operations.is_empty() {
                    self.add_mutations(node, &operations, schema);
                    writable.push(FieldDef::new(
                        node.name,
                        TypeRef::named(format!("{}_Mutations", node.type_name)),
                    ));
                }
            }
            for (fields, roots, suffix) in [
                (readable, &mut queries, "Queries"),
                (writable, &mut mutations, "Mutations"),
            ] {
                if !fields.is_empty() {
                    let name = format!("{prefix}_{suffix}");
                    roots.push(FieldDef::new(&root, TypeRef::named(&name)));
                    schema.add(&name, TypeKind::Object(fields));
                }
            }
        }
        schema.add(QUERY, TypeKind::Object(queries));
        if !mutations.is_empty() {
            schema.add(MUTATION, TypeKind::Object(mutations));
            schema.has_mutations = true;
        }
    }

    fn add_mutations(&self, node: &Node, operations: &[Operation], schema: &mut Schema) {
        let input = input::add_types(node, self.model, self.settings, schema);
        let fields = operations
            .iter()
            .map(|operation| match operation {
                // The key fields are the arguments (reference: 3.9); what comes back is not documented.
                Operation::Delete => key_properties(node).fold(
                    FieldDef::new("delete", TypeRef::named("Boolean")),
                    |field, property| {
                        field.argument(property.name.as_ref(), TypeRef::named("Id").non_null())
                    },
                ),
                _ => FieldDef::new(operation.name(), TypeRef::named(node.type_name))
                    .argument("data", TypeRef::named(&input).non_null()),
            })
            .collect();
        schema.add(
            &format!("{}_Mutations", node.type_name),
            TypeKind::Object(fields),
        );
    }
}

/// The properties that a node's key consists of.
pub(crate) fn key_properties(node: &Node) -> impl Iterator<Item = &Property> {
    node.key.iter().filter_map(|part| {
        let Part::Column(column) = part else {
            return None;
        };
        let mut properties = node.properties.iter();
        properties.find(|property| property.column_code() == Some(column))
    })
}

pub(crate) fn add_menu(menu: &Menu, name: &str, schema: &mut Schema) {
    schema.add(
        name,
        TypeKind::Enum(
            menu.members
                .iter()
                .map(|&member| member.to_owned())
                .collect(),
        ),
    );
}

/// `authorizedCreditAmount` as `Authorized credit amount`.
fn title(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(letter.to_ascii_lowercase());
    }
    capitalised(&out)
}
