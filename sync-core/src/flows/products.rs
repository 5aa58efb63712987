//! X3 products with prices and stock, shown as Zoho products.
//!
//! X3 owns them: Zoho's records are written and not read ([`Mode::Mirror`]).
//!
//! | row | X3 | Zoho | when |
//! |---|---|---|---|
//! | `code` | `code` | the key field, `X3_Code` | always |
//! | `product_code` | `code` | `Product_Code` | unless that is the key field |
//! | `name` | `description1` | `Product_Name` | always |
//! | `active` | `productStatus`, one of the active ones | `Product_Active` | always |
//! | `price` | `basePrice` | `Unit_Price` | where the site publishes it |
//! | `stock` | `stock.total` | `Qty_in_Stock` | with stock |
//! | `stock_<site>` | `stock.<SITE>` | `X3_Stock_<SITE>` | for each configured site |
//! | `unit` | `salesUnit` | `Usage_Unit` | with a table of units |
//! | `category` | `productCategory` | `Product_Category` | with a table of categories |
//! | `tax` | `taxLevel` | `X3_Tax_Level` | with a table of tax levels |
//!
//! Zoho has products from its Professional edition on. Page: `docs/flows/products.md` of this crate.

use super::convert::IsOneOf;
use crate::{
    budget::Priority,
    flow::{CreateRule, DeleteRule, Identity, KeyRule, MatchRule, Mode, Policy},
    guard::{Guards, Limit},
    mapping::{Codes, Direction, Kind, Mapping, MappingError, Row},
    side::{Side, Sides},
    value::{Document, Value},
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProductOptions {
    /// Zoho's unique field that holds the X3 code. `Product_Code` itself may be made unique and used.
    pub zoho_key_field: String,
    /// Statuses (members of X3's enumeration) of products that can be sold. Only such products are made at Zoho; one that
    /// loses it becomes inactive there.
    pub active_statuses: Vec<String>,
    /// Whether available stock is shown.
    pub stock: bool,
    /// Zoho's field for the total.
    pub zoho_stock_field: String,
    /// Sites whose stock has a field of its own. The total is that of these sites; without any, of all sites.
    pub stock_sites: Vec<String>,
    /// What Zoho's fields for single sites begin with; the site's code follows.
    pub zoho_site_field_prefix: String,
    /// X3 units and Zoho's. Without it units are not shown.
    pub units: Option<Codes>,
    /// X3 product categories and Zoho's. Without it categories are not shown.
    pub categories: Option<Codes>,
    /// X3 tax levels and what Zoho's field says. Without it they are not shown.
    pub tax_levels: Option<Codes>,
    /// Zoho's field for the tax level.
    pub zoho_tax_field: String,
    /// Decimals of prices.
    pub price_scale: u32,
    /// Decimals of quantities.
    pub quantity_scale: u32,
}

impl Default for ProductOptions {
    /// `X3_Code`; active, on shortage and not renewed products; stock of all sites in `Qty_in_Stock`; no tables; 2 and 3
    /// decimals.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            active_statuses: ["active", "onShortage", "notRenewed"]
                .map(str::to_owned)
                .to_vec(),
            stock: true,
            zoho_stock_field: "Qty_in_Stock".to_owned(),
            stock_sites: Vec::new(),
            zoho_site_field_prefix: "X3_Stock_".to_owned(),
            units: None,
            categories: None,
            tax_levels: None,
            zoho_tax_field: "X3_Tax_Level".to_owned(),
            price_scale: 2,
            quantity_scale: 3,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &ProductOptions) -> Result<Mapping, MappingError> {
    let shown = |name: &str, left: &str, right: &str, kind| {
        Row::new(name, left, right, kind).direction(Direction::ToRight)
    };
    let quantity = || Kind::Decimal {
        scale: options.quantity_scale,
    };
    let price = Kind::Decimal {
        scale: options.price_scale,
    };
    let key = options.zoho_key_field.as_str();
    let mut rows = vec![
        shown("code", "code", key, Kind::Code),
        shown("name", "description1", "Product_Name", Kind::Text)
            .max_length(Side::Right, 200)
            .required(Side::Right),
        shown("active", "productStatus", "Product_Active", Kind::Boolean)
            .convert(IsOneOf::on(Side::Left, &options.active_statuses)),
        shown("price", "basePrice", "Unit_Price", price),
    ];
    if key != PRODUCT_CODE {
        rows.push(
            shown("product_code", "code", PRODUCT_CODE, Kind::Code).max_length(Side::Right, 40),
        );
    }
    if options.stock {
        let total = options.zoho_stock_field.as_str();
        rows.push(shown("stock", "stock.total", total, quantity()));
        for site in &options.stock_sites {
            let field = format!("{}{site}", options.zoho_site_field_prefix);
            let name = format!("stock_{}", site.to_lowercase());
            rows.push(shown(&name, &format!("stock.{site}"), &field, quantity()));
        }
    }
    let tables = [
        ("unit", "salesUnit", "Usage_Unit", &options.units),
        (
            "category",
            "productCategory",
            "Product_Category",
            &options.categories,
        ),
        (
            "tax",
            "taxLevel",
            options.zoho_tax_field.as_str(),
            &options.tax_levels,
        ),
    ];
    for (name, left, right, table) in tables {
        if let Some(table) = table {
            rows.push(shown(name, left, right, Kind::Code).codes(table.clone()));
        }
    }
    Mapping::new(rows)
}

const PRODUCT_CODE: &str = "Product_Code";

/// How products find each other: by key, then by `Product_Code`.
#[must_use]
pub fn identity(options: &ProductOptions) -> Identity {
    let by_code = (options.zoho_key_field != PRODUCT_CODE).then(|| MatchRule::on(["product_code"]));
    Identity {
        keys: Sides::new(
            super::never_created("code"),
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: by_code.into_iter().collect(),
    }
}

/// X3 is copied. Products that can be sold are made at Zoho; those deleted at X3 become inactive there. However many
/// change at once, none of it is held back, because stock does; it waits when calls are short.
#[must_use]
pub fn policy() -> Policy {
    let inactive = Document::new().with("active", false);
    Policy {
        create: Sides::new(
            CreateRule::Never,
            CreateRule::When {
                row: "active".into(),
                equals: Value::Boolean(true),
            },
        ),
        deleted: Sides::new(DeleteRule::Deactivate(inactive), DeleteRule::Ignore),
        mode: Mode::Mirror { owner: Side::Left },
        guards: Guards {
            updates: Limit::NONE,
            ..Guards::default()
        },
        priority: Priority::Low,
        ..Policy::default()
    }
}
