#![doc = include_str!("../README.md")]

pub mod api1;
mod auth;
mod builder;
mod client;
pub mod cloud;
mod config;
mod diagnose;
pub mod dynamic;
mod error;
#[cfg(test)]
mod evidence;
mod field_map;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod graphql;
mod ids;
mod model;
mod nodes;
mod outcome;
mod page;
mod patch;
mod probe;
mod records;
mod scalar;
pub mod soap;
mod volume;
mod write;

pub use auth::{ConnectedApp, Credential, Refusal};
pub use builder::X3ClientBuilder;
pub use client::X3Client;
pub use config::{CompanyNames, Generation, SalesOrderLinesName, SiteConfig};
pub use diagnose::{Diagnose, GraphqlError, PathSegment, Severity};
pub use error::{
    CallContext, Error, ErrorKind, InvalidRequest, RecordError, RecordErrorKind, WriteError,
};
pub use field_map::FieldMap;
pub use graphql::{
    GraphqlAnswer,
    filter::{FieldCondition, FieldPath, Filter, Pattern, Quantifier},
    order::{Direction, OrderBy},
};
pub use ids::{
    AccountCode, AddressCode, BusinessPartnerCode, CategoryCode, ChartCode, CompanyCode,
    ContactCode, CountryCode, CurrencyCode, CustomerCode, EndpointName, FieldName, InvalidName,
    InvoiceId, LanguageCode, OrderTypeCode, PaymentTermCode, ProductCode, PurchaseOrderId,
    RecordId, SalesDeliveryId, SalesOrderId, SiteCode, SupplierCode, TaxCode, UnitCode,
};
pub use model::{Address, AddressAction, AddressPatch, CustomerPatch, NewCustomer};
pub use nodes::{
    Account, AccountKey, Accounts, BusinessPartner, BusinessPartnerContact,
    BusinessPartnerContactPatch, BusinessPartnerContacts, BusinessPartners, Companies, Company,
    Currencies, Currency, Customer, CustomerAddress, CustomerAddresses, CustomerInvoiceHeader,
    CustomerInvoiceHeaders, CustomerInvoicePatch, CustomerQuery, Customers,
    NewBusinessPartnerContact, NewCustomerInvoice, NewCustomerInvoiceLine, NewProduct,
    NewSalesOrder, NewSalesOrderLine, NewSupplier, PaymentTerm, PaymentTerms, Product,
    ProductPatch, ProductSite, ProductSiteKey, ProductSites, Products, PurchaseOrder,
    PurchaseOrderLine, PurchaseOrderLines, PurchaseOrders, SalesDeliveries, SalesDelivery,
    SalesDeliveryLine, SalesDeliveryLines, SalesInvoice, SalesInvoiceLine, SalesInvoiceLines,
    SalesInvoices, SalesOrder, SalesOrderLine, SalesOrderLineChange, SalesOrderLinePatch,
    SalesOrderLines, SalesOrderPatch, SalesOrders, Site, Sites, Stock, Stocks, Supplier,
    SupplierPatch, Suppliers,
};
pub use outcome::{Batch, Outcome};
pub use page::{Cursor, Page, PageSize, Pager};
pub use patch::Patch;
pub use probe::{LackingField, Offer, SiteReport, Support};
pub use records::{
    Change, ChangeSource, Changes, Creatable, Created, Node, Precision, Query, ReadBack, RecordKey,
    Records, StampField, Updatable,
};
pub use scalar::Scalar;
pub use volume::Volume;
pub use write::WritePath;
