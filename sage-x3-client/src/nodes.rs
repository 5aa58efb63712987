//! The nodes that this crate knows, one a file: the record, how it is read, and where its changes show.

mod account;
mod business_partner;
mod business_partner_contact;
mod business_partner_contact_write;
mod company;
mod currency;
mod customer;
mod customer_address;
mod customer_invoice_header;
mod customer_invoice_write;
mod lines;
mod payment_term;
mod product;
mod product_site;
mod product_write;
mod purchase_order;
mod purchase_order_line;
mod sales_delivery;
mod sales_delivery_line;
mod sales_invoice;
mod sales_invoice_line;
mod sales_order;
mod sales_order_line;
mod sales_order_write;
mod site;
mod stock;
mod supplier;
mod supplier_write;

pub use self::{
    account::{Account, AccountKey, Accounts},
    business_partner::{BusinessPartner, BusinessPartners},
    business_partner_contact::{BusinessPartnerContact, BusinessPartnerContacts},
    business_partner_contact_write::{BusinessPartnerContactPatch, NewBusinessPartnerContact},
    company::{Companies, Company},
    currency::{Currencies, Currency},
    customer::{Customer, CustomerQuery, Customers},
    customer_address::{CustomerAddress, CustomerAddresses},
    customer_invoice_header::{CustomerInvoiceHeader, CustomerInvoiceHeaders},
    customer_invoice_write::{CustomerInvoicePatch, NewCustomerInvoice, NewCustomerInvoiceLine},
    payment_term::{PaymentTerm, PaymentTerms},
    product::{Product, Products},
    product_site::{ProductSite, ProductSiteKey, ProductSites},
    product_write::{NewProduct, ProductPatch},
    purchase_order::{PurchaseOrder, PurchaseOrders},
    purchase_order_line::{PurchaseOrderLine, PurchaseOrderLines},
    sales_delivery::{SalesDeliveries, SalesDelivery},
    sales_delivery_line::{SalesDeliveryLine, SalesDeliveryLines},
    sales_invoice::{SalesInvoice, SalesInvoices},
    sales_invoice_line::{SalesInvoiceLine, SalesInvoiceLines},
    sales_order::{SalesOrder, SalesOrders},
    sales_order_line::{SalesOrderLine, SalesOrderLines},
    sales_order_write::{
        NewSalesOrder, NewSalesOrderLine, SalesOrderLineChange, SalesOrderLinePatch,
        SalesOrderPatch,
    },
    site::{Site, Sites},
    stock::{Stock, Stocks},
    supplier::{Supplier, Suppliers},
    supplier_write::{NewSupplier, SupplierPatch},
};
use crate::{
    client::X3Client,
    records::{Meta, Records, sealed::Typed},
};

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        impl X3Client {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> $kind {
                    Records::new(self.clone())
                }
            )*
        }
    };
}

handles! {
    /// Customers.
    customers: Customers,
    /// Addresses of customers, by themselves.
    customer_addresses: CustomerAddresses,
    /// Business partners.
    business_partners: BusinessPartners,
    /// Contacts of business partners.
    business_partner_contacts: BusinessPartnerContacts,
    /// Suppliers.
    suppliers: Suppliers,
    /// Products.
    products: Products,
    /// Products at their sites.
    product_sites: ProductSites,
    /// Stock.
    stock: Stocks,
    /// Sales orders.
    sales_orders: SalesOrders,
    /// Lines of sales orders.
    sales_order_lines: SalesOrderLines,
    /// Deliveries.
    sales_deliveries: SalesDeliveries,
    /// Lines of deliveries.
    sales_delivery_lines: SalesDeliveryLines,
    /// Sales invoices.
    sales_invoices: SalesInvoices,
    /// Lines of sales invoices.
    sales_invoice_lines: SalesInvoiceLines,
    /// Customer invoices of accounting.
    customer_invoice_headers: CustomerInvoiceHeaders,
    /// Purchase orders.
    purchase_orders: PurchaseOrders,
    /// Lines of purchase orders.
    purchase_order_lines: PurchaseOrderLines,
    /// Accounts of the general ledger.
    accounts: Accounts,
    /// Payment terms.
    payment_terms: PaymentTerms,
    /// Currencies.
    currencies: Currencies,
    /// Sites.
    sites: Sites,
    /// Companies.
    companies: Companies,
}

/// Every node that this crate knows.
pub(crate) fn all() -> [&'static Meta; 22] {
    [
        Account::META,
        BusinessPartner::META,
        BusinessPartnerContact::META,
        Company::META,
        Currency::META,
        Customer::META,
        CustomerAddress::META,
        CustomerInvoiceHeader::META,
        PaymentTerm::META,
        Product::META,
        ProductSite::META,
        PurchaseOrder::META,
        PurchaseOrderLine::META,
        SalesDelivery::META,
        SalesDeliveryLine::META,
        SalesInvoice::META,
        SalesInvoiceLine::META,
        SalesOrder::META,
        SalesOrderLine::META,
        Site::META,
        Stock::META,
        Supplier::META,
    ]
}
