//! The operations, one a node, and the types that `graphql_client` makes of them. It checks their selections and
//! variables against `schema.graphql` when this crate is compiled. Its types never leave the crate.
//!
//! A field marked `# optional` is proved by no evidence: where a site lacks it, records are read without it.

#![allow(
    dead_code,
    unnameable_types,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    reason = "generated; some serve only to be checked"
)]

use graphql_client::GraphQLQuery;

use super::scalars;

macro_rules! operations {
    ($($operation:ident: $file:tt,)*) => {
        $(
            #[derive(GraphQLQuery)]
            #[graphql(
                schema_path = "src/graphql/schema.graphql",
                query_path = $file,
                custom_scalars_module = "super::scalars",
                response_derives = "Debug,Default",
                skip_serializing_none
            )]
            pub struct $operation;
        )*
    };
}

operations! {
    AccountPage: "src/graphql/operations/account_page.graphql",
    BusinessPartnerContactPage: "src/graphql/operations/business_partner_contact_page.graphql",
    BusinessPartnerPage: "src/graphql/operations/business_partner_page.graphql",
    CompanyPage: "src/graphql/operations/company_page.graphql",
    CurrencyPage: "src/graphql/operations/currency_page.graphql",
    CustomerAddressPage: "src/graphql/operations/customer_address_page.graphql",
    CustomerInvoiceHeaderPage: "src/graphql/operations/customer_invoice_header_page.graphql",
    CustomerPage: "src/graphql/operations/customer_page.graphql",
    PaymentTermPage: "src/graphql/operations/payment_term_page.graphql",
    ProductPage: "src/graphql/operations/product_page.graphql",
    ProductSitePage: "src/graphql/operations/product_site_page.graphql",
    PurchaseOrderLinePage: "src/graphql/operations/purchase_order_line_page.graphql",
    PurchaseOrderPage: "src/graphql/operations/purchase_order_page.graphql",
    SalesDeliveryLinePage: "src/graphql/operations/sales_delivery_line_page.graphql",
    SalesDeliveryPage: "src/graphql/operations/sales_delivery_page.graphql",
    SalesInvoiceLinePage: "src/graphql/operations/sales_invoice_line_page.graphql",
    SalesInvoicePage: "src/graphql/operations/sales_invoice_page.graphql",
    SalesOrderLinePage: "src/graphql/operations/sales_order_line_page.graphql",
    SalesOrderPage: "src/graphql/operations/sales_order_page.graphql",
    SitePage: "src/graphql/operations/site_page.graphql",
    StockPage: "src/graphql/operations/stock_page.graphql",
    SupplierPage: "src/graphql/operations/supplier_page.graphql",
}
