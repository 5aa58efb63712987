//! The type system: what a schema consists of, nothing about what it means.

use std::collections::HashMap;

use super::ast::TypeRef;

/// All types of a schema, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    types: Vec<TypeDef>,
    index: HashMap<String, usize>,
    pub(crate) has_mutations: bool,
}

/// Name of the root type of reads.
pub(crate) const QUERY: &str = "Query";
/// Name of the root type of writes.
pub(crate) const MUTATION: &str = "Mutation";

#[derive(Debug, Clone)]
pub(crate) struct TypeDef {
    pub(crate) name: String,
    pub(crate) kind: TypeKind,
}

#[derive(Debug, Clone)]
pub(crate) enum TypeKind {
    Scalar,
    Enum(Vec<String>),
    Object(Vec<FieldDef>),
    Input(Vec<InputDef>),
}

#[derive(Debug, Clone)]
pub(crate) struct FieldDef {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) arguments: Vec<InputDef>,
    pub(crate) ty: TypeRef,
    /// Printed beside the field in the schema's text.
    pub(crate) remark: Option<&'static str>,
}

impl FieldDef {
    pub(crate) fn new(name: impl Into<String>, ty: TypeRef) -> Self {
        Self {
            name: name.into(),
            description: None,
            arguments: Vec::new(),
            ty,
            remark: None,
        }
    }

    pub(crate) fn described(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    pub(crate) fn remarked(mut self, text: &'static str) -> Self {
        self.remark = Some(text);
        self
    }

    pub(crate) fn argument(mut self, name: &str, ty: TypeRef) -> Self {
        self.arguments.push(InputDef::new(name, ty));
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct InputDef {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) ty: TypeRef,
}

impl InputDef {
    pub(crate) fn new(name: impl Into<String>, ty: TypeRef) -> Self {
        Self {
            name: name.into(),
            description: None,
            ty,
        }
    }
}

impl Schema {
    /// A schema with the scalars every schema has and the types that describe it.
    pub(crate) fn new() -> Self {
        let mut schema = Self::default();
        for scalar in ["String", "Int", "Float", "Boolean", "ID"] {
            schema.add(scalar, TypeKind::Scalar);
        }
        super::introspection::add_meta_types(&mut schema);
        schema
    }

    /// Adds a type; one of the same name is replaced.
    pub(crate) fn add(&mut self, name: &str, kind: TypeKind) {
        let def = TypeDef {
            name: name.to_owned(),
            kind,
        };
        if let Some(&at) = self.index.get(name) {
            self.types[at] = def;
        } else {
            self.index.insert(name.to_owned(), self.types.len());
            self.types.push(def);
        }
    }

    pub(crate) fn types(&self) -> &[TypeDef] {
        &self.types
    }

    pub(crate) fn get(&self, name: &str) -> Option<&TypeDef> {
        self.index.get(name).map(|&at| &self.types[at])
    }

    pub(crate) fn fields(&self, type_name: &str) -> &[FieldDef] {
        match self.get(type_name).map(|ty| &ty.kind) {
            Some(TypeKind::Object(fields)) => fields,
            _ => &[],
        }
    }

    /// A field of a type, the meta fields every query root has included.
    pub(crate) fn field(&self, type_name: &str, name: &str) -> Option<FieldDef> {
        match name {
            "__typename" => Some(FieldDef::new(
                "__typename",
                TypeRef::named("String").non_null(),
            )),
            "__schema" if type_name == QUERY => {
                Some(FieldDef::new(name, TypeRef::named("__Schema").non_null()))
            }
            "__type" if type_name == QUERY => Some(
                FieldDef::new(name, TypeRef::named("__Type"))
                    .argument("name", TypeRef::named("String").non_null()),
            ),
            _ => self
                .fields(type_name)
                .iter()
                .find(|field| field.name == name)
                .cloned(),
        }
    }

    pub(crate) fn is_composite(&self, type_name: &str) -> bool {
        matches!(
            self.get(type_name).map(|ty| &ty.kind),
            Some(TypeKind::Object(_))
        )
    }

    pub(crate) fn is_input(&self, type_name: &str) -> bool {
        matches!(self.get(type_name).map(|ty| &ty.kind), Some(kind) if !matches!(kind, TypeKind::Object(_)))
    }
}
