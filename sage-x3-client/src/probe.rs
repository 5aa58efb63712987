//! What a site offers, found by introspection.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Deserialize;

use crate::{
    client::X3Client,
    error::{Error, ErrorKind},
    graphql::adaptation::FORMER_NAMES,
    graphql::{execute::GraphqlRequest, node_path::NodePath},
    nodes::{self, Customer},
    records::Node,
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

/// What a site offers for the records of one node.
///
/// The schema shows every operation that is defined; it does not show rights, and reading operations may stand there
/// although they are not activated. So "offered" is a hint for messages at start, and calls report the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// `query`.
    pub query: Support,
    /// `read`.
    pub read: Support,
    /// `create`.
    pub create: Support,
    /// `update`.
    pub update: Support,
    /// All operations that the schema shows below the node, by name, those that only some sites have among them.
    pub operations: BTreeSet<String>,
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
            operations: BTreeSet::new(),
            fields: None,
            create_fields: None,
            update_fields: None,
            create_input: None,
            update_input: None,
        }
    }

    /// Whether records have a field that can be read.
    #[must_use]
    pub fn readable_field(&self, name: &str) -> Support {
        member(self.fields.as_ref(), name)
    }

    /// Whether the input of `create` takes a field.
    #[must_use]
    pub fn creatable_field(&self, name: &str) -> Support {
        member(self.create_fields.as_ref(), name)
    }

    /// Whether the input of `update` takes a field.
    #[must_use]
    pub fn updatable_field(&self, name: &str) -> Support {
        member(self.update_fields.as_ref(), name)
    }
}

/// What a site offers as a whole: see [`X3Client::site_report`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteReport {
    /// The nodes of each package, under the names that the site uses. None when the site does not let this user look.
    pub packages: Option<BTreeMap<String, BTreeSet<String>>>,
    offers: BTreeMap<String, Arc<Offer>>,
}

impl SiteReport {
    /// What is offered for a node that this crate has a type for, by its name, such as `salesOrder`.
    #[must_use]
    pub fn offer(&self, node: &str) -> Option<&Offer> {
        self.offers.get(node).map(Arc::as_ref)
    }

    /// What this crate reads and the site's schema lacks, by node and field.
    #[must_use]
    pub fn lacking(&self) -> Vec<LackingField> {
        let mut lacking = Vec::new();
        for meta in nodes::all() {
            let Some(offer) = self.offers.get(meta.node.node.as_ref()) else {
                continue;
            };
            for (field, optional) in meta.file.fields_of(&meta.node) {
                let kind = meta.node.type_name();
                let former = FORMER_NAMES.iter().any(|(known, present, former)| {
                    (*known, *present) == (kind.as_str(), field)
                        && offer.readable_field(former) == Support::Offered
                });
                if offer.readable_field(field) == Support::Missing && !former {
                    lacking.push(LackingField {
                        node: meta.node.node.to_string(),
                        field: field.to_owned(),
                        optional,
                    });
                }
            }
        }
        lacking
    }
}

/// A field that this crate reads and a site's schema lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LackingField {
    /// The node.
    pub node: String,
    /// The field.
    pub field: String,
    /// Whether records are read without it. If not, reading them fails.
    pub optional: bool,
}

fn member(members: Option<&BTreeSet<String>>, name: &str) -> Support {
    match members {
        None => Support::Unknown,
        Some(members) if members.contains(name) => Support::Offered,
        Some(_) => Support::Missing,
    }
}

/// Only the paths to the nodes are asked for: the whole schema of a site is tens of megabytes.
const ROOTS: &str = "query Roots { __schema { \
    query: queryType { fields { name type { ...Ref } } } \
    mutation: mutationType { fields { name type { ...Ref } } } } } \
    fragment Ref on __Type { name ofType { name ofType { name } } }";

/// Types in one request.
const TYPES_AT_ONCE: usize = 60;

/// A document that asks for `count` types, whose names are variables.
fn types_document(count: usize) -> String {
    let variables: Vec<String> = (0..count)
        .map(|index| format!("$n{index}: String!"))
        .collect();
    let types: Vec<String> = (0..count)
        .map(|index| format!("t{index}: __type(name: $n{index}) {{ ...Members }}"))
        .collect();
    format!(
        "query Types({}) {{ {} }} \
         fragment Members on __Type {{ name fields {{ name args {{ name type {{ ...Ref }} }} type {{ ...Ref }} }} inputFields {{ name }} }} \
         fragment Ref on __Type {{ name ofType {{ name ofType {{ name }} }} }}",
        variables.join(", "),
        types.join(" ")
    )
}

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
    name: Option<String>,
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

/// Types by name.
type Known = BTreeMap<String, Type>;

impl X3Client {
    /// What is known without asking about a write of `node`.
    pub(crate) fn known_support(&self, node: &NodePath, action: WriteAction) -> Support {
        match self.known_offer(node) {
            Some(offer) => match action {
                WriteAction::Create => offer.create,
                WriteAction::Update => offer.update,
            },
            None => Support::Unknown,
        }
    }

    /// The input type of a write of `node`, where it was seen.
    pub(crate) fn known_input(&self, node: &NodePath, action: WriteAction) -> Option<String> {
        let offer = self.known_offer(node)?;
        match action {
            WriteAction::Create => offer.create_input.clone(),
            WriteAction::Update => offer.update_input.clone(),
        }
    }

    /// Looks up in the site's schema what is offered for customers: see [`offer`](Self::offer).
    ///
    /// # Errors
    /// As for [`offer`](Self::offer).
    pub async fn probe(&self) -> Result<Arc<Offer>, Error> {
        self.offer::<Customer>().await
    }

    /// Looks up in the site's schema what is offered for the records of a node: four small requests the first time, none
    /// after, until [`forget_offers`](Self::forget_offers).
    ///
    /// Useful at start, to say early that an operation must be activated. Writes then use the input types that were
    /// found, and take another path at once where GraphQL does not offer them.
    ///
    /// # Errors
    /// When X3 cannot be reached or refuses the credential. A site that refuses introspection is no error: all is
    /// [`Support::Unknown`] then.
    pub async fn offer<N: Node>(&self) -> Result<Arc<Offer>, Error> {
        self.offer_of(&N::META.node).await
    }

    pub(crate) async fn offer_of(&self, node: &NodePath) -> Result<Arc<Offer>, Error> {
        if let Some(offer) = self.known_offer(node) {
            return Ok(offer);
        }
        let mut found = match self.introspect(std::slice::from_ref(node)).await {
            Ok((_, found)) => found,
            Err(error) if means_refused(&error) => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let offer = Arc::new(found.remove(node).unwrap_or_else(Offer::unknown));
        self.remember_offer(node, &offer);
        Ok(offer)
    }

    /// Looks up in the site's schema which packages and nodes there are, and what is offered for each node that this
    /// crate has a type for: about six requests. What is found is remembered as by [`offer`](Self::offer); calling this
    /// again asks again.
    ///
    /// # Errors
    /// As for [`offer`](Self::offer).
    pub async fn site_report(&self) -> Result<SiteReport, Error> {
        let paths: Vec<NodePath> = nodes::all().iter().map(|meta| meta.node.clone()).collect();
        let (packages, mut found) = match self.introspect(&paths).await {
            Ok((packages, found)) => (Some(packages), found),
            Err(error) if means_refused(&error) => (None, BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let mut offers = BTreeMap::new();
        for path in paths {
            let offer = Arc::new(found.remove(&path).unwrap_or_else(Offer::unknown));
            self.remember_offer(&path, &offer);
            offers.insert(path.node.to_string(), offer);
        }
        Ok(SiteReport { packages, offers })
    }

    /// The packages that the site has with their nodes, and what is offered for `nodes`.
    async fn introspect(
        &self,
        nodes: &[NodePath],
    ) -> Result<
        (
            BTreeMap<String, BTreeSet<String>>,
            BTreeMap<NodePath, Offer>,
        ),
        Error,
    > {
        let request =
            GraphqlRequest::new("schema.roots", ROOTS, Some("Roots"), &serde_json::json!({}))?;
        let (roots, ..) = self.read::<Schema>(&request).await?.complete()?;
        let (query, mutation) = (roots.schema.query, roots.schema.mutation);
        let generation = self.site().generation;
        let roots_of = |node: &NodePath| {
            let root = node.root(generation);
            let below = |side: &Option<Type>| Some(side.as_ref()?.field_type(&root)?.to_owned());
            (below(&query), below(&mutation))
        };
        // With one node only its own package is looked at.
        let every = query.iter().flat_map(|side| side.fields.iter().flatten());
        let every = every.filter(|_| nodes.len() > 1);
        let names = every
            .filter_map(|field| field.kind.inner_name().map(str::to_owned))
            .chain(nodes.iter().flat_map(|node| {
                let (query, mutation) = roots_of(node);
                query.into_iter().chain(mutation)
            }));
        let packages = self.types(names.collect()).await?;
        let operations_of = |node: &NodePath| {
            let (query, mutation) = roots_of(node);
            let below = |package: Option<String>| {
                Some(packages.get(&package?)?.field_type(&node.node)?.to_owned())
            };
            (below(query), below(mutation))
        };
        let names = nodes.iter().flat_map(|node| {
            let (query, mutation) = operations_of(node);
            query.into_iter().chain(mutation)
        });
        let groups = self.types(names.collect()).await?;
        let outlines: Vec<Outline<'_>> = nodes
            .iter()
            .map(|node| {
                let (query, mutation) = operations_of(node);
                Outline {
                    query: query.and_then(|name| groups.get(&name)),
                    mutation: mutation.and_then(|name| groups.get(&name)),
                }
            })
            .collect();
        let names = outlines.iter().flat_map(|outline| {
            [
                outline.node(),
                outline.input("create"),
                outline.input("update"),
            ]
        });
        let members = self
            .types(names.flatten().map(str::to_owned).collect())
            .await?;
        let offers = nodes
            .iter()
            .zip(&outlines)
            .map(|(node, outline)| (node.clone(), outline.offer(&members)));
        let listed = query
            .iter()
            .flat_map(|side| side.fields.iter().flatten())
            .filter_map(|field| {
                let nodes = packages.get(field.kind.inner_name()?)?.names();
                Some((field.name.clone(), nodes))
            });
        Ok((listed.collect(), offers.collect()))
    }

    /// Types by name; a name that does not exist is left out.
    async fn types(&self, names: BTreeSet<String>) -> Result<Known, Error> {
        let names: Vec<String> = names.into_iter().collect();
        let mut known = Known::new();
        for chunk in names.chunks(TYPES_AT_ONCE) {
            let variables: BTreeMap<String, &String> = chunk
                .iter()
                .enumerate()
                .map(|(index, name)| (format!("n{index}"), name))
                .collect();
            let document = types_document(chunk.len());
            let request =
                GraphqlRequest::new("schema.types", &document, Some("Types"), &variables)?;
            let answer = self
                .read::<BTreeMap<String, Option<Type>>>(&request)
                .await?;
            let (types, ..) = answer.complete()?;
            known.extend(
                types
                    .into_values()
                    .flatten()
                    .filter_map(|found| Some((found.name.clone()?, found))),
            );
        }
        Ok(known)
    }
}

/// The operations of a node.
struct Outline<'a> {
    query: Option<&'a Type>,
    mutation: Option<&'a Type>,
}

impl<'a> Outline<'a> {
    /// The node's own type: what `read` gives.
    fn node(&self) -> Option<&'a str> {
        self.query?.field_type("read")
    }

    /// The type of the input of `operation`.
    fn input(&self, operation: &str) -> Option<&'a str> {
        let operation = self.mutation?.field(operation)?;
        let data = operation
            .args
            .iter()
            .find(|argument| argument.name == "data")?;
        data.kind.inner_name()
    }

    fn offer(&self, members: &Known) -> Offer {
        let support = |side: Option<&Type>, name: &str| {
            if side.is_some_and(|side| side.field(name).is_some()) {
                Support::Offered
            } else {
                Support::Missing
            }
        };
        let names = |kind: Option<&str>| Some(members.get(kind?)?.names());
        let (create, update) = (self.input("create"), self.input("update"));
        let sides = self.query.into_iter().chain(self.mutation);
        Offer {
            query: support(self.query, "query"),
            read: support(self.query, "read"),
            create: support(self.mutation, "create"),
            update: support(self.mutation, "update"),
            operations: sides.flat_map(Type::names).collect(),
            fields: names(self.node()),
            create_fields: names(create),
            update_fields: names(update),
            create_input: create.map(str::to_owned),
            update_input: update.map(str::to_owned),
        }
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
