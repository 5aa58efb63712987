//! What a site offers, found by introspection.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;

use crate::{
    client::X3Client,
    config::Generation,
    error::{Error, ErrorKind},
    graphql::{execute::GraphqlRequest, node_path::NodePath},
    write::WriteAction,
};

/// Whether a site offers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Offered,
    /// Its schema does not have it. A mutation exists only where the API operation is defined and active.
    Missing,
    /// The site does not let this user look at its schema.
    Unknown,
}

/// What a site offers for customers.
///
/// The schema shows every operation that is defined; it does not show rights, and reading operations may stand there
/// although they are not activated. So "offered" is a hint for messages at start, and calls report the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// `customer.query`.
    pub query: Support,
    /// `customer.read`.
    pub read: Support,
    /// `customer.create`.
    pub create: Support,
    /// `customer.update`.
    pub update: Support,
    fields: Option<BTreeSet<String>>,
    create_fields: Option<BTreeSet<String>>,
    update_fields: Option<BTreeSet<String>>,
    create_input: Option<String>,
    update_input: Option<String>,
}

impl Offer {
    fn unknown() -> Self {
        Self {
            query: Support::Unknown,
            read: Support::Unknown,
            create: Support::Unknown,
            update: Support::Unknown,
            fields: None,
            create_fields: None,
            update_fields: None,
            create_input: None,
            update_input: None,
        }
    }

    /// Whether customers have a field that can be read.
    #[must_use]
    pub fn readable_field(&self, name: &str) -> Support {
        member(self.fields.as_ref(), name)
    }

    /// Whether the input of `customer.create` takes a field.
    #[must_use]
    pub fn creatable_field(&self, name: &str) -> Support {
        member(self.create_fields.as_ref(), name)
    }

    /// Whether the input of `customer.update` takes a field.
    #[must_use]
    pub fn updatable_field(&self, name: &str) -> Support {
        member(self.update_fields.as_ref(), name)
    }
}

fn member(members: Option<&BTreeSet<String>>, name: &str) -> Support {
    match members {
        None => Support::Unknown,
        Some(members) if members.contains(name) => Support::Offered,
        Some(_) => Support::Missing,
    }
}

/// Only the path to the customer node is asked for: the whole schema of a site is tens of megabytes.
const ROOTS: &str = "query Roots { __schema { \
    query: queryType { fields { name type { ...Ref } } } \
    mutation: mutationType { fields { name type { ...Ref } } } } } \
    fragment Ref on __Type { name ofType { name ofType { name } } }";

const TYPES: &str = "query Types($query: String!, $mutation: String!) { \
    query: __type(name: $query) { ...Members } \
    mutation: __type(name: $mutation) { ...Members } } \
    fragment Members on __Type { fields { name args { name type { ...Ref } } type { ...Ref } } inputFields { name } } \
    fragment Ref on __Type { name ofType { name ofType { name } } }";

#[derive(Debug, Deserialize)]
struct Schema {
    #[serde(rename = "__schema")]
    schema: Types,
}

#[derive(Debug, Deserialize)]
struct Types {
    query: Option<Type>,
    mutation: Option<Type>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    fields: Option<Vec<Field>>,
    input_fields: Option<Vec<Name>>,
}

#[derive(Debug, Deserialize)]
struct Field {
    name: String,
    #[serde(default)]
    args: Vec<Argument>,
    #[serde(rename = "type")]
    kind: TypeRef,
}

#[derive(Debug, Deserialize)]
struct Argument {
    name: String,
    #[serde(rename = "type")]
    kind: TypeRef,
}

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

/// A type, possibly wrapped in "not null" and "list of".
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeRef {
    name: Option<String>,
    of_type: Option<Box<Self>>,
}

impl TypeRef {
    fn inner_name(&self) -> Option<&str> {
        self.name
            .as_deref()
            .or_else(|| self.of_type.as_ref()?.inner_name())
    }
}

impl Type {
    fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .as_ref()?
            .iter()
            .find(|field| field.name == name)
    }

    fn field_type(&self, name: &str) -> Option<&str> {
        self.field(name)?.kind.inner_name()
    }

    fn names(&self) -> BTreeSet<String> {
        let fields = self.fields.iter().flatten().map(|field| field.name.clone());
        fields
            .chain(
                self.input_fields
                    .iter()
                    .flatten()
                    .map(|field| field.name.clone()),
            )
            .collect()
    }
}

impl Types {
    /// The names of the types below the field `name` of each.
    fn below(&self, name: &str) -> (Option<&str>, Option<&str>) {
        (
            self.query.as_ref().and_then(|side| side.field_type(name)),
            self.mutation
                .as_ref()
                .and_then(|side| side.field_type(name)),
        )
    }
}

impl X3Client {
    /// What is known without asking about a write of `node`.
    pub(crate) fn known_support(&self, node: &NodePath, action: WriteAction) -> Support {
        match self.known_offer() {
            Some(offer) if node.node == "customer" => match action {
                WriteAction::Create => offer.create,
                WriteAction::Update => offer.update,
            },
            _ => Support::Unknown,
        }
    }

    /// The input type of a write of `node`, where it was seen.
    pub(crate) fn known_input(&self, node: &NodePath, action: WriteAction) -> Option<String> {
        let offer = self.known_offer().filter(|_| node.node == "customer")?;
        match action {
            WriteAction::Create => offer.create_input.clone(),
            WriteAction::Update => offer.update_input.clone(),
        }
    }

    /// Looks up in the site's schema what is offered for customers: four small requests the first time, none after.
    ///
    /// Useful at start, to say early that an operation must be activated. Writes then use the input types that were
    /// found.
    ///
    /// # Errors
    /// When X3 cannot be reached or refuses the credential. A site that refuses introspection is no error: all is
    /// [`Support::Unknown`] then.
    pub async fn probe(&self) -> Result<Arc<Offer>, Error> {
        if let Some(offer) = self.known_offer() {
            return Ok(offer);
        }
        let offer = match self.introspect().await {
            Ok(offer) => offer,
            Err(error) if means_refused(&error) => Offer::unknown(),
            Err(error) => return Err(error),
        };
        let offer = Arc::new(offer);
        self.remember_offer(&offer);
        Ok(offer)
    }

    async fn introspect(&self) -> Result<Offer, Error> {
        let request =
            GraphqlRequest::new("schema.roots", ROOTS, Some("Roots"), &serde_json::json!({}))?;
        let (roots, ..) = self.read::<Schema>(&request).await?.complete()?;
        let package = match self.site().generation {
            Generation::Gen2 => "xtremX3MasterData",
            Generation::Gen3 => "x3MasterData",
        };
        let packages = self.types(roots.schema.below(package)).await?;
        let operations = self.types(packages.below("customer")).await?;
        let input_of = |name: &str| {
            let create = operations.mutation.as_ref()?.field(name)?;
            create
                .args
                .iter()
                .find(|argument| argument.name == "data")?
                .kind
                .inner_name()
        };
        let (create_input, update_input) = (input_of("create"), input_of("update"));
        let node = operations
            .query
            .as_ref()
            .and_then(|operations| operations.field_type("read"));
        let members = self.types((node, create_input)).await?;
        let update_fields = if update_input == create_input {
            members.mutation.as_ref().map(Type::names)
        } else {
            self.types((update_input, None))
                .await?
                .query
                .as_ref()
                .map(Type::names)
        };
        let support = |side: &Option<Type>, name: &str| {
            let offered = side.as_ref().is_some_and(|side| side.field(name).is_some());
            if offered {
                Support::Offered
            } else {
                Support::Missing
            }
        };
        Ok(Offer {
            query: support(&operations.query, "query"),
            read: support(&operations.query, "read"),
            create: support(&operations.mutation, "create"),
            update: support(&operations.mutation, "update"),
            fields: members.query.as_ref().map(Type::names),
            create_fields: members.mutation.as_ref().map(Type::names),
            update_fields,
            create_input: create_input.map(str::to_owned),
            update_input: update_input.map(str::to_owned),
        })
    }

    /// Two types by name; a name that is missing gives none.
    async fn types(&self, (query, mutation): (Option<&str>, Option<&str>)) -> Result<Types, Error> {
        if query.is_none() && mutation.is_none() {
            return Ok(Types {
                query: None,
                mutation: None,
            });
        }
        let variables = serde_json::json!({"query": query.unwrap_or_default(), "mutation": mutation.unwrap_or_default()});
        let request = GraphqlRequest::new("schema.types", TYPES, Some("Types"), &variables)?;
        let (types, ..) = self.read::<Types>(&request).await?.complete()?;
        Ok(types)
    }
}

/// Whether the site answered, but not to introspection.
fn means_refused(error: &Error) -> bool {
    match error {
        Error::SchemaMismatch { .. } | Error::NotAllowed { .. } | Error::NotActivated { .. } => {
            true
        }
        error => error.kind() == ErrorKind::Failed,
    }
}
