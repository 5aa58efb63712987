//! Products.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{DateTime, Lookup, ProductTax, Text};

zoho_model! {
    /// A record of `Products`: what is sold or bought (reference: Zoho v8 section 4.3, read 2026-11). `Product_Name` is mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Product of "Products" {
        /// Name. Upserts match by it unless told otherwise.
        product_name: Text = "Product_Name",
        /// Code, not unique unless the organisation says so.
        product_code: Text = "Product_Code",
        /// Whether it is sold.
        active: bool = "Product_Active",
        /// Manufacturer, from a picklist.
        manufacturer: Text = "Manufacturer",
        /// Category, from a picklist.
        category: Text = "Product_Category",
        /// Unit that quantities are in, from a picklist.
        usage_unit: Text = "Usage_Unit",
        /// Its supplier.
        vendor: Box<Lookup> = "Vendor_Name",
        /// The user who looks after it.
        handler: Box<Lookup> = "Handler",
        /// Price of a unit.
        unit_price: ExactDecimal = "Unit_Price",
        /// Commission.
        commission_rate: ExactDecimal = "Commission_Rate",
        /// Whether taxes apply.
        taxable: bool = "Taxable",
        /// The taxes that apply.
        tax: Vec<ProductTax> = "Tax",
        /// Quantity in stock.
        quantity_in_stock: ExactDecimal = "Qty_in_Stock",
        /// Quantity ordered from suppliers.
        quantity_ordered: ExactDecimal = "Qty_Ordered",
        /// Quantity that customers have ordered.
        quantity_in_demand: ExactDecimal = "Qty_in_Demand",
        /// Stock at which to order again.
        reorder_level: ExactDecimal = "Reorder_Level",
        /// First day of sale.
        sales_start_date: Date = "Sales_Start_Date",
        /// Last day of sale.
        sales_end_date: Date = "Sales_End_Date",
        /// First day of support.
        support_start_date: Date = "Support_Start_Date",
        /// Last day of support.
        support_expiry_date: Date = "Support_Expiry_Date",
        /// Free text, not usable in COQL conditions.
        description: Text = "Description",
        /// The user in charge.
        owner: Box<Lookup> = "Owner",
        /// Who created it. Read only.
        created_by: Box<Lookup> = "Created_By",
        /// Who changed it last. Read only.
        modified_by: Box<Lookup> = "Modified_By",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    }
}
