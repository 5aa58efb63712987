//! The typed modules, read from bodies of the shape that Zoho sends.

use serde_json::Value;
use zoho_crm_client::{
    Account, Contact, Deal, Discount, Field, Invoice, Lead, LineItem, Model, PriceBook, Product,
    PurchaseOrder, Quote, Record, SalesOrder, TypedModule, Vendor,
};

const OWNER: &str = r#""Owner":{"email":"p@example.com","id":"5725767000000411001","name":"P Boyle"},
    "Created_Time":"2026-11-20T10:00:00+00:00","Modified_Time":"2026-11-20T10:00:01+00:00",
    "$currency_symbol":"CHF","Tag":[{"color_code":null,"id":"5725767000000600001","name":"vip"}],"X3_Code":"A-1",
    "Locked__s":false"#;
const MONEY: &str = r#""Sub_Total":99999999999999.99,"Discount":0.10,"Tax":8.10,"Adjustment":-0.01,"Grand_Total":100000000000007.98,
    "$line_tax":[{"id":"5725767000000700001","name":"Vat","percentage":8.1,"value":8.10}]"#;
const LINES: &str = r#"[{"id":"5725767000000800001","Product_Name":{"id":"5725767000000900001","name":"Pump","Product_Code":"P-1"},
    "Quantity":2,"List_Price":49999999999999.995,"Discount":"0.10","Sequence_Number":1,"Colour":"red"}]"#;

/// Reads `json` and asserts that nothing of it is lost, as the model itself and in storage.
fn lossless<M>(json: &str) -> M
where
    M: TypedModule + serde::Serialize + PartialEq + std::fmt::Debug,
{
    let model: M = serde_json::from_str(json).unwrap();
    let stored = serde_json::to_string(&model).unwrap();
    let again: M = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, model);
    let (before, after) = (keys(json), keys(&stored));
    assert_eq!(before, after, "{}", M::API_NAME);
    assert!(model.record_id().is_some());
    model
}

/// Keys with their values as text, so that no digit can get lost unseen.
fn keys(json: &str) -> Vec<(String, String)> {
    let record: Record = serde_json::from_str(json).unwrap();
    let compact = |text: &str| match serde_json::from_str::<Value>(text).unwrap() {
        // Objects are compared by value: their keys may come in another order.
        value @ (Value::Object(_) | Value::Array(_)) => value.to_string(),
        _ => text.to_owned(),
    };
    record
        .iter()
        .map(|(name, value)| (name.to_string(), compact(value.get())))
        .collect()
}

#[test]
fn people_and_companies() {
    let contact: Contact = lossless(&format!(
        r#"{{"id":"5725767000000524157","First_Name":"Ada","Last_Name":"Müller","Email":"ada@example.com","Email_Opt_Out":false,
            "Account_Name":{{"id":"5725767000000524158","name":"Müller GmbH"}},"Date_of_Birth":"1979-02-28","Mailing_Zip":"8001",
            "Visitor_Score":"12",{OWNER}}}"#
    ));
    assert_eq!(
        contact.date_of_birth.value().unwrap().to_string(),
        "1979-02-28"
    );
    assert_eq!(
        contact.account.value().unwrap().name.as_deref(),
        Some("Müller GmbH")
    );
    assert_eq!(
        contact.owner.value().unwrap().email().as_deref(),
        Some("p@example.com")
    );
    assert!(contact.other.contains("Visitor_Score"));

    let lead: Lead = lossless(&format!(
        r#"{{"id":"5725767000000524157","Company":"Müller GmbH","Last_Name":"Müller","Annual_Revenue":99999999999999.99,"No_of_Employees":12,
            "Converted__s":false,"Converted_Account":null,"Converted_Date_Time":null,{OWNER}}}"#
    ));
    assert_eq!(
        lead.annual_revenue.value().unwrap().to_string(),
        "99999999999999.99"
    );
    assert_eq!(lead.converted_account, Field::Null);

    lossless::<Account>(&format!(
        r#"{{"id":"5725767000000524157","Account_Name":"Müller GmbH","SIC_Code":"1234",{OWNER}}}"#
    ));
    lossless::<Vendor>(&format!(
        r#"{{"id":"5725767000000524157","Vendor_Name":"Stahl AG","GL_Account":"Sales-Software",{OWNER}}}"#
    ));
}

#[test]
fn deals_products_and_prices() {
    let deal: Deal = lossless(&format!(
        r#"{{"id":"5725767000000524157","Deal_Name":"Pumps","Stage":"Closed Won","Pipeline":"Standard (Standard)","Amount":12345678901234.56,
            "Probability":100,"Closing_Date":"2026-11-30","Account_Name":{{"id":"5725767000000524158","name":"Müller GmbH"}},
            "Currency":"CHF","Exchange_Rate":1.000000000,{OWNER}}}"#
    ));
    assert_eq!(
        deal.amount.value().unwrap().to_string(),
        "12345678901234.56"
    );
    assert_eq!(deal.probability.value(), Some(&100));

    let product: Product = lossless(&format!(
        r#"{{"id":"5725767000000524157","Product_Name":"Pump","Product_Code":"P-1","Product_Active":true,"Unit_Price":0.10,"Qty_in_Stock":-2.5,
            "Tax":[{{"id":"5725767000000700001","value":"Vat - 8.1 %"}}],"Vendor_Name":{{"id":"5725767000000524159","name":"Stahl AG"}},{OWNER}}}"#
    ));
    assert_eq!(
        product.quantity_in_stock.value().unwrap().to_string(),
        "-2.5"
    );
    assert_eq!(
        product.tax.value().unwrap()[0].value.value().unwrap(),
        "Vat - 8.1 %"
    );

    let book: PriceBook = lossless(&format!(
        r#"{{"id":"5725767000000524157","Price_Book_Name":"Dealers","Pricing_Model":"Differential","Active":true,
            "Pricing_Details":[{{"id":"5725767000000710001","from_range":1,"to_range":10,"discount":2.5}}],{OWNER}}}"#
    ));
    let ranges = book.pricing_details.value().unwrap();
    assert_eq!(
        ranges.as_slice()[0].discount.value().unwrap().to_string(),
        "2.5"
    );
}

#[test]
fn orders_and_their_lines() {
    let order: SalesOrder = lossless(&format!(
        r#"{{"id":"5725767000000524157","Subject":"SO","Status":"Created","Purchase_Order":"4711","Due_Date":"2026-12-24",
            "Account_Name":{{"id":"5725767000000524158","name":"Müller GmbH"}},"Ordered_Items":{LINES},
            "$has_more":{{"Ordered_Items":false}},{MONEY},{OWNER}}}"#
    ));
    assert_eq!(
        order.sub_total.value().unwrap().to_string(),
        "99999999999999.99"
    );
    let lines = order.ordered_items.value().unwrap();
    let line: &LineItem = lines.iter().next().unwrap();
    assert_eq!(
        line.list_price.value().unwrap().to_string(),
        "49999999999999.995"
    );
    assert!(
        matches!(line.discount.value(), Some(Discount::Amount(amount)) if amount.to_string() == "0.10")
    );
    assert!(line.other.contains("Colour"));

    lossless::<Quote>(&format!(
        r#"{{"id":"5725767000000524157","Subject":"Q","Quote_Stage":"Draft","Valid_Till":"2026-12-24",
            "Deal_Name":{{"id":"5725767000000524158","name":"Pumps"}},"Quoted_Items":{LINES},{MONEY},{OWNER}}}"#
    ));
    lossless::<PurchaseOrder>(&format!(
        r#"{{"id":"5725767000000524157","Subject":"PO","PO_Date":"2026-12-24","Vendor_Name":{{"id":"5725767000000524158","name":"Stahl AG"}},
            "Purchase_Items":{LINES},{MONEY},{OWNER}}}"#
    ));
    lossless::<Invoice>(&format!(
        r#"{{"id":"5725767000000524157","Subject":"I","Invoice_Date":"2026-12-24","Sales_Order":{{"id":"5725767000000524158","name":"SO"}},
            "Deal_Name__s":null,"Invoiced_Items":{LINES},{MONEY},{OWNER}}}"#
    ));
}

#[test]
fn a_typed_order_written_back_leaves_its_lines_alone() {
    let order: SalesOrder = serde_json::from_str(&format!(
        r#"{{"id":"5725767000000524157","Subject":"SO","Ordered_Items":{LINES}}}"#
    ))
    .unwrap();
    let record = Record::try_from(&order).unwrap();
    assert!(record.contains("Subject") && !record.contains("Ordered_Items"));
}

#[test]
fn lists_do_not_ask_for_subforms_and_need_one_call() {
    assert!(!SalesOrder::fields().contains(&"Ordered_Items"));
    assert!(SalesOrder::fields().contains(&"$line_tax"));
    for fields in [
        Account::fields(),
        Contact::fields(),
        Lead::fields(),
        Deal::fields(),
        Product::fields(),
        Vendor::fields(),
        PriceBook::fields(),
        Quote::fields(),
        SalesOrder::fields(),
        PurchaseOrder::fields(),
        Invoice::fields(),
    ] {
        assert!(fields.len() <= 50 && fields.join(",").len() <= 1024);
        assert!(fields.contains(&"Modified_Time"));
    }
}
