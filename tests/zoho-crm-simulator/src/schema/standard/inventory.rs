//! Products, vendors, price books, and the documents with lines.

use super::{
    address, array, autonumber, bigint, boolean, common, currency, date, datetime, double, email,
    integer, lookup, module, multi_currency, phone, picklist, subform, text, textarea, website,
};
use crate::schema::field::{DataType, Field};
use crate::schema::{Kind, Module};

const CARRIERS: &[&str] = &["FedEX", "UPS", "USPS", "DHL", "BlueDart"];

const ORDER_STATES: &[&str] = &["Created", "Approved", "Delivered", "Cancelled"];

pub(super) fn products() -> Module {
    let mut fields = vec![
        text("Product_Name", 200).mandatory(),
        text("Product_Code", 40),
        picklist(
            "Product_Category",
            &["Hardware", "Software", "CRM Applications"],
        ),
        picklist(
            "Manufacturer",
            &["AltvetPet Inc.", "LexPon Inc.", "MetBeat Corp."],
        ),
        picklist(
            "Usage_Unit",
            &[
                "Box",
                "Carton",
                "Dozen",
                "Each",
                "Hours",
                "Impressions",
                "Lb",
                "M",
                "Pack",
                "Pages",
                "Pieces",
                "Quantity",
                "Reams",
                "Sheet",
                "Spiral Binder",
                "Sales Kit",
                "Square Feet",
                "Units",
            ],
        ),
        currency("Unit_Price"),
        currency("Commission_Rate"),
        double("Qty_in_Stock"),
        double("Qty_in_Demand"),
        double("Qty_Ordered"),
        double("Reorder_Level"),
        boolean("Product_Active"),
        boolean("Taxable"),
        array("Tax"),
        date("Sales_Start_Date"),
        date("Sales_End_Date"),
        date("Support_Start_Date"),
        date("Support_Expiry_Date"),
        Field::new("Handler", DataType::User, 120),
        lookup("Vendor_Name", "Vendors"),
        Field::new("Record_Image", DataType::System, 255).read_only(),
    ];
    common(&mut fields);
    module("Products", "Product", "Product_Name", true, fields)
}

pub(super) fn vendors() -> Module {
    let mut fields = vec![
        text("Vendor_Name", 200).mandatory(),
        email("Email"),
        phone("Phone"),
        website("Website"),
        text("Category", 100),
        picklist(
            "GL_Account",
            &[
                "Sales-Software",
                "Sales-Hardware",
                "Rental Income",
                "Interest Income",
                "Sales-Other",
                "Internet Sales",
                "Service-Hardware Labor",
            ],
        ),
        text("Street", 250),
        text("City", 100),
        text("State", 100),
        text("Zip_Code", 30),
        text("Country", 100),
        boolean("Email_Opt_Out"),
        Field::new("Record_Image", DataType::System, 255).read_only(),
    ];
    common(&mut fields);
    module("Vendors", "Vendor", "Vendor_Name", true, fields)
}

pub(super) fn price_books() -> Module {
    let mut fields = vec![
        text("Price_Book_Name", 100).mandatory(),
        picklist("Pricing_Model", &["Flat", "Differential"]).mandatory(),
        array("Pricing_Details"),
        boolean("Active"),
    ];
    common(&mut fields);
    module("Price_Books", "Price Book", "Price_Book_Name", true, fields)
}

/// What quotes, orders and invoices share.
fn document(fields: &mut Vec<Field>, lines: (&str, &str)) {
    fields.insert(0, text("Subject", 120).mandatory());
    fields.extend([
        lookup("Contact_Name", "Contacts"),
        subform(lines.0, lines.1),
        currency("Sub_Total").read_only(),
        currency("Discount"),
        currency("Tax"),
        currency("Adjustment"),
        currency("Grand_Total").read_only(),
        textarea("Terms_and_Conditions"),
    ]);
    address(fields, "Billing_");
    address(fields, "Shipping_");
    common(fields);
    multi_currency(fields);
}

pub(super) fn quotes() -> Module {
    let mut fields = vec![
        lookup("Account_Name", "Accounts").mandatory(),
        lookup("Deal_Name", "Deals"),
        autonumber("Quote_Number"),
        text("Team", 100),
        picklist(
            "Quote_Stage",
            &[
                "Draft",
                "Negotiation",
                "Delivered",
                "On Hold",
                "Confirmed",
                "Closed Won",
                "Closed Lost",
            ],
        ),
        picklist("Carrier", CARRIERS),
        date("Valid_Till"),
    ];
    document(&mut fields, ("Quoted_Items", "Quoted_Items"));
    module("Quotes", "Quote", "Subject", true, fields)
}

pub(super) fn sales_orders() -> Module {
    let mut fields = vec![
        lookup("Account_Name", "Accounts").mandatory(),
        lookup("Deal_Name", "Deals"),
        lookup("Quote_Name", "Quotes"),
        autonumber("SO_Number"),
        text("Customer_No", 100),
        text("Pending", 100),
        text("Purchase_Order", 100),
        picklist("Status", ORDER_STATES),
        picklist("Carrier", CARRIERS),
        currency("Excise_Duty"),
        currency("Sales_Commission"),
        date("Due_Date"),
    ];
    document(&mut fields, ("Ordered_Items", "Ordered_Items"));
    module("Sales_Orders", "Sales Order", "Subject", true, fields)
}

pub(super) fn purchase_orders() -> Module {
    let mut fields = vec![
        lookup("Vendor_Name", "Vendors").mandatory(),
        text("PO_Number", 100),
        text("Requisition_No", 100),
        text("Tracking_Number", 100),
        picklist("Status", ORDER_STATES),
        picklist("Carrier", CARRIERS),
        currency("Excise_Duty"),
        currency("Sales_Commission"),
        date("PO_Date"),
        date("Due_Date"),
    ];
    document(&mut fields, ("Purchase_Items", "Purchase_Items"));
    module("Purchase_Orders", "Purchase Order", "Subject", true, fields)
}

pub(super) fn invoices() -> Module {
    let mut fields = vec![
        lookup("Account_Name", "Accounts").mandatory(),
        lookup("Sales_Order", "Sales_Orders"),
        lookup("Deal_Name__s", "Deals"),
        autonumber("Invoice_Number"),
        text("Purchase_Order", 100),
        picklist("Status", ORDER_STATES),
        currency("Excise_Duty"),
        currency("Sales_Commission"),
        date("Invoice_Date"),
        date("Due_Date"),
    ];
    document(&mut fields, ("Invoiced_Items", "Invoiced_Items"));
    module("Invoices", "Invoice", "Subject", true, fields)
}

pub(super) fn lines(api_name: &str, parent: &str) -> Module {
    let fields = vec![
        bigint("id").read_only(),
        lookup("Parent_Id", parent).read_only(),
        lookup("Product_Name", "Products").mandatory(),
        double("Quantity"),
        currency("List_Price"),
        currency("Unit_Price").read_only(),
        text("Discount", 50),
        currency("Total").read_only(),
        currency("Total_After_Discount").read_only(),
        currency("Tax").read_only(),
        array("Line_Tax"),
        currency("Net_Total").read_only(),
        integer("Sequence_Number"),
        textarea("Description"),
        lookup("Price_Book_Name", "Price_Books"),
        datetime("Created_Time").read_only(),
        datetime("Modified_Time").read_only(),
    ];
    Module {
        api_name: api_name.to_owned(),
        id: String::new(),
        singular: api_name.replace('_', " "),
        plural: api_name.replace('_', " "),
        fields,
        title: "id".to_owned(),
        upsert_field: None,
        kind: Kind::Lines {
            parent: parent.to_owned(),
            field: api_name.to_owned(),
        },
        inventory: true,
    }
}
