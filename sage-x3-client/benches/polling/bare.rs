//! The rows as somebody would decode them who wants just these fields and trusts the server.

use client_core::ExactDecimal;
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

/// A page that can be consumed.
pub(crate) trait Page: serde::de::DeserializeOwned {
    /// Number of rows, and whether the list goes on.
    fn finish(self) -> (usize, bool);
}

macro_rules! wire {
    ($($name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* })*) => {
        $(
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            #[expect(dead_code, reason = "decoded, as a user would")]
            struct $name { $($(#[$attribute])* $field: $kind,)* }
        )*
    };
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    x3_master_data: Node,
}

#[derive(Deserialize)]
struct Node {
    customer: Query<Customer>,
}

#[derive(Deserialize)]
struct Query<T> {
    query: Connection<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    edges: Vec<Edge<T>>,
    page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
struct Edge<T> {
    node: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    #[expect(dead_code, reason = "decoded, as a user would")]
    end_cursor: Option<String>,
}

wire! {
    Customer {
        #[serde(rename = "_id")]
        id: String,
        #[serde(rename = "_etag")]
        etag: Option<String>,
        #[serde(rename = "_createStamp")]
        create_stamp: Option<Timestamp>,
        #[serde(rename = "_updateStamp")]
        update_stamp: Option<Timestamp>,
        code: Partner,
        customer_category: Option<Code>,
        is_active: Option<bool>,
        currency: Option<Code>,
        credit_control: Option<String>,
        authorized_credit_amount: Option<ExactDecimal>,
        minimum_order_amount: Option<ExactDecimal>,
        notes: Option<Stream>,
        default_address: Option<Address>,
    }
    Partner {
        #[serde(rename = "_updateStamp")]
        update_stamp: Option<Timestamp>,
        code: String,
        #[serde(rename = "companyName1")]
        company_name_1: String,
        #[serde(rename = "companyName2")]
        company_name_2: String,
        short_company_name: String,
        european_union_vat_number: String,
        is_prospect: Option<bool>,
        country: Option<Code>,
        language: Option<Code>,
    }
    Code {
        code: String,
    }
    Stream {
        value: String,
    }
    Address {
        #[serde(rename = "_id")]
        id: String,
        #[serde(rename = "_updateStamp")]
        update_stamp: Option<Timestamp>,
        code: String,
        description: String,
        is_default: Option<bool>,
        zip_code: String,
        city: String,
        state: String,
        country: Option<Code>,
        website: String,
        address_lines: Query<Line>,
        address_phone_numbers: Query<Phone>,
        address_emails: Query<Email>,
    }
    Line {
        denormalized_index: i64,
        address_line: String,
    }
    Phone {
        denormalized_index: i64,
        address_phone_number: String,
    }
    Email {
        denormalized_index: i64,
        address_email: String,
    }
}

/// A page of GraphQL.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct GraphqlPage(Data<Package>);

impl Page for GraphqlPage {
    fn finish(self) -> (usize, bool) {
        let connection = self.0.data.x3_master_data.customer.query;
        let rows: Vec<Customer> = connection.edges.into_iter().map(|edge| edge.node).collect();
        let more = connection.page_info.is_some_and(|info| info.has_next_page);
        (std::hint::black_box(rows).len(), more)
    }
}

/// A page of api1.
#[derive(Deserialize)]
pub(crate) struct Api1Page {
    #[serde(rename = "$resources")]
    resources: Vec<Row>,
    #[serde(rename = "$links")]
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "$next")]
    next: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(rename = "$url")]
    #[expect(dead_code, reason = "decoded, as a user would")]
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "decoded, as a user would")]
struct Row {
    bpcnum: String,
    bpcnam: String,
    bpcsho: String,
    bcgcod: String,
    bpcsta: u8,
    bpctyp: u8,
    cur: String,
    vacbpr: String,
    pte: String,
    bpcinv: String,
    bpcpyr: String,
    bpcgru: String,
    bpcrsk: String,
    bpaadd: String,
    bpdadd: String,
    ostctl: u8,
    ostauz: ExactDecimal,
    ordminamt: ExactDecimal,
    bpcrem: String,
    upddat: Date,
    upddattim: Timestamp,
}

impl Page for Api1Page {
    fn finish(self) -> (usize, bool) {
        let rows = std::hint::black_box(self.resources).len();
        (rows, self.links.next.is_some())
    }
}
