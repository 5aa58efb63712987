//! What a test puts into the simulator: customers, records of any other node, and edits by people.

use rust_decimal::Decimal;

use crate::json::Json;

/// A value for a member of an input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// Clears the member.
    Null,
    /// Text, a date, an enum member or the key of a reference.
    Text(String),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An amount.
    Decimal(Decimal),
}

impl From<&str> for PropertyValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for PropertyValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for PropertyValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Decimal> for PropertyValue {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for PropertyValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl PropertyValue {
    fn into_json(self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => Json::Text(text),
            Self::Bool(flag) => Json::Bool(flag),
            Self::Int(number) => Json::int(number),
            Self::Decimal(number) => Json::Text(number.to_string()),
        }
    }
}

/// Members of an input in the making; the last value given for a name stands.
#[derive(Debug, Clone, PartialEq, Default)]
struct Members(Vec<(String, Json)>);

impl Members {
    fn set(&mut self, name: &str, value: PropertyValue) {
        let value = match (name, value.into_json()) {
            // A text stream is an object in the input; callers need not know.
            ("notes" | "invoiceHeaderText", Json::Text(text)) => {
                Json::object([("value", Json::Text(text))])
            }
            (_, value) => value,
        };
        self.put(name, value);
    }

    fn put(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// One slot of a denormalised list, 1-based.
    fn slot(&mut self, list: &str, member: &str, index: u8, text: &str) {
        let row = Json::object([
            ("denormalizedIndex", Json::int(index)),
            (member, Json::text(text)),
        ]);
        match self.0.iter_mut().find(|(known, _)| known == list) {
            Some((_, Json::Array(rows))) => rows.push(row),
            _ => self.put(list, Json::Array(vec![row])),
        }
    }
}

/// An address of a customer to be; the members are those of `CustomerAddress_Input`.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressSeed(Members);

impl AddressSeed {
    /// An address with its code (up to 5 characters).
    pub fn new(code: &str) -> Self {
        let mut members = Members::default();
        members.set("code", code.into());
        Self(members)
    }

    /// Sets a member such as `city`, `zipCode`, `country` or `isDefault`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.0.set(name, value.into());
        self
    }

    /// Sets address line 1, 2 or 3.
    #[must_use]
    pub fn line(mut self, index: u8, text: &str) -> Self {
        self.0.slot("addressLines", "addressLine", index, text);
        self
    }

    /// Sets telephone number 1 to 5.
    #[must_use]
    pub fn phone(mut self, index: u8, text: &str) -> Self {
        self.0
            .slot("addressPhoneNumbers", "addressPhoneNumber", index, text);
        self
    }

    /// Sets e-mail address 1 to 5.
    #[must_use]
    pub fn email(mut self, index: u8, text: &str) -> Self {
        self.0.slot("addressEmails", "addressEmail", index, text);
        self
    }
}

/// A customer to be; the members are those of `Customer_Input`.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerSeed {
    members: Members,
    addresses: Vec<AddressSeed>,
}

impl CustomerSeed {
    /// A customer of category `STD` in France.
    pub fn new(code: &str, name: &str) -> Self {
        Self::without_code("STD", name).set("code", code)
    }

    /// A customer in France whose category generates the code, such as `AUTO`.
    pub fn without_code(category: &str, name: &str) -> Self {
        Self {
            members: Members::default(),
            addresses: Vec::new(),
        }
        .set("customerCategory", category)
        .set("companyName1", name)
        .set("country", "FR")
    }

    /// Sets a member such as `currency`, `authorizedCreditAmount` or a custom field.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.members.set(name, value.into());
        self
    }

    /// Adds an address; the first one is the default unless another says so.
    #[must_use]
    pub fn address(mut self, address: AddressSeed) -> Self {
        self.addresses.push(address);
        self
    }

    pub(crate) fn into_json(self) -> Json {
        let mut members = self.members;
        if !self.addresses.is_empty() {
            let rows = self
                .addresses
                .into_iter()
                .map(|address| Json::Object(address.0.0))
                .collect();
            members.put("addresses", Json::Array(rows));
        }
        Json::Object(members.0)
    }
}

/// A record of any node to be, by the names of the node's properties; what the node's object needs is filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSeed {
    pub(crate) node: String,
    members: Members,
}

impl RecordSeed {
    /// A record of a node such as `product`.
    pub fn new(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            members: Members::default(),
        }
    }

    /// A product with its code, sold and stocked by the piece.
    pub fn product(code: &str, description: &str) -> Self {
        Self::new("product")
            .set("code", code)
            .set("description1", description)
    }

    /// A product at a site; orders of stocked products need it.
    pub fn product_site(product: &str, site: &str) -> Self {
        Self::new("productSite")
            .set("product", product)
            .set("stockSite", site)
    }

    /// Accepted stock of a product at a site, in stock units.
    pub fn stock(site: &str, id: i64, product: &str, quantity: impl Into<Decimal>) -> Self {
        let quantity: Decimal = quantity.into();
        Self::new("stock")
            .set("stockSite", site)
            .set("stockId", id)
            .set("product", format!("{product}|{site}"))
            .set("quantityInStockUnit", quantity)
            .set("quantityInPackingUnit", quantity)
    }

    /// A supplier of category `STD` in France.
    pub fn supplier(code: &str, name: &str) -> Self {
        Self::new("supplier")
            .set("code", code)
            .set("category", "STD")
            .set("companyName1", name)
    }

    /// A contact of a business partner with its code.
    pub fn contact(partner: &str, code: &str, last_name: &str) -> Self {
        Self::new("businessPartnerContact")
            .set("businessPartner", partner)
            .set("code", code)
            .set("lastName", last_name)
    }

    /// A sales order of one site for one customer, without lines.
    pub fn sales_order(site: &str, customer: &str) -> Self {
        Self::new("salesOrder")
            .set("salesSite", site)
            .set("soldToCustomer", customer)
    }

    /// Sets a member.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.members.set(name, value.into());
        self
    }

    /// Adds a row to a list such as `salesOrderLines`; the node of `row` does not matter.
    #[must_use]
    pub fn row(mut self, list: &str, row: Self) -> Self {
        let row = Json::Object(row.members.0);
        match self.members.0.iter_mut().find(|(known, _)| known == list) {
            Some((_, Json::Array(rows))) => rows.push(row),
            _ => self.members.put(list, Json::Array(vec![row])),
        }
        self
    }

    pub(crate) fn into_json(self) -> Json {
        Json::Object(self.members.0)
    }
}

/// What a write does to the stamps of the rows it changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StampMode {
    /// As X3's own windows do: the row's stamp moves.
    #[default]
    Moves,
    /// As an SQL script or an old import does: the stamp stays.
    Stays,
    /// The stamp becomes the "no date" sentinel, shown as null.
    Lost,
}

/// A change a person makes in X3's windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub(crate) target: EditTarget,
    members: Members,
    pub(crate) stamp: StampMode,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EditTarget {
    Customer(String),
    Address {
        customer: String,
        code: String,
        action: &'static str,
    },
    BusinessPartner(String),
    Record {
        node: String,
        id: String,
    },
}

impl Edit {
    fn of(target: EditTarget) -> Self {
        Self {
            target,
            members: Members::default(),
            stamp: StampMode::Moves,
        }
    }

    /// Saves the customer in its window; members are those of `Customer_Input`.
    pub fn customer(code: &str) -> Self {
        Self::of(EditTarget::Customer(code.to_owned()))
    }

    /// Changes one address: its own row, not the customer's.
    pub fn address(customer: &str, code: &str) -> Self {
        Self::address_action(customer, code, "update")
    }

    /// Adds an address to a customer.
    pub fn new_address(customer: &str, code: &str) -> Self {
        Self::address_action(customer, code, "create")
    }

    /// Removes an address of a customer.
    pub fn delete_address(customer: &str, code: &str) -> Self {
        Self::address_action(customer, code, "delete")
    }

    fn address_action(customer: &str, code: &str, action: &'static str) -> Self {
        Self::of(EditTarget::Address {
            customer: customer.to_owned(),
            code: code.to_owned(),
            action,
        })
    }

    /// Changes the business partner's row, not the customer's; members are its output properties.
    pub fn business_partner(code: &str) -> Self {
        Self::of(EditTarget::BusinessPartner(code.to_owned()))
    }

    /// Changes the row behind any node, for instance `("currency", "EUR")`.
    pub fn record(node: &str, id: &str) -> Self {
        Self::of(EditTarget::Record {
            node: node.to_owned(),
            id: id.to_owned(),
        })
    }

    /// Sets a member.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.members.set(name, value.into());
        self
    }

    /// Sets address line 1, 2 or 3 of an address.
    #[must_use]
    pub fn line(mut self, index: u8, text: &str) -> Self {
        self.members
            .slot("addressLines", "addressLine", index, text);
        self
    }

    /// Sets telephone number 1 to 5 of an address.
    #[must_use]
    pub fn phone(mut self, index: u8, text: &str) -> Self {
        self.members
            .slot("addressPhoneNumbers", "addressPhoneNumber", index, text);
        self
    }

    /// Sets e-mail address 1 to 5 of an address.
    #[must_use]
    pub fn email(mut self, index: u8, text: &str) -> Self {
        self.members
            .slot("addressEmails", "addressEmail", index, text);
        self
    }

    /// What happens to the stamps.
    #[must_use]
    pub fn stamp(mut self, mode: StampMode) -> Self {
        self.stamp = mode;
        self
    }

    pub(crate) fn with_members(mut self, members: Json) -> Self {
        if let Json::Object(members) = members {
            self.members = Members(members);
        }
        self
    }

    pub(crate) fn members(&self) -> &[(String, Json)] {
        &self.members.0
    }
}
