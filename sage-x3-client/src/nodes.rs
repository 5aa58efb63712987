//! The nodes that this crate knows, one a file: the record, how it is read, and where its changes show.

mod account;
mod business_partner;
mod company;
mod currency;
mod customer;
mod customer_address;
mod customer_invoice_header;
mod payment_term;
mod product;
mod product_site;
mod product_write;
mod purchase_order;
mod purchase_order_line;
mod sales_delivery;
mod sales_invoice;
mod sales_order;
mod sales_order_line;
mod sales_order_write;
mod site;
mod stock;
mod supplier;

pub use self::{
    account::{Account, AccountKey, Accounts},
    business_partner::{BusinessPartner, BusinessPartners},
    company::{Companies, Company},
    currency::{Currencies, Currency},
    customer::{Customer, CustomerQuery, Customers},
    customer_address::{CustomerAddress, CustomerAddresses},
    customer_invoice_header::{CustomerInvoiceHeader, CustomerInvoiceHeaders},
    payment_term::{PaymentTerm, PaymentTerms},
    product::{Product, Products},
    product_site::{ProductSite, ProductSiteKey, ProductSites},
    product_write::{NewProduct, ProductPatch},
    purchase_order::{PurchaseOrder, PurchaseOrders},
    purchase_order_line::{PurchaseOrderLine, PurchaseOrderLines},
    sales_delivery::{SalesDeliveries, SalesDelivery},
    sales_invoice::{SalesInvoice, SalesInvoices},
    sales_order::{SalesOrder, SalesOrders},
    sales_order_line::{SalesOrderLine, SalesOrderLines},
    sales_order_write::{NewSalesOrder, NewSalesOrderLine, SalesOrderPatch},
    site::{Site, Sites},
    stock::{Stock, Stocks},
    supplier::{Supplier, Suppliers},
};
use crate::{client::X3Client, records::Records};

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
    /// Sales invoices.
    sales_invoices: SalesInvoices,
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
