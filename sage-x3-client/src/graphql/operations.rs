//! The operations, one a file, and the types that `graphql_client` makes of them. It checks their selections and
//! variables against `schema.graphql` when this crate is compiled. Its types never leave the crate.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    reason = "generated; some serve only to be checked"
)]

use graphql_client::GraphQLQuery;

use super::scalars;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/customer_page.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct CustomerPage;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/customer_read.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct CustomerRead;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/customer_addresses.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct CustomerAddresses;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/customer_keys.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct CustomerKeys;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/business_partner_keys.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct BusinessPartnerKeys;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/graphql/schema.graphql",
    query_path = "src/graphql/operations/customer_address_keys.graphql",
    custom_scalars_module = "super::scalars",
    response_derives = "Debug,Default",
    skip_serializing_none
)]
pub struct CustomerAddressKeys;
